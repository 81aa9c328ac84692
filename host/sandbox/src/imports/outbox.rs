//! `noontide:plugin/outbox`: messages are gathered until the attempt ends and written with its end, if it ends well.

use noontide_domain::{BadWebhook, Key, Limits, MessageId, Webhook};

use crate::bindings::outbox::{Bound, Host, OutboxError, Webhook as Request};
use crate::egress::EgressError;
use crate::guest::Guest;

/// The messages of one attempt so far.
#[derive(Debug)]
pub(crate) struct Tray {
    most: usize,
    /// Of the fire, and how many messages earlier attempts have left; `None` while a plugin describes itself.
    fire: Option<([u8; 16], u32)>,
    messages: Vec<Webhook>,
}

impl Tray {
    pub(crate) fn new(limits: &Limits, fire: Option<(&Key, u32)>) -> Self {
        Self { most: limits.outbox_messages, fire: fire.map(|(key, before)| (key.hash, before)), messages: Vec::new() }
    }

    /// In the order in which they were handed over.
    pub(crate) fn into_messages(self) -> Vec<Webhook> {
        self.messages
    }

    fn is_full(&self) -> bool {
        self.messages.len() >= self.most
    }

    fn take(&mut self, message: Webhook) -> Result<MessageId, OutboxError> {
        let invalid = || OutboxError::Invalid("nothing is sent while a plugin describes itself".to_owned());
        let (fire, before) = self.fire.ok_or_else(invalid)?;
        if self.is_full() {
            return Err(too_large("outbox-messages", self.most as u64));
        }
        let number = before + u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
        self.messages.push(message);
        Ok(MessageId { fire, number })
    }
}

impl Host for Guest {
    fn send(&mut self, message: Request) -> Result<String, OutboxError> {
        let message = checked(message)?;
        let grants = self.grant.as_ref().map_or(&[][..], |grant| &grant.http);
        if let Some(egress) = &self.egress {
            egress.check(&message.method, &message.url, grants).map_err(refused)?;
        }
        let destination = message.destination().to_owned();
        let id = self.tray.take(message)?;
        self.effects.note(|effects| effects.message(&destination));
        Ok(id.to_string())
    }
}

fn checked(message: Request) -> Result<Webhook, OutboxError> {
    let kind = message.content_type.map(|kind| ("content-type".to_owned(), kind));
    let webhook = Webhook {
        url: message.url,
        method: message.method.map_or_else(|| "POST".to_owned(), |method| method.to_ascii_uppercase()),
        headers: kind.into_iter().chain(message.headers).collect(),
        body: message.body.into(),
    };
    webhook.checked().map_err(|bad| match bad {
        BadWebhook::Invalid(words) => OutboxError::Invalid(words),
        BadWebhook::TooLarge { .. } => too_large("message", Webhook::BYTES),
    })
}

fn too_large(name: &str, allows: u64) -> OutboxError {
    OutboxError::TooLarge(Bound { name: name.to_owned(), allows })
}

fn refused(error: EgressError) -> OutboxError {
    match error {
        EgressError::Request { .. } => OutboxError::Invalid(error.to_string()),
        _ => OutboxError::NotGranted(match error.remedy() {
            Some(remedy) => format!("{error}; write {remedy}"),
            None => error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use noontide_domain::RunId;

    use super::*;

    fn request() -> Request {
        Request {
            url: "https://hooks.example.com/x".to_owned(),
            method: None,
            content_type: Some("text/plain".to_owned()),
            headers: vec![("x-own".to_owned(), "1".to_owned())],
            body: b"hello".to_vec(),
        }
    }

    #[test]
    fn a_request_is_a_post_unless_it_says_otherwise() {
        let posted = checked(request()).expect("a webhook");
        assert_eq!((posted.method.as_str(), posted.headers.len()), ("POST", 2));
        let put = checked(Request { method: Some("put".to_owned()), ..request() }).expect("a webhook");
        assert_eq!(put.method, "PUT");
        let large = checked(Request { body: vec![0; 300 << 10], ..request() });
        assert!(
            matches!(large, Err(OutboxError::TooLarge(bound)) if bound.name == "message" && bound.allows == 262_144)
        );
    }

    #[test]
    fn messages_are_numbered_on_from_what_earlier_attempts_have_left_and_bounded() {
        let key = Key::manual(RunId::new());
        let limits = Limits { outbox_messages: 2, ..Limits::default() };
        let mut tray = Tray::new(&limits, Some((&key, 3)));
        let mut take = || tray.take(checked(request()).expect("a webhook")).map(|id| id.to_string());
        assert_eq!(take().expect("taken"), format!("{}-3", key.hex()));
        assert_eq!(take().expect("taken"), format!("{}-4", key.hex()));
        assert!(
            matches!(take(), Err(OutboxError::TooLarge(bound)) if bound.name == "outbox-messages" && bound.allows == 2)
        );
        assert_eq!(tray.into_messages().len(), 2);
        let describing = Tray::new(&limits, None).take(checked(request()).expect("a webhook"));
        assert!(matches!(describing, Err(OutboxError::Invalid(_))));
    }
}
