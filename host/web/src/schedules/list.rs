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
use super::last::Last;
use super::{last_run, problem};
use crate::WebParts;
use crate::body::Query;
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::shape::{Page, Schedule};

/// Schedules whose newest rows are asked for in one go.
const AT_ONCE: usize = 500;

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
    /// How its newest run ended, or that there was none yet.
    #[param(example = "failed")]
    last: Option<String>,
    /// `name`, or `due` for those that come due first, which is one page without a next.
    #[param(example = "due")]
    order: Option<String>,
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
    let ListQuery { q, prefix, state, owner, handler, last, order, after, limit } = query;
    let after = after.map(|name| name.parse::<ScheduleName>()).transpose();
    let after = after.map_err(|reason| Problem::bad_request(format!("`after`: {reason}")))?;
    let choice = ScheduleChoice { q, prefix, state, owner, handler };
    let last = last.as_deref().map(Last::parse).transpose()?;
    let (standings, next) = match order.as_deref() {
        None | Some("name") => {
            let mut standings = named(&parts, &choice, last, after, limit.rows()?).await?;
            let next = limit.cut(&mut standings, |standing| standing.schedule.name.to_string());
            (standings, next)
        }
        Some("due") if choice.is_empty() && last.is_none() && after.is_none() => {
            let mut standings = parts.engine.upcoming(limit.rows()?);
            limit.cut(&mut standings, |_| String::new());
            (standings.into_iter().map(|(_, standing)| Standing::clone(&standing)).collect(), None)
        }
        Some("due") => {
            let detail =
                "`order`: what comes due first is told of all schedules; take out the other questions and `after`";
            return Err(Problem::bad_request(detail));
        }
        Some(other) => return Err(Problem::bad_request(format!("`order`: `{other}` is none of name, due"))),
    };
    let last = last_runs(&parts, &standings).await?;
    let now = parts.engine.now();
    let shown =
        |standing: &Standing| Schedule::of(standing, problem(&parts, standing), last.get(&standing.schedule.name), now);
    Ok(Json(Page { items: standings.iter().map(shown).collect(), next }))
}

/// Those that are meant, by name: `most` of them.
async fn named(
    parts: &WebParts,
    choice: &ScheduleChoice,
    last: Option<Last>,
    mut after: Option<ScheduleName>,
    most: usize,
) -> Answer<Vec<Standing>> {
    let Some(last) = last else { return choice.find(parts, after, most) };
    let mut found = Vec::new();
    while found.len() < most {
        let some = choice.find(parts, after, AT_ONCE)?;
        let Some(end) = some.last() else { break };
        after = Some(end.schedule.name.clone());
        found.append(&mut last.of(parts, some).await?);
    }
    found.truncate(most);
    Ok(found)
}

async fn last_runs(parts: &WebParts, standings: &[Standing]) -> Answer<HashMap<ScheduleName, RunRecord>> {
    let names: Vec<_> = standings.iter().map(|standing| standing.schedule.name.clone()).collect();
    let asked = names.into_iter().map(|name| async move { Ok::<_, Problem>((last_run(parts, &name).await?, name)) });
    let found: Vec<_> = futures::stream::iter(asked).buffered(SIDE_BY_SIDE).try_collect().await?;
    Ok(found.into_iter().filter_map(|(run, name)| Some((name, run?))).collect())
}
