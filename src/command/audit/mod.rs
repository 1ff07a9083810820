//! `latchkey audit`: takes the log out for other tools, and looks whether it is as the gateway left it. Neither writes to
//! the database.

#[cfg(any(test, fuzzing))]
pub(crate) mod bad_input;
mod csv;
mod export;
mod remember;
mod row;
mod sink;
mod verify;

use std::str::FromStr;

use anyhow::Context as _;
use clap::Subcommand;

use crate::domain::Scope;
use crate::store::Store;
use crate::store::migration::SCHEMA_VERSION;

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Writes events as JSON Lines or CSV, the oldest of each scope first.
    Export(export::ExportArgs),
    /// Finds events that were changed, removed, moved or forged; ends with 1 when there is any.
    Verify(verify::VerifyArgs),
}

pub async fn run(command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Export(args) => export::run_command(args).await,
        AuditCommand::Verify(args) => verify::run_command(args).await,
    }
}

/// Which logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scopes {
    All,
    One(Scope),
}

impl FromStr for Scopes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self::All);
        }
        text.parse().map(Self::One).map_err(|_| "expected account_…, portfolio_…, user_…, deployment or all")
    }
}

/// Goes through the scopes one by one, in the order of their texts.
struct ScopeWalk<'a> {
    store: &'a Store,
    of: Scopes,
    last: Option<String>,
}

impl<'a> ScopeWalk<'a> {
    fn new(store: &'a Store, of: Scopes) -> Self {
        Self { store, of, last: None }
    }

    async fn next(&mut self) -> anyhow::Result<Option<String>> {
        let next = match (self.of, &self.last) {
            (Scopes::One(scope), None) => Some(scope.to_string()),
            (Scopes::One(_), Some(_)) => None,
            (Scopes::All, last) => self.store.audit_chain.next_scope(last.as_deref()).await?,
        };
        self.last.clone_from(&next);
        Ok(next)
    }
}

/// The commands read by this version's indexes.
pub(super) async fn check_layout(store: &Store) -> anyhow::Result<()> {
    let found = store.schema_version().await.context("the database cannot be read")?;
    anyhow::ensure!(
        found.is_some_and(|version| version >= SCHEMA_VERSION),
        "the database does not have this version's layout: run `latchkey migrate`"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_all_or_one_and_a_mistake_says_what_was_expected() {
        assert_eq!("all".parse(), Ok(Scopes::All));
        assert_eq!("deployment".parse(), Ok(Scopes::One(Scope::Deployment)));
        assert!("account_01".parse::<Scopes>().is_err_and(|text| text.contains("account_…")));
    }
}
