//! Nothing takes a second factor away without mail and without an entry in the audit log: not a mutation, not a command.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use latchkey::command::Cli;
use latchkey::domain::{AccountRole, AuditAction, Scope};
use serde_json::json;

use crate::harness::{self, TestApp};
use crate::main_job::{accept, reset, said};

/// Whoever is called by one of these could take a factor away: each is looked at, and says why it does not, or what it tells.
const MUTATIONS: [(&str, &str); 13] = [
    (
        "acceptMfaReset",
        "takes it away; MfaResetAccepted by mail to the person and the people responsible, and in the log",
    ),
    ("disableMfa", "takes one's own away, against a code; MfaDisabled by mail and in the log"),
    ("cancelMfaReset", "closes a request; MFA stays on"),
    ("declineMfaReset", "closes a request; MFA stays on"),
    ("resetUserMfa", "asks; MFA stays on until the person accepts"),
    ("approveMfaReset", "lets a request be sent; MFA stays on until the person accepts"),
    ("liftMfaResetFreeze", "lets others ask again; MFA stays on"),
    ("answerMfaChallenge", "proves a factor; it stays"),
    ("setRecoveryContacts", "names who may confirm; MFA stays on"),
    ("cancelRecoveryContactsChange", "takes that back; MFA stays on"),
    ("requestRecovery", "asks the contacts, and tells the Owner; MFA stays on"),
    (
        "confirmRecovery",
        "lets a reset be asked for, which is mailed to the Owner and in the log; MFA stays on until the Owner accepts",
    ),
    ("stopRecovery", "closes a request; MFA stays on"),
];

/// Every command, and why it takes no factor away. A new one fails the test until somebody has looked.
const COMMANDS: [(&str, &str); 18] = [
    ("serve", "the gateway"),
    ("dev", "the gateway, on a database of its own with demo people"),
    ("schema", "prints"),
    ("migrate", "collections, validators and indexes"),
    ("import", "adds people, whose factors are sealed as given; whoever is known already stays as they are"),
    ("doctor", "reads"),
    ("bootstrap", "adds the first account and Owner, to an empty database only"),
    ("keys", "see below"),
    ("keys init", "writes a new file"),
    ("keys add", "writes the file"),
    ("keys rotate", "writes the file"),
    ("keys retire", "writes the file; never a key that something is sealed with"),
    ("keys status", "reads"),
    ("keys reseal", "seals anew; nothing is taken away"),
    ("audit export", "reads"),
    ("audit verify", "reads"),
    ("user export", "reads"),
    (
        "user erase",
        "takes the whole person away, and says so in the log: nobody can log in as them afterwards, with a factor or without",
    ),
];

/// Where the store's ways to take a factor away are called. What is called there tells and writes it down.
const CALLERS: [&str; 2] = ["src/service/disable_mfa.rs", "src/service/reset_effect.rs"];

#[tokio::test(flavor = "multi_thread")]
async fn no_mutation_takes_a_factor_away_but_those_that_tell() {
    harness::run(async |app| {
        let reply = app
            .client()
            .ask("{ __schema { mutationType { fields { name description args { type { ofType { name } } } } } } }")
            .await;
        let known: BTreeMap<_, _> = MUTATIONS.into_iter().collect();
        let words = ["mfa", "factor", "totp", "backup", "2fa", "recover"];
        // What sets a factor up or renews codes leaves one behind.
        let leave_one = ["beginTotpEnrollment", "confirmTotpEnrollment", "regenerateBackupCodes"];
        let policies = ["setAccountMfaPolicy", "setPortfolioMfaPolicy"];
        let mut found = BTreeSet::new();
        for field in reply.data("/__schema/mutationType/fields").as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            let about = name.to_lowercase();
            let says = field["description"].as_str().unwrap().to_lowercase();
            if words.iter().any(|word| about.contains(word)) || says.contains("turns mfa off") {
                found.insert(name.to_owned());
            }
        }
        let listed: BTreeSet<String> =
            known.keys().chain(&leave_one).chain(&policies).map(|name| (*name).to_owned()).collect();
        assert_eq!(found, listed, "look at it, and say in MUTATIONS what it tells");
    })
    .await;
}

fn tree(command: &clap::Command, above: &str, found: &mut BTreeSet<String>) {
    for below in command.get_subcommands() {
        let name = format!("{above} {}", below.get_name()).trim().to_owned();
        tree(below, &name, found);
        found.insert(name);
    }
}

#[test]
fn no_command_takes_a_factor_away() {
    let mut found = BTreeSet::new();
    tree(&Cli::command(), "", &mut found);
    let mut known: BTreeSet<String> = COMMANDS.iter().map(|(name, _)| (*name).to_owned()).collect();
    known.extend(["audit", "user", "mongod"].map(str::to_owned));
    assert_eq!(found, known, "look at it, and say in COMMANDS why it takes no factor away");
    for word in ["mfa", "reset", "disable", "factor"] {
        assert!(!found.iter().any(|name| name.contains(word)), "a command about {word}");
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

/// The documents are changed where the store says so and nowhere else, and that is called by two use cases.
#[test]
fn the_store_takes_a_factor_away_for_two_use_cases_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let (mut callers, mut writers) = (BTreeSet::new(), BTreeSet::new());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        if text.contains(".unset_mfa(") || text.contains(".reset_mfa(") {
            callers.insert(file.clone());
        }
        if text.contains("\"$unset\": { \"mfa\"") || text.contains("\"mfa\": null") {
            writers.insert(file);
        }
    }
    assert_eq!(callers, CALLERS.map(str::to_owned).into_iter().collect(), "who takes factors away");
    assert_eq!(writers, BTreeSet::from(["src/store/users/factor.rs".to_owned()]), "who unsets `mfa`");
}

async fn told(app: &TestApp, person: &harness::Person, subject: &str) -> bool {
    app.deliver().await;
    app.mails_to(person).iter().any(|mail| mail.subject == subject)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_takes_a_factor_away_is_mailed_and_written_down() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let anna = app.person("Anna").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let mia = app.person("Mia").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let written = async |action| app.audit_count(Scope::Account(account), action).await;

        reset(&app.client_of(&owner).await, &anna).await;
        assert!(
            app.store.users.find(anna.id).await.unwrap().unwrap().mfa.is_some(),
            "asking changes nothing"
        );
        let token = app.reset_token(&anna).await;
        assert_eq!(said(&accept(&app.client(), &token).await, "acceptMfaReset"), "MfaResetAccepted");
        assert!(app.store.users.find(anna.id).await.unwrap().unwrap().mfa.is_none());
        assert!(
            told(app, &anna, "Your MFA was turned off").await
                && told(app, &owner, "MFA reset accepted").await
        );
        assert_eq!(written(AuditAction::MfaResetAccepted).await, 1);

        let disable = "mutation($code: String!) { disableMfa(input: { code: $code }) { __typename } }";
        let variables = json!({ "code": app.totp_code(&mia) });
        let off = app.client_of(&mia).await.send(disable, variables).await;
        assert_eq!(said(&off, "disableMfa"), "MfaDisabled");
        assert!(app.store.users.find(mia.id).await.unwrap().unwrap().mfa.is_none());
        assert!(told(app, &mia, "Your MFA was turned off").await);
        assert_eq!(written(AuditAction::MfaDisabled).await, 1);
    })
    .await;
}
