//! Somebody's text inside a sentence of ours.

/// Longer texts are cut: a refusal is a line, not a page.
const MOST: usize = 60;

/// `text` as it can stand in a line: at most 60 characters, control characters spelled out.
pub fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(MOST) {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Overlap, duration, trigger::at::parse_instant};

    #[test]
    fn a_text_is_cut_and_its_line_breaks_are_spelled_out() {
        assert_eq!(excerpt("a\nb\u{1b}[0m"), "a\\nb\\u{1b}[0m");
        assert_eq!(excerpt(&"*".repeat(61)), "*".repeat(60) + "…");
        assert_eq!(excerpt("每晚"), "每晚");
    }

    #[test]
    fn a_refusal_is_one_short_line_whatever_was_refused() {
        for text in ["5\nx", "\u{5}\0B", "1\r\n", "202\u{1}-01-01 00:00", "2026-10-01T00:00:60\nZ", &"9".repeat(10_000)]
        {
            let refusals = [
                duration::parse(text).err(),
                duration::parse_bytes(text).err(),
                parse_instant(text, chrono_tz::UTC).err(),
                Overlap::parse(text).err(),
                text.parse::<crate::ScheduleName>().err().map(|bad| bad.to_string()),
                text.parse::<crate::HandlerRef>().err().map(|bad| bad.to_string()),
            ];
            for refusal in refusals.into_iter().flatten() {
                assert!(!refusal.contains(char::is_control) && refusal.len() < 400, "{refusal:?}");
            }
        }
    }
}
