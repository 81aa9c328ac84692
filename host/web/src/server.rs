//! Binds, serves, stops in bounded time.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::Router;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::problem::Problem;
use crate::{Access, WebParts, access, events, host, plugins, runs, schedules};

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
    #[error("{address}: {reason}; is another noontide running? Set another [http] listen, or port 0 for any free one")]
    Tcp {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        reason: std::io::Error,
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

/// Serves the API until `stop`.
///
/// # Errors
/// Names address or file, and the next step.
pub async fn serve(listen: Listen, parts: WebParts, stop: CancellationToken) -> Result<Serving, WebError> {
    match listen {
        Listen::Tcp(address) => {
            let failed = |reason| WebError::Tcp { address, reason };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let bound = listener.local_addr().map_err(failed)?;
            let router = router(parts, &stop);
            let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
            Ok(Serving { address: Some(bound), task: tokio::spawn(bounded(server.into_future(), stop)) })
        }
        Listen::Unix(path) => {
            let listener = socket(&path).await.map_err(|reason| WebError::Unix { path: path.clone(), reason })?;
            let router = router(WebParts { access: Access::Socket, ..parts }, &stop);
            let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
            let task = tokio::spawn(async move {
                bounded(server.into_future(), stop).await;
                // The next start removes it otherwise.
                let _ = std::fs::remove_file(path);
            });
            Ok(Serving { address: None, task })
        }
    }
}

async fn bounded(server: impl Future<Output = std::io::Result<()>>, stop: CancellationToken) {
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_CALL).await;
    };
    tokio::select! {
        ended = server => if let Err(problem) = ended { warn!(%problem, "the API stopped") },
        () = late => warn!("connections were still open; cut"),
    }
}

/// A file of a host that died is removed; one that answers is another host's.
async fn socket(path: &Path) -> Result<UnixListener, String> {
    if path.exists() {
        if UnixStream::connect(path).await.is_ok() {
            return Err("another noontide answers there".to_owned());
        }
        std::fs::remove_file(path).map_err(|reason| format!("an old file is in the way: {reason}"))?;
    }
    let listener = UnixListener::bind(path).map_err(|reason| reason.to_string())?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(|reason| reason.to_string())?;
    Ok(listener)
}

fn router(parts: WebParts, stop: &CancellationToken) -> Router {
    let api = Router::new()
        .merge(schedules::routes())
        .merge(runs::routes())
        .merge(plugins::routes())
        .merge(host::routes())
        .merge(events::routes(stop.clone()));
    Router::new()
        .nest("/api/v1", api)
        .merge(host::probes())
        .fallback(async |method: Method, uri: Uri| Problem::not_found(format!("there is no {method} {}", uri.path())))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            let detail = format!("{method} is not possible on {}", uri.path());
            Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, detail)
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(parts.access.clone(), access::guard))
        .with_state(parts)
}
