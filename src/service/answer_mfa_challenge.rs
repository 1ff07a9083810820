//! `answerMfaChallenge`: the second factor completes a log-in.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::log_in::NewSession;
use super::throttle::{CODE_BY_USER, Verdict};
use super::verify_code::{CodeCheck, RightCode};
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenHash, TokenKind};
use crate::domain::{AuditAction, Credential, MfaMethod, Notification, UserId};
use crate::store::Tx;
use crate::store::tickets::TicketKind;
use crate::store::users::MfaSecrets;
use crate::transact;

/// Answers to one challenge before it dies.
pub const CHALLENGE_ATTEMPTS: i32 = 5;

/// What an answer gives.
#[derive(Debug)]
pub enum ChallengeAnswer {
    /// A session.
    LoggedIn(Box<NewSession>),
    /// The code is wrong.
    WrongCode,
    /// The code was right, and was used before.
    CodeAlreadyUsed,
    /// The challenge is unknown, used, or too old: log in again.
    ChallengeExpired,
    /// Too many wrong codes.
    TooManyAttempts {
        /// Not before then; nothing when a new log-in gives a new challenge at once.
        retry_at: Option<OffsetDateTime>,
    },
}

impl Services {
    /// Checks a second factor. Who may call: whoever holds the challenge token.
    pub async fn answer_mfa_challenge(
        &self,
        caller: &Caller,
        token: &str,
        code: &str,
    ) -> Result<ChallengeAnswer, Error> {
        let Some(token) = Token::parse(TokenKind::Challenge, token) else {
            return Ok(ChallengeAnswer::ChallengeExpired);
        };
        let key = token.hash();
        let tickets = &self.store().tickets;
        let kind = TicketKind::Challenge;
        let Some(ticket) = tickets.claim_attempt(&key, kind, CHALLENGE_ATTEMPTS, self.now()).await? else {
            return Ok(match tickets.find_live(&key, kind, self.now()).await? {
                Some(_) => ChallengeAnswer::TooManyAttempts { retry_at: None },
                None => ChallengeAnswer::ChallengeExpired,
            });
        };
        let user_id = ticket.user_id;
        let counted = match self.attempt(CODE_BY_USER, user_id.uuid().as_bytes()).await? {
            Verdict::Go(attempt) => attempt,
            Verdict::Wait(retry_at) => {
                self.refuse_answer(caller, user_id, "TOO_MANY_ATTEMPTS").await?;
                return Ok(ChallengeAnswer::TooManyAttempts { retry_at: Some(retry_at) });
            }
        };
        let credentials = self.store().users.find_credentials(user_id).await?;
        let Some(secrets) = credentials.and_then(|credentials| credentials.mfa) else {
            return Ok(ChallengeAnswer::ChallengeExpired);
        };
        let right = match self.check_code(user_id, &secrets, code)? {
            CodeCheck::Right(right) => right,
            CodeCheck::AlreadyUsed => {
                self.refuse_answer(caller, user_id, "CODE_ALREADY_USED").await?;
                return Ok(ChallengeAnswer::CodeAlreadyUsed);
            }
            CodeCheck::Wrong => {
                self.refuse_answer(caller, user_id, "WRONG_CODE").await?;
                return Ok(ChallengeAnswer::WrongCode);
            }
        };
        let answer =
            transact!(self.store(), |tx| self.complete(&mut tx, caller, &key, user_id, &secrets, right))?;
        match &answer {
            ChallengeAnswer::LoggedIn(_) => {
                self.forgive(counted).await?;
                self.wake_mail();
            }
            ChallengeAnswer::CodeAlreadyUsed => {
                self.refuse_answer(caller, user_id, "CODE_ALREADY_USED").await?;
            }
            _ => {}
        }
        Ok(answer)
    }

    async fn complete(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        key: &TokenHash,
        user_id: UserId,
        secrets: &MfaSecrets,
        right: RightCode,
    ) -> Result<ChallengeAnswer, Error> {
        // Used up before the challenge, so that a code that lost its race leaves the challenge open for the next code.
        if !self.use_code(tx, user_id, secrets, right).await? {
            return Ok(ChallengeAnswer::CodeAlreadyUsed);
        }
        if !self.store().tickets.claim(tx, key, TicketKind::Challenge).await? {
            // Another answer to the same challenge won; the code that was just used up stays used.
            return Ok(ChallengeAnswer::ChallengeExpired);
        }
        let now = self.now();
        let new = self.begin_session(tx, caller, user_id, Some(now)).await?;
        let scopes = scopes_of(user_id, &self.memberships_in(tx, user_id).await?);
        let happening = |action| {
            let happening = Happening::new(caller, now, action).by(user_id, right.credential());
            happening.about(user_id).in_session(new.session.id)
        };
        let mut events = happening(AuditAction::LoggedIn).events(&scopes);
        if right.method() == MfaMethod::BackupCode {
            events.extend(happening(AuditAction::BackupCodeUsed).events(&scopes));
            self.store().outbox.insert(tx, user_id, Notification::BackupCodeUsed { user_id }, now).await?;
        }
        self.store().audit_events.insert(tx, &events).await?;
        Ok(ChallengeAnswer::LoggedIn(Box::new(new)))
    }

    async fn refuse_answer(&self, caller: &Caller, user: UserId, reason: &str) -> Result<(), Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::LogInRefused)
            .by(user, Credential::Password)
            .about(user)
            .detail("reason", reason);
        let scopes = scopes_of(user, &self.memberships_of(user).await?);
        self.record_refusal(&happening, &scopes).await
    }
}
