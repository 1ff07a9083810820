//! People, accounts and portfolios for a test, put into the database directly.

use latchkey::crypto::{BackupCode, BackupCodes, Token, TokenKind, TotpSecret};
use latchkey::domain::key::{EmailKey, name_key};
use latchkey::domain::policy::Held;
use latchkey::domain::{
    Account, AccountId, AccountMembership, AccountRole, CustomRole, MfaPolicy, Permission, Permissions,
    Portfolio, PortfolioId, PortfolioMembership, PortfolioRole, RoleChoice, RoleId, Session, SessionId,
    UserId,
};
use latchkey::store::account_members::NewMember;
use latchkey::store::portfolio_members;
use latchkey::store::users::{MfaSecrets, NewUser, TOTP_PLACE};
use mongodb::bson::{Document, doc};
use serde_json::json;

use super::secrets::secret;
use super::{Client, TestApp};

/// The password of everybody.
pub const PASSWORD: &str = "correct horse battery staple";

/// A person with everything that the person knows.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub totp: Option<TotpSecret>,
    pub backup_codes: Vec<BackupCode>,
}

impl Person {
    /// The id as clients see it.
    pub fn gid(&self) -> String {
        self.id.to_string()
    }
}

/// A person to be.
pub struct PersonBuilder<'a> {
    app: &'a TestApp,
    name: String,
    email: String,
    mfa: bool,
    accounts: Vec<(AccountId, RoleChoice)>,
    portfolios: Vec<(PortfolioId, PortfolioRole)>,
}

impl<'a> PersonBuilder<'a> {
    /// With another address than the name's.
    pub fn email(mut self, email: &str) -> Self {
        email.clone_into(&mut self.email);
        self
    }

    /// With TOTP and backup codes.
    pub fn with_mfa(mut self) -> Self {
        self.mfa = true;
        self
    }

    /// In an account.
    pub fn in_account(mut self, account: AccountId, role: AccountRole) -> Self {
        self.accounts.push((account, RoleChoice::Static(role)));
        self
    }

    /// In an account, with a custom role of it.
    pub fn holding(mut self, account: AccountId, role: RoleId) -> Self {
        self.accounts.push((account, RoleChoice::Custom(role)));
        self
    }

    /// In a portfolio itself.
    pub fn in_portfolio(mut self, portfolio: PortfolioId, role: PortfolioRole) -> Self {
        self.portfolios.push((portfolio, role));
        self
    }

    /// Puts the person into the database.
    pub async fn create(self) -> Person {
        let (app, now) = (self.app, self.app.now());
        let id = UserId::generate(now);
        let totp = self.mfa.then(TotpSecret::generate);
        let backup_codes = if self.mfa { BackupCodes::generate() } else { Vec::new() };
        let mfa = totp.as_ref().map(|secret| MfaSecrets {
            enabled_at: now,
            totp: app.keyring.seal(TOTP_PLACE, id.uuid().as_bytes(), secret.as_bytes()).unwrap(),
            last_step: 0,
            backup_codes: backup_codes.iter().map(BackupCode::hash).collect(),
        });
        let email_key = EmailKey::parse(&self.email).unwrap();
        let user = NewUser {
            id,
            email: self.email.clone(),
            email_key: email_key.clone(),
            name: self.name.clone(),
            created_at: now,
            password: Some(app.passwords.hash(PASSWORD).await.unwrap()),
            mfa,
        };
        secret(PASSWORD);
        totp.iter().for_each(|totp| secret(&totp.to_base32()));
        backup_codes.iter().for_each(|code| secret(code.expose()));
        let store = &app.store;
        let mut tx = store.begin().await.unwrap();
        store.users.insert(&mut tx, user).await.unwrap();
        tx.commit().await.unwrap();
        let person = Person { id, email: self.email, name: self.name, totp, backup_codes };
        for (account, role) in self.accounts {
            let held = match role {
                RoleChoice::Static(role) => Held::of(role),
                RoleChoice::Custom(id) => app.store.account_roles.find(id).await.unwrap().unwrap().held(),
            };
            app.join_account_as(&person, account, held).await;
        }
        for (portfolio, role) in self.portfolios {
            app.join_portfolio(&person, portfolio, role).await;
        }
        person
    }
}

impl TestApp {
    /// A person to be, with an address made of the name.
    pub fn person(&self, name: &str) -> PersonBuilder<'_> {
        let email = format!("{}@example.test", name.to_lowercase().replace(' ', "."));
        let (accounts, portfolios) = (Vec::new(), Vec::new());
        PersonBuilder { app: self, name: name.to_owned(), email, mfa: false, accounts, portfolios }
    }

    /// An account without a portfolio.
    pub async fn account(&self, name: &str) -> AccountId {
        self.account_in(name, None).await
    }

    /// An account that a portfolio links, or not.
    pub async fn account_in(&self, name: &str, portfolio_id: Option<PortfolioId>) -> AccountId {
        let now = self.now();
        let account = Account {
            id: AccountId::generate(now),
            name: name.to_owned(),
            name_key: name_key(name),
            created_at: now,
            portfolio_id,
            mfa_policy: MfaPolicy::default(),
            member_count: 0,
            owner_id: None,
            chosen_contact: None,
        };
        let mut tx = self.store.begin().await.unwrap();
        self.store.accounts.insert(&mut tx, &account).await.unwrap();
        tx.commit().await.unwrap();
        if let Some(portfolio) = portfolio_id {
            self.update("portfolios", doc! { "_id": portfolio }, doc! { "$inc": { "account_count": 1 } })
                .await;
        }
        account.id
    }

    /// A portfolio.
    pub async fn portfolio(&self, name: &str) -> PortfolioId {
        let now = self.now();
        let portfolio = Portfolio {
            id: PortfolioId::generate(now),
            name: name.to_owned(),
            created_at: now,
            mfa_policy: MfaPolicy::default(),
            member_count: 0,
            account_count: 0,
            owner_id: None,
        };
        let mut tx = self.store.begin().await.unwrap();
        self.store.portfolios.insert(&mut tx, &portfolio).await.unwrap();
        tx.commit().await.unwrap();
        portfolio.id
    }

    /// Changes documents behind the gateway's back.
    pub async fn update(&self, collection: &str, filter: Document, update: Document) {
        self.store.database().collection::<Document>(collection).update_many(filter, update).await.unwrap();
    }

    /// Makes a policy of an account or portfolio: `fields` below `mfa_policy`.
    pub async fn enforce_mfa(&self, account: AccountId) {
        let set = doc! { "$set": { "mfa_policy.enforced": true } };
        self.update("accounts", doc! { "_id": account }, set).await;
    }

    /// Puts a person into an account.
    pub async fn join_account(&self, person: &Person, account: AccountId, role: AccountRole) {
        self.join_account_as(person, account, Held::of(role)).await;
    }

    /// Defines a custom role, whatever it holds.
    pub async fn custom_role(
        &self,
        account: AccountId,
        name: &str,
        base: AccountRole,
        permissions: &[Permission],
    ) -> RoleId {
        let role = CustomRole {
            id: RoleId::generate(self.now()),
            account_id: account,
            name: name.to_owned(),
            base,
            permissions: Permissions::of(permissions),
            version: 1,
            created_at: self.now(),
        };
        let mut tx = self.store.begin().await.unwrap();
        self.store.account_roles.insert(&mut tx, &role).await.unwrap();
        tx.commit().await.unwrap();
        role.id
    }

    async fn join_account_as(&self, person: &Person, account: AccountId, held: Held) {
        let role = held.role;
        let found = self.store.accounts.find(account).await.unwrap().unwrap();
        let membership =
            AccountMembership::new(account, person.id, role, found.portfolio_id, self.now()).holding(held);
        let member = NewMember {
            membership,
            name: &person.name,
            email_key: EmailKey::parse(&person.email).unwrap(),
            mfa_enabled: person.totp.is_some(),
        };
        let mut tx = self.store.begin().await.unwrap();
        self.store.account_members.insert(&mut tx, member).await.unwrap();
        tx.commit().await.unwrap();
        let mut update = doc! { "$inc": { "member_count": 1 } };
        if role == AccountRole::Owner {
            update.insert("$set", doc! { "owner_id": person.id });
        }
        self.update("accounts", doc! { "_id": account }, update).await;
    }

    /// Puts a person into a portfolio itself.
    pub async fn join_portfolio(&self, person: &Person, portfolio: PortfolioId, role: PortfolioRole) {
        let membership =
            PortfolioMembership { portfolio_id: portfolio, user_id: person.id, role, joined_at: self.now() };
        let member = portfolio_members::NewMember {
            membership,
            name: &person.name,
            email_key: EmailKey::parse(&person.email).unwrap(),
            mfa_enabled: person.totp.is_some(),
        };
        let mut tx = self.store.begin().await.unwrap();
        self.store.portfolio_members.insert(&mut tx, member).await.unwrap();
        tx.commit().await.unwrap();
        let mut update = doc! { "$inc": { "member_count": 1 } };
        if role == PortfolioRole::Owner {
            update.insert("$set", doc! { "owner_id": person.id });
        }
        self.update("portfolios", doc! { "_id": portfolio }, update).await;
    }

    /// Changes or takes away a person's role in an account.
    pub async fn set_account_role(&self, person: &Person, account: AccountId, role: Option<AccountRole>) {
        let members = self.store.database().collection::<Document>("account_members");
        let filter = doc! { "account_id": account, "user_id": person.id };
        match role {
            Some(role) => {
                members.update_one(filter, doc! { "$set": { "role": role.as_str() } }).await.unwrap();
            }
            None => {
                members.delete_one(filter).await.unwrap();
            }
        }
    }

    /// A token of a session that began without a log-in.
    pub async fn session_token(&self, person: &Person) -> String {
        let now = self.now();
        let token = Token::generate(TokenKind::Session);
        let session = Session {
            id: SessionId::generate(now),
            user_id: person.id,
            created_at: now,
            last_used_at: now,
            expires_at: now + time::Duration::days(30),
            mfa_at: person.totp.as_ref().map(|_| now),
            password_at: now,
            ip: None,
            user_agent: None,
        };
        let mut tx = self.store.begin().await.unwrap();
        let idle_until = now + time::Duration::days(7);
        self.store.sessions.insert(&mut tx, token.hash(), &session, idle_until).await.unwrap();
        tx.commit().await.unwrap();
        secret(token.expose());
        token.expose().to_owned()
    }

    /// Lets everybody have proved a moment ago who they are, in every session, as a code or a password would.
    pub async fn freshen(&self) {
        let now =
            mongodb::bson::DateTime::from_millis((self.now().unix_timestamp_nanos() / 1_000_000) as i64);
        // All of them, by an index.
        let all = doc! { "user_id": { "$gt": mongodb::bson::Bson::MinKey } };
        self.update("sessions", all.clone(), doc! { "$set": { "password_at": now } }).await;
        let proven = doc! { "user_id": all.get("user_id"), "mfa_at": { "$exists": true } };
        self.update("sessions", proven, doc! { "$set": { "mfa_at": now } }).await;
    }

    /// A client with a session that began without a log-in.
    pub async fn client_of(&self, person: &Person) -> Client {
        self.client().with_token(&self.session_token(person).await)
    }

    /// The current code of a person's authenticator app.
    pub fn totp_code(&self, person: &Person) -> String {
        person.totp.as_ref().expect("no MFA").code_at(self.now())
    }

    /// Logs a person in over HTTP, with the second factor where there is one; gives the session token.
    pub async fn log_in(&self, person: &Person) -> String {
        let client = self.client();
        let reply = client
            .send(
                "mutation($email: String!, $password: String!) { logIn(input: { email: $email, password: $password }) {
                   __typename ... on LoggedIn { sessionToken } ... on MfaChallenge { challengeToken } } }",
                json!({ "email": person.email, "password": PASSWORD }),
            )
            .await;
        if reply.text("/logIn/__typename") == "LoggedIn" {
            return reply.text("/logIn/sessionToken").to_owned();
        }
        let answer = client
            .send(
                "mutation($token: String!, $code: String!) { answerMfaChallenge(input: { challengeToken: $token, code: $code }) {
                   __typename ... on LoggedIn { sessionToken } } }",
                json!({ "token": reply.text("/logIn/challengeToken"), "code": self.totp_code(person) }),
            )
            .await;
        answer.text("/answerMfaChallenge/sessionToken").to_owned()
    }
}
