//! Traces, sent to a collector as OTLP over HTTP. Off unless there is one: then the process has no provider of spans and
//! the edge no layer, and nothing is recorded.
//!
//! Spans come from three places: the edge (requests and operations), MongoDB's driver (commands), the mail worker. What of
//! them leaves is decided in one place, `wire`: attributes of a short list, no events and no descriptions of errors, for
//! those hold what MongoDB said, and MongoDB repeats values. Requests never wait for a collector, and nothing that
//! it does disturbs them.

mod client;
mod queue;
mod sampler;
mod wire;

use std::time::Duration;

use opentelemetry::global;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::client::Client;
pub use self::client::ClientError;
use self::queue::{Outcome, Queue, Sender};
use self::sampler::Sampler;
pub use self::sampler::chance;
use crate::config::Otlp;

/// Spans that wait to be sent; what comes on top is dropped.
const WAITING: usize = 4096;
/// How long what is left may take to be sent when the gateway ends.
const FINISH: Duration = Duration::from_secs(5);

/// What sends traces.
pub struct Traces {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Traces {
    /// Records spans from here on, and sends them.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn install(otlp: &Otlp) -> Result<Self, ClientError> {
        let client = Client::new(otlp)?;
        let (spans, waiting) = mpsc::channel(WAITING);
        let provider = SdkTracerProvider::builder()
            // The resource is put in by `wire`; the usual one is made of variables that are not ours.
            .with_resource(Resource::builder_empty().build())
            .with_sampler(Sampler { ratio: otlp.ratio })
            .with_span_processor(Queue(spans))
            .build();
        Outcome::begin();
        let stop = CancellationToken::new();
        let task = tokio::spawn(Sender::new(client).run(waiting, stop.clone()));
        global::set_tracer_provider(provider);
        Ok(Self { stop, task })
    }

    /// Sends what is left, for a moment.
    pub async fn finish(self) {
        self.stop.cancel();
        let abort = self.task.abort_handle();
        if timeout(FINISH, self.task).await.is_err() {
            abort.abort();
            tracing::warn!("the collector did not take the last traces in time");
        }
    }
}
