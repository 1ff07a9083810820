//! Use cases, one file each: load, authorise, decide, one transaction (state, audit, mail), answer.
//!
//! A service knows nothing of GraphQL or HTTP. What a user can cause and a screen must show is part of an outcome;
//! signed out, not allowed, malformed and broken are an [`Error`].

pub mod accept_invitation;
pub mod accept_mfa_reset;
pub mod access_token;
pub mod answer_mfa_challenge;
pub mod approve_mfa_reset;
pub mod audit;
pub mod audit_chain;
pub mod audit_check;
pub mod audit_seal;
pub mod authenticate;
pub mod authorize;
pub mod backup_codes;
pub mod bootstrap;
pub mod cancel_mfa_reset;
pub mod change_password;
pub mod change_portfolio_user_role;
pub mod change_user_role;
pub mod close_account;
pub mod close_portfolio;
pub mod confirm_recovery;
pub mod create_account;
pub mod create_custom_role;
pub mod create_portfolio;
pub mod create_webhook;
pub mod decline_mfa_reset;
pub mod delete_custom_role;
pub mod delete_webhook;
pub mod directory;
pub mod disable_mfa;
pub mod enroll_totp;
pub mod error;
pub mod file_reset;
pub mod gateway;
pub mod give_role;
pub mod invitations;
pub mod invite_portfolio_user;
pub mod invite_user;
pub mod key_inspection;
pub mod key_rotation;
pub mod lift_mfa_reset_freeze;
pub mod link_account;
pub mod log_in;
pub mod log_out;
pub mod mail_link;
pub mod measure;
pub mod mfa_coverage;
pub mod mfa_policy;
pub mod mfa_reset_preview;
pub mod mfa_reset_watch;
pub mod new_device;
pub mod own_factor;
pub mod owners;
pub mod personal_data;
pub mod record_mfa_coverage;
pub mod recovery_preview;
pub mod remove_portfolio_user;
pub mod remove_user;
pub mod replay_webhook_deliveries;
pub mod request_recovery;
pub mod reset_effect;
mod reset_limits;
pub mod reset_password;
pub mod reset_user_mfa;
pub mod rotate_webhook_secret;
pub mod send_test_webhook;
pub mod sessions;
pub mod set_recovery_contacts;
pub mod set_security_contact;
pub mod sign_up;
pub mod signing_keys;
pub mod step_up;
pub mod stop_recovery;
pub mod throttle;
pub mod transfer_account_ownership;
pub mod transfer_portfolio_ownership;
pub mod update_custom_role;
pub mod update_portfolio_user_access;
pub mod update_profile;
pub mod update_webhook;
pub mod verify_code;
pub mod verify_email;
mod webhook_fan_out;

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::crypto::{Keyring, Passwords};
use crate::domain::presence::admit;
use crate::domain::{Action, Actor, Denial, RequestMeta, SignedIn};
use crate::store::Store;

/// Until when a request may work.
pub use crate::store::deadline;
pub use error::Error;

/// Lengths and names that the use cases need from the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a reset waits for the person; 12 hours unless configured.
    pub mfa_reset_ttl: Duration,
    /// How long a session lasts unused.
    pub session_idle: Duration,
    /// How long a session lasts at most.
    pub session_max: Duration,
    /// Whether anybody may sign up.
    pub sign_up: bool,
    /// Whether the first log-in from an unknown browser asks for a mailed code.
    pub new_device_code: bool,
    /// How long a password cannot be set anew by mail after a reset of the person's MFA was asked for.
    pub password_reset_hold: Duration,
    /// How long a reset of somebody's MFA cannot be asked for after their address or password changed.
    pub mfa_reset_hold: Duration,
    /// How old the proof may be that opens ways into other people's accounts.
    pub step_up_age: Duration,
    /// How long somebody whose MFA was reset is held from that.
    pub post_reset_hold: Duration,
    /// How long nobody can ask to reset a person's MFA after "this wasn't me".
    pub disavow_freeze: Duration,
    /// Resets that one person may ask for in an hour.
    pub reset_burst: i64,
    /// Whether webhooks may go to this machine, as in tests.
    pub webhook_private: bool,
    /// What authenticator apps show beside the address.
    pub service_name: String,
    /// Who signs access tokens: the gateway's public origin.
    pub issuer: String,
}

/// Who is asking, and from where. Handed to every use case.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub meta: RequestMeta,
}

impl Caller {
    /// The signed-in person, or the denial that a signed-out caller gets, or one whose session lacks a second factor
    /// that is demanded.
    pub fn signed_in(&self) -> Result<&Arc<SignedIn>, Error> {
        Ok(self.admitted(Action::UseOwnAccount)?)
    }

    /// The person, if the session may be used for the action at all.
    pub fn admitted(&self, action: Action) -> Result<&Arc<SignedIn>, Denial> {
        admit(self.actor.presence(), action).ok()?;
        self.actor.present().ok_or(Denial::SignedOut)
    }
}

/// What every use case works with.
pub struct Tools {
    /// MongoDB.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Opens and seals TOTP secrets.
    pub keyring: Arc<Keyring>,
    /// Hashes and checks passwords, a bounded number at a time.
    pub passwords: Passwords,
    /// From the configuration.
    pub settings: Settings,
    /// Wakes the mail workers of this process after a commit.
    pub mail_waker: Arc<Notify>,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    tools: Arc<Tools>,
    resets: mfa_reset_watch::ResetWatch,
    signing: Arc<signing_keys::KeySetCache>,
    coverage: Arc<mfa_coverage::RecentCounts>,
}

impl Services {
    /// Puts the use cases together.
    pub fn new(tools: Tools) -> Self {
        let tools = Arc::new(tools);
        Self {
            resets: mfa_reset_watch::ResetWatch::new(&tools),
            signing: Arc::default(),
            coverage: Arc::default(),
            tools,
        }
    }

    fn store(&self) -> &Store {
        &self.tools.store
    }

    fn now(&self) -> OffsetDateTime {
        self.tools.clock.now()
    }

    fn wake_mail(&self) {
        self.tools.mail_waker.notify_one();
    }

    /// The time, for what is shown rather than decided.
    pub fn clock_now(&self) -> OffsetDateTime {
        self.now()
    }

    /// Changes of resets as they happen.
    pub fn reset_watch(&self) -> &mfa_reset_watch::ResetWatch {
        &self.resets
    }

    /// Whether MongoDB answers and has this version's layout.
    pub async fn ready(&self) -> Result<(), Error> {
        self.store().ping().await?;
        match self.store().schema_version().await? {
            Some(version) if version >= crate::store::migration::SCHEMA_VERSION => Ok(()),
            _ => Err(Error::NotMigrated),
        }
    }
}
