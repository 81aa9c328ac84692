//! How long the questions of the dashboard take beside a long history: 100,000 schedules, 5 million runs that are over, 300 that
//! go on. `cargo bench -p noontide-ledger --bench history [-- URL [RUNS]]`; the ledger at URL must be an empty SQLite file or
//! PostgreSQL database, and keeps what was written, for a host to be looked at.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{RunFilter, RunRecord};
use noontide_domain::rollup::Whose;
use noontide_domain::trigger::{Cron, Trigger};
use noontide_domain::{Owner, RunState, Schedule, ScheduleName};
use noontide_ledger::Opened;
use noontide_testkit::ManualClock;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// The last run ends then.
const NOW: &str = "2026-11-21T12:00:00Z";
const SCHEDULES: usize = 100_000;
const RUNS: usize = 5_000_000;
/// Rows in one statement.
const PART: usize = 250_000;
/// How often each question is asked.
const ASKED: usize = 200;

fn main() {
    // `cargo test --all-targets` starts this too, without the flag that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let folder = tempfile::tempdir().expect("a folder");
    let url = arguments.next().unwrap_or_else(|| format!("sqlite://{}", folder.path().join("noontide.db").display()));
    let runs = arguments.next().map_or(RUNS, |count| count.parse().expect("a number of runs"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let opened = noontide_ledger::open(&url, ManualClock::at(NOW)).await.expect("opens");
        fill(&opened, &url, runs).await;
        let begun = Instant::now();
        let mut counted = 0;
        loop {
            let ends = opened.ledger.roll_up(2_000).await.expect("counts");
            counted += ends;
            if ends < 2_000 {
                break;
            }
        }
        println!("counted {counted} ends in {:.1} s", begun.elapsed().as_secs_f64());
        measure(&opened).await;
        opened.close().await;
    });
}

fn name(number: usize) -> ScheduleName {
    format!("s{number:06}").parse().expect("a name")
}

async fn fill(opened: &Opened, url: &str, runs: usize) {
    let begun = Instant::now();
    let schedules = (0..SCHEDULES).map(|number| {
        let trigger = Trigger::Cron(Cron::parse(&format!("{} * * * *", number % 60), chrono_tz::UTC).expect("cron"));
        let owner = Owner::File { path: "conf/many.toml".to_owned(), line: number + 1 };
        Schedule { owner, ..Schedule::new(name(number), trigger, "mail/send".parse().expect("a handler")) }
    });
    opened.ledger.declare(schedules.collect(), now()).await.expect("declares");
    for from in (0..runs + 300).step_by(PART) {
        let until = (from + PART).min(runs + 300);
        let (sqlite, postgres) = (url.starts_with("sqlite:"), url.starts_with("postgres"));
        assert!(sqlite || postgres, "SQLite or PostgreSQL");
        let series = if sqlite {
            format!(
                "(WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {until} - 1) SELECT i FROM n)"
            )
        } else {
            format!("(SELECT i::bigint FROM generate_series({from}, {until} - 1) AS i) AS n")
        };
        let statement = AssertSqlSafe(insert(&series, runs, sqlite));
        if sqlite {
            let mut connection = SqliteConnection::connect(url).await.expect("connects");
            sqlx::raw_sql(statement).execute(&mut connection).await.expect("inserts");
        } else {
            let mut connection = PgConnection::connect(url).await.expect("connects");
            sqlx::raw_sql(statement).execute(&mut connection).await.expect("inserts");
        }
    }
    println!("wrote {SCHEDULES} schedules and {runs} runs in {:.0} s", begun.elapsed().as_secs_f64());
}

/// Four weeks of runs: of each schedule one after the other, one in 97 failed, one in 31 skipped.
fn insert(series: &str, runs: usize, sqlite: bool) -> String {
    let end = now().timestamp_millis() - 120_000;
    let step = TimeDelta::weeks(4).num_milliseconds() / i64::try_from(runs).expect("not so many");
    let at = format!("({end} - ({runs} - i) * {step})");
    // Of version 7, as hosts make them: the time, then what tells them apart.
    let (id, hash, schedule) = if sqlite {
        (
            format!("unhex(printf('%012x7000800000000000%04x', {at}, i % 65536))"),
            "unhex(printf('%032x', i))".to_owned(),
            format!("printf('s%06d', i % {SCHEDULES})"),
        )
    } else {
        (
            format!("(lpad(to_hex({at}), 12, '0') || '7000800000000000' || lpad(to_hex(i % 65536), 4, '0'))::uuid"),
            "decode(lpad(to_hex(i), 32, '0'), 'hex')".to_owned(),
            format!("'s' || lpad((i % {SCHEDULES})::text, 6, '0')"),
        )
    };
    let state = format!("CASE WHEN i >= {runs} THEN 1 WHEN i % 97 = 0 THEN 3 WHEN i % 31 = 0 THEN 5 ELSE 2 END");
    let over = |value: &str| format!("CASE WHEN i < {runs} THEN {value} END");
    let finished = over(&format!("{at} + i % 5000"));
    let live = format!("CASE WHEN i >= {runs} THEN {at} + 999999999 END");
    format!(
        "INSERT INTO run (id, key_hash, key_text, state, schedule, handler, due_at, cause, late, input, timezone, max_attempts, \
         backoff_ms, backoff_cap_ms, trace_id, not_before, host, fence, attempt, lease_until, started_at, finished_at, \
         outcome, wall_ms, reason, created_at, queue, priority) \
         SELECT {id}, {hash}, 'k', {state}, {schedule}, 'mail/send', {at}, 0, 0, 'null', 'UTC', 3, 1000, 1000, '', {at}, \
         NULL, 1, 1, {live}, {at}, {finished}, {outcome}, i % 5000, {reason}, {at}, 'default', 10 FROM {series}",
        outcome = over(
            "CASE WHEN i % 97 = 0 THEN '{\"kind\":\"failed\",\"message\":\"550\",\"retryable\":false,\"after\":null}' \
                        WHEN i % 31 = 0 THEN NULL ELSE '{\"kind\":\"succeeded\",\"result\":null}' END"
        ),
        reason = over("CASE WHEN i % 97 <> 0 AND i % 31 = 0 THEN '{\"kind\":\"missed\"}' END"),
    )
}

fn now() -> DateTime<Utc> {
    NOW.parse().expect("an instant")
}

async fn measure(opened: &Opened) {
    let history = &opened.history;
    println!("{:>44} {:>9} {:>9} {:>9}", "question", "p50 ms", "p99 ms", "most ms");
    let of = |state| RunFilter { state: Some(state), limit: 50, ..RunFilter::default() };
    let week_ago = now() - TimeDelta::weeks(1);
    tell("ends of 24 hours, all", async |_| drop(history.ends(&Whose::All, now() - TimeDelta::days(1), now()).await))
        .await;
    tell("ends of a year, one schedule", async |i| {
        drop(history.ends(&Whose::Schedule(name(i * 7)), now() - TimeDelta::days(370), now()).await);
    })
    .await;
    tell("newest 30 of each of 50 schedules", async |i| {
        let names: Vec<_> = (0..50).map(|more| name((i * 499 + more) % SCHEDULES)).collect();
        assert_eq!(history.newest(&names, 30).await.expect("reads").len(), 50);
    })
    .await;
    tell("newest 120 of one schedule", async |i| drop(history.newest(&[name(i)], 120).await.expect("reads"))).await;
    tell("newest 1,000 of the last hour", async |_| {
        drop(history.latest(now() - TimeDelta::hours(1), 1_000).await.expect("reads"));
    })
    .await;
    tell("failed runs, newest 50", async |_| {
        drop::<Vec<RunRecord>>(history.runs(of(RunState::Failed)).await.expect("reads"))
    })
    .await;
    tell("running, 50 of 300", async |_| drop(history.runs(of(RunState::Running)).await.expect("reads"))).await;
    tell("runs of a schedule, newest 50", async |i| {
        let filter = RunFilter { schedule: Some(name(i * 3)), limit: 50, ..RunFilter::default() };
        drop(history.runs(filter).await.expect("reads"));
    })
    .await;
    tell("runs since a week, newest 50", async |_| {
        let filter = RunFilter { since: Some(week_ago), limit: 50, ..RunFilter::default() };
        drop(history.runs(filter).await.expect("reads"));
    })
    .await;
    tell("status", async |_| drop(history.status().await.expect("reads"))).await;
}

async fn tell(question: &str, ask: impl AsyncFn(usize)) {
    let mut took: Vec<Duration> = Vec::with_capacity(ASKED);
    for i in 0..ASKED {
        let begun = Instant::now();
        ask(i).await;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    let millis = |place: usize| took[place].as_secs_f64() * 1_000.0;
    println!("{question:>44} {:>9.1} {:>9.1} {:>9.1}", millis(ASKED / 2), millis(ASKED * 99 / 100), millis(ASKED - 1));
}
