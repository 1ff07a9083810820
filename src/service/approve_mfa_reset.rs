//! `approveMfaReset`: where a policy asks for it, a second person says yes before the person hears of a reset.
//!
//! Until then nothing has gone out and there is no token: the mail is queued by the approval, and its time begins with it.

use time::OffsetDateTime;

use super::audit::Happening;
use super::{Caller, Error, Services};
use crate::domain::mfa_reset::APPROVERS_TOLD_MAX;
use crate::domain::policy::{UserStanding, decide};
use crate::domain::{
    AccountRole, Action, AuditAction, Denial, Memberships, MfaReset, MfaResetId, MfaResetState, Notification,
    PortfolioRole, ResetApproval, Resource, Scope, Unready, UserId,
};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
use crate::transact;

/// What approving gives.
#[derive(Debug)]
pub enum ApproveMfaReset {
    /// The mail goes out.
    Approved(Box<MfaReset>),
    /// It does not await approval, or not any more.
    NotAwaitingApproval,
    /// Nobody approved it in time.
    Expired,
    /// The caller asked for it.
    SamePerson,
    /// The caller has no MFA, where it is enforced.
    ActorMfaRequired,
    /// The person's address or password changed since.
    Held {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
    /// Not at this moment.
    NotNow(Unready),
}

impl ApproveMfaReset {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Approved(_) => None,
            Self::NotAwaitingApproval => Some("NOT_AWAITING_APPROVAL"),
            Self::Expired => Some("EXPIRED"),
            Self::SamePerson => Some("SAME_PERSON"),
            Self::ActorMfaRequired => Some("ACTOR_MFA_REQUIRED"),
            Self::Held { .. } => Some("HELD"),
            Self::NotNow(unready) => Some(unready.as_str()),
        }
    }
}

/// Whether a reset of somebody in these places awaits a second person. Pure.
pub(super) fn awaits_approval(demanded: ResetApproval, target: &Memberships) -> bool {
    let owns = || {
        target.accounts.iter().any(|place| place.role == AccountRole::Owner)
            || target.portfolios.iter().any(|place| place.role == PortfolioRole::Owner)
    };
    match demanded {
        ResetApproval::Never => false,
        ResetApproval::OwnersOnly => owns(),
        ResetApproval::Always => true,
    }
}

impl Services {
    /// Approves a reset that somebody else asked for. Who may call: rule `ManagesUser` for the person that it is about.
    pub async fn approve_mfa_reset(&self, caller: &Caller, id: MfaResetId) -> Result<ApproveMfaReset, Error> {
        caller.signed_in()?;
        let outcome = transact!(self.store(), |tx| self.approve(&mut tx, caller, id))?;
        match outcome.refusal() {
            None => self.wake_mail(),
            Some(reason) => {
                if let Some(user_id) = self.user_of_mfa_reset(id).await? {
                    self.record_refused_reset(caller, user_id, reason).await?;
                }
            }
        }
        Ok(outcome)
    }

    async fn approve(&self, tx: &mut Tx, caller: &Caller, id: MfaResetId) -> Result<ApproveMfaReset, Error> {
        let (store, now) = (self.store(), self.now());
        let actor_id = caller.signed_in()?.user_id;
        let reset = store.mfa_resets.find(ResetKey::Id(id)).await?.ok_or(Denial::Hidden)?;
        let user_id = reset.user_id;
        let actor = self.memberships_in(tx, actor_id).await?;
        let target = self.memberships_in(tx, user_id).await?;
        let standing = UserStanding::of(actor_id, &actor, user_id, &target);
        decide(true, Action::ResetUserMfa, &Resource::User(&standing)).ok()?;
        let authority = standing.authority.ok_or(Denial::Forbidden)?;
        if reset.requested_by == actor_id {
            return Ok(ApproveMfaReset::SamePerson);
        }
        let (person, session) = self.present_in(tx, caller).await?;
        if person.mfa.is_none() && self.enforced_for(tx, authority, &target).await? {
            return Ok(ApproveMfaReset::ActorMfaRequired);
        }
        if let Some(unready) = self.unready(&person, &session) {
            return Ok(ApproveMfaReset::NotNow(unready));
        }
        // The mail goes to where the person reads now: whoever changed that since the request has to wait as before one.
        let user = store.users.find_in(tx, user_id).await?.ok_or(Denial::Hidden)?;
        if let Some(retry_at) = self.mfa_reset_held(&user) {
            return Ok(ApproveMfaReset::Held { retry_at });
        }
        let expires_at = now + self.tools.settings.mfa_reset_ttl;
        let Some(reset) = store.mfa_resets.claim_approval(tx, id, actor_id, now, expires_at).await? else {
            return Ok(match reset.state_at(now) {
                MfaResetState::Expired if reset.awaiting_approval => ApproveMfaReset::Expired,
                _ => ApproveMfaReset::NotAwaitingApproval,
            });
        };
        // Written on the person, as for the request.
        let unchanged_since = now - self.tools.settings.mfa_reset_hold;
        if !store.users.claim_mfa_reset_request(tx, user_id, unchanged_since, now).await? {
            return Err(Error::Defect("whose MFA was looked at changed within a transaction"));
        }
        store.outbox.insert(tx, user_id, Notification::MfaResetRequest { reset_id: id }, now).await?;
        let happening =
            Happening::new(caller, now, AuditAction::MfaResetApproved).about(user_id).detail("mfaReset", id);
        store.audit_events.insert(tx, &happening.events(&reset.scopes)).await?;
        Ok(ApproveMfaReset::Approved(Box::new(reset)))
    }

    /// Who is told that a reset awaits approval: Owners and Admins of the person's places but for the requester and the
    /// person, a bounded number. Whoever else manages the person sees it on their screens.
    pub(super) async fn approvers_told(
        &self,
        requester: UserId,
        user: UserId,
        scopes: &[Scope],
    ) -> Result<Vec<UserId>, Error> {
        let (of_account, of_portfolio) =
            ([AccountRole::Owner, AccountRole::Admin], [PortfolioRole::Owner, PortfolioRole::Admin]);
        let mut told: Vec<UserId> = Vec::new();
        for scope in scopes {
            let found: Vec<UserId> = match *scope {
                Scope::Account(id) => {
                    let places =
                        self.store().account_members.with_roles(id, &of_account, APPROVERS_TOLD_MAX).await?;
                    places.into_iter().map(|place| place.user_id).collect()
                }
                Scope::Portfolio(id) => {
                    let places = self
                        .store()
                        .portfolio_members
                        .with_roles(id, &of_portfolio, APPROVERS_TOLD_MAX)
                        .await?;
                    places.into_iter().map(|place| place.user_id).collect()
                }
                Scope::User(_) | Scope::Deployment => Vec::new(),
            };
            for person in found {
                if person != requester && person != user && !told.contains(&person) {
                    told.push(person);
                }
            }
            if told.len() as u64 >= u64::from(APPROVERS_TOLD_MAX) {
                break;
            }
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccountId, AccountMembership, PortfolioId, PortfolioMembership};

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-24 12:00 UTC);

    #[test]
    fn owners_anywhere_or_everybody_await_a_second_person_as_the_policy_says() {
        let user = UserId::generate(NOW);
        let in_account = |role| Memberships {
            accounts: vec![AccountMembership::new(AccountId::generate(NOW), user, role, None, NOW)],
            portfolios: vec![],
        };
        let in_portfolio = |role| Memberships {
            accounts: vec![],
            portfolios: vec![PortfolioMembership {
                portfolio_id: PortfolioId::generate(NOW),
                user_id: user,
                role,
                joined_at: NOW,
            }],
        };
        for (target, owner) in [
            (in_account(AccountRole::Owner), true),
            (in_account(AccountRole::Admin), false),
            (in_portfolio(PortfolioRole::Owner), true),
            (in_portfolio(PortfolioRole::Admin), false),
        ] {
            assert!(!awaits_approval(ResetApproval::Never, &target));
            assert_eq!(awaits_approval(ResetApproval::OwnersOnly, &target), owner);
            assert!(awaits_approval(ResetApproval::Always, &target));
        }
        assert!(
            ResetApproval::Never < ResetApproval::OwnersOnly
                && ResetApproval::OwnersOnly < ResetApproval::Always
        );
    }
}
