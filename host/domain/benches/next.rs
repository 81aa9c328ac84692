//! Next occurrences per second, beside the `cron` crate and croner: `cargo bench -p noontide-domain`.
//!
//! Each asks for the occurrence after the one before, as the scheduler does. The `cron` crate takes six fields only and
//! knows neither `L` nor "either day field".

use std::hint::black_box;
use std::str::FromStr;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::parser::CronParser;
use noontide_domain::trigger::Cron;

const ZONE: Tz = chrono_tz::Europe::Berlin;

/// What it is, for us and croner, for the `cron` crate.
const EXPRESSIONS: [(&str, &str, Option<&str>); 6] = [
    ("every minute", "* * * * *", Some("0 * * * * *")),
    ("every 5 minutes in office hours", "*/5 9-17 * * 1-5", Some("0 */5 9-17 * * 2-6")),
    ("daily", "30 2 * * *", Some("0 30 2 * * *")),
    ("every 10 seconds", "*/10 * * * * *", Some("*/10 * * * * *")),
    ("either day", "0 9 13 * 5", None),
    ("last day of the month", "0 0 L * *", None),
];

/// Long enough that the clock's grain and a cold start do not show.
const LONG: Duration = Duration::from_millis(300);

/// Walks from 2026 on, beginning again in 2036, and says how many steps a second were made.
fn per_second(mut next: impl FnMut(DateTime<Utc>) -> Option<DateTime<Utc>>) -> String {
    let from = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
    let until = DateTime::from_timestamp(2_082_758_400, 0).unwrap_or_default();
    let mut after = from;
    let begun = Instant::now();
    let mut steps = 0u32;
    while begun.elapsed() < LONG {
        for _ in 0..64 {
            after = black_box(next(after)).filter(|due| *due < until).unwrap_or(from);
        }
        steps += 64;
    }
    format!("{:.0}", f64::from(steps) / begun.elapsed().as_secs_f64())
}

fn main() {
    println!("{:34} {:>12} {:>12} {:>12}", "next occurrences per second", "noontide", "cron", "croner");
    for (what, ours, theirs) in EXPRESSIONS {
        let noontide = match Cron::parse(ours, ZONE) {
            Ok(cron) => per_second(|after| cron.next_after(after)),
            Err(error) => error.to_string(),
        };
        let crate_cron = theirs.and_then(|text| cron::Schedule::from_str(text).ok()).map(|schedule| {
            per_second(|after| Some(schedule.after(&after.with_timezone(&ZONE)).next()?.with_timezone(&Utc)))
        });
        let croner = CronParser::new().parse(ours).ok().map(|pattern| {
            per_second(|after| {
                let next = pattern.find_next_occurrence(&after.with_timezone(&ZONE), false).ok()?;
                Some(next.with_timezone(&Utc))
            })
        });
        let none = || "-".to_owned();
        println!(
            "{what:34} {noontide:>12} {:>12} {:>12}",
            crate_cron.unwrap_or_else(none),
            croner.unwrap_or_else(none)
        );
    }
}
