//! DingTalk: the signature is part of the URL; the code of the answer is in its body.

use chrono::{DateTime, Utc};
use noontide_domain::alert::Alert;
use serde_json::{Value, json};

use super::markdown;
use crate::sign::signed;

pub(super) fn body(alert: &Alert) -> Value {
    json!({ "msgtype": "markdown", "markdown": { "title": alert.title(), "text": markdown(alert) } })
}

/// The secret signs the time and itself.
pub(super) fn signed_url(url: String, secret: Option<&str>, now: DateTime<Utc>) -> String {
    let Some(secret) = secret else { return url };
    let timestamp = now.timestamp_millis();
    let signature = signed(secret.as_bytes(), format!("{timestamp}\n{secret}").as_bytes());
    // Of base64 these three are no part of a URL.
    let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}timestamp={timestamp}&sign={signature}")
}
