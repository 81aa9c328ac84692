//! Requests over `wasi:http`.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
    http_error_code,
};
use wasip2::io::streams::StreamError;

use crate::http::{Head, HttpError, Request, Sink};

/// Read at a time, in bytes.
const PART: u64 = 64 << 10;

pub(super) fn send(request: &Request<'_>, sink: Sink<'_>) -> Result<Head, HttpError> {
    let url = Url::read(&request.url)?;
    let origin = url.origin;
    let asked = outgoing(request, &url)?;
    let body = asked.body().map_err(|()| HttpError::Invalid("no body can be sent".to_owned()))?;
    let options = request.patience.map(|patience| {
        let (options, nanos) = (RequestOptions::new(), u64::try_from(patience.as_nanos()).ok());
        let _ = options.set_connect_timeout(nanos);
        let _ = options.set_first_byte_timeout(nanos);
        let _ = options.set_between_bytes_timeout(nanos);
        options
    });
    let coming = outgoing_handler::handle(asked, options).map_err(|code| error(origin, code))?;
    // Where nobody takes the body any more, the answer says why.
    let written = write(body, &request.body);
    coming.subscribe().block();
    let answer = coming.get().and_then(Result::ok);
    let answer = answer.ok_or_else(|| HttpError::Unreachable("the host gave no answer".to_owned()))?;
    let answer = answer.map_err(|code| error(origin, code))?;
    written.map_err(|code| error(origin, code))?;
    let head = head(&answer);
    let body = answer.consume().map_err(|()| HttpError::Invalid("the answer has no body".to_owned()))?;
    read(&body, origin, sink)?;
    Ok(head)
}

/// The parts of a URL as they are sent; the fragment is not.
struct Url<'a> {
    origin: &'a str,
    scheme: &'a str,
    authority: &'a str,
    path: &'a str,
}

impl<'a> Url<'a> {
    fn read(url: &'a str) -> Result<Self, HttpError> {
        let url = url.split('#').next().unwrap_or_default();
        let no_url = || HttpError::Invalid(format!("`{url}` is no URL; it begins with https:// or http://"));
        let (scheme, rest) = url.split_once("://").ok_or_else(no_url)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let origin = &url[..scheme.len() + 3 + authority.len()];
        Ok(Self { origin, scheme, authority, path: if path.is_empty() { "/" } else { path } })
    }
}

fn outgoing(request: &Request<'_>, url: &Url<'_>) -> Result<OutgoingRequest, HttpError> {
    let refused = |what: &str| HttpError::Invalid(format!("{what} is none that can be sent"));
    let headers = Fields::new();
    for (name, value) in &request.headers {
        let appended = headers.append(name, value.as_bytes());
        appended.map_err(|reason| HttpError::Invalid(format!("header `{name}`: {reason}")))?;
    }
    if !request.body.is_empty() {
        let _ = headers.set("content-length", &[request.body.len().to_string().into_bytes()]);
    }
    let asked = OutgoingRequest::new(headers);
    asked.set_method(&method(&request.method)).map_err(|()| refused(&format!("method `{}`", request.method)))?;
    let scheme = match url.scheme {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        other => Scheme::Other(other.to_owned()),
    };
    asked.set_scheme(Some(&scheme)).map_err(|()| refused(&format!("scheme `{}`", url.scheme)))?;
    asked.set_authority(Some(url.authority)).map_err(|()| refused(&format!("host `{}`", url.authority)))?;
    asked.set_path_with_query(Some(url.path)).map_err(|()| refused(&format!("path `{}`", url.path)))?;
    Ok(asked)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn write(body: OutgoingBody, mut bytes: &[u8]) -> Result<(), ErrorCode> {
    if let Ok(stream) = body.write() {
        while !bytes.is_empty() {
            stream.subscribe().block();
            // Closed: whoever closed it says why.
            let Ok(room) = stream.check_write() else { return Ok(()) };
            let (part, rest) = bytes.split_at(bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
            if !part.is_empty() && stream.write(part).is_err() {
                return Ok(());
            }
            bytes = rest;
        }
    }
    OutgoingBody::finish(body, None)
}

fn head(answer: &IncomingResponse) -> Head {
    Head { status: answer.status(), headers: answer.headers().entries() }
}

fn read(body: &IncomingBody, origin: &str, sink: Sink<'_>) -> Result<(), HttpError> {
    let stream = body.stream().map_err(|()| HttpError::Invalid("the answer's body is taken already".to_owned()))?;
    loop {
        match stream.blocking_read(PART) {
            Ok(part) => sink(&part).map_err(HttpError::Sink)?,
            Err(StreamError::Closed) => return Ok(()),
            Err(StreamError::LastOperationFailed(failed)) => {
                return Err(match http_error_code(&failed) {
                    Some(code) => error(origin, code),
                    None => HttpError::Unreachable(failed.to_debug_string()),
                });
            }
        }
    }
}

fn error(origin: &str, code: ErrorCode) -> HttpError {
    let origin = origin.to_owned();
    match code {
        ErrorCode::HttpRequestDenied => HttpError::NotGranted { origin },
        ErrorCode::DestinationIpProhibited => HttpError::AddressRefused { origin },
        ErrorCode::DnsError(_) | ErrorCode::DnsTimeout => HttpError::UnknownName(origin),
        ErrorCode::TlsCertificateError => HttpError::Tls("nobody who is trusted signed the certificate".to_owned()),
        ErrorCode::TlsProtocolError | ErrorCode::TlsAlertReceived(_) => HttpError::Tls(format!("{code:?}")),
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => HttpError::TimedOut,
        ErrorCode::ConnectionLimitReached => HttpError::TooMany,
        ErrorCode::HttpResponseBodySize(most) => HttpError::TooLarge(most),
        ErrorCode::HttpRequestMethodInvalid | ErrorCode::HttpRequestUriInvalid => {
            HttpError::Invalid(format!("{origin}: the request is none that can be sent"))
        }
        other => HttpError::Unreachable(format!("{origin}: {other:?}")),
    }
}
