//! Rotating keys: everything sealed stays readable, whenever it is stopped; and a gateway with the wrong keys does not
//! start.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use latchkey::crypto::Keyring;
use latchkey::domain::Scope;
use latchkey::service::key_rotation::{KeyRotation, KeysError, Resealed};
use latchkey::store::sealed::SealedIn;
use latchkey::store::users::TOTP_PLACE;
use mongodb::bson::{Document, doc};

use crate::harness::{self, Person, TestApp};
use crate::serve::{ROWS, done, latchkey, serve};

fn copy(keyring: &Keyring) -> Keyring {
    Keyring::parse(&keyring.to_toml()).unwrap()
}

fn rotation(app: &TestApp, keyring: Keyring) -> KeyRotation {
    KeyRotation { store: app.store.clone(), keyring: Arc::new(keyring) }
}

async fn people(app: &TestApp, count: usize) -> Vec<Person> {
    // One password hash a person is the slow part; what is sealed needs none.
    let first = app.person("Person 0").with_mfa().create().await;
    let users = app.store.database().collection::<Document>("users");
    let template = users.find_one(doc! { "_id": first.id }).await.unwrap().unwrap();
    let mut people = vec![first];
    let mut documents = Vec::new();
    for n in 1..count {
        let id = latchkey::domain::UserId::generate(app.now());
        let secret = latchkey::crypto::TotpSecret::generate();
        let sealed = app.keyring.seal(TOTP_PLACE, id.uuid().as_bytes(), secret.as_bytes()).unwrap();
        let email = format!("person.{n}@example.test");
        let mut document = template.clone();
        document.insert("_id", id);
        document.insert("email", &email);
        document.insert("email_key", &email);
        document
            .get_document_mut("mfa")
            .unwrap()
            .get_document_mut("totp")
            .unwrap()
            .insert("sealed", sealed.as_str());
        documents.push(document);
        let person =
            Person { id, email, name: format!("Person {n}"), totp: Some(secret), backup_codes: Vec::new() };
        people.push(person);
    }
    users.insert_many(documents).await.unwrap();
    people
}

async fn secret_of(app: &TestApp, keyring: &Keyring, person: &Person) -> Vec<u8> {
    let users = app.store.database().collection::<Document>("users");
    let user = users.find_one(doc! { "_id": person.id }).await.unwrap().unwrap();
    let sealed = user.get_document("mfa").unwrap().get_document("totp").unwrap().get_str("sealed").unwrap();
    let sealed = latchkey::crypto::Sealed::from(sealed.to_owned());
    keyring.open(TOTP_PLACE, person.id.uuid().as_bytes(), &sealed).unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_sealed_moves_to_the_new_key_and_stays_readable_without_the_old_one() {
    harness::run(async |app| {
        let people = people(app, 450).await;
        // One of each other kind: a secret that waits for its first code, and keys that sign.
        let newcomer = app.person("New Comer").create().await;
        let client = app.client_of(&newcomer).await;
        client
            .ask("mutation { beginTotpEnrollment(input: {}) { __typename } }")
            .await
            .data("/beginTotpEnrollment");
        assert_eq!(reqwest::get(app.url("/.well-known/jwks.json")).await.unwrap().status(), 200);

        let old = app.keyring.current_id().to_owned();
        rotation(app, copy(&app.keyring)).check().await.unwrap();
        let after = rotation(app, copy(&app.keyring).rotated());
        after.check().await.unwrap();
        let needed = after.may_retire(&old).await.unwrap_err();
        assert!(matches!(needed, KeysError::StillNeeded { count: 453, .. }), "{needed}");

        let mut steps = Vec::new();
        let all = after
            .reseal(|so_far| {
                steps.push(so_far.done);
                true
            })
            .await
            .unwrap();
        assert_eq!(all, Resealed { done: 453, changed: 0, unreadable: 0 });
        assert!(steps.len() >= 3, "page by page: {steps:?}");
        assert_eq!(after.reseal(|_| true).await.unwrap(), Resealed::default(), "once is enough");
        let uses = after.status().await.unwrap();
        assert_eq!(
            uses.iter().map(|key| (key.users, key.tickets, key.signing_keys)).collect::<Vec<_>>(),
            [(450, 1, 2), (0, 0, 0)]
        );

        after.may_retire(&old).await.unwrap();
        let only_new = copy(&after.keyring).without(&old).unwrap();
        for person in [&people[0], &people[199], &people[200], &people[449]] {
            let secret = secret_of(app, &only_new, person).await;
            assert_eq!(secret, person.totp.as_ref().unwrap().as_bytes());
        }
        after.forget(&old).await.unwrap();
        rotation(app, only_new).check().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_stopped_goes_on_and_replicas_share_the_work() {
    harness::run(async |app| {
        people(app, 450).await;
        rotation(app, copy(&app.keyring)).check().await.unwrap();
        let keyring = copy(&app.keyring).rotated();
        let (one, other) = (rotation(app, copy(&keyring)), rotation(app, copy(&keyring)));
        one.check().await.unwrap();
        let stopped = one.reseal(|_| false).await.unwrap();
        assert_eq!(stopped.done, 200, "it stops after a page");
        let (a, b) = tokio::join!(one.reseal(|_| true), other.reseal(|_| true));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!((a.done + b.done, a.unreadable + b.unreadable), (250, 0));
        let uses = one.status().await.unwrap();
        assert_eq!((uses[0].users, uses[1].users), (450, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_meanwhile_wins() {
    harness::run(async |app| {
        let person = app.person("Quick One").with_mfa().create().await;
        let keyring = copy(&app.keyring).rotated();
        let stale = app
            .store
            .sealed_under_others(SealedIn::Users, keyring.current_id(), None, 10)
            .await
            .unwrap()
            .remove(0);
        let newer =
            app.keyring.seal(TOTP_PLACE, person.id.uuid().as_bytes(), b"a newer secret......").unwrap();
        let users = app.store.database().collection::<Document>("users");
        let set = doc! { "$set": { "mfa.totp.sealed": newer.as_str() } };
        users.update_one(doc! { "_id": person.id }, set).await.unwrap();
        let late = keyring.seal(TOTP_PLACE, person.id.uuid().as_bytes(), b"an older secret.....").unwrap();
        assert!(!app.store.claim_reseal(&stale, &late).await.unwrap());
        assert_eq!(secret_of(app, &app.keyring, &person).await, b"a newer secret......");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_was_not_restarted_yet_reads_on_and_seals_nothing_back() {
    harness::run(async |app| {
        let person = app.person("Late Replica").with_mfa().create().await;
        let (keyring, new) = copy(&app.keyring).with_new_key();
        let waiting = rotation(app, copy(&keyring));
        waiting.check().await.unwrap();
        let after = rotation(app, keyring.with_current(&new).unwrap());
        after.check().await.unwrap();
        assert_eq!(after.reseal(|_| true).await.unwrap().done, 1);
        assert_eq!(waiting.reseal(|_| true).await.unwrap(), Resealed::default());
        secret_of(app, &waiting.keyring, &person).await;
        // Its own current key is not the newest one: it cannot have that retired.
        let refused = waiting.may_retire(&new).await.unwrap_err();
        assert!(matches!(refused, KeysError::IsInUse(_)), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_keyring_is_told_before_anything_is_sealed() {
    harness::run(async |app| {
        app.person("Sealed One").with_mfa().create().await;
        let before = rotation(app, Keyring::generate()).check().await.unwrap_err();
        assert!(matches!(&before, KeysError::MissingKey(id) if *id == app.keyring.current_id()), "{before}");

        rotation(app, copy(&app.keyring)).check().await.unwrap();
        let stranger = rotation(app, Keyring::generate()).check().await.unwrap_err();
        assert!(matches!(stranger, KeysError::AnotherKeyring(_)), "{stranger}");
        // The same id, other bits.
        let impostor = Keyring::generate();
        let text = impostor.to_toml().replace(impostor.current_id(), app.keyring.current_id());
        let wrong = rotation(app, Keyring::parse(&text).unwrap()).check().await.unwrap_err();
        assert!(matches!(wrong, KeysError::AnotherKey(_)), "{wrong}");
        // A keyring that lost one of its keys.
        let rotated = copy(&app.keyring).rotated();
        rotation(app, copy(&rotated)).check().await.unwrap();
        let lost = rotated.without(app.keyring.current_id()).unwrap();
        let missing = rotation(app, lost).check().await.unwrap_err();
        assert!(matches!(missing, KeysError::MissingKey(_)), "{missing}");
    })
    .await;
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

fn keys(folder: &Path, arguments: &[&str]) -> String {
    let output =
        run(Command::new(env!("CARGO_BIN_EXE_latchkey")).arg("keys").args(arguments).current_dir(folder));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_authenticates_a_part_of_the_audit_log_stays_in_the_file() {
    harness::run(async |app| {
        let old = app.keyring.current_id().to_owned();
        rotation(app, copy(&app.keyring)).check().await.unwrap();
        crate::audit::happen(app, Scope::User(app.person("Ada").create().await.id), 3).await;
        crate::audit::seal(app).await;

        let after = rotation(app, copy(&app.keyring).rotated());
        after.check().await.unwrap();
        after.reseal(|_| true).await.unwrap();
        let refused = after.may_retire(&old).await.unwrap_err();
        assert!(matches!(&refused, KeysError::AuthenticatesLog(id) if *id == old), "{refused}");
        let uses = after.status().await.unwrap();
        assert!(uses.iter().all(|key| key.audit_log == (key.id == old)), "{uses:?}");

        // Taken out by hand, it is missed before anybody is served.
        let without = rotation(app, copy(&after.keyring).without(&old).unwrap());
        let missing = without.check().await.unwrap_err();
        assert!(matches!(&missing, KeysError::MissingLogKey(id) if *id == old), "{missing}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_rotate_a_running_deployment() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = folder.path();
    let database = format!("test_{}", uuid::Uuid::now_v7().simple());
    let nowhere = "smtp://127.0.0.1:9";
    fs::write(folder.join("rows.jsonl"), ROWS).unwrap();
    fs::write(folder.join("clock"), "+0s").unwrap();
    let command = |arguments: &[&str]| {
        let mut command = latchkey(folder, &database, nowhere, "127.0.0.1:0");
        command.args(arguments);
        command
    };
    keys(folder, &["init", "keys.toml"]);
    let first = fs::read_to_string(folder.join("keys.toml")).unwrap();
    done(&mut command(&["import", "rows.jsonl"]));

    keys(folder, &["add", "keys.toml"]);
    let old = Keyring::load(folder.join("keys.toml")).unwrap();
    let new = old.ids().nth(1).unwrap().to_owned();
    drop(serve(folder, &database, nowhere).await);
    keys(folder, &["rotate", "keys.toml", "--to", &new]);
    assert_eq!(Keyring::load(folder.join("keys.toml")).unwrap().current_id(), new);
    let mode = fs::metadata(folder.join("keys.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // Stragglers first: nothing is retired that is needed.
    let refused = run(&mut command(&["keys", "retire", old.current_id()]));
    let says = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && says.contains("restart them with the keys file"), "{says}");

    // The gateway itself seals anew, in the background.
    let gateway = serve(folder, &database, nowhere).await;
    crate::serve::until("everything is sealed anew", async || {
        let status = run(&mut command(&["keys", "status"]));
        let text = String::from_utf8(status.stdout).unwrap();
        let line = text.lines().find(|line| line.starts_with(old.current_id()))?.to_owned();
        line.split_whitespace().skip(1).take(3).all(|count| count == "0").then_some(())
    })
    .await;
    // No core of it is ever written.
    let limits = fs::read_to_string(format!("/proc/{}/limits", gateway.process.id())).unwrap();
    let core: Vec<&str> = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
    done(&mut command(&["keys", "reseal"]));
    done(&mut command(&["keys", "retire", old.current_id()]));
    assert_eq!(Keyring::load(folder.join("keys.toml")).unwrap().ids().count(), 1);
    drop(gateway);

    // And with the keys of before, no gateway starts.
    fs::write(folder.join("keys.toml"), first).unwrap();
    let wrong = run(&mut command(&["serve"]));
    let says = String::from_utf8(wrong.stderr).unwrap();
    assert!(!wrong.status.success() && says.contains("LATCHKEY_KEYS_FILE is not the keyring"), "{says}");
    let client = mongodb::Client::with_uri_str(harness::mongod_uri()).await.unwrap();
    client.database(&database).drop().await.unwrap();
}
