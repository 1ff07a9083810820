//! The rows: what each kind may say, checked as far as a row alone can be. What a row refers to is checked later.

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::fields::Fields;
use crate::crypto::{BackupCode, BackupCodeHash, PasswordHash, TotpSecret};
use crate::domain::account::COOLING_OFF_MAX;
use crate::domain::key::{EmailKey, NAME_MAX};
use crate::domain::{AccountRole, MfaPolicy, PortfolioRole, ResetAcceptance, ResetApproval};
use crate::store::import::Group;

/// Longest key of another system, in bytes.
pub const KEY_MAX: usize = 200;
/// As many as the gateway itself gives.
pub const BACKUP_CODES_MAX: usize = crate::crypto::backup_code::BACKUP_CODES;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Portfolio,
    Account,
    User,
    AccountUser,
    PortfolioUser,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Portfolio, Self::Account, Self::User, Self::AccountUser, Self::PortfolioUser];

    /// As the file has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Portfolio => "portfolio",
            Self::Account => "account",
            Self::User => "user",
            Self::AccountUser => "accountUser",
            Self::PortfolioUser => "portfolioUser",
        }
    }

    /// In which pass it is loaded: after everything that it may refer to.
    pub const fn pass(self) -> usize {
        match self {
            Self::Portfolio | Self::User => 0,
            Self::Account => 1,
            Self::AccountUser | Self::PortfolioUser => 2,
        }
    }

    /// Takes the kind out of a row.
    pub fn take(fields: &mut Fields<'_>) -> Result<Self, String> {
        let kind = fields.needed("kind")?;
        Self::ALL.into_iter().find(|known| known.as_str() == kind).ok_or_else(|| {
            "unknown kind: portfolio, account, user, accountUser and portfolioUser are known".to_owned()
        })
    }
}

/// An account or a portfolio.
pub struct GroupRow {
    pub group: Group,
    pub key: String,
    pub name: String,
    /// The key of the portfolio that links the account.
    pub portfolio: Option<String>,
    pub policy: MfaPolicy,
    pub created_at: Option<OffsetDateTime>,
    pub digest: i64,
}

/// How a person's password comes.
pub enum Password {
    None,
    Plain(Zeroizing<String>),
    Hash(PasswordHash),
}

/// A person.
pub struct UserRow {
    pub email: String,
    pub email_key: EmailKey,
    pub name: String,
    pub password: Password,
    pub totp: Option<TotpSecret>,
    pub backup_codes: Vec<BackupCodeHash>,
    pub created_at: Option<OffsetDateTime>,
    pub digest: i64,
}

/// What a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Account(AccountRole),
    Portfolio(PortfolioRole),
}

impl Role {
    pub const fn group(self) -> Group {
        match self {
            Self::Account(_) => Group::Account,
            Self::Portfolio(_) => Group::Portfolio,
        }
    }

    pub const fn is_owner(self) -> bool {
        matches!(self, Self::Account(AccountRole::Owner) | Self::Portfolio(PortfolioRole::Owner))
    }
}

/// A person's place in an account or a portfolio.
pub struct MemberRow {
    pub key: String,
    pub email_key: EmailKey,
    pub role: Role,
    pub joined_at: Option<OffsetDateTime>,
    pub digest: i64,
}

/// Tells one row's content from another's. A password in clear is no part of it: a fast digest of one in the
/// database would undo what Argon2 is for.
struct Content(Sha256);

impl Content {
    fn new() -> Self {
        Self(Sha256::new())
    }

    fn with(mut self, part: &[u8]) -> Self {
        self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.0.update(part);
        self
    }

    fn with_time(self, at: Option<OffsetDateTime>) -> Self {
        self.with(&at.map_or(i128::MIN, |at| at.unix_timestamp_nanos()).to_le_bytes())
    }

    fn digest(self) -> i64 {
        let hash: [u8; 32] = self.0.finalize().into();
        let mut first = [0; 8];
        first.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        i64::from_le_bytes(first)
    }
}

fn key(fields: &mut Fields<'_>, field: &str) -> Result<String, String> {
    checked_key(field, fields.needed(field)?)
}

fn checked_key(field: &str, key: String) -> Result<String, String> {
    if key.trim().is_empty() || key.len() > KEY_MAX || key.chars().any(char::is_control) {
        return Err(format!("{field} must have 1 to {KEY_MAX} bytes and no control characters"));
    }
    Ok(key)
}

fn name(fields: &mut Fields<'_>) -> Result<String, String> {
    let name = fields.needed("name")?.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(format!("name must have 1 to {NAME_MAX} characters and no control characters"));
    }
    Ok(name)
}

fn email(fields: &mut Fields<'_>) -> Result<(String, EmailKey), String> {
    let email = fields.needed("email")?.trim().to_owned();
    let key = EmailKey::parse(&email).map_err(|error| format!("email: {error}"))?;
    Ok((email, key))
}

impl GroupRow {
    pub fn parse(group: Group, mut fields: Fields<'_>) -> Result<Self, String> {
        let key = key(&mut fields, "key")?;
        let name = name(&mut fields)?;
        let portfolio = match group {
            Group::Account => {
                fields.text("portfolio")?.map(|key| checked_key("portfolio", key)).transpose()?
            }
            Group::Portfolio => None,
        };
        let enforced = fields.flag("mfaEnforced")?.unwrap_or(false);
        let grace_until = fields.time("graceUntil")?;
        if grace_until.is_some() && !enforced {
            return Err("graceUntil goes only with mfaEnforced: true".to_owned());
        }
        let reset_acceptance = match fields.text("resetAcceptance")?.as_deref() {
            None | Some("LINK") => ResetAcceptance::Link,
            Some("LINK_AND_PASSWORD") => ResetAcceptance::LinkAndPassword,
            Some(_) => return Err("resetAcceptance must be LINK or LINK_AND_PASSWORD".to_owned()),
        };
        let reset_approval = match fields.text("resetApproval")?.as_deref() {
            None | Some("NEVER") => ResetApproval::Never,
            Some("OWNERS_ONLY") => ResetApproval::OwnersOnly,
            Some("ALWAYS") => ResetApproval::Always,
            Some(_) => return Err("resetApproval must be NEVER, OWNERS_ONLY or ALWAYS".to_owned()),
        };
        let reset_cooling_off_hours =
            fields.whole("resetCoolingOffHours", COOLING_OFF_MAX)?.unwrap_or_default();
        let created_at = fields.time("createdAt")?;
        fields.end()?;
        let mut content = Content::new()
            .with(name.as_bytes())
            .with(portfolio.as_deref().unwrap_or_default().as_bytes())
            .with(&[u8::from(enforced), u8::from(reset_acceptance == ResetAcceptance::Link)])
            .with_time(grace_until)
            .with_time(created_at);
        // Rows without them are what they were to earlier versions, which knew neither.
        if reset_approval != ResetApproval::Never || reset_cooling_off_hours > 0 {
            content = content.with(&[reset_approval as u8, reset_cooling_off_hours]);
        }
        let digest = content.digest();
        let policy = MfaPolicy {
            enforced,
            enforced_since: None,
            grace_until,
            reset_acceptance,
            reset_approval,
            reset_cooling_off_hours,
        };
        Ok(Self { group, key, name, portfolio, policy, created_at, digest })
    }
}

impl UserRow {
    pub fn parse(mut fields: Fields<'_>) -> Result<Self, String> {
        let (email, email_key) = email(&mut fields)?;
        let name = name(&mut fields)?;
        let hash = fields.text("passwordHash")?;
        let password = match (fields.secret("password")?, hash) {
            (None, None) => Password::None,
            (Some(plain), None) if plain.is_empty() => return Err("password is empty".to_owned()),
            (Some(plain), None) if plain.len() > crate::crypto::password::MAX_PASSWORD_BYTES => {
                return Err(format!("password: {}", crate::crypto::PasswordError::TooLong));
            }
            (Some(plain), None) => Password::Plain(plain),
            (None, Some(hash)) => {
                Password::Hash(PasswordHash::parse(&hash).map_err(|error| format!("passwordHash: {error}"))?)
            }
            (Some(_), Some(_)) => return Err("password and passwordHash exclude each other".to_owned()),
        };
        let totp = match fields.secret("totpSecret")? {
            None => None,
            Some(text) => {
                Some(TotpSecret::from_base32(&text).map_err(|error| format!("totpSecret: {error}"))?)
            }
        };
        let backup_codes = backup_codes(&mut fields)?;
        if totp.is_none() && !backup_codes.is_empty() {
            return Err("backupCodes go only with a totpSecret".to_owned());
        }
        let created_at = fields.time("createdAt")?;
        fields.end()?;
        let hash = match &password {
            Password::None => "none",
            Password::Plain(_) => "plain",
            Password::Hash(hash) => hash.as_str(),
        };
        let mut content = Content::new()
            .with(name.as_bytes())
            .with(hash.as_bytes())
            .with(totp.as_ref().map_or(&[], TotpSecret::as_bytes))
            .with_time(created_at);
        for code in &backup_codes {
            content = content.with(code.as_bytes());
        }
        let digest = content.digest();
        Ok(Self { email, email_key, name, password, totp, backup_codes, created_at, digest })
    }
}

fn backup_codes(fields: &mut Fields<'_>) -> Result<Vec<BackupCodeHash>, String> {
    let Some(texts) = fields.secrets("backupCodes")? else { return Ok(Vec::new()) };
    if texts.len() > BACKUP_CODES_MAX {
        return Err(format!("backupCodes may be {BACKUP_CODES_MAX} at most"));
    }
    let mut hashes = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        let code = BackupCode::parse(text)
            .ok_or_else(|| format!("backupCodes: number {} must be 8 to 64 letters and digits", i + 1))?;
        let hash = code.hash();
        if hashes.contains(&hash) {
            return Err(format!("backupCodes: number {} repeats an earlier one", i + 1));
        }
        hashes.push(hash);
    }
    Ok(hashes)
}

impl MemberRow {
    pub fn parse(group: Group, mut fields: Fields<'_>) -> Result<Self, String> {
        let key = match group {
            Group::Account => key(&mut fields, "account")?,
            Group::Portfolio => key(&mut fields, "portfolio")?,
        };
        let (_, email_key) = email(&mut fields)?;
        let text = fields.needed("role")?;
        let (role, known) = match group {
            Group::Account => (
                AccountRole::ALL.into_iter().find(|role| role.as_str() == text).map(Role::Account),
                AccountRole::ALL.map(AccountRole::as_str).join(", "),
            ),
            Group::Portfolio => (
                PortfolioRole::ALL.into_iter().find(|role| role.as_str() == text).map(Role::Portfolio),
                PortfolioRole::ALL.map(PortfolioRole::as_str).join(", "),
            ),
        };
        let role = role.ok_or_else(|| format!("unknown role: {known} are known"))?;
        let joined_at = fields.time("joinedAt")?;
        fields.end()?;
        let digest = Content::new().with(text.as_bytes()).with_time(joined_at).digest();
        Ok(Self { key, email_key, role, joined_at, digest })
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
