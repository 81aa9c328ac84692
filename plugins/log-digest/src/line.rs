//! One line of a log: when, how grave, what.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Utc};

use crate::zone::Zone;

/// What one line says.
#[derive(Debug, PartialEq)]
pub struct Line<'text> {
    /// None where the line does not begin with a time: it goes on where the line before began.
    pub at: Option<DateTime<Utc>>,
    pub level: Option<&'static str>,
    /// What a package manager did.
    pub action: Option<&'static str>,
    pub message: &'text str,
}

/// Written forms of a level, and the one it counts as.
const LEVELS: [(&str, &str); 14] = [
    ("EMERG", "FATAL"),
    ("ALERT", "FATAL"),
    ("CRITICAL", "FATAL"),
    ("CRIT", "FATAL"),
    ("FATAL", "FATAL"),
    ("PANIC", "FATAL"),
    ("ERROR", "ERROR"),
    ("ERR", "ERROR"),
    ("WARNING", "WARN"),
    ("WARN", "WARN"),
    ("NOTICE", "INFO"),
    ("INFO", "INFO"),
    ("DEBUG", "DEBUG"),
    ("TRACE", "TRACE"),
];

/// The first word of a line in dpkg.log.
const ACTIONS: [&str; 10] =
    ["install", "upgrade", "configure", "trigproc", "remove", "purge", "disappear", "status", "startup", "conffile"];

/// A level stands among the first words, behind host or program at most; later it is prose.
const WORDS_BEFORE_LEVEL: usize = 3;

impl<'text> Line<'text> {
    pub fn parse(text: &'text str, zone: &Zone) -> Self {
        let (at, rest) = match timestamp(text) {
            Some((local, offset, rest)) => (Some(zone.instant(local, offset)), rest),
            None => (None, text),
        };
        let rest = rest.trim_start_matches([' ', '\t', ']', '|', ',', '-']);
        if let Some((level, message)) = level(rest) {
            return Self { at, level: Some(level), action: None, message };
        }
        let first = rest.split(' ').next().unwrap_or_default();
        let action = ACTIONS.into_iter().find(|action| at.is_some() && *action == first);
        Self { at, level: None, action, message: rest }
    }
}

/// `2026-11-01 10:11:12`, with `T`, a fraction and a zone if there are any, and what follows it.
fn timestamp(text: &str) -> Option<(NaiveDateTime, Option<FixedOffset>, &str)> {
    let text = text.trim_start_matches('[');
    let (date, rest) = text.split_at_checked(10)?;
    let (between, rest) = rest.split_at_checked(1)?;
    let (time, rest) = rest.split_at_checked(8)?;
    if !matches!(between, " " | "T") {
        return None;
    }
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let date = NaiveDate::from_ymd_opt(year as i32, month, day)?;
    // A leap second is written as 60 and counted as 59.
    let local = date.and_hms_opt(hour, minute, second.min(59))?;
    let (offset, rest) = offset(without_fraction(rest));
    Some((local, offset, rest))
}

fn numbers(text: &str, between: char) -> Option<[u32; 3]> {
    let mut parts = text.split(between);
    let mut next = || {
        let part = parts.next()?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

fn without_fraction(rest: &str) -> &str {
    match rest.strip_prefix(['.', ',']) {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    }
}

/// `Z`, `+08:00`, `+0800` or ` +0800`, and what follows it.
fn offset(rest: &str) -> (Option<FixedOffset>, &str) {
    if let Some(rest) = rest.strip_prefix('Z') {
        return (FixedOffset::east_opt(0), rest);
    }
    let zone = rest.strip_prefix(' ').unwrap_or(rest);
    for length in [6, 5] {
        let Some((zone, rest)) = zone.split_at_checked(length) else { continue };
        if let Some(offset) = fixed(zone) {
            return (Some(offset), rest);
        }
    }
    (None, rest)
}

fn fixed(zone: &str) -> Option<FixedOffset> {
    let east = match zone.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = zone.get(1..)?;
    let (hours, minutes) = digits.split_once(':').or_else(|| digits.split_at_checked(2))?;
    if hours.len() != 2 || minutes.len() != 2 || !zone[1..].bytes().all(|b| b.is_ascii_digit() || b == b':') {
        return None;
    }
    FixedOffset::east_opt(east * (hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60))
}

/// The level and what follows it.
fn level(text: &str) -> Option<(&'static str, &str)> {
    let mut rest = text;
    for _ in 0..=WORDS_BEFORE_LEVEL {
        rest = rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if let Some(level) = level_of(word) {
            return Some((level, after.trim_start_matches([' ', '\t', ':', '-', '|'])));
        }
        rest = after;
    }
    None
}

/// A level shouts (`ERROR`), is set apart (`[error]`, `error:`) or is named (`level=error`); "error" alone is prose.
fn level_of(word: &str) -> Option<&'static str> {
    let named = word.strip_prefix("level=").map(|word| word.trim_matches('"'));
    let bare = named.unwrap_or_else(|| word.trim_matches(['[', ']', '(', ')', '<', '>', ':', '|', ',']));
    let set_apart = named.is_some() || word.len() != bare.len();
    let (written, level) = LEVELS.iter().find(|(written, _)| written.eq_ignore_ascii_case(bare))?;
    (set_apart || *written == bare).then_some(*level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        Line::parse(text, &Zone::named("Asia/Shanghai")).at.map(|at| at.to_rfc3339())
    }

    #[test]
    fn a_time_with_a_zone_means_that_zone_and_without_one_the_calls() {
        let expected = Some("2026-11-01T02:11:12+00:00".to_owned());
        for text in [
            "2026-11-01 10:11:12 install foo:amd64 <none> 1.2",
            "[2026-11-01 10:11:12,345] ERROR x",
            "2026-11-01T10:11:12.5 x",
            "2026-11-01T02:11:12Z x",
            "2026-11-01T03:11:12+01:00 x",
            "2026-11-01 03:11:12 +0100 x",
            "2026-10-31T20:41:12.123456-0530 x",
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
    }

    #[test]
    fn a_line_that_begins_otherwise_has_no_time() {
        for text in [
            "",
            "   at main.rs:3",
            "2026-13-01 10:11:12 x",
            "2026-11-01",
            "20-26-11-01 10:11:12",
            "ünïcödé tëxt ünd mëhr",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn a_level_is_read_where_it_is_one() {
        for (text, level, message) in [
            ("2026-11-01 10:11:12 ERROR disk full", Some("ERROR"), "disk full"),
            ("2026-11-01T10:11:12Z host app[3]: [warning] slow", Some("WARN"), "slow"),
            ("2026-11-01T10:11:12Z level=info ready", Some("INFO"), "ready"),
            ("crit: no power", Some("FATAL"), "no power"),
            ("2026-11-01 10:11:12 no error found", None, "no error found"),
        ] {
            let line = Line::parse(text, &Zone::Unknown);
            assert_eq!((line.level, line.message), (level, message), "{text}");
        }
    }

    #[test]
    fn a_package_action_is_the_first_word_after_the_time() {
        let line = Line::parse("2026-11-01 10:11:12 upgrade foo:amd64 1.1 1.2", &Zone::Unknown);
        assert_eq!(line.action, Some("upgrade"));
        assert_eq!(Line::parse("install it yourself", &Zone::Unknown).action, None);
    }
}
