//! TLS by configuration: two PEM files, read at the start and again whenever they change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often the files are looked at: a certificate is renewed days before it ends.
const LOOK: Duration = Duration::from_secs(10);

/// What TLS is spoken with.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    now: RwLock<(Stamp, Arc<ServerConfig>)>,
}

/// Of both files: when they were changed last.
type Stamp = [Option<SystemTime>; 2];

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tls({})", self.0.certificate.display())
    }
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong with it.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, String> {
        let now = RwLock::new((stamp(certificate, key), config(certificate, key)?));
        Ok(Self(Arc::new(Inner { certificate: certificate.to_owned(), key: key.to_owned(), now })))
    }

    /// For the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.now.read().unwrap_or_else(PoisonError::into_inner).1))
    }

    /// Reads the files again if they have changed; what is wrong with them changes nothing.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong with it.
    pub fn renew(&self) -> Result<(), String> {
        let Inner { certificate, key, now } = &*self.0;
        let found = stamp(certificate, key);
        if now.read().unwrap_or_else(PoisonError::into_inner).0 == found {
            return Ok(());
        }
        let new = config(certificate, key)?;
        *now.write().unwrap_or_else(PoisonError::into_inner) = (found, new);
        info!(certificate = %certificate.display(), "the certificate of the API was read again");
        Ok(())
    }

    /// Until `stop`.
    pub(super) async fn follow(self, stop: CancellationToken) {
        let mut told = None;
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let problem = self.renew().err();
            if let Some(problem) = problem.as_ref().filter(|_| told != problem) {
                warn!(problem, "the certificate of the API stays as it was");
            }
            told = problem;
        }
    }
}

/// How a client begins.
pub(super) enum Greeted {
    Tls(Box<TlsStream<TcpStream>>),
    /// It speaks plain HTTP.
    Plain(TcpStream),
}

/// The first byte of a handshake; no method of HTTP begins with it.
const HANDSHAKE: u8 = 0x16;

/// # Errors
/// No TLS was agreed on.
pub(super) async fn greeting(acceptor: TlsAcceptor, stream: TcpStream) -> std::io::Result<Greeted> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        1 if first[0] != HANDSHAKE && first[0].is_ascii_alphabetic() => Ok(Greeted::Plain(stream)),
        _ => Ok(Greeted::Tls(Box::new(acceptor.accept(stream).await?))),
    }
}

/// Tells a client that speaks plain HTTP what is spoken here, as far as it listens, and hangs up.
pub(super) async fn plain_words(mut stream: TcpStream, patience: Duration) {
    let problem = json!({ "type": "about:blank", "title": "Bad Request", "status": 400, "detail": NO_TLS }).to_string();
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n\
         {problem}",
        problem.len()
    );
    // Its request is read, as far as it is there: closing over bytes unread would take the answer back. Whoever does not listen
    // is not waited for.
    let _ = tokio::time::timeout(patience.min(Duration::from_secs(1)), async {
        let _ = stream.read(&mut vec![0; 32 << 10]).await?;
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    })
    .await;
}

const NO_TLS: &str = "TLS is spoken here; ask again with https://";

fn stamp(certificate: &Path, key: &Path) -> Stamp {
    [certificate, key].map(|file| std::fs::metadata(file).and_then(|found| found.modified()).ok())
}

fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, String> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|reason| format!("[http] tls: {}: {reason}", certificate.display()))?;
    if chain.is_empty() {
        return Err(format!(
            "[http] tls: {} holds no certificate (-----BEGIN CERTIFICATE-----)",
            certificate.display()
        ));
    }
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|reason| format!("[http] tls: {}: no private key is read: {reason}", key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|reason| format!("[http] tls: {reason}"))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|reason| {
            format!("[http] tls: {} and {} do not fit: {reason}", certificate.display(), key.display())
        })?;
    Ok(Arc::new(config))
}
