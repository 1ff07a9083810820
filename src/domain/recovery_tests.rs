use time::macros::datetime;

use super::*;
use crate::domain::{Disavowal, Preferences};

const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);
const MS: Duration = Duration::MILLISECOND;
const HOLDS: (Duration, Duration) = (Duration::hours(24), Duration::hours(12));

fn people<const N: usize>() -> [UserId; N] {
    std::array::from_fn(|_| UserId::generate(NOW))
}

#[test]
fn the_first_contacts_count_after_a_day_others_after_three_and_the_old_ones_until_then() {
    let account = AccountId::generate(NOW);
    let [owner, a, b, c, other] = people();
    let of = |found: Option<&RecoveryContacts>, wanted: &[UserId], now| {
        RecoveryContacts::naming(found, (account, owner), wanted, now)
    };
    let first = of(None, &[a, b], NOW).unwrap();
    let day = NOW + FIRST_COUNT_AFTER;
    assert_eq!((first.at(day - MS), first.at(day)), (&[] as &[_], &[a, b] as &[_]));
    assert!(first.waiting_at(day - MS).is_some() && first.waiting_at(day).is_none());
    // Others before anybody counted: still the first ones.
    assert_eq!(of(Some(&first), &[a, c], NOW + MS).unwrap().next.unwrap().effective_at, day + MS);
    assert_eq!(of(Some(&first), &[b, a], NOW + MS), None, "they are named already");

    let second = of(Some(&first), &[a, c], day).unwrap();
    let later = day + OTHERS_COUNT_AFTER;
    assert_eq!((second.at(later - MS), second.at(later)), (&[a, b] as &[_], &[a, c] as &[_]));
    // What stands is wanted again.
    let kept = of(Some(&second), &[b, a], later - MS).unwrap();
    assert_eq!((kept.at(later), kept.next.as_ref()), (&[a, b] as &[_], None));
    assert_eq!(of(Some(&kept), &[a, b], later), None);
    // Taking them away waits as well: a thief must not take the way back.
    let none = of(Some(&second), &[], later).unwrap();
    assert_eq!(none.at(later + OTHERS_COUNT_AFTER - MS), [a, c]);
    assert!(none.at(later + OTHERS_COUNT_AFTER).is_empty());
    assert_eq!(of(None, &[], NOW), None);

    // Another Owner begins anew.
    let anew = RecoveryContacts::naming(Some(&second), (account, other), &[a, c], later).unwrap();
    assert_eq!((anew.at(later), anew.owner_id), (&[] as &[_], other));
    assert_eq!(anew.next.unwrap().effective_at, later + FIRST_COUNT_AFTER);
}

#[test]
fn only_the_word_of_somebody_who_belongs_here_and_was_not_attacked_lately_counts() {
    let [id, owner] = people();
    let user = |change: &dyn Fn(&mut User)| {
        let mut user = User {
            id,
            email: "a@b.example".to_owned(),
            name: "A".to_owned(),
            created_at: NOW,
            last_log_in_at: None,
            mfa: None,
            email_verified: true,
            preferences: Preferences { locale: None, time_zone: None },
            credentials_changed_at: None,
            mfa_reset_asked_at: None,
            mfa_reset_at: None,
            disavowal: None,
            asking_frozen_until: None,
        };
        change(&mut user);
        user
    };
    let (reset, change) = HOLDS;
    let disavowal =
        |until| Some(Disavowal { until, reset_id: MfaResetId::generate(NOW), requested_by: owner });
    let unproven = |retry_at| Err(NotCounted::Unproven { retry_at });
    let role = Some(AccountRole::Analyst);
    let table = [
        (user(&|_| {}), role, Ok(())),
        (user(&|_| {}), Some(AccountRole::Admin), Ok(())),
        (user(&|_| {}), None, Err(NotCounted::NoContact)),
        (user(&|_| {}), Some(AccountRole::Support), Err(NotCounted::NoContact)),
        (user(&|user| user.id = owner), Some(AccountRole::Owner), Err(NotCounted::NoContact)),
        (user(&|user| user.email_verified = false), role, unproven(None)),
        (user(&|user| user.asking_frozen_until = Some(NOW + MS)), role, unproven(Some(NOW + MS))),
        (user(&|user| user.asking_frozen_until = Some(NOW)), role, Ok(())),
        (user(&|user| user.disavowal = disavowal(NOW + MS)), role, unproven(Some(NOW + MS))),
        (user(&|user| user.disavowal = disavowal(NOW)), role, Ok(())),
        (user(&|user| user.mfa_reset_at = Some(NOW - reset + MS)), role, unproven(Some(NOW + MS))),
        (user(&|user| user.mfa_reset_at = Some(NOW - reset)), role, Ok(())),
        (user(&|user| user.credentials_changed_at = Some(NOW - change + MS)), role, unproven(Some(NOW + MS))),
        (user(&|user| user.credentials_changed_at = Some(NOW - change)), role, Ok(())),
        // The last one to end counts.
        (
            user(&|user| {
                user.mfa_reset_at = Some(NOW);
                user.asking_frozen_until = Some(NOW + MS);
            }),
            role,
            unproven(Some(NOW + reset)),
        ),
    ];
    for (row, (contact, role, expected)) in table.into_iter().enumerate() {
        assert_eq!(counts(&contact, role, owner, HOLDS, NOW), expected, "row {row}");
    }
}

#[test]
fn a_recovery_waits_for_a_day_exactly_and_names_who_confirmed_in_their_order() {
    let [owner, a, b, c] = people();
    let asked = |user_id, confirmed_at| AskedContact { user_id, confirmed_at };
    let mut recovery = Recovery {
        id: RecoveryId::generate(NOW),
        user_id: owner,
        account_id: AccountId::generate(NOW),
        state: RecoveryState::Pending,
        requested_at: NOW,
        expires_at: NOW + RECOVERY_TTL,
        closed_at: None,
        contacts: vec![asked(a, Some(NOW + MS)), asked(b, None), asked(c, Some(NOW))],
        reset_id: None,
    };
    assert_eq!(recovery.confirmed(), [c, a]);
    let end = NOW + RECOVERY_TTL;
    assert_eq!(
        (recovery.state_at(end - MS), recovery.state_at(end)),
        (RecoveryState::Pending, RecoveryState::Expired)
    );
    recovery.state = RecoveryState::Stopped;
    assert_eq!(recovery.state_at(end), RecoveryState::Stopped);
}
