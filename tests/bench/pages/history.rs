//! A history that nobody could wait for, written into the tables of a host that is stopped: four weeks of runs of 100,000
//! schedules, a few of which go on.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// Schedules whose runs these are.
pub const SCHEDULES: usize = 100_000;

/// Runs that go on.
const RUNNING: usize = 300;

/// Rows in one statement.
const PART: usize = 250_000;

const WEEKS_4: i64 = 28 * 24 * 3_600 * 1_000;

/// The schedule with that number.
pub fn name(number: usize) -> String {
    format!("s{number:06}")
}

/// A schedule each hour, as files of the configuration say it; a hundred are due at once, not sixteen hundred.
pub fn configuration() -> String {
    let one = |number: usize| {
        let (second, minute) = (number % 60, number / 60 % 60);
        format!("[schedule.{}]\ncron = \"{second} {minute} * * * *\"\nhandler = \"fixture-noop/run\"\n", name(number))
    };
    (0..SCHEDULES).map(one).collect()
}

/// Writes so many runs that are over, the last of which ended at `end` (unix milliseconds), and those that go on.
pub async fn write(url: &str, runs: usize, end: i64) {
    for from in (0..runs + RUNNING).step_by(PART) {
        let until = (from + PART).min(runs + RUNNING);
        if url.starts_with("sqlite:") {
            let series = format!(
                "(WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {until} - 1) SELECT i FROM n)"
            );
            let mut connection = SqliteConnection::connect(url).await.expect("connects");
            let statement = insert(&series, &SQLITE, runs, end);
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("inserts");
        } else {
            let series = format!("(SELECT i::bigint FROM generate_series({from}, {until} - 1) AS i) AS n");
            let mut connection = PgConnection::connect(url).await.expect("connects");
            let statement = insert(&series, &POSTGRES, runs, end);
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("inserts");
        }
    }
}

/// Ends that the host has counted for its pictures, of those that were written here.
pub async fn counted(url: &str) -> i64 {
    let question = "SELECT COALESCE(SUM(ends), 0) FROM rollup WHERE schedule <> ''";
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.expect("connects");
        sqlx::query_scalar(question).fetch_one(&mut connection).await.expect("reads")
    } else {
        let mut connection = PgConnection::connect(url).await.expect("connects");
        let question = "SELECT COALESCE(SUM(ends), 0)::bigint FROM rollup WHERE schedule <> ''";
        sqlx::query_scalar(question).fetch_one(&mut connection).await.expect("reads")
    }
}

/// What two databases word differently, of row `i` that is due at `{at}`.
struct Words {
    /// Of version 7, as hosts make them: the time, then what tells them apart.
    id: &'static str,
    hash: &'static str,
    schedule: &'static str,
}

const SQLITE: Words = Words {
    id: "unhex(printf('%012x7000800000000000%04x', {at}, i % 65536))",
    hash: "unhex(printf('%032x', i))",
    schedule: "printf('s%06d', i % {schedules})",
};

const POSTGRES: Words = Words {
    id: "(lpad(to_hex({at}), 12, '0') || '7000800000000000' || lpad(to_hex(i % 65536), 4, '0'))::uuid",
    hash: "decode(lpad(to_hex(i), 32, '0'), 'hex')",
    schedule: "'s' || lpad((i % {schedules})::text, 6, '0')",
};

/// Of each schedule one after the other; one in 97 failed, one in 31 was missed.
fn insert(series: &str, words: &Words, runs: usize, end: i64) -> String {
    let step = WEEKS_4 / i64::try_from(runs).expect("not so many");
    let at = format!("({end} - ({runs} - i) * {step})");
    let of = |text: &str| text.replace("{at}", &at).replace("{schedules}", &SCHEDULES.to_string());
    let (id, hash, schedule) = (of(words.id), of(words.hash), of(words.schedule));
    let over = |value: &str| format!("CASE WHEN i < {runs} THEN {value} END");
    let state = format!("CASE WHEN i >= {runs} THEN 1 WHEN i % 97 = 0 THEN 3 WHEN i % 31 = 0 THEN 5 ELSE 2 END");
    let finished = over(&format!("{at} + i % 5000"));
    let leased = format!("CASE WHEN i >= {runs} THEN {at} + 999999999 END");
    let outcome = over(
        "CASE WHEN i % 97 = 0 THEN '{\"kind\":\"failed\",\"message\":\"550\",\"retryable\":false,\"after\":null}' \
         WHEN i % 31 = 0 THEN NULL ELSE '{\"kind\":\"succeeded\",\"result\":null}' END",
    );
    let reason = over("CASE WHEN i % 97 <> 0 AND i % 31 = 0 THEN '{\"kind\":\"missed\"}' END");
    format!(
        "INSERT INTO run (id, key_hash, key_text, state, schedule, handler, due_at, cause, late, input, timezone, \
         max_attempts, backoff_ms, backoff_cap_ms, trace_id, not_before, host, fence, attempt, lease_until, started_at, \
         finished_at, outcome, wall_ms, reason, created_at, queue, priority) \
         SELECT {id}, {hash}, 'k', {state}, {schedule}, 'fixture-noop/run', {at}, 0, 0, 'null', 'UTC', 3, 1000, 1000, '', \
         {at}, NULL, 1, 1, {leased}, {at}, {finished}, {outcome}, i % 5000, {reason}, {at}, 'default', 10 FROM {series}"
    )
}
