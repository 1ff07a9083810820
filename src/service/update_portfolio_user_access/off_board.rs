//! Off-boarding: a person is taken out of all accounts that a portfolio links, and whatever invitation waits for the
//! person there is taken back. Where the person is Owner, the place stays and the outcome says so: ownership must be
//! handed over first. The person's user, other accounts and place in the portfolio itself stay.

use super::super::audit::{Happening, scopes_of_account};
use super::super::{Caller, Error, Services};
use super::{AccessOutcome, AccessRefusal};
use crate::domain::{AccountRole, AuditAction, Notification, PageRequest, PortfolioId, Scope, UserId};
use crate::store::Tx;
use crate::store::accounts::Accounts;
use crate::transact;

/// Accounts that one transaction takes a person out of.
const BATCH: usize = 50;
/// Linked accounts that are looked through for invitations at once.
const ACCOUNTS: u32 = 500;

struct Step {
    left: u32,
    owner_of: usize,
    further: bool,
}

impl Services {
    pub(super) async fn off_board(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        user: UserId,
    ) -> Result<AccessOutcome, Error> {
        // Invitations first: none of them can bring the person back behind the removal.
        let revoked = self.revoke_linked_invitations(caller, portfolio, user).await?;
        let mut accounts = 0_u32;
        let owner_of = loop {
            let first = accounts == 0;
            let step: Result<Step, Error> =
                transact!(self.store(), |tx| self.leave_linked(&mut tx, caller, portfolio, user, first));
            let step = step?;
            accounts = accounts.saturating_add(step.left);
            if !step.further {
                break step.owner_of;
            }
        };
        let refusal = match (owner_of, accounts, revoked) {
            (0, 0, 0) => Some(AccessRefusal::NotAMember),
            (0, _, _) => None,
            _ => Some(AccessRefusal::IsOwner),
        };
        Ok(AccessOutcome { accounts, refusal })
    }

    async fn leave_linked(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio: PortfolioId,
        user: UserId,
        first: bool,
    ) -> Result<Step, Error> {
        let (store, now) = (self.store(), self.now());
        self.still_manages(tx, caller, portfolio).await?;
        let mut places = store.account_members.of_user_in(tx, user).await?;
        places.retain(|place| place.portfolio_id == Some(portfolio));
        let all = places.len();
        places.retain(|place| place.role != AccountRole::Owner);
        let owner_of = all.saturating_sub(places.len());
        let further = places.len() > BATCH;
        places.truncate(BATCH);
        for place in &places {
            let id = place.account_id;
            let found = store.accounts.find_in(tx, id).await?;
            let mut account = found.ok_or(Error::Defect("a place nowhere"))?;
            store.accounts.touch(tx, id, -1).await?;
            store.account_members.claim_removal(tx, id, user).await?;
            self.drop_contact(tx, caller, &mut account, user).await?;
            let happening = Happening::new(caller, now, AuditAction::UserRemoved)
                .about(user)
                .detail("offBoarding", portfolio);
            store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        }
        if first && !places.is_empty() && caller.actor.user_id() != Some(user) {
            let notice = Notification::RemovedFromLinkedAccounts { portfolio_id: portfolio };
            store.outbox.insert(tx, user, notice, now).await?;
        }
        let left = u32::try_from(places.len()).unwrap_or(u32::MAX);
        Ok(Step { left, owner_of, further })
    }

    async fn revoke_linked_invitations(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        user: UserId,
    ) -> Result<u64, Error> {
        let mut request = PageRequest::first(ACCOUNTS);
        let mut revoked = 0_u64;
        loop {
            let page = self.store().accounts.list_of_portfolio(portfolio, &request).await?;
            let scopes: Vec<Scope> = page.items.iter().map(|account| Scope::Account(account.id)).collect();
            let some: Result<u64, Error> = transact!(self.store(), |tx| self
                .revoke_of_linked(&mut tx, caller, portfolio, user, &scopes));
            revoked = revoked.saturating_add(some?);
            match page.items.last() {
                Some(last) if page.has_next => request.after = Some(Accounts::place(last)),
                _ => return Ok(revoked),
            }
        }
    }

    async fn revoke_of_linked(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio: PortfolioId,
        user: UserId,
        scopes: &[Scope],
    ) -> Result<u64, Error> {
        self.still_manages(tx, caller, portfolio).await?;
        let Some(key) = self.address_of(tx, user).await? else { return Ok(0) };
        let revoked = self.store().invitations.revoke_in_all(tx, scopes, &key).await?;
        if revoked > 0 {
            let happening = Happening::new(caller, self.now(), AuditAction::InvitationRevoked)
                .about(user)
                .detail("offBoarding", revoked);
            let events = happening.events(&[Scope::Portfolio(portfolio)]);
            self.store().audit_events.insert(tx, &events).await?;
        }
        Ok(revoked)
    }
}
