//! `/chains`.

use axum::Json;
use axum::extract::State;
use noontide_domain::RunId;
use noontide_domain::chain::Link;
use noontide_domain::ports::{LinkPage, RunRecord};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::{JsonBody, Name, Nothing, Query};
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::shape::{Around, Link as ShownLink, Page};

/// Of what comes next after a run, as much is shown with the run.
const NEXT: usize = 20;

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(cancel))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The `next` of the page before.
    #[param(value_type = Option<String>, format = Uuid)]
    after: Option<RunId>,
    /// Rows of one page.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: PageSize,
}

async fn find(parts: &WebParts, id: &str) -> Answer<Link> {
    let id: RunId = id.parse().map_err(|_| Problem::not_found(format!("`{id}` is no chain's id")))?;
    let found = parts.history.link(id).await?.map(|found| found.link);
    let none =
        || format!("nothing of a chain has the id {id}; it may be past the retention, or a call that nothing follows");
    found.ok_or_else(|| Problem::not_found(none()))
}

/// The calls and groups of a chain, in the order in which it was written
///
/// Any id of the chain will do.
#[utoipa::path(get, path = "/chains/{id}", operation_id = "getChain", params(ListQuery),
    responses((status = 200, body = Page<ShownLink>, description = "A page of links")))]
async fn list(
    State(parts): State<WebParts>,
    Name(id): Name,
    Query(query): Query<ListQuery>,
) -> Answer<Json<Page<ShownLink>>> {
    let limit = query.limit.rows()?;
    let chain = find(&parts, &id).await?.chain;
    let links = parts.history.links(LinkPage { chain, next_to: None, after: query.after, limit }).await?;
    Ok(query.limit.of(links, |one| one.link.id.to_string()))
}

/// What a cancelled chain comes to.
#[derive(Debug, Serialize, ToSchema)]
struct Cancelled {
    chain: String,
    /// From where on, as the chain was written.
    path: String,
    /// Runs that had not begun.
    cancelled: u64,
    /// Runs that are going on.
    asked_to_stop: usize,
    /// Links that are never reached.
    unreached: u64,
}

/// Stop a chain from this call or group on
#[utoipa::path(post, path = "/chains/{id}/cancel", operation_id = "cancelChain", request_body = Nothing,
    responses((status = 200, body = Cancelled, description = "What was stopped")))]
async fn cancel(
    State(parts): State<WebParts>,
    Name(id): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Json<Cancelled>> {
    let link = find(&parts, &id).await?;
    let gone = || Problem::not_found(format!("nothing of a chain has the id {id} any more"));
    let answer = parts.engine.cancel_chain(link.id).await?.ok_or_else(gone)?;
    Ok(Json(Cancelled {
        chain: link.chain.to_string(),
        path: link.path,
        cancelled: answer.cancelled,
        asked_to_stop: answer.asked.len(),
        unreached: answer.unreached,
    }))
}

/// What `GET /runs/{id}` says of the chain around the run.
pub(crate) async fn around(parts: &WebParts, run: &RunRecord) -> Answer<Option<Around>> {
    let Some(chain) = run.chain else { return Ok(None) };
    let own = parts.history.link(run.id).await?.map(|own| own.link);
    let page = LinkPage { chain, next_to: Some(run.id), after: None, limit: NEXT + 1 };
    let next = parts.history.links(page).await?;
    Ok(Some(Around {
        path: own.as_ref().map(|own| own.path.clone()),
        waiter: own.and_then(|own| own.waiter).map(|waiter| waiter.to_string()),
        more_next: next.len() > NEXT,
        next: next.iter().take(NEXT).map(Into::into).collect(),
    }))
}
