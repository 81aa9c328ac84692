//! The accept loop: one task for each connection, so many at most, each with its timers.
//!
//! Nothing that a client does ends the loop, and nothing that it leaves undone holds a connection for long: a head that does
//! not come, a body that trickles, an answer that is not taken. An event stream is none of these; it may stay for ever.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::response::Response;
use axum::routing::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

use super::body::timed;
use super::patient::Patient;
use super::slots::{Slot, Slots};
use super::tls::{Greeted, Tls, greeting, plain_words};
use crate::access::Peer;
use crate::settings::Limits;

/// Files that a process may have open come back when others are closed; looking at once again would only burn time.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Heads beyond are refused, in bytes and in number.
const HEAD_BYTES: usize = 32 << 10;
const HEADERS: usize = 100;

/// What a connection is served with.
#[derive(Clone)]
pub(super) struct Serve {
    pub router: Router,
    pub limits: Limits,
    pub slots: Slots,
    pub stop: CancellationToken,
    pub open: TaskTracker,
    pub tls: Option<Tls>,
}

impl Serve {
    /// Until `stop`; connections that are open then go on.
    pub async fn tcp(self, listener: TcpListener) {
        while let Some((stream, address)) = self.next(|| listener.accept()).await {
            let Some(slot) = self.slots.take(Some(address.ip())) else {
                self.open.spawn(super::slots::refuse(stream, self.limits.write));
                continue;
            };
            // Small answers are not held back to be joined with others.
            let _ = stream.set_nodelay(true);
            match self.tls.as_ref().map(Tls::acceptor) {
                None => self.connection(stream, Peer::tcp(address, false), slot),
                Some(acceptor) => self.greeted(acceptor, stream, address, slot),
            }
        }
    }

    pub async fn unix(self, listener: UnixListener) {
        while let Some((stream, _)) = self.next(|| listener.accept()).await {
            let Some(slot) = self.slots.take(None) else { continue };
            let user = stream.peer_cred().ok().map(|peer| peer.uid());
            self.connection(stream, Peer::user(user), slot);
        }
    }

    /// The next that comes in; `None` at the stop.
    async fn next<T, F: Future<Output = io::Result<T>>>(&self, accept: impl Fn() -> F) -> Option<T> {
        loop {
            let accepted = tokio::select! {
                accepted = accept() => accepted,
                () = self.stop.cancelled() => return None,
            };
            match accepted {
                Ok(connection) => return Some(connection),
                // Whoever went away again before being greeted.
                Err(gone) if is_of_one_connection(&gone) => {}
                Err(problem) => {
                    warn!(%problem, "no connection can be taken; looking again");
                    tokio::time::sleep(EXHAUSTED).await;
                }
            }
        }
    }

    /// After a handshake, which has its time, too.
    fn greeted(&self, acceptor: TlsAcceptor, stream: TcpStream, address: SocketAddr, slot: Slot) {
        let serve = self.clone();
        self.open.spawn(async move {
            match tokio::time::timeout(serve.limits.handshake, greeting(acceptor, stream)).await {
                Ok(Ok(Greeted::Tls(stream))) => serve.exchange(*stream, Peer::tcp(address, true)).await,
                Ok(Ok(Greeted::Plain(stream))) => plain_words(stream, serve.limits.write).await,
                Ok(Err(problem)) => debug!(%problem, "no TLS was agreed on"),
                Err(_) => debug!("a client did not greet in time"),
            }
            drop(slot);
        });
    }

    fn connection<S>(&self, stream: S, peer: Peer, slot: Slot)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let serve = self.clone();
        self.open.spawn(async move {
            serve.exchange(stream, peer).await;
            drop(slot);
        });
    }

    async fn exchange<S: AsyncRead + AsyncWrite + Send + 'static>(&self, stream: S, peer: Peer) {
        let service = service_fn(|request: Request<Incoming>| self.answer(request, peer.clone()));
        let io = TokioIo::new(Patient::new(stream, self.limits.write));
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.limits.head);
        builder.max_headers(HEADERS).max_header_size(HEAD_BYTES);
        let connection = builder.serve_connection(io, service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(problem) = ended {
            debug!(%problem, "a connection ended early");
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Result<Response, std::convert::Infallible> {
        // Whoever else reads this connection may see its end elsewhere: nothing more is read from it (RFC 9112, 6.3).
        let is_last =
            request.headers().contains_key(header::TRANSFER_ENCODING) || request.version() == Version::HTTP_10;
        let mut request = request.map(|body| timed(Body::new(body), &self.limits));
        request.extensions_mut().insert(peer);
        let mut response = self.router.clone().oneshot(request).await?;
        if is_last {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

fn is_of_one_connection(problem: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(problem.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn no_more_files_to_be_opened_does_not_end_the_loop() {
        let serve = Serve {
            router: Router::new(),
            limits: Limits::default(),
            slots: Slots::new(&Limits::default(), Vec::new()),
            stop: CancellationToken::new(),
            open: TaskTracker::new(),
            tls: None,
        };
        let (tries, emfile) = (AtomicUsize::new(0), 24);
        let taken = serve.next(|| async {
            match tries.fetch_add(1, Ordering::Relaxed) {
                0..3 => Err(io::Error::from_raw_os_error(emfile)),
                tries => Ok(tries),
            }
        });
        assert_eq!(taken.await, Some(3));
        serve.stop.cancel();
        assert_eq!(serve.next(std::future::pending::<io::Result<()>>).await, None);
    }
}
