//! Loading JSON Lines in bulk: what is loaded, what is rejected, and that a rerun changes nothing.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt as _;
use latchkey::clock::ManualClock;
use latchkey::command::import::{Input, Kind, Progress, Summary, run};
use latchkey::crypto::{BackupCode, Keyring, PasswordHash, Passwords, TotpSecret};
use latchkey::domain::key::EmailKey;
use latchkey::domain::{AccountRole, ResetAcceptance};
use latchkey::store::users::TOTP_PLACE;
use latchkey::store::{Store, StoreOptions};

use crate::harness::mongod_uri;

struct Place {
    uri: String,
    database: String,
    store: Store,
    keyring: Arc<Keyring>,
    clock: ManualClock,
}

impl Place {
    async fn new(name: &str) -> Self {
        let database = format!("{name}_{}", uuid::Uuid::new_v4().simple());
        let uri = mongod_uri();
        let options = StoreOptions {
            uri: uri.clone(),
            database: database.clone(),
            max_pool: 8,
            measured: false,
            traced: false,
        };
        let store = Store::connect(&options).await.unwrap();
        let (keyring, clock) = (Arc::new(Keyring::generate()), ManualClock::starting_now());
        Self { uri, database, store, keyring, clock }
    }

    async fn import(&self, text: &str) -> Summary {
        let (keyring, clock) = (Arc::clone(&self.keyring), Arc::new(self.clock.clone()));
        let passwords = Passwords::for_tests();
        run(&self.store, keyring, passwords, clock, Input::text(text), Progress::silent()).await.unwrap()
    }

    /// Everything that an import writes.
    async fn contents(&self) -> BTreeMap<String, Vec<Document>> {
        let mut contents = BTreeMap::new();
        for name in ["users", "accounts", "portfolios", "account_members", "portfolio_members", "meta"] {
            let collection = self.store.database().collection::<Document>(name);
            let by_id = mongodb::options::Hint::Keys(doc! { "_id": 1 });
            let all = collection.find(doc! {}).hint(by_id).await.unwrap();
            let mut all: Vec<Document> = all.try_collect().await.unwrap();
            all.sort_by_key(|document| format!("{:?}", document.get("_id")));
            contents.insert(name.to_owned(), all);
        }
        contents
    }

    async fn one(&self, collection: &str, filter: Document) -> Document {
        self.store.database().collection::<Document>(collection).find_one(filter).await.unwrap().unwrap()
    }

    async fn user(&self, email: &str) -> Document {
        self.one("users", doc! { "email_key": email }).await
    }

    /// A group by its name, without an index on names.
    async fn group(&self, collection: &str, name: &str) -> Document {
        let contents = self.contents().await;
        contents[collection].iter().find(|d| d.get_str("name").unwrap() == name).unwrap().clone()
    }
}

fn counts(summary: &Summary, kind: Kind) -> (u64, u64) {
    (summary.of(kind).added, summary.of(kind).unchanged)
}

fn reasons(summary: &Summary) -> Vec<(u64, &str)> {
    summary.rejections.iter().map(|one| (one.line, one.reason.as_str())).collect()
}

/// Every reference stands before what it refers to.
const BACKWARDS: &str = r#"
{"kind":"portfolioUser","portfolio":"p1","email":"pat@example.com","role":"OWNER"}
{"kind":"accountUser","account":"a1","email":"ANA@example.com","role":"OWNER"}
{"kind":"accountUser","account":"a1","email":"ben@example.com","role":"ANALYST","joinedAt":"2024-05-06T07:08:09Z"}
{"kind":"accountUser","account":"a2","email":"ben@example.com","role":"OWNER"}
{"kind":"account","key":"a1","name":"Acme","portfolio":"p1","mfaEnforced":true,"resetAcceptance":"LINK_AND_PASSWORD","resetApproval":"OWNERS_ONLY","resetCoolingOffHours":24}
{"kind":"account","key":"a2","name":"Beta"}
{"kind":"portfolio","key":"p1","name":"Group"}
{"kind":"user","email":"Ana@Example.com","name":"Ana","password":"correct horse","totpSecret":"JBSWY3DPEHPK3PXP","backupCodes":["1234-5678","abcd-efgh-jk"]}
{"kind":"user","email":"ben@example.com","name":"Ben","password":"correct horse"}
{"kind":"user","email":"pat@example.com","name":"Pat","createdAt":"2020-01-01T00:00:00Z"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn import_loads_rows_in_any_order() {
    let place = Place::new("import_order").await;
    let summary = place.import(BACKWARDS).await;
    assert_eq!(reasons(&summary), []);
    assert_eq!(counts(&summary, Kind::User), (3, 0));
    assert_eq!(counts(&summary, Kind::AccountUser), (3, 0));
    assert_eq!((summary.accounts_without_owner, summary.portfolios_without_owner), (0, 0));

    // Secrets: usable, sealed for this user, and one hash for one password.
    let email = EmailKey::parse("ana@example.com").unwrap();
    let ana = place.store.users.find_credentials_by_email(&email).await.unwrap().unwrap();
    assert_eq!(ana.user.email, "Ana@Example.com");
    assert!(Passwords::for_tests().verify("correct horse", ana.password.as_ref()).await);
    let mfa = ana.mfa.unwrap();
    let opened = place.keyring.open(TOTP_PLACE, ana.user.id.uuid().as_bytes(), &mfa.totp).unwrap();
    assert_eq!(TotpSecret::from_bytes(&opened).unwrap().to_base32(), "JBSWY3DPEHPK3PXP");
    let codes = ["12345678", "ABCDEFGHJK"].map(|code| BackupCode::parse(code).unwrap().hash());
    assert_eq!(mfa.backup_codes, codes);
    let ben = place.store.users.find_credentials_by_email(&EmailKey::parse("ben@example.com").unwrap()).await;
    let ben = ben.unwrap().unwrap();
    assert_eq!(
        ben.password.as_ref().map(PasswordHash::as_str),
        ana.password.as_ref().map(PasswordHash::as_str)
    );

    // Memberships: copies, roles, times.
    let portfolio = place.group("portfolios", "Group").await;
    let mut places = place.store.account_members.of_users(&[ben.user.id]).await.unwrap();
    places.sort_by_key(|place| place.role);
    assert_eq!(places.iter().map(|p| p.role).collect::<Vec<_>>(), [AccountRole::Owner, AccountRole::Analyst]);
    assert_eq!(places[0].portfolio_id, None);
    assert_eq!(Bson::from(places[1].portfolio_id.unwrap()), portfolio.get("_id").unwrap().clone());
    assert_eq!(places[1].joined_at.unix_timestamp(), 1_714_979_289);
    let row = place.one("account_members", doc! { "user_id": ana.user.id }).await;
    assert_eq!(row.get_str("name_key").unwrap(), "ana");
    assert_eq!(row.get_str("email_key").unwrap(), "ana@example.com");
    assert!(row.get_bool("mfa_enabled").unwrap());

    // Counts, Owners, policies.
    let account = place.store.accounts.find(places[1].account_id).await.unwrap().unwrap();
    assert_eq!((account.name.as_str(), account.member_count), ("Acme", 2));
    assert_eq!(account.owner_id, Some(ana.user.id));
    assert!(account.mfa_policy.enforced && account.mfa_policy.enforced_since.is_some());
    assert_eq!(account.mfa_policy.reset_acceptance, ResetAcceptance::LinkAndPassword);
    assert_eq!(portfolio.get_i64("member_count").unwrap(), 1);
    assert_eq!(portfolio.get_i64("account_count").unwrap(), 1);
    assert_eq!(portfolio.get("owner_id"), place.user("pat@example.com").await.get("_id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rerun_changes_nothing() {
    let place = Place::new("import_rerun").await;
    place.import(BACKWARDS).await;
    let before = place.contents().await;
    place.clock.advance(std::time::Duration::from_secs(3600));
    let summary = place.import(BACKWARDS).await;
    assert_eq!(summary.rejected, 0);
    for (kind, unchanged) in Kind::ALL.into_iter().zip([1, 2, 3, 3, 1]) {
        assert_eq!(counts(&summary, kind), (0, unchanged), "{kind:?}");
    }
    assert_eq!(place.contents().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rerun_leaves_what_people_changed() {
    let place = Place::new("import_kept").await;
    place.import(BACKWARDS).await;
    let users = place.store.database().collection::<Document>("users");
    let ana = place.user("ana@example.com").await.get("_id").unwrap().clone();
    let change =
        doc! { "$set": { "name": "Ana Maria", "password.hash": "$argon2id$other" }, "$unset": { "mfa": 1 } };
    users.update_one(doc! { "_id": ana.clone() }, change).await.unwrap();
    let members = place.store.database().collection::<Document>("account_members");
    let ben = place.user("ben@example.com").await.get("_id").unwrap().clone();
    let acme = place.group("accounts", "Acme").await.get("_id").unwrap().clone();
    let place_of_ben = doc! { "user_id": ben, "account_id": acme };
    members.update_one(place_of_ben.clone(), doc! { "$set": { "role": "ADMIN" } }).await.unwrap();

    let summary = place.import(BACKWARDS).await;
    assert_eq!(summary.rejected, 0);
    let ana = place.user("ana@example.com").await;
    assert_eq!(ana.get_str("name").unwrap(), "Ana Maria");
    assert_eq!(ana.get_document("password").unwrap().get_str("hash").unwrap(), "$argon2id$other");
    assert!(!ana.contains_key("mfa"));
    assert_eq!(place.one("account_members", place_of_ben).await.get_str("role").unwrap(), "ADMIN");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_came_otherwise_are_kept_and_get_their_memberships() {
    let place = Place::new("import_existing").await;
    place.import("{\"kind\":\"user\",\"email\":\"ana@example.com\",\"name\":\"Ana\"}").await;
    let users = place.store.database().collection::<Document>("users");
    users
        .update_one(doc! { "email_key": "ana@example.com" }, doc! { "$unset": { "imported": 1 } })
        .await
        .unwrap();
    let before = place.user("ana@example.com").await;

    let summary = place.import(BACKWARDS).await;
    assert_eq!(summary.rejected, 0);
    assert_eq!(counts(&summary, Kind::User), (2, 1));
    let after = place.user("ana@example.com").await;
    assert_eq!(after, before);
    let row = place.one("account_members", doc! { "user_id": after.get("_id").unwrap().clone() }).await;
    assert!(!row.get_bool("mfa_enabled").unwrap());
}

const MIXED: &str = r#"{"kind":"user","email":"ana@example.com","name":"Ana","password":"one"}
{"kind":"user","email":"ana@example.com","name":"Ana","password":"one"}
{"kind":"user","email":"Ana@example.com","name":"Anna","password":"one"}
{"kind":"user","email":"ana@example.com","name":"Ana","password":"two"}
{"kind":"user","email":"ben@example.com","name":"Ben"}

not json
{"kind":"team","key":"t1"}
{"kind":"user","email":"nobody","name":"N"}
{"kind":"account","key":"a1","name":"Acme"}
{"kind":"account","key":"a1","name":"Acme"}
{"kind":"account","key":"a1","name":"Other"}
{"kind":"account","key":"a3","name":"Lost","portfolio":"p9"}
{"kind":"accountUser","account":"a1","email":"ana@example.com","role":"OWNER"}
{"kind":"accountUser","account":"a1","email":"ben@example.com","role":"OWNER"}
{"kind":"accountUser","account":"a1","email":"ben@example.com","role":"ADMIN"}
{"kind":"accountUser","account":"a1","email":"ben@example.com","role":"MANAGER"}
{"kind":"accountUser","account":"a9","email":"ben@example.com","role":"ADMIN"}
{"kind":"accountUser","account":"a1","email":"cid@example.com","role":"ADMIN"}
{"kind":"accountUser","account":"a3","email":"ben@example.com","role":"ADMIN"}
{"kind":"portfolioUser","portfolio":"p1","email":"ben@example.com","role":"ADMIN"}
{"kind":"user","email":"dot@example.com","name":"Dot","passwordHash":"$2b$12$x"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_are_told_with_their_lines_and_good_ones_are_loaded() {
    let place = Place::new("import_mixed").await;
    let first = place.import(MIXED).await;
    let expected = [
        (3, "the user of this e-mail was imported with other content"),
        (4, "the user of this e-mail was imported with other content"),
        (7, "malformed JSON: expected ident at column 2"),
        (8, "unknown kind: portfolio, account, user, accountUser and portfolioUser are known"),
        (9, "email: expected an address of the form name@example.com"),
        (12, "the account a1 was imported with other content"),
        (13, "the portfolio p9 does not exist"),
        (15, "the account a1 has an Owner already"),
        (17, "this place in the account a1 was imported with other content"),
        (18, "the account a9 does not exist"),
        (19, "no user has this e-mail"),
        (20, "the account a3 does not exist"),
        (21, "the portfolio p1 does not exist"),
        (22, "passwordHash: not an argon2id hash in PHC format ($argon2id$v=19$m=…,t=…,p=…$salt$hash)"),
    ];
    assert_eq!(reasons(&first), expected);
    assert_eq!(first.rejected, expected.len() as u64);
    assert_eq!(counts(&first, Kind::User), (2, 1));
    assert_eq!(counts(&first, Kind::Account), (1, 1));
    assert_eq!(counts(&first, Kind::AccountUser), (2, 0));
    assert_eq!(place.group("accounts", "Acme").await.get_i64("member_count").unwrap(), 2);

    let before = place.contents().await;
    let again = place.import(MIXED).await;
    assert_eq!(place.contents().await, before);
    // In another run the two passwords cannot be told apart: what is stored may be a newer one.
    let still: Vec<_> = expected.into_iter().filter(|(line, _)| *line != 4).collect();
    assert_eq!(reasons(&again), still);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_stay_right_when_rows_are_appended_and_after_a_killed_import() {
    let place = Place::new("import_append").await;
    place.import(BACKWARDS).await;
    let more = "{\"kind\":\"accountUser\",\"account\":\"a1\",\"email\":\"pat@example.com\",\"role\":\"ADMIN\"}\n\
                {\"kind\":\"account\",\"key\":\"a4\",\"name\":\"Delta\",\"portfolio\":\"p1\"}\n";
    place.import(more).await;
    assert_eq!(place.group("accounts", "Acme").await.get_i64("member_count").unwrap(), 3);
    assert_eq!(place.group("portfolios", "Group").await.get_i64("account_count").unwrap(), 2);

    // Killed after the memberships and before the counts.
    let accounts = place.store.database().collection::<Document>("accounts");
    let acme = doc! { "_id": place.group("accounts", "Acme").await.get("_id").unwrap().clone() };
    let uncounted = doc! { "$set": { "member_count": 0_i64 }, "$unset": { "owner_id": 1 } };
    accounts.update_one(acme, uncounted).await.unwrap();
    place.import(BACKWARDS).await;
    let acme = place.group("accounts", "Acme").await;
    assert_eq!(acme.get_i64("member_count").unwrap(), 3);
    assert_eq!(acme.get("owner_id"), place.user("ana@example.com").await.get("_id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_load_everything_once() {
    let place = Place::new("import_race").await;
    let mut rows = String::from("{\"kind\":\"account\",\"key\":\"a1\",\"name\":\"Acme\"}\n");
    for i in 0..3000 {
        let email = format!("u{i}@example.com");
        rows.push_str(&format!("{{\"kind\":\"user\",\"email\":\"{email}\",\"name\":\"U {i}\"}}\n"));
        let row = format!("\"account\":\"a1\",\"email\":\"{email}\",\"role\":\"ANALYST\"");
        rows.push_str(&format!("{{\"kind\":\"accountUser\",{row}}}\n"));
    }
    let (one, other) = tokio::join!(place.import(&rows), place.import(&rows));
    assert_eq!((one.rejected, other.rejected), (0, 0), "{:?} {:?}", reasons(&one), reasons(&other));
    for (kind, rows) in [(Kind::User, 3000), (Kind::AccountUser, 3000), (Kind::Account, 1)] {
        assert_eq!(one.of(kind).added + other.of(kind).added, rows, "{kind:?}");
        assert_eq!(one.of(kind).unchanged + other.of(kind).unchanged, rows, "{kind:?}");
    }
    let account = place.group("accounts", "Acme").await;
    assert_eq!(account.get_i64("member_count").unwrap(), 3000);
    assert_eq!((one.accounts_without_owner, other.accounts_without_owner), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_other_batches_are_told_apart_in_the_order_of_the_file() {
    let place = Place::new("import_batches").await;
    let mut rows = String::new();
    for i in 0..2500 {
        rows.push_str(&format!("{{\"kind\":\"user\",\"email\":\"u{i}@example.com\",\"name\":\"U {i}\"}}\n"));
        let portfolio = i % 5;
        rows.push_str(&format!("{{\"kind\":\"portfolio\",\"key\":\"p{portfolio}\",\"name\":\"P\"}}\n"));
    }
    rows.push_str("{\"kind\":\"user\",\"email\":\"u0@example.com\",\"name\":\"Else\"}\n");
    let summary = place.import(&rows).await;
    assert_eq!(reasons(&summary), [(5001, "the user of this e-mail was imported with other content")]);
    assert_eq!(counts(&summary, Kind::User), (2500, 0));
    assert_eq!(counts(&summary, Kind::Portfolio), (5, 2495));
}

/// The built binary.
fn latchkey(place: &Place, file: &str, keys: &str, input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    let vars = [
        ("LATCHKEY_MONGODB_URI", place.uri.as_str()),
        ("LATCHKEY_MONGODB_DATABASE", place.database.as_str()),
        ("LATCHKEY_KEYS_FILE", keys),
        ("LATCHKEY_LOG", "off"),
    ];
    command.args(["import", file]).env_clear().envs(vars);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_reads_standard_input_and_ends_with_1_when_a_row_was_rejected() {
    let place = Place::new("import_command").await;
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.toml");
    place.keyring.write_new(&keys).unwrap();
    let keys = keys.to_str().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();

    let output = latchkey(&place, "-", keys, BACKWARDS);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(output.stderr), "");
    let summary = text(output.stdout);
    assert!(summary.contains("user                    3 added          0 unchanged"), "{summary}");
    assert!(summary.ends_with("0 rows rejected\n"), "{summary}");

    let file = folder.path().join("rows.jsonl");
    std::fs::write(&file, format!("{BACKWARDS}{{\"kind\":\"user\"}}\n")).unwrap();
    let output = latchkey(&place, file.to_str().unwrap(), keys, "");
    assert_eq!(output.status.code(), Some(1));
    let (summary, told) = (text(output.stdout), text(output.stderr));
    assert!(summary.contains("user                    0 added          3 unchanged"), "{summary}");
    assert_eq!(told, "line 12: email is missing\nlatchkey: 1 rows were rejected, all others are loaded\n");

    let output = latchkey(&place, "no-such-file", keys, "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(output.stderr).starts_with("latchkey: no-such-file cannot be read: "));
}
