//! Where personal data is: the one list of it, for `latchkey user`, which hands out what it names and has `erasure` take it
//! away. A test holds the list against the layout, so that no collection is left out, and another greps the whole database
//! for somebody who was erased.

use std::time::Duration;

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use mongodb::options::Hint;

use super::deadline::max_time_of;
use super::{
    Store, StoreError, account_members, accounts, audit_events, device_challenges, devices, invitations,
    mail_links, mfa_resets, outbox, portfolio_members, portfolios, recoveries, recovery_contacts, sessions,
    tickets, users, webhooks,
};
use crate::domain::UserId;
use crate::domain::key::EmailKey;

/// How long the server may look through one collection for somebody.
const LOOK_THROUGH: Duration = Duration::from_secs(15 * 60);

/// One kind of document about people.
struct Holding {
    /// What it is called in the copy.
    name: &'static str,
    collection: &'static str,
    about: About,
    /// What may be handed out. Secrets, hashes of them, search keys and what is about others are not.
    fields: &'static [&'static str],
}

/// How a document says whom it is about.
enum About {
    /// By an id in this field, which an index begins with.
    Id(&'static str),
    /// By an id in one of these fields. No request asks for that, so there is no index: all documents are looked through.
    AnyOf(&'static [&'static str]),
    /// By an address; looked through as well.
    Address,
}

const HOLDINGS: [Holding; 19] = [
    Holding {
        name: "users",
        collection: users::COLLECTION,
        about: About::Id("_id"),
        fields: &[
            "_id",
            "email",
            "name",
            "created_at",
            "last_log_in_at",
            "email_unverified",
            "locale",
            "time_zone",
            "credentials_changed_at",
            "mfa_reset_asked_at",
            "mfa_reset_at",
            "asking_frozen_until",
            "disavowal",
            "mfa.enabled_at",
            "password.changed_at",
            "erased_at",
        ],
    },
    Holding {
        name: "account_members",
        collection: account_members::COLLECTION,
        about: About::Id("user_id"),
        fields: &["account_id", "role", "custom_role_id", "joined_at"],
    },
    Holding {
        name: "portfolio_members",
        collection: portfolio_members::COLLECTION,
        about: About::Id("user_id"),
        fields: &["portfolio_id", "role", "joined_at"],
    },
    Holding {
        name: "accounts",
        collection: accounts::COLLECTION,
        about: About::AnyOf(&["owner_id", "security_contact"]),
        fields: &["_id", "name", "owner_id", "security_contact"],
    },
    Holding {
        name: "portfolios",
        collection: portfolios::COLLECTION,
        about: About::AnyOf(&["owner_id"]),
        fields: &["_id", "name", "owner_id"],
    },
    Holding {
        name: "recovery_contacts",
        collection: recovery_contacts::COLLECTION,
        about: About::AnyOf(&["owner_id", "contacts", "next.contacts"]),
        fields: &["_id", "owner_id", "contacts", "next"],
    },
    Holding {
        name: "recoveries",
        collection: recoveries::COLLECTION,
        about: About::AnyOf(&["user_id", "contacts.user_id"]),
        fields: &[
            "_id",
            "user_id",
            "account_id",
            "state",
            "requested_at",
            "expires_at",
            "closed_at",
            "contacts.user_id",
            "contacts.confirmed_at",
            "reset_id",
        ],
    },
    Holding {
        name: "sessions",
        collection: sessions::COLLECTION,
        about: About::Id("user_id"),
        fields: &[
            "session_id",
            "created_at",
            "last_used_at",
            "expires_at",
            "mfa_at",
            "password_at",
            "ip",
            "user_agent",
        ],
    },
    Holding {
        name: "tickets",
        collection: tickets::COLLECTION,
        about: About::Id("user_id"),
        fields: &["kind", "attempts", "created_at", "expires_at"],
    },
    Holding {
        name: "devices",
        collection: devices::COLLECTION,
        about: About::Id("user_id"),
        fields: &["_id", "created_at", "last_used_at", "expires_at", "user_agent"],
    },
    Holding {
        name: "device_challenges",
        collection: device_challenges::COLLECTION,
        about: About::Id("user_id"),
        fields: &["_id", "created_at", "expires_at", "used_at", "attempts", "ip", "user_agent"],
    },
    Holding {
        name: "mail_links",
        collection: mail_links::COLLECTION,
        about: About::Id("user_id"),
        fields: &["_id", "kind", "email", "old_email", "state", "created_at", "expires_at", "closed_at"],
    },
    Holding {
        name: "mfa_resets",
        collection: mfa_resets::COLLECTION,
        about: About::Id("user_id"),
        fields: &RESET,
    },
    Holding {
        name: "mfa_resets_of_others",
        collection: mfa_resets::COLLECTION,
        about: About::AnyOf(&["requested_by", "approved_by", "recovered_by"]),
        fields: &RESET,
    },
    Holding {
        name: "invitations",
        collection: invitations::COLLECTION,
        about: About::Address,
        fields: &["_id", "scope", "offer", "email", "invited_by", "state", "created_at", "expires_at"],
    },
    Holding {
        name: "invitations_sent",
        collection: invitations::COLLECTION,
        about: About::AnyOf(&["invited_by"]),
        fields: &["_id", "scope", "offer", "state", "created_at", "expires_at"],
    },
    Holding {
        name: "outbox",
        collection: outbox::COLLECTION,
        about: About::AnyOf(&["to"]),
        fields: &["_id", "what", "state", "attempts", "created_at", "done_at", "last_error"],
    },
    Holding {
        name: "webhooks_created",
        collection: webhooks::COLLECTION,
        about: About::AnyOf(&["created_by"]),
        fields: &["_id", "account_id", "created_at"],
    },
    Holding {
        name: "audit_events",
        collection: audit_events::COLLECTION,
        about: About::AnyOf(&["actor", "target"]),
        fields: &[
            "_id",
            "at",
            "scope",
            "action",
            "actor",
            "target",
            "credential",
            "session",
            "ip",
            "user_agent",
            "details",
        ],
    },
];

const RESET: [&str; 12] = [
    "_id",
    "user_id",
    "requested_by",
    "reason",
    "state",
    "requested_at",
    "expires_at",
    "closed_at",
    "effective_at",
    "approved_by",
    "approved_at",
    "recovered_by",
];

/// Looks through all documents of a collection, by their ids.
pub(super) fn look_through() -> Hint {
    Hint::Keys(doc! { "_id": 1 })
}

impl Store {
    /// What is stored about a person, each kind apart and by its name: documents as they are stored, without secrets, hashes
    /// and search keys.
    pub async fn documents_about(
        &self,
        user: UserId,
        email: &EmailKey,
    ) -> Result<Vec<(&'static str, Vec<Document>)>, StoreError> {
        let mut all = Vec::new();
        for Holding { name, collection, about, fields } in &HOLDINGS {
            let (filter, hint) = match about {
                About::Id(field) => (doc! { *field: user }, None),
                About::AnyOf(fields) => {
                    let any: Vec<Document> = fields.iter().map(|field| doc! { *field: user }).collect();
                    (doc! { "$or": any }, Some(look_through()))
                }
                About::Address => (doc! { "email_key": email.as_str() }, Some(look_through())),
            };
            let mut projection: Document =
                fields.iter().map(|field| ((*field).to_owned(), Bson::Int32(1))).collect();
            if !fields.contains(&"_id") {
                projection.insert("_id", 0);
            }
            let documents = self.db.collection::<Document>(collection);
            let found = documents.find(filter).projection(projection).max_time(max_time_of(LOOK_THROUGH));
            let found = match hint {
                Some(hint) => found.hint(hint).await?,
                None => found.await?,
            };
            all.push((*name, found.try_collect().await?));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::layout::layouts;
    use crate::store::{
        account_roles, audit_chain, leases, mfa_coverage, signing_keys, throttles, webhook_deliveries,
    };

    /// What holds nothing about anybody, and why. Somebody has to look at a collection before it is in neither list.
    const NOBODYS: [(&str, &str); 8] = [
        (account_roles::COLLECTION, "names and permissions of roles"),
        (audit_chain::HEADS, "numbers and hashes"),
        (leases::COLLECTION, "names of processes"),
        (mfa_coverage::COLLECTION, "counts"),
        (mfa_coverage::RUNS, "days"),
        (signing_keys::COLLECTION, "keys"),
        (throttles::COLLECTION, "counts by digests, gone an hour after their window"),
        (webhook_deliveries::COLLECTION, "ids of events, read as they are sent"),
    ];

    #[test]
    fn every_collection_is_known_to_hold_personal_data_or_not_to() {
        let known: BTreeSet<&str> = HOLDINGS
            .iter()
            .map(|holding| holding.collection)
            .chain(NOBODYS.iter().map(|(collection, _)| *collection))
            .collect();
        let there: BTreeSet<&str> = layouts().iter().map(|layout| layout.name).collect();
        assert_eq!(
            known, there,
            "say in HOLDINGS what of it is handed out and have it erased, or why it is nobody's"
        );
    }
}
