//! `requestRecovery`: somebody who is locked out asks, signed out, that the recovery contacts be asked.
//!
//! The answer is the same whether the address is known, its owner an Owner, and anybody asked. The Owner is told at once, with
//! a link that stops it.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::mail_link::email_key;
use super::throttle::RECOVERY_BY_IP;
use super::{Caller, Error, Services};
use crate::domain::policy::Held;
use crate::domain::recovery::{AskedContact, CONFIRMATIONS, NotCounted, RECOVERY_TTL, counts};
use crate::domain::{
    AccountId, AccountMembership, AccountRole, AuditAction, Credential, Memberships, Notification, Recovery,
    RecoveryContacts, RecoveryId, RecoveryState, Scope, UserId,
};
use crate::store::Tx;
use crate::transact;

/// What asking gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestRecovery {
    /// The contacts are asked, if there is anybody to ask and nothing speaks against it.
    Requested,
    /// Too many for this address or from this network.
    TooManyAttempts {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

/// Whom to ask, or why nobody.
enum Plan {
    Ask(AccountId, Vec<UserId>),
    Nobody(&'static str),
}

/// What the word of a contact is worth.
pub(super) struct Word {
    /// In which account.
    pub account_id: AccountId,
    /// Whose.
    pub contact: UserId,
    /// What the contact is there.
    pub held: Option<Held>,
    /// Whether it counts now.
    pub counts: Result<(), NotCounted>,
}

/// The places that are looked at, at most.
const ACCOUNTS_LOOKED_AT: usize = 100;

impl Services {
    /// Asks the recovery contacts of whoever has this address. Who may call: anybody.
    pub async fn request_recovery(&self, caller: &Caller, email: &str) -> Result<RequestRecovery, Error> {
        let key = email_key(email, "email")?;
        if let Some(retry_at) = self.mail_throttled(caller, &key, RECOVERY_BY_IP).await? {
            self.record_refused_recovery(caller, None, "REQUEST", "TOO_MANY_ATTEMPTS").await?;
            return Ok(RequestRecovery::TooManyAttempts { retry_at });
        }
        let found = self.store().users.find_credentials_by_email(&key).await?.map(|known| known.user.id);
        // The same reads and nearly the same writes in all cases: the answer's time must not tell.
        let somebody = found.unwrap_or_else(|| UserId::generate(self.now()));
        let known = found.is_some();
        transact!(self.store(), |tx| self.ask_contacts(&mut tx, caller, somebody, known))?;
        self.wake_mail();
        Ok(RequestRecovery::Requested)
    }

    async fn ask_contacts(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user_id: UserId,
        known: bool,
    ) -> Result<(), Error> {
        let (store, now) = (self.store(), self.now());
        // Written on the person, so that of two requests at once the second one sees the first.
        store.users.touch(tx, user_id).await?;
        let memberships = self.memberships_in(tx, user_id).await?;
        let happening = Happening::new(caller, now, AuditAction::RecoveryRequested);
        let recovery = |account_id, contacts: Vec<UserId>, state| Recovery {
            id: RecoveryId::generate(now),
            user_id,
            account_id,
            state,
            requested_at: now,
            expires_at: if state == RecoveryState::Pending { now + RECOVERY_TTL } else { now },
            closed_at: None,
            contacts: contacts
                .into_iter()
                .map(|user_id| AskedContact { user_id, confirmed_at: None })
                .collect(),
            reset_id: None,
        };
        let plan = self.whom_to_ask(tx, user_id, &memberships).await?;
        store.recoveries.close_expired(tx, user_id, now).await?;
        let (recovery, happening) = match plan {
            Plan::Ask(account_id, contacts) => {
                let recovery = recovery(account_id, contacts, RecoveryState::Pending);
                let recovery_id = recovery.id;
                let asked = recovery.contacts.iter();
                let asked = asked.map(|asked| (asked.user_id, Notification::RecoveryAsked { recovery_id }));
                let told = std::iter::once((user_id, Notification::RecoveryRequested { recovery_id }));
                store.outbox.insert_all(tx, told.chain(asked), now).await?;
                let happening = happening.detail("recovery", recovery_id).detail("account", account_id);
                (recovery, happening)
            }
            Plan::Nobody(reason) => {
                // Of nobody: what waits already must stay the latest one of the person.
                let nobodys = recovery(AccountId::generate(now), Vec::new(), RecoveryState::Stopped);
                let nobodys = Recovery { user_id: UserId::generate(now), ..nobodys };
                (nobodys, happening.detail("nobodyAsked", reason))
            }
        };
        store.recoveries.insert(tx, &recovery).await?;
        let events = match known {
            true => happening.about(user_id).events(&scopes_of(user_id, &memberships)),
            false => happening.events(&[Scope::Deployment]),
        };
        store.audit_events.insert(tx, &events).await?;
        Ok(())
    }

    /// Of the accounts that the person owns, the oldest one in which enough contacts count.
    async fn whom_to_ask(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        memberships: &Memberships,
    ) -> Result<Plan, Error> {
        let (store, now) = (self.store(), self.now());
        let owned = memberships.accounts.iter().filter(|place| place.role == AccountRole::Owner);
        let mut owned: Vec<AccountId> =
            owned.map(|place| place.account_id).take(ACCOUNTS_LOOKED_AT).collect();
        if owned.is_empty() {
            owned.push(AccountId::generate(now));
        }
        let named = store.recovery_contacts.find_many_in(tx, &owned).await?;
        let named: Vec<_> = named.into_iter().filter(|contacts| contacts.owner_id == user_id).collect();
        let words = self.words_of(tx, &named).await?;
        let latest = store.recoveries.latest_in(tx, user_id).await?;
        let Some(person) = store.users.find_in(tx, user_id).await? else {
            return Ok(Plan::Nobody("UNKNOWN_ADDRESS"));
        };
        if let Some(why) = self.cannot_ask(&person) {
            return Ok(Plan::Nobody(why.as_str()));
        }
        if !person.email_verified {
            return Ok(Plan::Nobody("EMAIL_NOT_VERIFIED"));
        }
        let stopped_since = now - self.tools.settings.disavow_freeze;
        if let Some(latest) = latest {
            match latest.state_at(now) {
                RecoveryState::Pending => return Ok(Plan::Nobody("WAITS_ALREADY")),
                RecoveryState::Stopped if latest.closed_at.is_some_and(|at| at > stopped_since) => {
                    return Ok(Plan::Nobody("STOPPED"));
                }
                _ => {}
            }
        }
        for contacts in &named {
            let of_account = words.iter().filter(|word| word.account_id == contacts.account_id);
            let counting: Vec<UserId> =
                of_account.filter(|word| word.counts.is_ok()).map(|word| word.contact).collect();
            if counting.len() >= CONFIRMATIONS {
                return Ok(Plan::Ask(contacts.account_id, counting));
            }
        }
        Ok(Plan::Nobody(if named.is_empty() { "NO_CONTACTS" } else { "TOO_FEW_CONTACTS_COUNT" }))
    }

    /// Whether the word of each contact of these accounts counts now. The same reads for nobody as for many.
    pub(super) async fn words_of(&self, tx: &mut Tx, named: &[RecoveryContacts]) -> Result<Vec<Word>, Error> {
        let (store, now) = (self.store(), self.now());
        let settings = &self.tools.settings;
        let holds = (settings.post_reset_hold, settings.mfa_reset_hold);
        let mut accounts: Vec<AccountId> = named.iter().map(|contacts| contacts.account_id).collect();
        let mut people: Vec<UserId> = named.iter().flat_map(|contacts| contacts.at(now)).copied().collect();
        if people.is_empty() {
            (accounts, people) = (vec![AccountId::generate(now)], vec![UserId::generate(now)]);
        }
        let places = store.account_members.among_in(tx, &accounts, &people).await?;
        let people = store.users.find_many_in(tx, &people).await?;
        let mut words = Vec::new();
        for contacts in named {
            for contact in contacts.at(now) {
                let place = places
                    .iter()
                    .find(|place| place.account_id == contacts.account_id && place.user_id == *contact);
                let Some(user) = people.iter().find(|user| user.id == *contact) else { continue };
                let held = place.map(AccountMembership::held);
                words.push(Word {
                    account_id: contacts.account_id,
                    contact: *contact,
                    held,
                    counts: counts(user, held.map(|held| held.role), contacts.owner_id, holds, now),
                });
            }
        }
        Ok(words)
    }

    /// Writes down that something about a recovery was refused: in the logs of the Owner's places, or of the deployment where
    /// none is known.
    pub(super) async fn record_refused_recovery(
        &self,
        caller: &Caller,
        recovery: Option<&Recovery>,
        step: &str,
        reason: &str,
    ) -> Result<(), Error> {
        let mut happening = Happening::new(caller, self.now(), AuditAction::RecoveryRefused)
            .detail("step", step)
            .detail("reason", reason);
        if step != "REQUEST" {
            happening = happening.with(Credential::MailLink);
        }
        match recovery {
            None => self.record_refusal(&happening, &[Scope::Deployment]).await,
            Some(recovery) => {
                let scopes = scopes_of(recovery.user_id, &self.memberships_of(recovery.user_id).await?);
                let happening = happening.about(recovery.user_id).detail("recovery", recovery.id);
                self.record_refusal(&happening, &scopes).await
            }
        }
    }
}
