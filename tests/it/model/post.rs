//! Ids and links, out of the database and the mail.

use futures_util::TryStreamExt;
use latchkey::domain::{InvitationId, MfaResetId, Scope};
use mail_parser::MessageParser;
use mongodb::bson::{Document, deserialize_from_bson, doc};

use super::gateway::Stage;
use super::state::{PEOPLE, Place, Who};
use crate::harness::token_in;

impl Stage<'_> {
    /// The latest mail to somebody under this subject.
    async fn mailed(&self, to: Who, subject: &str) -> Option<String> {
        let person = &self.people[to];
        let Some(server) = self.server else {
            self.app.mail.drain().await.unwrap();
            let mut mails = self.app.mails_to(person).into_iter();
            return mails.rfind(|mail| mail.subject == subject).map(|mail| mail.text);
        };
        let taken = server.taken();
        let mut theirs = taken.iter().rev().filter(|mail| mail.envelope["to"][0] == person.email);
        theirs.find_map(|mail| {
            let message = MessageParser::default().parse(&mail.message)?;
            (message.subject() == Some(subject)).then(|| message.body_text(0).unwrap().into_owned())
        })
    }

    pub(super) async fn absorb_link(&mut self, whom: Who) {
        if let Some(text) = self.mailed(whom, "MFA reset request").await {
            self.links.insert(whom, token_in(&text));
        }
    }

    pub(super) async fn absorb_invitation(&mut self, place: Place, whom: Who) {
        let scope = match place {
            Place::Account(slot) => Scope::Account(self.accounts[&slot]),
            Place::Portfolio(slot) => Scope::Portfolio(self.portfolios[&slot]),
        };
        let waiting = doc! {
            "scope": scope.to_string(), "state": "PENDING", "email_key": &self.people[whom].email,
        };
        let invitations = self.app.store.database().collection::<Document>("invitations");
        // Taken back already, in a race.
        let Some(found) = invitations.find_one(waiting).await.unwrap() else { return };
        let id: InvitationId = deserialize_from_bson(found.get("_id").unwrap().clone()).unwrap();
        let text = self.mailed(whom, "You are invited").await.expect("no invitation");
        self.invitations.insert((place, whom), (id.to_string(), token_in(&text)));
    }

    /// All of it anew, where it is not known which commands were done.
    pub async fn absorb_all(&mut self) {
        let resets = self.app.store.database().collection::<Document>("mfa_resets");
        let places: Vec<Place> = (self.accounts.keys().map(|slot| Place::Account(*slot)))
            .chain(self.portfolios.keys().map(|slot| Place::Portfolio(*slot)))
            .collect();
        for who in 0..PEOPLE {
            let theirs: Vec<Document> = resets
                .find(doc! { "user_id": self.people[who].id })
                .await
                .unwrap()
                .try_collect()
                .await
                .unwrap();
            let ids = theirs
                .iter()
                .map(|reset| deserialize_from_bson::<MfaResetId>(reset.get("_id").unwrap().clone()).unwrap());
            if let Some(latest) = ids.max() {
                self.resets.insert(who, latest.to_string());
                self.absorb_link(who).await;
            }
            for place in &places {
                self.absorb_invitation(*place, who).await;
            }
        }
    }
}
