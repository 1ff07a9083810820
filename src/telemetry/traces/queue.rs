//! Spans on their way to the collector: a bounded queue, and the one task that empties it in batches.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::client::{Client, Failure};
use super::wire;

/// Spans of one request to the collector.
const BATCH: usize = 512;
/// How long spans may wait for others.
const GATHER: Duration = Duration::from_secs(2);
/// How often a batch is sent, and how long after each attempt the next one waits at least.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// The longest that a collector may have us wait, by `Retry-After`.
const PAUSE_MOST: Duration = Duration::from_secs(30);
/// How often it is logged that traces cannot be sent.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// What became of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The collector took them.
    Exported,
    /// The collector took the others of their batch.
    Refused,
    /// The collector could not be reached or took none.
    Failed,
    /// More than can wait.
    Dropped,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Exported, Self::Refused, Self::Failed, Self::Dropped];

    fn count(self, spans: u64) {
        let outcome = match self {
            Self::Exported => "exported",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        };
        metrics::counter!("latchkey_trace_spans_total", "outcome" => outcome).increment(spans);
    }

    /// Has every counter begin at nothing.
    pub(super) fn begin() {
        for outcome in Self::ALL {
            outcome.count(0);
        }
    }
}

/// Where spans go when they end.
#[derive(Debug)]
pub(super) struct Queue(pub(super) mpsc::Sender<SpanData>);

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    /// Never waits: whoever ends a span has a client waiting.
    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.0.try_send(span).is_err() {
            Outcome::Dropped.count(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Empties the queue.
pub(super) struct Sender {
    client: Client,
    resource: wire::Resource,
    warned: Option<Instant>,
    /// Spans that failed since it was logged last.
    unsaid: usize,
    /// Whether the last thing logged is that traces cannot be sent.
    failing: bool,
}

impl Sender {
    pub(super) fn new(client: Client) -> Self {
        Self { client, resource: wire::resource(), warned: None, unsaid: 0, failing: false }
    }

    /// Sends until told to stop, and then what is left.
    pub(super) async fn run(mut self, mut spans: mpsc::Receiver<SpanData>, stop: CancellationToken) {
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                received = spans.recv_many(&mut batch, BATCH) => if received == 0 { return },
                // From here on nothing is added, and an empty queue is the end.
                () = stop.cancelled(), if !spans.is_closed() => { spans.close(); continue }
            }
            let until = Instant::now() + GATHER;
            while batch.len() < BATCH {
                let room = BATCH - batch.len();
                tokio::select! {
                    received = timeout_at(until, spans.recv_many(&mut batch, room)) => {
                        if !matches!(received, Ok(1..)) { break }
                    }
                    () = stop.cancelled() => { spans.close(); break }
                }
            }
            self.send(batch, &stop).await;
        }
    }

    async fn send(&mut self, batch: Vec<SpanData>, stop: &CancellationToken) {
        let spans = batch.len();
        let body = wire::request(&self.resource, batch);
        let mut attempt = 1;
        loop {
            let failure = match self.client.post(body.clone()).await {
                Ok(refused) => return self.sent(spans, refused),
                Err(failure) => failure,
            };
            let pause = match &failure {
                Failure::Later { after, .. } => after.unwrap_or_default().clamp(PAUSE * attempt, PAUSE_MOST),
                Failure::Never { .. } => return self.failed(spans, &failure),
            };
            if attempt == ATTEMPTS || stop.is_cancelled() {
                return self.failed(spans, &failure);
            }
            attempt += 1;
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    fn sent(&mut self, spans: usize, refused: u64) {
        let refused = refused.min(spans as u64);
        Outcome::Exported.count(spans as u64 - refused);
        if refused > 0 {
            Outcome::Refused.count(refused);
        }
        if std::mem::take(&mut self.failing) {
            tracing::info!("the collector takes traces again");
        }
    }

    fn failed(&mut self, spans: usize, failure: &Failure) {
        Outcome::Failed.count(spans as u64);
        self.unsaid += spans;
        if self.warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            tracing::warn!(
                why = failure.why(),
                spans = self.unsaid,
                "traces cannot be sent; requests go on without"
            );
            (self.warned, self.unsaid, self.failing) = (Some(Instant::now()), 0, true);
        }
    }
}
