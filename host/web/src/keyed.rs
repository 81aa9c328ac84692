//! `Idempotency-Key`: a request that a client sends twice is done once. What a key stands for is in the ledger, so it does not
//! matter which host is asked the second time. Answers that are refusals are not kept: nothing was done.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use noontide_domain::ports::{KeptAnswer, KeyStanding, KeyedRequest, SecretDigest};
use sha2::{Digest, Sha256};

use crate::access::Visitor;
use crate::body::TOO_LARGE;
use crate::problem::{Answer, Problem};
use crate::{WebParts, document};

/// Where the key stands.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// On an answer that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Longer keys are refused, in bytes.
const LONGEST: usize = 255;

/// As large as the largest body of any route, in bytes.
const BODY: usize = 64 << 20;

/// Before every route, behind the guard.
pub(crate) async fn once(State(parts): State<WebParts>, request: Request, next: Next) -> Response {
    let is_asked = *request.method() == Method::POST && request.headers().contains_key(KEY);
    match is_asked {
        false => next.run(request).await,
        true => under_a_key(parts, request, next).await.unwrap_or_else(IntoResponse::into_response),
    }
}

async fn under_a_key(parts: WebParts, request: Request, next: Next) -> Answer<Response> {
    let (head, body) = request.into_parts();
    let key = key(&head)?;
    if document::shows_a_secret(head.uri.path()) {
        return Err(Problem::bad_request("this answer holds a secret and is not kept; leave `Idempotency-Key` out"));
    }
    let body = to_bytes(body, BODY).await.map_err(|_| Problem::too_large(TOO_LARGE))?;
    let asked = KeyedRequest { key, request: digest_of(&head, &body), at: parts.engine.now() };
    // To its end in any case: a client that goes away is the one that asks again.
    let work = tokio::spawn(async move {
        match parts.register.ledger.begin_keyed(asked).await? {
            KeyStanding::New => carried_out(&parts, key, Request::from_parts(head, Body::from(body)), next).await,
            KeyStanding::Answered(answer) => Ok(replayed(answer)),
            KeyStanding::Going => Err(Problem::new(StatusCode::CONFLICT, GOING)),
            KeyStanding::Other => Err(Problem::unprocessable(vec![OTHER.to_owned()])),
        }
    });
    let failed = |panic: tokio::task::JoinError| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, panic.to_string());
    work.await.map_err(failed)?
}

const GOING: &str = "a request with this `Idempotency-Key` is being carried out; ask again in a moment. If it stays so, the host \
                     went away meanwhile: look what was done, and take another key";
const OTHER: &str = "this `Idempotency-Key` stands for another request; take a new key for each request";

/// Of the client and its key together: nobody meets the keys of others.
fn key(head: &Parts) -> Answer<SecretDigest> {
    let mut all = head.headers.get_all(KEY).iter();
    let key = all.next().and_then(|key| key.to_str().ok()).filter(|_| all.next().is_none());
    let is_key = |key: &&str| (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let wrong = "`Idempotency-Key` is one text of 1 to 255 letters, digits and signs of ASCII, without blanks";
    let key = key.filter(is_key).ok_or_else(|| Problem::bad_request(wrong))?;
    let who = head.extensions.get::<Visitor>().map_or("nobody", |visitor| visitor.name.as_str());
    Ok(parted([who.as_bytes(), key.as_bytes()]))
}

/// Of all that decides what is done.
fn digest_of(head: &Parts, body: &Bytes) -> SecretDigest {
    let address = head.uri.path_and_query().map_or("", |address| address.as_str());
    let kind = head.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    parted([address.as_bytes(), kind, body])
}

/// Parts that begin and end elsewhere have another digest.
fn parted<const N: usize>(parts: [&[u8]; N]) -> SecretDigest {
    let add = |all: Sha256, part: &&[u8]| all.chain_update((part.len() as u64).to_be_bytes()).chain_update(part);
    parts.iter().fold(Sha256::new(), add).finalize().into()
}

async fn carried_out(parts: &WebParts, key: SecretDigest, request: Request, next: Next) -> Answer<Response> {
    let response = next.run(request).await;
    if !response.status().is_success() {
        parts.register.ledger.end_keyed(&key, None).await?;
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    // It is one of ours, and whole.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let answer = KeptAnswer { status: head.status.as_u16(), media_type: kind.to_owned(), body: body.to_vec() };
    if let Err(problem) = parts.register.ledger.end_keyed(&key, Some(answer)).await {
        // It was done, and that is what the client wants to know.
        tracing::warn!(%problem, "an answer is not kept; its key stays taken for a day");
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

fn replayed(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let kind = HeaderValue::from_str(&answer.media_type).unwrap_or(HeaderValue::from_static("application/json"));
    let headers = [(header::CONTENT_TYPE, kind), (REPLAYED, HeaderValue::from_static("true"))];
    (status, headers, answer.body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_begin_elsewhere_are_another_request() {
        assert_ne!(parted([b"ab", b"c"]), parted([b"a", b"bc"]));
        assert_eq!(parted([b"a", b"bc"]), parted([b"a", b"bc"]));
    }
}
