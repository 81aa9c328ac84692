//! `/outbox`: messages that handlers handed over. Where to and what became of each; what is in them stays in the ledger.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{Router, delete, get, post};
use noontide_domain::ports::{MessageAnswer, MessageFilter};
use noontide_domain::{MessageId, MessageState, PluginName, RunId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::{JsonBody, Name, Nothing, Query};
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::{WebParts, shape};

pub(crate) fn routes() -> Router<WebParts> {
    Router::new()
        .route("/outbox", get(list))
        .route("/outbox/{id}", delete(drop_one))
        .route("/outbox/{id}/retry", post(retry))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    run: Option<RunId>,
    plugin: Option<String>,
    state: Option<String>,
    after: Option<String>,
    #[serde(default)]
    limit: PageSize,
}

async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Value>> {
    let plugin = query.plugin.map(|name| name.parse::<PluginName>()).transpose();
    let filter = MessageFilter {
        run: query.run,
        plugin: plugin.map_err(|reason| Problem::bad_request(format!("`plugin`: {reason}")))?,
        state: query.state.map(|word| state(&word)).transpose()?,
        after: query.after.map(|after| id(&after)).transpose()?,
        limit: query.limit.rows()?,
    };
    let messages = parts.history.messages(filter).await?;
    Ok(query.limit.of(messages, |message| message.id.to_string(), shape::message))
}

async fn retry(
    State(parts): State<WebParts>,
    Name(text): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Json<Value>> {
    let id = id(&text).map_err(Problem::or_not_found)?;
    done(id, parts.engine.retry_message(id).await?)?;
    Ok(Json(json!({ "message": id.to_string(), "answer": "is sent again" })))
}

async fn drop_one(State(parts): State<WebParts>, Name(text): Name) -> Answer<StatusCode> {
    let id = id(&text).map_err(Problem::or_not_found)?;
    done(id, parts.engine.drop_message(id).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

fn done(id: MessageId, answer: MessageAnswer) -> Answer<()> {
    match answer {
        MessageAnswer::Done => Ok(()),
        MessageAnswer::NotFound => Err(Problem::not_found(format!("no message {id}; it may be past the retention"))),
        MessageAnswer::Is(state) => {
            let detail =
                format!("message {id} is {}; only what waits or is dead can be sent again or dropped", state.as_str());
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}

fn id(text: &str) -> Answer<MessageId> {
    text.parse().map_err(|reason| Problem::bad_request(format!("{reason}")))
}

fn state(word: &str) -> Answer<MessageState> {
    MessageState::parse(word).ok_or_else(|| {
        let known = MessageState::ALL.map(MessageState::as_str);
        Problem::bad_request(format!("`state` is `{word}`; one of {} is expected", known.join(", ")))
    })
}
