//! `/status`, `/reload`, `/livez`, `/readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use noontide_domain::duration;
use noontide_domain::ports::LedgerError;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{JsonBody, Nothing};
use crate::problem::Answer;
use crate::shape::{self, Status};
use crate::{WebParts, hosts};

/// A scheduler that has not looked for so long is stuck: it looks at least every 10 s.
const STUCK: TimeDelta = TimeDelta::seconds(60);

/// How long a probe waits for the ledger: less than those who probe wait for us.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(reload))
}

pub(crate) fn probes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready))
}

/// How this host stands
#[utoipa::path(get, path = "/status", operation_id = "getStatus",
    responses((status = 200, body = Status, description = "Scheduler, places, ledger, queues and what is wrong")))]
async fn status(State(parts): State<WebParts>) -> Answer<Json<Status>> {
    let ledger = parts.history.status().await?;
    let hosts = hosts::counts(&parts).await?;
    let status = Status::of(&parts.engine.status(), &ledger, parts.engine.queues(), hosts);
    Ok(Json(status.with(parts.host.problems(), parts.host.facts())))
}

/// What a reload found.
#[derive(Debug, Serialize, ToSchema)]
struct Reloaded {
    /// How many schedules stand now.
    schedules: usize,
    /// What is wrong, a line each.
    problems: Vec<String>,
}

/// Read configuration and plugin folder again
#[utoipa::path(post, path = "/reload", operation_id = "reload", request_body = Nothing,
    responses((status = 200, body = Reloaded, description = "What was found")))]
async fn reload(State(parts): State<WebParts>, JsonBody(Nothing {}): JsonBody<Nothing>) -> Json<Reloaded> {
    // Whoever is connected goes on with the certificate it has seen.
    let certificate = parts.settings.tls.as_ref().and_then(|tls| tls.renew().err());
    let report = parts.host.reload().await;
    Json(Reloaded { schedules: report.schedules, problems: certificate.into_iter().chain(report.problems).collect() })
}

/// Whether the process is to be left alone.
#[derive(Debug, Serialize, ToSchema)]
struct Liveness {
    live: bool,
    /// Why not.
    reasons: Vec<String>,
}

/// Whether requests are to be sent here.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    ready: bool,
    /// Why not.
    reasons: Vec<String>,
}

/// Whether the process is to be left alone
///
/// A host whose ledger is away cannot help it, and is back by itself when the ledger is: nobody shall end it for that.
#[utoipa::path(get, path = "/livez", operation_id = "isLive", responses(
    (status = 200, body = Liveness, description = "It lives"),
    (status = 503, body = Liveness, description = "It is stuck; end it"),
))]
async fn live(State(parts): State<WebParts>) -> (StatusCode, Json<Liveness>) {
    let is_to_blame = parts.engine.status().trouble.is_none();
    let reasons: Vec<_> = stuck(&parts).into_iter().filter(|_| is_to_blame).collect();
    (status_of(&reasons), Json(Liveness { live: reasons.is_empty(), reasons }))
}

/// Whether requests are to be sent here
#[utoipa::path(get, path = "/readyz", operation_id = "isReady", responses(
    (status = 200, body = Readiness, description = "It is ready"),
    (status = 503, body = Readiness, description = "It is not"),
))]
async fn ready(State(parts): State<WebParts>) -> (StatusCode, Json<Readiness>) {
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
    (status_of(&reasons), Json(Readiness { ready: reasons.is_empty(), reasons }))
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

fn status_of(reasons: &[String]) -> StatusCode {
    if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
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
