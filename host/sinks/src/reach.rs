//! Whether the other side of a sink is there, without sending it anything: its name, a connection, TLS, and a mail server's greeting.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use noontide_domain::alert::{Sink, SinkKind};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::{address, mail, secret};

/// Looks; `ca` are files with authorities that are trusted beside the usual ones. What was seen, in a line.
///
/// # Errors
/// What stands in the way, in a line.
pub async fn reach(sink: &Sink, ca: &[PathBuf], within: Duration) -> Result<String, String> {
    match &sink.to {
        SinkKind::Mail(to) => mail::greet(to, ca, within).await,
        SinkKind::Command { argv, .. } => found(argv.first().map_or("", String::as_str)),
        SinkKind::Ping { url } => at_url(&address(url)?, ca, within).await,
        SinkKind::Webhook { url, secrets } => {
            secret::all(secrets)?;
            at_url(&address(url)?, ca, within).await
        }
        SinkKind::Chat { url, secret, .. } | SinkKind::Alertmanager { url, token: secret } => {
            secret.as_ref().map(secret::read).transpose()?;
            at_url(&address(url)?, ca, within).await
        }
    }
}

/// As the system looks for programs.
fn found(program: &str) -> Result<String, String> {
    let is_there = |path: PathBuf| path.is_file().then_some(path);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let place = match program.contains('/') {
        true => is_there(program.into()),
        false => std::env::split_paths(&path).find_map(|folder| is_there(folder.join(program))),
    };
    place.map(|place| format!("{} is there", place.display())).ok_or_else(|| format!("there is no program {program}"))
}

async fn at_url(url: &str, ca: &[PathBuf], within: Duration) -> Result<String, String> {
    let (host, port, is_secret) = parts(url)?;
    let place = format!("{host}:{port}");
    let look = async {
        let stream = TcpStream::connect((host.as_str(), port)).await.map_err(|error| format!("{place}: {error}"))?;
        if !is_secret {
            return Ok(format!("{place} takes connections"));
        }
        let name = ServerName::try_from(host.clone()).map_err(|_| format!("{host} is no name of a server"))?;
        let connected = TlsConnector::from(trusted(ca)?).connect(name, stream).await;
        connected.map_err(|error| format!("{place}: TLS: {error}"))?;
        Ok(format!("{place} takes connections, and its certificate is trusted"))
    };
    let silent = || format!("{place} said nothing for {} s", within.as_secs());
    tokio::time::timeout(within, look).await.map_err(|_| silent())?
}

/// Host, port, and whether TLS is spoken. The path may be a secret: it is in no answer.
fn parts(url: &str) -> Result<(String, u16, bool), String> {
    let wrong = || "the URL begins with neither http:// nor https://".to_owned();
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return Err(wrong()),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            (host, port.parse().map_err(|_| "the URL has no port that is one")?)
        }
        _ => (authority, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), port, scheme == "https"))
}

fn trusted(ca: &[PathBuf]) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for path in ca {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    read.map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_to_a_host_and_a_port() {
        let at = |host: &str, port, is_secret| Ok((host.to_owned(), port, is_secret));
        assert_eq!(parts("https://hooks.example.com/s3cret?a=b"), at("hooks.example.com", 443, true));
        assert_eq!(parts("http://[::1]:9093"), at("::1", 9093, false));
        assert_eq!(parts("http://user:pass@127.0.0.1/x"), at("127.0.0.1", 80, false));
        assert!(parts("ftp://h").is_err() && parts("http://h:x").is_err());
    }

    #[tokio::test]
    async fn who_listens_is_reached_and_who_does_not_is_named() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/s3cret", listener.local_addr().unwrap());
        let within = Duration::from_secs(20);
        assert!(at_url(&url, &[], within).await.unwrap().contains("takes connections"));
        drop(listener);
        let refused = at_url(&url, &[], within).await.unwrap_err();
        assert!(refused.contains("127.0.0.1") && !refused.contains("s3cret"), "{refused}");
        assert!(found("no-such-program").is_err() && found("sh").is_ok());
    }

    #[tokio::test]
    async fn a_certificate_that_is_not_trusted_is_told() {
        let mailbox = noontide_testkit::Mailbox::start(noontide_testkit::Secrecy::Implicit).await;
        let url = format!("https://localhost:{}/", mailbox.port());
        let within = Duration::from_secs(20);
        let refused = at_url(&url, &[], within).await.unwrap_err();
        assert!(refused.contains("UnknownIssuer"), "{refused}");
        let trusted = at_url(&url, &[noontide_testkit::AUTHORITY.into()], within).await.unwrap();
        assert!(trusted.contains("is trusted"), "{trusted}");
    }
}
