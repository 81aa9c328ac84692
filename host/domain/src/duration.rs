//! Lengths of time and sizes as people write them: `2w3d4h5m6s`, `500ms`, `64MiB`.

use std::time::Duration;

use chrono::TimeDelta;

use crate::excerpt::excerpt;

const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

/// Longest length taken: a thousand years, in milliseconds. Far past any use, and safe to add to any date.
const LONGEST_MS: u64 = 1_000 * 366 * 86_400_000;

/// Reads `2w3d4h5m6s`, `1h 30m`, `500ms`; a bare integer is seconds; a day is 86 400 s. Units go from the larger to
/// the smaller, each once.
///
/// # Errors
/// A line that names the part that is wrong.
pub fn parse(text: &str) -> Result<Duration, String> {
    let whole = text.trim();
    if whole.is_empty() {
        return Err("a duration is missing: write for example 90s, 5m or 1h30m".to_owned());
    }
    if whole.bytes().all(|b| b.is_ascii_digit()) {
        let seconds: u64 = whole.parse().map_err(|_| too_long(text))?;
        return from_ms(seconds.checked_mul(1_000), text);
    }
    let mut rest = whole;
    let mut total: u64 = 0;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at(letters);
        let Some((_, ms)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let (text, rest) = (excerpt(text), excerpt(rest));
            return Err(format!("`{text}` is no duration: at `{rest}` a number with w, d, h, m, s or ms is expected"));
        };
        if number.is_empty() {
            return Err(format!("`{}` is no duration: a number is missing before `{unit}`", excerpt(text)));
        }
        if *ms >= last_unit {
            return Err(format!(
                "`{}` is no duration: `{unit}` stands out of order (w, d, h, m, s, ms, each once)",
                excerpt(text)
            ));
        }
        last_unit = *ms;
        let value: u64 = number.parse().map_err(|_| too_long(text))?;
        total = value.checked_mul(*ms).and_then(|part| total.checked_add(part)).ok_or_else(|| too_long(text))?;
        rest = tail.trim_start();
    }
    from_ms(Some(total), text)
}

fn from_ms(ms: Option<u64>, text: &str) -> Result<Duration, String> {
    match ms {
        Some(ms) if ms <= LONGEST_MS => Ok(Duration::from_millis(ms)),
        _ => Err(too_long(text)),
    }
}

fn too_long(text: &str) -> String {
    format!("`{}` is longer than a thousand years", excerpt(text))
}

/// The same notation back: `1h30m`, `500ms`, `0s`.
pub fn words(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if left == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    for (unit, ms) in UNITS.iter().rev() {
        if left >= *ms {
            out.push_str(&format!("{}{unit}", left / ms));
            left %= ms;
        }
    }
    out
}

/// The same, rounded down to what a reader of a table wants to know: two units at most.
pub fn coarse(length: Duration) -> String {
    let seconds = length.as_secs();
    let step = match seconds {
        0..3_600 => 1,
        3_600..86_400 => 60,
        86_400..1_209_600 => 3_600,
        _ => 86_400,
    };
    words(Duration::from_secs(seconds - seconds % step))
}

/// How far away an instant is, as a reader wants to know it: `in 3m20s`, `2h ago`, `now`.
pub fn distance(gap: TimeDelta) -> String {
    let words = coarse(gap.abs().to_std().unwrap_or_default());
    match gap {
        _ if gap.abs() < TimeDelta::seconds(1) => "now".to_owned(),
        _ if gap > TimeDelta::zero() => format!("in {words}"),
        _ => format!("{words} ago"),
    }
}

/// Reads `64MiB`, `10kB`, `1048576`.
///
/// # Errors
/// A line that names what is wrong.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let shown = excerpt(text);
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(format!("`{shown}` is no size: write for example 64MiB (KiB, MiB, GiB, kB, MB, GB)")),
    };
    let number: u64 = number.parse().map_err(|_| format!("`{shown}` is no size: a number is missing"))?;
    number.checked_mul(factor).ok_or_else(|| format!("`{shown}` is too large"))
}

/// `64 MiB`, `1.5 GiB`, `17 B`.
pub fn bytes(size: u64) -> String {
    for (unit, factor) in [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if size >= factor {
            let text = format!("{:.1}", size as f64 / factor as f64);
            return format!("{} {unit}", text.trim_end_matches(".0"));
        }
    }
    format!("{size} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_read_and_written_in_the_same_notation() {
        for text in ["2w3d4h5m6s", "500ms", "1h30m", "90d", "1s1ms"] {
            let length = parse(text).expect(text);
            assert_eq!(parse(&words(length)), Ok(length), "{text}");
        }
        assert_eq!(parse("5"), Ok(Duration::from_secs(5)));
        assert_eq!(words(Duration::from_secs(5_400)), "1h30m");
    }

    #[test]
    fn a_distance_has_as_many_units_as_a_reader_wants() {
        let told = |seconds: i64| distance(TimeDelta::seconds(seconds));
        assert_eq!(told(200), "in 3m20s");
        assert_eq!(told(-7_230), "2h ago");
        assert_eq!(told(0), "now");
        assert_eq!(told(3 * 86_400 + 7_261), "in 3d2h");
    }

    #[test]
    fn what_is_no_length_is_refused_in_words() {
        for text in [
            "",
            "5x",
            "m5",
            "1m1h",
            "1h1h",
            "-5s",
            "1.5h",
            "99999999999999999999",
            "9999999999d",
            "５s",
            "1e3",
            "inf",
            "NaN",
            "-0",
            "+5s",
            "0x10",
            "1_000",
        ] {
            assert!(parse(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_size_is_read_with_its_unit() {
        assert_eq!(parse_bytes("64MiB"), Ok(64 << 20));
        assert_eq!(parse_bytes("10 kB"), Ok(10_000));
        assert!(parse_bytes("64 mb").is_err());
        assert_eq!(bytes(64 << 20), "64 MiB");
    }
}
