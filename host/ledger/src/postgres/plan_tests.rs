//! What PostgreSQL does for each statement, beside a history of 10^5 runs.

use noontide_domain::RunState;
use noontide_domain::ports::RunFilter;
use noontide_testkit::servers;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use super::tests::{opened, stranger};
use super::*;
use crate::connection::Kind;
use crate::history::listing_statement;
use crate::rollups::newest_statement;
use crate::steps;

/// What a year leaves: of 64 schedules 10^5 runs that are over, and beside them some that are not.
const HISTORY: [&str; 9] = [
    "INSERT INTO schedule (name, owner, definition, taken, anchor, cursor, last_success_due) \
     SELECT 's' || i, 'api', '{}', '{}', 0, 0, 0 FROM generate_series(0, 63) AS i",
    "INSERT INTO run (id, key_hash, key_text, state, schedule, handler, due_at, cause, late, input, timezone, max_attempts, \
                      backoff_ms, backoff_cap_ms, trace_id, not_before, host, fence, attempt, lease_until, started_at, \
                      finished_at, outcome, created_at, queue, priority, queued, start_by) \
     SELECT lpad(to_hex(i), 32, '0')::uuid, decode(md5(i::text), 'hex'), i, CASE WHEN i < 100000 THEN 2 + (i % 97 = 0)::int \
            WHEN i < 100300 THEN 1 ELSE 0 END, 's' || i % 64, 'mail/send', i, 0, 0, 'null', 'UTC', 1, 0, 0, '', i, \
            CASE WHEN i < 100300 THEN lpad(to_hex(i), 32, '0')::uuid END, 1, 1, CASE WHEN i < 100300 THEN i END, \
            CASE WHEN i < 100300 THEN i END, CASE WHEN i < 100000 THEN i END, CASE WHEN i < 100000 THEN '{}' END, i, \
            'q' || i % 3, i % 2, (i % 7 = 0)::int, CASE WHEN i % 11 = 0 THEN i END \
     FROM generate_series(0, 102000) AS i",
    "INSERT INTO log SELECT id, 1, 1, '[]', 0 FROM run WHERE state >= 2",
    "INSERT INTO attempt SELECT id, 0, 0, '{}', NULL, NULL, NULL, 0, 0, 0, 0, 0 FROM run WHERE state >= 2",
    "INSERT INTO artifact SELECT id, 'a', 1, 't', 's', 1, 'c' FROM run WHERE state >= 2",
    "INSERT INTO state SELECT 'handler:' || i % 50, i, 'v', 1, 'mail' FROM generate_series(0, 20000) AS i",
    "INSERT INTO submission SELECT id, 's', 1, 1, 1, 1, due_at FROM run WHERE due_at < 20000",
    "INSERT INTO link (id, chain, path, branch, state) SELECT id, id, '', 0, 1 FROM run WHERE due_at < 20000",
    "ANALYZE",
];

/// Indexes that hold no more than what is going on.
const LIVE: [&str; 6] = ["run_ready", "run_lapsing", "run_live", "run_queued", "run_expiring", "link_waiting"];

/// Small, however long the history.
const SMALL: [&str; 5] = ["schedule", "counted_queue", "state_use", "plugin_version", "rollup_late"];

#[tokio::test]
async fn no_question_reads_the_whole_history() {
    let url = servers::postgres_database();
    opened(&url).await.closer.close().await;
    let mut connection = stranger(&url).await;
    for statement in HISTORY {
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    }
    let mut questions = statements();
    questions.extend(listings());
    for question in questions {
        for step in steps::parted(Kind::Postgres, &question).iter() {
            let plan = plan(&mut connection, &step.sql, step.args.len()).await;
            assert_eq!(scans(&plan), Vec::<String>::new(), "{}: {plan:#}", step.sql);
        }
    }
}

#[tokio::test]
async fn what_is_known_by_its_id_is_found_by_it_before_anything_is_known_of_the_tables() {
    let url = servers::postgres_database();
    opened(&url).await.closer.close().await;
    let mut connection = connect(&options(&url).unwrap()).await.unwrap();
    for question in [
        [lease::EXPIRE, lease::TAKE, lease::KEEP, lease::GIVE_BACK, lease::STATE, lease::CANCEL_READY, lease::ASK]
            .as_slice(),
        &[claim::REPLACE, claim::ASK, settle::END, state::HELD, chains::LOCK, chains::CANCEL, chains::ASK, prune::RUNS],
    ]
    .concat()
    {
        for step in steps::parted(Kind::Postgres, question).iter() {
            let plan = plan(&mut connection, &step.sql, step.args.len()).await;
            let ways = ways_to_runs(&plan);
            assert!(!ways.is_empty() && ways.iter().all(|way| way == "run_pkey"), "{}: {plan:#}", step.sql);
        }
    }
}

/// The indexes by which runs are found; without one, the kind of look.
fn ways_to_runs(node: &Value) -> Vec<String> {
    let index = node["Index Name"].as_str().filter(|index| index.starts_with("run_"));
    let whole = node["Node Type"].as_str().filter(|kind| *kind == "Seq Scan" && node["Relation Name"] == "run");
    let below = node["Plans"].as_array().into_iter().flatten().flat_map(ways_to_runs);
    index.or(whole).map(str::to_owned).into_iter().chain(below).collect()
}

fn statements() -> Vec<String> {
    let all = [
        [claim::LOCK, claim::KEYS, claim::SCHEDULES, claim::LIVE, claim::REPLACE, claim::ASK, claim::ADVANCE]
            .as_slice(),
        &[lease::EXPIRING, lease::EXPIRE, lease::TAKE, lease::KEEP, lease::GIVE_BACK, lease::LAPSED, lease::STATE],
        &[lease::CANCEL_READY, lease::ASK, insert::INSERT],
        &[
            ready::LEVELS,
            ready::OF_LEVEL,
            ready::OF_LEVEL_BESIDES,
            ready::NEXT_BESIDES,
            ready::IN_TURN,
            ready::NEXT_IN_TURN,
        ],
        &[gates::REGATE, gates::SCHEDULES, gates::QUEUES, gates::LOCK],
        &[settle::END, settle::ARCHIVE, settle::LOG, settle::SUCCESS, records::READ, records::WRITE],
        &[state::LOCK, state::READ, state::KEYS, state::SIZE, state::THERE, state::WRITE, state::REMOVE, state::HELD],
        &[artifacts::CLEAR, artifacts::ATTACH, artifacts::LIST, artifacts::READ],
        &[submissions::BEFORE, submissions::NOTE],
        &[prune::CHOOSE, prune::LOGS, prune::ATTEMPTS, prune::ARTIFACTS, prune::RUNS, prune::SUBMISSIONS],
        &[rollups::NEXT, rollups::LATE, rollups::REST, rollups::REST_OF_ONE, rollups::LATEST],
        &[history::RUN, history::ATTEMPTS, history::LOGS, history::OCCURRENCE, history::LAST_RUNS, history::STATUS],
    ];
    all.into_iter().flatten().copied().map(str::to_owned).collect()
}

fn listings() -> Vec<String> {
    let of = |schedule: Option<&str>, state| {
        let schedule = schedule.map(|name| name.parse().unwrap());
        listing_statement(Kind::Postgres, &RunFilter { schedule, state, ..RunFilter::default() })
    };
    let live = [RunState::Ready, RunState::Running, RunState::Failed].map(|state| of(None, Some(state)));
    live.into_iter().chain([of(None, None), of(Some("s1"), None), newest_statement(Kind::Postgres)]).collect()
}

/// As it is chosen for whatever values.
async fn plan(connection: &mut PgConnection, sql: &str, values: usize) -> Value {
    let nulls = vec!["NULL"; values].join(", ");
    let values = if values == 0 { String::new() } else { format!("({nulls})") };
    let explain = format!(
        "SET plan_cache_mode = force_generic_plan; PREPARE asked AS {sql}; EXPLAIN (FORMAT JSON) EXECUTE asked{values}"
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    sqlx::raw_sql("DEALLOCATE asked").execute(connection).await.unwrap();
    let text: &str = sqlx::Row::try_get_unchecked(rows.last().unwrap(), 0).unwrap();
    serde_json::from_str::<Value>(text).unwrap()[0]["Plan"].take()
}

/// What is read from one end to the other, and is long.
fn scans(node: &Value) -> Vec<String> {
    let (kind, table) = (node["Node Type"].as_str().unwrap(), node["Relation Name"].as_str().unwrap_or_default());
    let index = node["Index Name"].as_str().unwrap_or_default();
    let is_whole = match kind {
        "Seq Scan" => !SMALL.contains(&table),
        // In the order of an index, without a place to begin, but with an end: as far as is wanted.
        "Index Scan" | "Index Only Scan" => node["Index Cond"].is_null() && !LIVE.contains(&index) && !is_ended(node),
        _ => false,
    };
    let here = is_whole.then(|| format!("{kind} {table} {index}"));
    let below = node["Plans"].as_array().into_iter().flatten().flat_map(scans);
    here.into_iter().chain(below).collect()
}

/// A listing ends after its page.
fn is_ended(node: &Value) -> bool {
    node["Filter"].is_null() && node["Scan Direction"] == "Backward"
}
