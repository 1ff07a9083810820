//! When a mail is tried again.

use time::{Duration, OffsetDateTime};

const STEPS: [Duration; 6] = [
    Duration::seconds(5),
    Duration::seconds(20),
    Duration::minutes(1),
    Duration::minutes(5),
    Duration::minutes(15),
    Duration::minutes(30),
];

/// How long mail without a deadline of its own is tried.
pub const KEEP_TRYING: Duration = Duration::hours(24);

/// When to try again after attempt number `attempt` failed at `now`; nothing when that would be too late. `chance` is
/// between 0 and 1 and spreads those that failed together by a fifth to either side.
pub fn next_attempt(
    attempt: i32,
    now: OffsetDateTime,
    deadline: OffsetDateTime,
    chance: f64,
) -> Option<OffsetDateTime> {
    let step = usize::try_from(attempt.max(1) - 1).unwrap_or(usize::MAX);
    let pause = STEPS.get(step).or(STEPS.last()).copied().unwrap_or(Duration::MINUTE);
    let next = now + pause * (0.8 + 0.4 * chance.clamp(0.0, 1.0));
    (next < deadline).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    #[test]
    fn pauses_grow_to_half_an_hour_and_stay_there() {
        let pauses: Vec<_> = (1..=8)
            .map(|attempt| {
                (next_attempt(attempt, NOW, NOW + KEEP_TRYING, 0.5).unwrap() - NOW).whole_seconds()
            })
            .collect();
        assert_eq!(pauses, [5, 20, 60, 300, 900, 1800, 1800, 1800]);
    }

    #[test]
    fn nothing_is_tried_at_or_after_the_deadline() {
        assert_eq!(next_attempt(1, NOW, NOW + Duration::seconds(5), 0.5), None);
        assert!(next_attempt(1, NOW, NOW + Duration::milliseconds(5001), 0.5).is_some());
        assert_eq!(next_attempt(1, NOW, NOW - Duration::seconds(5), 0.5), None);
    }

    #[test]
    fn chance_moves_a_pause_by_a_fifth_at_most() {
        let at = |chance| next_attempt(3, NOW, NOW + KEEP_TRYING, chance).unwrap() - NOW;
        assert_eq!((at(0.0), at(1.0)), (Duration::seconds(48), Duration::seconds(72)));
        assert_eq!((at(-9.0), at(9.0)), (Duration::seconds(48), Duration::seconds(72)));
    }
}
