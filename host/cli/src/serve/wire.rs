//! The way to the network for alerts: the sandbox's client, which looks a name up once and never calls the host itself. Other
//! than a guest, who writes `[sink.x]` may go to any address: it is the operator.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use noontide_domain::HttpGrant;
use noontide_domain::plugin::egress::AddressRule;
use noontide_sandbox::{HttpMessage, Sandbox};
use noontide_sinks::{Wire, WireAnswer, WireRequest};

/// Of an answer no more is looked at, in bytes.
const ANSWER: u64 = 64 << 10;

/// How the host names itself to receivers.
const USER_AGENT: &str = concat!("noontide/", env!("CARGO_PKG_VERSION"));

/// Alerts go out through it.
pub struct Outward(pub Arc<Sandbox>);

#[async_trait]
impl Wire for Outward {
    async fn post(&self, request: WireRequest, within: Duration) -> Result<WireAnswer, String> {
        let grant = grant(&request.url)?;
        let mut headers = request.headers;
        headers.push(("user-agent".to_owned(), USER_AGENT.to_owned()));
        let message = HttpMessage { method: "POST".to_owned(), url: request.url, headers, body: request.body.into() };
        let answer = self.0.egress().send(message, &[grant], ANSWER, Instant::now() + within).await;
        let answer = answer.map_err(|error| error.to_string())?;
        Ok(WireAnswer { status: answer.status, after: after(&answer.headers), body: answer.body.to_vec() })
    }
}

/// Where the URL leads, and nowhere else.
fn grant(url: &str) -> Result<HttpGrant, String> {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    let mut grant: HttpGrant = url[..end].parse()?;
    grant.addresses = vec![AddressRule::Private, AddressRule::Loopback];
    Ok(grant)
}

/// `Retry-After` in seconds; an instant is seldom written by those who receive alerts.
fn after(headers: &[(String, Vec<u8>)]) -> Option<Duration> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    Some(Duration::from_secs(std::str::from_utf8(value).ok()?.trim().parse().ok()?))
}
