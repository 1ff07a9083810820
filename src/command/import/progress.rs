//! What an import says while it runs, and what came of it. Names and addresses are no part of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::row::Kind;

/// How many rejections a summary keeps; all of them are told as they happen.
const KEPT: usize = 1000;

/// A row that was not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Its line, counted from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// What became of the rows of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub added: u64,
    pub unchanged: u64,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// In the order of [`Kind::ALL`].
    kinds: [Counts; 5],
    /// How many rows were not loaded.
    pub rejected: u64,
    /// The first thousand that were met, by line.
    pub rejections: Vec<Rejection>,
    /// Accounts that the memberships refer to and that have no Owner.
    pub accounts_without_owner: u64,
    /// Likewise portfolios.
    pub portfolios_without_owner: u64,
}

impl Summary {
    /// What became of the rows of one kind.
    pub fn of(&self, kind: Kind) -> Counts {
        self.kinds.get(kind as usize).copied().unwrap_or_default()
    }

    /// For people to read.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for kind in Kind::ALL {
            let Counts { added, unchanged } = self.of(kind);
            if added + unchanged > 0 {
                text.push_str(&format!(
                    "{:<14} {added:>10} added {unchanged:>10} unchanged\n",
                    kind.as_str()
                ));
            }
        }
        for (count, what) in
            [(self.accounts_without_owner, "accounts"), (self.portfolios_without_owner, "portfolios")]
        {
            if count > 0 {
                text.push_str(&format!("{count} {what} have members and no Owner\n"));
            }
        }
        text.push_str(&format!("{} rows rejected\n", self.rejected));
        text
    }
}

/// Where progress and rejections are shown.
pub struct Progress {
    bar: ProgressBar,
    told: bool,
    summary: Mutex<Summary>,
}

impl Progress {
    /// Rejections on standard error, and a bar there if it is a terminal.
    pub fn shown() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
        let style = "{msg:<22} {wide_bar} {percent:>3} % {elapsed_precise}, {eta_precise} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, told: true, summary: Mutex::default() }
    }

    /// Nothing is shown; the summary tells.
    pub fn silent() -> Self {
        Self { bar: ProgressBar::hidden(), told: false, summary: Mutex::default() }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Summary) -> T) -> T {
        change(&mut self.summary.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn begin(&self, steps: u64, what: &'static str) {
        self.bar.set_message(what);
        self.bar.set_length(steps);
        self.bar.set_position(0);
        self.bar.reset_eta();
        if self.told {
            self.bar.enable_steady_tick(Duration::from_millis(500));
        }
    }

    pub(super) fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    pub(super) fn added(&self, kind: Kind, count: usize) {
        self.count(kind, |counts| &mut counts.added, count);
    }

    pub(super) fn unchanged(&self, kind: Kind, count: usize) {
        self.count(kind, |counts| &mut counts.unchanged, count);
    }

    fn count(&self, kind: Kind, field: impl FnOnce(&mut Counts) -> &mut u64, count: usize) {
        self.change(|summary| {
            if let Some(counts) = summary.kinds.get_mut(kind as usize) {
                *field(counts) += u64::try_from(count).unwrap_or(u64::MAX);
            }
        });
    }

    pub(super) fn reject(&self, line: u64, reason: impl Into<String>) {
        let reason = reason.into();
        if self.told {
            self.bar.suspend(|| eprintln!("line {line}: {reason}"));
        }
        self.change(|summary| {
            summary.rejected += 1;
            if summary.rejections.len() < KEPT {
                summary.rejections.push(Rejection { line, reason });
            }
        });
    }

    pub(super) fn without_owner(&self, accounts: u64, portfolios: u64) {
        self.change(|summary| {
            summary.accounts_without_owner = accounts;
            summary.portfolios_without_owner = portfolios;
        });
    }

    pub(super) fn finish(&self) -> Summary {
        self.bar.finish_and_clear();
        self.change(|summary| {
            summary.rejections.sort_by_key(|rejection| rejection.line);
            summary.clone()
        })
    }
}
