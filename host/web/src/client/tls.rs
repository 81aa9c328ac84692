//! `https` for the command line: one connection for each request, with the TLS that the rest of the house has. Trusted are the
//! authorities that browsers trust, and those of `--ca`.

use std::path::Path;
use std::sync::Arc;

use axum::http::{self, HeaderValue, header};
use hyper_util::rt::TokioIo;
use reqwest::{Request, Response};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::CONNECT;

/// # Errors
/// A sentence that names the file.
pub(super) fn config(ca: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = ca {
        let wrong = |reason: String| format!("--ca {}: {reason}", file.display());
        let own = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let own = own.map_err(|reason| wrong(reason.to_string()))?;
        if own.is_empty() {
            return Err(wrong("there is no certificate in it (-----BEGIN CERTIFICATE-----)".to_owned()));
        }
        own.into_iter().try_for_each(|one| roots.add(one)).map_err(|reason| wrong(reason.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|reason| reason.to_string())?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Sends one request; the answer's body is read as it comes.
///
/// # Errors
/// The innermost words there are.
pub(super) async fn send(config: Arc<ClientConfig>, request: Request) -> Result<Response, String> {
    let url = request.url().clone();
    let host = url.host_str().ok_or("the address names no host")?;
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let server = ServerName::try_from(name.to_owned()).map_err(|reason| reason.to_string())?;
    let port = url.port_or_known_default().unwrap_or(443);
    let connecting = async {
        let stream = TcpStream::connect((name, port)).await?;
        TlsConnector::from(config).connect(server, stream).await
    };
    let stream = tokio::time::timeout(CONNECT, connecting).await.map_err(|_| "it takes too long to connect")?;
    let io = TokioIo::new(stream.map_err(|reason| refused(&reason))?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.map_err(words)?;
    // It ends with the answer, or when nobody waits for one.
    tokio::spawn(connection);
    let mut request = http::Request::<reqwest::Body>::try_from(request).map_err(|reason| reason.to_string())?;
    let authority = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
    request.headers_mut().insert(header::HOST, HeaderValue::from_str(&authority).map_err(|reason| reason.to_string())?);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    *request.uri_mut() = path.parse().map_err(|reason: http::uri::InvalidUri| reason.to_string())?;
    let answer = sender.send_request(request).await.map_err(words)?;
    Ok(answer.map(reqwest::Body::wrap).into())
}

/// Why no TLS was agreed on, and the next step.
fn refused(reason: &std::io::Error) -> String {
    use rustls::{CertificateError, Error};
    match reason.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "its certificate is of an authority that is not trusted here; name the authority's file with --ca"
                .to_owned()
        }
        Some(Error::InvalidCertificate(wrong)) => format!("its certificate is not accepted: {wrong}"),
        Some(Error::InvalidMessage(_)) => "it does not speak TLS; try http:// in place of https://".to_owned(),
        _ => reason.to_string(),
    }
}

fn words(error: hyper::Error) -> String {
    let mut reason: &dyn std::error::Error = &error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}
