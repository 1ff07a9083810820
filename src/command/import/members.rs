//! Loads a batch of memberships, all in accounts or all in portfolios.

use std::collections::{HashMap, HashSet};

use bson::Document;
use uuid::Uuid;

use super::batches::At;
use super::row::{Kind, MemberRow, Role};
use super::{Import, ImportError};
use crate::domain::key::EmailKey;
use crate::domain::{AccountId, AccountMembership, PortfolioId, PortfolioMembership};
use crate::store::import::{Group, IMPORTED, KnownGroup, KnownUser};
use crate::store::{account_members, portfolio_members};

/// What the rows of a batch refer to.
struct References {
    groups: HashMap<Uuid, KnownGroup>,
    users: HashMap<EmailKey, KnownUser>,
}

pub async fn load(import: &Import, rows: Vec<At<MemberRow>>) -> Result<(), ImportError> {
    let Some(group) = rows.first().map(|at| at.row.role.group()) else { return Ok(()) };
    let (kind, what) = match group {
        Group::Account => (Kind::AccountUser, "account"),
        Group::Portfolio => (Kind::PortfolioUser, "portfolio"),
    };
    let ids: HashSet<_> = rows.iter().map(|at| import.id_of(group, &at.row.key)).collect();
    let emails: HashSet<_> = rows.iter().map(|at| &at.row.email_key).collect();
    let (groups, users) = tokio::try_join!(
        import.store.known_groups(group, ids.iter().copied()),
        import.store.known_users(emails, false),
    )?;
    let references = References { groups, users };
    import.touch(references.groups.keys().map(|id| (group, *id)));

    let mut waiting = Vec::with_capacity(rows.len());
    for at in rows {
        let id = import.id_of(group, &at.row.key);
        match (references.groups.contains_key(&id), references.users.get(&at.row.email_key)) {
            (false, _) => {
                import.progress.reject(at.line, format!("the {what} {} does not exist", at.row.key));
            }
            (true, None) => import.progress.reject(at.line, "no user has this e-mail"),
            (true, Some(user)) => waiting.push(((id, user.id), at)),
        }
    }
    let mut collisions = 0;
    while !waiting.is_empty() {
        let known = import.store.known_members(group, waiting.iter().map(|(key, _)| *key));
        let owners = waiting.iter().filter(|(_, at)| at.row.role.is_owner()).map(|((id, _), _)| *id);
        let owners: HashSet<_> = owners.collect();
        let (known, owned) = if owners.is_empty() {
            (known.await?, HashSet::new())
        } else {
            tokio::try_join!(known, import.store.owned(group, owners))?
        };
        let (mut seen, mut owned_now) = (HashSet::new(), HashSet::new());
        let (mut documents, mut inserted) = (Vec::new(), Vec::new());
        let mut later = Vec::new();
        for (key, at) in waiting {
            let (id, _) = key;
            let is_owner = at.row.role.is_owner();
            match known.get(&key) {
                Some(imported) if imported.is_none_or(|digest| digest == at.row.digest) => {
                    import.progress.unchanged(kind, 1);
                }
                _ if is_owner && owned.contains(&id) => {
                    import
                        .progress
                        .reject(at.line, format!("the {what} {} has an Owner already", at.row.key));
                }
                Some(_) => {
                    let reason =
                        format!("this place in the {what} {} was imported with other content", at.row.key);
                    import.progress.reject(at.line, reason);
                }
                None if !seen.insert(key) || (is_owner && !owned_now.insert(id)) => later.push((key, at)),
                None => {
                    if let Some(document) = document(import, id, &at.row, &references)? {
                        documents.push(document);
                        inserted.push(At { line: at.line, row: (key, at.row) });
                    }
                }
            }
        }
        let refused = import.store.insert_unordered(group.members(), documents).await?;
        import.progress.added(kind, inserted.len().saturating_sub(refused.len()));
        let again = super::people::refused_again(import, inserted, &refused, &mut collisions).await;
        later.extend(again.into_iter().map(|At { line, row: (key, row) }| (key, At { line, row })));
        later.sort_by_key(|(_, at)| at.line);
        waiting = later;
    }
    Ok(())
}

fn document(
    import: &Import,
    id: Uuid,
    row: &MemberRow,
    references: &References,
) -> Result<Option<Document>, ImportError> {
    let (Some(group), Some(user)) = (references.groups.get(&id), references.users.get(&row.email_key)) else {
        return Ok(None);
    };
    let joined_at = row.joined_at.unwrap_or_else(|| import.now());
    let (name, email_key, mfa_enabled) = (user.name.as_str(), user.email_key.clone(), user.has_mfa());
    let user_id = user.id;
    let mut document = match row.role {
        Role::Account(role) => {
            let (account_id, portfolio_id) = (AccountId::from_uuid(id), group.portfolio_id);
            let membership = AccountMembership::new(account_id, user_id, role, portfolio_id, joined_at);
            account_members::NewMember { membership, name, email_key, mfa_enabled }.into_document()
        }
        Role::Portfolio(role) => {
            let portfolio_id = PortfolioId::from_uuid(id);
            let membership = PortfolioMembership { portfolio_id, user_id, role, joined_at };
            portfolio_members::NewMember { membership, name, email_key, mfa_enabled }.into_document()
        }
    }?;
    document.insert(IMPORTED, row.digest);
    Ok(Some(document))
}
