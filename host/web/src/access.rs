//! Who is let in.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problem::Problem;

/// Who is let in over one listener.
#[derive(Debug, Clone)]
pub enum Access {
    /// Whoever can open the Unix socket: its file permission is the login.
    Socket,
    /// Programs of this machine over loopback; browsers only with pages from there. Elsewhere than on loopback nothing
    /// listens with it: who comes from outside can write any `Host`.
    Loopback,
    /// Whoever shows the token.
    Token(Token),
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

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Before every route.
pub(crate) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    let open = matches!(request.uri().path(), "/livez" | "/readyz");
    match admit(&access, request.headers()) {
        Err(problem) if !open => problem.into_response(),
        _ => next.run(request).await,
    }
}

fn admit(access: &Access, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match access {
        Access::Socket => Ok(()),
        Access::Token(token) => {
            let shown = text(header::AUTHORIZATION).and_then(|value| value.split_once(' '));
            let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token);
            match shown {
                // Digests have one length, so the comparison tells nothing about the token's.
                Some(shown) if bool::from(digest(shown.trim()).ct_eq(token.0.as_ref())) => Ok(()),
                Some(_) => Err(Problem::new(StatusCode::UNAUTHORIZED, "the token is not the right one")),
                None => Err(Problem::new(
                    StatusCode::UNAUTHORIZED,
                    "a token is needed: `Authorization: Bearer …`, or --token / NOONTIDE_TOKEN on the command line",
                )),
            }
        }
        Access::Loopback => {
            let host = text(header::HOST).unwrap_or_default();
            if !names_loopback(host) {
                let detail =
                    format!("`Host: {host}` is not this machine's loopback; over other names a token is needed");
                return Err(Problem::new(StatusCode::FORBIDDEN, detail));
            }
            match text(header::ORIGIN) {
                Some(origin) if origin.split_once("://").is_none_or(|(_, name)| name != host) => {
                    let detail = format!("`Origin: {origin}`: pages from elsewhere are not let in");
                    Err(Problem::new(StatusCode::FORBIDDEN, detail))
                }
                _ => Ok(()),
            }
        }
    }
}

/// A name that a foreign page could have pointed at loopback (DNS rebinding) does not count.
fn names_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_loopback_count_as_loopback() {
        for host in ["127.0.0.1:7878", "localhost", "LOCALHOST:1", "[::1]:7878", "127.9.9.9"] {
            assert!(names_loopback(host), "{host}");
        }
        for host in ["", "evil.example", "127.0.0.1.evil.example", "0.0.0.0:80", "localhost.evil:80", "[::2]:1"] {
            assert!(!names_loopback(host), "{host}");
        }
    }
}
