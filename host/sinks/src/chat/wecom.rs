//! WeCom: a small Markdown of at most 4,096 bytes; the code of the answer is in its body.

use noontide_domain::alert::Alert;
use serde_json::{Value, json};

use super::{cut, markdown};

const MOST: usize = 4_000;

pub(super) fn body(alert: &Alert) -> Value {
    json!({ "msgtype": "markdown", "markdown": { "content": cut(&markdown(alert), MOST) } })
}
