//! A webhook: a CloudEvent, signed as Standard Webhooks so that its receiver knows from whom it is and when it was sent.

use chrono::{DateTime, Utc};
use noontide_domain::alert::Alert;

use crate::WireRequest;
use crate::event::{MEDIA_TYPE, event};
use crate::sign::{key, signed};

pub(crate) fn request(
    alert: &Alert,
    url: String,
    secrets: &[String],
    now: DateTime<Utc>,
) -> Result<WireRequest, String> {
    let (id, timestamp, body) = (alert.id(), now.timestamp(), event(alert).to_string());
    let mut headers = vec![("content-type", MEDIA_TYPE.to_owned()), ("webhook-id", id.clone())];
    headers.push(("webhook-timestamp", timestamp.to_string()));
    if !secrets.is_empty() {
        headers.push(("webhook-signature", signature(&id, timestamp, &body, secrets)?));
    }
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(WireRequest { url, headers, body })
}

/// One for each secret: a receiver takes the message if it knows one of them.
fn signature(id: &str, timestamp: i64, body: &str, secrets: &[String]) -> Result<String, String> {
    let message = format!("{id}.{timestamp}.{body}");
    let one = |secret: &String| Ok(format!("v1,{}", signed(&key(secret)?, message.as_bytes())));
    Ok(secrets.iter().map(one).collect::<Result<Vec<_>, String>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the libraries of Standard Webhooks test with.
    #[test]
    fn a_signature_is_that_of_the_published_vector() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()];
        let body = r#"{"test": 2432232314}"#;
        let signature = signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body, &secrets).expect("a key");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_a_key_is_replaced_both_sign_and_one_that_is_no_base64_is_told() {
        let secrets = ["whsec_c2VjcmV0".to_owned(), "secret".to_owned()];
        let both = signature("a", 1, "{}", &secrets).expect("keys");
        let (one, two) = both.split_once(' ').expect("two");
        assert_eq!(one, two, "the same key, written in two ways");
        assert!(signature("a", 1, "{}", &["whsec_?".to_owned()]).is_err());
    }
}
