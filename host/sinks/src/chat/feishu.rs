//! Feishu and Lark: time and secret are the key of a signature over nothing; the code of the answer is in its body.

use chrono::{DateTime, Utc};
use noontide_domain::alert::Alert;
use serde_json::{Value, json};

use super::{mark, markdown};
use crate::sign::signed;

pub(super) fn body(alert: &Alert, secret: Option<&str>, now: DateTime<Utc>) -> Value {
    let title = format!("{} {}", mark(alert), alert.title());
    let colour = if alert.is_good_news() { "green" } else { "red" };
    let mut body = json!({
        "msg_type": "interactive",
        "card": {
            "header": { "title": { "tag": "plain_text", "content": title }, "template": colour },
            "elements": [{ "tag": "markdown", "content": markdown(alert) }],
        },
    });
    if let Some(secret) = secret {
        let timestamp = now.timestamp();
        body["timestamp"] = timestamp.to_string().into();
        body["sign"] = signed(format!("{timestamp}\n{secret}").as_bytes(), b"").into();
    }
    body
}
