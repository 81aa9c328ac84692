//! `/hosts`: those that share the ledger.

use axum::Json;
use axum::extract::State;
use noontide_domain::ports::{HostFilter, LedgerError};
use noontide_domain::{HostId, HostState};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::Query;
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::shape::{Host, HostCounts, Page, words};

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Counted one by one at most.
const COUNTED: usize = 10_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// In this state only. Without it, all that have not ended.
    #[param(value_type = Option<words::HostState>, inline)]
    state: Option<String>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>, format = Uuid)]
    after: Option<HostId>,
    /// Rows of one page.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: PageSize,
}

/// The hosts that share the ledger
#[utoipa::path(get, path = "/hosts", operation_id = "listHosts", params(ListQuery),
    responses((status = 200, body = Page<Host>, description = "A page of hosts")))]
async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Page<Host>>> {
    let filter = HostFilter {
        state: query.state.map(|word| state(&word)).transpose()?,
        after: query.after,
        limit: query.limit.rows()?,
    };
    let hosts = parts.history.hosts(filter).await?;
    Ok(query.limit.of(hosts, |host| host.news.host.to_string()))
}

fn state(word: &str) -> Answer<HostState> {
    HostState::parse(word).ok_or_else(|| {
        let known = HostState::ALL.map(HostState::as_str);
        Problem::bad_request(format!("`state` is `{word}`; one of {} is expected", known.join(", ")))
    })
}

/// How many live, and how many have gone silent: what `/status` says of them.
pub(crate) async fn counts(parts: &WebParts) -> Result<HostCounts, LedgerError> {
    let all = parts.history.hosts(HostFilter { state: None, after: None, limit: COUNTED }).await?;
    let count = |state| all.iter().filter(|host| host.state == state).count();
    let (live, draining, silent) = (count(HostState::Live), count(HostState::Draining), count(HostState::Silent));
    Ok(HostCounts { live, draining, silent })
}
