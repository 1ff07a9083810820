//! Mail in the reader's language and time zone: who chose it, and where nobody did.

use latchkey::domain::{AccountRole, AuditAction, Scope};
use serde_json::{Value, json};

use crate::harness::{self, Client, PASSWORD, Person, Reply, TestApp, token_in};
use crate::invitations::invite;
use crate::main_job;

const UPDATE: &str = "mutation($input: UpdateProfileInput!) {
  updateProfile(input: $input) { __typename ... on UpdateProfileRejected { reason } } }";

const ACCEPT: &str = "mutation($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) {
    __typename ... on InvitationAccepted { userCreated } ... on AcceptInvitationRejected { reason } } }";

async fn prefers(client: &Client, locale: &str, time_zone: &str) {
    let reply = client.send(UPDATE, json!({ "input": { "locale": locale, "timeZone": time_zone } })).await;
    assert_eq!(reply.text("/updateProfile/__typename"), "ProfileUpdated");
}

async fn join(client: &Client, token: &str, more: Value) -> Reply {
    let mut input = json!({ "token": token, "name": "Nora New", "password": PASSWORD });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.send(ACCEPT, json!({ "input": input })).await
}

/// The latest mail to an address: subject, language, text.
async fn latest(app: &TestApp, email: &str) -> (String, String, String) {
    let mail = app.deliver().await.into_iter().rfind(|mail| mail.recipient == email).expect("no mail");
    let raw = String::from_utf8(mail.raw.clone()).unwrap();
    let language = raw.split("\r\nContent-Language: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert!(mail.html.contains(&format!("<html lang=\"{language}\">")));
    (mail.subject, language.to_owned(), mail.text)
}

async fn owner_and_analyst(app: &TestApp) -> (latchkey::domain::AccountId, Person, Person) {
    let account = app.account("Acme").await;
    let owner = app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let analyst =
        app.person("Anna Analyst").with_mfa().in_account(account, AccountRole::Analyst).create().await;
    (account, owner, analyst)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_told_to_each_person_in_their_own_language_and_zone() {
    harness::run(async |app| {
        let (account, owner, analyst) = owner_and_analyst(app).await;
        let owner_client = app.client_of(&owner).await;
        prefers(&owner_client, "es-419", "America/Bogota").await;
        prefers(&app.client_of(&analyst).await, "de-AT", "Europe/Vienna").await;

        main_job::reset(&owner_client, &analyst).await;
        let (subject, language, text) = latest(app, &analyst.email).await;
        assert_eq!((subject.as_str(), language.as_str()), ("Anfrage: Ihre MFA zurücksetzen", "de"));
        assert!(text.contains("Guten Tag Anna Analyst!") && text.contains("Gültigkeitsdauer: 12 Stunden"));
        assert!(text.contains("(Europe/Vienna, UTC+"), "{text}");

        let accepted = main_job::accept(&app.client(), &token_in(&text)).await;
        assert_eq!(accepted.text("/acceptMfaReset/__typename"), "MfaResetAccepted");
        let (subject, language, text) = latest(app, &owner.email).await;
        assert_eq!((subject.as_str(), language.as_str()), ("Restablecimiento de MFA aceptado", "es"));
        assert!(text.contains("(America/Bogota, UTC−5)"), "{text}");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::MfaResetAccepted).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_speaks_the_language_of_its_reader_or_else_of_whoever_invites() {
    harness::run(async |app| {
        let (account, owner, _) = owner_and_analyst(app).await;
        let known = app.person("Kim Known").create().await;
        let client = app.client_of(&owner).await;
        prefers(&client, "fr-CA", "America/Toronto").await;
        prefers(&app.client_of(&known).await, "ko-KR", "Asia/Seoul").await;

        invite(&client, account, "nora@example.test", "MANAGER").await;
        let (subject, language, text) = latest(app, "nora@example.test").await;
        assert_eq!((subject.as_str(), language.as_str()), ("Vous avez reçu une invitation", "fr"));
        assert!(text.contains("(America/Toronto, UTC−") && text.contains("7 jours"), "{text}");

        invite(&client, account, &known.email, "MANAGER").await;
        let (subject, language, text) = latest(app, &known.email).await;
        assert_eq!((subject.as_str(), language.as_str()), ("초대를 받으셨습니다", "ko"));
        assert!(text.contains("(Asia/Seoul, UTC+9)"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_by_invitation_says_language_and_zone() {
    harness::run(async |app| {
        let (account, owner, _) = owner_and_analyst(app).await;
        invite(&app.client_of(&owner).await, account, "nora@example.test", "MANAGER").await;
        let (_, language, text) = latest(app, "nora@example.test").await;
        assert_eq!(language, "en", "nobody said anything else");
        let (token, anybody) = (token_in(&text), app.client());

        for (bad, field) in
            [(json!({ "locale": "fr_CA" }), "locale"), (json!({ "timeZone": "Europe/Atlantis" }), "timeZone")]
        {
            let refused = join(&anybody, &token, bad).await;
            assert_eq!(refused.code(), "BAD_USER_INPUT");
            assert!(
                refused.body["errors"][0]["message"].as_str().unwrap().contains(field),
                "{:#}",
                refused.body
            );
        }
        let told = json!({ "locale": "fr-CA", "timeZone": "America/Toronto" });
        let joined = join(&anybody, &token, told.clone()).await;
        assert_eq!(joined.data("/acceptInvitation/userCreated"), &json!(true), "the link was not used up");

        let key = latchkey::domain::key::EmailKey::parse("nora@example.test").unwrap();
        let stored = app.store.users.find_by_email(&key).await.unwrap().unwrap();
        assert_eq!(stored.preferences.locale.as_deref(), Some("fr-CA"));
        assert_eq!(stored.preferences.time_zone.as_deref(), Some("America/Toronto"));
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_there_keeps_language_and_zone_when_joining() {
    harness::run(async |app| {
        let (account, owner, _) = owner_and_analyst(app).await;
        let known = app.person("Kim Known").create().await;
        let client = app.client_of(&known).await;
        prefers(&client, "de", "Europe/Berlin").await;
        invite(&app.client_of(&owner).await, account, &known.email, "MANAGER").await;
        let (_, _, text) = latest(app, &known.email).await;
        let joined = join(&client, &token_in(&text), json!({ "locale": "fr", "timeZone": "UTC" })).await;
        assert_eq!(joined.data("/acceptInvitation/userCreated"), &json!(false));
        let stored = app.store.users.find(known.id).await.unwrap().unwrap();
        assert_eq!(stored.preferences.locale.as_deref(), Some("de"));
        assert_eq!(stored.preferences.time_zone.as_deref(), Some("Europe/Berlin"));
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_up_is_written_to_in_the_language_given() {
    harness::run(async |app| {
        let sign_up = "mutation($locale: String, $zone: String) { signUp(input: { email: \"nora@example.test\",
            password: \"lantern orbit seven moss\", name: \"Nora\", accountName: \"Harbor\", locale: $locale, timeZone: $zone }) {
            __typename ... on SignUpRejected { reason } } }";
        let client = app.client();
        for (locale, zone, field) in [("de_DE", "UTC", "locale"), ("de", "Europe/Atlantis", "timeZone")] {
            let refused = client.send(sign_up, json!({ "locale": locale, "zone": zone })).await;
            assert_eq!(refused.code(), "BAD_USER_INPUT");
            assert!(refused.body["errors"][0]["message"].as_str().unwrap().contains(field), "{:#}", refused.body);
        }
        let done = client.send(sign_up, json!({ "locale": "ko-KR", "zone": "Asia/Seoul" })).await;
        assert_eq!(done.text("/signUp/__typename"), "SignedUp");
        let (subject, language, text) = latest(app, "nora@example.test").await;
        assert_eq!((subject.as_str(), language.as_str()), ("이메일 주소를 확인해 주세요", "ko"));
        assert!(text.starts_with("안녕하세요.\n") && text.contains("(Asia/Seoul, UTC+9)"), "{text}");
    })
    .await;
}
