//! `/occurrences`: why. One answer for any due instant of a schedule, past or future.

mod explain;
mod moment;
mod verdict;

use axum::Json;
use axum::extract::State;
use axum::routing::{Router, get};
use noontide_domain::Lang;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::Query;
use crate::problem::{Answer, Problem};
use crate::{WebParts, shape};
pub(crate) use explain::{Explained, explain};

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/occurrences", get(why))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhyQuery {
    schedule: String,
    /// RFC 3339, or wall time in `tz`; without seconds any due instant of that minute is meant.
    at: String,
    /// The schedule's own if not given.
    tz: Option<String>,
}

async fn why(State(parts): State<WebParts>, Query(query): Query<WhyQuery>) -> Answer<Json<Value>> {
    let standing = parts.engine.standing(&query.schedule)?;
    let schedule = &standing.schedule;
    let zone = match &query.tz {
        None => schedule.timezone,
        Some(name) => name.parse().map_err(|_| {
            Problem::bad_request(format!("`tz`: no time zone `{name}`; write a name such as Europe/Berlin"))
        })?,
    };
    let told = explain(&parts, standing, &query.at, zone).await?;
    let schedule = &told.standing.schedule;
    Ok(Json(json!({
        "schedule": schedule.name,
        "at": shape::time(told.at),
        "local": told.at.with_timezone(&schedule.timezone).to_rfc3339(),
        "timezone": schedule.timezone.name(),
        "due": told.due,
        "state": told.state,
        "text": told.text,
        "rows": told.rows.iter().map(shape::run).collect::<Vec<_>>(),
        "nearest": (!told.due).then(|| json!({ "before": told.before.map(shape::time), "after": told.after.map(shape::time) })),
        "next": told.standing.next_due().map(shape::time),
        "words": schedule.trigger.words(Lang::En),
    })))
}
