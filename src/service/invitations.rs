//! Invitations that wait: taking them back, sending them again, listing them, and what the accept page shows.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of_account};
use super::directory::COUNT_BOUND;
use super::directory::security::Watched;
use super::give_role::RoleRefusal;
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenKind};
use crate::domain::invitation::INVITATION_TTL;
use crate::domain::key::mask_email;
use crate::domain::policy::{Held, PortfolioStanding, decide};
use crate::domain::{
    Action, AuditAction, Denial, Invitation, InvitationId, InvitationState, Notification, Offer, Page,
    PageRequest, Portfolio, PortfolioId, Resource, RoleChoice, Scope,
};
use crate::store::Tx;
use crate::store::invitations::InvitationKey;
use crate::store::keyset::Place;
use crate::transact;

/// What taking an invitation back gives.
#[derive(Debug)]
pub enum RevokeInvitation {
    /// Nobody can accept it any more.
    Revoked(Box<Invitation>),
    /// It was accepted or taken back already.
    NotPending,
}

/// What sending an invitation again gives.
#[derive(Debug)]
pub enum ResendInvitation {
    /// Another mail is under way, and the time begins anew.
    Resent(Box<Invitation>),
    /// It was accepted or taken back already.
    NotPending,
    /// The role that it offers is gone, or gives more than the caller holds.
    Role(RoleRefusal),
    /// Too many mails to this address, or from this place.
    TooManyInvitations {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

/// What the accept page shows, signed out, to whoever holds the link.
#[derive(Debug)]
pub struct InvitationPreview {
    /// Where the invitation is in its life.
    pub state: InvitationState,
    /// The invited address, well enough hidden.
    pub masked_email: String,
    /// What whoever accepts becomes.
    pub offer: Offer,
    /// The name of the custom role, where one is offered.
    pub custom_role: Option<String>,
    /// The account's or portfolio's name.
    pub place_name: String,
    /// Who invited.
    pub invited_by_name: String,
    /// Until when it can be accepted.
    pub expires_at: OffsetDateTime,
    /// Whether accepting takes a name and a password, as there is no user with the address yet.
    pub registration_needed: bool,
}

impl Services {
    /// Takes an invitation back. Who may call: whoever may invite to its place.
    pub async fn revoke_invitation(
        &self,
        caller: &Caller,
        id: InvitationId,
    ) -> Result<RevokeInvitation, Error> {
        caller.signed_in()?;
        let outcome = transact!(self.store(), |tx| self.revoke_in(&mut tx, caller, id))?;
        if let RevokeInvitation::NotPending = &outcome {
            self.record_refused_invitation(caller, "revokeInvitation", id, "NOT_PENDING").await?;
        }
        Ok(outcome)
    }

    async fn record_refused_invitation(
        &self,
        caller: &Caller,
        change: &str,
        id: InvitationId,
        reason: &str,
    ) -> Result<(), Error> {
        let found = self.store().invitations.find(InvitationKey::Id(id)).await?;
        let scopes: Vec<Scope> = found.iter().map(|invitation| invitation.offer.scope()).collect();
        self.record_refused_change(caller, change, reason, &scopes).await
    }

    async fn revoke_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: InvitationId,
    ) -> Result<RevokeInvitation, Error> {
        let (_, _, scopes) = self.touch_place_of(tx, caller, id).await?;
        let revoked = self.store().invitations.claim_closing(tx, id, InvitationState::Revoked).await?;
        let Some(revoked) = revoked else { return Ok(RevokeInvitation::NotPending) };
        let happening =
            Happening::new(caller, self.now(), AuditAction::InvitationRevoked).detail("invitation", id);
        self.store().audit_events.insert(tx, &happening.events(&scopes)).await?;
        Ok(RevokeInvitation::Revoked(Box::new(revoked)))
    }

    /// Sends an invitation again; its time begins anew, and links of earlier mails work as well. Who may call: whoever
    /// may invite to its place.
    pub async fn resend_invitation(
        &self,
        caller: &Caller,
        id: InvitationId,
    ) -> Result<ResendInvitation, Error> {
        caller.signed_in()?;
        let found = self.store().invitations.find(InvitationKey::Id(id)).await?.ok_or(Denial::Hidden)?;
        let outcome = if found.state != InvitationState::Pending {
            ResendInvitation::NotPending
        } else if let Some(retry_at) =
            self.too_many_invitations(found.offer.scope(), &found.email_key).await?
        {
            ResendInvitation::TooManyInvitations { retry_at }
        } else {
            transact!(self.store(), |tx| self.resend_in(&mut tx, caller, id))?
        };
        let refused = match &outcome {
            ResendInvitation::Resent(_) => {
                self.wake_mail();
                None
            }
            ResendInvitation::NotPending => Some("NOT_PENDING"),
            ResendInvitation::TooManyInvitations { .. } => Some("TOO_MANY_INVITATIONS"),
            ResendInvitation::Role(refusal) => {
                self.record_refused_offer(caller, found.offer.scope(), refusal.as_str()).await?;
                None
            }
        };
        if let Some(reason) = refused {
            self.record_refused_invitation(caller, "resendInvitation", id, reason).await?;
        }
        Ok(outcome)
    }

    async fn resend_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: InvitationId,
    ) -> Result<ResendInvitation, Error> {
        let (store, now) = (self.store(), self.now());
        let (offer, mine, scopes) = self.touch_place_of(tx, caller, id).await?;
        if let (Offer::Account { account_id, role, custom_role_id }, Some(mine)) = (offer, mine) {
            // Sending it again is giving the role again.
            let role = custom_role_id.map_or(RoleChoice::Static(role), RoleChoice::Custom);
            if let Err(refusal) = self.role_to_give(tx, account_id, role, mine).await? {
                return Ok(ResendInvitation::Role(refusal));
            }
        }
        let renewed = store.invitations.renew(tx, id, now + INVITATION_TTL).await?;
        let Some(renewed) = renewed else { return Ok(ResendInvitation::NotPending) };
        store.outbox.insert(tx, None, Notification::Invitation { invitation_id: id }, now).await?;
        let happening = Happening::new(caller, now, AuditAction::InvitationResent).detail("invitation", id);
        store.audit_events.insert(tx, &happening.events(&scopes)).await?;
        Ok(ResendInvitation::Resent(Box::new(renewed)))
    }

    /// Asks anew whether the caller may invite to the place of an invitation, and touches the place. Gives what the
    /// invitation offers, what the caller holds in the account that it leads to, and the scopes that it concerns.
    async fn touch_place_of(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: InvitationId,
    ) -> Result<(Offer, Option<Held>, Vec<Scope>), Error> {
        let found = self.store().invitations.find_in(tx, InvitationKey::Id(id)).await?;
        let offer = found.ok_or(Denial::Hidden)?.offer;
        match offer {
            Offer::Account { account_id, .. } => {
                let action = Action::ManageAccountUsers;
                let (account, mine) = self.acting_member(tx, caller, action, account_id).await?;
                Ok((offer, Some(mine), scopes_of_account(&account)))
            }
            Offer::Portfolio { portfolio_id, .. } => {
                let action = Action::ManagePortfolioUsers;
                self.managed_portfolio(tx, caller, action, portfolio_id, 0, 0).await?;
                Ok((offer, None, vec![Scope::Portfolio(portfolio_id)]))
            }
        }
    }

    /// A portfolio as the transaction sees it, for a command that needs this action; on the same snapshot the caller's
    /// role is looked up anew. `people` and `accounts` that come are counted in, and the transaction conflicts with any
    /// other on the portfolio: see `Portfolios::touch`.
    pub(super) async fn managed_portfolio(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        action: Action,
        id: PortfolioId,
        people: i64,
        accounts: i64,
    ) -> Result<Portfolio, Error> {
        let portfolio = self.store().portfolios.find_in(tx, id).await?.ok_or(Denial::Hidden)?;
        let actor = self.memberships_in(tx, caller.signed_in()?.user_id).await?;
        let standing = PortfolioStanding::of(&actor, id);
        decide(true, action, &Resource::Portfolio(standing)).ok()?;
        if !self.store().portfolios.touch(tx, id, people, accounts).await? {
            return Err(Denial::Hidden.into());
        }
        Ok(portfolio)
    }

    /// A page of the invitations that nobody accepted or took back, newest first.
    pub async fn list_invitations(
        &self,
        caller: &Caller,
        of: Watched<'_>,
        request: &PageRequest<InvitationId>,
    ) -> Result<Page<Invitation>, Error> {
        let scope = of.authorized(caller, Action::ViewAccountInvitations)?;
        let request = request.clone().map_places(|id| Place(id.into(), id.into()));
        Ok(self.store().invitations.list(scope, &request).await?)
    }

    /// How many there are, counted up to a bound.
    pub async fn count_invitations(&self, caller: &Caller, of: Watched<'_>) -> Result<u64, Error> {
        let scope = of.authorized(caller, Action::ViewAccountInvitations)?;
        Ok(self.store().invitations.count(scope, COUNT_BOUND).await?)
    }

    /// What the accept page shows; nothing when the token is not genuine. Who may call: whoever holds the token.
    pub async fn invitation_by_token(&self, token: &str) -> Result<Option<InvitationPreview>, Error> {
        let Some(token) = Token::parse(TokenKind::Invitation, token) else { return Ok(None) };
        let found = self.store().invitations.find(InvitationKey::Token(token.hash())).await?;
        let Some(invitation) = found else { return Ok(None) };
        let inviter = self.store().users.find(invitation.invited_by).await?;
        let known = self.store().users.find_by_email(&invitation.email_key).await?;
        let custom_role = match invitation.offer {
            Offer::Account { custom_role_id: Some(id), .. } => self.store().account_roles.find(id).await?,
            _ => None,
        };
        Ok(Some(InvitationPreview {
            state: invitation.state_at(self.now()),
            masked_email: mask_email(&invitation.email),
            offer: invitation.offer,
            custom_role: custom_role.map(|role| role.name),
            place_name: self.place_name(invitation.offer).await?,
            invited_by_name: inviter.map(|user| user.name).unwrap_or_default(),
            expires_at: invitation.expires_at,
            registration_needed: known.is_none(),
        }))
    }

    /// The name of the account or portfolio; empty when it is gone.
    pub(super) async fn place_name(&self, offer: Offer) -> Result<String, Error> {
        let name = match offer {
            Offer::Account { account_id, .. } => {
                self.store().accounts.find(account_id).await?.map(|account| account.name)
            }
            Offer::Portfolio { portfolio_id, .. } => {
                self.store().portfolios.find(portfolio_id).await?.map(|portfolio| portfolio.name)
            }
        };
        Ok(name.unwrap_or_default())
    }
}
