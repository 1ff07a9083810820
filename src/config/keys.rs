//! The table of keys. A key `NAME` is `LATCHKEY_NAME` in the environment and `name` in the TOML file.

/// One configuration key.
#[derive(Debug)]
pub struct Key {
    /// Without prefix, in capitals.
    pub name: &'static str,
    /// A secret is never shown in a message and may also come from the file that `…_FILE` names.
    pub secret: bool,
    /// What holds when the key is not set. Empty: nothing does, or `about` says what.
    pub default: &'static str,
    pub about: &'static str,
}

impl Key {
    pub fn env(&self) -> String {
        format!("LATCHKEY_{}", self.name)
    }

    pub fn toml(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

const fn plain(name: &'static str, default: &'static str, about: &'static str) -> Key {
    Key { name, secret: false, default, about }
}

const fn secret(name: &'static str, about: &'static str) -> Key {
    Key { name, secret: true, default: "", about }
}

/// Every key, in the order in which the documentation lists them.
pub const KEYS: &[Key] = &[
    plain("CONFIG", "", "path of the TOML file (environment only)"),
    secret("MONGODB_URI", "the replica set: mongodb://… or mongodb+srv://…"),
    plain("MONGODB_DATABASE", "latchkey", "the database's name"),
    plain("MONGODB_POOL", "64", "most connections to each member of the replica set"),
    plain("LISTEN", "127.0.0.1:4000", "address and port of the gateway"),
    plain(
        "PUBLIC_URL",
        "",
        "where people reach the gateway; https, or http on loopback; in dev where it listens",
    ),
    secret("SMTP_URL", "smtp://host:port, smtp+starttls://user:password@host or smtps://user:password@host"),
    plain("MAIL_FROM", "", "the sender of all mail, such as Acme <security@acme.example>"),
    plain("KEYS_FILE", "", "the keyring, made by latchkey keys init"),
    plain("SERVICE_NAME", "Latchkey", "how mail and authenticator apps call this service"),
    plain("MFA_RESET_TTL", "12h", "how long an MFA reset can be accepted"),
    plain("SIGN_UP", "on", "whether anybody may sign up: on or off"),
    plain(
        "NEW_DEVICE_CODE",
        "off",
        "whether the first log-in from an unknown browser asks for a mailed code: on or off",
    ),
    // One mailbox must not defeat both factors.
    plain(
        "PASSWORD_RESET_HOLD",
        "24h",
        "a password cannot be reset by mail so long after an MFA reset was asked for",
    ),
    plain(
        "MFA_RESET_HOLD",
        "24h",
        "an MFA reset cannot be asked for so long after an address or password changed",
    ),
    plain(
        "STEP_UP_AGE",
        "5m",
        "MFA resets, policies and transfers ask for a proof of the second factor (the password without one) no older than this; 1m to 1h",
    ),
    plain(
        "POST_RESET_HOLD",
        "24h",
        "whose MFA was reset cannot reset others, change policies or transfer ownership for so long",
    ),
    plain("DISAVOW_FREEZE", "24h", "nobody can ask to reset a person's MFA so long after \"this wasn't me\""),
    // Of a hundred people one may lose a phone in a year: ten in an hour is a company of thousands.
    plain(
        "RESET_BURST",
        "10",
        "MFA resets that one person may ask for in an hour; twice as many in a day, one account or portfolio five times and one network address ten times as many in an hour",
    ),
    // NIST SP 800-63B-4, 2.2.3 (AAL2): at most an hour of inactivity, at most a day in all.
    plain("SESSION_IDLE", "1h", "a session unused for so long has ended"),
    plain("SESSION_MAX", "24h", "a session so old has ended, used or not"),
    plain("PLAYGROUND", "", "serve GraphiQL at /playground; off, but on in dev"),
    plain("INTROSPECTION", "", "answer introspection queries; off, but on in dev"),
    plain(
        "TRUSTED_DOCUMENTS",
        "",
        "manifests of trusted documents, or folders of them, separated by commas; none when not set",
    ),
    plain("TRUSTED_DOCUMENTS_ONLY", "off", "whether only trusted documents are executed: on or off"),
    plain("REQUEST_DEADLINE", "20s", "how long a request may take; then its work in MongoDB is ended"),
    plain("METRICS_LISTEN", "", "address and port of the Prometheus metrics; none when not set"),
    plain(
        "OTLP_ENDPOINT",
        "",
        "a collector of traces, OTLP over HTTP: http://host:4318 or https://…; no traces when not set",
    ),
    secret(
        "OTLP_HEADERS",
        "headers for that collector: name=value, separated by commas, values percent-encoded",
    ),
    plain("TRACE_RATIO", "1", "the share of requests that is traced at most: 0 to 1"),
    plain(
        "TRUSTED_PROXIES",
        "",
        "addresses or networks whose X-Forwarded-For and traceparent are believed, separated by commas",
    ),
    plain(
        "SECURITY_CONTACT",
        "",
        "where weaknesses are reported, for /.well-known/security.txt: mailto:…, https://… or tel:…, separated by commas; none when not set",
    ),
    plain("SECURITY_EXPIRES", "", "until when that contact holds: a day within a year, such as 2027-06-30"),
    plain("WEB_DIR", "", "the folder of the built web part; none when not set"),
    plain("LOG", "", "log filter in the notation of tracing; info"),
    plain("LOG_FORMAT", "", "json or pretty; json, but pretty in dev"),
    plain("PASSWORD_PARALLELISM", "", "passwords hashed at the same time; the number of cores"),
    plain(
        "SHUTDOWN_DELAY",
        "0s",
        "how long a gateway that was told to stop serves on while /readyz says so: balancers look elsewhere meanwhile",
    ),
    plain("SHUTDOWN_GRACE", "20s", "how long requests in flight may finish after a signal to stop"),
    plain(
        "WEBHOOK_ALLOW_PRIVATE",
        "off",
        "for tests on loopback only: whether webhooks may go to addresses that are not public, and to this machine without TLS",
    ),
    plain("TEST_CLOCK_FILE", "", "for tests on loopback only: a file with an offset such as +12h1m"),
    secret("BOOTSTRAP_PASSWORD", "bootstrap: the first Owner's password, instead of standard input"),
    plain("MONGOD", "", "dev: path of the mongod to run"),
    plain("TOOLS_DIR", ".tools", "dev: where a fetched mongod is kept"),
];

/// Stands in for a name that the table does not have, which a test keeps from happening.
static MISSING: Key = plain("?", "", "");

pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

pub(super) fn key(name: &str) -> &'static Key {
    let found = find(name);
    debug_assert!(found.is_some(), "{name} is not in the table of keys");
    found.unwrap_or(&MISSING)
}
