//! An alert as a CloudEvent 1.0 in structured JSON: what webhooks and commands get.

use chrono::SecondsFormat;
use noontide_domain::alert::{Alert, Incident};
use serde_json::{Value, json};

/// The media type of such an event.
pub(crate) const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";

pub(crate) fn event(alert: &Alert) -> Value {
    let Incident { id, rule, subject, condition, count, words, facts, began_at, last_at, ended_at, .. } =
        &alert.incident;
    let time = |at: &chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({
        "specversion": "1.0",
        "id": alert.id(),
        "source": "/noontide",
        "type": format!("dev.noontide.alert.{}.v1", alert.kind.as_str()),
        "subject": subject.to_string(),
        "time": time(&alert.at),
        "datacontenttype": "application/json",
        "data": {
            "title": alert.title(),
            "words": words,
            "kind": alert.kind.as_str(),
            "condition": condition.as_str(),
            "rule": rule,
            "incident": id.to_string(),
            "count": count,
            "began_at": time(began_at),
            "last_at": time(last_at),
            "ended_at": ended_at.as_ref().map(time),
            "handler": facts.handler,
            "run": facts.run.map(|run| run.to_string()),
            "due_at": facts.due_at.as_ref().map(time),
            "attempt": facts.attempt,
            "link": alert.link,
        },
    })
}
