//! One operation on a socket, in a task of its own that is never dropped half way.

use std::time::Duration;

use async_graphql::Response as Answer;
use async_graphql::parser::types::OperationType;
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::message::{self, Close, Outgoing};
use super::socket::{Key, Peer};
use crate::http::gate::{Admitted, Asked};
use crate::http::metrics::{self, Ran};
use crate::http::operation_names::Execution;
use crate::http::over_http;
use crate::http::refusal::{self, Refusal, code};
use crate::service::deadline;

/// A stream that was left may be waiting for MongoDB; it gets this long to come to rest.
const LINGER: Duration = Duration::from_secs(2);

pub(super) struct Operation {
    pub(super) peer: Peer,
    pub(super) key: Key,
    pub(super) cancel: CancellationToken,
}

impl Operation {
    pub(super) async fn run(self, asked: Asked) {
        let start = Instant::now();
        metrics::operations(1.0);
        let mut ran = Ran::default();
        let outcome = match self.peer.edge.gate.admit(asked) {
            Ok(admitted) => match admitted.kind {
                OperationType::Subscription => self.subscription(admitted, &mut ran).await,
                OperationType::Query | OperationType::Mutation => self.once(admitted, &mut ran).await,
            },
            Err(refusal) => Err(refusal),
        };
        let code = outcome.as_ref().err().map(|refusal| refusal.code);
        if let Err(refusal) = outcome {
            if refusal.code == code::UNAUTHENTICATED {
                self.close(Close::FORBIDDEN).await;
            } else {
                let error = refusal.into_error();
                self.send(message::error(&self.key.id, &[error]), true).await;
            }
        }
        metrics::operations(-1.0);
        let outcome = code.map_or("ok", |code| metrics::outcome(Some(code)));
        metrics::request("websocket", ran, outcome, start.elapsed());
    }

    async fn once(&self, admitted: Admitted, ran: &mut Ran) -> Result<(), Refusal> {
        let run = over_http::run(&self.peer.edge, self.peer.caller(), admitted, ran);
        let done = match &self.peer.edge.tracing {
            Some(tracing) => tracing.on_socket(&self.peer.meta.request_id, Box::pin(run)).await?,
            None => run.await?,
        };
        self.still(done.signed_in)?;
        if refusal::is_request_error(&done.answer) {
            self.send(message::error(&self.key.id, &done.answer.errors), true).await;
        } else {
            self.send(message::next(&self.key.id, &done.answer), false).await;
            self.send(message::complete(&self.key.id), true).await;
        }
        Ok(())
    }

    async fn subscription(&self, admitted: Admitted, ran: &mut Ran) -> Result<(), Refusal> {
        let Admitted { mut request, mut keepable, kind, operation } = admitted;
        let names = &self.peer.edge.names;
        let label = |execution| Some(names.label(operation.as_deref(), execution));
        *ran = Ran { kind: metrics::kind(kind), operation: label(Execution::Refused) };
        let until = Instant::now() + self.peer.edge.settings.deadline;
        let opened = deadline::by(until, self.peer.edge.backend.open(self.peer.caller())).await?;
        self.still(opened.signed_in)?;
        request.data = opened.data;
        let mut stream = self.peer.edge.backend.subscribe(request);
        let mut first = true;
        loop {
            let event = tokio::select! {
                event = stream.next() => event,
                () = self.cancel.cancelled() => {
                    let _ = timeout(LINGER, stream.next()).await;
                    return Ok(());
                }
            };
            let Some(mut answer) = event else { break };
            refusal::finish(&mut answer, &self.peer.meta.request_id);
            if self.peer.signed_in && has_code(&answer, code::UNAUTHENTICATED) {
                self.close(Close::FORBIDDEN).await;
                return Ok(());
            }
            // A subscription that is refused, or fails as it begins, has no results.
            let refused = answer.data == async_graphql::Value::Null && !answer.errors.is_empty();
            if first && refused {
                self.send(message::error(&self.key.id, &answer.errors), true).await;
                return Ok(());
            }
            if first {
                let execution = if opened.signed_in { Execution::SignedIn } else { Execution::Stranger };
                ran.operation = label(execution);
            }
            first = false;
            if let Some(keepable) = keepable.take() {
                self.peer.edge.gate.keep(keepable, opened.signed_in);
            }
            self.send(message::next(&self.key.id, &answer), false).await;
        }
        self.send(message::complete(&self.key.id), true).await;
        Ok(())
    }

    /// Whoever was signed in when the socket was acknowledged must still be.
    fn still(&self, signed_in: bool) -> Result<(), Refusal> {
        if self.peer.signed_in && !signed_in {
            return Err(Refusal::unauthenticated("The session has ended."));
        }
        Ok(())
    }

    /// Waits while the queue is full, unless nobody waits for this operation any more.
    async fn send(&self, text: String, last: bool) {
        let outgoing = Outgoing::Operation { key: self.key.clone(), text, last };
        tokio::select! {
            _ = self.peer.out.send(outgoing) => {}
            () = self.cancel.cancelled() => {}
        }
    }

    async fn close(&self, close: Close) {
        tokio::select! {
            _ = self.peer.out.send(Outgoing::Close(close)) => {}
            () = self.cancel.cancelled() => {}
        }
    }
}

fn has_code(answer: &Answer, code: &str) -> bool {
    answer.errors.iter().any(|error| refusal::code_of(error) == Some(code))
}
