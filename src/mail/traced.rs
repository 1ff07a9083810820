//! Spans of mail: one for what is done about a row, in the trace that put it in where that was recorded, and in it one
//! for the sending.
//!
//! It is the same trace and not one that is only linked, since a row is put in once and handled once, bar retries: whoever
//! looks at a request sees what became of its mail. Where nothing is traced, these are no spans.

use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, KeyValue, global};
use tracing::Instrument as _;

use super::transport::SendError;
use crate::domain::TraceParent;
use crate::store::outbox::Mail;

/// A span in `parent`; nothing where it is not recorded.
fn begin(span: SpanBuilder, parent: &Context) -> Option<Context> {
    let context = parent.with_span(span.start_with_context(&global::tracer("latchkey"), parent));
    let recorded = context.span().is_recording();
    recorded.then_some(context)
}

fn context_of(parent: TraceParent) -> Context {
    Context::new().with_remote_span_context(SpanContext::new(
        TraceId::from_bytes(parent.trace),
        SpanId::from_bytes(parent.span),
        if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED },
        true,
        TraceState::NONE,
    ))
}

/// Handles a mail.
pub(super) async fn handling<T, E>(
    mail: &Mail,
    kind: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span =
        SpanBuilder::from_name(format!("mail {kind}")).with_kind(SpanKind::Consumer).with_attributes([
            KeyValue::new("latchkey.mail.id", mail.id.to_string()),
            KeyValue::new("latchkey.mail.kind", kind),
            KeyValue::new("latchkey.mail.attempt", i64::from(mail.attempts)),
        ]);
    let Some(context) = begin(span, &mail.trace.map(context_of).unwrap_or_default()) else {
        return work.await;
    };
    let trace_id = context.span().span_context().trace_id();
    let logged = tracing::error_span!("mail", mail = %mail.id, %trace_id);
    let done = work.with_context(context.clone()).instrument(logged).await;
    let span = context.span();
    if done.is_err() {
        span.set_status(Status::error(""));
    }
    span.end();
    done
}

/// Sends a mail.
pub(super) async fn sending(work: impl Future<Output = Result<(), SendError>>) -> Result<(), SendError> {
    let around = Context::current();
    let span = SpanBuilder::from_name("SMTP send")
        .with_kind(SpanKind::Client)
        .with_attributes([KeyValue::new("network.protocol.name", "smtp")]);
    let Some(context) = around.has_active_span().then(|| begin(span, &around)).flatten() else {
        return work.await;
    };
    let sent = work.with_context(context.clone()).await;
    let span = context.span();
    span.set_attribute(KeyValue::new("latchkey.outcome", outcome(&sent)));
    if sent.is_err() {
        span.set_status(Status::error(""));
    }
    span.end();
    sent
}

/// The word for it in metrics and traces.
pub(super) fn outcome(sent: &Result<(), SendError>) -> &'static str {
    match sent {
        Ok(()) => "sent",
        Err(SendError::Transient(_)) => "transient",
        Err(SendError::Permanent(_)) => "permanent",
    }
}
