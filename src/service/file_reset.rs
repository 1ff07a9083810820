//! What every request to reset somebody's MFA has in common, whoever asks: an Owner or Admin, or recovery contacts. Whether
//! they may is asked before.

use time::OffsetDateTime;

use super::approve_mfa_reset::awaits_approval;
use super::audit::{Happening, scopes_of};
use super::reset_user_mfa::ResetUserMfa;
use super::{Error, Services};
use crate::domain::mfa_reset::{RESET_WINDOW, RESETS_PER_WINDOW};
use crate::domain::recovery::CONFIRMATIONS;
use crate::domain::{
    AuditAction, Authority, Denial, MailDelivery, Memberships, MfaReset, MfaResetId, MfaResetState,
    Notification, User, UserId,
};
use crate::store::Tx;

/// Why nobody can ask for a reset of a person now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CannotAsk {
    /// The person has no MFA.
    MfaNotEnabled,
    /// The person said "this wasn't me" of another reset a short while ago.
    Frozen {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
    /// The person's address or password changed a short while ago.
    Held {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
    /// Too many resets of this person lately.
    TooManyResets {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

impl CannotAsk {
    /// The reason in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MfaNotEnabled => "MFA_NOT_ENABLED",
            Self::Frozen { .. } => "FROZEN",
            Self::Held { .. } => "HELD",
            Self::TooManyResets { .. } => "TOO_MANY_RESETS",
        }
    }
}

impl From<CannotAsk> for ResetUserMfa {
    fn from(why: CannotAsk) -> Self {
        match why {
            CannotAsk::MfaNotEnabled => Self::MfaNotEnabled,
            CannotAsk::Frozen { retry_at } => Self::Frozen { retry_at },
            CannotAsk::Held { retry_at } => Self::Held { retry_at },
            CannotAsk::TooManyResets { retry_at } => Self::TooManyResets { retry_at },
        }
    }
}

/// A reset that is asked for.
pub(super) struct Asked {
    /// Whose MFA.
    pub user_id: UserId,
    /// Who asks.
    pub requested_by: UserId,
    /// By what right.
    pub authority: Authority,
    /// The recovery contacts, where it is them.
    pub recovered_by: Option<[UserId; CONFIRMATIONS]>,
    /// Why.
    pub reason: Option<String>,
}

impl Services {
    /// Writes down that a reset of a person is asked for; or why it cannot be, and then nothing is written.
    pub(super) async fn claim_asking(
        &self,
        tx: &mut Tx,
        user_id: UserId,
    ) -> Result<Option<CannotAsk>, Error> {
        let (store, now) = (self.store(), self.now());
        let limit = i64::try_from(RESETS_PER_WINDOW).unwrap_or(i64::MAX);
        let recent = store.mfa_resets.requested_since(tx, user_id, now - RESET_WINDOW, limit).await?;
        if let (true, Some(oldest)) = (recent.len() as u64 >= RESETS_PER_WINDOW, recent.last()) {
            let refusal = self.why_not(tx, user_id).await?;
            return Ok(Some(
                refusal.unwrap_or(CannotAsk::TooManyResets { retry_at: *oldest + RESET_WINDOW }),
            ));
        }
        // Written on the person, so that it conflicts with a password or an address that changes at the same time, and
        // holds a reset of the password from now on.
        let unchanged_since = now - self.tools.settings.mfa_reset_hold;
        if store.users.claim_mfa_reset_request(tx, user_id, unchanged_since, now).await? {
            return Ok(None);
        }
        let why = self.why_not(tx, user_id).await?;
        Ok(Some(why.ok_or(Error::Defect("a reset was refused for no reason"))?))
    }

    /// Why the person's MFA cannot be reset, as far as that hangs on the person.
    async fn why_not(&self, tx: &mut Tx, user_id: UserId) -> Result<Option<CannotAsk>, Error> {
        let user = self.store().users.find_in(tx, user_id).await?.ok_or(Denial::Hidden)?;
        Ok(self.cannot_ask(&user))
    }

    /// The same of somebody who was read already.
    pub(super) fn cannot_ask(&self, user: &User) -> Option<CannotAsk> {
        if user.mfa.is_none() {
            return Some(CannotAsk::MfaNotEnabled);
        }
        if let Some(why) = user.resets_frozen(self.now()) {
            return Some(CannotAsk::Frozen { retry_at: why.until });
        }
        self.mfa_reset_held(user).map(|retry_at| CannotAsk::Held { retry_at })
    }

    /// Stores a reset that waits, in the place of any other, with its mail: to the person, or to those who have to approve
    /// it. `happening` is that it was asked for.
    pub(super) async fn file_reset(
        &self,
        tx: &mut Tx,
        asked: Asked,
        target: &Memberships,
        happening: Happening<'_>,
    ) -> Result<MfaReset, Error> {
        let (store, now, user_id) = (self.store(), self.now(), asked.user_id);
        let policies = self.policies_in(tx, target).await?;
        let demanded = policies.iter().map(|policy| policy.reset_approval).max().unwrap_or_default();
        let scopes = scopes_of(user_id, target);
        let mut approvers = Vec::new();
        let mut awaiting_approval = awaits_approval(demanded, target);
        if awaiting_approval {
            approvers = self.approvers_told(asked.requested_by, user_id, &scopes).await?;
            if let Some(contacts) = asked.recovered_by {
                // Two people vouch already, and they were asked since nobody else may be there: where somebody is who can
                // approve, that is what the policy wants; where nobody is, waiting for them would shut the person out.
                approvers.retain(|person| !contacts.contains(person));
                awaiting_approval = !approvers.is_empty();
            }
        }
        let superseded = store.mfa_resets.supersede(tx, user_id, now).await?;
        let reset = MfaReset {
            id: MfaResetId::generate(now),
            user_id,
            requested_by: asked.requested_by,
            authority: asked.authority,
            recovered_by: asked.recovered_by,
            reason: asked.reason,
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
            true => (approvers, Notification::MfaResetApprovalAsked { reset_id: reset.id }),
        };
        for person in told {
            store.outbox.insert(tx, person, notice, now).await?;
        }
        let mut events = Vec::new();
        if let Some(old) = superseded {
            let superseded = happening.clone().of(AuditAction::MfaResetSuperseded).about(user_id);
            events.extend(superseded.detail("mfaReset", old.id).events(&old.scopes));
        }
        let mut requested = happening.about(user_id).detail("mfaReset", reset.id);
        if awaiting_approval {
            requested = requested.detail("approval", "awaited");
        }
        events.extend(requested.events(&scopes));
        store.audit_events.insert(tx, &events).await?;
        Ok(reset)
    }
}
