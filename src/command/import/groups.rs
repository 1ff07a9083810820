//! Loads a batch of portfolios, or of accounts.

use std::collections::HashSet;

use super::batches::At;
use super::row::{GroupRow, Kind};
use super::{Import, ImportError};
use crate::domain::key::name_key;
use crate::domain::{Account, AccountId, MfaPolicy, Portfolio, PortfolioId};
use crate::store::accounts::account_document;
use crate::store::import::{Group, IMPORTED};
use crate::store::portfolios::portfolio_document;

pub async fn load(import: &Import, rows: Vec<At<GroupRow>>) -> Result<(), ImportError> {
    let Some(group) = rows.first().map(|at| at.row.group) else { return Ok(()) };
    let kind = match group {
        Group::Account => Kind::Account,
        Group::Portfolio => Kind::Portfolio,
    };
    let mut waiting = with_their_portfolios(import, rows).await?;
    let mut collisions = 0;
    while !waiting.is_empty() {
        let ids = waiting.iter().map(|at| import.id_of(group, &at.row.key));
        let known = import.store.known_groups(group, ids).await?;
        let (mut documents, mut lines, mut seen, mut later) =
            (Vec::new(), Vec::new(), HashSet::new(), Vec::new());
        for at in waiting {
            let id = import.id_of(group, &at.row.key);
            if let Some(known) = known.get(&id) {
                if known.imported.is_some_and(|digest| digest != at.row.digest) {
                    let reason =
                        format!("the {} {} was imported with other content", kind.as_str(), at.row.key);
                    import.progress.reject(at.line, reason);
                } else {
                    import.progress.unchanged(kind, 1);
                }
            } else if seen.insert(id) {
                documents.push(document(import, &at.row)?);
                lines.push(at);
            } else {
                later.push(at);
            }
        }
        let refused = import.store.insert_unordered(group.collection(), documents).await?;
        import.progress.added(kind, lines.len().saturating_sub(refused.len()));
        later.extend(super::people::refused_again(import, lines, &refused, &mut collisions).await);
        later.sort_by_key(|at| at.line);
        waiting = later;
    }
    Ok(())
}

/// Rejects accounts whose portfolio does not exist, and marks the portfolios of the others.
async fn with_their_portfolios(
    import: &Import,
    rows: Vec<At<GroupRow>>,
) -> Result<Vec<At<GroupRow>>, ImportError> {
    let id_of =
        |at: &At<GroupRow>| at.row.portfolio.as_deref().map(|key| import.id_of(Group::Portfolio, key));
    let wanted: HashSet<_> = rows.iter().filter_map(id_of).collect();
    if wanted.is_empty() {
        return Ok(rows);
    }
    let known = import.store.known_groups(Group::Portfolio, wanted).await?;
    let (found, missing): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|at| id_of(at).is_none_or(|id| known.contains_key(&id)));
    for at in missing {
        let key = at.row.portfolio.unwrap_or_default();
        import.progress.reject(at.line, format!("the portfolio {key} does not exist"));
    }
    import.touch(known.into_keys().map(|id| (Group::Portfolio, id)));
    Ok(found)
}

fn document(import: &Import, row: &GroupRow) -> Result<bson::Document, ImportError> {
    let now = import.now();
    let id = import.id_of(row.group, &row.key);
    let name = row.name.clone();
    let created_at = row.created_at.unwrap_or(now);
    let mfa_policy = MfaPolicy { enforced_since: row.policy.enforced.then_some(now), ..row.policy.clone() };
    let mut document = match row.group {
        Group::Account => account_document(&Account {
            id: AccountId::from_uuid(id),
            name_key: name_key(&name),
            name,
            created_at,
            portfolio_id: row
                .portfolio
                .as_deref()
                .map(|key| PortfolioId::from_uuid(import.id_of(Group::Portfolio, key))),
            mfa_policy,
            member_count: 0,
            owner_id: None,
            chosen_contact: None,
        }),
        Group::Portfolio => portfolio_document(&Portfolio {
            id: PortfolioId::from_uuid(id),
            name,
            created_at,
            mfa_policy,
            member_count: 0,
            account_count: 0,
            owner_id: None,
        }),
    }?;
    document.insert(IMPORTED, row.digest);
    Ok(document)
}
