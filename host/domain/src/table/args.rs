//! `args`: what the handler gets.

use serde_json::{Value, json};

use crate::excerpt::excerpt;

/// Reads `args` as the handler's input. `1,2,3` and `"guess","hello"` are positional texts, a JSON array is positional
/// values; both become `{"args": […]}`. A JSON object is the input itself, by name. Nothing is `{}`.
///
/// # Errors
/// A line that names the column and the place in it.
pub fn args(text: &str) -> Result<Value, String> {
    let text = text.trim();
    match text.chars().next() {
        None => Ok(json!({})),
        Some('{') => json(text),
        Some('[') => Ok(json!({ "args": json(text)? })),
        Some(_) => Ok(json!({ "args": texts(text)? })),
    }
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|reason| format!("`args` is no JSON: {reason}"))
}

/// Parted by commas, each plain or in quotes. A comma at the end is Python's way to write a list of one.
fn texts(text: &str) -> Result<Vec<String>, String> {
    // Dumps of MySQL hold quotes behind backslashes; whoever pastes one elsewhere gets both.
    let unescaped = text.starts_with("\\\"").then(|| text.replace("\\\"", "\""));
    let whole = unescaped.as_deref().unwrap_or(text);
    let mut texts = Vec::new();
    let mut rest = whole;
    while !rest.is_empty() {
        let (item, after) = match rest.chars().next().filter(|first| matches!(first, '"' | '\'')) {
            Some(quote) => quoted(rest, quote)?,
            None => {
                let (item, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                (item.trim_end().to_owned(), after)
            }
        };
        texts.push(item);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(rest) => rest.trim_start(),
            None if after.is_empty() => after,
            None => return Err(format!("`args`: a comma is missing before `{}`", excerpt(after))),
        };
    }
    Ok(texts)
}

/// The text between two quotes, and what comes after them. A backslash takes the next character as it is.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut item = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => item.extend(characters.next().map(|(_, escaped)| escaped)),
            end if end == quote => return Ok((item, &text[at + quote.len_utf8()..])),
            other => item.push(other),
        }
    }
    Err(format!("`args`: the quote before `{}` has no end", excerpt(text.trim_start_matches(quote))))
}

/// The other way.
pub(super) fn shown(input: &Value) -> String {
    let positional = input.as_object().filter(|keys| keys.len() == 1).and_then(|keys| keys.get("args"));
    match positional.and_then(Value::as_array) {
        _ if *input == json!({}) || input.is_null() => String::new(),
        None => input.to_string(),
        Some(list) => {
            let plain: Option<Vec<_>> = list.iter().map(|item| item.as_str().filter(|text| is_plain(text))).collect();
            plain.filter(|texts| !texts.is_empty()).map_or_else(|| json!(list).to_string(), |texts| texts.join(","))
        }
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains([',', '"', '\'', '\\', '[', '{'])
}
