//! `/tokens`: who may ask over TCP, and for what. A token is shown when it is made, and never again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use noontide_domain::ports::TokenRecord;
use noontide_domain::{Scope, TokenName, duration};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::access::Visitor;
use crate::audit::Slip;
use crate::body::{Instant, JsonBody, Name, Query};
use crate::problem::{Answer, Problem};
use crate::register::{PREFIX, digest, fresh};
use crate::shape::{Page, Token, time, words};

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// All tokens, by name
///
/// What each opens, by whom and when it was made, when it was shown last. Not the tokens themselves.
#[utoipa::path(get, path = "/tokens", operation_id = "listTokens",
    responses((status = 200, body = Page<Token>, description = "All tokens")))]
async fn list(State(parts): State<WebParts>) -> Answer<Json<Page<Token>>> {
    let now = parts.engine.now();
    let tokens = parts.register.ledger.tokens().await?;
    Ok(Json(Page::whole(tokens.iter().map(|token| Token::of(token, now)))))
}

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    /// Letters, digits, `-`, `_` and `.`.
    name: String,
    #[schema(value_type = words::Scope)]
    scope: String,
    /// From now on, such as `30d`.
    expires: Option<String>,
    expires_at: Option<Instant>,
    /// Why, for the audit log.
    #[serde(rename = "reason")]
    _reason: Option<String>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
struct NewToken {
    /// The token itself. It is shown now and never again.
    #[schema(example = "noontide_…")]
    token: String,
    #[serde(flatten)]
    shown: Token,
}

/// Make a token
///
/// It is in the answer, and nowhere else afterwards.
#[utoipa::path(post, path = "/tokens", operation_id = "createToken", request_body = CreateBody,
    responses((status = 201, body = NewToken, description = "The token")))]
async fn create(
    State(parts): State<WebParts>,
    visitor: Visitor,
    slip: Slip,
    JsonBody(body): JsonBody<CreateBody>,
) -> Answer<(StatusCode, Json<NewToken>)> {
    slip.tell(|told| told.thing = Some(body.name.clone()));
    let now = parts.engine.now();
    let name: TokenName = body.name.parse().map_err(|reason| Problem::bad_request(format!("`name`: {reason}")))?;
    let scope: Scope = body.scope.parse().map_err(|reason| Problem::bad_request(format!("`scope`: {reason}")))?;
    let expires_at = end(body.expires.as_deref(), body.expires_at, now).map_err(Problem::bad_request)?;
    let secret = fresh(PREFIX)?;
    let token = TokenRecord {
        name: name.clone(),
        digest: digest(&secret),
        scope,
        created_by: visitor.name,
        created_at: now,
        expires_at,
        used_at: None,
        revoked: None,
    };
    if !parts.register.ledger.add_token(token.clone()).await? {
        let detail = format!("there is a token `{name}`; take it back first, or choose another name");
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    Ok((StatusCode::CREATED, Json(NewToken { token: secret, shown: Token::of(&token, now) })))
}

/// When it ends; it must lie ahead.
fn end(after: Option<&str>, at: Option<Instant>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, String> {
    let end = match (after, at) {
        (Some(_), Some(_)) => return Err("`expires` and `expires_at` exclude each other; send one of them".to_owned()),
        (Some(after), None) => {
            let after = duration::parse(after).map_err(|reason| format!("`expires`: {reason}"))?;
            let after = chrono::TimeDelta::from_std(after).ok();
            Some(after.and_then(|after| now.checked_add_signed(after)).ok_or("`expires` is too long")?)
        }
        (None, at) => at.map(|at| at.0),
    };
    match end {
        Some(end) if end <= now => Err(format!("it would end at {}, which has passed", time(end))),
        end => Ok(end),
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RevokeQuery {
    /// Why, for the audit log.
    #[serde(rename = "reason")]
    _reason: Option<String>,
}

/// Take a token back
///
/// It opens nothing from then on, and its sessions end.
#[utoipa::path(delete, path = "/tokens/{name}", operation_id = "revokeToken", params(RevokeQuery),
    responses((status = 204, description = "It opens nothing any more")))]
async fn revoke(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    Query(_): Query<RevokeQuery>,
) -> Answer<StatusCode> {
    let missing = || Problem::not_found(format!("there is no token `{name}` that was not taken back"));
    let token: TokenName = name.parse().map_err(|_| missing())?;
    match parts.register.ledger.revoke_token(&token, &visitor.name, parts.engine.now()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(missing()),
    }
}
