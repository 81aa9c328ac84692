//! Every effective value with its origin.

use crate::tree::{Node, Table, Value};

/// One effective value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// For example `schedule.hello.every`.
    pub key: String,
    /// As TOML. Variables and secrets are not resolved.
    pub value: String,
    /// `file:line:column`, or the name of a variable or flag.
    pub origin: String,
}

pub(crate) fn values(tree: &Table) -> Vec<Shown> {
    let mut shown = Vec::new();
    walk("", tree, &mut shown);
    shown
}

fn walk(prefix: &str, table: &Table, shown: &mut Vec<Shown>) {
    for (key, (place, node)) in table {
        let key = if prefix.is_empty() { quoted(key) } else { format!("{prefix}.{}", quoted(key)) };
        match &node.value {
            Value::Table(inside) if !inside.is_empty() => walk(&key, inside, shown),
            Value::Text(url) if (prefix.starts_with("connection.") || prefix == "ledger") && key.ends_with(".url") => {
                let value = toml::Value::String(masked(url)).to_string();
                shown.push(Shown { key, value, origin: place.to_string() });
            }
            _ => shown.push(Shown { key, value: text(node), origin: place.to_string() }),
        }
    }
}

/// An address without its password, which stands after the user's name or among the options.
fn masked(url: &str) -> String {
    let (front, options) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = front.split_once("://").unwrap_or(("", front));
    let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let mut shown = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    match user.split_once(':') {
        Some((name, _)) => shown.push_str(&format!("{name}:…@")),
        None if !user.is_empty() => shown.push_str(&format!("{user}@")),
        None => {}
    }
    shown.push_str(place);
    let options: Vec<_> = options.split('&').filter(|option| !option.is_empty()).map(masked_option).collect();
    if !options.is_empty() {
        shown.push_str(&format!("?{}", options.join("&")));
    }
    shown
}

fn masked_option(option: &str) -> String {
    match option.split_once('=') {
        Some((name, _)) if name.contains("pass") || name.contains("key") => format!("{name}=…"),
        _ => option.to_owned(),
    }
}

/// A key as TOML: one that holds a dot or a slash stands in quotes, or it would be taken for two.
fn quoted(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !key.is_empty() && key.chars().all(bare) {
        true => key.to_owned(),
        false => toml::Value::from(key).to_string(),
    }
}

fn text(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(text) | Value::Unreadable(text) => text.clone(),
        Value::Array(nodes) => format!("[{}]", nodes.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let pairs: Vec<_> =
                table.iter().map(|(key, (_, node))| format!("{} = {}", quoted(key), text(node))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}
