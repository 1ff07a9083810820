//! `latchkey audit verify`: goes through the chains and prints what is not as the gateway left it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::remember::Remembered;
use super::{ScopeWalk, Scopes, check_layout};
use crate::command::output::say;
use crate::command::{configure, connect};
use crate::config::Purpose;
use crate::crypto::Keyring;
use crate::service::audit_check::{End, Finding, check_scope};
use crate::store::Store;

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Whose log: account_…, portfolio_…, user_…, deployment, or all of them.
    #[arg(long, default_value = "all")]
    scope: Scopes,
    /// A file that keeps where the chains ended, so that the next check finds it when a chain was cut off together with its
    /// head. It is read if it is there, and written anew where nothing was found. Keep it where nobody who can write to
    /// the database can.
    #[arg(long, value_name = "FILE")]
    remember: Option<PathBuf>,
}

/// What a check of all chains saw.
#[derive(Default)]
struct Seen {
    scopes: u64,
    sealed: u64,
    findings: u64,
    waiting: u64,
    waiting_since: Option<OffsetDateTime>,
    ends: BTreeMap<String, End>,
    /// The first error of writing; the check goes on without a reader, since its end says what was found.
    unheard: Option<anyhow::Error>,
}

impl Seen {
    fn tell(&mut self, text: &str) {
        if self.unheard.is_none() {
            self.unheard = say(text).err();
        }
    }

    fn summary(&self) -> String {
        let mut text = format!(
            "{} sealed events in {} scopes checked, {} findings.\n",
            self.sealed, self.scopes, self.findings
        );
        if self.waiting > 0 {
            let since = self.waiting_since.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default();
            text.push_str(&format!(
                "{} events wait to be sealed, the oldest since {since}; they are not protected yet.\n",
                self.waiting
            ));
        }
        text
    }
}

pub async fn run_command(args: VerifyArgs) -> anyhow::Result<()> {
    let config = configure(Purpose::AuditVerify)?;
    let keys = config.keys_file.as_deref().context("LATCHKEY_KEYS_FILE is missing")?;
    let keyring = Keyring::load(keys)?;
    let remembered = Remembered::open(args.remember.as_deref())?;
    let store = connect(&config).await?;
    check_layout(&store).await?;
    let mut seen = verify(&store, &keyring, args.scope, &remembered).await?;
    store.close().await;
    let summary = seen.summary();
    seen.tell(&summary);
    anyhow::ensure!(seen.findings == 0, "the audit log is not as it was left: {} findings", seen.findings);
    remembered.save(seen.ends)?;
    seen.unheard.map_or(Ok(()), Err)
}

async fn verify(
    store: &Store,
    keyring: &Keyring,
    of: Scopes,
    remembered: &Remembered,
) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    let mut visited = BTreeSet::new();
    let mut scopes = ScopeWalk::new(store, of);
    while let Some(scope) = scopes.next().await? {
        verify_scope(store, keyring, &scope, remembered, &mut seen).await?;
        if remembered.is_kept() {
            visited.insert(scope);
        }
    }
    if of == Scopes::All {
        // What was there and is not any more, not even its head.
        for scope in remembered.scopes().filter(|scope| !visited.contains(*scope)) {
            verify_scope(store, keyring, scope, remembered, &mut seen).await?;
        }
    }
    Ok(seen)
}

async fn verify_scope(
    store: &Store,
    keyring: &Keyring,
    scope: &str,
    remembered: &Remembered,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let mut findings = 0;
    let end = remembered.end(scope);
    let report = check_scope(store, keyring, scope, end, |finding| {
        findings += 1;
        seen.tell(&format!("{scope}: {}\n", words(&finding)));
    })
    .await?;
    seen.scopes += 1;
    seen.sealed += report.sealed;
    seen.findings += findings;
    seen.waiting += report.waiting;
    seen.waiting_since = [seen.waiting_since, report.waiting_since].into_iter().flatten().min();
    if let Some(end) = report.end.filter(|_| remembered.is_kept()) {
        seen.ends.insert(scope.to_owned(), end);
    }
    Ok(())
}

fn range(from: i64, to: i64) -> String {
    if from == to { format!("event {from}") } else { format!("events {from} to {to}") }
}

/// The kind of finding first, for whoever searches for one.
fn words(finding: &Finding) -> String {
    match finding {
        Finding::Changed { event, seq } => {
            format!("changed: {event} (event {seq}) does not say what was sealed")
        }
        Finding::Forged { event, seq } => {
            format!("forged: {event} (event {seq}) has a hash that fits but was not made with the keyring")
        }
        Finding::Reordered { event, stands, sealed } => {
            format!("reordered: {event} stands as event {stands} and was sealed as event {sealed}")
        }
        Finding::Duplicated { event, seq } => {
            format!("duplicated: {event} has the number {seq}, which another event has already")
        }
        Finding::Unlinked { event, seq } => {
            format!("reordered: {event} (event {seq}) was sealed behind another event than event {}", seq - 1)
        }
        Finding::Missing { from, to } => format!("missing: {} gone from the middle", range(*from, *to)),
        Finding::Cut { from, to } => format!("missing: {} gone from the end", range(*from, *to)),
        Finding::Beyond { from, to } => {
            format!(
                "forged: {} behind the end that the head says, or the head was moved back",
                range(*from, *to)
            )
        }
        Finding::HeadMissing => "missing: the head of the chain is gone".to_owned(),
        Finding::HeadForged => "forged: the head of the chain was not written with the keyring".to_owned(),
        Finding::HeadDiffers { seq } => {
            format!("changed: event {seq} has another hash than the head of the chain says")
        }
        Finding::Forgotten { seq } => {
            format!("missing: event {seq}, where an earlier check saw the end, is gone or another one")
        }
        Finding::KeyMissing { key_id } => {
            format!("not checked: the key {key_id:?} is not in the keyring; put it back into the keys file")
        }
    }
}
