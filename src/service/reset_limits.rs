//! How many resets may be asked for: by one person, by the right of one account or portfolio, from one network address. One
//! person's burst freezes what that person may ask for, since it looks like a stolen session, and tells the Owners.

use time::{Duration, OffsetDateTime};

use super::audit::{Happening, scopes_of};
use super::owners::Told;
use super::reset_user_mfa::ResetUserMfa;
use super::throttle::{Attempt, Limit, ResetLimits, Verdict};
use super::{Caller, Error, Services};
use crate::domain::policy::UserStanding;
use crate::domain::{AuditAction, Memberships, Notification, Permission, UserId};
use crate::store::Tx;
use crate::transact;

/// How long nobody asks for resets after a burst of theirs: until the Owners have seen the mail.
const BURST_FREEZE: Duration = Duration::DAY;

/// Whether one more reset may be asked for.
pub(super) enum Counted {
    /// Yes; to be taken back when it is refused for another reason.
    Go(Vec<Attempt>),
    /// No.
    Refused(ResetUserMfa),
}

impl Services {
    /// Counts a reset that is about to be asked for. Whoever may not ask is counted nowhere: asking is refused to them.
    pub(super) async fn count_reset(&self, caller: &Caller, user_id: UserId) -> Result<Counted, Error> {
        let person = caller.signed_in()?;
        if person.user_id == user_id {
            return Ok(Counted::Go(Vec::new()));
        }
        let (me, target) = tokio::try_join!(
            async { Ok(self.store().users.find(person.user_id).await?) },
            self.memberships_of(user_id)
        )?;
        let me = me.ok_or(Error::Defect("user vanished"))?;
        if let Some(retry_at) = me.asking_frozen(self.now()) {
            return Ok(Counted::Refused(ResetUserMfa::ActorFrozen { retry_at }));
        }
        let standing = UserStanding::of(person.user_id, &person.memberships, user_id, &target);
        let Some(authority) = standing.authority else { return Ok(Counted::Go(Vec::new())) };

        let limits = self.reset_limits();
        let actor = person.user_id.uuid();
        // Alone: what is one too many of a burst counts for nobody else, not even for a moment.
        let hour = match self.attempt(limits.actor_hour, actor.as_bytes()).await? {
            Verdict::Go(attempt) => attempt,
            Verdict::Wait(_) => return self.burst(caller, person.user_id).await,
        };
        let place = authority.scope().to_string();
        let (day, place, ip) = tokio::join!(
            self.attempt(limits.actor_day, actor.as_bytes()),
            self.attempt(limits.place, place.as_bytes()),
            self.attempt_by_ip(limits.ip, caller),
        );
        let (day, place, ip) = (day?, place?, ip?);
        let mut counted = vec![hour];
        counted.extend([Some(day), Some(place), ip].into_iter().flatten().filter_map(Verdict::counted));
        let over = [Some(place), ip].into_iter().flatten().find_map(Verdict::until);
        if day.until().is_none() && over.is_none() {
            return Ok(Counted::Go(counted));
        }
        for attempt in counted {
            self.forgive(attempt).await?;
        }
        match over {
            Some(retry_at) if day.until().is_none() => {
                Ok(Counted::Refused(ResetUserMfa::TooManyRequests { retry_at }))
            }
            _ => self.burst(caller, person.user_id).await,
        }
    }

    async fn burst(&self, caller: &Caller, actor: UserId) -> Result<Counted, Error> {
        let retry_at = transact!(self.store(), |tx| self.freeze_asking(&mut tx, caller, actor))?;
        self.wake_mail();
        Ok(Counted::Refused(ResetUserMfa::ActorFrozen { retry_at }))
    }

    async fn attempt_by_ip(&self, limit: Limit, caller: &Caller) -> Result<Option<Verdict>, Error> {
        let Some(ip) = caller.meta.ip else { return Ok(None) };
        self.attempt(limit, ip.to_canonical().to_string().as_bytes()).await.map(Some)
    }

    fn reset_limits(&self) -> ResetLimits {
        ResetLimits::of(self.tools.settings.reset_burst)
    }

    /// Forgets what a person asked for: whoever lifts the freeze means that it was no burst.
    pub(super) async fn forget_asking(&self, user: UserId) -> Result<(), Error> {
        let limits = self.reset_limits();
        for limit in [limits.actor_hour, limits.actor_day] {
            self.forget(limit, user.uuid().as_bytes()).await?;
        }
        Ok(())
    }

    async fn freeze_asking(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        actor: UserId,
    ) -> Result<OffsetDateTime, Error> {
        let (store, now) = (self.store(), self.now());
        let until = now + BURST_FREEZE;
        if !store.users.claim_freeze_asking(tx, actor, until, now).await? {
            // Another request of the same burst was first.
            let user = store.users.find_in(tx, actor).await?.ok_or(Error::Defect("user vanished"))?;
            return Ok(user.asking_frozen(now).unwrap_or(until));
        }
        let memberships = self.memberships_in(tx, actor).await?;
        let mut told = self.people_of_places(tx, &where_resets(&memberships), Told::ContactAndOwner).await?;
        told.push(actor);
        told.sort_unstable();
        told.dedup();
        for person in told {
            store.outbox.insert(tx, person, Notification::MfaResetBurst { user_id: actor }, now).await?;
        }
        let happening =
            Happening::new(caller, now, AuditAction::MfaResetBurst).about(actor).detail("frozenUntil", until);
        store.audit_events.insert(tx, &happening.events(&scopes_of(actor, &memberships))).await?;
        Ok(until)
    }
}

/// The places by whose right somebody asks for resets.
fn where_resets(memberships: &Memberships) -> Memberships {
    let resets = |held: crate::domain::policy::Held| held.permissions.has(Permission::MfaReset);
    Memberships {
        accounts: memberships.accounts.iter().filter(|place| resets(place.held())).cloned().collect(),
        portfolios: memberships
            .portfolios
            .iter()
            .filter(|place| place.role.is_owner_or_admin())
            .cloned()
            .collect(),
    }
}
