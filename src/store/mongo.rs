//! The client, and the collections that hang on it.

use std::time::Duration;

use mongodb::options::{Acknowledgment, ClientOptions, ReadConcern, WriteConcern};
use mongodb::otel::OpentelemetryOptions;
use mongodb::{Client, Database};

use super::StoreError;
use super::account_members::AccountMembers;
use super::account_roles::AccountRoles;
use super::accounts::Accounts;
use super::audit_chain::AuditChain;
use super::audit_events::AuditEvents;
use super::deadline::max_time;
use super::device_challenges::DeviceChallenges;
use super::devices::Devices;
use super::invitations::Invitations;
use super::leases::Leases;
use super::mail_links::MailLinks;
use super::measured;
use super::mfa_coverage::MfaCoverage;
use super::mfa_resets::MfaResets;
use super::outbox::Outbox;
use super::portfolio_members::PortfolioMembers;
use super::portfolios::Portfolios;
use super::recoveries::Recoveries;
use super::recovery_contacts::RecoveryContactsStore;
use super::sessions::Sessions;
use super::signing_keys::SigningKeys;
use super::throttles::Throttles;
use super::tickets::Tickets;
use super::users::Users;
use super::webhook_deliveries::WebhookDeliveries;
use super::webhooks::Webhooks;

/// How to reach MongoDB.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// A `mongodb://` or `mongodb+srv://` address of a replica set or a sharded cluster.
    pub uri: String,
    /// The database's name.
    pub database: String,
    /// Most connections that this process opens.
    pub max_pool: u32,
    /// Whether connections and commands are measured.
    pub measured: bool,
    /// Whether commands are spans of the trace that they are sent for.
    pub traced: bool,
}

/// MongoDB, as the rest of the gateway sees it. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(super) client: Client,
    pub(super) db: Database,
    /// People.
    pub users: Users,
    /// Accounts.
    pub accounts: Accounts,
    /// Portfolios.
    pub portfolios: Portfolios,
    /// Who is in which account.
    pub account_members: AccountMembers,
    /// The roles that accounts have defined.
    pub account_roles: AccountRoles,
    /// Who is in which portfolio.
    pub portfolio_members: PortfolioMembers,
    /// Live log-ins.
    pub sessions: Sessions,
    /// Sealed keys that sign access tokens.
    pub signing_keys: SigningKeys,
    /// Short-lived one-time tokens other than resets.
    pub tickets: Tickets,
    /// Log-ins that wait for a mailed code.
    pub device_challenges: DeviceChallenges,
    /// Browsers that people have logged in from.
    pub devices: Devices,
    /// One-time links that travel by mail.
    pub mail_links: MailLinks,
    /// How many people had MFA, by day.
    pub mfa_coverage: MfaCoverage,
    /// Requests to reset MFA.
    pub mfa_resets: MfaResets,
    /// Owners who are locked out ask their recovery contacts.
    pub recoveries: Recoveries,
    /// The recovery contacts of accounts.
    pub recovery_contacts: RecoveryContactsStore,
    /// Invitations to accounts and portfolios.
    pub invitations: Invitations,
    /// Mail to send.
    pub outbox: Outbox,
    /// What happened.
    pub audit_events: AuditEvents,
    /// The hash chains that make changes of what happened show.
    pub audit_chain: AuditChain,
    /// Counters of attempts.
    pub throttles: Throttles,
    /// Work that one replica at a time does.
    pub leases: Leases,
    /// Endpoints that accounts have their audit events sent to.
    pub webhooks: Webhooks,
    /// Audit events on their way to them.
    pub webhook_deliveries: WebhookDeliveries,
}

impl Store {
    /// Prepares a client. Connections are opened when they are needed, so this succeeds while MongoDB is away.
    pub async fn connect(options: &StoreOptions) -> Result<Self, StoreError> {
        let mut client_options = ClientOptions::parse(&options.uri).await?;
        client_options.app_name.get_or_insert_with(|| "latchkey".to_owned());
        client_options.server_selection_timeout.get_or_insert(Duration::from_secs(5));
        client_options.connect_timeout.get_or_insert(Duration::from_secs(5));
        client_options.max_pool_size.get_or_insert(options.max_pool);
        client_options.min_pool_size.get_or_insert(4.min(options.max_pool));
        client_options.retry_reads = Some(true);
        client_options.retry_writes = Some(true);
        // What was acknowledged must survive the loss of any one node, and what decides something must have been.
        client_options.write_concern = Some(
            WriteConcern::builder()
                .w(Acknowledgment::Majority)
                .journal(true)
                .w_timeout(Duration::from_secs(10))
                .build(),
        );
        client_options.read_concern = Some(ReadConcern::majority());
        if options.measured {
            let size = client_options.max_pool_size.unwrap_or(options.max_pool);
            client_options.cmap_event_handler = Some(measured::pool(size));
        }
        // Said either way: else the driver asks variables of its own, one of which puts whole commands, with the
        // addresses and hashes in them, into spans.
        client_options.tracing = Some(
            OpentelemetryOptions::builder().enabled(options.traced).query_text_max_length(0_usize).build(),
        );
        let client = Client::with_options(client_options)?;
        let db = client.database(&options.database);
        Ok(Self {
            users: Users::new(&db),
            device_challenges: DeviceChallenges::new(&db),
            devices: Devices::new(&db),
            accounts: Accounts::new(&db),
            portfolios: Portfolios::new(&db),
            account_members: AccountMembers::new(&db),
            account_roles: AccountRoles::new(&db),
            portfolio_members: PortfolioMembers::new(&db),
            sessions: Sessions::new(&db),
            signing_keys: SigningKeys::new(&db),
            tickets: Tickets::new(&db),
            mail_links: MailLinks::new(&db),
            mfa_coverage: MfaCoverage::new(&db),
            mfa_resets: MfaResets::new(&db),
            recoveries: Recoveries::new(&db),
            recovery_contacts: RecoveryContactsStore::new(&db),
            invitations: Invitations::new(&db),
            outbox: Outbox::new(&db),
            audit_events: AuditEvents::new(&db),
            audit_chain: AuditChain::new(&db),
            throttles: Throttles::new(&db),
            leases: Leases::new(&db),
            webhooks: Webhooks::new(&db),
            webhook_deliveries: WebhookDeliveries::new(&db),
            client,
            db,
        })
    }

    /// Whether the primary answers now.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let most = i64::try_from(max_time().as_millis()).unwrap_or(i64::MAX);
        self.db.run_command(bson::doc! { "ping": 1, "maxTimeMS": most }).await?;
        Ok(())
    }

    /// The database itself, for commands that inspect or provision it (`import`, `dev`, tests).
    pub fn database(&self) -> &Database {
        &self.db
    }

    /// Closes every connection.
    pub async fn close(self) {
        self.client.shutdown().await;
    }
}
