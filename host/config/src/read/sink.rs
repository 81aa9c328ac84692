//! A sink: one of the kinds, and what belongs to it.

use std::time::Duration;

use noontide_domain::alert::{Chat, Mail, MailTls, Sink, SinkKind, SinkUrl, ping_sink};
use noontide_domain::{ScheduleName, SecretSource};

use crate::reader::Reader;
use crate::tree::{Node, Place, Value};

/// The longest that a command may take, if nothing is said; messages are leased for half a minute.
const COMMAND: Duration = Duration::from_secs(10);

/// So many messages a minute a sink gets at most whose other side is not known to take less, if nothing is said.
const A_MINUTE: u32 = 60;

/// One of the kinds, and what belongs to it.
pub(super) fn sink(reader: &Reader<'_>, name: &str, place: &Place) -> Option<Sink> {
    let a_minute = reader.count("a-minute", 1).map(|most| u32::try_from(most).unwrap_or(u32::MAX));
    let (secrets, timeout) = (secrets(reader), reader.positive("timeout"));
    let webhook = reader.get("webhook").and_then(|node| url(reader, "webhook", node));
    let command = command(reader);
    let mut found: Vec<(SinkKind, u32)> = Vec::new();
    found.extend(webhook.map(|url| (SinkKind::Webhook { url, secrets: secrets.clone() }, A_MINUTE)));
    for chat in Chat::ALL {
        let url = reader.get(chat.as_str()).and_then(|node| url(reader, chat.as_str(), node));
        let secret = secrets.first().cloned();
        found.extend(url.map(|url| (SinkKind::Chat { chat, url, secret }, chat.a_minute())));
    }
    let (mail, alertmanager) = (mail(reader), reader.get("alertmanager"));
    found.extend(mail.map(|mail| (SinkKind::Mail(mail), A_MINUTE)));
    let alertmanager = alertmanager.and_then(|node| url(reader, "alertmanager", node));
    let token = secrets.first().cloned();
    found.extend(alertmanager.map(|url| (SinkKind::Alertmanager { url, token }, A_MINUTE)));
    let timeout = timeout.unwrap_or(COMMAND);
    found.extend(command.map(|argv| (SinkKind::Command { argv, timeout }, A_MINUTE)));
    let kinds = || ["webhook", "email", "alertmanager", "command"].into_iter().chain(Chat::ALL.map(Chat::as_str));
    let is_written = kinds().filter(|kind| reader.is_written(kind)).count();
    if is_written != 1 {
        let kinds = kinds().collect::<Vec<_>>().join(", ");
        reader.problem(place, format!("a sink has exactly one of {kinds}"));
        return None;
    }
    let (to, usual) = found.pop()?;
    matches_secrets(reader, &to, &secrets);
    Some(Sink { name: name.to_owned(), to, a_minute: a_minute.unwrap_or(usual) })
}

/// Where the runs of a schedule are told.
pub(super) fn ping(schedule: &ScheduleName, url: SinkUrl) -> Sink {
    Sink { name: ping_sink(schedule), to: SinkKind::Ping { url }, a_minute: A_MINUTE }
}

fn matches_secrets(reader: &Reader<'_>, to: &SinkKind, secrets: &[SecretSource]) {
    let most = match to {
        SinkKind::Webhook { .. } => return,
        SinkKind::Chat { chat, .. } if chat.signs() => 1,
        SinkKind::Alertmanager { .. } => 1,
        _ => 0,
    };
    if secrets.len() > most {
        let message = match most {
            0 => format!("`secret`: {} takes no signature; take it out", to.as_str()),
            _ => format!("`secret`: {} knows one secret at a time", to.as_str()),
        };
        reader.problem(&reader.place_of("secret"), message);
    }
}

/// One, or several while one takes the place of another.
fn secrets(reader: &Reader<'_>) -> Vec<SecretSource> {
    match reader.get("secret") {
        None => Vec::new(),
        Some(Node { value: Value::Array(nodes), .. }) => {
            nodes.iter().filter_map(|node| reader.as_secret("secret", node)).collect()
        }
        Some(node) => reader.as_secret("secret", node).into_iter().collect(),
    }
}

/// Written, or kept where secrets are: the URL of a chat's robot is one.
pub(super) fn url<'a>(reader: &Reader<'a>, key: &str, node: &'a Node) -> Option<SinkUrl> {
    if matches!(node.value, Value::Table(_)) {
        return reader.as_secret(key, node).map(SinkUrl::Kept);
    }
    let text = reader.as_text(key, node)?;
    let is_url = ["http://", "https://"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    let is_url = is_url && text.bytes().all(|byte| byte.is_ascii_graphic());
    let read = is_url.then_some(()).ok_or_else(|| {
        format!("`{key}` is no URL; \"https://…\" is expected, or {{ env = \"X\" }} for one that nobody should read")
    });
    reader.good(&node.place, read).map(|()| SinkUrl::Written(text))
}

fn command(reader: &Reader<'_>) -> Option<Vec<String>> {
    let node = reader.get("command")?;
    let Value::Array(nodes) = &node.value else {
        let message = format!(
            "`command` is {}; a program and its arguments are expected: [\"/usr/bin/page\", \"ops\"]",
            node.value.kind()
        );
        reader.problem(&node.place, message);
        return None;
    };
    let argv: Vec<_> = nodes.iter().filter_map(|node| reader.as_text("command", node)).collect();
    if argv.first().is_none_or(|program| program.is_empty()) {
        reader.problem(&node.place, "`command` is empty; a program and its arguments are expected");
        return None;
    }
    Some(argv)
}

/// `email = { … }`.
fn mail(reader: &Reader<'_>) -> Option<Mail> {
    let reader = reader.inside(reader.table("email")?);
    let tls = reader.text("tls").map_or(Some(MailTls::StartTls), |(text, node)| reader.good(&node.place, tls(&text)));
    let server = match reader.text("server") {
        Some((text, node)) => reader.good(&node.place, place(&text, tls.unwrap_or(MailTls::StartTls))),
        None => missing(&reader, "server", "\"smtp.example.com\" or \"smtp.example.com:2525\""),
    };
    let from = match reader.text("from") {
        Some((text, node)) => reader.good(&node.place, mailbox("from", &text)),
        None => missing(&reader, "from", "\"noontide@example.com\""),
    };
    let to = recipients(&reader);
    let [user, password] = ["user", "password"].map(|key| reader.get(key).and_then(|node| reader.as_secret(key, node)));
    let login = user.zip(password);
    if reader.is_written("user") != reader.is_written("password") {
        reader.problem(&reader.place_of("email"), "`user` and `password` belong together; write both or neither");
    }
    let is_near = |server: &str| matches!(server, "localhost" | "127.0.0.1" | "::1");
    if login.is_some() && tls == Some(MailTls::None) && server.as_ref().is_some_and(|(name, _)| !is_near(name)) {
        let message =
            "`tls` is \"none\", so the password would be read on its way; \"starttls\" or \"implicit\" hide it";
        reader.problem(&reader.place_of("tls"), message);
    }
    let is_read = reader.finish();
    let ((server, port), tls) = (server?, tls?);
    is_read.then_some(Mail { server, port, tls, login, from: from?, to: to? })
}

fn missing<Any>(reader: &Reader<'_>, key: &str, example: &str) -> Option<Any> {
    reader.problem(&reader.place_of(key), format!("`email`: `{key}` is missing: {example}"));
    None
}

fn tls(text: &str) -> Result<MailTls, String> {
    let known = MailTls::ALL.map(MailTls::as_str);
    let found = MailTls::ALL.into_iter().find(|tls| tls.as_str() == text);
    found.ok_or_else(|| format!("`tls` is `{text}`; one of {} is expected", known.join(", ")))
}

/// A name or an address, and a port.
fn place(text: &str, tls: MailTls) -> Result<(String, u16), String> {
    let wrong = || {
        format!(
            "`server` is `{text}`; a name is expected, with a port if it is not {}: \"smtp.example.com:2525\"",
            tls.port()
        )
    };
    let (name, port) = match text.rsplit_once(':') {
        // An address of IPv6 stands in brackets if a port follows.
        Some((name, _)) if name.contains(':') && !name.ends_with(']') => (text, tls.port()),
        Some((name, port)) => (name, port.parse().map_err(|_| wrong())?),
        None => (text, tls.port()),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:_".contains(&byte));
    (is_name && port > 0).then(|| (name.to_owned(), port)).ok_or_else(wrong)
}

fn recipients(reader: &Reader<'_>) -> Option<Vec<String>> {
    let nodes: Vec<&Node> = match reader.get("to") {
        None => return missing(reader, "to", "[\"ops@example.com\"]"),
        Some(Node { value: Value::Array(nodes), .. }) => nodes.iter().collect(),
        Some(node) => vec![node],
    };
    if nodes.is_empty() {
        return missing(reader, "to", "[\"ops@example.com\"]");
    }
    let read = |node: &Node| reader.good(&node.place, mailbox("to", &reader.as_text("to", node)?));
    nodes.into_iter().map(read).collect()
}

/// `ops@example.com`, or `On Call <ops@example.com>`. The mail room reads it more closely when it writes.
fn mailbox(key: &str, text: &str) -> Result<String, String> {
    let address = text.rsplit_once('<').map_or(Some(text), |(_, rest)| rest.strip_suffix('>'));
    let parts = address.and_then(|address| address.split_once('@'));
    let is_part =
        |part: &str| !part.is_empty() && !part.contains(|sign: char| sign.is_whitespace() || "<>@,;".contains(sign));
    let is_mailbox =
        parts.is_some_and(|(name, domain)| is_part(name) && is_part(domain)) && !text.contains(char::is_control);
    let wrong = || format!("`{key}` is `{text}`; \"ops@example.com\" or \"On Call <ops@example.com>\" is expected");
    is_mailbox.then(|| text.to_owned()).ok_or_else(wrong)
}
