//! Slack, and what takes the same: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>.

use noontide_domain::alert::Alert;
use serde_json::{Value, json};

use super::{cut, mark};

/// Of a header and of a section, in bytes: below what Slack takes in characters.
const HEADER: usize = 140;
const SECTION: usize = 2_800;

pub(super) fn body(alert: &Alert) -> Value {
    let title = format!("{} {}", mark(alert), alert.title());
    let details: Vec<_> = alert.details().iter().map(|(name, value)| format!("{name}: {}", escaped(value))).collect();
    json!({
        // For notifications and for what knows no blocks.
        "text": escaped(&format!("{title}\n{}", alert.incident.words)),
        "blocks": [
            { "type": "header", "text": { "type": "plain_text", "text": cut(&title, HEADER) } },
            { "type": "section", "text": { "type": "mrkdwn", "text": cut(&escaped(&alert.incident.words), SECTION) } },
            { "type": "context", "elements": [{ "type": "mrkdwn", "text": cut(&details.join("  ·  "), SECTION) }] },
        ],
    })
}

/// The three characters by which Slack knows its own markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
