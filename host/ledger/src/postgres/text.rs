//! PostgreSQL's text holds every sign but the one of number 0. There it is written as two, and read back as one.

use std::borrow::Cow;

/// Stands before what replaces a sign: `SUBSTITUTE`, which hardly any text has.
const INSTEAD: char = '\u{1a}';

/// The text as it is kept.
pub(crate) fn kept(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains(['\0', INSTEAD]) {
        return text;
    }
    text.replace(INSTEAD, "\u{1a}\u{1a}").replace('\0', "\u{1a}0").into()
}

/// The text as it was.
pub(crate) fn read(kept: String) -> String {
    if !kept.contains(INSTEAD) {
        return kept;
    }
    let (mut text, mut signs) = (String::with_capacity(kept.len()), kept.chars());
    while let Some(sign) = signs.next() {
        text.push(match sign {
            INSTEAD if signs.next() == Some('0') => '\0',
            sign => sign,
        });
    }
    text
}

/// As [`kept`], for all text in a JSON text. What is escaped twice is JSON within JSON, and kept as it is.
pub(crate) fn kept_in_json(json: Cow<'_, str>) -> Cow<'_, str> {
    if !json.contains(r"\u0000") && !json.contains(r"\u001a") {
        return json;
    }
    let (mut text, mut rest) = (String::with_capacity(json.len() + 64), &*json);
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at..];
        let (instead, length) = match escape {
            _ if escape.starts_with(r"\u0000") => (r"\u001a0", 6),
            _ if escape.starts_with(r"\u001a") => (r"\u001a\u001a", 6),
            // Whatever is escaped is one byte: a sign, or the `u` before a number.
            _ => (&escape[..2], 2),
        };
        text.push_str(&rest[..at]);
        text.push_str(instead);
        rest = &escape[length..];
    }
    text.push_str(rest);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back() {
        for text in ["", "a", "a\0b", "\u{1a}", "\u{1a}0", "\0\u{1a}\0", "\\u0000", "ü\0"] {
            let kept = kept(text.into());
            assert!(!kept.contains('\0'));
            assert_eq!(read(kept.into_owned()), text);
        }
    }

    #[test]
    fn text_in_json_is_kept_as_text_is() {
        for text in ["", "a\0b", "\u{1a}0", "\\u0000", "\\\0", "\\\\u001a\0", "\"\0\"ü"] {
            let json = serde_json::to_string(text).unwrap();
            let kept_text: String = serde_json::from_str(&kept_in_json(json.into())).unwrap();
            assert_eq!(kept_text, kept(text.into()));
        }
    }
}
