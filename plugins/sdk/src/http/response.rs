//! An answer.

use serde::de::DeserializeOwned;

use super::{Head, HttpError};

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    head: Head,
    body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(head: Head, body: Vec<u8>) -> Self {
        Self { head, body }
    }

    /// Its status, such as 200.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// Whether its status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.head.status)
    }

    /// The first header of this name, if it is text. Upper and lower case are the same.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.head.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// Its body.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// Its body as text.
    pub fn text(&self) -> Result<String, HttpError> {
        let text = String::from_utf8(self.body.clone());
        text.map_err(|_| HttpError::Invalid("the answer's body is not UTF-8".to_owned()))
    }

    /// Its body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        let read = serde_json::from_slice(&self.body);
        read.map_err(|error| HttpError::Invalid(format!("the answer's body: {error}")))
    }

    /// Itself if it is a success; else [`HttpError::Status`] with the beginning of the body.
    pub fn or_status_error(self) -> Result<Self, HttpError> {
        if self.is_success() {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body).chars().take(200).collect();
        Err(HttpError::Status { status: self.head.status, body })
    }
}
