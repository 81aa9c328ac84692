//! What MariaDB does for each statement, beside a history.

use noontide_domain::RunState;
use noontide_domain::ports::RunFilter;
use noontide_testkit::servers;
use sqlx::{AssertSqlSafe, Row as _};

use super::tests::opened;
use super::*;
use crate::connection::Kind;
use crate::history::listing_statement;
use crate::steps;

/// How many runs are over; a hundredth of it goes on or is ready.
const HISTORY: usize = 30_000;

/// More rows than these are not looked at for one answer, unless it is about all of what goes on.
const MOST: i64 = 3_000;

/// What a year leaves, on a small scale. `?` is a list of numbers.
const WRITTEN: [&str; 7] = [
    "INSERT INTO schedule (name, owner, definition, taken, anchor, \"cursor\") \
     SELECT 's' || i, 'api', '{}', '{}', 0, 0 FROM json_table(?, '$[*]' COLUMNS (i BIGINT PATH '$')) AS n WHERE i < 64",
    "INSERT INTO run (id, key_hash, key_text, state, schedule, handler, due_at, cause, late, input, timezone, max_attempts, \
                      backoff_ms, backoff_cap_ms, trace_id, not_before, fence, attempt, lease_until, started_at, finished_at, \
                      outcome, created_at, queue, priority, queued, start_by) \
     SELECT unhex(lpad(hex(i), 32, '0')), unhex(md5(i)), i, CASE WHEN i % 100 <> 0 THEN 2 + (i % 97 = 0) ELSE i % 200 = 0 END, \
            's' || (i % 64), 'mail/send', i, 0, 0, 'null', 'UTC', 1, 0, 0, '', i, 1, 1, CASE WHEN i % 200 = 0 THEN i END, i, \
            CASE WHEN i % 100 <> 0 THEN i END, CASE WHEN i % 100 <> 0 THEN '{}' END, i, 'q' || (i % 3), i % 2, i % 7 = 0, \
            CASE WHEN i % 11 = 0 THEN i END FROM json_table(?, '$[*]' COLUMNS (i BIGINT PATH '$')) AS n",
    "INSERT INTO log SELECT id, 1, 1, '[]', 0 FROM run WHERE state >= 2",
    "INSERT INTO attempt (run_id, fence, attempt, outcome, started_at, finished_at, wall_ms, cpu_ms, peak_memory_bytes) \
     SELECT id, 0, 0, '{}', 0, 0, 0, 0, 0 FROM run WHERE state >= 2",
    "INSERT INTO artifact SELECT id, 'a', 1, 't', 's', 1, 'c' FROM run WHERE state >= 2",
    "INSERT INTO state (scope, \"key\", value, revision) SELECT 'handler:' || (due_at % 50), due_at, 'v', 1 FROM run",
    "INSERT INTO submission SELECT id, 's', 1, 1, 1, 1, due_at FROM run",
];

const RUNS: &str = r#"["00000000000000000000000000000064","000000000000000000000000000000C8"]"#;
const LEASES: &str = r#"[["00000000000000000000000000000064","00000000000000000000000000000064",1]]"#;

/// Statements and what is bound to them.
fn questions() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        (claim::LOCK, vec![r#"["s1","s2"]"#]),
        (claim::KEYS, vec![RUNS]),
        (claim::SCHEDULES, vec![r#"["s1","s2"]"#]),
        (claim::LIVE, vec![r#"["s1","s2"]"#]),
        (claim::REPLACE, vec![LEASES, "5"]),
        (claim::ASK, vec![RUNS]),
        (claim::ADVANCE, vec![r#"[["s1",1,1]]"#]),
        (lease::EXPIRING, vec!["5", "10"]),
        (lease::EXPIRE, vec![LEASES, "5"]),
        (lease::TAKE, vec!["x", "5", "5", RUNS]),
        (lease::KEEP, vec![LEASES, "5"]),
        (lease::GIVE_BACK, vec![LEASES, "5"]),
        (lease::LAPSED, vec!["500", "10"]),
        (lease::STATE, vec!["x"]),
        (lease::CANCEL_READY, vec!["x", "5"]),
        (lease::ASK, vec!["x"]),
        (ready::LEVELS, vec!["5"]),
        (ready::OF_LEVEL, vec!["q1", "1", "50000", "10", ""]),
        (ready::OF_LEVEL_BESIDES, vec!["q1", "1", "50000", "10", "", r#"["other"]"#]),
        (ready::NEXT_BESIDES, vec!["q1", "1", r#"["other"]"#, "1", ""]),
        (ready::IN_TURN, vec![r#"["q1"]"#, "50000", "50000", "10", "[]", r#"[""]"#]),
        (ready::NEXT_IN_TURN, vec![r#"["q1"]"#, "50000", "0", "0", "[]", r#"[""]"#]),
        (gates::BOUND, vec!["s1", "2"]),
        (gates::REGATE, vec!["s1", "1"]),
        (gates::SCHEDULES, vec![r#"["s1","s2"]"#]),
        (gates::QUEUES, vec![r#"["q1","q2"]"#]),
        (gates::LOCK, vec![r#"["q1","q2"]"#]),
        (settle::END, vec![LEASES]),
        (settle::SUCCESS, vec![r#"[["s1",1]]"#]),
        (state::READ, vec!["handler:1", "1"]),
        (state::KEYS, vec!["handler:1", "", "1", "10"]),
        (state::SIZE, vec!["mail"]),
        (state::THERE, vec!["handler:1", "1", "mail"]),
        (state::REMOVE, vec!["handler:1", "1"]),
        (state::HELD, vec!["x", "x", "1"]),
        (artifacts::CLEAR, vec!["x"]),
        (artifacts::LIST, vec!["x"]),
        (artifacts::READ, vec!["x", "a"]),
        (submissions::BEFORE, vec!["x"]),
        (history::RUN, vec!["x"]),
        (history::ATTEMPTS, vec!["x"]),
        (history::LOGS, vec!["x"]),
        (history::OCCURRENCE, vec!["s1", "65", "x", "x"]),
        (history::LAST_RUNS, vec![]),
        (history::STATUS, vec![]),
        (prune::CHOOSE, vec!["500", "10"]),
        (prune::LOGS, vec![RUNS]),
        (prune::ATTEMPTS, vec![RUNS]),
        (prune::ARTIFACTS, vec![RUNS]),
        (prune::RUNS, vec![RUNS]),
        (prune::SUBMISSIONS, vec!["500", "10"]),
    ]
}

#[tokio::test]
async fn no_question_reads_the_whole_history() {
    let url = servers::mariadb_database();
    opened(&url).await.closer.close().await;
    let mut connection = connect(&options(&url).unwrap()).await.unwrap();
    write_history(&mut connection).await;
    let fixed = questions().into_iter().map(|(text, values)| (text.to_owned(), values));
    assert_ne!(long_ways(&mut connection, "SELECT input FROM run").await, Vec::<String>::new(), "that would be one");
    let mut seen = 0;
    for (text, values) in fixed.chain(listings()) {
        for step in steps::parted(Kind::Mysql, &text).iter() {
            let question = filled_in(&step.sql, &step.args, &values);
            assert_eq!(long_ways(&mut connection, &question).await, Vec::<String>::new(), "{question}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} statements");
}

async fn write_history(connection: &mut MySqlConnection) {
    let numbers = serde_json::json!((0..HISTORY).collect::<Vec<_>>()).to_string();
    for statement in WRITTEN {
        let mut query = sqlx::query(statement);
        if statement.contains('?') {
            query = query.bind(&numbers);
        }
        query.execute(&mut *connection).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    sqlx::raw_sql("ANALYZE TABLE run, log, attempt, artifact, state, submission, schedule")
        .execute(connection)
        .await
        .unwrap();
}

fn listings() -> Vec<(String, Vec<&'static str>)> {
    let of = |schedule: Option<&'static str>, state| {
        let named = schedule.map(|name| name.parse().unwrap());
        let filter = RunFilter { schedule: named, state, limit: 10, ..RunFilter::default() };
        (listing_statement(Kind::Mysql, &filter), schedule.into_iter().chain(["10"]).collect())
    };
    let live = [RunState::Ready, RunState::Running, RunState::Failed].map(|state| of(None, Some(state)));
    live.into_iter().chain([of(None, None), of(Some("s1"), None)]).collect()
}

/// With its values as literals, as an index is chosen for them.
fn filled_in(sql: &str, args: &[usize], values: &[&str]) -> String {
    let mut parts = sql.split('?');
    let mut text = parts.next().expect("a beginning").to_owned();
    for (part, number) in parts.zip(args) {
        let value = values.get(number - 1).unwrap_or(&"10");
        match value.parse::<i64>() {
            Ok(_) => text.push_str(value),
            Err(_) => text.push_str(&format!("'{value}'")),
        }
        text.push_str(part);
    }
    text
}

/// Tables that are read from one end to the other, or by a way that is long.
async fn long_ways(connection: &mut MySqlConnection, question: &str) -> Vec<String> {
    let explain = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN {question}")));
    let rows = explain.fetch_all(connection).await.unwrap_or_else(|error| panic!("{question}: {error}"));
    let text = |row: &sqlx::mysql::MySqlRow, column| row.try_get_unchecked::<Option<String>, _>(column).unwrap();
    let long = rows.iter().filter(|row| {
        let rows: i64 = text(row, "rows").and_then(|rows| rows.parse().ok()).unwrap_or_default();
        rows > MOST
    });
    long.map(|row| {
        let of = |column| text(row, column).unwrap_or_default();
        format!("{} {} {} {} {}", of("table"), of("type"), of("key"), of("rows"), of("Extra"))
    })
    .collect()
}
