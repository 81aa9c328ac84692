//! `/chains`.

use axum::Json;
use axum::extract::State;
use axum::routing::{Router, get, post};
use noontide_domain::chain::{Link, LinkState, Linked};
use noontide_domain::ports::{LinkPage, LinkRecord, RunRecord};
use noontide_domain::{RunId, RunState};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::{JsonBody, Name, Nothing, Query};
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::{WebParts, shape};

/// Of what comes next after a run, as much is shown with the run.
const NEXT: usize = 20;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/chains/{id}", get(list)).route("/chains/{id}/cancel", post(cancel))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    after: Option<RunId>,
    #[serde(default)]
    limit: PageSize,
}

async fn find(parts: &WebParts, id: &str) -> Answer<Link> {
    let id: RunId = id.parse().map_err(|_| Problem::not_found(format!("`{id}` is no chain's id")))?;
    let found = parts.history.link(id).await?.map(|found| found.link);
    let none =
        || format!("nothing of a chain has the id {id}; it may be past the retention, or a call that nothing follows");
    found.ok_or_else(|| Problem::not_found(none()))
}

/// Any id of the chain will do.
async fn list(State(parts): State<WebParts>, Name(id): Name, Query(query): Query<ListQuery>) -> Answer<Json<Value>> {
    let limit = query.limit.rows()?;
    let chain = find(&parts, &id).await?.chain;
    let links = parts.history.links(LinkPage { chain, next_to: None, after: query.after, limit }).await?;
    Ok(query.limit.of(links, |one| one.link.id.to_string(), link))
}

async fn cancel(
    State(parts): State<WebParts>,
    Name(id): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Json<Value>> {
    let link = find(&parts, &id).await?;
    let gone = || Problem::not_found(format!("nothing of a chain has the id {id} any more"));
    let answer = parts.engine.cancel_chain(link.id).await?.ok_or_else(gone)?;
    Ok(Json(json!({
        "chain": link.chain.to_string(),
        "path": link.path,
        "cancelled": answer.cancelled,
        "asked_to_stop": answer.asked.len(),
        "unreached": answer.unreached,
    })))
}

/// What `GET /runs/{id}` says of the chain around the run; `null` if there is none.
pub(crate) async fn around(parts: &WebParts, run: &RunRecord) -> Answer<Value> {
    let Some(chain) = run.chain else { return Ok(Value::Null) };
    let own = parts.history.link(run.id).await?;
    let page = LinkPage { chain, next_to: Some(run.id), after: None, limit: NEXT + 1 };
    let next = parts.history.links(page).await?;
    let mut shown = shape::chain(run);
    shown["path"] = own.as_ref().map(|own| own.link.path.clone()).into();
    shown["waiter"] = own.and_then(|own| own.link.waiter).map(|waiter| waiter.to_string()).into();
    shown["more_next"] = (next.len() > NEXT).into();
    shown["next"] = next.iter().take(NEXT).map(link).collect();
    Ok(shown)
}

fn link(record: &LinkRecord) -> Value {
    let link = &record.link;
    let (handler, missing) = match &link.what {
        Linked::Call { handler, .. } => (Some(handler.to_string()), None),
        Linked::Group { missing } => (None, Some(*missing)),
    };
    json!({
        "id": link.id.to_string(),
        "path": link.path,
        "kind": if missing.is_some() { "group" } else { "call" },
        "handler": handler,
        "missing": missing,
        "after": link.after.map(|after| after.to_string()),
        "on": link.after.map(|_| link.branch.as_str()),
        // Of a call that has a run the run knows better.
        "state": record.run.filter(|_| link.state == LinkState::Made).map_or(link.state.as_str(), RunState::as_str),
        "why": link.why,
    })
}
