//! Whoever can write to MongoDB changes the log; `latchkey audit verify` finds it and says what was done.

use latchkey::domain::Scope;
use mongodb::bson::{Binary, Bson, Document, doc, spec::BinarySubtype};
use sha2::{Digest, Sha256};

use super::{complained, happen, latchkey, printed, seal, stored};
use crate::harness::{self, TestApp};

struct Log<'a> {
    app: &'a TestApp,
    scope: String,
}

impl<'a> Log<'a> {
    /// A sealed log of so many events.
    async fn of(app: &'a TestApp, count: u32) -> Self {
        happen(app, Scope::Deployment, count).await;
        seal(app).await;
        let log = Self { app, scope: Scope::Deployment.to_string() };
        log.is_sound(count);
        log
    }

    fn numbered(&self, seq: i64) -> Document {
        doc! { "scope": &self.scope, "seq": seq }
    }

    async fn get(&self, seq: i64) -> Document {
        stored(self.app).find_one(self.numbered(seq)).await.unwrap().unwrap()
    }

    async fn id(&self, seq: i64) -> String {
        let id = self.get(seq).await.get("_id").unwrap().clone();
        mongodb::bson::deserialize_from_bson::<latchkey::domain::AuditEventId>(id).unwrap().to_string()
    }

    async fn set(&self, id: Bson, set: Document) {
        stored(self.app).update_one(doc! { "_id": id }, doc! { "$set": set }).await.unwrap();
    }

    async fn delete(&self, seq: i64) {
        assert_eq!(stored(self.app).delete_one(self.numbered(seq)).await.unwrap().deleted_count, 1);
    }

    fn is_sound(&self, count: u32) {
        let output = latchkey(self.app, &["audit", "verify"]);
        assert_eq!(output.status.code(), Some(0), "{}{}", printed(&output), complained(&output));
        assert_eq!(printed(&output), format!("{count} sealed events in 1 scopes checked, 0 findings.\n"));
    }

    /// Exactly these findings, and the exit code.
    fn finds(&self, expected: &[String]) {
        for of in [self.scope.as_str(), "all"] {
            let output = latchkey(self.app, &["audit", "verify", "--scope", of]);
            let text = printed(&output);
            assert_eq!(output.status.code(), Some(1), "{text}");
            let lines: Vec<_> = text.lines().collect();
            let (summary, findings) = lines.split_last().unwrap();
            let expected: Vec<_> = expected.iter().map(|text| format!("{}: {text}", self.scope)).collect();
            assert_eq!(findings, expected);
            assert!(summary.ends_with(&format!("{} findings.", expected.len())), "{summary}");
            let complaint =
                format!("latchkey: the audit log is not as it was left: {} findings\n", expected.len());
            assert_eq!(complained(&output), complaint);
        }
    }
}

fn bytes(of: &[u8]) -> Bson {
    Binary { subtype: BinarySubtype::Generic, bytes: of.to_vec() }.into()
}

/// What `docs/AUDIT.md` says a hash is, by somebody who has read it.
fn hash(scope: &str, seq: i64, previous: &[u8], event: &Document) -> Vec<u8> {
    let mut content = event.clone();
    for field in ["seq", "prev_hash", "hash", "key_id", "mac"] {
        content.remove(field);
    }
    let mut fields: Vec<_> = content.into_iter().collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    let content = mongodb::bson::serialize_to_vec(&fields.into_iter().collect::<Document>()).unwrap();
    let mut hash = Sha256::new();
    let seq = seq.to_be_bytes();
    for part in [b"latchkey audit event v1".as_slice(), scope.as_bytes(), &seq, previous, &content] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_field_is_found() {
    harness::run(async |app| {
        let log = Log::of(app, 5).await;
        let event = log.get(3).await;
        log.set(event.get("_id").unwrap().clone(), doc! { "action": "LOGGED_OUT" }).await;
        let changed = format!("changed: {} (event 3) does not say what was sealed", log.id(3).await);
        log.finds(std::slice::from_ref(&changed));
        // As it was.
        log.set(event.get("_id").unwrap().clone(), doc! { "action": "LOGGED_IN" }).await;
        log.is_sound(5);
        // A field that no version of the gateway knows is a change as well.
        log.set(event.get("_id").unwrap().clone(), doc! { "note": "nothing to see" }).await;
        log.finds(&[changed]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_event_is_found_in_the_middle_and_at_the_end() {
    harness::run(async |app| {
        let log = Log::of(app, 6).await;
        log.delete(3).await;
        let middle = "missing: event 3 gone from the middle".to_owned();
        log.finds(std::slice::from_ref(&middle));
        log.delete(6).await;
        log.finds(&[middle, "missing: event 6 gone from the end".to_owned()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_scope_gone_is_found_by_its_head() {
    harness::run(async |app| {
        let log = Log::of(app, 3).await;
        stored(app).delete_many(doc! { "scope": &log.scope }).await.unwrap();
        log.finds(&["missing: events 1 to 3 gone from the end".to_owned()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_events_that_changed_places_are_found_with_their_places() {
    harness::run(async |app| {
        let log = Log::of(app, 5).await;
        let (second, fourth) = (log.get(2).await, log.get(4).await);
        let (two, four) = (log.id(2).await, log.id(4).await);
        let seal_of = |event: &Document| {
            let mut seal = Document::new();
            for field in ["seq", "prev_hash", "hash", "key_id", "mac"] {
                seal.insert(field, event.get(field).unwrap().clone());
            }
            seal
        };
        // The unique index is in the way of a swap by updates.
        stored(app).delete_one(log.numbered(2)).await.unwrap();
        log.set(fourth.get("_id").unwrap().clone(), seal_of(&second)).await;
        let mut moved = second.clone();
        moved.extend(seal_of(&fourth));
        stored(app).insert_one(moved).await.unwrap();
        log.finds(&[
            format!("reordered: {four} stands as event 2 and was sealed as event 4"),
            format!("reordered: {two} stands as event 4 and was sealed as event 2"),
        ]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hashes_worked_out_anew_without_the_keyring_are_found() {
    harness::run(async |app| {
        let log = Log::of(app, 4).await;
        let mut previous = log.get(1).await.get_binary_generic("hash").unwrap().clone();
        for seq in 2..=4 {
            let mut event = log.get(seq).await;
            if seq == 2 {
                event.insert("action", "LOGGED_OUT");
            }
            let hash = hash(&log.scope, seq, &previous, &event);
            let set = doc! { "action": event.get_str("action").unwrap(), "prev_hash": bytes(&previous), "hash": bytes(&hash) };
            log.set(event.get("_id").unwrap().clone(), set).await;
            previous = hash;
        }
        let head = doc! { "$set": { "hash": bytes(&previous) } };
        app.update("audit_heads", doc! { "_id": &log.scope }, head).await;
        let mut expected = Vec::new();
        for seq in 2..=4 {
            expected.push(format!(
                "forged: {} (event {seq}) has a hash that fits but was not made with the keyring",
                log.id(seq).await
            ));
        }
        expected.push("forged: the head of the chain was not written with the keyring".to_owned());
        log.finds(&expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_event_is_found_and_the_head_moved_over_it_too() {
    harness::run(async |app| {
        let log = Log::of(app, 2).await;
        let last = log.get(2).await;
        let at = app.now();
        let id = latchkey::domain::AuditEventId::generate(at);
        let mut forged = last.clone();
        forged.insert("_id", Bson::from(id));
        forged.insert("action", "MFA_RESET_ACCEPTED");
        let previous = last.get_binary_generic("hash").unwrap();
        let hash = hash(&log.scope, 3, previous, &forged);
        forged.extend(doc! { "seq": 3_i64, "prev_hash": bytes(previous), "hash": bytes(&hash) });
        stored(app).insert_one(forged).await.unwrap();
        let named = format!("forged: {id} (event 3) has a hash that fits but was not made with the keyring");
        let beyond =
            "forged: event 3 behind the end that the head says, or the head was moved back".to_owned();
        log.finds(&[named.clone(), beyond]);
        let head = doc! { "$set": { "seq": 3_i64, "hash": bytes(&hash) } };
        app.update("audit_heads", doc! { "_id": &log.scope }, head).await;
        log.finds(&[named, "forged: the head of the chain was not written with the keyring".to_owned()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_given_twice_is_found_even_where_the_index_is_gone() {
    harness::run(async |app| {
        let log = Log::of(app, 3).await;
        stored(app).drop_index("scope_1_seq_1").await.unwrap();
        // What MongoDB itself needs to read by number is there again, without the rule.
        let index = mongodb::IndexModel::builder().keys(doc! { "scope": 1, "seq": 1 }).build();
        stored(app).create_index(index).await.unwrap();
        let id = latchkey::domain::AuditEventId::generate(app.now());
        let mut twin = log.get(2).await;
        twin.insert("_id", Bson::from(id));
        stored(app).insert_one(twin).await.unwrap();
        log.finds(&[
            format!("duplicated: {id} has the number 2, which another event has already"),
            format!("changed: {id} (event 2) does not say what was sealed"),
        ]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_cut_off_with_an_earlier_head_is_found_by_what_an_earlier_check_remembered() {
    harness::run(async |app| {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = folder.path().join("ends");
        let verify = || latchkey(app, &["audit", "verify", "--remember", file.to_str().unwrap()]);
        let log = Log::of(app, 2).await;
        let heads = app.store.database().collection::<Document>("audit_heads");
        let genuine = heads.find_one(doc! { "_id": &log.scope }).await.unwrap().unwrap();
        happen(app, Scope::Deployment, 2).await;
        seal(app).await;
        assert_eq!(verify().status.code(), Some(0));
        let kept = std::fs::read_to_string(&file).unwrap();
        assert!(kept.contains("\"seq\":4"), "{kept}");
        log.delete(4).await;
        log.delete(3).await;
        heads.replace_one(doc! { "_id": &log.scope }, genuine).await.unwrap();
        // Nothing in the database tells it any more.
        log.is_sound(2);
        let gone =
            "deployment: missing: event 4, where an earlier check saw the end, is gone or another one\n";
        let output = verify();
        assert_eq!(output.status.code(), Some(1));
        assert!(printed(&output).starts_with(gone), "{}", printed(&output));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), kept, "what was found is not forgotten");
        // Not even a scope that is gone without a trace.
        stored(app).delete_many(doc! { "scope": &log.scope }).await.unwrap();
        heads.delete_one(doc! { "_id": &log.scope }).await.unwrap();
        assert!(printed(&verify()).starts_with(gone));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_be_sealed_is_told_apart() {
    harness::run(async |app| {
        Log::of(app, 2).await;
        let waiting = happen(app, Scope::Deployment, 3).await;
        let output = latchkey(app, &["audit", "verify"]);
        assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
        let since = waiting[0].at.format(&time::format_description::well_known::Rfc3339).unwrap();
        let expected = format!(
            "2 sealed events in 1 scopes checked, 0 findings.\n\
             3 events wait to be sealed, the oldest since {since}; they are not protected yet.\n"
        );
        assert_eq!(printed(&output), expected);
    })
    .await;
}
