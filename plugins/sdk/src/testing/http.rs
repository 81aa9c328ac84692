//! Servers that answer by script.

use super::TestCall;
use crate::http::{Head, HttpError, Request};

/// What the servers of a test answer, and what they were asked.
#[derive(Debug, Default)]
pub(super) struct Script {
    answers: Vec<(String, String, Answer)>,
    asked: Vec<SentRequest>,
}

#[derive(Debug)]
enum Answer {
    Body(u16, Vec<u8>),
    Error(Option<HttpError>),
}

/// A request that a handler sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// In capitals.
    pub method: String,
    /// Where to.
    pub url: String,
    /// In the order they were given.
    pub headers: Vec<(String, String)>,
    /// What was sent.
    pub body: Vec<u8>,
}

impl SentRequest {
    /// The first header of this name. Upper and lower case are the same.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What servers answer. A request that no test answers is not granted.
impl TestCall {
    /// A request of this method to this URL is answered so, as often as it comes.
    #[must_use]
    pub fn http_answer(self, method: &str, url: &str, status: u16, body: impl AsRef<[u8]>) -> Self {
        self.http_scripted(method, url, Answer::Body(status, body.as_ref().to_vec()))
    }

    /// A request of this method to this URL fails, once; after that it is not granted.
    #[must_use]
    pub fn http_fails(self, method: &str, url: &str, error: HttpError) -> Self {
        self.http_scripted(method, url, Answer::Error(Some(error)))
    }

    /// The requests that the handler sent, in order.
    pub fn http_requests(&self) -> Vec<SentRequest> {
        self.recording.http.borrow().asked.clone()
    }

    fn http_scripted(self, method: &str, url: &str, answer: Answer) -> Self {
        let answer = (method.to_ascii_uppercase(), url.to_owned(), answer);
        self.recording.http.borrow_mut().answers.push(answer);
        self
    }
}

impl Script {
    pub(super) fn answer(&mut self, request: &Request<'_>) -> Result<(Head, Vec<u8>), HttpError> {
        let Request { method, url, headers, body, .. } = request;
        self.asked.push(SentRequest {
            method: method.clone(),
            url: url.clone(),
            headers: headers.clone(),
            body: body.clone(),
        });
        let found = self.answers.iter_mut().find(|(known, at, _)| known == method && at == url);
        match found.map(|(_, _, answer)| answer) {
            Some(Answer::Body(status, body)) => Ok((Head { status: *status, headers: Vec::new() }, body.clone())),
            Some(Answer::Error(error)) => Err(error.take().unwrap_or_else(|| not_granted(url))),
            None => Err(not_granted(url)),
        }
    }
}

fn not_granted(url: &str) -> HttpError {
    let after = url.find("://").map_or(0, |at| at + 3);
    let end = url[after..].find(['/', '?', '#']).map_or(url.len(), |at| after + at);
    HttpError::NotGranted { origin: url[..end].to_owned() }
}
