//! `answerMfaChallenge`: the second factor completes a log-in.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::log_in::NewSession;
use super::throttle::{CODE_BY_USER, Verdict};
use super::verify_code::{CodeCheck, RightCode};
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenHash, TokenKind};
use crate::domain::{AuditAction, Credential, MfaMethod, Notification, Scope, UserId};
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
            return self.refuse_unknown(caller).await;
        };
        let key = token.hash();
        let tickets = &self.store().tickets;
        let kind = TicketKind::Challenge;
        let Some(ticket) = tickets.claim_attempt(&key, kind, CHALLENGE_ATTEMPTS, self.now()).await? else {
            let Some(dead) = tickets.find_live(&key, kind, self.now()).await? else {
                return self.refuse_unknown(caller).await;
            };
            self.refuse_answer(caller, dead.user_id, "TOO_MANY_ATTEMPTS").await?;
            return Ok(ChallengeAnswer::TooManyAttempts { retry_at: None });
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
            self.refuse_answer(caller, user_id, "CHALLENGE_EXPIRED").await?;
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
        let done =
            transact!(self.store(), |tx| self.complete(&mut tx, caller, &key, user_id, &secrets, right));
        let (answer, reason) = match done {
            Ok(Some(new)) => {
                self.forgive(counted).await?;
                self.wake_mail();
                return Ok(ChallengeAnswer::LoggedIn(Box::new(new)));
            }
            Ok(None) => (ChallengeAnswer::ChallengeExpired, "CHALLENGE_EXPIRED"),
            Err(Error::Undone) => (ChallengeAnswer::CodeAlreadyUsed, "CODE_ALREADY_USED"),
            Err(error) => return Err(error),
        };
        self.refuse_answer(caller, user_id, reason).await?;
        Ok(answer)
    }

    /// The session; nothing when another answer to the same challenge won, which leaves this one's code unused.
    async fn complete(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        key: &TokenHash,
        user_id: UserId,
        secrets: &MfaSecrets,
        right: RightCode,
    ) -> Result<Option<NewSession>, Error> {
        if !self.store().tickets.claim(tx, key, TicketKind::Challenge).await? {
            return Ok(None);
        }
        // Undone where the code lost a race, so that the challenge stays open for the next code.
        if !self.use_code(tx, user_id, secrets, right).await? {
            return Err(Error::Undone);
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
        Ok(Some(new))
    }

    async fn refuse_unknown(&self, caller: &Caller) -> Result<ChallengeAnswer, Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::LogInRefused)
            .detail("reason", "CHALLENGE_EXPIRED");
        self.record_refusal(&happening, &[Scope::Deployment]).await?;
        Ok(ChallengeAnswer::ChallengeExpired)
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
