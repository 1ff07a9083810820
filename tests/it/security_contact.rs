//! The security contact of an account: an Admin who was chosen, else the Owner, and never anybody else.

use latchkey::domain::key::EmailKey;
use latchkey::domain::{
    AccountId, AccountMembership, AccountRole, AuditAction, PortfolioRole, Scope, UserId,
};
use latchkey::store::account_members::NewMember;
use mongodb::bson::doc;
use serde_json::{Value, json};

use crate::accounts::{World, close, outcome, remove, role, transfer, whole, world};
use crate::harness::{self, Client, Person, Reply, TestApp};
use crate::main_job;
use crate::portfolios::{add, take_out};

const SET: &str = "mutation($account: ID!, $user: ID) {
  setAccountSecurityContact(input: { accountId: $account, userId: $user }) {
    __typename
    ... on AccountSecurityContactSet { account { securityContact { id } } }
    ... on SetAccountSecurityContactRejected { reason message } } }";

const DECLINE: &str =
    "mutation($token: String!) { declineMfaReset(input: { token: $token }) { __typename } }";

const SUBJECT: &str = "The security contact of an account changed";

pub async fn choose(client: &Client, account: AccountId, user: Option<&Person>) -> Reply {
    let user = user.map(Person::gid);
    client.send(SET, json!({ "account": account.to_string(), "user": user })).await
}

async fn chosen(app: &TestApp, account: AccountId) -> Option<UserId> {
    app.store.accounts.find(account).await.unwrap().unwrap().chosen_contact
}

/// Who got mail with a subject since `seen` mails, in the order of their addresses.
async fn told(app: &TestApp, seen: usize, subject: &str) -> Vec<String> {
    let mails = app.deliver().await;
    let mut told: Vec<_> = mails[seen..]
        .iter()
        .filter(|mail| mail.subject == subject)
        .map(|mail| mail.recipient.clone())
        .collect();
    told.sort_unstable();
    told
}

async fn changes(app: &TestApp, account: AccountId) -> u64 {
    app.audit_count(Scope::Account(account), AuditAction::SecurityContactChanged).await
}

/// The account whose Admin was chosen, with all mail about it delivered.
async fn with_chosen_admin(app: &TestApp) -> (World, Client, usize) {
    let world = world(app).await;
    let client = app.client_of(&world.owner).await;
    let set = choose(&client, world.account, Some(&world.admin)).await;
    assert_eq!(outcome(&set), "AccountSecurityContactSet");
    let seen = app.deliver().await.len();
    (world, client, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_is_chosen_and_both_are_told() {
    harness::run(async |app| {
        let World { account, owner, admin, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let query = "query($a: ID!) { account(id: $a) { securityContact { id } } }";
        let asked = || client.send(query, json!({ "a": account.to_string() }));
        assert_eq!(asked().await.text("/account/securityContact/id"), owner.gid(), "the Owner by default");

        let set = choose(&client, account, Some(&admin)).await;
        assert_eq!(set.text("/setAccountSecurityContact/account/securityContact/id"), admin.gid());
        assert_eq!(asked().await.text("/account/securityContact/id"), admin.gid());
        assert_eq!(told(app, 0, SUBJECT).await, [admin.email.clone(), owner.email.clone()]);
        let mail = app.latest_mail(&admin).await;
        let text = mail.text.replace('\n', " ");
        assert!(
            text.contains(&format!("for the account Acme: Adam ({}). Until now it was Olga", admin.email))
        );
        assert_eq!(changes(app, account).await, 1);

        choose(&client, account, Some(&admin)).await;
        assert_eq!(app.deliver().await.len(), 2, "nothing changed, so nobody is told");
        assert_eq!(changes(app, account).await, 1);

        // The Admin may hand it back; the Owner by name is the same as nobody by name.
        let back = choose(&app.client_of(&admin).await, account, Some(&owner)).await;
        assert_eq!(back.text("/setAccountSecurityContact/account/securityContact/id"), owner.gid());
        assert_eq!(chosen(app, account).await, None);
        assert_eq!(told(app, 2, SUBJECT).await.len(), 2);
        choose(&client, account, Some(&admin)).await;
        choose(&client, account, None).await;
        assert_eq!(chosen(app, account).await, None);
        assert_eq!(changes(app, account).await, 4);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_and_admins_can_be_chosen() {
    harness::run(async |app| {
        let World { account, owner, analyst, .. } = world(app).await;
        let stranger = app.person("Sven").create().await;
        let client = app.client_of(&owner).await;
        assert_eq!(outcome(&choose(&client, account, Some(&analyst)).await), "NOT_OWNER_OR_ADMIN");
        assert_eq!(outcome(&choose(&client, account, Some(&stranger)).await), "NOT_A_MEMBER");
        assert_eq!(chosen(app, account).await, None);
        let refusals = app.audit_count(Scope::Account(account), AuditAction::SecurityContactRefused).await;
        assert_eq!((refusals, changes(app, account).await), (2, 0));
        assert_eq!(
            outcome(&choose(&app.client_of(&analyst).await, account, Some(&owner)).await),
            "FORBIDDEN"
        );
        assert_eq!(
            outcome(&choose(&app.client_of(&stranger).await, account, Some(&owner)).await),
            "NOT_FOUND"
        );
        let wrong =
            client.send(SET, json!({ "account": account.to_string(), "user": account.to_string() })).await;
        assert_eq!(wrong.code(), "BAD_USER_INPUT");
        assert!(app.deliver().await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_reset_is_told_to_the_contact_and_a_declined_one_to_the_owner_as_well() {
    harness::run(async |app| {
        let (World { account, owner, admin, analyst }, _, seen) = with_chosen_admin(app).await;
        let asker = app.person("Ada").with_mfa().in_account(account, AccountRole::Admin).create().await;
        let asker_client = app.client_of(&asker).await;

        main_job::reset(&asker_client, &analyst).await;
        let token = app.reset_token(&analyst).await;
        app.client().send(DECLINE, json!({ "token": token })).await;
        let everybody = [asker.email.clone(), admin.email.clone(), owner.email];
        assert_eq!(told(app, seen, "MFA reset declined").await, everybody);

        // Until then nobody asks again.
        app.advance(std::time::Duration::from_secs(24 * 3600));
        let asker_client = app.client_of(&asker).await;
        main_job::reset(&asker_client, &analyst).await;
        let token = app.reset_token(&analyst).await;
        main_job::accept(&app.client(), &token).await;
        assert_eq!(told(app, seen, "MFA reset accepted").await, [asker.email, admin.email]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portfolio_that_links_the_account_is_told_to_the_contact_and_the_owner() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let (World { account, owner, admin, .. }, _, seen) = with_chosen_admin(app).await;
        let petra = app
            .person("Petra")
            .in_portfolio(portfolio, PortfolioRole::Owner)
            .in_account(account, AccountRole::Admin)
            .create()
            .await;
        let client = app.client_of(&petra).await;
        add(&client, portfolio, account).await;
        let both = [admin.email.clone(), owner.email.clone()];
        assert_eq!(told(app, seen, "An account was added to a portfolio").await, both);
        take_out(&client, portfolio, account).await;
        assert_eq!(told(app, seen, "An account was removed from a portfolio").await, both);
    })
    .await;
}

/// What ends a contact's time, with who is told then.
async fn falls_back(app: &TestApp, world: &World, seen: usize) {
    let World { account, owner, admin, .. } = world;
    assert_eq!(chosen(app, *account).await, None);
    assert_eq!(told(app, seen, SUBJECT).await, [admin.email.clone(), owner.email.clone()]);
    assert_eq!(changes(app, *account).await, 2);
    whole(app, *account).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_who_is_removed_gives_way_to_the_owner() {
    harness::run(async |app| {
        let (world, client, seen) = with_chosen_admin(app).await;
        assert_eq!(outcome(&remove(&client, world.account, &world.admin).await), "UserRemoved");
        falls_back(app, &world, seen).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_who_leaves_gives_way_to_the_owner() {
    harness::run(async |app| {
        let (world, _, seen) = with_chosen_admin(app).await;
        let client = app.client_of(&world.admin).await;
        assert_eq!(outcome(&remove(&client, world.account, &world.admin).await), "UserRemoved");
        falls_back(app, &world, seen).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_who_is_demoted_gives_way_to_the_owner() {
    harness::run(async |app| {
        let (world, client, seen) = with_chosen_admin(app).await;
        assert_eq!(outcome(&role(&client, world.account, &world.admin, "MANAGER").await), "UserRoleChanged");
        falls_back(app, &world, seen).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_whom_a_portfolio_demotes_removes_or_off_boards_gives_way_to_the_owner() {
    for change in ["roleChanges", "removals", "offBoardings"] {
        harness::run(async |app| {
            let (world, _, seen) = with_chosen_admin(app).await;
            let portfolio = app.portfolio("Group").await;
            let set = doc! { "$set": { "portfolio_id": portfolio } };
            app.update("accounts", doc! { "_id": world.account }, set.clone()).await;
            app.update("account_members", doc! { "account_id": world.account }, set).await;
            let petra = app.person("Petra").in_portfolio(portfolio, PortfolioRole::Owner).create().await;
            let (account, user) = (world.account.to_string(), world.admin.gid());
            let input = match change {
                "roleChanges" => {
                    json!({ "changeRole": [{ "accountId": account, "userId": user, "role": "ANALYST" }] })
                }
                "removals" => json!({ "remove": [{ "accountId": account, "userId": user }] }),
                _ => json!({ "removeFromAll": [user] }),
            };
            bulk(&app.client_of(&petra).await, &portfolio.to_string(), input).await;
            falls_back(app, &world, seen).await;
        })
        .await;
    }
}

async fn bulk(client: &Client, portfolio: &str, mut input: Value) {
    input["portfolioId"] = json!(portfolio);
    let query = "mutation($input: UpdatePortfolioUserAccessInput!) { updatePortfolioUserAccess(input: $input) {
        __typename ... on PortfolioUserAccessUpdated { outcomes { accountsChanged rejected { reason } } } } }";
    let done = client.send(query, json!({ "input": input })).await;
    assert_eq!(
        done.data("/updatePortfolioUserAccess/outcomes"),
        &json!([{ "accountsChanged": 1, "rejected": null }])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_who_becomes_owner_is_it_without_being_chosen() {
    harness::run(async |app| {
        let (World { account, owner, admin, .. }, client, seen) = with_chosen_admin(app).await;
        assert_eq!(outcome(&transfer(&client, account, &admin).await), "AccountOwnershipTransferred");
        assert_eq!(chosen(app, account).await, None);
        assert!(told(app, seen, SUBJECT).await.is_empty(), "the contact is the same person");
        // From now on it follows the ownership.
        transfer(&app.client_of(&admin).await, account, &owner).await;
        let stored = app.store.accounts.find(account).await.unwrap().unwrap();
        assert_eq!(stored.security_contact(), Some(owner.id));
        whole(app, account).await;
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_has_no_contact() {
    harness::run(async |app| {
        let (World { account, admin, .. }, client, seen) = with_chosen_admin(app).await;
        close(&client, account, "Acme").await;
        let stored = app.store.accounts.find(account).await.unwrap().unwrap();
        assert_eq!((stored.chosen_contact, stored.security_contact()), (None, None));
        assert!(told(app, seen, "An account was closed").await.contains(&admin.email));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_closed_in_batches_loses_the_contact_with_the_batch_that_the_contact_is_in() {
    harness::run(async |app| {
        let (World { account, owner, admin, .. }, client, seen) = with_chosen_admin(app).await;
        // More than one transaction takes out; Adam sorts before all of them.
        let mut tx = app.store.begin().await.unwrap();
        for number in 0..505 {
            let name = format!("Zed {number}");
            let (user, now) = (UserId::generate(app.now()), app.now());
            let membership = AccountMembership::new(account, user, AccountRole::Support, None, now);
            let email_key = EmailKey::parse(&format!("zed.{number}@example.test")).unwrap();
            let member = NewMember { membership, name: &name, email_key, mfa_enabled: false };
            app.store.account_members.insert(&mut tx, member).await.unwrap();
        }
        app.store.accounts.touch(&mut tx, account, 505).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(outcome(&close(&client, account, "Acme").await), "AccountClosed");
        assert_eq!(changes(app, account).await, 2, "chosen, and dropped");
        assert_eq!(told(app, seen, SUBJECT).await, [admin.email, owner.email]);
        assert_eq!(chosen(app, account).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn choosing_against_removing_and_demoting_never_leaves_a_contact_who_is_no_admin() {
    harness::run(async |app| {
        for round in 0..6 {
            let account = app.account(&format!("Acme {round}")).await;
            let member = |name: &str, role| {
                app.person(&format!("{name} {round}")).with_mfa().in_account(account, role).create()
            };
            let owner = member("Olga", AccountRole::Owner).await;
            let admin = member("Adam", AccountRole::Admin).await;
            let token = app.session_token(&owner).await;
            let (a, b) = (app.client().with_token(&token), app.client().with_token(&token));
            let against = async {
                match round % 3 {
                    0 => remove(&b, account, &admin).await,
                    1 => role(&b, account, &admin, "ANALYST").await,
                    _ => transfer(&b, account, &admin).await,
                }
            };
            let (set, other) = tokio::join!(choose(&a, account, Some(&admin)), against);
            let said = outcome(&set);
            let refused = ["NOT_A_MEMBER", "NOT_OWNER_OR_ADMIN"].contains(&said.as_str());
            assert!(refused || said == "AccountSecurityContactSet", "{said}");
            let gone = ["UserRemoved", "UserRoleChanged", "AccountOwnershipTransferred"];
            assert!(gone.contains(&outcome(&other).as_str()), "{}", outcome(&other));
            assert_eq!(chosen(app, account).await, None);
            whole(app, account).await;
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_choices_at_once_both_are_told_in_turn() {
    harness::run(async |app| {
        let (World { account, owner, admin, .. }, client, _) = with_chosen_admin(app).await;
        let other = app.person("Ada").with_mfa().in_account(account, AccountRole::Admin).create().await;
        let second = app.client_of(&owner).await;
        let (a, b) = tokio::join!(choose(&client, account, Some(&other)), choose(&second, account, None));
        assert_eq!([outcome(&a), outcome(&b)], ["AccountSecurityContactSet", "AccountSecurityContactSet"]);
        let last = chosen(app, account).await;
        assert!(last.is_none() || last == Some(other.id));
        assert_ne!(last, Some(admin.id));
        assert_eq!(changes(app, account).await, 3);
        app.deliver().await;
    })
    .await;
}
