//! Binds, serves, stops in bounded time.

use std::fs::Permissions;
use std::future::IntoFuture;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Extension;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::Router;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::problem::Problem;
use crate::{Access, WebParts, access, document, events, pages};

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
            let listener = socket(&path).await.map_err(|reason| WebError::Unix { path: path.clone(), reason })?;
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
        let ended = stop.clone().cancelled_owned();
        let task = match self.socket {
            Socket::Tcp(listener) => {
                let server = axum::serve(listener, router(parts, &stop)).with_graceful_shutdown(ended);
                tokio::spawn(bounded(server.into_future(), stop))
            }
            Socket::Unix(listener, path) => {
                let router = router(WebParts { access: Access::Socket, ..parts }, &stop);
                let server = axum::serve(listener, router).with_graceful_shutdown(ended);
                tokio::spawn(async move {
                    bounded(server.into_future(), stop).await;
                    // The next start removes it otherwise.
                    let _ = std::fs::remove_file(path);
                })
            }
        };
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

/// Listens on `path`. The file appears there with its mode set: nobody gets in between the two.
async fn socket(path: &Path) -> Result<UnixListener, String> {
    // What is bound first is a shorter path, and takes more than a client of this one can name.
    std::os::unix::net::SocketAddr::from_pathname(path).map_err(|_| "the path is too long for a socket".to_owned())?;
    free(path).await?;
    let private = path.with_file_name(".sock");
    let inside = private.join("s");
    // Left by a host that died right here.
    let _ = std::fs::remove_file(&inside);
    let _ = std::fs::remove_dir(&private);
    let step = |reason: std::io::Error| reason.to_string();
    std::fs::DirBuilder::new().mode(0o700).create(&private).map_err(step)?;
    let listener = UnixListener::bind(&inside).map_err(step)?;
    std::fs::set_permissions(&inside, Permissions::from_mode(0o600)).map_err(step)?;
    std::fs::rename(&inside, path).map_err(step)?;
    // Else the next start does.
    let _ = std::fs::remove_dir(&private);
    Ok(listener)
}

/// The socket of a host that died is no obstacle; one that answers, or may, is another host's, and what is no socket is
/// somebody's file.
async fn free(path: &Path) -> Result<(), String> {
    match std::fs::symlink_metadata(path) {
        Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(()),
        Err(reason) => return Err(reason.to_string()),
        Ok(found) if !found.file_type().is_socket() => {
            return Err("there is something that is no socket, and it stays; move it away".to_owned());
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err("another noontide answers there".to_owned()),
        Err(dead) if matches!(dead.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => Ok(()),
        Err(reason) => Err(format!("whether another noontide answers there cannot be told: {reason}")),
    }
}

fn router(parts: WebParts, stop: &CancellationToken) -> Router {
    let (routes, document) = document::parts();
    routes
        .merge(document::route(document))
        .merge(pages::routes())
        .layer(Extension(events::Source::of(&parts.engine, stop)))
        .fallback(async |method: Method, uri: Uri| Problem::not_found(format!("there is no {method} {}", uri.path())))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            let detail = format!("{method} is not possible on {}", uri.path());
            Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, detail)
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(parts.access.clone(), access::guard))
        .with_state(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_path_no_client_could_name_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let refused = socket(&dir.path().join("x".repeat(120))).await.expect_err("too long");
        assert!(refused.contains("too long"), "{refused}");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0, "nothing is left behind");
    }
}
