//! Any line of an import is a row or is refused, and a refusal never repeats a secret.

use time::OffsetDateTime;

use super::fields::Fields;
use super::row::{GroupRow, Kind, MemberRow, UserRow};
use crate::store::import::Group;

/// Rows, a line each.
pub(crate) fn rows(bytes: &[u8]) {
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Err(told) = row(line.trim_ascii()) {
            assert!(
                !told.is_empty() && told.len() < 1000,
                "refused without a reason, or with the whole line"
            );
            assert!(!repeats_a_secret(line, &told), "a secret is repeated");
        }
    }
}

fn row(line: &[u8]) -> Result<(), String> {
    let mut fields = Fields::parse(line)?;
    let times = match Kind::take(&mut fields)? {
        Kind::Portfolio => of_group(GroupRow::parse(Group::Portfolio, fields)?),
        Kind::Account => of_group(GroupRow::parse(Group::Account, fields)?),
        Kind::User => {
            let row = UserRow::parse(fields)?;
            assert!(row.totp.is_some() || row.backup_codes.is_empty());
            vec![row.created_at]
        }
        Kind::AccountUser => vec![MemberRow::parse(Group::Account, fields)?.joined_at],
        Kind::PortfolioUser => vec![MemberRow::parse(Group::Portfolio, fields)?.joined_at],
    };
    let told = |at: &OffsetDateTime| (0..=9999).contains(&at.to_offset(time::UtcOffset::UTC).year());
    assert!(times.iter().flatten().all(told), "a time that no answer could tell");
    Ok(())
}

fn of_group(row: GroupRow) -> Vec<Option<OffsetDateTime>> {
    assert!(row.policy.enforced || row.policy.grace_until.is_none());
    vec![row.created_at, row.policy.grace_until]
}

/// Whether a secret of the line stands in the message. Only those with a tilde are looked for: no words of ours have one, and
/// others may be words of ours.
fn repeats_a_secret(line: &[u8], told: &str) -> bool {
    let Ok(serde_json::Value::Object(map)) = serde_json::from_slice(line) else { return false };
    let secret = |name| map.get(name)?.as_str().filter(|secret| secret.len() >= 4 && secret.contains('~'));
    ["password", "passwordHash", "totpSecret"]
        .into_iter()
        .filter_map(secret)
        .any(|secret| told.contains(secret))
}
