//! Which traces are recorded.

use opentelemetry::Context;
use opentelemetry::KeyValue;
use opentelemetry::trace::{
    Link, SamplingDecision, SamplingResult, SpanKind, TraceContextExt as _, TraceId, TraceState,
};
use opentelemetry_sdk::trace::ShouldSample;

/// True as often as `ratio` says. Not by the trace's id, as samplers usually do: a client may have chosen that.
pub fn chance(ratio: f64) -> bool {
    rand::random::<f64>() < ratio
}

/// A span is recorded when the one that it belongs to is. One that begins a trace is recorded as often as `ratio` says,
/// but a call to others (a command of a worker that looks for work every second) begins none.
#[derive(Debug, Clone)]
pub(super) struct Sampler {
    pub(super) ratio: f64,
}

impl ShouldSample for Sampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        kind: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let parent = parent.map(|context| context.span().span_context().clone());
        let recorded = match parent.filter(|parent| parent.is_valid()) {
            Some(parent) => parent.is_sampled(),
            None => *kind != SpanKind::Client && chance(self.ratio),
        };
        let decision = if recorded { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        // What a client put into `tracestate` goes no further.
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::NONE }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags};

    use super::*;

    fn recorded(ratio: f64, parent: Option<bool>, kind: SpanKind) -> bool {
        let context = parent.map(|sampled| {
            let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
            let (trace, span) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([1; 8]));
            Context::new().with_remote_span_context(SpanContext::new(
                trace,
                span,
                flags,
                true,
                TraceState::NONE,
            ))
        });
        let trace = TraceId::from_bytes([1; 16]);
        let result = Sampler { ratio }.should_sample(context.as_ref(), trace, "", &kind, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn a_span_follows_its_parent_and_a_call_to_others_begins_no_trace() {
        for ratio in [0.0, 1.0] {
            for kind in [SpanKind::Client, SpanKind::Internal, SpanKind::Server] {
                assert!(recorded(ratio, Some(true), kind.clone()), "{kind:?}");
                assert!(!recorded(ratio, Some(false), kind.clone()), "{kind:?}");
            }
            assert!(!recorded(ratio, None, SpanKind::Client));
            assert_eq!(recorded(ratio, None, SpanKind::Server), ratio == 1.0);
            assert_eq!(recorded(ratio, None, SpanKind::Consumer), ratio == 1.0);
        }
    }

    #[test]
    fn a_chance_is_as_good_as_its_ratio() {
        let taken = (0..10_000).filter(|_| chance(0.25)).count();
        assert!((2_000..3_000).contains(&taken), "{taken}");
        assert!((0..1000).all(|_| chance(1.0) && !chance(0.0)));
    }
}
