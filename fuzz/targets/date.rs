//! A date with a time, in the zone that the first byte chooses.
#![no_main]

use chrono::{Datelike, SecondsFormat, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use noontide_domain::trigger::at::parse_instant;
use noontide_fuzz::{one_line, soon, zone};

fuzz_target!(|bytes: &[u8]| {
    let [zone_byte, text @ ..] = bytes else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let zone = zone(*zone_byte);
    match soon(format_args!("{text:?} in {zone}"), || parse_instant(text, zone)) {
        Ok(instant) => {
            assert!((-1..=10_000).contains(&instant.year()), "{text:?} is {instant}");
            // What was taken can be said, and said it is the same instant.
            let said = instant.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            if (0..=9_999).contains(&instant.year()) {
                assert_eq!(parse_instant(&said, zone), Ok(instant), "{text:?} is {said}");
            }
            // On the wall it is what was written, or later by a gap: the longest left out a day.
            let offset = text.contains(['Z', 'z', '+']) || text.matches('-').count() > 2;
            if let (false, Ok(wall)) = (offset, parse_instant(text, chrono_tz::UTC)) {
                let shown = instant.with_timezone(&zone).naive_local().and_utc().with_timezone(&Utc);
                assert!(shown >= wall && shown - wall <= TimeDelta::days(1), "{text:?} in {zone} is {shown}");
            }
        }
        Err(refusal) => one_line(&refusal),
    }
});
