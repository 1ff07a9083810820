//! `resetUserMfa`: an Owner or Admin asks; nothing changes but that a mail goes out, or, where a policy wants a second
//! person's approval, that others are asked for it.
//!
//! One transaction: whatever waited for the person is superseded, the new reset waits, the mail and the audit events are
//! written. MFA stays on and works until the person accepts.

use time::OffsetDateTime;

use super::approve_mfa_reset::awaits_approval;
use super::audit::{Happening, scopes_of};
use super::reset_limits::Counted;
use super::{Caller, Error, Services};
use crate::domain::mfa_reset::{REASON_MAX, RESET_WINDOW, RESETS_PER_WINDOW};
use crate::domain::policy::{UserStanding, decide};
use crate::domain::{
    Action, AuditAction, Authority, Denial, MailDelivery, Memberships, MfaReset, MfaResetId, MfaResetState,
    Notification, Resource, Unready, UserId,
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
        let now = self.now();
        let store = self.store();
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

        let limit = i64::try_from(RESETS_PER_WINDOW).unwrap_or(i64::MAX);
        let recent = store.mfa_resets.requested_since(tx, user_id, now - RESET_WINDOW, limit).await?;
        if let (true, Some(oldest)) = (recent.len() as u64 >= RESETS_PER_WINDOW, recent.last()) {
            let refusal = self.why_not(tx, user_id).await?;
            let too_many = ResetUserMfa::TooManyResets { retry_at: *oldest + RESET_WINDOW };
            return Ok(refusal.unwrap_or(too_many));
        }
        // Written on the person, so that it conflicts with a password or an address that changes at the same time, and
        // holds a reset of the password from now on.
        let unchanged_since = now - self.tools.settings.mfa_reset_hold;
        if !store.users.claim_mfa_reset_request(tx, user_id, unchanged_since, now).await? {
            return self
                .why_not(tx, user_id)
                .await?
                .ok_or(Error::Defect("a reset was refused for no reason"));
        }

        let policies = self.policies_in(tx, &target).await?;
        let demanded = policies.iter().map(|policy| policy.reset_approval).max().unwrap_or_default();
        let awaiting_approval = awaits_approval(demanded, &target);
        let scopes = scopes_of(user_id, &target);
        let superseded = store.mfa_resets.supersede(tx, user_id, now).await?;
        let reset = MfaReset {
            id: MfaResetId::generate(now),
            user_id,
            requested_by: actor_id,
            authority,
            reason,
            state: MfaResetState::Pending,
            requested_at: now,
            expires_at: now + self.tools.settings.mfa_reset_ttl,
            closed_at: None,
            awaiting_approval,
            approved: None,
            effective_at: None,
            delivery: MailDelivery::Queued,
            scopes: scopes.clone(),
        };
        store.mfa_resets.insert(tx, &reset).await?;
        let (told, notice) = match awaiting_approval {
            false => (vec![user_id], Notification::MfaResetRequest { reset_id: reset.id }),
            true => (
                self.approvers_told(actor_id, user_id, &scopes).await?,
                Notification::MfaResetApprovalAsked { reset_id: reset.id },
            ),
        };
        for person in told {
            store.outbox.insert(tx, person, notice, now).await?;
        }
        let happening = |action| Happening::new(caller, now, action).about(user_id);
        let mut events = Vec::new();
        if let Some(old) = superseded {
            let superseded = happening(AuditAction::MfaResetSuperseded).detail("mfaReset", old.id);
            events.extend(superseded.events(&old.scopes));
        }
        let mut requested = happening(AuditAction::MfaResetRequested).detail("mfaReset", reset.id);
        if awaiting_approval {
            requested = requested.detail("approval", "awaited");
        }
        events.extend(requested.events(&scopes));
        store.audit_events.insert(tx, &events).await?;
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

    /// Why the person's MFA cannot be reset, as far as that hangs on the person.
    async fn why_not(&self, tx: &mut Tx, user_id: UserId) -> Result<Option<ResetUserMfa>, Error> {
        let user = self.store().users.find_in(tx, user_id).await?.ok_or(Denial::Hidden)?;
        if user.mfa.is_none() {
            return Ok(Some(ResetUserMfa::MfaNotEnabled));
        }
        if let Some(why) = user.resets_frozen(self.now()) {
            return Ok(Some(ResetUserMfa::Frozen { retry_at: why.until }));
        }
        Ok(self.mfa_reset_held(&user).map(|retry_at| ResetUserMfa::Held { retry_at }))
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
