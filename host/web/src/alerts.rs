//! `/alerts`: the rules and sinks of this host, the incidents, and what became of the messages about them.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use noontide_domain::alert::{Acknowledgement, IncidentId};
use noontide_domain::ports::{AlertFilter, IncidentFilter, IncidentWish};
use noontide_domain::{IncidentState, MessageState};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::access::Visitor;
use crate::body::{Instant, JsonBody, Name, Nothing, Query};
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::shape::alert::{AlertSettings, Delivery, Incident, SinkAnswer};
use crate::shape::{Page, time, words};

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new()
        .routes(routes!(settings))
        .routes(routes!(incidents))
        .routes(routes!(acknowledge))
        .routes(routes!(close))
        .routes(routes!(deliveries))
        .routes(routes!(retry))
        .routes(routes!(test))
}

/// Of what somebody is told, and where
#[utoipa::path(get, path = "/alerts", operation_id = "showAlerts",
    responses((status = 200, body = AlertSettings, description = "Rules and sinks of this host")))]
async fn settings(State(parts): State<WebParts>) -> Json<AlertSettings> {
    Json(AlertSettings::new(&parts.engine.alert_rules(), &parts.engine.alert_sinks()))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct IncidentQuery {
    /// In this state only; without it, those that are open.
    #[param(value_type = Option<words::IncidentState>, inline)]
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Rows of one page.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: PageSize,
}

/// Incidents, newest first
#[utoipa::path(get, path = "/alerts/incidents", operation_id = "listIncidents", params(IncidentQuery),
    responses((status = 200, body = Page<Incident>, description = "A page of incidents")))]
async fn incidents(State(parts): State<WebParts>, Query(query): Query<IncidentQuery>) -> Answer<Json<Page<Incident>>> {
    let filter = IncidentFilter {
        state: query.state.map(|word| state("state", &word, IncidentState::ALL, IncidentState::as_str)).transpose()?,
        after: query.after.map(|after| id(&after)).transpose()?,
        limit: query.limit.rows()?,
        ..IncidentFilter::default()
    };
    let found = parts.history.incidents(filter).await?;
    Ok(query.limit.of(found, |incident| incident.id.to_string()))
}

/// Who knows, why it may be quiet, and until when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcknowledgeBody {
    reason: Option<String>,
    /// Until it is over, without one.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Instant>,
    /// Who asks for it.
    by: Option<String>,
}

/// Let an incident be quiet: somebody knows
#[utoipa::path(post, path = "/alerts/incidents/{id}/acknowledge", operation_id = "acknowledgeIncident",
    request_body = AcknowledgeBody,
    responses((status = 200, body = Incident, description = "No reminders, no changes; that it is over is told")))]
async fn acknowledge(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(text): Name,
    JsonBody(body): JsonBody<AcknowledgeBody>,
) -> Answer<Json<Incident>> {
    let (at, until) = (parts.engine.now(), body.until.map(|until| until.0));
    if let Some(until) = until.filter(|until| *until <= at) {
        return Err(Problem::bad_request(format!("`until` is {}, which has passed", time(until))));
    }
    let known = Acknowledgement { by: visitor.signed(body.by), reason: body.reason, at, until };
    change(&parts, &text, IncidentWish::Acknowledge(Some(known))).await
}

/// Why it is over, and who says so.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CloseBody {
    reason: Option<String>,
    /// Who asks for it.
    by: Option<String>,
}

/// Close an incident; nobody is told
#[utoipa::path(post, path = "/alerts/incidents/{id}/close", operation_id = "closeIncident", request_body = CloseBody,
    responses((status = 200, body = Incident, description = "It is over; the next trouble is a new one")))]
async fn close(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(text): Name,
    JsonBody(body): JsonBody<CloseBody>,
) -> Answer<Json<Incident>> {
    let by = visitor.signed(body.by);
    let words = body.reason.map_or_else(|| format!("closed by {by}"), |reason| format!("closed by {by}: {reason}"));
    change(&parts, &text, IncidentWish::Close { words, at: parts.engine.now() }).await
}

async fn change(parts: &WebParts, text: &str, wish: IncidentWish) -> Answer<Json<Incident>> {
    let id = id(text).map_err(Problem::or_not_found)?;
    let gone = || Problem::not_found(format!("no incident {id}; it may be past the retention"));
    let is_close = matches!(wish, IncidentWish::Close { .. });
    let found = parts.engine.change_incident(id, wish).await?.ok_or_else(gone)?;
    if found.state == IncidentState::Closed && !is_close {
        return Err(Problem::new(StatusCode::CONFLICT, format!("incident {id} is over")));
    }
    Ok(Json(Incident::from(&found)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveryQuery {
    /// About this incident only.
    #[param(format = Uuid)]
    incident: Option<String>,
    /// To this sink only.
    sink: Option<String>,
    /// In this state only.
    #[param(value_type = Option<words::MessageState>, inline)]
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Rows of one page.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: PageSize,
}

/// Messages about incidents, newest first: where to, and what was answered
#[utoipa::path(get, path = "/alerts/deliveries", operation_id = "listAlertDeliveries", params(DeliveryQuery),
    responses((status = 200, body = Page<Delivery>, description = "A page of messages, each to one sink")))]
async fn deliveries(State(parts): State<WebParts>, Query(query): Query<DeliveryQuery>) -> Answer<Json<Page<Delivery>>> {
    let filter = AlertFilter {
        incident: query.incident.map(|text| id(&text)).transpose()?,
        sink: query.sink,
        state: query.state.map(|word| state("state", &word, MessageState::ALL, MessageState::as_str)).transpose()?,
        after: query.after.map(|after| number(&after)).transpose()?,
        limit: query.limit.rows()?,
    };
    let found = parts.history.alerts(filter).await?;
    Ok(query.limit.of(found, |one| one.number.to_string()))
}

/// Send a message about an incident again, now
#[utoipa::path(post, path = "/alerts/deliveries/{id}/retry", operation_id = "retryAlertDelivery", request_body = Nothing,
    responses((status = 204, description = "It is sent again")))]
async fn retry(
    State(parts): State<WebParts>,
    Name(text): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<StatusCode> {
    let number = number(&text).map_err(Problem::or_not_found)?;
    match parts.engine.retry_alert(number).await? {
        Some(MessageState::Waiting | MessageState::Dead) => Ok(StatusCode::NO_CONTENT),
        Some(other) => {
            let detail = format!("message {number} is {}; only what waits or is dead is sent again", other.as_str());
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
        None => Err(Problem::not_found(format!("no message {number}; it may be past the retention"))),
    }
}

/// Which sink to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestBody {
    /// All of them, without one.
    sink: Option<String>,
}

/// Send a message that says that it is a test, and wait for the answers
#[utoipa::path(post, path = "/alerts/test", operation_id = "testAlerts", request_body = TestBody,
    responses((status = 200, body = Page<SinkAnswer>, description = "What came back from each sink")))]
async fn test(State(parts): State<WebParts>, JsonBody(body): JsonBody<TestBody>) -> Answer<Json<Page<SinkAnswer>>> {
    let known: BTreeSet<_> = parts.engine.alert_sinks().into_iter().map(|sink| sink.name).collect();
    if let Some(name) = body.sink.as_ref().filter(|name| !known.contains(*name)) {
        let hint = noontide_domain::suggest::hint(name, known.iter().map(String::as_str));
        return Err(Problem::not_found(format!("there is no sink `{name}`{hint}")));
    }
    let (engine, sink) = (parts.engine.clone(), body.sink);
    // A client that goes away leaves no message half sent.
    let tried = tokio::spawn(async move { engine.test_alerts(sink.as_deref()).await }).await;
    let tried = tried.map_err(|panic| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, panic.to_string()))?;
    Ok(Json(Page { items: tried.iter().map(SinkAnswer::from).collect(), next: None }))
}

fn id(text: &str) -> Answer<IncidentId> {
    text.parse().map_err(Problem::bad_request)
}

fn number(text: &str) -> Answer<i64> {
    text.parse().map_err(|_| Problem::bad_request("the number of a message is expected, as the listing shows it"))
}

fn state<T: Copy, const N: usize>(key: &str, word: &str, all: [T; N], name: fn(T) -> &'static str) -> Answer<T> {
    all.into_iter().find(|one| name(*one) == word).ok_or_else(|| {
        let known = all.map(name).join(", ");
        Problem::bad_request(format!("`{key}` is `{word}`; one of {known} is expected"))
    })
}
