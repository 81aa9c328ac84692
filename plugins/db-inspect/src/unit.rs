//! Numbers as people read them.

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Percent,
    Bytes,
    Seconds,
    Milliseconds,
}

const STEPS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

impl Unit {
    /// The name in reports that are read by programs.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Count => "",
            Self::Percent => "%",
            Self::Bytes => "B",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
        }
    }

    /// The number with its unit, short.
    pub fn show(self, number: f64) -> String {
        match self {
            Self::Count => trimmed(number),
            Self::Percent => format!("{} %", trimmed(number)),
            Self::Milliseconds => format!("{} ms", trimmed(number)),
            Self::Bytes => bytes(number),
            Self::Seconds => seconds(number),
        }
    }
}

/// Whole where it is whole, else one digit.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn bytes(number: f64) -> String {
    let mut number = number;
    let mut step = 0;
    while number.abs() >= 1024.0 && step + 1 < STEPS.len() {
        number /= 1024.0;
        step += 1;
    }
    format!("{} {}", trimmed(number), STEPS[step])
}

/// The two largest parts: `3 d 4 h`, `12 min`, `7 s`.
fn seconds(number: f64) -> String {
    let mut rest = number.max(0.0) as u64;
    let mut parts = Vec::new();
    for (name, length) in [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)] {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count} {name}"));
        } else if !parts.is_empty() {
            break;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_their_unit_and_not_more_digits_than_help() {
        for (unit, number, shown) in [
            (Unit::Count, 3.0, "3"),
            (Unit::Percent, 87.46, "87.5 %"),
            (Unit::Bytes, 1023.0, "1023 B"),
            (Unit::Bytes, 1_610_612_736.0, "1.5 GiB"),
            (Unit::Bytes, -2048.0, "-2 KiB"),
            (Unit::Seconds, 0.4, "0 s"),
            (Unit::Seconds, 59.0, "59 s"),
            (Unit::Seconds, 3_600.0, "1 h"),
            (Unit::Seconds, 3_605.0, "1 h"),
            (Unit::Seconds, 273_600.0, "3 d 4 h"),
            (Unit::Milliseconds, 12.0, "12 ms"),
        ] {
            assert_eq!(unit.show(number), shown);
        }
    }
}
