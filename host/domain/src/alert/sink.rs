//! Where messages go, as the configuration says it. Secrets stand in it by reference only.

use std::fmt;
use std::time::Duration;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::outbox::destination;
use crate::{PluginName, SecretSource};

/// A place where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sink {
    /// Unique among them.
    pub name: String,
    /// What it is.
    pub to: SinkKind,
    /// So many messages a minute at most, over all hosts: what the other side takes.
    pub a_minute: u32,
}

/// What is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkKind {
    /// A program that takes CloudEvents by HTTP, signed as Standard Webhooks with each of the secrets.
    Webhook {
        /// Where.
        url: SinkUrl,
        /// Several while one takes the place of another.
        secrets: Vec<SecretSource>,
    },
    /// A room of a chat system.
    Chat {
        /// Of which.
        chat: Chat,
        /// Where.
        url: SinkUrl,
        /// What the robot's requests are signed with.
        secret: Option<SecretSource>,
    },
    /// People, by mail.
    Mail(Mail),
    /// An Alertmanager of Prometheus, which has its own rules about who is told.
    Alertmanager {
        /// Where it is, without `/api/v2/alerts`.
        url: SinkUrl,
        /// The token that is shown to it.
        token: Option<SecretSource>,
    },
    /// Whoever wonders when a schedule does not report: healthchecks, and what takes the same.
    Ping {
        /// Where success is told; `/start` and `/fail` are added for the rest.
        url: SinkUrl,
    },
    /// A program on this machine: the event on its standard input, no shell, nothing of the host's environment.
    Command {
        /// The program, and what it is called with.
        argv: Vec<String>,
        /// The longest that it may take.
        timeout: Duration,
    },
}

/// Mail by SMTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The server that takes it, by name or address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub tls: MailTls,
    /// User and password, if it asks for them.
    pub login: Option<(SecretSource, SecretSource)>,
    /// From whom: `noontide@example.com` or `Noontide <noontide@example.com>`.
    pub from: String,
    /// To whom, written likewise.
    pub to: Vec<String>,
}

/// How a connection to a mail server is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// It begins in clear and goes on by TLS; a server that knows no STARTTLS gets nothing.
    StartTls,
    /// By TLS from the first byte.
    Implicit,
    /// Not at all.
    None,
}

impl MailTls {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::StartTls, Self::Implicit, Self::None];

    /// The word in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Implicit => "implicit",
            Self::None => "none",
        }
    }

    /// The port that is usual.
    pub fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// Chat systems that take messages by a robot's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chat {
    /// Slack, and what takes the same: Mattermost, Rocket.Chat, Discord with `/slack`.
    Slack,
    /// Microsoft Teams, by a workflow's URL.
    Teams,
    /// DingTalk.
    DingTalk,
    /// WeCom, WeChat at work.
    WeCom,
    /// Feishu and Lark.
    Feishu,
}

impl Chat {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Slack, Self::Teams, Self::DingTalk, Self::WeCom, Self::Feishu];

    /// The word in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::DingTalk => "dingtalk",
            Self::WeCom => "wecom",
            Self::Feishu => "feishu",
        }
    }

    /// So many messages a minute its robots take.
    pub fn a_minute(self) -> u32 {
        match self {
            Self::Slack | Self::Teams => 60,
            Self::DingTalk | Self::WeCom => 20,
            Self::Feishu => 100,
        }
    }

    /// Whether its robots check signatures.
    pub fn signs(self) -> bool {
        matches!(self, Self::DingTalk | Self::Feishu)
    }
}

/// A URL; of a chat's robot the URL itself is the secret.
#[derive(Clone, PartialEq, Eq)]
pub enum SinkUrl {
    /// As it is written. Shown by its origin only.
    Written(String),
    /// Somewhere else.
    Kept(SecretSource),
}

impl fmt::Debug for SinkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SinkUrl({self})")
    }
}

impl fmt::Display for SinkUrl {
    /// What may be shown of it: scheme, host and port, or where it is kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written(url) => f.write_str(destination(url)),
            Self::Kept(source) => write!(f, "({source})"),
        }
    }
}

impl SinkKind {
    /// The word in configuration.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Chat { chat, .. } => chat.as_str(),
            Self::Mail(_) => "email",
            Self::Alertmanager { .. } => "alertmanager",
            Self::Ping { .. } => "ping",
            Self::Command { .. } => "command",
        }
    }

    /// Where it leads, without what may be secret.
    pub fn destination(&self) -> String {
        match self {
            Self::Webhook { url, .. }
            | Self::Chat { url, .. }
            | Self::Alertmanager { url, .. }
            | Self::Ping { url } => url.to_string(),
            Self::Mail(Mail { server, port, to, .. }) => format!("{} by {server}:{port}", to.join(", ")),
            Self::Command { argv, .. } => argv.first().cloned().unwrap_or_default(),
        }
    }

    /// What tells these settings from others, and nothing about them.
    pub fn marks(&self) -> String {
        let told = match self {
            Self::Webhook { url, .. }
            | Self::Chat { url, .. }
            | Self::Alertmanager { url, .. }
            | Self::Ping { url } => match url {
                SinkUrl::Written(url) => json!([self.as_str(), url]),
                SinkUrl::Kept(source) => json!([self.as_str(), source.to_string()]),
            },
            Self::Mail(Mail { server, port, from, to, .. }) => json!([self.as_str(), server, port, from, to]),
            Self::Command { argv, .. } => json!([self.as_str(), argv]),
        };
        Sha256::digest(told.to_string()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Whether a name can be a sink's: as a plugin's name is written.
///
/// # Errors
/// Why not.
pub fn sink_name(text: &str) -> Result<String, String> {
    text.parse::<PluginName>().map(|name| name.to_string()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sink_shows_its_origin_and_is_told_apart_by_all_of_its_url() {
        let at = |url: &str| SinkKind::Webhook { url: SinkUrl::Written(url.to_owned()), secrets: Vec::new() };
        let (one, two) = (at("https://h.example.com/a?key=s3cret"), at("https://h.example.com/b"));
        assert_eq!(one.destination(), "https://h.example.com");
        assert!(!format!("{one:?}").contains("s3cret"));
        assert_ne!(one.marks(), two.marks());
        assert_eq!(one.marks(), at("https://h.example.com/a?key=s3cret").marks());
    }
}
