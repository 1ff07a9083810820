//! Webhooks: endpoints that an account has its audit events sent to, and events on their way there. Signatures, headers and
//! what an answer means are those of the Standard Webhooks specification 1.0.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use url::{Host, Url};

use super::public_address::is_public;
use super::{AccountId, AuditAction, AuditEventId, UserId, WebhookDeliveryId, WebhookId};

/// Webhooks that one account has at most.
pub const WEBHOOKS_MAX: u64 = 10;
/// The longest address of a webhook, in characters.
pub const URL_MAX: usize = 2048;
/// How long the secret that was replaced signs beside the new one.
pub const OLD_SECRET_FOR: Duration = Duration::hours(24);
/// How long a webhook may fail without one success; then nothing is sent to it any more.
pub const FAILING_FOR: Duration = Duration::days(5);
/// Pauses before the second and each later attempt: the specification's own schedule, three days in all.
const PAUSES: [Duration; 9] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(14),
    Duration::hours(20),
    Duration::hours(24),
];
/// The longest that a receiver may ask to be left alone for.
const RETRY_AFTER_MAX: Duration = Duration::hours(24);

/// Whether events go to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WebhookState {
    /// They do.
    Enabled,
    /// Somebody switched it off.
    Paused,
    /// It failed for [`FAILING_FOR`].
    Failed,
    /// The receiver answered 410 Gone.
    Gone,
}

impl WebhookState {
    /// The name as stored, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Paused => "PAUSED",
            Self::Failed => "FAILED",
            Self::Gone => "GONE",
        }
    }
}

/// An endpoint that an account has its audit events sent to. Its secret is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The id.
    pub id: WebhookId,
    /// Whose events.
    pub account_id: AccountId,
    /// Where they go.
    pub url: String,
    /// Which events; nothing for all.
    pub actions: Option<Vec<AuditAction>>,
    /// Whether they go there.
    pub state: WebhookState,
    /// Who registered it.
    pub created_by: UserId,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Since when every attempt has failed, if the last one has.
    pub failing_since: Option<OffsetDateTime>,
    /// Until when the secret that was replaced signs as well.
    pub old_secret_until: Option<OffsetDateTime>,
    /// Goes up with each change.
    pub version: i64,
}

impl Webhook {
    /// Whether an event that just happened is sent to it.
    pub fn wants(&self, action: AuditAction, at: OffsetDateTime) -> bool {
        self.state == WebhookState::Enabled && self.created_at <= at && self.is_for(action)
    }

    /// Whether it is for events of this kind.
    pub fn is_for(&self, action: AuditAction) -> bool {
        self.actions.as_ref().is_none_or(|actions| actions.contains(&action))
    }

    /// The receiver's host: what is shown where the whole address, which may hold a token, is not.
    pub fn host(&self) -> String {
        Url::parse(&self.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryState {
    /// It waits for its first or next attempt.
    Queued,
    /// The receiver answered 2xx.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// The name as stored, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Delivered => "DELIVERED",
            Self::Failed => "FAILED",
        }
    }
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryFault {
    /// The receiver answered with a status other than 2xx; redirects are not followed.
    Status,
    /// The host has no address, or nothing answers there.
    Unreachable,
    /// The host has an address that is not public.
    PrivateAddress,
    /// The certificate is not valid for the host, or TLS failed otherwise.
    Tls,
    /// What came back was not HTTP, or broke off.
    Protocol,
    /// It took longer than it may.
    Timeout,
    /// Nothing is sent to the webhook any more, or it is gone.
    Disabled,
    /// The event is not there any more, or the secret cannot be opened.
    Unsendable,
}

impl DeliveryFault {
    /// The name as stored, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "STATUS",
            Self::Unreachable => "UNREACHABLE",
            Self::PrivateAddress => "PRIVATE_ADDRESS",
            Self::Tls => "TLS",
            Self::Protocol => "PROTOCOL",
            Self::Timeout => "TIMEOUT",
            Self::Disabled => "DISABLED",
            Self::Unsendable => "UNSENDABLE",
        }
    }
}

/// An event on its way to a webhook, or a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// The id.
    pub id: WebhookDeliveryId,
    /// To which webhook.
    pub webhook_id: WebhookId,
    /// Which event of the webhook's account, and of which kind; nothing for a test.
    pub event: Option<(AuditEventId, AuditAction)>,
    /// Since when it is to be sent.
    pub created_at: OffsetDateTime,
    /// What became of it.
    pub state: DeliveryState,
    /// Attempts begun since it was last asked for.
    pub attempts: i32,
    /// Not before; while a worker holds it, the end of its lease.
    pub next_at: OffsetDateTime,
    /// When the last attempt ended.
    pub last_attempt_at: Option<OffsetDateTime>,
    /// What the receiver answered then.
    pub last_status: Option<u16>,
    /// Why it failed, if it did.
    pub last_fault: Option<DeliveryFault>,
}

impl WebhookDelivery {
    /// One that is to be sent now.
    pub fn new(
        webhook_id: WebhookId,
        event: Option<(AuditEventId, AuditAction)>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id: WebhookDeliveryId::generate(now),
            webhook_id,
            event,
            created_at: now,
            state: DeliveryState::Queued,
            attempts: 0,
            next_at: now,
            last_attempt_at: None,
            last_status: None,
            last_fault: None,
        }
    }

    /// `webhook-id`: the event's, so that it is the same at each attempt and when it is sent again, and says where the
    /// event stands in the log.
    pub fn message_id(&self) -> String {
        match self.event {
            Some((id, _)) => id.to_string(),
            None => self.id.to_string(),
        }
    }

    /// The `type` of what is sent.
    pub fn message_type(&self) -> String {
        match self.event {
            Some((_, action)) => format!("audit.{}", action.as_str()),
            None => "webhook.TEST".to_owned(),
        }
    }
}

/// What an attempt gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// For how long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Delivered,
    /// Not yet; again at this time.
    Again(DeliveryFault, OffsetDateTime),
    /// No, and it is not tried again.
    GiveUp(DeliveryFault),
    /// The receiver wants nothing any more.
    Gone,
}

/// What follows from attempt number `attempt`, which ended at `now`. `chance` is between 0 and 1 and spreads those that
/// failed together by a fifth to either side.
pub fn verdict(
    attempt: i32,
    answer: Result<Answer, DeliveryFault>,
    now: OffsetDateTime,
    chance: f64,
) -> Verdict {
    let (fault, retry_after) = match answer {
        Ok(Answer { status: 200..=299, .. }) => return Verdict::Delivered,
        Ok(Answer { status: 410, .. }) => return Verdict::Gone,
        Ok(Answer { retry_after, .. }) => (DeliveryFault::Status, retry_after),
        Err(fault @ (DeliveryFault::Disabled | DeliveryFault::Unsendable)) => return Verdict::GiveUp(fault),
        Err(fault) => (fault, None),
    };
    let step = usize::try_from(attempt.max(1) - 1).unwrap_or(usize::MAX);
    match PAUSES.get(step) {
        None => Verdict::GiveUp(fault),
        Some(pause) => {
            let pause = *pause * (0.8 + 0.4 * chance.clamp(0.0, 1.0));
            let asked = retry_after.unwrap_or(Duration::ZERO).clamp(Duration::ZERO, RETRY_AFTER_MAX);
            Verdict::Again(fault, now + pause.max(asked))
        }
    }
}

/// What is wrong with the address of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlFault {
    /// No address with a host, or one with a fragment, or too long.
    Malformed,
    /// Not https.
    NotHttps,
    /// It holds a user name or a password.
    HasCredentials,
    /// A port that is neither 443 nor above 1023.
    Port,
    /// A host that is not on the public internet by its name or number.
    Private,
}

/// The address of a webhook, if it may be one. What its host's name stands for is looked at when it is connected to.
/// `private` lets tests and `dev` send to this machine, without TLS as well.
pub fn checked_url(text: &str, private: bool) -> Result<Url, UrlFault> {
    if text.chars().count() > URL_MAX {
        return Err(UrlFault::Malformed);
    }
    let url = Url::parse(text.trim()).map_err(|_| UrlFault::Malformed)?;
    let host = url.host().ok_or(UrlFault::Malformed)?.to_owned();
    if url.fragment().is_some() {
        return Err(UrlFault::Malformed);
    }
    match url.scheme() {
        "https" => {}
        "http" if private && is_loopback(&host) => {}
        _ => return Err(UrlFault::NotHttps),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlFault::HasCredentials);
    }
    if !private {
        // Ports below are other services' (mail, shells, directories), which must not be talked to in a tenant's words.
        if url.port_or_known_default().is_none_or(|port| port != 443 && port < 1024) {
            return Err(UrlFault::Port);
        }
        if is_private_host(&host) {
            return Err(UrlFault::Private);
        }
    }
    Ok(url)
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn is_private_host(host: &Host) -> bool {
    match host {
        Host::Ipv4(address) => !is_public((*address).into()),
        Host::Ipv6(address) => !is_public((*address).into()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let last = name.rsplit('.').next().unwrap_or_default();
            // Names that only mean something inside a network (RFC 6761, RFC 6762, RFC 8375, ICANN's .internal).
            let local = ["localhost", "local", "internal", "lan", "intranet", "home", "corp", "private"];
            !name.contains('.') || local.contains(&last) || name.ends_with(".home.arpa")
        }
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
