//! `/status`, `/reload`, `/livez`, `/readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{Router, get, post};
use chrono::TimeDelta;
use noontide_domain::duration;
use noontide_domain::ports::LedgerError;
use serde_json::{Value, json};

use crate::body::{JsonBody, Nothing};
use crate::problem::Answer;
use crate::{WebParts, hosts, shape};

/// A scheduler that has not looked for so long is stuck: it looks at least every 10 s.
const STUCK: TimeDelta = TimeDelta::seconds(60);

/// How long a probe waits for the ledger: less than those who probe wait for us.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/status", get(status)).route("/reload", post(reload))
}

pub(crate) fn probes() -> Router<WebParts> {
    Router::new().route("/livez", get(live)).route("/readyz", get(ready))
}

async fn status(State(parts): State<WebParts>) -> Answer<Json<Value>> {
    let ledger = parts.history.status().await?;
    let mut shown = shape::status(&parts.engine.status(), &ledger, parts.engine.queues(), parts.host.problems());
    shown["hosts"] = hosts::counts(&parts).await?;
    if let (Value::Object(shown), Value::Object(facts)) = (&mut shown, parts.host.facts()) {
        shown.extend(facts);
    }
    Ok(Json(shown))
}

async fn reload(State(parts): State<WebParts>, JsonBody(Nothing {}): JsonBody<Nothing>) -> Json<Value> {
    let report = parts.host.reload().await;
    Json(json!({ "schedules": report.schedules, "problems": report.problems }))
}

/// A host whose ledger is away cannot help it, and is back by itself when the ledger is: nobody shall end it for that.
async fn live(State(parts): State<WebParts>) -> (StatusCode, Json<Value>) {
    let is_to_blame = parts.engine.status().trouble.is_none();
    verdict("live", stuck(&parts).into_iter().filter(|_| is_to_blame).collect())
}

async fn ready(State(parts): State<WebParts>) -> (StatusCode, Json<Value>) {
    let mut reasons: Vec<_> = stuck(&parts).into_iter().collect();
    let status = parts.engine.status();
    if status.stopping {
        reasons.push("the host is shutting down".to_owned());
    }
    if let Some((reason, since)) = status.trouble {
        reasons.push(format!("since {} the ledger cannot be written: {reason}", shape::time(since)));
    }
    let history = parts.history;
    reasons.extend(unanswered(async move { history.status().await }, PATIENCE).await);
    verdict("ready", reasons)
}

/// Why the ledger does not answer. The question goes on without us: a ledger's future is never dropped half way.
async fn unanswered<T: Send + 'static>(
    question: impl Future<Output = Result<T, LedgerError>> + Send + 'static,
    patience: Duration,
) -> Option<String> {
    match tokio::time::timeout(patience, tokio::spawn(question)).await {
        Ok(Ok(answer)) => answer.err().map(|problem| problem.to_string()),
        Ok(Err(panic)) => Some(format!("the ledger failed: {panic}")),
        Err(_) => Some(format!("the ledger did not answer within {}", duration::words(patience))),
    }
}

fn stuck(parts: &WebParts) -> Option<String> {
    let status = parts.engine.status();
    let silent = status.now - status.last_tick?;
    (silent > STUCK).then(|| format!("the scheduler last looked {} s ago", silent.num_seconds()))
}

fn verdict(word: &str, reasons: Vec<String>) -> (StatusCode, Json<Value>) {
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ word: reasons.is_empty(), "reasons": reasons })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_probes_hears_of_a_ledger_that_hangs() {
        let hangs = async { std::future::pending::<Result<(), LedgerError>>().await };
        assert_eq!(unanswered(hangs, Duration::ZERO).await.as_deref(), Some("the ledger did not answer within 0s"));
        assert_eq!(unanswered(async { Ok(()) }, PATIENCE).await, None);
    }
}
