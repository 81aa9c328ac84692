//! Who is let in, and what each may do.
//!
//! ```text
//! form          what no honest client sends                                        form.rs
//! peer          who is at the other end, also behind a proxy that is trusted       peer.rs
//! sites         whether the request is meant for this host, and from which page    sites.rs
//! credentials   what was shown: a token, a session                                   credentials.rs
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

use crate::WebParts;
use crate::audit::{Deed, Pending, Slip};
use crate::problem::{Answer, Problem, Refused};
use crate::register::digest;

pub(crate) use credentials::{COOKIE, cookie, of_token};
pub(crate) use peer::Peer;
#[cfg(test)]
pub(crate) use table::TABLE;
pub(crate) use table::{Needs, needs, within};
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
    /// Whoever shows one of the ledger's tokens.
    Tokens,
}

/// A token's digest. The token itself is not kept.
#[derive(Debug, Clone)]
pub struct Token(Arc<[u8; 32]>);

impl Access {
    /// Lets in whoever shows `token`.
    pub fn token(token: &str) -> Self {
        Access::Token(Token(Arc::new(digest(token))))
    }
}

/// Before every route.
pub(crate) async fn guard(State(parts): State<WebParts>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    if let Err(problem) = form::check(&head) {
        return problem.into_response();
    }
    let peer = head.extensions.get::<Peer>().cloned().unwrap_or_default().seen(&head.headers, &parts.settings);
    let base = Base::of(&head.uri, &peer, &parts.settings);
    let route = head.extensions.get::<MatchedPath>().map_or(head.uri.path(), MatchedPath::as_str);
    let route = table::within(route, &parts.settings.path).to_owned();
    let needs = table::needs(&head.method, &route);
    let visitor = match identified(&parts, &head, &peer, needs).await {
        Ok(visitor) => visitor,
        Err(problem) => return turned_away(&parts, &head, &peer, &base, problem),
    };
    let deed = changes(&head.method).then(|| deed(&head, &route, &peer, &parts));
    let slip = Slip::default();
    let pending = deed.zip(visitor.as_ref()).map(|(deed, visitor)| Pending::new(deed.by(&visitor.name), &slip, &parts));
    let response = match visitor.as_ref().map_or(Ok(()), |visitor| allowed(&parts, &head.method, visitor, needs)) {
        Err(problem) => problem.into_response(),
        Ok(()) => {
            head.extensions.insert(base);
            head.extensions.insert(peer);
            head.extensions.insert(slip.clone());
            if let Some(visitor) = visitor {
                head.extensions.insert(visitor);
            }
            next.run(Request::from_parts(head, body)).await
        }
    };
    if let Some(pending) = pending {
        let refused = response.extensions().get::<Refused>().filter(|_| is_told(response.status()));
        pending.answered(response.status(), refused.map(|refused| refused.0.as_str()));
    }
    response
}

/// Refusals whose sentence holds nothing of the input.
fn is_told(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403 | 404 | 409 | 429)
}

fn deed(head: &Parts, route: &str, peer: &Peer, parts: &WebParts) -> Deed {
    let path = table::within(head.uri.path(), &parts.settings.path);
    let query = head.uri.query().and_then(|query| serde_urlencoded::from_str::<Vec<(String, String)>>(query).ok());
    let reason = query.into_iter().flatten().find(|(key, _)| key == "reason").map(|(_, reason)| reason);
    Deed::of(&head.method, route, path).at(peer, parts.engine.now()).why(reason)
}

/// Nobody who is known: a browser that opens a page is led to the login, and who showed a wrong token is noted.
fn turned_away(parts: &WebParts, head: &Parts, peer: &Peer, base: &Base, problem: Problem) -> Response {
    if problem.status() != StatusCode::UNAUTHORIZED {
        return problem.into_response();
    }
    if credentials::shows_token(&head.headers) {
        let deed = Deed::new("token.refuse").at(peer, parts.engine.now());
        deed.note(parts, problem.status().as_u16(), Some(problem.detail()));
    } else if wants_page(head) {
        return Redirect::to(&base.login(&peer.prefix, &head.uri)).into_response();
    }
    problem.into_response()
}

/// Who asks; `None` where nobody is asked.
async fn identified(parts: &WebParts, head: &Parts, peer: &Peer, needs: Needs) -> Answer<Option<Visitor>> {
    if needs != Needs::Nothing && is_over_tcp(parts) {
        sites::check(head, &parts.access, &parts.settings)?;
    }
    match needs {
        Needs::Nothing | Needs::OwnSite => Ok(None),
        Needs::Scope(Scope::Feed) => match credentials::of_address(parts, &head.uri).await? {
            Some(visitor) => Ok(Some(visitor)),
            None => credentials::visitor(parts, &head.method, &head.headers, peer).await.map(Some),
        },
        Needs::Scope(_) => credentials::visitor(parts, &head.method, &head.headers, peer).await.map(Some),
    }
}

fn allowed(parts: &WebParts, method: &Method, visitor: &Visitor, needs: Needs) -> Answer<()> {
    if let Needs::Scope(scope) = needs
        && !visitor.may(scope)
    {
        return Err(lacking(visitor, scope));
    }
    if parts.settings.read_only && is_over_tcp(parts) && changes(method) {
        let detail =
            "this host takes no changes over TCP ([http] read-only = true); use the Unix socket on its machine";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Ok(())
}

fn is_over_tcp(parts: &WebParts) -> bool {
    !matches!(parts.access, Access::Socket)
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
