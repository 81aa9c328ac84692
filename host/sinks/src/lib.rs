//! Where alerts go.
//!
//! ```text
//! Alert ──form──▶ request ──sign──▶ Wire ──answer──▶ reply: a chat that answers 200 and means an error has refused
//!   webhook.rs    a CloudEvent, signed as Standard Webhooks
//!   chat/*.rs     one file for each chat system: what its robot takes, how it signs, what its answers mean
//!   mail.rs       a letter by SMTP; 5xx and 4xx are told apart
//!   alertmanager.rs  an alert of Prometheus' Alertmanager
//!   ping.rs       success, start and failure of each run, as healthchecks takes them
//!   reach.rs      whether the other side is there; sends nothing
//!   command.rs    the same event on the standard input of a program
//! ```
//!
//! Secrets are read when a message is sent, so that a key that changes in its file needs no restart; none of them is in a reply.
//! The way to the network is a door of its own ([`Wire`]): this room knows no HTTP.

mod alertmanager;
mod chat;
mod command;
mod event;
mod mail;
mod ping;
mod reach;
mod secret;
mod sign;
mod webhook;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use noontide_domain::alert::{Alert, Sink, SinkKind, SinkUrl};
use noontide_domain::outbox::Reply;
use noontide_domain::ports::{AlertSink, Clock, SinkFacts, SinkRoom};

pub use reach::reach;

/// A request by HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// With `http://` or `https://`.
    pub url: String,
    /// In lower case, without those of the connection.
    pub headers: Vec<(String, String)>,
    /// As it is sent, by `POST`.
    pub body: String,
}

/// What was answered to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireAnswer {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After`, if the answer had it.
    pub after: Option<Duration>,
    /// The body, or as much of it as is worth looking at.
    pub body: Vec<u8>,
}

/// The way to the network.
#[async_trait]
pub trait Wire: Send + Sync {
    /// Sends it, once.
    ///
    /// # Errors
    /// In words, without the URL.
    async fn post(&self, request: WireRequest, within: Duration) -> Result<WireAnswer, String>;
}

/// What the configuration says about messages.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where they may go.
    pub sinks: Vec<Sink>,
    /// Files with authorities that mail servers may be signed by, beside those that browsers trust.
    pub ca: Vec<PathBuf>,
    /// Where the dashboard is in a browser, such as `https://noontide.example.com`, for links.
    pub site: Option<String>,
}

/// All sinks of the configuration.
pub struct Sinks {
    clock: Arc<dyn Clock>,
    wire: Arc<dyn Wire>,
    settings: RwLock<Arc<Settings>>,
}

impl Sinks {
    /// None yet.
    pub fn new(clock: Arc<dyn Clock>, wire: Arc<dyn Wire>) -> Arc<Self> {
        Arc::new(Self { clock, wire, settings: RwLock::default() })
    }

    /// These, and no others, from now on.
    pub fn follow(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn deliver(&self, sink: &SinkKind, ca: &[PathBuf], alert: &Alert, within: Duration) -> Result<Reply, String> {
        let now = self.clock.now();
        let request = match sink {
            SinkKind::Webhook { url, secrets } => webhook::request(alert, address(url)?, &secret::all(secrets)?, now)?,
            SinkKind::Chat { chat, url, secret } => {
                let secret = secret.as_ref().map(secret::read).transpose()?;
                chat::request(*chat, alert, address(url)?, secret.as_deref(), now)
            }
            SinkKind::Alertmanager { url, token } => {
                let token = token.as_ref().map(secret::read).transpose()?;
                alertmanager::request(alert, &address(url)?, token.as_deref())
            }
            SinkKind::Ping { url } => ping::request(alert, &address(url)?),
            SinkKind::Mail(mail) => return Ok(mail::send(mail, ca, alert, within).await),
            SinkKind::Command { argv, timeout } => return Ok(command::run(argv, alert, within.min(*timeout)).await),
        };
        let answer = match self.wire.post(request, within).await {
            Ok(answer) => answer,
            Err(words) => return Ok(Reply::Silent(words)),
        };
        let refusal = match sink {
            SinkKind::Chat { chat, .. } if (200..300).contains(&answer.status) => chat::refusal(*chat, &answer.body),
            _ => None,
        };
        Ok(refusal.map_or(Reply::Answered { status: answer.status, after: answer.after }, Reply::Refused))
    }
}

fn address(url: &SinkUrl) -> Result<String, String> {
    match url {
        SinkUrl::Written(url) => Ok(url.clone()),
        SinkUrl::Kept(source) => secret::read(source),
    }
}

#[async_trait]
impl AlertSink for Sinks {
    fn sinks(&self) -> Vec<SinkFacts> {
        let facts = |sink: Sink| SinkFacts {
            kind: sink.to.as_str(),
            destination: sink.to.destination(),
            room: SinkRoom { sink: sink.name.clone(), marks: sink.to.marks(), a_minute: sink.a_minute },
            name: sink.name,
        };
        self.settings().sinks.iter().cloned().map(facts).collect()
    }

    async fn send(&self, sink: &str, alert: &Alert, within: Duration) -> Reply {
        let settings = self.settings();
        let Some(sink) = settings.sinks.iter().find(|one| one.name == sink) else {
            return Reply::Refused(format!("there is no sink `{sink}`"));
        };
        let alert = match &settings.site {
            Some(site) => alert.clone().linked(site),
            None => alert.clone(),
        };
        self.deliver(&sink.to, &settings.ca, &alert, within).await.unwrap_or_else(Reply::Refused)
    }
}

#[cfg(test)]
mod tests;
