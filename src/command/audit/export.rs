//! `latchkey audit export`: streams events, a page at a time, so that memory does not grow with the log.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use time::OffsetDateTime;

use super::row::{FIELDS, Row};
use super::sink::Sink;
use super::{ScopeWalk, Scopes, check_layout, csv};
use crate::command::output::say;
use crate::command::{configure, connect};
use crate::config::Purpose;
use crate::domain::{AuditAction, Scope, UserId};
use crate::store::Store;
use crate::store::audit_events::AuditFilter;

/// How many events are read at a time.
const PAGE: u32 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One JSON object a line.
    Jsonl,
    /// RFC 4180, with a header line.
    Csv,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Whose log: account_…, portfolio_…, user_…, deployment, or all of them.
    #[arg(long, default_value = "all")]
    scope: Scopes,
    /// How the events are written.
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// Only what happened at this time or later, such as 2026-11-24T00:00:00Z.
    #[arg(long, value_parser = moment)]
    since: Option<OffsetDateTime>,
    /// Only what happened before this time.
    #[arg(long, value_parser = moment)]
    until: Option<OffsetDateTime>,
    /// Only this action, such as LOGGED_IN; may be given more than once.
    #[arg(long = "action", value_parser = action)]
    actions: Vec<AuditAction>,
    /// Only what this user did: user_…
    #[arg(long)]
    actor: Option<UserId>,
    /// Only what concerns this user: user_…
    #[arg(long)]
    target: Option<UserId>,
    /// The file to write, readable by its owner only; it is replaced once the export is whole. Standard output without it.
    #[arg(long)]
    output: Option<PathBuf>,
}

fn moment(text: &str) -> Result<OffsetDateTime, &'static str> {
    crate::domain::moment::read(text).ok_or("expected RFC 3339, such as 2026-11-24T00:00:00Z")
}

fn action(text: &str) -> Result<AuditAction, String> {
    let known = || AuditAction::ALL.iter().copied();
    known().find(|action| action.as_str() == text).ok_or_else(|| {
        let names: Vec<_> = known().map(AuditAction::as_str).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// What became of an export.
#[derive(Debug, Default, PartialEq, Eq)]
struct Exported {
    written: u64,
    unreadable: u64,
}

impl ExportArgs {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if let (Some(since), Some(until)) = (self.since, self.until) {
            anyhow::ensure!(since <= until, "--since is after --until");
        }
        Ok(())
    }
}

pub async fn run_command(args: ExportArgs) -> anyhow::Result<()> {
    args.check()?;
    let config = configure(Purpose::AuditExport)?;
    let store = connect(&config).await?;
    check_layout(&store).await?;
    let mut sink = Sink::open(args.output.as_deref())?;
    let exported = export(&store, &args, &mut sink).await?;
    sink.finish()?;
    store.close().await;
    if let Some(path) = &args.output {
        say(&format!("{} events are in {}.\n", exported.written, path.display()))?;
    }
    anyhow::ensure!(
        exported.unreadable == 0,
        "{} events cannot be read and were left out; `latchkey audit verify` says what became of them",
        exported.unreadable
    );
    Ok(())
}

async fn export(store: &Store, args: &ExportArgs, sink: &mut Sink) -> anyhow::Result<Exported> {
    if args.format == Format::Csv {
        sink.write(&csv::line(FIELDS))?;
    }
    let mut exported = Exported::default();
    let mut scopes = ScopeWalk::new(store, args.scope);
    while let Some(name) = scopes.next().await? {
        let Ok(scope) = name.parse::<Scope>() else {
            tracing::error!(scope = name, "events of what is no scope are left out");
            exported.unreadable += 1;
            continue;
        };
        export_scope(store, args, scope, sink, &mut exported).await?;
    }
    Ok(exported)
}

async fn export_scope(
    store: &Store,
    args: &ExportArgs,
    scope: Scope,
    sink: &mut Sink,
    exported: &mut Exported,
) -> anyhow::Result<()> {
    let filter = AuditFilter {
        actions: args.actions.clone(),
        actor: args.actor,
        target: args.target,
        since: args.since,
        until: args.until,
    };
    let mut after = None;
    loop {
        let events = store.audit_chain.page(scope, &filter, after, PAGE).await?;
        let Some(last) = events.last() else { return Ok(()) };
        after = Some(last.place.clone());
        for event in events {
            let name = event.name();
            let Some(row) = Row::of(event) else {
                tracing::error!(event = name, scope = %scope, "an event cannot be read and is left out");
                exported.unreadable += 1;
                continue;
            };
            match args.format {
                Format::Jsonl => sink.write(&format!("{}\n", row.json()?))?,
                Format::Csv => sink.write(&csv::line(row.cells()?.iter().map(String::as_str)))?,
            }
            exported.written += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn what_is_no_time_or_action_is_refused_with_what_was_expected() {
        assert!(moment("2026-11-24T12:00:00+01:00").is_ok());
        assert!(moment("yesterday").unwrap_err().contains("RFC 3339"));
        assert_eq!(action("LOGGED_IN"), Ok(AuditAction::LoggedIn));
        assert!(action("logged_in").unwrap_err().contains("LOGGED_OUT"));
    }
}
