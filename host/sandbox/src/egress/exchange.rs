//! One request and its answer over a connection of its own.

use std::error::Error;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use wasmtime_wasi_http::io::TokioIo;

use super::Egress;
use super::connect::Stream;
use super::decide::Decided;
use super::error::EgressError;

/// For a connection, where nobody says otherwise.
const CONNECT: Duration = Duration::from_secs(10);
/// Head of an answer, in bytes: more is no honest answer.
const HEAD: usize = 64 << 10;

/// How long an exchange may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// To a connection, with lookup and TLS.
    pub(super) connect: Duration,
    /// From there to the head of the answer.
    pub(super) first_byte: Duration,
}

impl Patience {
    /// The usual time for a connection, and for the rest all there is.
    pub(super) fn until(deadline: Instant) -> Self {
        let left = deadline.saturating_duration_since(Instant::now());
        Self { connect: CONNECT.min(left), first_byte: left }
    }
}

/// The connection under an exchange: what moves bytes as long as it is polled.
pub(super) struct Wire {
    connection: Pin<Box<dyn Future<Output = Result<(), hyper::Error>> + Send>>,
    done: bool,
}

impl Wire {
    /// Carries out `work` while the connection moves.
    pub(super) async fn beside<T>(mut self, work: impl Future<Output = T>) -> T {
        self.drive(work).await
    }

    async fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        if !self.done {
            tokio::select! {
                biased;
                answer = &mut work => return answer,
                // How it went, whoever waits for bytes learns from them.
                _ = &mut self.connection => self.done = true,
            }
        }
        work.await
    }

    /// The rest of it, for whoever reads the body elsewhere.
    pub(super) async fn to_the_end(self) -> Result<(), hyper::Error> {
        if self.done { Ok(()) } else { self.connection.await }
    }
}

impl Egress {
    /// Sends `request` where it was decided that it may go, and waits for the head of the answer. `let_through` is told
    /// when nothing is refused any more.
    pub(super) async fn exchange<B>(
        &self,
        decided: &Decided<'_>,
        request: Request<B>,
        patience: Patience,
        let_through: impl FnOnce(),
    ) -> Result<(Response<Incoming>, Wire), EgressError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let target = || decided.target.to_string();
        let stream = self.connect(decided, patience.connect, let_through).await?;
        let request = addressed(request, decided);
        let work = async {
            let (mut sender, mut wire) = open(stream).await?;
            let response = wire.drive(sender.send_request(request)).await?;
            Ok((response, wire))
        };
        match tokio::time::timeout(patience.first_byte, work).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(error)) => Err(broken(target(), &error)),
            Err(_) => Err(EgressError::Silent { target: target() }),
        }
    }
}

async fn open<B>(stream: Box<dyn Stream>) -> Result<(http1::SendRequest<B>, Wire), hyper::Error>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await?;
    Ok((sender, Wire { connection: Box::pin(connection), done: false }))
}

/// In the form of a request to an origin: the path alone, and the host in its header. Nobody else writes that header.
fn addressed<B>(mut request: Request<B>, decided: &Decided<'_>) -> Request<B> {
    let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    *request.version_mut() = http::Version::HTTP_11;
    if let Ok(host) = HeaderValue::try_from(decided.target.authority()) {
        request.headers_mut().insert(HOST, host);
    }
    request
}

pub(super) fn broken(target: String, error: &hyper::Error) -> EgressError {
    let closed = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    EgressError::Broken { target, reason: format!("{error}{cause}"), closed }
}
