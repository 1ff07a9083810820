//! `invitePortfolioUser`: like `inviteUser`, to a portfolio itself. The person need not belong to a linked account.

use super::invite_user::{Address, InviteUser};
use super::{Caller, Error, Services};
use crate::domain::{Action, Offer, PortfolioId, PortfolioRole};
use crate::store::Tx;
use crate::transact;

impl Services {
    /// Invites somebody to a portfolio. Who may call: rule `PortfolioOwner`.
    pub async fn invite_portfolio_user(
        &self,
        caller: &Caller,
        portfolio_id: PortfolioId,
        email: &str,
        role: PortfolioRole,
    ) -> Result<InviteUser, Error> {
        caller.signed_in()?;
        let address = Address::parse("email", email)?;
        let offer = Offer::Portfolio { portfolio_id, role };
        if offer.is_ownership() {
            self.record_refused_offer(caller, offer.scope(), "ROLE_NOT_GRANTABLE").await?;
            return Ok(InviteUser::RoleNotGrantable);
        }
        let outcome = match self.too_many_invitations(offer.scope(), &address.key).await? {
            Some(retry_at) => InviteUser::TooManyInvitations { retry_at },
            None => transact!(self.store(), |tx| self.invite_to_portfolio(&mut tx, caller, offer, &address))?,
        };
        self.after_inviting(caller, "invitePortfolioUser", offer.scope(), &outcome).await?;
        Ok(outcome)
    }

    async fn invite_to_portfolio(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        offer: Offer,
        address: &Address<'_>,
    ) -> Result<InviteUser, Error> {
        let Offer::Portfolio { portfolio_id, .. } = offer else {
            return Err(Error::Defect("not a portfolio"));
        };
        self.managed_portfolio(tx, caller, Action::ManagePortfolioUsers, portfolio_id, 0, 0).await?;
        self.offer_place(tx, caller, offer, address, &[offer.scope()]).await
    }
}
