//! The way out for messages: the grants of the moment, through the same client as a guest's requests.

use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use noontide_domain::outbox::Reply;
use noontide_domain::ports::{Outgoing, Outlet};

use crate::egress::{EgressError, HttpAnswer, HttpMessage};
use crate::sandbox::Sandbox;

/// Of an answer only the status counts; more of its body is not read, in bytes.
const ANSWER: u64 = 64 << 10;

#[async_trait]
impl Outlet for Sandbox {
    async fn send(&self, outgoing: Outgoing) -> Reply {
        let Outgoing { plugin, webhook, within } = outgoing;
        let (grant, _) = self.allowance(&plugin);
        let grants = grant.as_ref().map_or(&[][..], |grant| &grant.http);
        let message = HttpMessage {
            method: webhook.method,
            url: webhook.url,
            headers: webhook.headers,
            body: Bytes::copy_from_slice(&webhook.body),
        };
        match self.egress.send(message, grants, ANSWER, Instant::now() + within).await {
            Ok(answer) => Reply::Answered { status: answer.status, after: after(&answer, self.clock.now().into()) },
            Err(error) => reply(&error),
        }
    }
}

fn reply(error: &EgressError) -> Reply {
    match error.is_refusal() {
        true => Reply::Refused(error.to_string()),
        false => Reply::Silent(error.to_string()),
    }
}

/// `Retry-After`: seconds, or an instant.
fn after(answer: &HttpAnswer, now: SystemTime) -> Option<Duration> {
    let mut headers = answer.headers.iter();
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let text = std::str::from_utf8(value).ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at: SystemTime = chrono::DateTime::parse_from_rfc2822(text).ok()?.into();
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_an_instant() {
        let now: SystemTime = chrono::DateTime::parse_from_rfc3339("2026-07-01T08:00:00Z").expect("an instant").into();
        let says = |text: &str| {
            let headers = vec![("Retry-After".to_owned(), text.as_bytes().to_vec())];
            after(&HttpAnswer { status: 503, headers, body: Bytes::new() }, now)
        };
        assert_eq!(says("120"), Some(Duration::from_secs(120)));
        assert_eq!(says("Wed, 01 Jul 2026 08:01:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(says("Wed, 01 Jul 2026 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(says("soon"), None);
    }
}
