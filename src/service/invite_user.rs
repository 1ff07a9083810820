//! `inviteUser`, and what every invitation has in common: one transaction keeps the invitation, puts its mail into the
//! outbox and writes the audit events. Nothing else changes until the person accepts.
//!
//! The answer does not tell whether the address is somebody's: it is the same for a person who exists elsewhere and for
//! one who does not. That somebody is in the place already is no secret: the caller sees its list.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of_account};
use super::give_role::RoleRefusal;
use super::mail_link::usable_email;
use super::throttle::{INVITATIONS_BY_ADDRESS, INVITATIONS_BY_PLACE, Verdict};
use super::{Caller, Error, Services};
use crate::domain::key::EmailKey;
use crate::domain::{
    AccountId, AccountRole, Action, AuditAction, Invitation, InvitationState, Notification, Offer,
    RoleChoice, Scope,
};
use crate::store::Tx;
use crate::transact;

/// What inviting gives.
#[derive(Debug)]
pub enum InviteUser {
    /// It waits for the person.
    Invited(Box<Invitation>),
    /// Ownership is handed over, never offered.
    RoleNotGrantable,
    /// The person is there already.
    AlreadyMember,
    /// An invitation waits for this address already.
    AlreadyInvited,
    /// Too many mails to this address, or from this place.
    TooManyInvitations {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

/// An address as it was typed, with its key.
#[derive(Clone)]
pub struct Address<'a> {
    pub(super) typed: &'a str,
    pub(super) key: EmailKey,
}

impl<'a> Address<'a> {
    /// Checks an address; `field` is the input field, as the client knows it.
    pub fn parse(field: &'static str, typed: &'a str) -> Result<Self, Error> {
        let key = usable_email(typed).map_err(|_| {
            Error::bad_input(field, "an e-mail address of the form name@example.com, at most 254 bytes")
        })?;
        Ok(Self { typed, key })
    }
}

impl Services {
    /// Invites somebody to an account, with a role of it. Who may call: rule `AccountOwnerOrAdmin` with `users.manage`; the
    /// role gives no more than the caller holds.
    pub async fn invite_user(
        &self,
        caller: &Caller,
        account_id: AccountId,
        email: &str,
        role: RoleChoice,
    ) -> Result<Result<InviteUser, RoleRefusal>, Error> {
        caller.signed_in()?;
        let address = Address::parse("email", email)?;
        let scope = Scope::Account(account_id);
        if role == RoleChoice::Static(AccountRole::Owner) {
            self.record_refused_offer(caller, scope, "ROLE_NOT_GRANTABLE").await?;
            return Ok(Ok(InviteUser::RoleNotGrantable));
        }
        let outcome = match self.too_many_invitations(scope, &address.key).await? {
            Some(retry_at) => Ok(InviteUser::TooManyInvitations { retry_at }),
            None => transact!(self.store(), |tx| self
                .invite_to_account(&mut tx, caller, account_id, role, &address))?,
        };
        match &outcome {
            Ok(invited) => self.after_inviting(caller, "inviteUser", scope, invited).await?,
            Err(refusal) => self.record_refused_offer(caller, scope, refusal.as_str()).await?,
        }
        Ok(outcome)
    }

    /// Has the mail sent, or writes the refusal down. Ownership is refused, and written down, before.
    pub(super) async fn after_inviting(
        &self,
        caller: &Caller,
        change: &str,
        scope: Scope,
        outcome: &InviteUser,
    ) -> Result<(), Error> {
        let reason = match outcome {
            InviteUser::Invited(_) => {
                self.wake_mail();
                return Ok(());
            }
            InviteUser::RoleNotGrantable => "ROLE_NOT_GRANTABLE",
            InviteUser::AlreadyMember => "ALREADY_MEMBER",
            InviteUser::AlreadyInvited => "ALREADY_INVITED",
            InviteUser::TooManyInvitations { .. } => "TOO_MANY_INVITATIONS",
        };
        self.record_refused_change(caller, change, reason, &[scope]).await
    }

    async fn invite_to_account(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
        role: RoleChoice,
        address: &Address<'_>,
    ) -> Result<Result<InviteUser, RoleRefusal>, Error> {
        let (account, mine) = self.acting_member(tx, caller, Action::ManageAccountUsers, account_id).await?;
        let role = match self.role_to_give(tx, account_id, role, mine).await? {
            Ok(role) => role,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (offer, scopes) = (Offer::in_account(account_id, role), scopes_of_account(&account));
        Ok(Ok(self.offer_place(tx, caller, offer, address, &scopes).await?))
    }

    /// Keeps an invitation and puts its mail into the outbox, for a caller who was found to be allowed to, in a
    /// transaction that has touched the place (`Accounts::touch`, `Portfolios::touch`). Ownership must have been refused
    /// before. Whoever calls it wakes the mail workers after the commit.
    pub(super) async fn offer_place(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        offer: Offer,
        address: &Address<'_>,
        scopes: &[Scope],
    ) -> Result<InviteUser, Error> {
        let (store, now) = (self.store(), self.now());
        let actor_id = caller.signed_in()?.user_id;
        if let Some(user) = store.users.find_by_email_in(tx, &address.key).await? {
            let is_there = match offer {
                Offer::Account { account_id, .. } => {
                    store.account_members.find_in(tx, account_id, user.id).await?.is_some()
                }
                Offer::Portfolio { portfolio_id, .. } => {
                    store.portfolio_members.find_in(tx, portfolio_id, user.id).await?.is_some()
                }
            };
            if is_there {
                return Ok(InviteUser::AlreadyMember);
            }
        }
        if let Some(waiting) = store.invitations.find_pending_in(tx, offer.scope(), &address.key).await? {
            if waiting.state_at(now) == InvitationState::Pending {
                return Ok(InviteUser::AlreadyInvited);
            }
            store.invitations.claim_closing(tx, waiting.id, InvitationState::Expired).await?;
        }
        let invitation = Invitation::new(offer, address.typed, address.key.clone(), actor_id, now);
        store.invitations.insert(tx, &invitation).await?;
        let mail = Notification::Invitation { invitation_id: invitation.id };
        store.outbox.insert(tx, None, mail, now).await?;
        let happening = Happening::new(caller, now, AuditAction::UserInvited)
            .detail("invitation", invitation.id)
            .detail("role", offer.role_name());
        store.audit_events.insert(tx, &happening.events(scopes)).await?;
        Ok(InviteUser::Invited(Box::new(invitation)))
    }

    /// Counts an invitation mail before it is sent; gives the time from which another one may be, if this one may not.
    pub(super) async fn too_many_invitations(
        &self,
        place: Scope,
        email: &EmailKey,
    ) -> Result<Option<OffsetDateTime>, Error> {
        let by_address = format!("{place}\0{}", email.as_str());
        if let Verdict::Wait(retry_at) = self.attempt(INVITATIONS_BY_ADDRESS, by_address.as_bytes()).await? {
            return Ok(Some(retry_at));
        }
        match self.attempt(INVITATIONS_BY_PLACE, place.to_string().as_bytes()).await? {
            Verdict::Go(_) => Ok(None),
            Verdict::Wait(retry_at) => Ok(Some(retry_at)),
        }
    }
}
