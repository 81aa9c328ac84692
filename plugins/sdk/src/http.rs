//! HTTP requests, to origins that the operator granted.

mod error;
mod response;

use std::io::Write;
use std::time::Duration;

use serde::Serialize;

use crate::host::Host;

pub use error::HttpError;
pub use response::Response;

/// Takes a body as it comes.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(&[u8]) -> std::io::Result<()>;

/// HTTP as the operator granted it. Gotten by [`Call::http`](crate::Call::http); whether an origin is granted shows at
/// the first request. Redirects are answers like others: follow them if you want to, each is looked at anew.
#[derive(Clone, Copy)]
pub struct Http<'call> {
    host: &'call dyn Host,
}

/// A request, until it is sent.
#[must_use = "it goes out when `send` is called"]
pub struct Request<'call> {
    host: &'call dyn Host,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) patience: Option<Duration>,
}

/// What comes before the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl<'call> Http<'call> {
    pub(crate) fn of(host: &'call dyn Host) -> Self {
        Self { host }
    }

    /// Gets what is at `url`.
    pub fn get(&self, url: impl Into<String>) -> Result<Response, HttpError> {
        self.request("GET", url).send()
    }

    /// Posts a value as JSON.
    pub fn post_json(&self, url: impl Into<String>, value: &impl Serialize) -> Result<Response, HttpError> {
        self.request("POST", url).json(value)?.send()
    }

    /// Any other request.
    pub fn request(&self, method: &str, url: impl Into<String>) -> Request<'call> {
        Request {
            host: self.host,
            method: method.to_ascii_uppercase(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            patience: None,
        }
    }
}

impl Request<'_> {
    /// A header more. `host` and `content-length` are written by the host.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// `authorization: Bearer …`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// What is sent.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends a value as JSON.
    pub fn json(self, value: &impl Serialize) -> Result<Self, HttpError> {
        let text = serde_json::to_vec(value).map_err(|error| HttpError::Invalid(format!("body: {error}")))?;
        Ok(self.header("content-type", "application/json").body(text))
    }

    /// How long to wait for a connection, for the answer's head, and between parts of its body; without it, as long as
    /// the attempt has.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Sends it, and waits for all of the answer.
    pub fn send(self) -> Result<Response, HttpError> {
        let mut body = Vec::new();
        let head = self.host.http(&self, &mut |part| {
            body.extend_from_slice(part);
            Ok(())
        })?;
        Ok(Response::new(head, body))
    }

    /// Sends it, and writes the answer's body to `sink` as it comes, so that it need not fit into memory; the body of the
    /// response that is given is empty.
    pub fn send_into(self, sink: &mut impl Write) -> Result<Response, HttpError> {
        let head = self.host.http(&self, &mut |part| sink.write_all(part))?;
        Ok(Response::new(head, Vec::new()))
    }
}

impl std::fmt::Debug for Http<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Http")
    }
}

/// Without headers and body: there may be secrets in them.
impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("method", &self.method).field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, json};

    #[test]
    fn an_answer_is_found_by_method_and_url_and_the_request_is_remembered() {
        let call = Call::test().http_answer("GET", "https://api.example.com/orders", 200, r#"{"open":3}"#).http_answer(
            "POST",
            "https://hooks.example.com/in",
            202,
            "",
        );
        let orders = call.http().get("https://api.example.com/orders").unwrap();
        assert_eq!((orders.status(), orders.json::<crate::serde_json::Value>().unwrap()), (200, json!({ "open": 3 })));
        let posted = call.http().post_json("https://hooks.example.com/in", &json!({ "done": true })).unwrap();
        assert!(posted.is_success());
        let sent = call.http_requests();
        assert_eq!((sent[1].method.as_str(), sent[1].body.as_slice()), ("POST", &br#"{"done":true}"#[..]));
        assert_eq!(sent[1].header("Content-Type"), Some("application/json"));
    }

    #[test]
    fn what_no_test_answers_is_not_granted() {
        let call = Call::test().http_fails("GET", "https://slow.example.com/", HttpError::TimedOut);
        let refused = call.http().get("https://other.example.com/x?y").unwrap_err();
        assert_eq!(refused, HttpError::NotGranted { origin: "https://other.example.com".to_owned() });
        assert!(refused.to_string().contains("http = [\"https://other.example.com\"]"), "{refused}");
        assert_eq!(call.http().get("https://slow.example.com/").unwrap_err(), HttpError::TimedOut);
    }

    #[test]
    fn a_status_that_is_no_success_becomes_a_failure_where_asked_for() {
        let call = Call::test().http_answer("GET", "https://a.example.com/", 503, "later");
        let answer = call.http().get("https://a.example.com/").unwrap();
        assert_eq!(answer.text().as_deref(), Ok("later"));
        assert_eq!(answer.or_status_error().unwrap_err(), HttpError::Status { status: 503, body: "later".to_owned() });
    }
}
