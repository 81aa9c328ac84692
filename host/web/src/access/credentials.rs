//! What a request shows of itself, and whom it stands for.

use axum::http::{HeaderMap, StatusCode, header};
use noontide_domain::Scope;
use subtle::ConstantTimeEq;

use super::{Access, Peer, Token, Visitor, Way, digest, text};
use crate::WebParts;
use crate::problem::{Answer, Problem};

/// Who asks.
///
/// # Errors
/// Nobody who is known.
pub(super) async fn visitor(parts: &WebParts, headers: &HeaderMap, peer: &Peer) -> Answer<Visitor> {
    let admin = |name: String, way| Ok(Visitor { name, scope: Scope::Admin, way });
    match &parts.access {
        Access::Socket => admin(peer.user.map_or("socket".to_owned(), |user| format!("user {user}")), Way::Socket),
        Access::Loopback => admin("loopback".to_owned(), Way::Loopback),
        Access::Token(configured) => match bearer(headers) {
            Some(shown) if is_configured(&digest(shown), configured) => {
                admin("the configured token".to_owned(), Way::Token)
            }
            Some(_) => Err(Problem::new(StatusCode::UNAUTHORIZED, "the token is not the right one")),
            None => Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "a token is needed: `Authorization: Bearer …`, or --token / NOONTIDE_TOKEN on the command line",
            )),
        },
    }
}

/// The token of the request. Of two that are shown none counts.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let shown = text(headers, &header::AUTHORIZATION)?.split_once(' ');
    shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim())
}

/// Digests have one length, so the comparison tells nothing about the token's.
fn is_configured(shown: &[u8; 32], configured: &Token) -> bool {
    bool::from(shown.ct_eq(configured.0.as_ref()))
}
