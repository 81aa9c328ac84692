//! `/outbox`: messages that handlers handed over. Where to and what became of each; what is in them stays in the ledger.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use noontide_domain::ports::{MessageAnswer, MessageFilter};
use noontide_domain::{MessageId, MessageState, PluginName, RunId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::{JsonBody, Name, Nothing, Query};
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::shape::{Message, Page, words};

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(drop_one)).routes(routes!(retry))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Of this run only.
    #[param(value_type = Option<String>, format = Uuid)]
    run: Option<RunId>,
    /// Of this plugin only.
    plugin: Option<String>,
    /// In this state only.
    #[param(value_type = Option<words::MessageState>, inline)]
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Rows of one page.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: PageSize,
}

/// Messages that handlers handed over, newest first
#[utoipa::path(get, path = "/outbox", operation_id = "listMessages", params(ListQuery),
    responses((status = 200, body = Page<Message>, description = "A page of messages")))]
async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Page<Message>>> {
    let plugin = query.plugin.map(|name| name.parse::<PluginName>()).transpose();
    let filter = MessageFilter {
        run: query.run,
        plugin: plugin.map_err(|reason| Problem::bad_request(format!("`plugin`: {reason}")))?,
        state: query.state.map(|word| state(&word)).transpose()?,
        after: query.after.map(|after| id(&after)).transpose()?,
        limit: query.limit.rows()?,
    };
    let messages = parts.history.messages(filter).await?;
    Ok(query.limit.of(messages, |message| message.id.to_string()))
}

/// What became of a wish about a message.
#[derive(Debug, Serialize, ToSchema)]
struct MessageWish {
    message: String,
    #[schema(example = "is sent again")]
    answer: &'static str,
}

/// Send a message again, now
#[utoipa::path(post, path = "/outbox/{id}/retry", operation_id = "retryMessage", request_body = Nothing,
    responses((status = 200, body = MessageWish, description = "It is sent again")))]
async fn retry(
    State(parts): State<WebParts>,
    Name(text): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Json<MessageWish>> {
    let id = id(&text).map_err(Problem::or_not_found)?;
    done(id, parts.engine.retry_message(id).await?)?;
    Ok(Json(MessageWish { message: id.to_string(), answer: "is sent again" }))
}

/// Give a message up
#[utoipa::path(delete, path = "/outbox/{id}", operation_id = "dropMessage",
    responses((status = 204, description = "It is never sent")))]
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
