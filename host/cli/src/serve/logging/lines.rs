//! Events as JSON, one object a line. JSON escapes control characters, so a line stays a line whatever a handler says.

use std::fmt::Debug;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::rotating::Rotating;
use crate::clock;

/// Writes each event to a file: `time`, `level`, `target`, `message`, then what the event carries.
pub struct JsonLines(pub Arc<Rotating>);

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.write(&line(event, clock::now()));
    }
}

fn line(event: &Event<'_>, now: DateTime<Utc>) -> String {
    let meta = event.metadata();
    let mut fields = Fields(Map::new());
    fields.put("time", now.to_rfc3339_opts(SecondsFormat::Millis, true));
    fields.put("level", meta.level().as_str().to_ascii_lowercase());
    fields.put("target", meta.target());
    event.record(&mut fields);
    format!("{}\n", Value::Object(fields.0))
}

struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }
}
