//! Files, the mail server, and the way in from outside.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::{Report, told};
use crate::config::{Config, SmtpSecurity};
use crate::crypto::Keyring;
use crate::http;
use crate::mail::SmtpTransport;

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn settings(config: &Config, report: &mut Report) {
    if config.test_clock_file.is_some() {
        let says = "LATCHKEY_TEST_CLOCK_FILE is set: whoever writes that file decides what has expired";
        report.warn("test clock", says, "unset it; it is for tests");
    }
    match config.metrics_listen {
        Some(address) => report.ok("metrics", format!("at http://{address}/metrics")),
        None => report.warn(
            "metrics",
            "none are served",
            "set LATCHKEY_METRICS_LISTEN to an address for Prometheus",
        ),
    }
}

/// RFC 9116, section 5.3: what has expired is not to be believed any more.
pub(super) fn security_txt(config: &Config, now: OffsetDateTime, report: &mut Report) {
    let Some(said) = &config.security_txt else { return };
    let (check, day) = ("security.txt", said.expires.date());
    let advice = "see that the contact still holds, and set LATCHKEY_SECURITY_EXPIRES to a later day";
    match said.expires - now {
        left if left <= time::Duration::ZERO => report.warn(check, format!("expired on {day}"), advice),
        left if left < time::Duration::days(30) => report.warn(check, format!("expires on {day}"), advice),
        left if left > time::Duration::days(366) => {
            let advice = "set a day within a year, as RFC 9116 recommends, so that somebody looks at it";
            report.warn(check, format!("expires on {day} only"), advice);
        }
        _ => report.ok(check, format!("holds until {day}")),
    }
}

pub(super) fn keys_file(file: &Path, keyring: &Keyring, report: &mut Report) {
    let (shown, keys) = (file.display(), keyring.ids().count());
    match std::fs::metadata(file).map(|about| about.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o007 != 0 => report.warn(
            "keys file",
            format!("everyone on this machine may use {shown} (mode {mode:03o})"),
            "chmod 600, and rotate the keys if somebody may have read it",
        ),
        Ok(_) => report.ok("keys file", format!("{keys} keys in {shown}")),
        Err(error) => report.fail("keys file", told(error), "see that this user may read it"),
    }
}

pub(super) async fn mail_server(config: &Config, report: &mut Report) {
    let Some(smtp) = &config.smtp else { return };
    let here = ["localhost", "127.0.0.1", "[::1]", "::1"].contains(&smtp.host.as_str());
    if smtp.security == SmtpSecurity::None && !here {
        let says = format!("mail to {} goes unencrypted, with the tokens in it", smtp.host);
        report.warn("mail encryption", says, "use smtp+starttls:// or smtps:// in LATCHKEY_SMTP_URL");
    }
    let probed = match SmtpTransport::new(smtp) {
        Ok(transport) => transport.probe().await.map_err(|error| error.to_string()),
        Err(error) => Err(told(error)),
    };
    let server = format!("{}:{}", smtp.host, smtp.port);
    match probed {
        Ok(()) => {
            let tls = match smtp.security {
                SmtpSecurity::None => "without TLS",
                SmtpSecurity::StartTls => "with STARTTLS",
                SmtpSecurity::Tls => "with TLS",
            };
            let user = if smtp.credentials.is_some() { "its user is accepted" } else { "no user is asked for" };
            report.ok("mail server", format!("{server} answers {tls}, {user}; no mail was sent"));
        }
        Err(says) => report.fail(
            "mail server",
            format!("{server}: {says}"),
            "see that it is up, that its certificate is trusted (SSL_CERT_FILE), and that LATCHKEY_SMTP_URL has the right user",
        ),
    }
}

pub(super) fn web(config: &Config, report: &mut Report) {
    match http::Settings::of(config, None) {
        Ok(settings) => {
            let only = if config.trusted_documents_only { ", and nothing else is executed" } else { "" };
            report.ok("trusted documents", format!("{} known{only}", settings.trusted.len()));
        }
        Err(error) => report.fail("trusted documents", told(error), "set LATCHKEY_TRUSTED_DOCUMENTS right"),
    }
    let Some(dir) = &config.web_dir else {
        return report.ok("dashboard", "none is served (LATCHKEY_WEB_DIR is not set)");
    };
    let missing: Vec<&str> =
        ["index.html", "assets"].into_iter().filter(|name| !dir.join(name).exists()).collect();
    match missing.as_slice() {
        [] => report.ok("dashboard", dir.display().to_string()),
        missing => report.fail(
            "dashboard",
            format!("{} lacks {}", dir.display(), missing.join(" and ")),
            "build it (npm run build in web), and point LATCHKEY_WEB_DIR at web/dist",
        ),
    }
}

/// A name that leads somewhere. From inside a cluster the way in may be another, so nothing here is a failure.
pub(super) async fn public_url(config: &Config, report: &mut Report) {
    let origin = config.public_url.origin();
    let url = url::Url::parse(&origin).ok();
    let place = url.as_ref().and_then(|url| {
        Some((url.host_str()?.trim_matches(['[', ']']).to_owned(), url.port_or_known_default()?))
    });
    let Some((host, port)) = place else {
        return report.fail("public URL", format!("{origin} names no host"), "set LATCHKEY_PUBLIC_URL right");
    };
    let advice = "see that people reach the gateway there; the links of mails lead to it";
    let addresses = match timeout(PATIENCE, lookup_host((host.as_str(), port))).await {
        Ok(Ok(addresses)) => addresses.collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    if addresses.is_empty() {
        return report.warn("public URL", format!("{host} has no address here"), advice);
    }
    match timeout(PATIENCE, TcpStream::connect(addresses.as_slice())).await {
        Ok(Ok(_)) => report.ok("public URL", format!("{origin} answers")),
        _ => report.warn("public URL", format!("nothing answers at {origin} from here"), advice),
    }
}
