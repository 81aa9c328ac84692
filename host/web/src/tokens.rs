//! `/tokens`: who may ask over TCP, and for what. A token is shown when it is made, and never again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{Router, delete, get};
use chrono::{DateTime, Utc};
use noontide_domain::ports::TokenRecord;
use noontide_domain::{Scope, TokenName, duration};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Visitor;
use crate::audit::Slip;
use crate::body::{Instant, JsonBody, Name, Query};
use crate::problem::{Answer, Problem};
use crate::register::{PREFIX, digest, fresh};
use crate::{WebParts, shape};

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/tokens", get(list).post(create)).route("/tokens/{name}", delete(revoke))
}

async fn list(State(parts): State<WebParts>) -> Answer<Json<Value>> {
    let now = parts.engine.now();
    let tokens = parts.register.ledger.tokens().await?;
    Ok(Json(shape::list(tokens.iter().map(|token| shown(token, now)).collect(), None)))
}

fn shown(token: &TokenRecord, now: DateTime<Utc>) -> Value {
    let (revoked_at, revoked_by) = token.revoked.as_ref().map(|(at, by)| (shape::time(*at), by.clone())).unzip();
    let state = match token.is_good(now) {
        true => "good",
        false if token.revoked.is_some() => "revoked",
        false => "expired",
    };
    json!({
        "name": token.name,
        "scope": token.scope.as_str(),
        "state": state,
        "created_by": token.created_by,
        "created_at": shape::time(token.created_at),
        "expires_at": token.expires_at.map(shape::time),
        "used_at": token.used_at.map(shape::time),
        "revoked_at": revoked_at,
        "revoked_by": revoked_by,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    name: String,
    scope: String,
    /// From now on, such as `30d`.
    expires: Option<String>,
    expires_at: Option<Instant>,
    #[serde(rename = "reason")]
    _reason: Option<String>,
}

async fn create(
    State(parts): State<WebParts>,
    visitor: Visitor,
    slip: Slip,
    JsonBody(body): JsonBody<CreateBody>,
) -> Answer<(StatusCode, Json<Value>)> {
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
    let mut answer = shown(&token, now);
    answer["token"] = secret.into();
    Ok((StatusCode::CREATED, Json(answer)))
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
        Some(end) if end <= now => Err(format!("it would end at {}, which has passed", shape::time(end))),
        end => Ok(end),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeQuery {
    #[serde(rename = "reason")]
    _reason: Option<String>,
}

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
