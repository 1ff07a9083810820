//! The effect of an accepted reset, at once or when its time has come: exactly once, whoever comes first of the worker on any
//! replica and a log-in of the person.

use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use super::audit::Happening;
use super::owners::Told;
use super::{Caller, Error, Services};
use crate::domain::policy::UserStanding;
use crate::domain::{AuditAction, Credential, Memberships, MfaReset, Notification, UserId};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
use crate::transact;

/// The lease's name. It only spares replicas each other's work: the conditional update decides.
const LEASE: &str = "mfa_resets_due";
/// How long a lease lasts that is not given back.
const LEASE_FOR: Duration = Duration::seconds(30);
/// How often it is looked for what is due.
const POLL: StdDuration = StdDuration::from_secs(5);
/// Resets at most of one look.
const BATCH: i64 = 100;

impl Services {
    /// Lets accepted resets take effect when their time has come, until told to stop.
    pub async fn keep_resets_effective(&self, stop: CancellationToken) {
        let holder = uuid::Uuid::new_v4().to_string();
        let mut away = false;
        while !stop.is_cancelled() {
            match self.apply_due_resets(&holder).await {
                Ok(_) => away = false,
                Err(error) => {
                    if !away {
                        tracing::warn!(%error, "accepted resets cannot take effect; trying on");
                    }
                    away = true;
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Lets those take effect whose time has come, if no other replica does: how many it were. Where none is due, nothing is
    /// written.
    pub async fn apply_due_resets(&self, holder: &str) -> Result<usize, Error> {
        let (store, now) = (self.store(), self.now());
        let due = store.mfa_resets.due(now, BATCH).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let Some(lease) = store.leases.acquire(LEASE, holder, now, LEASE_FOR).await? else { return Ok(0) };
        let mut applied = 0;
        for id in due {
            let key = ResetKey::Id(id);
            match transact!(store, |tx| self.apply_due(&mut tx, key)) {
                Ok(true) => applied += 1,
                Ok(false) => {}
                Err(error) if error.is_unavailable() => return Err(error),
                // Others must not wait for what cannot be done.
                Err(error) => tracing::error!(%error, reset = %id, "an accepted reset cannot take effect"),
            }
        }
        store.leases.release(&lease).await?;
        if applied > 0 {
            self.wake_mail();
        }
        Ok(applied)
    }

    /// Lets a reset take effect if its time has come: whether this call did it.
    pub(super) async fn apply_due(&self, tx: &mut Tx, key: ResetKey) -> Result<bool, Error> {
        let now = self.now();
        let Some(reset) = self.store().mfa_resets.claim_due(tx, key, now).await? else { return Ok(false) };
        let memberships = self.memberships_in(tx, reset.user_id).await?;
        // Nobody asks: the time has come.
        let nobody = Caller::default();
        let happening =
            Happening::new(&nobody, now, AuditAction::MfaResetAccepted).detail("coolingOff", "over");
        self.switch_off_by_reset(tx, &reset, &memberships, happening).await?;
        Ok(true)
    }

    /// Takes away what a reset takes away, and tells of it.
    pub(super) async fn switch_off_by_reset(
        &self,
        tx: &mut Tx,
        reset: &MfaReset,
        memberships: &Memberships,
        happening: Happening<'_>,
    ) -> Result<(), Error> {
        let (store, now, user_id) = (self.store(), self.now(), reset.user_id);
        store.users.reset_mfa(tx, user_id, now).await?;
        store.account_members.set_mfa_enabled(tx, user_id, false).await?;
        store.portfolio_members.set_mfa_enabled(tx, user_id, false).await?;
        let sessions = store.sessions.delete_of_user(tx, user_id, None).await?;
        store.tickets.delete_of_user(tx, user_id).await?;
        self.forget_devices(tx, user_id).await?;

        let mut told: Vec<UserId> =
            self.people_concerned(tx, reset.authority, memberships, Told::Contact).await?;
        told.push(user_id);
        told.extend(reset.asked_by());
        told.sort_unstable();
        told.dedup();
        let elsewhere = self.people_elsewhere(tx, user_id, memberships, &told, Told::Contact).await?;
        let reset_id = reset.id;
        for (people, notice) in [
            (told, Notification::MfaResetAccepted { reset_id }),
            (elsewhere, Notification::MfaResetAcceptedElsewhere { reset_id }),
        ] {
            for person in people {
                store.outbox.insert(tx, person, notice, now).await?;
            }
        }
        let happening = happening
            .by(user_id, Credential::MailLink)
            .about(user_id)
            .detail("mfaReset", reset.id)
            .detail("sessionsEnded", sessions);
        store.audit_events.insert(tx, &happening.events(&reset.scopes)).await?;
        Ok(())
    }

    /// Tells everybody who can stop a reset that it takes effect later: the person by a link, whoever manages the person and
    /// asked for it or is told of such things on their screens.
    pub(super) async fn tell_of_cooling_off(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        reset: &MfaReset,
        effective_at: OffsetDateTime,
        memberships: &Memberships,
    ) -> Result<(), Error> {
        let (store, now, user_id) = (self.store(), self.now(), reset.user_id);
        let mut concerned =
            self.people_concerned(tx, reset.authority, memberships, Told::ContactAndOwner).await?;
        concerned.extend(reset.asked_by());
        concerned.sort_unstable();
        concerned.dedup();
        let mut told = vec![user_id];
        for person in concerned.into_iter().filter(|person| *person != user_id) {
            // Whoever asked may have lost the right since; then there is nothing that they could stop.
            let theirs = self.memberships_in(tx, person).await?;
            if UserStanding::of(person, &theirs, user_id, memberships).authority.is_some() {
                told.push(person);
            }
        }
        for person in told {
            let notice = Notification::MfaResetCoolingOff { reset_id: reset.id };
            store.outbox.insert(tx, person, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::MfaResetCoolingOff)
            .by(user_id, Credential::MailLink)
            .about(user_id)
            .detail("mfaReset", reset.id)
            .detail("effectiveAt", effective_at);
        store.audit_events.insert(tx, &happening.events(&reset.scopes)).await?;
        Ok(())
    }

    /// Whether the caller is this person, in a live session in which the second factor was answered.
    pub(super) async fn is_person_with_factor(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user: UserId,
    ) -> Result<bool, Error> {
        if caller.actor.user_id() != Some(user) {
            return Ok(false);
        }
        match self.present_in(tx, caller).await {
            Ok((person, session)) => Ok(person.mfa.is_some() && session.mfa_at.is_some()),
            Err(Error::Denied(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
