//! The machine: its clock, the zone data that this program carries, file watches.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::finding::Finding;

/// No clock that is set shows an earlier year: this program is not older.
const FIRST_YEAR: i32 = 2026;

/// Zones change a few times a year, with some months' notice.
const OLD: TimeDelta = TimeDelta::days(540);

/// Folders of configuration, plugins and inboxes each take one.
const WATCHES: u64 = 128;

/// The clock was stepped if it and the one that nobody sets differ by more.
const STEP: Duration = Duration::from_millis(200);

/// Looks at the machine.
pub fn look(now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = vec![clock(now), zones(chrono_tz::IANA_TZDB_VERSION, now)];
    findings.extend(watches("max_user_watches", limit("max_user_watches")));
    findings.extend(watches("max_user_instances", limit("max_user_instances")));
    findings
}

fn clock(now: DateTime<Utc>) -> Finding {
    if now.year() < FIRST_YEAR {
        return Finding::fail(
            "clock",
            format!("it shows {}", now.date_naive()),
            "set it; the host would plan the past",
        );
    }
    let kept =
        ["/run/systemd/timesync/synchronized", "/run/chrony", "/run/chronyd.pid", "/run/ntpd.pid", "/var/run/ntpd.pid"];
    match kept.iter().find(|path| Path::new(path).exists()) {
        Some(_) => Finding::ok("clock", format!("{}, kept by a time service", now.format("%Y-%m-%d %H:%M:%S UTC"))),
        None => Finding::warn(
            "clock",
            format!("{}; no time service is to be seen", now.format("%Y-%m-%d %H:%M:%S UTC")),
            "unless the machine around this one keeps it: install chrony, or enable systemd-timesyncd",
        ),
    }
}

/// `2026b` is of that year; the letter says which of some dozen.
fn zones(version: &str, now: DateTime<Utc>) -> Finding {
    let letter = version.bytes().last().map_or(0, |letter| i64::from(letter.saturating_sub(b'a')));
    let year = version.get(..4).and_then(|year| year.parse().ok());
    let out = year
        .and_then(|year| DateTime::from_timestamp(0, 0)?.with_year(year))
        .map(|first| first + TimeDelta::days(30 * letter));
    let found = format!("zone data {version}");
    match out {
        Some(out) if now - out > OLD => Finding::warn(
            "time zones",
            format!("{found}: rules have changed since, somewhere"),
            "take a newer noontide, which carries newer ones",
        ),
        _ => Finding::ok("time zones", found),
    }
}

fn limit(name: &str) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?.trim().parse().ok()
}

fn watches(name: &'static str, limit: Option<u64>) -> Option<Finding> {
    let limit = limit?;
    let found = format!("fs.inotify.{name} is {limit}");
    Some(match limit < WATCHES {
        true => Finding::warn(
            "file watches",
            found,
            format!("sysctl fs.inotify.{name}=8192; without watches folders are looked at every few seconds"),
        ),
        false => Finding::ok("file watches", found),
    })
}

/// Two clocks at once: the one people see, and the one that nobody sets.
pub struct Watch {
    wall: DateTime<Utc>,
    steady: Instant,
}

impl Watch {
    /// From now on.
    pub fn begin(wall: DateTime<Utc>) -> Self {
        Self { wall, steady: Instant::now() }
    }

    /// Something to tell if the clock was set meanwhile.
    pub fn end(self, wall: DateTime<Utc>) -> Option<Finding> {
        let drift = (wall - self.wall) - TimeDelta::from_std(self.steady.elapsed()).unwrap_or_default();
        let gap = drift.abs().to_std().unwrap_or_default();
        (gap > STEP).then(|| {
            let found = format!("the clock was set by {} ms while this looked", drift.num_milliseconds());
            Finding::warn("clock steps", found, "let one service keep the time, and have it slew instead of step")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Verdict;

    #[test]
    fn zone_data_grow_old_and_a_clock_that_was_never_set_is_told() {
        let on = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(zones("2026b", on("2026-11-23T00:00:00Z")).verdict, Verdict::Ok);
        assert_eq!(zones("2026b", on("2028-11-23T00:00:00Z")).verdict, Verdict::Warn);
        assert_eq!(clock(on("1970-01-01T00:03:00Z")).verdict, Verdict::Fail);
    }

    #[test]
    fn a_clock_that_is_set_meanwhile_is_noticed() {
        let begin: DateTime<Utc> = "2026-11-23T00:00:00Z".parse().unwrap();
        assert_eq!(Watch::begin(begin).end(begin), None);
        assert!(Watch::begin(begin).end(begin + TimeDelta::hours(1)).is_some());
        assert!(Watch::begin(begin).end(begin - TimeDelta::seconds(1)).is_some());
    }

    #[test]
    fn few_watches_are_told_with_the_setting_that_gives_more() {
        assert_eq!(watches("max_user_watches", Some(65_536)).unwrap().verdict, Verdict::Ok);
        assert!(
            watches("max_user_instances", Some(2))
                .unwrap()
                .next
                .unwrap()
                .contains("sysctl fs.inotify.max_user_instances")
        );
        assert_eq!(watches("max_user_watches", None), None, "another system");
    }
}
