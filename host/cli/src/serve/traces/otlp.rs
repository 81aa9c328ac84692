//! A span for each run, from its due instant on, and in it one for each attempt, which is the parent that the plugin is told.

use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::trace::{span_of_attempt, span_of_run};
use noontide_domain::{Cause, Order};
use noontide_engine::{AttemptEnd, AttemptWitness, EngineHandle};
use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor};
use tracing::warn;

use super::is_asked_for;
use crate::exit::Stop;

/// Whoever has waited longer to begin was not late: it was caught up with, or asked for of the past.
const LATE: TimeDelta = TimeDelta::hours(1);

/// Spans on their way, if a collector is named.
pub struct Traces(Option<Arc<Sender>>);

impl Traces {
    /// Begins, if the environment says so.
    ///
    /// # Errors
    /// What the variables say makes no sense.
    pub fn begin() -> Result<Self, Stop> {
        if !is_asked_for() {
            return Ok(Self(None));
        }
        let wrong = |reason| Stop::failed(format!("OTEL_EXPORTER_OTLP_…: {reason}; correct it, or take it out"));
        let exporter = SpanExporter::builder().with_http().build().map_err(wrong)?;
        let mut resource = Resource::builder();
        if std::env::var("OTEL_SERVICE_NAME").is_err() {
            resource = resource.with_service_name("noontide");
        }
        Ok(Self(Some(Arc::new(Sender::to(exporter, &resource.build())))))
    }

    /// Hears of what ends from now on.
    pub fn follow(&self, engine: &EngineHandle) {
        if let Some(sender) = &self.0 {
            engine.tell_of_attempts(Arc::clone(sender) as Arc<dyn AttemptWitness>);
        }
    }

    /// Sends what is left.
    pub async fn end(self) {
        let Some(sender) = self.0 else { return };
        // It waits for the collector.
        if let Err(panic) = tokio::task::spawn_blocking(move || sender.end()).await {
            warn!(%panic, "the last spans were not sent");
        }
    }
}

/// Sends spans in batches, from a thread of its own.
struct Sender {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
}

impl Sender {
    fn to(exporter: SpanExporter, resource: &Resource) -> Self {
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        processor.set_resource(resource);
        let scope = InstrumentationScope::builder("noontide").with_version(env!("CARGO_PKG_VERSION")).build();
        Self { processor, scope }
    }

    fn end(&self) {
        if let Err(problem) = self.processor.shutdown() {
            warn!(%problem, "the last spans were not sent");
        }
    }
}

impl AttemptWitness for Sender {
    fn ended(&self, end: AttemptEnd<'_>) {
        spans(end, &self.scope).into_iter().for_each(|span| self.processor.on_end(span));
    }
}

/// That of the attempt, and with the last one that of the run.
fn spans(end: AttemptEnd<'_>, scope: &InstrumentationScope) -> Vec<SpanData> {
    let AttemptEnd { order, attempt, state, report } = end;
    let Ok(trace) = TraceId::from_hex(&order.trace_id) else { return Vec::new() };
    let whole = context(trace, span_of_run(order.id));
    let name = order.schedule.as_ref().map_or_else(|| order.handler.to_string(), ToString::to_string);
    let status = match report.outcome.message() {
        None => Status::Ok,
        Some(message) => Status::error(message),
    };
    let mut attributes = attributes(order);
    attributes.push(KeyValue::new("noontide.attempt", i64::from(attempt)));
    attributes.push(KeyValue::new("noontide.outcome", report.outcome.as_str()));
    let own = SpanData {
        span_context: context(trace, span_of_attempt(order.id, attempt)),
        parent_span_id: whole.span_id(),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: order.handler.to_string().into(),
        start_time: report.started_at.into(),
        end_time: report.finished_at.into(),
        attributes: attributes.clone(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: retry_of(trace, order, attempt),
        status,
        instrumentation_scope: scope.clone(),
    };
    let run = state.is_final().then(|| SpanData {
        span_context: whole,
        parent_span_id: SpanId::INVALID,
        span_kind: SpanKind::Server,
        name: name.into(),
        start_time: beginning(order, report.started_at),
        links: SpanLinks::default(),
        ..own.clone()
    });
    [own].into_iter().chain(run).collect()
}

fn context(trace: TraceId, span: u64) -> SpanContext {
    SpanContext::new(trace, SpanId::from(span), TraceFlags::SAMPLED, false, TraceState::default())
}

/// To the attempt before it.
fn retry_of(trace: TraceId, order: &Order, attempt: u32) -> SpanLinks {
    let mut links = SpanLinks::default();
    if attempt > 1 {
        links.links.push(Link::with_context(context(trace, span_of_attempt(order.id, attempt - 1))));
    }
    links
}

fn beginning(order: &Order, started_at: DateTime<Utc>) -> SystemTime {
    let is_late = started_at - order.due_at > LATE || order.due_at > started_at;
    if is_late { started_at.into() } else { order.due_at.into() }
}

/// By the semantic conventions for functions that are called.
fn attributes(order: &Order) -> Vec<KeyValue> {
    let trigger = match order.cause {
        Cause::Schedule | Cause::After | Cause::Backfill => "timer",
        Cause::Manual | Cause::Enqueued => "http",
    };
    let mut attributes = vec![
        KeyValue::new("faas.trigger", trigger),
        KeyValue::new("faas.name", order.handler.to_string()),
        KeyValue::new("faas.invocation_id", order.id.to_string()),
        KeyValue::new("faas.time", order.due_at.to_rfc3339()),
        KeyValue::new("noontide.queue", order.queue.to_string()),
    ];
    attributes.extend(order.schedule.iter().map(|name| KeyValue::new("noontide.schedule", name.to_string())));
    attributes
}

#[cfg(test)]
#[path = "otlp/tests.rs"]
mod tests;
