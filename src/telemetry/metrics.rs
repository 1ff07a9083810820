//! Figures for Prometheus: which there are, and the process's recorder. Labels come from short lists, never from people.
//! Each figure is counted in the room that it is about; `docs/METRICS.md` says the same as the table here.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::{build, process};

/// How a figure behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Sorts times into buckets.
    Histogram,
}

impl Kind {
    /// As Prometheus calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One figure.
#[derive(Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub about: &'static str,
    /// Whether it is there only once it has happened.
    pub rare: bool,
}

const fn counter(name: &'static str, labels: &'static [&'static str], about: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, labels, about, rare: false }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], about: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, labels, about, rare: false }
}

const fn times(name: &'static str, labels: &'static [&'static str], about: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, labels, about, rare: false }
}

const fn rare(metric: Metric) -> Metric {
    Metric { rare: true, ..metric }
}

/// Every figure, in the order in which the documentation lists them.
pub const METRICS: &[Metric] = &[
    rare(counter(
        "latchkey_requests_total",
        &["transport", "kind", "operation", "outcome"],
        "GraphQL operations that ended",
    )),
    rare(times(
        "latchkey_request_seconds",
        &["transport", "kind", "operation"],
        "how long they took; a subscription lasts until it ends",
    )),
    rare(counter(
        "latchkey_http_responses_total",
        &["route", "status"],
        "answers over HTTP, by the route that matched and the status code",
    )),
    rare(times(
        "latchkey_http_seconds",
        &["route"],
        "how long answers over HTTP took, up to their first byte",
    )),
    gauge(
        "latchkey_requests_running",
        &[],
        "requests under way in tasks of their own, those included whose clients hung up",
    ),
    rare(counter(
        "latchkey_verifications_total",
        &["outcome"],
        "questions of reverse proxies at /auth/verify, by answer",
    )),
    rare(times("latchkey_verification_seconds", &[], "how long those answers took")),
    gauge("latchkey_websockets", &[], "open WebSockets"),
    gauge("latchkey_websocket_operations", &[], "operations running on WebSockets"),
    counter(
        "latchkey_events_total",
        &["action"],
        "what was written into the audit log, each happening once, however many logs it stands in",
    ),
    gauge(
        "latchkey_mfa_resets_waiting",
        &["state"],
        "of the database: resets that wait, up to 10,000 of each state",
    ),
    rare(counter(
        "latchkey_throttled_total",
        &["purpose"],
        "attempts that were refused because there were too many",
    )),
    gauge("latchkey_mail_outbox_waiting", &[], "of the database: mails that wait, up to 10,000"),
    gauge(
        "latchkey_mail_outbox_age_seconds",
        &[],
        "of the database: since when the oldest of them waits; 0 when none does",
    ),
    rare(counter("latchkey_mail_sent_total", &["kind"], "mails that the mail server took")),
    rare(counter(
        "latchkey_mail_retried_total",
        &["kind"],
        "mails that it did not take and that are tried again",
    )),
    rare(counter("latchkey_mail_failed_total", &["kind"], "mails that were given up")),
    rare(counter(
        "latchkey_mail_dropped_total",
        &["kind"],
        "mails that nothing waited for any more when their turn came",
    )),
    rare(times("latchkey_mail_send_seconds", &["outcome"], "how long the mail server took over one")),
    gauge(
        "latchkey_webhook_deliveries_waiting",
        &[],
        "of the database: messages to webhooks that wait, up to 10,000",
    ),
    rare(counter("latchkey_webhook_attempts_total", &["outcome"], "attempts to deliver one")),
    rare(counter(
        "latchkey_webhooks_disabled_total",
        &[],
        "webhooks that were switched off because they failed",
    )),
    counter("latchkey_audit_sealed_total", &[], "events that this process sealed into their chains"),
    gauge("latchkey_audit_unsealed", &[], "of the database: events that wait to be sealed, up to 10,000"),
    gauge(
        "latchkey_audit_unsealed_age_seconds",
        &[],
        "of the database: since when the oldest waits; about ten seconds when all is well",
    ),
    counter(
        "latchkey_audit_chains_refused_total",
        &[],
        "chains that were found changed and are not continued",
    ),
    gauge(
        "latchkey_mongodb_connections",
        &["state"],
        "connections of this process's pools: open are all, in_use those at work",
    ),
    gauge("latchkey_mongodb_pool_size", &[], "most connections to each member, as configured"),
    gauge("latchkey_mongodb_waiting", &[], "commands that wait for a connection"),
    times("latchkey_mongodb_checkout_seconds", &[], "how long commands waited for a connection"),
    counter(
        "latchkey_mongodb_checkouts_failed_total",
        &["reason"],
        "commands that got none: timeout, connection_error, pool_closed",
    ),
    times(
        "latchkey_mongodb_command_seconds",
        &[],
        "how long a command had its connection: sending it, MongoDB's work, reading the answer",
    ),
    counter(
        "latchkey_mongodb_connections_closed_total",
        &["reason"],
        "connections that ended: error, idle, stale, pool_closed, dropped, other",
    ),
    counter(
        "latchkey_mongodb_pools_cleared_total",
        &[],
        "how often a member failed so that all its connections were given up",
    ),
    gauge("latchkey_passwords_waiting", &[], "passwords in the queue"),
    gauge("latchkey_passwords_running", &[], "passwords being hashed or checked"),
    gauge("latchkey_passwords_parallel", &[], "most that are hashed or checked at a time"),
    times("latchkey_password_wait_seconds", &[], "how long a password was in the queue"),
    times("latchkey_password_seconds", &[], "how long hashing or checking one took"),
    rare(counter(
        "latchkey_trace_spans_total",
        &["outcome"],
        "spans of traces that ended, where they are sent",
    )),
    gauge("latchkey_build_info", &["version", "commit", "built"], "always 1"),
    counter("process_cpu_seconds_total", &[], "processor time, user and system"),
    gauge("process_resident_memory_bytes", &[], "memory in use"),
    gauge("process_virtual_memory_bytes", &[], "memory mapped"),
    gauge("process_threads", &[], "threads"),
    gauge("process_open_fds", &[], "open files and sockets"),
    gauge("process_max_fds", &[], "most that may be open"),
    gauge("process_start_time_seconds", &[], "when the process began, in seconds since 1970"),
];

const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();

/// The process's figures.
#[derive(Clone)]
pub struct Figures(PrometheusHandle);

/// Collects figures from here on. A second call gives the same ones.
pub fn install() -> Result<Figures, BuildError> {
    if let Some(handle) = INSTALLED.get() {
        return Ok(Figures(handle.clone()));
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    for metric in METRICS {
        describe(metric);
    }
    let labels = [("version", build::VERSION), ("commit", build::COMMIT), ("built", build::BUILT)];
    metrics::gauge!("latchkey_build_info", &labels).set(1.0);
    Ok(Figures(INSTALLED.get_or_init(|| handle).clone()))
}

/// Explains a figure, and has it begin at nothing where it has no labels: a rate is wrong for a counter that begins at 1.
fn describe(metric: &Metric) {
    let Metric { name, kind, labels, about, rare } = *metric;
    let begin = labels.is_empty() && !rare && !name.starts_with("process_");
    match kind {
        Kind::Counter => {
            metrics::describe_counter!(name, about);
            if begin {
                metrics::counter!(name).increment(0);
            }
        }
        Kind::Gauge => {
            metrics::describe_gauge!(name, about);
            if begin {
                metrics::gauge!(name).set(0.0);
            }
        }
        Kind::Histogram => {
            metrics::describe_histogram!(name, about);
            if begin {
                drop(metrics::histogram!(name));
            }
        }
    }
}

impl Figures {
    /// All of them, in Prometheus's text format.
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        let mut text = self.0.render();
        process::write(&mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells of the tables' rows, without what only makes them stand out.
    fn rows() -> Vec<[String; 4]> {
        let page = include_str!("../../docs/METRICS.md");
        let rows = page.lines().filter(|line| line.starts_with("| `"));
        let plain = |cell: &str| cell.replace(['`', '*'], "").trim().to_owned();
        rows.map(|row| {
            let cells: Vec<String> = row.trim_matches('|').split('|').map(plain).collect();
            cells.try_into().unwrap_or_else(|cells| panic!("{cells:?} are not four cells"))
        })
        .collect()
    }

    #[test]
    fn the_page_of_metrics_says_what_the_table_says() {
        let table: Vec<[String; 4]> = METRICS
            .iter()
            .map(|metric| {
                let rare = if metric.rare { " (rare)" } else { "" };
                let about = format!("{}{rare}", metric.about);
                [metric.name.to_owned(), metric.kind.as_str().to_owned(), metric.labels.join(", "), about]
            })
            .collect();
        for (page, table) in rows().iter().zip(&table) {
            assert_eq!(page, table);
        }
        assert_eq!(rows().len(), table.len());
    }
}
