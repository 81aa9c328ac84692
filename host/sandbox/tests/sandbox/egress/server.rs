//! A real server on loopback that counts who comes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::io::TokioIo;

type Answer = Response<BoxBody<Bytes, Infallible>>;

pub struct Server {
    pub address: SocketAddr,
    /// Connections so far, and those that are open.
    pub came: watch::Receiver<(u64, u64)>,
}

impl Server {
    pub async fn at(ip: &str) -> Self {
        Self::listen(&format!("{ip}:0"), None).await
    }

    /// At the port of another one.
    pub async fn beside(other: &Server, ip: &str) -> Self {
        Self::listen(&format!("{ip}:{}", other.address.port()), None).await
    }

    /// With the certificate of `secure.test`.
    pub async fn secure() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox/egress/tls");
        let certificate = CertificateDer::from_pem_file(folder.join("server.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a configuration");
        Self::listen("127.0.0.1:0", Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listen(at: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(at).await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (counts, came) = watch::channel((0, 0));
        let counts = Arc::new(counts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counts.send_modify(|(all, open)| (*all, *open) = (*all + 1, *open + 1));
                let gone = Gone(Arc::clone(&counts));
                let tls = tls.clone();
                tokio::spawn(async move {
                    let _gone = gone;
                    match tls {
                        None => serve(TokioIo::new(stream), address).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(TokioIo::new(stream), address).await,
                            Err(_) => {}
                        },
                    }
                });
            }
        });
        Self { address, came }
    }

    pub fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    pub fn origin(&self, host: &str) -> String {
        self.url(host, "")
    }

    pub fn connections(&self) -> u64 {
        self.came.borrow().0
    }

    /// Waits until so many connections are open.
    pub async fn until_open(&self, count: u64) {
        let mut came = self.came.clone();
        let waited = tokio::time::timeout(crate::stage::PATIENCE, came.wait_for(|(_, open)| *open == count)).await;
        assert!(waited.is_ok(), "{count} open connections were awaited");
    }
}

struct Gone(Arc<watch::Sender<(u64, u64)>>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.send_modify(|(_, open)| *open -= 1);
    }
}

async fn serve<T: hyper::rt::Read + hyper::rt::Write + Unpin>(stream: T, address: SocketAddr) {
    let answer = service_fn(move |request| async move { Ok::<_, Infallible>(answer(request, address).await) });
    let _ = http1::Builder::new().serve_connection(stream, answer).await;
}

async fn answer(request: Request<Incoming>, address: SocketAddr) -> Answer {
    let query = request.uri().query().unwrap_or_default().to_owned();
    match request.uri().path() {
        "/echo" => echo(request).await,
        "/redirect" => {
            let answer = Response::builder().status(302).header("location", query);
            answer.body(full("")).expect("an answer")
        }
        "/bytes" => Response::new(stream(query.parse().expect("a number"), false)),
        // The head and the first part, and then nothing.
        "/half" => Response::new(stream(1_000, true)),
        "/never" => std::future::pending().await,
        path => {
            let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
            Response::new(full(&format!("{} {path} at {} for {host}", request.method(), address.ip())))
        }
    }
}

async fn echo(request: Request<Incoming>) -> Answer {
    let named = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    let mut head: Vec<String> = request.headers().iter().map(named).collect();
    head.sort();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Response::new(full(&format!("{}\n{}", head.concat(), String::from_utf8_lossy(&body))))
}

fn full(text: &str) -> BoxBody<Bytes, Infallible> {
    Full::new(Bytes::from(text.to_owned())).boxed()
}

/// So many bytes in parts; and then no end.
fn stream(bytes: usize, open: bool) -> BoxBody<Bytes, Infallible> {
    let (parts, body) = mpsc::channel::<Bytes>(1);
    tokio::spawn(async move {
        let mut left = bytes;
        while left > 0 {
            let part = left.min(64 << 10);
            if parts.send(Bytes::from(vec![b'x'; part])).await.is_err() {
                return;
            }
            left -= part;
        }
        if open {
            parts.closed().await;
        }
    });
    Parts(body).boxed()
}

struct Parts(mpsc::Receiver<Bytes>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|part| part.map(|part| Ok(Frame::data(part))))
    }
}

/// So long nothing may take that is over at a deadline.
pub const AFTER: Duration = Duration::from_millis(100);
