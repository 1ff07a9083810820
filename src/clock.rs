//! What time it is. Nothing else in the product reads the time, so that tests can move it.
//!
//! Every clock cuts to milliseconds: MongoDB stores no more, and a time that changes when it is stored
//! and read again would make comparisons lie.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;

/// Tells the time, in UTC and whole milliseconds.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> OffsetDateTime;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> OffsetDateTime {
        (**self).now()
    }
}

fn to_millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX)
}

/// Out of the calendar's range, which only a broken clock reaches, gives the epoch.
fn from_millis(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn system_millis() -> i64 {
    to_millis(OffsetDateTime::now_utc())
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        from_millis(system_millis())
    }
}

/// A clock that stands still until it is told to move; its clones are the same clock.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub fn at(start: OffsetDateTime) -> Self {
        Self(Arc::new(AtomicI64::new(to_millis(start))))
    }

    /// Starts at the machine's time: MongoDB's TTL monitor goes by that and would remove what a clock
    /// far in the past lets expire.
    pub fn starting_now() -> Self {
        Self(Arc::new(AtomicI64::new(system_millis())))
    }

    pub fn set(&self, to: OffsetDateTime) {
        self.0.store(to_millis(to), Ordering::SeqCst);
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The machine's clock moved by an offset that a file holds (`+12h1m`, `-5m`, `0`), read again at each
/// question: how the built binary is taken past a deadline without waiting for it. Only for tests; the
/// configuration refuses it on anything but loopback.
pub struct OffsetFileClock {
    path: PathBuf,
    last_good: AtomicI64,
}

/// The offset file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the test clock's file {} {what}", path.display())]
pub struct OffsetFileError {
    path: PathBuf,
    what: String,
}

impl OffsetFileClock {
    pub fn open(path: &Path) -> Result<Self, OffsetFileError> {
        let fail = |what| OffsetFileError { path: path.to_owned(), what };
        let text = std::fs::read_to_string(path).map_err(|e| fail(format!("cannot be read: {e}")))?;
        let offset = parse_offset(&text)
            .ok_or_else(|| fail("holds no offset; write for example +12h1m, -5m or 0".to_owned()))?;
        Ok(Self { path: path.to_owned(), last_good: AtomicI64::new(offset) })
    }

    /// A file caught half-written keeps the offset that was read before.
    fn offset_millis(&self) -> i64 {
        match std::fs::read_to_string(&self.path).ok().and_then(|text| parse_offset(&text)) {
            Some(offset) => {
                self.last_good.store(offset, Ordering::Relaxed);
                offset
            }
            None => self.last_good.load(Ordering::Relaxed),
        }
    }
}

impl Clock for OffsetFileClock {
    fn now(&self) -> OffsetDateTime {
        from_millis(system_millis().saturating_add(self.offset_millis()))
    }
}

impl fmt::Debug for OffsetFileClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OffsetFileClock").field("path", &self.path).finish_non_exhaustive()
    }
}

/// `+12h1m`, `12h1m`, `-5m` or `0`, as milliseconds.
fn parse_offset(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.trim_start_matches(['+', '-']) == "0" {
        return Some(0);
    }
    let (sign, length) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let length = humantime::parse_duration(length).ok()?;
    i64::try_from(length.as_millis()).ok().map(|millis| sign * millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_tell_whole_milliseconds() {
        assert_eq!(SystemClock.now().nanosecond() % 1_000_000, 0);
        let odd = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_123_456_789).unwrap();
        assert_eq!(ManualClock::at(odd).now().unix_timestamp_nanos(), 1_700_000_000_123_000_000);
    }

    #[test]
    fn a_manual_clock_moves_only_when_told_and_its_clones_move_with_it() {
        let clock = ManualClock::starting_now();
        let twin = clock.clone();
        let before = clock.now();
        clock.advance(Duration::from_secs(43_200));
        assert_eq!(twin.now() - before, time::Duration::hours(12));
        twin.set(before);
        assert_eq!(clock.now(), before);
    }

    #[test]
    fn offsets_are_read_with_either_sign() {
        assert_eq!(parse_offset("+12h1m\n"), Some(43_260_000));
        assert_eq!(parse_offset("90s"), Some(90_000));
        assert_eq!(parse_offset("-5m"), Some(-300_000));
        assert_eq!(parse_offset("0"), Some(0));
        assert_eq!(parse_offset("-0"), Some(0));
        assert_eq!(parse_offset(""), None);
        assert_eq!(parse_offset("tomorrow"), None);
    }

    #[test]
    fn an_offset_file_is_read_again_and_a_broken_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        assert!(OffsetFileClock::open(&path).unwrap_err().to_string().contains("cannot be read"));
        std::fs::write(&path, "soon").unwrap();
        assert!(OffsetFileClock::open(&path).unwrap_err().to_string().contains("+12h1m"));
        std::fs::write(&path, "+1h").unwrap();
        let clock = OffsetFileClock::open(&path).unwrap();
        let ahead = |clock: &OffsetFileClock| (clock.now() - SystemClock.now()).whole_minutes();
        assert!((59..=60).contains(&ahead(&clock)));
        std::fs::write(&path, "+3h").unwrap();
        assert!((179..=180).contains(&ahead(&clock)));
        std::fs::write(&path, "").unwrap();
        assert!((179..=180).contains(&ahead(&clock)));
    }
}
