//! Counting.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use chrono::{DateTime, Utc};
use noontide_sdk::Window;

use crate::line::Line;

/// What was counted so far.
#[derive(Debug, Default)]
pub struct Tally {
    window: Option<Window>,
    /// The time of the newest line of this file that has one.
    at: Option<DateTime<Utc>>,
    pub files: u64,
    pub unread: Vec<String>,
    pub lines: u64,
    pub in_window: u64,
    pub levels: BTreeMap<&'static str, u64>,
    pub actions: BTreeMap<&'static str, u64>,
    pub messages: HashMap<String, u64>,
    /// Lines whose message was new when the memory for messages was full.
    pub unnamed: u64,
}

/// Distinct messages kept: with their length below, some 10 MB, an eighth of what a plugin gets by default.
const MESSAGES_KEPT: usize = 50_000;

/// Characters of a message that tell it from others.
const MESSAGE_LENGTH: usize = 160;

impl Tally {
    pub fn over(window: Option<Window>) -> Self {
        Self { window, ..Self::default() }
    }

    /// A file's first lines do not go on where the last file ended.
    pub fn next_file(&mut self) {
        self.files += 1;
        self.at = None;
    }

    pub fn unread(&mut self, file: &Path) {
        self.unread.push(file.display().to_string());
    }

    pub fn count(&mut self, line: &Line) {
        self.lines += 1;
        self.at = line.at.or(self.at);
        if !self.covers() {
            return;
        }
        self.in_window += 1;
        if let Some(level) = line.level {
            *self.levels.entry(level).or_default() += 1;
        }
        if let Some(action) = line.action {
            *self.actions.entry(action).or_default() += 1;
        }
        self.count_message(line.message.trim());
    }

    /// Where only a window's lines count, a line whose time nobody knows does not.
    fn covers(&self) -> bool {
        self.window.is_none_or(|window| self.at.is_some_and(|at| window.contains(at)))
    }

    fn count_message(&mut self, message: &str) {
        if message.is_empty() {
            return;
        }
        let pattern = pattern(message);
        if let Some(count) = self.messages.get_mut(&pattern) {
            *count += 1;
        } else if self.messages.len() < MESSAGES_KEPT {
            self.messages.insert(pattern, 1);
        } else {
            self.unnamed += 1;
        }
    }

    /// The most frequent messages; equally frequent ones by their text.
    pub fn top(&self, count: usize) -> Vec<(&str, u64)> {
        let mut messages: Vec<_> = self.messages.iter().map(|(text, count)| (text.as_str(), *count)).collect();
        messages.sort_by(|(a, many), (b, few)| few.cmp(many).then(a.cmp(b)));
        messages.truncate(count);
        messages
    }
}

/// The message with what varies taken out: numbers, hexadecimal and identifiers become `#`.
pub fn pattern(message: &str) -> String {
    let end = message.char_indices().nth(MESSAGE_LENGTH).map_or(message.len(), |(end, _)| end);
    let mut pattern = String::with_capacity(end);
    for part in message[..end].split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        push_word(&mut pattern, word);
        pattern.push_str(&part[word.len()..]);
    }
    pattern
}

/// `0x1f`, `3fa9c01b` and `deadbe3f` vary as a whole; in `eth0` and `amd64` only the digits do.
fn push_word(pattern: &mut String, word: &str) {
    let hex = word.strip_prefix("0x").unwrap_or(word);
    let digits = hex.bytes().filter(u8::is_ascii_digit).count();
    if digits > 0 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) && (hex.len() >= 4 || hex.len() < word.len()) {
        return pattern.push('#');
    }
    let mut in_number = false;
    for letter in word.chars() {
        let digit = letter.is_ascii_digit();
        if !(digit && in_number) {
            pattern.push(if digit { '#' } else { letter });
        }
        in_number = digit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_becomes_a_hash_sign() {
        for (message, expected) in [
            ("took 17 ms on eth0", "took # ms on eth#"),
            ("request 3fa9c01b-8d2e-4c0f-9b1a-0242ac120002 failed", "request #-#-#-#-# failed"),
            ("at 0xdeadbeef1", "at #"),
            ("install foo:amd64 <none> 1.2.3-4", "install foo:amd# <none> #.#.#-#"),
            ("cafe face", "cafe face"),
            ("größe 5 überschritten", "größe # überschritten"),
        ] {
            assert_eq!(pattern(message), expected);
        }
    }

    #[test]
    fn the_most_frequent_message_comes_first_and_equals_go_by_text() {
        let mut tally = Tally::over(None);
        for message in ["b 1", "a 2", "c 1", "c 2"] {
            tally.count(&Line { at: None, level: None, action: None, message });
        }
        assert_eq!(tally.top(2), [("c #", 2), ("a #", 1)]);
    }
}
