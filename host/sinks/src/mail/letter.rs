//! The letter itself: plain text. All letters about one incident are one thread, because each names the first.

use std::time::SystemTime;

use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use noontide_domain::alert::Alert;

/// As it goes over the wire.
///
/// # Errors
/// It cannot be written so.
pub(super) fn written(from: &Mailbox, to: &[Mailbox], alert: &Alert) -> Result<Vec<u8>, String> {
    let domain = from.email.domain();
    let name = |id: String| format!("<{id}@{domain}>");
    let (own, first) = (name(alert.id()), name(format!("{}-1", alert.incident.id)));
    let mut letter = Message::builder().from(from.clone());
    for mailbox in to {
        letter = letter.to(mailbox.clone());
    }
    if own != first {
        letter = letter.in_reply_to(first.clone()).references(first);
    }
    // Nobody's holiday is told to a host.
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let letter = letter
        .message_id(Some(own))
        .subject(format!("[noontide] {}", alert.title()))
        .date(SystemTime::from(alert.at))
        .raw_header(automatic)
        .header(ContentType::TEXT_PLAIN)
        .body(alert.text())
        .map_err(|error| error.to_string())?;
    Ok(letter.formatted())
}
