//! Values that nobody may read: taken out of what a guest says before anything of it is kept. Each form of a value becomes
//! `[secret NAME]`. What a guest cuts up or encodes in a way of its own is not found; nothing can promise that.

mod forms;

use std::borrow::Cow;

use memchr::memmem::Finder;
use serde_json::{Map, Value};

use crate::journal::harmless;

/// Shorter values are found everywhere: taking them out would tell more than it hides. In characters.
pub(crate) const SHORTEST: usize = 4;

/// The values that one attempt knows.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    forms: Vec<Form>,
}

/// One form of one value.
#[derive(Debug)]
struct Form {
    finder: Finder<'static>,
    mark: String,
}

/// A form found in a text: where, and which.
type Found<'a> = (usize, usize, &'a Form);

impl Redactor {
    /// Takes `value` out from now on; `false` if it is too short for that.
    pub(crate) fn learn(&mut self, name: &str, value: &str) -> bool {
        let trimmed = value.trim();
        if trimmed.chars().count() < SHORTEST {
            return trimmed.is_empty();
        }
        let mark = format!("[secret {name}]");
        let known = |form: &[u8]| self.forms.iter().any(|one| one.finder.needle() == form);
        let new =
            [value, trimmed].iter().flat_map(|value| forms::all(value)).collect::<std::collections::BTreeSet<_>>();
        let new: Vec<_> = new.into_iter().filter(|form| !known(form)).collect();
        self.forms.extend(new.iter().map(|form| Form { finder: Finder::new(form).into_owned(), mark: mark.clone() }));
        // Where several begin at one place, the longest is meant.
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.finder.needle().len()));
        true
    }

    /// Whether there is nothing to take out.
    pub(crate) fn is_idle(&self) -> bool {
        self.forms.is_empty()
    }

    /// A text that is whole.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // A form begins and ends where characters do, so this loses nothing.
            Cow::Owned(told) => Cow::Owned(String::from_utf8_lossy(&told).into_owned()),
        }
    }

    /// The same of bytes that may be no text, such as the end of a stream.
    pub(crate) fn bytes<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut out = Vec::new();
        let rest = self.write(text, text.len(), &mut out);
        if out.is_empty() {
            return Cow::Borrowed(text);
        }
        out.extend_from_slice(&text[rest..]);
        Cow::Owned(out)
    }

    /// The same of an owned text.
    pub(crate) fn owned(&self, text: String) -> String {
        match self.text(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(redacted) => redacted,
        }
    }

    /// A guest's words as they are kept: without secrets, harmless, and only then cut, at `most` bytes.
    pub(crate) fn words(&self, text: &str, most: usize) -> String {
        harmless(&self.text(text), most)
    }

    /// Whether a secret is in `text`.
    pub(crate) fn finds(&self, text: &str) -> bool {
        matches!(self.text(text), Cow::Owned(_))
    }

    /// All texts, names and numbers of a document.
    pub(crate) fn json(&self, value: Value) -> Value {
        match value {
            _ if self.is_idle() => value,
            Value::String(text) => Value::String(self.owned(text)),
            Value::Number(number) => match self.text(&number.to_string()) {
                Cow::Borrowed(_) => Value::Number(number),
                Cow::Owned(text) => Value::String(text),
            },
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (self.owned(name), self.json(value)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            other => other,
        }
    }

    /// What of a stream may be told now, and what has to wait because a value may have begun in it.
    pub(crate) fn stream(&self, text: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let begun = self.forms.iter().map(|form| begun(form.finder.needle(), text)).max().unwrap_or_default();
        let sure = text.len() - begun;
        let mut out = Vec::with_capacity(text.len());
        let rest = self.write(text, sure, &mut out);
        let sure = sure.max(rest);
        out.extend_from_slice(&text[rest..sure]);
        (out, text[sure..].to_vec())
    }

    /// Writes `text` up to the end of the last value that begins before `sure`; gives how far that is.
    fn write(&self, text: &[u8], sure: usize, out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        let mut next: Vec<Option<Found<'_>>> = self.forms.iter().map(|form| find(form, text, 0)).collect();
        loop {
            for (found, form) in next.iter_mut().zip(&self.forms) {
                if found.is_some_and(|(begin, ..)| begin < at) {
                    *found = find(form, text, at);
                }
            }
            // The first of those that begin at one place is the longest.
            let first = next.iter().flatten().min_by_key(|(begin, ..)| *begin);
            let Some((begin, end, form)) = first.filter(|(begin, ..)| *begin < sure) else { return at };
            out.extend_from_slice(&text[at..*begin]);
            out.extend_from_slice(form.mark.as_bytes());
            at = *end;
        }
    }
}

fn find<'a>(form: &'a Form, text: &[u8], from: usize) -> Option<Found<'a>> {
    let begin = from + form.finder.find(&text[from..])?;
    Some((begin, begin + form.finder.needle().len(), form))
}

/// How many bytes at the end of `text` are the beginning of `form`, and not all of it.
fn begun(form: &[u8], text: &[u8]) -> usize {
    let most = text.len().min(form.len() - 1);
    let tail = &text[text.len() - most..];
    let starts = memchr::memchr_iter(form[0], tail);
    starts.map(|start| &tail[start..]).find(|end| form.starts_with(end)).map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn knowing(values: &[(&str, &str)]) -> Redactor {
        let mut redactor = Redactor::default();
        values.iter().for_each(|(name, value)| assert!(redactor.learn(name, value), "{name}"));
        redactor
    }

    /// A stream that comes in these pieces.
    fn streamed(redactor: &Redactor, pieces: &[&[u8]]) -> String {
        let (mut told, mut held) = (Vec::new(), Vec::new());
        for piece in pieces {
            held.extend_from_slice(piece);
            let (now, later) = redactor.stream(&held);
            told.extend(now);
            held = later;
        }
        told.extend_from_slice(&redactor.bytes(&held));
        String::from_utf8(told).expect("text")
    }

    #[test]
    fn a_value_is_taken_out_in_every_form() {
        let redactor = knowing(&[("KEY", "hunter\"22")]);
        for text in ["hunter\"22", "hunter\\\"22", "hunter%2222", "aHVudGVyIjIy", "dXNlcjpodW50ZXIiMjI="] {
            let told = redactor.text(text).into_owned();
            assert!(told.contains("[secret KEY]") && !told.contains("unter"), "{text}: {told}");
        }
        assert_eq!(redactor.text("a hunter\"22b"), "a [secret KEY]b");
        assert_eq!(redactor.text("nothing of it"), "nothing of it");
    }

    #[test]
    fn the_longest_of_two_values_that_begin_alike_is_taken_out_whole() {
        let redactor = knowing(&[("SHORT", "pass"), ("LONG", "password-of-ours")]);
        assert_eq!(redactor.text("password-of-ours pass"), "[secret LONG] [secret SHORT]");
        assert_eq!(streamed(&redactor, &[b"pass", b"word-of-ours", b" pass"]), "[secret LONG] [secret SHORT]");
        assert_eq!(streamed(&redactor, &[b"pass", b"word"]), "[secret SHORT]word");
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        let redactor = knowing(&[("KEY", "line one\nline two"), ("TOKEN", "abababac")]);
        let text = b"begin line one\nline two, abababac and abababab end aWJhYmFiYWMg";
        let whole = streamed(&redactor, &[text]);
        assert!(whole.starts_with("begin [secret KEY], [secret TOKEN] and abababab end "), "{whole}");
        for first in 0..text.len() {
            for second in first..text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(streamed(&redactor, &pieces), whole, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn what_cannot_be_the_beginning_of_a_value_is_told_at_once() {
        let redactor = knowing(&[("KEY", "secret-value")]);
        assert_eq!(redactor.stream(b"a line\n"), (b"a line\n".to_vec(), Vec::new()));
        assert_eq!(redactor.stream(b"a sec"), (b"a ".to_vec(), b"sec".to_vec()));
    }

    #[test]
    fn documents_lose_values_in_texts_names_and_numbers() {
        let redactor = knowing(&[("PIN", "123456"), ("KEY", "hunter22")]);
        let told = redactor.json(json!({ "hunter22": [123456, 7, "x hunter22", null, true, 1234567.5] }));
        let expected = json!({ "[secret KEY]": ["[secret PIN]", 7, "x [secret KEY]", null, true, "[secret PIN]7.5"] });
        assert_eq!(told, expected);
    }

    #[test]
    fn a_value_that_is_too_short_stays_and_an_empty_one_is_none() {
        let mut redactor = Redactor::default();
        assert!(!redactor.learn("PIN", "123") && redactor.learn("EMPTY", "") && redactor.is_idle());
        assert!(redactor.learn("PIN", "äöüß"), "characters count, not bytes");
    }
}
