//! Chat systems: what each one's robot takes, how it signs, and what its answers mean.

mod dingtalk;
mod feishu;
mod slack;
mod teams;
mod wecom;

use chrono::{DateTime, Utc};
use noontide_domain::alert::{Alert, Chat};
use serde_json::Value;

use crate::WireRequest;

pub(crate) fn request(chat: Chat, alert: &Alert, url: String, secret: Option<&str>, now: DateTime<Utc>) -> WireRequest {
    let (url, body) = match chat {
        Chat::Slack => (url, slack::body(alert)),
        Chat::Teams => (url, teams::body(alert)),
        Chat::DingTalk => (dingtalk::signed_url(url, secret, now), dingtalk::body(alert)),
        Chat::WeCom => (url, wecom::body(alert)),
        Chat::Feishu => (url, feishu::body(alert, secret, now)),
    };
    let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
    WireRequest { url, headers, body: body.to_string() }
}

/// What a well answered request says that went wrong, if anything did: some chats answer 200 to everything.
pub(crate) fn refusal(chat: Chat, body: &[u8]) -> Option<String> {
    let names = match chat {
        Chat::DingTalk | Chat::WeCom => [("errcode", "errmsg"), ("errcode", "errmsg")],
        Chat::Feishu => [("code", "msg"), ("StatusCode", "StatusMessage")],
        Chat::Slack | Chat::Teams => return None,
    };
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return Some(format!("{} answered 200 without a code; it was not taken", chat.as_str()));
    };
    let mut codes = names.iter().filter_map(|(code, words)| Some((answer.get(code)?.as_i64()?, answer.get(words))));
    match codes.next() {
        Some((0, _)) => None,
        Some((code, words)) => {
            let words = words.and_then(Value::as_str).unwrap_or_default();
            let words: String = words.chars().filter(|sign| !sign.is_control()).take(200).collect();
            Some(format!("{} answered 200 with code {code}: {words}", chat.as_str()))
        }
        None => Some(format!("{} answered 200 without a code; it was not taken", chat.as_str())),
    }
}

/// A sign that is seen at a glance.
fn mark(alert: &Alert) -> &'static str {
    use noontide_domain::alert::AlertKind::{Changed, Failed, Opened, Recovered, Reminder, Started, Succeeded, Test};
    match alert.kind {
        Opened | Changed | Failed => "🔴",
        Reminder => "🟠",
        Recovered | Succeeded => "🟢",
        Started | Test => "🔵",
    }
}

/// As Markdown that every chat understands: a bold title, the words as a quotation, the rest as lines.
fn markdown(alert: &Alert) -> String {
    let mut text = format!("**{} {}**\n\n", mark(alert), plain(&alert.title()));
    for line in alert.incident.words.lines() {
        text.push_str(&format!("> {}\n", plain(line)));
    }
    for (name, value) in alert.details() {
        text.push_str(&format!("\n- {name}: {}", plain(&value)));
    }
    text
}

/// What somebody else wrote does not become markup: no links, no mentions.
fn plain(text: &str) -> String {
    text.chars().filter(|sign| !matches!(sign, '[' | ']' | '<' | '>' | '*' | '`' | '@' | '#')).collect()
}

/// At most so many bytes, whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
