//! `/login` and `/logout`: a browser shows a token once and has a session from then on, in a cookie that scripts do not see.
//!
//! Each login makes a session of its own and takes none that the browser brought: what somebody else has planted there opens
//! nothing. Whoever tries wrong tokens waits longer each time.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, post};
use chrono::TimeDelta;
use noontide_domain::ports::TokenRecord;
use serde::Deserialize;
use serde_json::json;

use crate::WebParts;
use crate::access::{Base, COOKIE, Peer, cookie, of_token};
use crate::audit::Deed;
use crate::body::{JsonBody, Nothing};
use crate::problem::{Answer, Problem};
use crate::register::digest;
use crate::server::network;
use crate::shape::time;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/login", post(log_in)).route("/logout", post(log_out))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginBody {
    token: String,
    /// Where to go afterwards: a path of this host.
    next: Option<String>,
}

async fn log_in(
    State(parts): State<WebParts>,
    base: Base,
    peer: Peer,
    JsonBody(body): JsonBody<LoginBody>,
) -> Answer<Response> {
    let (now, from) = (parts.engine.now(), peer.address.map(network));
    if let Some(wait) = from.and_then(|from| parts.register.tries.wait(from, now)) {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, waiting(wait));
        noted(&parts, "somebody".to_owned(), &peer, &problem);
        let mut response = problem.into_response();
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(wait.num_seconds().max(0).unsigned_abs() + 1));
        return Ok(response);
    }
    let visitor = match of_token(&parts, body.token.trim()).await {
        Ok(Some(visitor)) => visitor,
        Ok(None) => {
            return Err(wrong(&parts, &peer, Problem::new(StatusCode::UNAUTHORIZED, "the token is not the right one")));
        }
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => return Err(wrong(&parts, &peer, problem)),
        Err(problem) => return Err(problem),
    };
    if let Some(from) = from {
        parts.register.tries.right(from);
    }
    let token = digest(body.token.trim());
    let ends = parts.register.ledger.token(&token).await?.and_then(|token: TokenRecord| token.expires_at);
    let (cookie, expires_at) = parts.register.log_in(token, ends, now).await?;
    Deed::new("login").at(&peer, now).by(&visitor.name).note(&parts, 200, None);
    let answer = json!({
        "name": visitor.name,
        "scope": visitor.scope.as_str(),
        "expires_at": time(expires_at),
        "next": base.after_login(body.next.as_deref()),
    });
    let seconds = (expires_at - now).num_seconds();
    Ok(with_cookie(Json(answer).into_response(), &set_cookie(&cookie, &base, &peer, seconds)))
}

fn wrong(parts: &WebParts, peer: &Peer, problem: Problem) -> Problem {
    if let Some(from) = peer.address {
        parts.register.tries.wrong(network(from), parts.engine.now());
    }
    noted(parts, "somebody".to_owned(), peer, &problem);
    problem
}

fn noted(parts: &WebParts, who: String, peer: &Peer, problem: &Problem) {
    let deed = Deed::new("login").at(peer, parts.engine.now()).by(&who);
    deed.note(parts, problem.status().as_u16(), Some(problem.detail()));
}

fn waiting(wait: TimeDelta) -> String {
    format!("too many wrong tokens came from there; try again in {} s", wait.num_seconds() + 1)
}

async fn log_out(
    State(parts): State<WebParts>,
    base: Base,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Response> {
    if let Some(cookie) = cookie(&headers) {
        parts.register.ledger.close_session(&digest(cookie)).await?;
    }
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), &set_cookie("", &base, &peer, 0)))
}

/// Sent back over this host's own pages only, seen by no script, and in the clear only where the page came so, too.
fn set_cookie(value: &str, base: &Base, peer: &Peer, seconds: i64) -> String {
    let secure = if peer.tls { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path={}/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}", base.0)
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    // Base64 and paths that were looked at: plain text.
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
