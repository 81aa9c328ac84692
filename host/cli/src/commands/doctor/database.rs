//! The ledger's database.

use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_config::Config;
use noontide_domain::duration;
use noontide_ledger::Condition;

use super::finding::Finding;

/// A claim asks a few times: more, and fires begin visibly late.
const SLOW: Duration = Duration::from_millis(50);

/// Leases follow the server's clock and due instants the host's: more, and people wonder.
const SKEW: Duration = Duration::from_secs(2);

/// Looks at the database that the configuration names.
pub async fn look(config: &Config, now: DateTime<Utc>) -> Vec<Finding> {
    let url = config.ledger_url.reveal();
    let file = url.strip_prefix("sqlite://").map(std::path::Path::new);
    if let Some(file) = file.filter(|file| !file.exists()) {
        return vec![Finding::ok("database", format!("{} is not there yet: the first start makes it", file.display()))];
    }
    match noontide_ledger::condition(url).await {
        Ok(condition) => judge(&condition, now),
        Err(error) => vec![Finding::fail("database", error, "nothing runs without it")],
    }
}

fn judge(condition: &Condition, now: DateTime<Utc>) -> Vec<Finding> {
    let Condition { database, version, text, journal, schema, known, latency, clock } = condition;
    let seen = format!("{database} {version}, {text}, {journal}");
    let mut findings = vec![match (*database, journal.as_str()) {
        ("sqlite", mode) if mode != "wal" => {
            let next = "another program has changed it: stop that one; the next start of the host sets WAL again";
            Finding::warn("database", format!("{seen}: readers and the writer wait for each other"), next)
        }
        _ => Finding::ok("database", seen),
    }];
    let answer = format!("it answers within {:.1} ms", latency.as_secs_f64() * 1000.0);
    findings.push(match *latency > SLOW {
        true => Finding::warn("latency", answer, "put the host nearer to its database; each claim asks several times"),
        false => Finding::ok("latency", answer),
    });
    findings.push(match schema {
        newer if newer > known => Finding::fail(
            "schema",
            format!("version {newer}; this noontide knows up to {known}"),
            "start the newer noontide, or restore the backup from before the upgrade",
        ),
        older if older < known => Finding::warn(
            "schema",
            format!("version {older}; this noontide makes {known} of it"),
            "make a backup; the next start brings it up to date",
        ),
        same => Finding::ok("schema", format!("version {same}")),
    });
    findings.extend(clock.map(|clock| skew(clock, now)));
    findings
}

fn skew(clock: DateTime<Utc>, now: DateTime<Utc>) -> Finding {
    let gap = (now - clock).abs().to_std().unwrap_or_default();
    let way = if now > clock { "ahead of" } else { "behind" };
    let found = format!("this machine's clock is {} {way} the database's", duration::words(gap));
    match gap > SKEW {
        true => Finding::fail("clock skew", found, "let both follow the same time servers (chrony, systemd-timesyncd)"),
        false => Finding::ok("clock skew", found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Verdict;

    #[test]
    fn an_old_schema_a_slow_answer_and_a_clock_that_is_off_are_told_apart() {
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let well = Condition {
            database: "postgres",
            version: "15.20".to_owned(),
            text: "UTF8 C".to_owned(),
            journal: "synchronous_commit on".to_owned(),
            schema: 17,
            known: 17,
            latency: Duration::from_millis(1),
            clock: Some(now),
        };
        assert!(judge(&well, now).iter().all(|finding| finding.verdict == Verdict::Ok));
        let verdicts = |condition: &Condition| {
            judge(condition, now).iter().map(|finding| (finding.check, finding.verdict)).collect::<Vec<_>>()
        };
        let off = Condition { schema: 16, latency: SLOW * 2, clock: Some(now - SKEW * 2), ..well.clone() };
        let wanted = [
            ("database", Verdict::Ok),
            ("latency", Verdict::Warn),
            ("schema", Verdict::Warn),
            ("clock skew", Verdict::Fail),
        ];
        assert_eq!(verdicts(&off), wanted);
        let lost = Condition { database: "sqlite", journal: "delete".to_owned(), schema: 18, clock: None, ..well };
        assert_eq!(verdicts(&lost)[0].1, Verdict::Warn);
        assert_eq!(verdicts(&lost)[2].1, Verdict::Fail);
    }
}
