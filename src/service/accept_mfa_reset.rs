//! `acceptMfaReset`: the person accepts, and MFA is off.
//!
//! One conditional update decides who wins; everything else follows in the same transaction: the second factor, backup
//! codes, sessions, challenges and enrolments of the person go, the notices and the audit events are written. It never
//! logs anybody in.

use time::OffsetDateTime;

use super::audit::Happening;
use super::owners::Told;
use super::throttle::{PASSWORD_BY_RESET, Verdict};
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenHash, TokenKind};
use crate::domain::key::mask_email;
use crate::domain::{
    AuditAction, Credential, MfaReset, MfaResetState, Notification, ResetAcceptance, Scope, UserId,
};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
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
    },
    /// Too late: the Owner or Admin has to ask again.
    Expired,
    /// Unknown, forged, used, taken back or replaced: which one is not told.
    Invalid,
    /// The password is asked for as well.
    PasswordRequired,
    /// The password is wrong.
    WrongPassword,
    /// Too many wrong passwords.
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
    ) -> Result<AcceptMfaReset, Error> {
        let hash = Token::parse(TokenKind::MfaReset, token).map(|token| token.hash());
        let found = match hash {
            Some(hash) => self.store().mfa_resets.find(ResetKey::Token(hash)).await?,
            None => None,
        };
        let outcome = match (hash, &found) {
            (Some(hash), Some(reset)) => self.accept_found(caller, hash, reset, password).await?,
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
        password: Option<&str>,
    ) -> Result<AcceptMfaReset, Error> {
        if let Some(closed) = closed(reset, self.now()) {
            return Ok(closed);
        }
        let mut counted = None;
        if self.acceptance_of(reset.user_id).await? == ResetAcceptance::LinkAndPassword {
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
        let checked = counted.is_some();
        let outcome = match transact!(self.store(), |tx| self.take_effect(&mut tx, caller, hash, checked)) {
            Err(Error::Undone) => return Ok(AcceptMfaReset::PasswordRequired),
            outcome => outcome?,
        };
        if let Some(attempt) = counted {
            self.forgive(attempt).await?;
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
    ) -> Result<Option<AcceptMfaReset>, Error> {
        let now = self.now();
        let store = self.store();
        let claimed = store.mfa_resets.claim(tx, ResetKey::Token(hash), MfaResetState::Accepted, now).await?;
        let Some(reset) = claimed else { return Ok(None) };
        let user_id = reset.user_id;
        let memberships = self.memberships_in(tx, user_id).await?;
        let policies = self.policies_in(tx, &memberships).await?;
        // Decided again on the snapshot: a policy that was tightened a moment ago counts.
        let demanded = policies.iter().map(|policy| policy.reset_acceptance).max().unwrap_or_default();
        if demanded == ResetAcceptance::LinkAndPassword && !password_checked {
            return Err(Error::Undone);
        }
        let user = store.users.find_in(tx, user_id).await?.ok_or(Error::Defect("user vanished"))?;
        store.users.reset_mfa(tx, user_id, now).await?;
        store.account_members.set_mfa_enabled(tx, user_id, false).await?;
        store.portfolio_members.set_mfa_enabled(tx, user_id, false).await?;
        let sessions = store.sessions.delete_of_user(tx, user_id, None).await?;
        store.tickets.delete_of_user(tx, user_id).await?;
        self.forget_devices(tx, user_id).await?;

        let mut told: Vec<UserId> =
            self.people_concerned(tx, reset.authority, &memberships, Told::Contact).await?;
        told.extend([user_id, reset.requested_by]);
        told.sort_unstable();
        told.dedup();
        let elsewhere = self.people_elsewhere(tx, user_id, &memberships, &told, Told::Contact).await?;
        let reset_id = reset.id;
        for (people, notice) in [
            (told, Notification::MfaResetAccepted { reset_id }),
            (elsewhere, Notification::MfaResetAcceptedElsewhere { reset_id }),
        ] {
            for person in people {
                store.outbox.insert(tx, person, notice, now).await?;
            }
        }
        let happening = Happening::new(caller, now, AuditAction::MfaResetAccepted)
            .by(user_id, Credential::MailLink)
            .about(user_id)
            .detail("mfaReset", reset.id)
            .detail("password", if password_checked { "checked" } else { "not demanded" })
            .detail("sessionsEnded", sessions);
        store.audit_events.insert(tx, &happening.events(&reset.scopes)).await?;
        let enrollment_required = policies.iter().any(|policy| policy.demands_enrollment(now));
        Ok(Some(AcceptMfaReset::Accepted { masked_email: mask_email(&user.email), enrollment_required }))
    }

    /// What accepting demands of a person: the strictest policy among the person's accounts and portfolios.
    pub(super) async fn acceptance_of(&self, user: UserId) -> Result<ResetAcceptance, Error> {
        let memberships = self.memberships_of(user).await?;
        let accounts: Vec<_> = memberships.accounts.iter().map(|m| m.account_id).collect();
        let portfolios: Vec<_> = memberships.portfolios.iter().map(|m| m.portfolio_id).collect();
        let (accounts, portfolios) = tokio::try_join!(
            self.store().accounts.find_many(&accounts),
            self.store().portfolios.find_many(&portfolios),
        )?;
        let of_accounts = accounts.iter().map(|account| account.mfa_policy.reset_acceptance);
        let of_portfolios = portfolios.iter().map(|portfolio| portfolio.mfa_policy.reset_acceptance);
        Ok(of_accounts.chain(of_portfolios).max().unwrap_or_default())
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
        MfaResetState::Pending => None,
        MfaResetState::Expired => Some(AcceptMfaReset::Expired),
        _ => Some(AcceptMfaReset::Invalid),
    }
}
