#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use secrecy::ExposeSecret;

use super::*;

const SERVE: [(&str, &str); 5] = [
    ("LATCHKEY_MONGODB_URI", "mongodb://db/?replicaSet=rs0"),
    ("LATCHKEY_PUBLIC_URL", "https://id.acme.example"),
    ("LATCHKEY_SMTP_URL", "smtps://mailer:p%40ss@mail.acme.example"),
    ("LATCHKEY_MAIL_FROM", "Acme <security@acme.example>"),
    ("LATCHKEY_KEYS_FILE", "/etc/latchkey/keys.toml"),
];

fn serve_with<'a>(more: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Config, ConfigError> {
    let mut vars = std::collections::BTreeMap::from(SERVE);
    vars.extend(more);
    Config::from_vars(Purpose::Serve, vars)
}

/// The only mistake, as it is printed.
fn only_mistake(key: &str, value: &str) -> String {
    let error = serve_with([(key, value)]).unwrap_err();
    assert_eq!(error.mistakes.len(), 1, "{error}");
    format!("{}: {}", error.mistakes[0].key, error.mistakes[0].what)
}

#[test]
fn a_minimal_configuration_takes_the_documented_defaults() {
    let config = serve_with([]).unwrap();
    assert_eq!(config.mfa_reset_ttl, Duration::from_secs(12 * 3600));
    assert!(config.sign_up);
    assert!(!config.new_device_code);
    assert_eq!(config.password_reset_hold, Duration::from_secs(24 * 3600));
    assert_eq!(config.mfa_reset_hold, Duration::from_secs(24 * 3600));
    assert_eq!(config.step_up_age, Duration::from_secs(5 * 60));
    assert_eq!(config.post_reset_hold, Duration::from_secs(24 * 3600));
    assert_eq!(config.mongodb_database, "latchkey");
    assert_eq!(config.listen.to_string(), "127.0.0.1:4000");
    assert_eq!(config.log_format, LogFormat::Json);
    assert!(!config.playground && !config.introspection && config.trusted_proxies.is_empty());
    assert_eq!(config.public_url.join("/mfa-reset#token=t"), "https://id.acme.example/mfa-reset#token=t");
    let smtp = config.smtp.unwrap();
    assert_eq!((smtp.security, smtp.host.as_str(), smtp.port), (SmtpSecurity::Tls, "mail.acme.example", 465));
    let (user, password) = smtp.credentials.unwrap();
    assert_eq!((user.as_str(), password.expose_secret()), ("mailer", "p@ss"));
}

#[test]
fn every_key_in_the_table_has_one_name_and_every_name_that_is_read_is_in_the_table() {
    let names: std::collections::BTreeSet<_> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(names.len(), KEYS.len());
    // `key` asserts for each name that it is asked for.
    let smaller =
        [Purpose::Migrate, Purpose::Import, Purpose::Bootstrap, Purpose::AuditExport, Purpose::AuditVerify];
    for purpose in [Purpose::Serve, Purpose::Dev].into_iter().chain(smaller) {
        let _ = Config::from_vars(purpose, SERVE).unwrap();
    }
}

#[test]
fn all_mistakes_are_reported_at_once_each_naming_its_key_in_both_spellings() {
    let error = Config::from_vars(
        Purpose::Serve,
        [
            ("LATCHKEY_LISTEN", "4000"),
            ("LATCHKEY_MFA_RESET_TTL", "soon"),
            ("LATCHKEY_PUBLIC_URL", "http://id.acme.example"),
            ("LATCHKEY_PLAYGROUND", "maybe"),
            ("LATCHKEY_LISTN", "127.0.0.1:1"),
            ("OTHER", "x"),
        ],
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("9 mistakes in the configuration:\n"), "{text}");
    for part in [
        "LATCHKEY_LISTEN (listen): \"4000\" is no address and port",
        "LATCHKEY_MFA_RESET_TTL (mfa_reset_ttl): \"soon\" is no duration",
        "LATCHKEY_PUBLIC_URL (public_url): \"http://id.acme.example\" must be https",
        "LATCHKEY_PLAYGROUND (playground): \"maybe\" must be true or false",
        "LATCHKEY_LISTN: unknown key; did you mean LATCHKEY_LISTEN?",
        "LATCHKEY_MONGODB_URI (mongodb_uri): missing; set it (or LATCHKEY_MONGODB_URI_FILE)",
        "LATCHKEY_SMTP_URL (smtp_url): missing",
        "LATCHKEY_MAIL_FROM (mail_from): missing",
        "LATCHKEY_KEYS_FILE (keys_file): missing",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn each_command_demands_only_what_it_needs() {
    let none: [(&str, &str); 0] = [];
    let dev = Config::from_vars(Purpose::Dev, none).unwrap();
    assert!(dev.playground && dev.introspection && dev.smtp.is_none());
    assert_eq!(dev.public_url.to_string(), "http://127.0.0.1:4000");
    let dev = Config::from_vars(Purpose::Dev, [("LATCHKEY_LISTEN", "127.0.0.1:4444")]).unwrap();
    assert_eq!(dev.public_url.to_string(), "http://127.0.0.1:4444");
    let open = Config::from_vars(Purpose::Dev, [("LATCHKEY_LISTEN", "0.0.0.0:4000")]).unwrap_err();
    assert!(open.to_string().contains("LATCHKEY_LISTEN (listen): must be on loopback"));
    let uri = [("LATCHKEY_MONGODB_URI", "mongodb://db")];
    assert!(Config::from_vars(Purpose::Migrate, uri).is_ok());
    assert!(Config::from_vars(Purpose::Bootstrap, uri).is_ok());
    assert!(Config::from_vars(Purpose::AuditExport, uri).is_ok());
    for sealed in [Purpose::Import, Purpose::AuditVerify] {
        assert_eq!(Config::from_vars(sealed, uri).unwrap_err().mistakes.len(), 1);
    }
}

#[test]
fn a_secret_comes_from_a_file_and_never_shows_in_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uri");
    std::fs::write(&path, "mongodb://user:hunter2@db\n").unwrap();
    let path = path.to_str().unwrap();
    let from_file = |vars: &[(&str, &str)]| Config::from_vars(Purpose::Migrate, vars.iter().copied());

    let config = from_file(&[("LATCHKEY_MONGODB_URI_FILE", path)]).unwrap();
    assert_eq!(config.mongodb_uri.expose_secret(), "mongodb://user:hunter2@db");
    assert!(!format!("{config:?}").contains("hunter2"));

    let both = from_file(&[("LATCHKEY_MONGODB_URI_FILE", path), ("LATCHKEY_MONGODB_URI", "mongodb://x")]);
    assert!(both.unwrap_err().to_string().contains("keep one of the two"));
    let gone = from_file(&[("LATCHKEY_MONGODB_URI_FILE", "/nowhere/uri")]).unwrap_err().to_string();
    assert!(gone.contains("LATCHKEY_MONGODB_URI_FILE (mongodb_uri_file): /nowhere/uri cannot be read"));
    let wrong = only_mistake("LATCHKEY_SMTP_URL", "http://user:hunter2@mail");
    assert!(wrong.contains("must begin with smtp://") && !wrong.contains("hunter2"), "{wrong}");
}

#[test]
fn the_file_is_read_and_the_environment_wins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latchkey.toml");
    std::fs::write(
        &path,
        "listen = \"0.0.0.0:80\"\nsession_idle = \"10m\"\nplayground = true\npassword_parallelism = 3\n\
         trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n",
    )
    .unwrap();
    let config = serve_with([
        ("LATCHKEY_CONFIG", path.to_str().unwrap()),
        ("LATCHKEY_SESSION_IDLE", "20m"),
        ("LATCHKEY_METRICS_LISTEN", ""),
    ])
    .unwrap();
    assert_eq!(config.listen.port(), 80);
    assert_eq!(config.session_idle, Duration::from_secs(1200));
    assert_eq!(config.password_parallelism, 3);
    assert!(config.playground && config.metrics_listen.is_none());
    assert_eq!(config.trusted_proxies.len(), 2);
}

#[test]
fn mistakes_in_the_file_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latchkey.toml");
    let path_text = path.to_str().unwrap().to_owned();
    let with = |text: &str| {
        std::fs::write(&path, text).unwrap();
        serve_with([("LATCHKEY_CONFIG", path_text.as_str())]).unwrap_err().to_string()
    };
    let text = with("listn = 1\nLISTEN = 2\n[smtp]\nurl = \"x\"\n");
    assert!(text.starts_with("3 mistakes"), "{text}");
    assert!(text.contains(&format!("listn in {path_text}: unknown key; did you mean listen?")), "{text}");
    let text = with("mongodb_uri = hunter2 = 3\n");
    assert!(text.contains("latchkey.toml line 1") && !text.contains("hunter2"), "{text}");
    let text = serve_with([("LATCHKEY_CONFIG", "/nowhere.toml")]).unwrap_err().to_string();
    assert!(text.contains("LATCHKEY_CONFIG: /nowhere.toml cannot be read"), "{text}");
}

#[test]
fn rules_between_keys_hold() {
    assert!(only_mistake("LATCHKEY_SESSION_IDLE", "48h").contains("is longer than LATCHKEY_SESSION_MAX"));
    let short = serve_with([("LATCHKEY_SESSION_MAX", "5m")]).unwrap();
    assert_eq!(short.session_idle, short.session_max, "the default idle time gives way");
    assert!(
        only_mistake("LATCHKEY_TEST_CLOCK_FILE", "/tmp/x").contains("LATCHKEY_PUBLIC_URL is on loopback")
    );
    assert!(only_mistake("LATCHKEY_MFA_RESET_TTL", "8days").contains("between 1s and 7d"));
    assert!(only_mistake("LATCHKEY_WEB_DIR", "/nowhere/web").contains("is not a folder"));
    assert!(only_mistake("LATCHKEY_LOG", "a=b=c").contains("is no log filter"));
    let local = [("LATCHKEY_TEST_CLOCK_FILE", "/tmp/x"), ("LATCHKEY_PUBLIC_URL", "http://localhost:1")];
    assert!(serve_with(local).is_ok());
}

#[test]
fn sign_up_and_the_holds_can_be_switched_off() {
    let config = serve_with([
        ("LATCHKEY_SIGN_UP", "off"),
        ("LATCHKEY_PASSWORD_RESET_HOLD", "0s"),
        ("LATCHKEY_MFA_RESET_HOLD", "0s"),
        ("LATCHKEY_POST_RESET_HOLD", "0s"),
    ])
    .unwrap();
    assert!(!config.sign_up && config.password_reset_hold.is_zero() && config.mfa_reset_hold.is_zero());
    assert!(config.post_reset_hold.is_zero());
    assert!(only_mistake("LATCHKEY_STEP_UP_AGE", "59s").contains("between 1m and 1h"));
    assert!(only_mistake("LATCHKEY_STEP_UP_AGE", "61m").contains("between 1m and 1h"));
    assert!(only_mistake("LATCHKEY_PASSWORD_RESET_HOLD", "31d").contains("between 0s and 30d"));
}

#[test]
fn a_public_url_is_an_origin() {
    for good in ["https://a.example", "https://a.example:8443/", "http://127.0.0.1:4000", "http://[::1]:1"] {
        assert!(PublicUrl::parse(good).is_ok(), "{good}");
    }
    for bad in
        ["a.example", "https://a.example/id", "https://u:p@a.example", "ftp://a.example", "http://10.0.0.1"]
    {
        assert!(PublicUrl::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn smtp_urls_are_read() {
    let parse = |text: &str| Smtp::parse(&SecretString::from(text));
    let plain = parse("smtp://127.0.0.1:2525").unwrap();
    assert_eq!((plain.security, plain.host.as_str(), plain.port), (SmtpSecurity::None, "127.0.0.1", 2525));
    let start = parse("smtp+starttls://u:p@mail.example").unwrap();
    assert_eq!((start.security, start.port), (SmtpSecurity::StartTls, 587));
    for bad in ["smtp://u@host", "smtp://host/x", "smtps://", "smtps://u:%zz@host", "mail"] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn variables_that_kubernetes_injects_for_a_service_are_no_mistake() {
    let injected = [
        ("LATCHKEY_SERVICE_HOST", "10.0.0.1"),
        ("LATCHKEY_SERVICE_PORT", "80"),
        ("LATCHKEY_SERVICE_PORT_HTTP", "80"),
        ("LATCHKEY_PORT", "tcp://10.0.0.1:80"),
        ("LATCHKEY_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("LATCHKEY_METRICS_SERVICE_HOST", "10.0.0.2"),
        ("LATCHKEY_METRICS_PORT_9000_TCP", "tcp://10.0.0.2:9000"),
    ];
    assert!(serve_with(injected).is_ok());
    assert!(serve_with([("LATCHKEY_SERVICE_HOSTS", "x")]).is_err());
}

#[test]
fn traces_go_where_the_endpoint_says_and_headers_need_one() {
    assert!(serve_with([]).unwrap().otlp.is_none());
    let otlp = serve_with([("LATCHKEY_OTLP_ENDPOINT", "http://collector:4318")]).unwrap().otlp.unwrap();
    assert_eq!((otlp.traces.as_str(), otlp.ratio), ("http://collector:4318/v1/traces", 1.0));
    let says = only_mistake("LATCHKEY_OTLP_ENDPOINT", "collector:4318");
    assert!(says.contains("\"collector:4318\" must begin with http:// or https://"), "{says}");
    let says = only_mistake("LATCHKEY_OTLP_HEADERS", "authorization=Bearer%20s3cret");
    assert!(says.contains("LATCHKEY_OTLP_ENDPOINT") && !says.contains("s3cret"), "{says}");
    assert!(only_mistake("LATCHKEY_TRACE_RATIO", "2").contains("0 to 1"));
}

#[test]
fn a_security_contact_needs_a_day_until_which_it_holds() {
    let contact = ("LATCHKEY_SECURITY_CONTACT", "mailto:security@acme.example");
    assert!(serve_with([]).unwrap().security_txt.is_none());
    assert!(
        serve_with([contact, ("LATCHKEY_SECURITY_EXPIRES", "2027-06-30")]).unwrap().security_txt.is_some()
    );
    let missing = only_mistake(contact.0, contact.1);
    assert!(missing.starts_with("LATCHKEY_SECURITY_EXPIRES") && missing.contains("missing"), "{missing}");
    let alone = only_mistake("LATCHKEY_SECURITY_EXPIRES", "2027-06-30");
    assert!(alone.contains("LATCHKEY_SECURITY_CONTACT is not"), "{alone}");
}

#[test]
fn the_readme_lists_every_key_with_its_default_and_no_other() {
    let readme = include_str!("../../README.md");
    let listed: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `LATCHKEY_")).collect();
    for key in KEYS {
        let name = format!("| `{}`", key.env());
        let row =
            listed.iter().find(|line| line.starts_with(&name)).unwrap_or_else(|| panic!("no row for {name}"));
        assert!(key.default.is_empty() || row.contains(&format!("`{}`", key.default)), "{row}");
    }
    assert_eq!(listed.len(), KEYS.len(), "rows for keys that do not exist");
}
