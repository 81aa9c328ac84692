//! What every target asks of every text: an answer within 50 ms, and a refusal that is one line.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Bad input costs at most this.
const LIMIT: Duration = Duration::from_millis(50);

/// How often a slow answer is asked for again: the machine may have been busy with something else.
const AGAIN: usize = 4;

/// What `read` answers.
///
/// # Panics
/// If it takes too long each time.
pub fn soon<T>(what: impl Display, read: impl Fn() -> T) -> T {
    let mut fastest = Duration::MAX;
    for _ in 0..AGAIN {
        let begun = Instant::now();
        let answer = read();
        fastest = fastest.min(begun.elapsed());
        if fastest < LIMIT {
            return answer;
        }
    }
    panic!("{what}: the answer takes {fastest:?}")
}

/// A refusal can stand in a log and in a list.
///
/// # Panics
/// If it is empty, or more than a line.
pub fn one_line(refusal: &str) {
    assert!(!refusal.trim().is_empty(), "a refusal without a word");
    assert!(!refusal.chars().any(char::is_control), "not one line: {refusal:?}");
}

/// A zone for each byte: those whose clocks do the oddest things come first.
pub fn zone(byte: u8) -> chrono_tz::Tz {
    const ODD: [chrono_tz::Tz; 8] = [
        chrono_tz::UTC,
        chrono_tz::Europe::Berlin,
        chrono_tz::Australia::Lord_Howe,
        chrono_tz::Antarctica::Troll,
        chrono_tz::Pacific::Apia,
        chrono_tz::Africa::Casablanca,
        chrono_tz::America::St_Johns,
        chrono_tz::Asia::Kathmandu,
    ];
    let index = usize::from(byte);
    ODD.get(index).copied().unwrap_or_else(|| chrono_tz::TZ_VARIANTS[index * 7 % chrono_tz::TZ_VARIANTS.len()])
}
