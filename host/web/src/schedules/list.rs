//! `GET /schedules`: pages of them, by name.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use futures::{StreamExt, TryStreamExt};
use noontide_domain::ports::RunRecord;
use noontide_domain::{ScheduleName, Standing};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::choice::ScheduleChoice;
use super::{last_run, problem};
use crate::WebParts;
use crate::body::Query;
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::shape::{Page, Schedule};

/// Questions to the ledger at the same time.
const SIDE_BY_SIDE: usize = 4;

pub(super) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// With this in the name or the description, in any case.
    q: Option<String>,
    /// Whose name begins so.
    prefix: Option<String>,
    /// In one of these states, by commas.
    #[param(example = "paused,parked")]
    state: Option<String>,
    /// `api`, `file`, or how the owner begins, such as `file:conf/local/`.
    owner: Option<String>,
    /// Of this handler, or of this plugin.
    #[param(example = "mail/send")]
    handler: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Rows of one page.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: PageSize,
}

/// Schedules, by name
#[utoipa::path(get, path = "/schedules", operation_id = "listSchedules", params(ListQuery),
    responses((status = 200, body = Page<Schedule>, description = "A page of schedules")))]
async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Page<Schedule>>> {
    let ListQuery { q, prefix, state, owner, handler, after, limit } = query;
    let after = after.map(|name| name.parse::<ScheduleName>()).transpose();
    let after = after.map_err(|reason| Problem::bad_request(format!("`after`: {reason}")))?;
    let mut standings = ScheduleChoice { q, prefix, state, owner, handler }.find(&parts, after, limit.rows()?)?;
    let next = limit.cut(&mut standings, |standing| standing.schedule.name.to_string());
    let last = last_runs(&parts, &standings).await?;
    let now = parts.engine.now();
    let shown =
        |standing: &Standing| Schedule::of(standing, problem(&parts, standing), last.get(&standing.schedule.name), now);
    Ok(Json(Page { items: standings.iter().map(shown).collect(), next }))
}

async fn last_runs(parts: &WebParts, standings: &[Standing]) -> Answer<HashMap<ScheduleName, RunRecord>> {
    let names: Vec<_> = standings.iter().map(|standing| standing.schedule.name.clone()).collect();
    let asked = names.into_iter().map(|name| async move { Ok::<_, Problem>((last_run(parts, &name).await?, name)) });
    let found: Vec<_> = futures::stream::iter(asked).buffered(SIDE_BY_SIDE).try_collect().await?;
    Ok(found.into_iter().filter_map(|(run, name)| Some((name, run?))).collect())
}
