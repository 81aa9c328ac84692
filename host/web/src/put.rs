//! `PUT`, `PATCH` and `DELETE` on `/schedules/{name}`: the schedules that clients own.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{Router, put};
use noontide_domain::ports::Put;
use noontide_engine::EngineError;
use serde_json::Value;

use crate::WebParts;
use crate::body::{JsonBody, Name};
use crate::problem::{Answer, Problem};
use crate::schedules::shown;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/schedules/{name}", put(replace).patch(patch).delete(remove))
}

/// As often as the client likes: what stands already is left alone.
async fn replace(
    State(parts): State<WebParts>,
    Name(name): Name,
    JsonBody(body): JsonBody<Value>,
) -> Answer<(StatusCode, Json<Value>)> {
    not_of_a_file(&parts, &name)?;
    stand(&parts, &name, &body, None).await
}

/// A merge patch (RFC 7396) over what was put.
async fn patch(
    State(parts): State<WebParts>,
    Name(name): Name,
    JsonBody(body): JsonBody<Value>,
) -> Answer<(StatusCode, Json<Value>)> {
    let standing = parts.engine.standing(&name)?;
    not_of_a_file(&parts, &name)?;
    let Some(before) = &standing.schedule.asked else {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            format!("what was asked for `{name}` is not known; put it as a whole"),
        ));
    };
    stand(&parts, &name, &body, Some(before)).await
}

async fn remove(State(parts): State<WebParts>, Name(name): Name) -> Answer<StatusCode> {
    parts.engine.remove(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Looked at before the body: whose it is comes before what is wrong with it. The ledger has the last word.
fn not_of_a_file(parts: &WebParts, name: &str) -> Answer<()> {
    match parts.engine.standing(name).ok().map(|standing| standing.schedule) {
        Some(schedule) => match schedule.owner.place() {
            Some(place) => Err(EngineError::OwnedByFile { name: schedule.name, place }.into()),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

async fn stand(parts: &WebParts, name: &str, body: &Value, onto: Option<&Value>) -> Answer<(StatusCode, Json<Value>)> {
    let schedule = parts.host.read_schedule(name, body, onto).await.map_err(Problem::unprocessable)?;
    let status = match parts.engine.put(schedule).await? {
        Put::Created(_) => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    let standing = parts.engine.standing(name)?;
    Ok((status, Json(shown(parts, &standing).await?)))
}
