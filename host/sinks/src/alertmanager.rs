//! An Alertmanager: each incident is one of its alerts, known by labels that stay the same from its beginning to its end.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use noontide_domain::alert::{Alert, AlertKind, Incident, Subject};
use serde_json::{Value, json};

use crate::WireRequest;

/// So long it stands there without a word from us: reminders begin it anew.
const STANDS: TimeDelta = TimeDelta::days(30);

/// One that only tries out the way is over soon.
const TEST_STANDS: TimeDelta = TimeDelta::minutes(5);

pub(crate) fn request(alert: &Alert, url: &str, token: Option<&str>) -> WireRequest {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
    let url = format!("{}/api/v2/alerts", url.trim_end_matches('/'));
    WireRequest { url, headers, body: json!([posted(alert)]).to_string() }
}

fn posted(alert: &Alert) -> Value {
    let Incident { rule, subject, words, began_at, ended_at, count, condition, .. } = &alert.incident;
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let (kind, name) = subject_of(subject);
    let until = match alert.kind {
        AlertKind::Recovered => ended_at.unwrap_or(alert.at),
        AlertKind::Test => alert.at + TEST_STANDS,
        _ => alert.at + STANDS,
    };
    let mut annotations = json!({
        "summary": alert.title(),
        "description": words,
        "condition": condition.as_str(),
        "count": count.to_string(),
    });
    for (name, value) in alert.details() {
        annotations[name] = value.into();
    }
    json!({
        "labels": { "alertname": "Noontide", "rule": rule, kind: name },
        "annotations": annotations,
        "startsAt": time(*began_at),
        "endsAt": time(until),
        "generatorURL": alert.link.as_deref().unwrap_or_default(),
    })
}

fn subject_of(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Schedule(name) => ("schedule", name.to_string()),
        Subject::Handler(name) => ("handler", name.to_string()),
        Subject::Plugin(name) => ("plugin", name.clone()),
        Subject::Host(name) => ("host", name.clone()),
        Subject::Outbox(name) => ("outbox", name.to_string()),
    }
}
