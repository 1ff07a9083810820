//! What names things: ids, cursors, moments, tokens and codes.

use std::fmt::Display;
use std::str::FromStr;

use async_graphql::{ID, ScalarType, Value};

use super::text;
use crate::crypto::{BackupCode, ChainHash, Keyring, MailCode, PasswordHash, Token, TokenKind, TotpSecret};
use crate::domain::id::IdError;
use crate::domain::{
    AccountId, AuditEventId, InvitationId, MfaResetId, PortfolioId, RoleId, Scope, SessionId, UserId,
    WebhookDeliveryId, WebhookId,
};
use crate::graphql::connection::{CursorPlace, List, PageArgs, cursor};
use crate::graphql::ids::parse_id;
use crate::graphql::scalar::DateTime;
use crate::service::directory::security::AuditPlace;
use crate::service::directory::{PersonPlace, PlaceByName, RolePlace};

/// An id is one text and no other, of one kind.
pub fn ids(bytes: &[u8]) {
    fn id<T: FromStr<Err = IdError> + Display>(given: &str) -> usize {
        let Ok(read) = parse_id::<T>(&ID::from(given), "id") else { return 0 };
        assert_eq!(read.to_string(), given, "an id has two spellings");
        1
    }
    let given = text(bytes);
    let kinds = id::<UserId>(given)
        + id::<AccountId>(given)
        + id::<PortfolioId>(given)
        + id::<MfaResetId>(given)
        + id::<SessionId>(given)
        + id::<AuditEventId>(given)
        + id::<InvitationId>(given)
        + id::<RoleId>(given)
        + id::<WebhookId>(given)
        + id::<WebhookDeliveryId>(given);
    assert!(kinds <= 1, "an id is of two kinds");
    if let Ok(scope) = given.parse::<Scope>() {
        assert_eq!(scope.to_string(), given, "a scope has two spellings");
    }
}

/// A cursor that is read is a place that can be written again, and means nothing to another list.
pub fn cursors(bytes: &[u8]) {
    fn of<C: CursorPlace>(list: List, given: &str) -> usize {
        let read = |text: &str| {
            let arguments = PageArgs { after: Some(text.to_owned()), ..PageArgs::default() };
            arguments.check::<C>(list).ok().and_then(|page| page.after)
        };
        let Some(place) = read(given) else { return 0 };
        let again = read(&cursor(list, &place)).map(|place| place.parts());
        assert_eq!(again, Some(place.parts()), "a place does not come back");
        1
    }
    let given = text(bytes);
    let lists = of::<PersonPlace>(List::AccountUsers, given)
        + of::<PersonPlace>(List::PortfolioUsers, given)
        + of::<PersonPlace>(List::PortfolioAccountUsers, given)
        + of::<PlaceByName<AccountId>>(List::PortfolioAccounts, given)
        + of::<PlaceByName<AccountId>>(List::ViewerAccounts, given)
        + of::<PlaceByName<PortfolioId>>(List::ViewerPortfolios, given)
        + of::<SessionId>(List::Sessions, given)
        + of::<MfaResetId>(List::MfaResets, given)
        + of::<InvitationId>(List::Invitations, given)
        + of::<AuditPlace>(List::AuditLog, given)
        + of::<RolePlace>(List::CustomRoles, given)
        + of::<WebhookDeliveryId>(List::WebhookDeliveries, given);
    assert!(lists <= 1, "a cursor belongs to two lists");
}

/// A moment that is read can be written, and comes back as it was.
pub fn moments(bytes: &[u8]) {
    let Ok(read) = DateTime::parse(Value::from(text(bytes))) else { return };
    let written = read.to_value();
    let again = DateTime::parse(written.clone()).map(|moment| moment.0).ok();
    assert_eq!(again, Some(read.0), "{written} is not the moment that was read");
}

/// What opens ways in has one spelling, or many of one meaning.
pub fn tokens(bytes: &[u8]) {
    let given = text(bytes);
    let kinds = [
        TokenKind::Session,
        TokenKind::Challenge,
        TokenKind::Enrollment,
        TokenKind::MfaReset,
        TokenKind::Invitation,
        TokenKind::EmailVerification,
        TokenKind::PasswordReset,
        TokenKind::Device,
        TokenKind::RecoveryConfirm,
        TokenKind::RecoveryStop,
    ];
    let tokens: Vec<Token> = kinds.into_iter().filter_map(|kind| Token::parse(kind, given)).collect();
    assert!(tokens.len() <= 1, "a token is of two kinds");
    assert!(tokens.iter().all(|token| token.expose() == given && given.len() == 47));

    if let Some(code) = BackupCode::parse(given) {
        let again = BackupCode::parse(code.expose()).map(|code| code.hash());
        assert_eq!(again, Some(code.hash()), "a backup code does not come back");
    }
    if let Some(code) = MailCode::parse(given) {
        let again = MailCode::parse(&code.expose()).map(|code| code.expose());
        assert_eq!(again, Some(code.expose()), "a mailed code does not come back");
    }
    if let Ok(secret) = TotpSecret::from_base32(given) {
        let again = TotpSecret::from_base32(&secret.to_base32());
        assert!(
            again.is_ok_and(|again| again.as_bytes() == secret.as_bytes()),
            "a secret does not come back"
        );
    }
    if let Some(hash) = ChainHash::parse(given) {
        assert_eq!(hash.to_string(), given);
    }
    if let Ok(hash) = PasswordHash::parse(given) {
        assert_eq!(hash.as_str(), given);
    }
    if let Ok(keyring) = Keyring::parse(given) {
        assert!(Keyring::parse(&keyring.to_toml()).is_ok(), "a keyring does not come back");
    }
}
