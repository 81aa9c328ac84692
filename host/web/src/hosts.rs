//! `/hosts`: those that share the ledger.

use axum::Json;
use axum::extract::State;
use axum::routing::{Router, get};
use noontide_domain::ports::{HostFilter, LedgerError};
use noontide_domain::{HostId, HostState};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::Query;
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::{WebParts, shape};

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/hosts", get(list))
}

/// Counted one by one at most.
const COUNTED: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    state: Option<String>,
    after: Option<HostId>,
    #[serde(default)]
    limit: PageSize,
}

async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Value>> {
    let filter = HostFilter {
        state: query.state.map(|word| state(&word)).transpose()?,
        after: query.after,
        limit: query.limit.rows()?,
    };
    let hosts = parts.history.hosts(filter).await?;
    Ok(query.limit.of(hosts, |host| host.news.host.to_string(), shape::host))
}

fn state(word: &str) -> Answer<HostState> {
    HostState::parse(word).ok_or_else(|| {
        let known = HostState::ALL.map(HostState::as_str);
        Problem::bad_request(format!("`state` is `{word}`; one of {} is expected", known.join(", ")))
    })
}

/// How many live, and how many have gone silent: what `/status` says of them.
pub(crate) async fn counts(parts: &WebParts) -> Result<Value, LedgerError> {
    let all = parts.history.hosts(HostFilter { state: None, after: None, limit: COUNTED }).await?;
    let count = |state| all.iter().filter(|host| host.state == state).count();
    let of = |state: HostState| (state.as_str().to_owned(), json!(count(state)));
    Ok(Value::Object([HostState::Live, HostState::Draining, HostState::Silent].map(of).into_iter().collect()))
}
