//! Environment and an optional TOML file in, one typed [`Config`] out. All mistakes are reported at once,
//! each naming its key. Nothing else reads the environment, and no secret is ever part of a message.

#[cfg(any(test, fuzzing))]
pub(crate) mod bad_input;
mod keys;
mod otlp;
mod reader;
mod security_txt;
mod values;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use lettre::message::Mailbox;
use secrecy::SecretString;

use self::{
    keys::key,
    reader::{Reader, Sources},
};
pub use self::{
    keys::{KEYS, Key},
    otlp::Otlp,
    reader::{ConfigError, Mistake},
    security_txt::SecurityTxt,
    values::{LogFormat, PublicUrl, Smtp, SmtpSecurity},
};

/// What the configuration is for: each command demands the keys it needs and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The gateway: everything.
    Serve,
    /// The gateway beside an embedded mongod, on loopback, with captured mail: nothing is demanded.
    Dev,
    /// Only the database.
    Migrate,
    /// The database, and the keys that seal TOTP secrets.
    Import,
    /// Only the database.
    Bootstrap,
    /// Reading the audit log: only the database.
    AuditExport,
    /// Checking the audit log: the database, and the keys that authenticate its chains.
    AuditVerify,
}

/// The whole configuration of the gateway.
#[derive(Clone, Debug)]
pub struct Config {
    /// Empty only in `dev`, until the embedded mongod has started.
    pub mongodb_uri: SecretString,
    pub mongodb_database: String,
    /// Most connections of this process to each member of the replica set.
    pub mongodb_pool: u32,
    pub listen: SocketAddr,
    pub public_url: PublicUrl,
    /// Absent only where no SMTP server is configured and none is demanded (`dev` captures mail in memory).
    pub smtp: Option<Smtp>,
    pub mail_from: Mailbox,
    /// Present for `serve`, `import` and `audit verify`.
    pub keys_file: Option<PathBuf>,
    /// How mail and authenticator apps call this service.
    pub service_name: String,
    pub mfa_reset_ttl: Duration,
    /// Whether anybody may sign up.
    pub sign_up: bool,
    /// Whether the first log-in from an unknown browser asks for a mailed code.
    pub new_device_code: bool,
    /// How long a password reset is held after an MFA reset was asked for.
    pub password_reset_hold: Duration,
    /// How long an MFA reset is held after an address or a password changed.
    pub mfa_reset_hold: Duration,
    /// How old the proof may be that resets, policies and transfers ask for.
    pub step_up_age: Duration,
    /// How long somebody whose MFA was reset is held from those.
    pub post_reset_hold: Duration,
    /// How long nobody can ask to reset a person's MFA after "this wasn't me".
    pub disavow_freeze: Duration,
    /// MFA resets that one person may ask for in an hour.
    pub reset_burst: u32,
    pub session_idle: Duration,
    pub session_max: Duration,
    pub playground: bool,
    pub introspection: bool,
    /// Manifests of trusted documents, and folders of them.
    pub trusted_documents: Vec<PathBuf>,
    /// Whether nothing else is executed.
    pub trusted_documents_only: bool,
    pub request_deadline: Duration,
    pub metrics_listen: Option<SocketAddr>,
    /// Where traces go; nowhere when absent.
    pub otlp: Option<Otlp>,
    pub trusted_proxies: Vec<IpNet>,
    /// Whom to tell of weaknesses; nobody when absent.
    pub security_txt: Option<SecurityTxt>,
    pub web_dir: Option<PathBuf>,
    /// A filter in `tracing`'s own notation.
    pub log: String,
    pub log_format: LogFormat,
    /// How many passwords are hashed or checked at the same time.
    pub password_parallelism: usize,
    /// Whether webhooks may go to this machine, and there without TLS; only for tests.
    pub webhook_allow_private: bool,
    /// How long the gateway serves on after a signal to stop, so that balancers look elsewhere first.
    pub shutdown_delay: Duration,
    /// How long requests in flight may take to finish after that.
    pub shutdown_grace: Duration,
    pub test_clock_file: Option<PathBuf>,
    /// `bootstrap`: the first Owner's password, if it does not come from standard input.
    pub bootstrap_password: Option<SecretString>,
    /// `dev`: the mongod to run; absent: one is found or fetched.
    pub mongod: Option<PathBuf>,
    /// `dev`: where a fetched mongod is kept.
    pub tools_dir: PathBuf,
}

impl Config {
    /// Reads this process's environment and the file that `LATCHKEY_CONFIG` names.
    pub fn load(purpose: Purpose) -> Result<Self, ConfigError> {
        Self::from_vars_os(purpose, std::env::vars_os())
    }

    /// The same from any set of variables; what tests use.
    pub fn from_vars<K: Into<String>, V: Into<String>>(
        purpose: Purpose,
        vars: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, ConfigError> {
        Self::from_vars_os(purpose, vars.into_iter().map(|(k, v)| (k.into().into(), v.into().into())))
    }

    fn from_vars_os(
        purpose: Purpose,
        vars: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
    ) -> Result<Self, ConfigError> {
        let (sources, mistakes) = Sources::collect(vars);
        let mut reader = Reader::new(sources, mistakes);
        let config = Self::read(purpose, &mut reader);
        reader.finish(config)
    }

    /// `None` means that a mistake is on record; the caller turns it into the error.
    fn read(purpose: Purpose, r: &mut Reader) -> Option<Self> {
        let serve = purpose == Purpose::Serve;
        let dev = purpose == Purpose::Dev;
        let sealed = matches!(purpose, Purpose::Import | Purpose::AuditVerify);

        let mongodb_uri = r.secret(key("MONGODB_URI"), values::mongodb_uri, !dev);
        let mongodb_database = r.value(key("MONGODB_DATABASE"), values::database_name);
        let mongodb_pool = r.value(key("MONGODB_POOL"), values::count::<u32>(1, 1000));
        let listen = r.value(key("LISTEN"), values::socket_address);
        let local = listen.filter(|at: &SocketAddr| at.ip().is_loopback());
        let here = format!("http://{}", local.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 4000).into()));
        let public_url = r.demanded(key("PUBLIC_URL"), PublicUrl::parse, serve, &here);
        let smtp = r.secret(key("SMTP_URL"), Smtp::parse, serve);
        let mail_from = r.demanded(key("MAIL_FROM"), values::mailbox, serve, "Latchkey <latchkey@localhost>");
        let keys_file = r.path(key("KEYS_FILE"), serve || sealed);
        let service_name = r.value(key("SERVICE_NAME"), values::short_name);
        let mfa_reset_ttl = r.value(key("MFA_RESET_TTL"), values::between("1s", "7d"));
        let sign_up = r.value(key("SIGN_UP"), values::switch);
        let new_device_code = r.value(key("NEW_DEVICE_CODE"), values::switch);
        let password_reset_hold = r.value(key("PASSWORD_RESET_HOLD"), values::between("0s", "30d"));
        let mfa_reset_hold = r.value(key("MFA_RESET_HOLD"), values::between("0s", "30d"));
        let step_up_age = r.value(key("STEP_UP_AGE"), values::between("1m", "1h"));
        let post_reset_hold = r.value(key("POST_RESET_HOLD"), values::between("0s", "30d"));
        let disavow_freeze = r.value(key("DISAVOW_FREEZE"), values::between("0s", "30d"));
        let reset_burst = r.value(key("RESET_BURST"), values::count::<u32>(1, 100_000));
        let session_idle = r.value(key("SESSION_IDLE"), values::between("1s", "90d"));
        let session_max = r.value(key("SESSION_MAX"), values::between("1s", "365d"));
        // Whoever only shortens the whole session means the idle time as well.
        let session_idle = match (session_idle, session_max) {
            (Some(idle), Some(max)) if !r.is_set(key("SESSION_IDLE")) => Some(idle.min(max)),
            (idle, _) => idle,
        };
        let playground = r.value_or(key("PLAYGROUND"), values::switch, if dev { "true" } else { "false" });
        let introspection =
            r.value_or(key("INTROSPECTION"), values::switch, if dev { "true" } else { "false" });
        let trusted_documents = r.value(key("TRUSTED_DOCUMENTS"), values::paths);
        let trusted_documents_only = r.value(key("TRUSTED_DOCUMENTS_ONLY"), values::switch);
        let request_deadline = r.value(key("REQUEST_DEADLINE"), values::between("1s", "5m"));
        let metrics_listen = r.optional(key("METRICS_LISTEN"), values::socket_address);
        let otlp_endpoint = r.optional(key("OTLP_ENDPOINT"), otlp::endpoint);
        let otlp_headers = r.secret(key("OTLP_HEADERS"), otlp::headers, false);
        let trace_ratio = r.value(key("TRACE_RATIO"), otlp::ratio);
        let trusted_proxies = r.value(key("TRUSTED_PROXIES"), values::networks);
        let security_contact = r.optional(key("SECURITY_CONTACT"), security_txt::contacts);
        let security_expires = r.optional(key("SECURITY_EXPIRES"), security_txt::expires);
        let web_dir = r.path(key("WEB_DIR"), false);
        let log = r.value_or(key("LOG"), values::log_filter, if dev { "warn,latchkey=info" } else { "info" });
        let log_format = r.value_or(key("LOG_FORMAT"), LogFormat::parse, if dev { "pretty" } else { "json" });
        let password_parallelism =
            r.value_or(key("PASSWORD_PARALLELISM"), values::count::<usize>(1, 1024), &cores().to_string());
        let shutdown_delay = r.value(key("SHUTDOWN_DELAY"), values::between("0s", "10m"));
        let shutdown_grace = r.value(key("SHUTDOWN_GRACE"), values::between("0s", "10m"));
        let webhook_allow_private = r.value(key("WEBHOOK_ALLOW_PRIVATE"), values::switch);
        let test_clock_file = r.path(key("TEST_CLOCK_FILE"), false);
        let bootstrap_password = r.secret(key("BOOTSTRAP_PASSWORD"), values::any_text, false);
        let mongod = r.path(key("MONGOD"), false);
        let tools_dir = r.value(key("TOOLS_DIR"), values::folder);

        if dev && listen.is_some_and(|at: SocketAddr| !at.ip().is_loopback()) {
            r.mistake(
                key("LISTEN"),
                "must be on loopback: dev serves demo people whose passwords are public",
            );
        }

        // Rules between keys, each only where both sides were readable.
        if let (Some(idle), Some(max)) = (session_idle, session_max)
            && idle > max
        {
            r.mistake(key("SESSION_IDLE"), "is longer than LATCHKEY_SESSION_MAX");
        }
        if let (Some(Some(_)), Some(url)) = (&test_clock_file, &public_url)
            && !url.is_loopback()
        {
            r.mistake(
                key("TEST_CLOCK_FILE"),
                "is only for tests: refused unless LATCHKEY_PUBLIC_URL is on loopback",
            );
        }
        if let (Some(true), Some(url)) = (webhook_allow_private, &public_url)
            && !url.is_loopback()
        {
            r.mistake(
                key("WEBHOOK_ALLOW_PRIVATE"),
                "is only for tests: refused unless LATCHKEY_PUBLIC_URL is on loopback",
            );
        }
        match (&security_contact, &security_expires) {
            (Some(Some(_)), Some(None)) => r.mistake(
                key("SECURITY_EXPIRES"),
                "missing; LATCHKEY_SECURITY_CONTACT needs it (RFC 9116): a day within a year, such as 2027-06-30",
            ),
            (Some(None), Some(Some(_))) => {
                r.mistake(key("SECURITY_EXPIRES"), "is set, but LATCHKEY_SECURITY_CONTACT is not");
            }
            _ => {}
        }
        if let (Some(None), Some(Some(_))) = (&otlp_endpoint, &otlp_headers) {
            r.mistake(key("OTLP_HEADERS"), "is set, but LATCHKEY_OTLP_ENDPOINT, which they are for, is not");
        }
        if let Some(Some(path)) = &web_dir
            && !path.is_dir()
        {
            r.mistake(key("WEB_DIR"), &format!("{} is not a folder", path.display()));
        }

        if let (Some(true), Some(manifests), Some(None)) =
            (trusted_documents_only, &trusted_documents, &web_dir)
            && manifests.is_empty()
        {
            r.mistake(
                key("TRUSTED_DOCUMENTS_ONLY"),
                "is on, but no document is trusted: set LATCHKEY_TRUSTED_DOCUMENTS, or LATCHKEY_WEB_DIR for the dashboard",
            );
        }

        Some(Self {
            mongodb_uri: mongodb_uri?.unwrap_or_default(),
            mongodb_database: mongodb_database?,
            mongodb_pool: mongodb_pool?,
            listen: listen?,
            public_url: public_url?,
            smtp: smtp?,
            mail_from: mail_from?,
            keys_file: keys_file?,
            service_name: service_name?,
            mfa_reset_ttl: mfa_reset_ttl?,
            sign_up: sign_up?,
            new_device_code: new_device_code?,
            password_reset_hold: password_reset_hold?,
            mfa_reset_hold: mfa_reset_hold?,
            step_up_age: step_up_age?,
            post_reset_hold: post_reset_hold?,
            disavow_freeze: disavow_freeze?,
            reset_burst: reset_burst?,
            session_idle: session_idle?,
            session_max: session_max?,
            playground: playground?,
            introspection: introspection?,
            trusted_documents: trusted_documents?,
            trusted_documents_only: trusted_documents_only?,
            request_deadline: request_deadline?,
            metrics_listen: metrics_listen?,
            otlp: Otlp::of(otlp_endpoint?, otlp_headers?, trace_ratio?),
            trusted_proxies: trusted_proxies?,
            security_txt: SecurityTxt::of(security_contact?, security_expires?),
            web_dir: web_dir?,
            log: log?,
            log_format: log_format?,
            password_parallelism: password_parallelism?,
            shutdown_delay: shutdown_delay?,
            shutdown_grace: shutdown_grace?,
            webhook_allow_private: webhook_allow_private?,
            test_clock_file: test_clock_file?,
            bootstrap_password: bootstrap_password?,
            mongod: mongod?,
            tools_dir: tools_dir?,
        })
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

#[cfg(test)]
mod tests;
