//! Mail by SMTP: one dialogue for each message, so that a server may be gone and back without our noticing.
//!
//! What the server says about this very message for good (5xx to sender, recipient or text) ends it. Whatever stands before
//! that, a password that is not right among it, can be mended while the message waits.

mod letter;

use std::path::PathBuf;
use std::time::Duration;

use lettre::address::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use noontide_domain::alert::{Alert, AlertKind, Mail, MailTls};
use noontide_domain::outbox::Reply;

use crate::secret;

/// Sends it to all who are taken; `ca` are files with authorities that are trusted beside the usual ones.
pub(crate) async fn send(mail: &Mail, ca: &[PathBuf], alert: &Alert, within: Duration) -> Reply {
    let dialogue = async {
        let envelope = Envelope::of(mail).map_err(Reply::Refused)?;
        let text = letter::written(&envelope.from, &envelope.to, alert).map_err(Reply::Refused)?;
        let mut connection = connect(mail, ca, within).await?;
        let told = hand_over(&mut connection, &envelope, &text, alert.kind).await;
        // It has the letter, or has not; a server that does not say goodbye changes nothing.
        let _ = connection.quit().await;
        told
    };
    match tokio::time::timeout(within, dialogue).await {
        Ok(Ok(reply) | Err(reply)) => reply,
        Err(_) => Reply::Silent(format!("{} said nothing for {} s", mail.server, within.as_secs())),
    }
}

/// Whether the server is there and takes the password. Nothing is sent.
pub(crate) async fn greet(mail: &Mail, ca: &[PathBuf], within: Duration) -> Result<String, String> {
    let dialogue = async {
        Envelope::of(mail)?;
        let mut connection = connect(mail, ca, within).await.map_err(|reply| reply.words())?;
        let _ = connection.quit().await;
        let login = if mail.login.is_some() { ", user and password are taken" } else { "" };
        Ok(format!("{}:{} answers ({}){login}", mail.server, mail.port, mail.tls.as_str()))
    };
    let silent = || format!("{} said nothing for {} s", mail.server, within.as_secs());
    tokio::time::timeout(within, dialogue).await.map_err(|_| silent())?
}

struct Envelope {
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Envelope {
    fn of(mail: &Mail) -> Result<Self, String> {
        let read = |text: &String| text.parse::<Mailbox>().map_err(|error| format!("`{text}`: {error}"));
        Ok(Self { from: read(&mail.from)?, to: mail.to.iter().map(read).collect::<Result<_, _>>()? })
    }
}

/// A server that knows us.
async fn connect(mail: &Mail, ca: &[PathBuf], within: Duration) -> Result<AsyncSmtpConnection, Reply> {
    let own = ClientId::default();
    let parameters = match mail.tls {
        MailTls::None => None,
        _ => Some(trusted(&mail.server, ca).map_err(Reply::Refused)?),
    };
    let (at_once, later) = match mail.tls {
        MailTls::StartTls => (None, parameters),
        _ => (parameters, None),
    };
    let place = (mail.server.as_str(), mail.port);
    let connected = AsyncSmtpConnection::connect_tokio1(place, Some(within), &own, at_once, None).await;
    let mut connection = connected.map_err(|error| before(&mail.server, &error))?;
    if let Some(parameters) = later {
        connection.starttls(parameters, &own).await.map_err(|error| before(&mail.server, &error))?;
    }
    if let Some((user, password)) = &mail.login {
        let (user, password) =
            (secret::read(user).map_err(Reply::Refused)?, secret::read(password).map_err(Reply::Refused)?);
        let taken = connection.auth(DEFAULT_MECHANISMS, &Credentials::new(user, password)).await;
        taken.map_err(|error| before(&format!("{}, asked for user and password", mail.server), &error))?;
    }
    Ok(connection)
}

fn trusted(server: &str, ca: &[PathBuf]) -> Result<TlsParameters, String> {
    let mut parameters = TlsParameters::builder(server.to_owned());
    for path in ca {
        let wrong = |reason: String| format!("{}: {reason}", path.display());
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters.build_rustls().map_err(|error| error.to_string())
}

/// From sender to text. Who is not taken does not keep the others from being told.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    text: &[u8],
    kind: AlertKind,
) -> Result<Reply, Reply> {
    let from = Some(envelope.from.email.clone());
    connection.command(MailFrom::new(from, Vec::new())).await.map_err(|error| about("sender", &error))?;
    let mut refused = Vec::new();
    for mailbox in &envelope.to {
        if let Err(error) = connection.command(Rcpt::new(mailbox.email.clone(), Vec::new())).await {
            refused.push((&mailbox.email, error));
        }
    }
    if refused.len() == envelope.to.len() {
        return Err(nobody(&refused));
    }
    connection.command(Data).await.map_err(|error| about("text", &error))?;
    connection.message(text).await.map_err(|error| about("text", &error))?;
    match kind {
        // Who tries out the way wants to hear of all that is wrong with it.
        AlertKind::Test if !refused.is_empty() => Err(nobody(&refused)),
        _ => Ok(Reply::Answered { status: 250, after: None }),
    }
}

/// Nobody is for good only if everybody is.
fn nobody(refused: &[(&Address, Error)]) -> Reply {
    let words: Vec<_> = refused.iter().map(|(address, error)| format!("{address}: {}", said(error))).collect();
    let for_good = refused.iter().all(|(_, error)| error.is_permanent());
    (if for_good { Reply::Rejected } else { Reply::Refused })(words.join("; "))
}

fn about(what: &str, error: &Error) -> Reply {
    let words = format!("{what}: {}", said(error));
    match (error.is_permanent(), error.is_transient()) {
        (true, _) => Reply::Rejected(words),
        (_, true) => Reply::Refused(words),
        _ => Reply::Silent(words),
    }
}

fn before(whom: &str, error: &Error) -> Reply {
    let words = format!("{whom}: {}", said(error));
    if error.is_permanent() || error.is_transient() { Reply::Refused(words) } else { Reply::Silent(words) }
}

/// All that is known, in a line.
fn said(error: &Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let more = inner.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        source = inner.source();
    }
    words.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).take(300).collect()
}

#[cfg(test)]
mod tests;
