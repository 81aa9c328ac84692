//! What a request shows of itself, and whom it stands for.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use noontide_domain::Scope;
use noontide_domain::ports::SecretDigest;
use subtle::ConstantTimeEq;

use super::{Access, Peer, Visitor, Way, changes, sites, text};
use crate::WebParts;
use crate::problem::{Answer, Problem};
use crate::register::{PREFIX, digest};

/// The session's cookie.
pub(crate) const COOKIE: &str = "noontide_session";

/// Who asks.
///
/// # Errors
/// Nobody who is known, or a browser that some other page sent.
pub(super) async fn visitor(parts: &WebParts, method: &Method, headers: &HeaderMap, peer: &Peer) -> Answer<Visitor> {
    let on_this_machine = |name: String, way| Ok(Visitor { name, scope: Scope::Admin, way });
    if matches!(parts.access, Access::Socket) {
        let name = peer.user.map_or("somebody at the socket".to_owned(), |user| format!("user {user}"));
        return on_this_machine(name, Way::Socket);
    }
    if let Some(shown) = bearer(headers) {
        if let Some(visitor) = of_token(parts, shown).await? {
            return Ok(visitor);
        }
    } else if let Some(cookie) = cookie(headers)
        && let Some(visitor) = of_session(parts, cookie).await?
    {
        if changes(method) && !sites::is_from_own_page(headers) {
            let detail = "a session changes things only from this host's own pages; the browser says of none";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        return Ok(visitor);
    }
    match (&parts.access, bearer(headers)) {
        (Access::Loopback, _) => on_this_machine("loopback".to_owned(), Way::Loopback),
        (_, Some(_)) => Err(unauthorized("the token is not the right one")),
        (_, None) => Err(unauthorized(
            "a token is needed: `Authorization: Bearer …`, or --token / NOONTIDE_TOKEN on the command line",
        )),
    }
}

/// Whom the token in the address of a feed stands for; `None` without one. Addresses are written down in many places, so no token
/// that opens more is taken from there.
///
/// # Errors
/// It is not known, or it opens more than feeds.
pub(super) async fn of_address(parts: &WebParts, uri: &Uri) -> Answer<Option<Visitor>> {
    let query = uri.query().and_then(|query| serde_urlencoded::from_str::<Vec<(String, String)>>(query).ok());
    let Some((_, shown)) = query.into_iter().flatten().find(|(name, _)| name == "token") else { return Ok(None) };
    match of_token(parts, &shown).await? {
        Some(visitor) if visitor.scope == Scope::Feed => Ok(Some(visitor)),
        _ => Err(unauthorized(
            "the token in the address is none of the scope `feed`; make one: noontide token new NAME --scope feed",
        )),
    }
}

/// Whom a token stands for; `None` if nobody knows it.
pub(crate) async fn of_token(parts: &WebParts, shown: &str) -> Answer<Option<Visitor>> {
    let digest = digest(shown);
    // What does not look like one of ours is not worth a question.
    match is_configured(&digest, &parts.access) || shown.starts_with(PREFIX) {
        true => of_digest(parts, &digest, Way::Token).await,
        false => Ok(None),
    }
}

async fn of_session(parts: &WebParts, cookie: &str) -> Answer<Option<Visitor>> {
    let now = parts.engine.now();
    match parts.register.ledger.session(&digest(cookie)).await? {
        Some(session) if now < session.expires_at => of_digest(parts, &session.token, Way::Session).await,
        _ => Ok(None),
    }
}

async fn of_digest(parts: &WebParts, digest: &SecretDigest, way: Way) -> Answer<Option<Visitor>> {
    if is_configured(digest, &parts.access) {
        return Ok(Some(Visitor { name: "the configured token".to_owned(), scope: Scope::Admin, way }));
    }
    let Some(token) = parts.register.ledger.token(digest).await? else { return Ok(None) };
    let now = parts.engine.now();
    // Found by an index; that it is this one and no other is seen in constant time.
    let is_this = bool::from(token.digest.ct_eq(digest));
    match (&token.revoked, way) {
        _ if !is_this => Ok(None),
        (Some(_), Way::Token) => Err(unauthorized(&format!("token `{}` was taken back", token.name))),
        (None, Way::Token) if !token.is_good(now) => {
            Err(unauthorized(&format!("token `{}` has expired; an admin makes a new one", token.name)))
        }
        _ if !token.is_good(now) => Ok(None),
        _ => {
            parts.register.used(&token, now);
            Ok(Some(Visitor { name: format!("token {}", token.name), scope: token.scope, way }))
        }
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

/// Digests have one length, so the comparison tells nothing about the token's.
fn is_configured(shown: &SecretDigest, access: &Access) -> bool {
    match access {
        Access::Token(configured) => bool::from(shown.ct_eq(configured.0.as_ref())),
        Access::Socket | Access::Loopback | Access::Tokens => false,
    }
}

/// The token of the request. Of two that are shown none counts.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (shown, None) = (all.next()?, all.next()) else { return None };
    let shown = shown.to_str().ok()?.split_once(' ');
    shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim())
}

/// The session of the request. Of two that are shown, such as one that somebody else has planted, none counts.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// Whether a token was shown at all: who shows a wrong one is noted.
pub(super) fn shows_token(headers: &HeaderMap) -> bool {
    text(headers, &header::AUTHORIZATION).is_some()
}
