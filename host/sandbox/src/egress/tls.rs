//! TLS: whom to trust, and what its errors mean.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::Error as Code;

use crate::settings::SandboxError;

/// Trusts the authorities that browsers trust, and those of the files.
///
/// # Errors
/// A file cannot be read, or has no certificate that is one.
pub(super) fn connector(extra: &[PathBuf]) -> Result<TlsConnector, SandboxError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for path in extra {
        let refused = |reason: String| SandboxError::Certificates { path: path.clone(), reason };
        for certificate in certificates(path).map_err(refused)? {
            roots.add(certificate).map_err(|error| refused(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SandboxError::Engine(error.to_string()))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    let read = read.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    if read.is_empty() {
        return Err("there is no certificate in it; a PEM file with -----BEGIN CERTIFICATE----- is expected".to_owned());
    }
    Ok(read)
}

/// What an error of a handshake is for a guest.
pub(super) fn code(error: &std::io::Error) -> Code {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            Code::TlsCertificateError
        }
        Some(rustls::Error::AlertReceived(alert)) => {
            Code::TlsAlertReceived { alert_id: Some(u8::from(*alert)), alert_message: Some(format!("{alert:?}")) }
        }
        _ => Code::TlsProtocolError,
    }
}
