//! Binds, serves, stops in bounded time.
//!
//! ```text
//! accept     a task for each connection, and its timers        accept.rs
//! slots      how many there may be                             slots.rs
//! patient    a client has to take what it is sent              patient.rs
//! body       a body has to arrive                              body.rs
//! tls        certificate and key                           tls.rs
//! socket     the file of the Unix socket                       socket.rs
//! ```

mod accept;
mod body;
mod patient;
mod slots;
mod socket;
mod tls;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Extension;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::Router;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::problem::Problem;
use crate::{Access, WebParts, access, document, events, keyed, metrics, pages, session, unchanged};
use accept::Serve;
use slots::Slots;
pub(crate) use slots::network;
pub use tls::Tls;

/// Connections that are still open so long after the stop are cut.
const LAST_CALL: Duration = Duration::from_secs(3);

/// Larger bodies are refused, in bytes; where more makes sense a route says so.
const BODY_BYTES: usize = 1 << 20;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A socket file, mode 0600: whoever may open it is let in.
    Unix(PathBuf),
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address is taken or not ours.
    #[error("{address}: {reason}; {}", next_step(reason))]
    Tcp {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        reason: std::io::Error,
    },
    /// It can be reached from outside and nothing is asked for.
    #[error("{address} can be reached from outside and no token is asked for; set [http] token, or listen on loopback")]
    Open {
        /// The address.
        address: SocketAddr,
    },
    /// The socket file cannot be made.
    #[error("socket {}: {reason}; set another [data] dir", path.display())]
    Unix {
        /// The file.
        path: PathBuf,
        /// In words.
        reason: String,
    },
}

fn next_step(reason: &std::io::Error) -> &'static str {
    match reason.kind() {
        ErrorKind::AddrInUse => {
            "is another noontide running (`noontide status`)? Set another [http] listen, or port 0 for any free one"
        }
        ErrorKind::PermissionDenied => "ports below 1024 ask for privileges; set another [http] listen",
        _ => "set [http] listen to an address of this machine",
    }
}

/// A listener at work.
#[derive(Debug)]
pub struct Serving {
    /// The address, with the real port; `None` for a socket file.
    pub address: Option<SocketAddr>,
    task: JoinHandle<()>,
}

impl Serving {
    /// Resolves when it has stopped.
    pub async fn stopped(self) {
        // A panic in there has been reported by the runtime.
        let _ = self.task.await;
    }
}

/// A listener that has its address or file and answers nobody yet: who connects waits for [`Bound::serve`].
#[derive(Debug)]
pub struct Bound {
    address: Option<SocketAddr>,
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

/// Takes the address or the file, so that a port in use is known before anything else begins.
///
/// # Errors
/// Names address or file, and the next step.
pub async fn bind(listen: Listen, access: &Access) -> Result<Bound, WebError> {
    match listen {
        Listen::Tcp(address) => {
            if matches!(access, Access::Loopback) && !address.ip().is_loopback() {
                return Err(WebError::Open { address });
            }
            let failed = |reason| WebError::Tcp { address, reason };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            Ok(Bound { address: Some(address), socket: Socket::Tcp(listener) })
        }
        Listen::Unix(path) => {
            let listener =
                socket::socket(&path).await.map_err(|reason| WebError::Unix { path: path.clone(), reason })?;
            Ok(Bound { address: None, socket: Socket::Unix(listener, path) })
        }
    }
}

impl Bound {
    /// The address, with the real port; `None` for a socket file.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Serves the API until `stop`.
    pub fn serve(self, parts: WebParts, stop: CancellationToken) -> Serving {
        let access = if matches!(self.socket, Socket::Unix(..)) { Access::Socket } else { parts.access.clone() };
        let parts = WebParts { access, ..parts };
        let serve = Serve {
            limits: parts.settings.limits,
            slots: Slots::new(&parts.settings.limits, parts.settings.trusted_proxies.clone()),
            tls: parts.settings.tls.clone().filter(|_| matches!(self.socket, Socket::Tcp(_))),
            router: router(parts, &stop),
            stop,
            open: TaskTracker::new(),
        };
        let task = tokio::spawn(async move {
            let (stop, open) = (serve.stop.clone(), serve.open.clone());
            if let Some(tls) = serve.tls.clone() {
                tokio::spawn(tls.follow(stop.clone()));
            }
            let file = match self.socket {
                Socket::Tcp(listener) => {
                    serve.tcp(listener).await;
                    None
                }
                Socket::Unix(listener, path) => {
                    serve.unix(listener).await;
                    Some(path)
                }
            };
            open.close();
            last_call(&stop, &open).await;
            // The next start removes it otherwise.
            let _ = file.map(std::fs::remove_file);
        });
        Serving { address: self.address, task }
    }
}

/// Serves the API until `stop`.
///
/// # Errors
/// Names address or file, and the next step.
pub async fn serve(listen: Listen, parts: WebParts, stop: CancellationToken) -> Result<Serving, WebError> {
    Ok(bind(listen, &parts.access).await?.serve(parts, stop))
}

/// Connections that are open at the stop may end what they are about, for a moment.
async fn last_call(stop: &CancellationToken, open: &TaskTracker) {
    stop.cancelled().await;
    if tokio::time::timeout(LAST_CALL, open.wait()).await.is_err() {
        warn!("connections were still open; cut");
    }
}

fn router(parts: WebParts, stop: &CancellationToken) -> Router {
    let (routes, document) = document::parts();
    let all = routes
        .merge(document::route(document))
        .merge(session::routes())
        .merge(metrics::routes())
        .merge(pages::routes());
    let path = parts.settings.path.clone();
    let all = if path.is_empty() { all } else { all.clone().nest(&path, all) };
    all.layer(Extension(events::Source::of(&parts.engine, stop, parts.settings.limits.streams)))
        .fallback(async |method: Method, uri: Uri| Problem::not_found(format!("there is no {method} {}", uri.path())))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            let detail = format!("{method} is not possible on {}", uri.path());
            Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, detail)
        })
        .layer(from_fn_with_state(parts.clone(), unchanged::tagged))
        .layer(from_fn_with_state(parts.clone(), keyed::once))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(parts.clone(), access::guard))
        .layer(from_fn_with_state(parts.clone(), metrics::count))
        .with_state(parts)
}
