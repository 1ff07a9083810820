//! `resetUserMfa`: an Owner or Admin asks; nothing changes but that a mail goes out, or, where a policy wants a second
//! person's approval, that others are asked for it.
//!
//! One transaction: whatever waited for the person is superseded, the new reset waits, the mail and the audit events are
//! written. MFA stays on and works until the person accepts.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::file_reset::Asked;
use super::reset_limits::Counted;
use super::{Caller, Error, Services};
use crate::domain::mfa_reset::REASON_MAX;
use crate::domain::policy::{UserStanding, decide};
use crate::domain::{
    Action, AuditAction, Authority, Denial, Memberships, MfaReset, Resource, Unready, UserId,
};
use crate::store::Tx;
use crate::transact;

/// What asking gives.
#[derive(Debug)]
pub enum ResetUserMfa {
    /// It waits for the person.
    Requested(Box<MfaReset>),
    /// Nobody resets their own MFA.
    SelfReset,
    /// The person has no MFA.
    MfaNotEnabled,
    /// The caller has no MFA, where it is enforced.
    ActorMfaRequired,
    /// Not at this moment.
    NotNow(Unready),
    /// The person's address or password changed a short while ago.
    Held {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
    /// The person said "this wasn't me" of another reset a short while ago.
    Frozen {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
    /// The actor asked for too many resets in a short time.
    ActorFrozen {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
    /// Too many resets by the right of one account or portfolio, or from one network address.
    TooManyRequests {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
    /// Too many resets of this person lately.
    TooManyResets {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

impl ResetUserMfa {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Requested(_) => None,
            Self::SelfReset => Some("SELF_RESET"),
            Self::MfaNotEnabled => Some("MFA_NOT_ENABLED"),
            Self::ActorMfaRequired => Some("ACTOR_MFA_REQUIRED"),
            Self::NotNow(unready) => Some(unready.as_str()),
            Self::Held { .. } => Some("HELD"),
            Self::Frozen { .. } => Some("FROZEN"),
            Self::ActorFrozen { .. } => Some("ACTOR_FROZEN"),
            Self::TooManyRequests { .. } => Some("TOO_MANY_REQUESTS"),
            Self::TooManyResets { .. } => Some("TOO_MANY_RESETS"),
        }
    }
}

/// Trims a reason and bounds it; an empty one is none.
fn checked_reason(reason: Option<&str>) -> Result<Option<String>, Error> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > REASON_MAX) {
        return Err(Error::bad_input("reason", format!("at most {REASON_MAX} characters")));
    }
    Ok(reason.map(str::to_owned))
}

impl Services {
    /// Asks to reset somebody's MFA. Who may call: rule `ManagesUser`.
    pub async fn reset_user_mfa(
        &self,
        caller: &Caller,
        user_id: UserId,
        reason: Option<&str>,
    ) -> Result<ResetUserMfa, Error> {
        caller.signed_in()?;
        let reason = checked_reason(reason)?;
        let outcome = self.ask_within_limits(caller, user_id, reason).await;
        let refused = match &outcome {
            Ok(ResetUserMfa::Requested(_)) => {
                self.wake_mail();
                return outcome;
            }
            Ok(refusal) => refusal.refusal(),
            Err(Error::Denied(Denial::Forbidden)) => Some("NOT_PERMITTED"),
            Err(Error::Denied(Denial::Hidden)) => Some("NOT_FOUND"),
            Err(_) => None,
        };
        if let Some(reason) = refused {
            self.record_refused_reset(caller, user_id, reason).await?;
        }
        outcome
    }

    /// Counts first, so that requests at the same time cannot share one count. What was refused anyway is not held against
    /// anybody.
    async fn ask_within_limits(
        &self,
        caller: &Caller,
        user_id: UserId,
        reason: Option<String>,
    ) -> Result<ResetUserMfa, Error> {
        let counted = match self.count_reset(caller, user_id).await? {
            Counted::Go(attempts) => attempts,
            Counted::Refused(refusal) => return Ok(refusal),
        };
        let outcome = transact!(self.store(), |tx| self.ask(&mut tx, caller, user_id, reason.clone()));
        if !matches!(outcome, Ok(ResetUserMfa::Requested(_))) {
            for attempt in counted {
                self.forgive(attempt).await?;
            }
        }
        outcome
    }

    async fn ask(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user_id: UserId,
        reason: Option<String>,
    ) -> Result<ResetUserMfa, Error> {
        let actor_id = caller.signed_in()?.user_id;
        if actor_id == user_id {
            return Ok(ResetUserMfa::SelfReset);
        }
        // Both read on the transaction's snapshot: a role that was taken away a moment ago entitles to nothing.
        let actor = self.memberships_in(tx, actor_id).await?;
        let target = self.memberships_in(tx, user_id).await?;
        let standing = UserStanding::of(actor_id, &actor, user_id, &target);
        decide(true, Action::ResetUserMfa, &Resource::User(&standing)).ok()?;
        let authority = standing.authority.ok_or(Denial::Forbidden)?;
        let (person, session) = self.present_in(tx, caller).await?;
        if person.mfa.is_none() && self.enforced_for(tx, authority, &target).await? {
            return Ok(ResetUserMfa::ActorMfaRequired);
        }
        if let Some(unready) = self.unready(&person, &session) {
            return Ok(ResetUserMfa::NotNow(unready));
        }

        if let Some(refusal) = self.claim_asking(tx, user_id).await? {
            return Ok(refusal.into());
        }
        let asked = Asked { user_id, requested_by: actor_id, authority, recovered_by: None, reason };
        let happening = Happening::new(caller, self.now(), AuditAction::MfaResetRequested);
        let reset = self.file_reset(tx, asked, &target, happening).await?;
        Ok(ResetUserMfa::Requested(Box::new(reset)))
    }

    /// Whether a place of the person, or the one by which the caller manages them, enforces MFA, grace period or not: a grace
    /// period is for setting MFA up, not for taking it from others.
    pub(super) async fn enforced_for(
        &self,
        tx: &mut Tx,
        authority: Authority,
        target: &Memberships,
    ) -> Result<bool, Error> {
        if self.policies_in(tx, target).await?.iter().any(|policy| policy.enforced) {
            return Ok(true);
        }
        let Authority::Portfolio { portfolio_id, .. } = authority else { return Ok(false) };
        let portfolio = self.store().portfolios.find_in(tx, portfolio_id).await?;
        Ok(portfolio.is_some_and(|portfolio| portfolio.mfa_policy.enforced))
    }

    /// A refused request stands in the logs of the actor's and of the person's places: both sides see who tries.
    pub(super) async fn record_refused_reset(
        &self,
        caller: &Caller,
        user_id: UserId,
        reason: &str,
    ) -> Result<(), Error> {
        let person = caller.signed_in()?;
        let target = self.memberships_of(user_id).await?;
        let mut scopes = scopes_of(person.user_id, &person.memberships);
        if target != Memberships::default() {
            scopes.extend(scopes_of(user_id, &target));
        }
        scopes.sort_unstable();
        scopes.dedup();
        let happening = Happening::new(caller, self.now(), AuditAction::MfaResetRefused)
            .about(user_id)
            .detail("reason", reason);
        self.record_refusal(&happening, &scopes).await
    }
}
