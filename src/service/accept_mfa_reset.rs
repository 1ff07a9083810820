//! `acceptMfaReset`: the person accepts, and MFA is off.
//!
//! One conditional update decides who wins; everything else follows in the same transaction: the second factor, backup
//! codes, sessions, challenges and enrolments of the person go, the notices and the audit events are written. It never
//! logs anybody in.
//!
//! Where a policy asks for time in between, accepting only sets the time of effect, and everybody who is told can stop it
//! until then; whoever shows a backup code or a session with a second factor is the person, and need not wait.

use time::{Duration, OffsetDateTime};

use super::audit::Happening;
use super::throttle::{CODE_BY_USER, PASSWORD_BY_RESET, Verdict};
use super::verify_code::{CodeCheck, RightCode};
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenHash, TokenKind};
use crate::domain::key::mask_email;
use crate::domain::{
    AuditAction, Credential, MfaPolicy, MfaReset, MfaResetState, ResetAcceptance, Scope, UserId,
};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
use crate::store::users::MfaSecrets;
use crate::transact;

/// What accepting gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptMfaReset {
    /// MFA is off.
    Accepted {
        /// Whose, well enough hidden for a page that anybody with the link sees.
        masked_email: String,
        /// Whether the next log-in asks to set MFA up again.
        enrollment_required: bool,
        /// When MFA goes off, if it is not off yet.
        effective_at: Option<OffsetDateTime>,
    },
    /// Too late: the Owner or Admin has to ask again.
    Expired,
    /// Unknown, forged, used, taken back or replaced: which one is not told.
    Invalid,
    /// The password is asked for as well.
    PasswordRequired,
    /// The password is wrong.
    WrongPassword,
    /// The backup code is wrong, or used.
    WrongBackupCode,
    /// Too many wrong passwords or codes.
    TooManyAttempts {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

impl AcceptMfaReset {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Accepted { .. } => None,
            Self::Expired => Some("EXPIRED"),
            Self::Invalid => Some("INVALID"),
            Self::PasswordRequired => Some("PASSWORD_REQUIRED"),
            Self::WrongPassword => Some("WRONG_PASSWORD"),
            Self::WrongBackupCode => Some("WRONG_BACKUP_CODE"),
            Self::TooManyAttempts { .. } => Some("TOO_MANY_ATTEMPTS"),
        }
    }
}

impl Services {
    /// Accepts a reset. Who may call: whoever holds the mailed token.
    pub async fn accept_mfa_reset(
        &self,
        caller: &Caller,
        token: &str,
        password: Option<&str>,
        backup_code: Option<&str>,
    ) -> Result<AcceptMfaReset, Error> {
        let hash = Token::parse(TokenKind::MfaReset, token).map(|token| token.hash());
        let found = match hash {
            Some(hash) => self.store().mfa_resets.find(ResetKey::Token(hash)).await?,
            None => None,
        };
        let outcome = match (hash, &found) {
            (Some(hash), Some(reset)) => {
                self.accept_found(caller, hash, reset, (password, backup_code)).await?
            }
            _ => AcceptMfaReset::Invalid,
        };
        if let Some(reason) = outcome.refusal() {
            self.record_refused_reset_link(caller, found.as_ref(), "ACCEPT", reason).await?;
        }
        Ok(outcome)
    }

    async fn accept_found(
        &self,
        caller: &Caller,
        hash: TokenHash,
        reset: &MfaReset,
        (password, backup_code): (Option<&str>, Option<&str>),
    ) -> Result<AcceptMfaReset, Error> {
        if let Some(closed) = closed(reset, self.now()) {
            return Ok(closed);
        }
        let mut counted = None;
        let (acceptance, cooling_off) = self.acceptance_of(reset.user_id).await?;
        if acceptance == ResetAcceptance::LinkAndPassword {
            let Some(password) = password else { return Ok(AcceptMfaReset::PasswordRequired) };
            let attempt = match self.attempt(PASSWORD_BY_RESET, reset.id.uuid().as_bytes()).await? {
                Verdict::Go(attempt) => attempt,
                Verdict::Wait(retry_at) => return Ok(AcceptMfaReset::TooManyAttempts { retry_at }),
            };
            let credentials = self.store().users.find_credentials(reset.user_id).await?;
            let known = credentials.and_then(|credentials| credentials.password);
            if !self.tools.passwords.verify(password, known.as_ref()).await {
                return Ok(AcceptMfaReset::WrongPassword);
            }
            counted = Some(attempt);
        }
        let mut shown = None;
        if let Some(code) = backup_code.filter(|_| cooling_off > 0 || reset.effective_at.is_some()) {
            let attempt = match self.attempt(CODE_BY_USER, reset.user_id.uuid().as_bytes()).await? {
                Verdict::Go(attempt) => attempt,
                Verdict::Wait(retry_at) => return Ok(AcceptMfaReset::TooManyAttempts { retry_at }),
            };
            let credentials = self.store().users.find_credentials(reset.user_id).await?;
            let secrets = credentials.and_then(|credentials| credentials.mfa);
            let Some(secrets) = secrets else { return Ok(AcceptMfaReset::WrongBackupCode) };
            match self.check_code(reset.user_id, &secrets, code)? {
                CodeCheck::Right(code @ RightCode::Backup(_)) => shown = Some((secrets, code, attempt)),
                CodeCheck::Right(RightCode::Totp(_)) | CodeCheck::AlreadyUsed | CodeCheck::Wrong => {
                    return Ok(AcceptMfaReset::WrongBackupCode);
                }
            }
        }
        let checked = counted.is_some();
        let code = shown.as_ref().map(|(secrets, code, _)| (secrets, *code));
        let done = transact!(self.store(), |tx| self.take_effect(&mut tx, caller, hash, checked, code));
        let outcome = match done {
            Err(Error::Undone) => return Ok(AcceptMfaReset::PasswordRequired),
            outcome => outcome?,
        };
        for attempt in counted.into_iter().chain(shown.map(|(_, _, attempt)| attempt)) {
            if !matches!(outcome, Some(AcceptMfaReset::WrongBackupCode)) {
                self.forgive(attempt).await?;
            }
        }
        self.wake_mail();
        match outcome {
            Some(accepted) => Ok(accepted),
            // Somebody closed it between the look and the claim: look again.
            None => {
                let reset = self.store().mfa_resets.find(ResetKey::Token(hash)).await?;
                let closed = reset.and_then(|reset| closed(&reset, self.now()));
                Ok(closed.unwrap_or(AcceptMfaReset::Invalid))
            }
        }
    }

    async fn take_effect(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        hash: TokenHash,
        password_checked: bool,
        code: Option<(&MfaSecrets, RightCode)>,
    ) -> Result<Option<AcceptMfaReset>, Error> {
        let (store, now) = (self.store(), self.now());
        let found = store.mfa_resets.find_in(tx, ResetKey::Token(hash)).await?;
        let Some(reset) = found.filter(|reset| closed(reset, now).is_none()) else { return Ok(None) };
        let user_id = reset.user_id;
        let memberships = self.memberships_in(tx, user_id).await?;
        let policies = self.policies_in(tx, &memberships).await?;
        // Decided again on the snapshot: a policy that was tightened a moment ago counts.
        let demanded = policies.iter().map(|policy| policy.reset_acceptance).max().unwrap_or_default();
        if demanded == ResetAcceptance::LinkAndPassword && !password_checked {
            return Err(Error::Undone);
        }
        let user = store.users.find_in(tx, user_id).await?.ok_or(Error::Defect("user vanished"))?;
        let accepted = |effective_at| AcceptMfaReset::Accepted {
            masked_email: mask_email(&user.email),
            enrollment_required: policies.iter().any(|policy| policy.demands_enrollment(now)),
            effective_at,
        };
        let hours = policies.iter().map(|policy| policy.reset_cooling_off_hours).max().unwrap_or_default();
        let waits = hours > 0 || reset.effective_at.is_some();
        let mut skipped_by = None;
        if waits && let Some((secrets, code)) = code {
            if !self.use_code(tx, user_id, secrets, code).await? {
                return Ok(Some(AcceptMfaReset::WrongBackupCode));
            }
            skipped_by = Some("BACKUP_CODE");
        } else if waits && self.is_person_with_factor(tx, caller, user_id).await? {
            skipped_by = Some("SESSION");
        }
        if waits && skipped_by.is_none() {
            // Accepted once already: it does not begin anew.
            if reset.effective_at.is_some() {
                return Ok(Some(accepted(reset.effective_at)));
            }
            let effective_at = now + Duration::hours(i64::from(hours));
            let cooling = store.mfa_resets.claim_cooling_off(tx, hash, effective_at, now).await?;
            let Some(reset) = cooling else { return Ok(None) };
            self.tell_of_cooling_off(tx, caller, &reset, effective_at, &memberships).await?;
            return Ok(Some(accepted(Some(effective_at))));
        }
        let claimed = store.mfa_resets.claim(tx, ResetKey::Token(hash), MfaResetState::Accepted, now).await?;
        let Some(reset) = claimed else { return Ok(None) };
        let mut happening = Happening::new(caller, now, AuditAction::MfaResetAccepted)
            .detail("password", if password_checked { "checked" } else { "not demanded" });
        if let Some(by) = skipped_by {
            happening = happening.detail("coolingOffSkippedBy", by);
        }
        self.switch_off_by_reset(tx, &reset, &memberships, happening).await?;
        Ok(Some(accepted(None)))
    }

    /// What accepting demands of a person, and how many hours pass before its effect: the strictest policies among the
    /// person's accounts and portfolios.
    pub(super) async fn acceptance_of(&self, user: UserId) -> Result<(ResetAcceptance, u8), Error> {
        let memberships = self.memberships_of(user).await?;
        let accounts: Vec<_> = memberships.accounts.iter().map(|m| m.account_id).collect();
        let portfolios: Vec<_> = memberships.portfolios.iter().map(|m| m.portfolio_id).collect();
        let (accounts, portfolios) = tokio::try_join!(
            self.store().accounts.find_many(&accounts),
            self.store().portfolios.find_many(&portfolios),
        )?;
        let policies: Vec<&MfaPolicy> = (accounts.iter().map(|account| &account.mfa_policy))
            .chain(portfolios.iter().map(|portfolio| &portfolio.mfa_policy))
            .collect();
        let acceptance = policies.iter().map(|policy| policy.reset_acceptance).max().unwrap_or_default();
        let hours = policies.iter().map(|policy| policy.reset_cooling_off_hours).max().unwrap_or_default();
        Ok((acceptance, hours))
    }

    /// Writes down that an answer by link was refused: in the logs of the reset, or of the deployment where no reset is
    /// known.
    pub(super) async fn record_refused_reset_link(
        &self,
        caller: &Caller,
        reset: Option<&MfaReset>,
        answer: &str,
        reason: &str,
    ) -> Result<(), Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::MfaResetAcceptRefused)
            .with(Credential::MailLink)
            .detail("answer", answer)
            .detail("reason", reason);
        match reset {
            Some(reset) => {
                let happening = happening.about(reset.user_id).detail("mfaReset", reset.id);
                self.record_refusal(&happening, &reset.scopes).await
            }
            None => self.record_refusal(&happening, &[Scope::Deployment]).await,
        }
    }
}

/// What is said of a reset that waits no more.
fn closed(reset: &MfaReset, now: OffsetDateTime) -> Option<AcceptMfaReset> {
    match reset.state_at(now) {
        MfaResetState::Pending | MfaResetState::CoolingOff => None,
        MfaResetState::Expired => Some(AcceptMfaReset::Expired),
        _ => Some(AcceptMfaReset::Invalid),
    }
}
