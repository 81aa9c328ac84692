//! `PUT`, `PATCH` and `DELETE` on `/schedules/{name}`: the schedules that clients own.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use noontide_domain::ports::Put;
use noontide_domain::{Schedule, Standing};
use noontide_engine::EngineError;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::access::Visitor;
use crate::body::{JsonBody, Name, Query};
use crate::problem::{Answer, Problem};
use crate::schedules::shown;
use crate::shape::Schedule as Shown;

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(replace, patch, remove))
}

/// Put a schedule there
///
/// As often as the client likes: what stands already is left alone. The keys are those of a `[schedule.NAME]` of the
/// configuration; `noontide config schema` lists them.
#[utoipa::path(put, path = "/schedules/{name}", operation_id = "putSchedule",
    request_body(content = Object, example = json!({ "handler": "mail/send", "cron": "0 8 * * WED", "timezone": "Asia/Shanghai" })),
    responses(
        (status = 200, body = Shown, description = "It stood there; it stands as it was put now"),
        (status = 201, body = Shown, description = "It is new"),
    ))]
pub(crate) async fn replace(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    JsonBody(body): JsonBody<Value>,
) -> Answer<(StatusCode, Json<Shown>)> {
    if let Some(standing) = parts.engine.find(&name) {
        not_of_a_file(&standing)?;
    }
    let schedule = read(&parts, &name, &body, None).await?;
    let put = parts.engine.put(schedule, &visitor.name).await?;
    answer(&parts, &name, &put).await
}

/// Change a schedule that was put
///
/// A merge patch (RFC 7396) over what was put: `null` takes a key away.
#[utoipa::path(patch, path = "/schedules/{name}", operation_id = "patchSchedule",
    request_body(content = Object, example = json!({ "timezone": "Europe/Berlin" })),
    responses((status = 200, body = Shown, description = "As it stands now")))]
pub(crate) async fn patch(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    JsonBody(body): JsonBody<Value>,
) -> Answer<(StatusCode, Json<Shown>)> {
    loop {
        let former = parts.engine.standing(&name)?;
        not_of_a_file(&former)?;
        let Some(before) = &former.schedule.asked else {
            let detail = format!("what was asked for `{name}` is not known; put it as a whole");
            return Err(Problem::new(StatusCode::CONFLICT, detail));
        };
        let schedule = read(&parts, &name, &body, Some(before)).await?;
        // Two clients who patch different keys both get theirs: whoever comes second lays its patch over the first one's.
        if let Some(put) = parts.engine.replace(former.schedule, schedule, &visitor.name).await? {
            return answer(&parts, &name, &put).await;
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemoveQuery {
    /// Although others follow it.
    #[serde(default)]
    #[param(required = false)]
    force: bool,
    /// Why, for the audit log.
    #[serde(rename = "reason")]
    _reason: Option<String>,
}

/// Take a schedule away; its history stays
#[utoipa::path(delete, path = "/schedules/{name}", operation_id = "deleteSchedule", params(RemoveQuery),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    Query(query): Query<RemoveQuery>,
) -> Answer<StatusCode> {
    parts.engine.remove(&name, query.force, &visitor.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Looked at before the body: whose it is comes before what is wrong with it. The ledger has the last word.
fn not_of_a_file(standing: &Standing) -> Answer<()> {
    let schedule = &standing.schedule;
    match schedule.owner.place() {
        Some(place) => Err(EngineError::OwnedByFile { name: schedule.name.clone(), place }.into()),
        None => Ok(()),
    }
}

async fn read(parts: &WebParts, name: &str, body: &Value, onto: Option<&Value>) -> Answer<Schedule> {
    parts.host.read_schedule(name, body, onto).await.map_err(Problem::unprocessable)
}

async fn answer(parts: &WebParts, name: &str, put: &Put) -> Answer<(StatusCode, Json<Shown>)> {
    let status = if matches!(put, Put::Created(_)) { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(shown(parts, &parts.engine.standing(name)?).await?)))
}
