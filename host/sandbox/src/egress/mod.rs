//! The way out: requests that are granted, to addresses that were looked at.
//!
//! ```text
//!   request ──decide: URL, allow-list──▶ look up once ──▶ drop addresses that are refused ──▶ connect to one that is
//!   left ──TLS by the name──▶ one request, one answer, one connection; redirects are the caller's to follow
//! ```
//!
//! The address that was judged is the one that is connected to: nothing asks for the name a second time. Nothing is
//! spawned here; whoever drops the future or the body of the answer drops the connection.

mod body;
mod connect;
mod decide;
mod error;
mod errors;
mod exchange;
mod hooks;
mod lookup;
mod own;
mod resolve;
mod sockets;
mod tls;
mod witness;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use noontide_domain::HttpGrant;
use tokio_rustls::TlsConnector;

pub use error::EgressError;
pub(crate) use errors::tell_errors;
pub(crate) use hooks::Client;
pub(crate) use lookup::add_to_linker as add_lookup_to_linker;
pub use own::OwnAddresses;
pub use resolve::{Resolver, SystemResolver};
pub(crate) use sockets::Sockets;
pub(crate) use witness::Witness;

use crate::settings::SandboxError;
use body::Bounded;
use exchange::Patience;

/// What the way out stands on.
#[derive(Clone)]
pub struct EgressSettings {
    /// From names to addresses.
    pub resolver: Arc<dyn Resolver>,
    /// Where this host listens itself: refused, whatever is granted.
    pub own: OwnAddresses,
    /// PEM files with certificate authorities that are trusted beside the usual ones.
    pub extra_roots: Vec<PathBuf>,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self { resolver: Arc::new(SystemResolver), own: OwnAddresses::default(), extra_roots: Vec::new() }
    }
}

/// A client that only goes where it is granted.
pub struct Egress {
    resolver: Arc<dyn Resolver>,
    own: OwnAddresses,
    tls: TlsConnector,
}

/// A request of the host's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpMessage {
    /// In capitals.
    pub method: String,
    /// With `http://` or `https://`.
    pub url: String,
    /// Without `host`, `content-length` and those that are about the connection.
    pub headers: Vec<(String, String)>,
    /// As it is sent.
    pub body: Bytes,
}

/// The answer to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// A redirect is an answer like others.
    pub status: u16,
    /// In the order they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// All of it.
    pub body: Bytes,
}

impl Egress {
    /// Reads the certificates; nothing is connected.
    ///
    /// # Errors
    /// A file with certificates cannot be read, or has none.
    pub fn new(settings: EgressSettings) -> Result<Self, SandboxError> {
        let tls = tls::connector(&settings.extra_roots)?;
        Ok(Self { resolver: settings.resolver, own: settings.own, tls })
    }

    /// Where the host listens itself.
    pub fn own(&self) -> &OwnAddresses {
        &self.own
    }

    /// Whether a request would be tried at all: its URL is one, and a grant covers it. Nothing is looked up.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, method: &str, url: &str, grants: &[HttpGrant]) -> Result<(), EgressError> {
        let message = HttpMessage { method: method.to_owned(), url: url.to_owned(), ..HttpMessage::default() };
        let request = decide::request(message)?;
        decide::decide(&request, grants).map(|_| ())
    }

    /// Sends `message` and waits for all of the answer: at most `largest` bytes of body, at the latest at `deadline`.
    ///
    /// # Errors
    /// The grants do not cover it or where it leads ([`EgressError::is_refusal`]), or the network fails.
    pub async fn send(
        &self,
        message: HttpMessage,
        grants: &[HttpGrant],
        largest: u64,
        deadline: Instant,
    ) -> Result<HttpAnswer, EgressError> {
        let request = decide::request(message)?.map(Full::new);
        let decided = decide::decide(&request, grants)?;
        let asked = async {
            let (response, wire) = self.exchange(&decided, request, Patience::until(deadline), || {}).await?;
            let (head, body) = response.into_parts();
            let body = wire.beside(Bounded::new(body, largest).collect()).await?.to_bytes();
            let headers = head.headers.iter();
            let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
            Ok(HttpAnswer { status: head.status.as_u16(), headers, body })
        };
        match tokio::time::timeout_at(deadline.into(), asked).await {
            Ok(answer) => answer,
            Err(_) => Err(EgressError::Silent { target: decided.target.to_string() }),
        }
    }
}
