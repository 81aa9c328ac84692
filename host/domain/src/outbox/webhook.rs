//! A webhook: one HTTP request, checked when it is handed over, so that what waits can be sent.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;

/// One HTTP request to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Absolute; whether it may be reached the plugin's grants say.
    pub url: String,
    /// In capitals.
    pub method: String,
    /// In the order in which they were given; `content-type` among them.
    pub headers: Vec<(String, String)>,
    /// Shared, because a report is copied when the ledger is asked again.
    pub body: Arc<[u8]>,
}

/// Why a webhook cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum BadWebhook {
    /// Something in it makes no request.
    #[error("{0}")]
    Invalid(String),
    /// Over [`Webhook::BYTES`].
    #[error("a message of {bytes} bytes is too large; URL, headers and body have at most {}", Webhook::BYTES)]
    TooLarge {
        /// So much there is.
        bytes: u64,
    },
}

/// What the host sets itself, or what belongs to one connection.
const RESERVED: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

const METHODS: [&str; 5] = ["POST", "PUT", "PATCH", "DELETE", "GET"];

/// Headers of a request; more belongs into the body.
const HEADERS: usize = 64;

/// Longest URL, in bytes: what proxies and servers take.
const URL: usize = 4 << 10;

impl Webhook {
    /// Largest request, in bytes of URL, headers and body: each waits in the ledger.
    pub const BYTES: u64 = 256 << 10;

    /// Checks that all of it can stand in a request.
    ///
    /// # Errors
    /// What cannot, and why.
    pub fn checked(self) -> Result<Self, BadWebhook> {
        let invalid = |words: String| Err(BadWebhook::Invalid(words));
        let bytes = self.bytes();
        if bytes > Self::BYTES {
            return Err(BadWebhook::TooLarge { bytes });
        }
        if self.url.len() > URL || !self.url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return invalid(format!(
                "`{}` is no URL that can be called: visible ASCII of at most {URL} bytes is possible",
                excerpt(&self.url)
            ));
        }
        if !METHODS.contains(&self.method.as_str()) {
            return invalid(format!("method `{}`: {} are possible", excerpt(&self.method), METHODS.join(", ")));
        }
        if self.headers.len() > HEADERS {
            return invalid(format!("{} headers are too many; {HEADERS} are possible", self.headers.len()));
        }
        match self.headers.iter().find_map(|(name, value)| bad_header(name, value)) {
            Some(words) => invalid(words),
            None => Ok(self),
        }
    }

    /// So much of it waits in the ledger, in bytes.
    pub fn bytes(&self) -> u64 {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        (self.url.len() + self.method.len() + headers + self.body.len()) as u64
    }

    /// Scheme, host and port: what may be shown. The rest of a URL is often a secret.
    pub fn destination(&self) -> &str {
        destination(&self.url)
    }
}

/// Scheme, host and port of a URL.
pub(crate) fn destination(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find(['/', '?', '#', '\\']).map_or(url.len(), |at| host + at);
    &url[..end]
}

fn bad_header(name: &str, value: &str) -> Option<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let shown = excerpt(name);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Some(format!("`{shown}` is no name of a header"));
    }
    if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        return Some(format!("header `{shown}` is set by the host; leave it out"));
    }
    let is_text = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    (!value.bytes().all(is_text))
        .then(|| format!("header `{shown}`: its value holds what no header may; printable ASCII is possible"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook() -> Webhook {
        Webhook {
            url: "https://example.com:8443/hook?token=s3cret".to_owned(),
            method: "POST".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: b"{}".as_slice().into(),
        }
    }

    fn refused(webhook: Webhook) -> String {
        webhook.checked().expect_err("refused").to_string()
    }

    #[test]
    fn what_can_be_sent_is_taken_and_only_its_origin_is_shown() {
        let webhook = webhook().checked().expect("a webhook");
        assert_eq!(webhook.destination(), "https://example.com:8443");
        assert_eq!(destination("https://example.com"), "https://example.com");
    }

    #[test]
    fn a_header_that_would_forge_another_or_take_the_hosts_place_is_refused() {
        for (name, value) in
            [("x\r\nhost", "a"), ("x", "a\r\nhost: b"), ("", "a"), ("Idempotency-Key", "1"), ("Host", "b")]
        {
            let headers = vec![(name.to_owned(), value.to_owned())];
            assert!(refused(Webhook { headers, ..webhook() }).contains("header"), "{name:?}: {value:?} was taken");
        }
    }

    #[test]
    fn what_makes_no_request_is_refused_in_words() {
        assert!(refused(Webhook { method: "CONNECT".to_owned(), ..webhook() }).contains("`CONNECT`: POST"));
        assert!(refused(Webhook { url: "https://a b".to_owned(), ..webhook() }).contains("no URL"));
        let body = vec![0; 256 << 10].into();
        assert!(refused(Webhook { body, ..webhook() }).contains("at most 262144"));
    }
}
