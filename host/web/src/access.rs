//! Who is let in, and what each may do.
//!
//! ```text
//! form          what no honest client sends                                        form.rs
//! peer          who is at the other end, also behind a proxy that is trusted       peer.rs
//! sites         whether the request is meant for this host, and from which page    sites.rs
//! credentials   what was shown: a token, a session                                 credentials.rs
//! table         which scope a route needs                                          table.rs
//! visitor       who it is, for routes and pages                                    visitor.rs
//! ```
//!
//! [`guard`] asks them in this order, before every route.

mod credentials;
mod form;
mod peer;
mod sites;
mod table;
mod visitor;

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use noontide_domain::Scope;
use sha2::{Digest, Sha256};

use crate::WebParts;
use crate::problem::{Answer, Problem};
use crate::settings::WebSettings;

pub(crate) use peer::Peer;
#[cfg(test)]
pub(crate) use table::TABLE;
pub(crate) use table::{Needs, needs};
pub use visitor::{Base, Visitor, Way};

/// Who is let in over one listener.
#[derive(Debug, Clone)]
pub enum Access {
    /// Whoever can open the Unix socket: its file permission is the login.
    Socket,
    /// Programs of this machine over loopback; browsers only with pages from there. Elsewhere than on loopback nothing
    /// listens with it: who comes from outside can write any `Host`.
    Loopback,
    /// Whoever shows the token, or one of the ledger's.
    Token(Token),
}

/// A token's digest. The token itself is not kept.
#[derive(Debug, Clone)]
pub struct Token(pub(crate) Arc<[u8; 32]>);

impl Access {
    /// Lets in whoever shows `token`.
    pub fn token(token: &str) -> Self {
        Access::Token(Token(Arc::new(digest(token))))
    }
}

/// What is kept of a secret with enough randomness of its own.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Before every route.
pub(crate) async fn guard(State(parts): State<WebParts>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    if let Err(problem) = form::check(&head) {
        return problem.into_response();
    }
    let peer = head.extensions.get::<Peer>().cloned().unwrap_or_default().seen(&head.headers, &parts.settings);
    let base = Base::of(&head.uri, &peer, &parts.settings);
    match admit(&parts, &head, &peer).await {
        Ok(visitor) => {
            head.extensions.insert(base);
            head.extensions.insert(peer);
            if let Some(visitor) = visitor {
                head.extensions.insert(visitor);
            }
            next.run(Request::from_parts(head, body)).await
        }
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED && wants_page(&head) => {
            Redirect::to(&base.login(&peer.prefix, &head.uri)).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

/// What the request needs, by the route that it found.
fn asked(head: &Parts, settings: &WebSettings) -> Needs {
    let route = head.extensions.get::<MatchedPath>().map_or(head.uri.path(), MatchedPath::as_str);
    table::needs(&head.method, table::within(route, &settings.path))
}

/// `None` where nobody is asked who they are.
async fn admit(parts: &WebParts, head: &Parts, peer: &Peer) -> Answer<Option<Visitor>> {
    let needs = asked(head, &parts.settings);
    let over_tcp = !matches!(parts.access, Access::Socket);
    if over_tcp && needs != Needs::Nothing {
        sites::check(head, &parts.access, &parts.settings)?;
    }
    let Needs::Scope(scope) = needs else { return Ok(None) };
    let visitor = credentials::visitor(parts, &head.headers, peer).await?;
    if !visitor.may(scope) {
        return Err(lacking(&visitor, scope));
    }
    if parts.settings.read_only && over_tcp && changes(&head.method) {
        let detail =
            "this host takes no changes over TCP ([http] read-only = true); use the Unix socket on its machine";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Ok(Some(visitor))
}

fn lacking(visitor: &Visitor, scope: Scope) -> Problem {
    let Visitor { name, scope: has, .. } = visitor;
    let detail = format!("this needs the scope `{scope}`; {name} has `{has}`");
    Problem::new(StatusCode::FORBIDDEN, detail)
}

/// Whatever is no look.
pub(crate) fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// Somebody who sits before a browser and opened a page.
fn wants_page(head: &Parts) -> bool {
    let accepted = text(&head.headers, &header::ACCEPT).unwrap_or_default();
    !changes(&head.method) && accepted.contains("text/html")
}

/// A header that is there once and is text.
fn text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
