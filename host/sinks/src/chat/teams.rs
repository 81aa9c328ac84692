//! Microsoft Teams: an adaptive card, as workflows take it that begin with a webhook request.

use noontide_domain::alert::Alert;
use serde_json::{Value, json};

use super::mark;

pub(super) fn body(alert: &Alert) -> Value {
    let details = alert.details();
    let facts: Vec<_> = details.iter().map(|(name, value)| json!({ "title": name, "value": value })).collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            { "type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": true,
              "text": format!("{} {}", mark(alert), alert.title()) },
            { "type": "TextBlock", "wrap": true, "text": alert.incident.words },
            { "type": "FactSet", "facts": facts },
        ],
    });
    let card = json!({ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card });
    json!({ "type": "message", "attachments": [card] })
}
