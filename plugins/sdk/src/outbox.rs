//! What the host sends once the run's success is on record.

use std::error::Error;
use std::fmt;

use serde::Serialize;

use crate::host::Host;

/// What the host sends for this run once its success is on record, and never if the run fails, traps, is stopped or loses its
/// lease: `call.outbox().webhook(url).json(&order)?.send()?`.
///
/// A message goes out at least once, with the same `Idempotency-Key` however often: a receiver that keeps the keys it has
/// seen takes each once. In which order messages arrive is not promised.
#[derive(Clone, Copy)]
pub struct Outbox<'call> {
    host: &'call dyn Host,
}

/// A webhook that is being put together; [`Message::send`] hands it over.
#[must_use = "nothing is handed over before `send`"]
pub struct Message<'call> {
    host: &'call dyn Host,
    webhook: Webhook,
}

/// One HTTP request. The host sets `Idempotency-Key`, `traceparent` and `User-Agent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Within `http` of `[plugin.<name>]`.
    pub url: String,
    /// In capitals.
    pub method: String,
    /// What the body is.
    pub content_type: Option<String>,
    /// All others.
    pub headers: Vec<(String, String)>,
    /// As it is sent.
    pub body: Vec<u8>,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxError {
    /// No grant in `[plugin.<name>] http` covers it; in the host's words.
    NotGranted(String),
    /// It makes no request, or its body cannot be written; says what is wrong.
    Invalid(String),
    /// Over `outbox-messages` in the plugin's `limits`, or over what one message may have.
    TooLarge {
        /// Which.
        name: String,
        /// What it allows, in messages or bytes.
        allows: u64,
    },
}

impl<'call> Outbox<'call> {
    pub(crate) fn of(host: &'call dyn Host) -> Self {
        Self { host }
    }

    /// A POST without a body, to begin with.
    pub fn webhook(&self, url: impl Into<String>) -> Message<'call> {
        let webhook = Webhook {
            url: url.into(),
            method: "POST".into(),
            content_type: None,
            headers: Vec::new(),
            body: Vec::new(),
        };
        Message { host: self.host, webhook }
    }
}

impl Message<'_> {
    /// PUT, PATCH, DELETE or GET instead of POST.
    pub fn method(mut self, method: &str) -> Self {
        self.webhook.method = method.to_ascii_uppercase();
        self
    }

    /// One header more.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.webhook.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A body as it is, and what it is.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.webhook.content_type = Some(content_type.to_owned());
        self.webhook.body = body.into();
        self
    }

    /// A body of text.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.body("text/plain; charset=utf-8", text.into())
    }

    /// A body of JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, OutboxError> {
        let body = serde_json::to_vec(value).map_err(|error| OutboxError::Invalid(format!("the body: {error}")))?;
        Ok(self.body("application/json", body))
    }

    /// Hands it over; gives the `Idempotency-Key` it will have.
    pub fn send(self) -> Result<String, OutboxError> {
        self.host.send(self.webhook)
    }
}

impl fmt::Display for OutboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted(reason) | Self::Invalid(reason) => write!(f, "outbox: {reason}"),
            Self::TooLarge { name, allows } if name == "outbox-messages" => write!(
                f,
                "outbox: over `outbox-messages`, which allows {allows} messages: send fewer, or raise it in `limits` of this \
                 plugin's table, [plugin.<name>]"
            ),
            Self::TooLarge { name, allows } => {
                write!(f, "outbox: the {name} is over the host's bound of {allows} bytes")
            }
        }
    }
}

impl Error for OutboxError {}

impl fmt::Debug for Outbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox")
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Message").field(&self.webhook).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, json};

    #[test]
    fn what_was_handed_over_is_there_in_its_order_under_keys_of_the_fire() {
        let call = Call::test();
        let first = call.outbox().webhook("https://a.example.com").json(&json!({ "n": 1 })).unwrap().send().unwrap();
        let message = call.outbox().webhook("https://b.example.com").method("put").header("x-own", "1").text("hello");
        let second = message.send().unwrap();
        assert_eq!([first, second], [0, 1].map(|number| format!("{}-{number}", call.fire_key())));
        let sent = call.messages();
        assert_eq!((sent[0].method.as_str(), sent[0].body.as_slice()), ("POST", br#"{"n":1}"#.as_slice()));
        assert_eq!(sent[0].content_type.as_deref(), Some("application/json"));
        assert_eq!((sent[1].method.as_str(), sent[1].headers.len()), ("PUT", 1));
    }

    #[test]
    fn a_refusal_is_told_in_words_and_leaves_nothing() {
        let refusal = OutboxError::TooLarge { name: "outbox-messages".into(), allows: 8 };
        let call = Call::test().refusing_messages(refusal);
        let refused = call.outbox().webhook("https://a.example.com").send().unwrap_err().to_string();
        assert!(
            refused.contains("`outbox-messages`, which allows 8 messages") && refused.contains("[plugin."),
            "{refused}"
        );
        assert!(call.messages().is_empty());
    }
}
