//! Whether a request may be sent: its form, and the grants. Nothing is looked up and nobody is asked.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use noontide_domain::HttpGrant;
use noontide_domain::plugin::egress::{Target, granted};
use wasmtime_wasi_http::DEFAULT_FORBIDDEN_HEADERS;

use super::HttpMessage;
use super::error::EgressError;

/// Where a request goes, and the grants that cover it.
pub(super) struct Decided<'a> {
    pub(super) target: Target,
    pub(super) grants: Vec<&'a HttpGrant>,
}

/// # Errors
/// It has no form that is sent, or no grant covers it.
pub(super) fn decide<'a, B>(request: &Request<B>, grants: &'a [HttpGrant]) -> Result<Decided<'a>, EgressError> {
    let target = target(request)?;
    let path = request.uri().path();
    match granted(grants, &target, request.method().as_str(), path) {
        Ok(grants) => Ok(Decided { target, grants }),
        Err(reason) => Err(EgressError::NotGranted { target, reason }),
    }
}

/// Where a request is meant for, for people and counts.
pub(super) fn origin<B>(request: &Request<B>) -> String {
    let (scheme, authority) = parts(request.uri());
    Target::of(scheme, authority).map_or_else(|_| shown(scheme, authority), |target| target.to_string())
}

fn parts(uri: &Uri) -> (&str, &str) {
    (uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |authority| authority.as_str()))
}

fn target<B>(request: &Request<B>) -> Result<Target, EgressError> {
    let uri = request.uri();
    let (scheme, authority) = parts(uri);
    let refused = |reason: String| EgressError::Request { target: shown(scheme, authority), reason };
    let target = Target::of(scheme, authority).map_err(refused)?;
    if request.method() == Method::CONNECT {
        return Err(refused("CONNECT opens a tunnel; grant `tcp` instead".to_owned()));
    }
    if !uri.path().is_empty() && !uri.path().starts_with('/') {
        return Err(refused("the path does not begin with `/`".to_owned()));
    }
    Ok(target)
}

/// Without what may be a password.
pub(super) fn shown(scheme: &str, authority: &str) -> String {
    let host = authority.rsplit('@').next().unwrap_or_default();
    crate::journal::harmless(&format!("{scheme}://{host}"), 200)
}

/// A request of the host's own.
///
/// # Errors
/// What is wrong with its URL, its method or a header.
pub(super) fn request(message: HttpMessage) -> Result<Request<Bytes>, EgressError> {
    let HttpMessage { method, url, headers, body } = message;
    let uri: Uri = url.parse().map_err(|reason| wrong(&url, format!("no URL: {reason}")))?;
    let (scheme, authority) = parts(&uri);
    let target = shown(scheme, authority);
    let mut request = Request::builder().uri(uri).method(method.as_str());
    for (name, value) in &headers {
        let wrong = |reason: &str| wrong(&target, format!("header `{name}` {reason}"));
        let parsed = HeaderName::try_from(name).map_err(|_| wrong("is no name of a header"))?;
        if parsed == CONTENT_LENGTH || DEFAULT_FORBIDDEN_HEADERS.contains(&parsed) {
            return Err(wrong("is the host's to write"));
        }
        let value = HeaderValue::try_from(value).map_err(|_| wrong("has a value that no header can have"))?;
        request = request.header(parsed, value);
    }
    request.body(body).map_err(|reason| wrong(&target, reason.to_string()))
}

fn wrong(target: &str, reason: String) -> EgressError {
    EgressError::Request { target: crate::journal::harmless(target, 200), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: &str, url: &str, header: Option<(&str, &str)>) -> String {
        let headers = header.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let message = HttpMessage { method: method.into(), url: url.into(), headers, body: Bytes::new() };
        let grants = ["https://a.example.com".parse().expect("a grant")];
        match request(message).and_then(|request| decide(&request, &grants).map(|_| ())) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn only_plain_requests_to_granted_origins_pass() {
        assert_eq!(refused("GET", "https://a.example.com/x?y=z", Some(("accept", "*/*"))), "");
        for (method, url, header, words) in [
            ("GET", "https://me:secret@a.example.com/", None, "a user's name stands before the host"),
            ("GET", "ftp://a.example.com/", None, "http and https are"),
            ("GET", "/x", None, "no scheme"),
            ("GET", "https://a.example.com/ x", None, "no URL"),
            ("CONNECT", "https://a.example.com/", None, "a tunnel"),
            ("BAD METHOD", "https://a.example.com/", None, "invalid HTTP method"),
            ("GET", "https://b.example.com/", None, "https://b.example.com:443 is not granted"),
            ("GET", "https://a.example.com/", Some(("Host", "b")), "is the host's to write"),
            ("GET", "https://a.example.com/", Some(("transfer-encoding", "chunked")), "is the host's to write"),
            ("GET", "https://a.example.com/", Some(("x", "a\r\nb")), "no header can have"),
            ("GET", "https://a.example.com/", Some(("a b", "x")), "no name of a header"),
        ] {
            let said = refused(method, url, header);
            assert!(said.contains(words), "{method} {url} {header:?}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
