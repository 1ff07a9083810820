//! People, accounts and portfolios, and who is where.

use bson::doc;

use super::{
    ACCOUNT_ROLES, Layout, PORTFOLIO_ROLES, date, id, index, index_where, names, people, sealed_in, text,
    unique, validator, whole, yes_no,
};
use crate::store::sealed::SealedIn;
use crate::store::{
    account_members, account_roles, accounts, mfa_coverage, portfolio_members, portfolios, recovery_contacts,
    users,
};

pub(super) fn layouts() -> Vec<Layout> {
    let policy = || {
        doc! {
            "bsonType": "object",
            "required": ["enforced", "reset_acceptance"],
            "properties": {
                "enforced": yes_no(), "enforced_since": date(), "grace_until": date(),
                "reset_acceptance": names(&["LINK", "LINK_AND_PASSWORD"]),
                "reset_cooling_off_hours": whole(),
                "reset_approval": names(&["NEVER", "OWNERS_ONLY", "ALWAYS"]),
            },
        }
    };
    vec![
        Layout {
            name: users::COLLECTION,
            validator: validator(
                &["email", "email_key", "name", "name_key", "created_at"],
                doc! {
                    "_id": id(), "email": text(), "email_key": text(), "name": text(), "name_key": text(),
                    "created_at": date(), "last_log_in_at": date(), "email_unverified": yes_no(),
                    "locale": text(), "time_zone": text(), "credentials_changed_at": date(),
                    "mfa_reset_asked_at": date(), "mfa_reset_at": date(), "asking_frozen_until": date(), "version": whole(),
                    "disavowal": { "bsonType": "object", "required": ["until", "reset_id", "requested_by"],
                        "properties": { "until": date(), "reset_id": id(), "requested_by": id() } },
                    "password": { "bsonType": "object", "required": ["hash", "changed_at"],
                        "properties": { "hash": { "bsonType": "string", "pattern": "^\\$argon2id\\$" }, "changed_at": date() } },
                    "mfa": { "bsonType": "object", "required": ["enabled_at", "totp", "backup_codes"],
                        "properties": {
                            "enabled_at": date(),
                            "totp": { "bsonType": "object", "required": ["sealed", "last_step"],
                                "properties": { "sealed": { "bsonType": "string", "pattern": "^v1\\|" }, "last_step": { "bsonType": ["int", "long"] } } },
                            "backup_codes": { "bsonType": "array", "maxItems": 10 },
                        } },
                },
            ),
            indexes: vec![unique(doc! { "email_key": 1 }), sealed_in(SealedIn::Users)],
        },
        Layout {
            name: accounts::COLLECTION,
            validator: validator(
                &["name", "name_key", "created_at", "mfa_policy", "member_count"],
                doc! { "_id": id(), "name": text(), "name_key": text(), "created_at": date(), "portfolio_id": id(),
                "mfa_policy": policy(), "member_count": whole(), "owner_id": id(), "security_contact": id() },
            ),
            indexes: vec![index(doc! { "portfolio_id": 1, "name_key": 1, "_id": 1 })],
        },
        Layout {
            name: portfolios::COLLECTION,
            validator: validator(
                &["name", "created_at", "mfa_policy", "member_count", "account_count"],
                doc! { "_id": id(), "name": text(), "created_at": date(), "mfa_policy": policy(),
                "member_count": whole(), "account_count": whole(), "owner_id": id() },
            ),
            indexes: vec![],
        },
        Layout {
            name: account_members::COLLECTION,
            validator: validator(
                &["account_id", "user_id", "role", "joined_at", "name_key", "email_key", "mfa_enabled"],
                doc! { "account_id": id(), "user_id": id(), "role": names(&ACCOUNT_ROLES), "joined_at": date(),
                "custom_role_id": id(), "portfolio_id": id(), "name_key": text(), "email_key": text(),
                "alike": whole(), "mfa_enabled": yes_no() },
            ),
            indexes: [
                people(&account_members::OF_ACCOUNT),
                people(&account_members::OF_LINKED),
                vec![
                    index(
                        doc! { "user_id": 1, "account_id": 1, "role": 1, "portfolio_id": 1, "joined_at": 1, "custom_role_id": 1 },
                    ),
                    index_where(doc! { "custom_role_id": 1 }, account_roles::naming("custom_role_id")),
                ],
            ]
            .concat(),
        },
        Layout {
            name: account_roles::COLLECTION,
            validator: validator(
                &["account_id", "name", "name_key", "base", "permissions", "version", "created_at"],
                doc! { "_id": id(), "account_id": id(), "name": text(), "name_key": text(),
                "base": names(&account_roles::bases()), "permissions": { "bsonType": "array", "items": text() },
                "version": whole(), "created_at": date() },
            ),
            indexes: vec![unique(doc! { "account_id": 1, "name_key": 1 })],
        },
        Layout {
            name: recovery_contacts::COLLECTION,
            validator: validator(
                &["owner_id", "contacts"],
                doc! { "_id": id(), "owner_id": id(), "contacts": { "bsonType": "array", "items": id() },
                "next": { "bsonType": "object", "required": ["contacts", "effective_at"], "properties": {
                    "contacts": { "bsonType": "array", "items": id() }, "effective_at": date(),
                } } },
            ),
            indexes: vec![],
        },
        Layout {
            name: portfolio_members::COLLECTION,
            validator: validator(
                &["portfolio_id", "user_id", "role", "joined_at", "name_key", "email_key", "mfa_enabled"],
                doc! { "portfolio_id": id(), "user_id": id(), "role": names(&PORTFOLIO_ROLES), "joined_at": date(),
                "name_key": text(), "email_key": text(), "alike": whole(), "mfa_enabled": yes_no() },
            ),
            indexes: [
                people(&portfolio_members::OF_PORTFOLIO),
                vec![index(doc! { "user_id": 1, "portfolio_id": 1, "role": 1, "joined_at": 1 })],
            ]
            .concat(),
        },
        Layout {
            name: mfa_coverage::COLLECTION,
            validator: validator(
                &["day", "points"],
                doc! { "_id": text(), "day": date(), "points": { "bsonType": "array", "items": {
                    "bsonType": "object", "required": ["day", "members", "with_mfa"],
                    "properties": { "day": date(), "members": whole(), "with_mfa": whole() },
                } } },
            ),
            indexes: vec![],
        },
        Layout {
            name: mfa_coverage::RUNS,
            validator: validator(
                &["day", "fence", "at"],
                doc! { "_id": text(), "day": date(), "fence": whole() },
            ),
            indexes: vec![],
        },
    ]
}
