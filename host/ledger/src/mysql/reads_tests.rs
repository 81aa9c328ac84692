//! What the statements about chains, items, lists and messages read: little, however much lies beside it.

use chrono::DateTime;
use noontide_testkit::servers;
use sqlx::{AssertSqlSafe, Row as _};

use super::tests::opened;
use super::*;
use crate::query::{Query, query};
use crate::writer::Desk;
use crate::{chains, edits, items, links, outbox, prune, rollups, schedules, tasks, versions};

/// Rows in each table.
const ROWS: usize = 20_000;

/// Rows that a statement about one or two of them may read; a hundredth of the table.
const MOST: i64 = 200;

/// `?` is a list of numbers. Links are a thousand to a chain; the last thousand wait, and so do some messages.
const WRITTEN: [&str; 6] = [
    "INSERT INTO schedule (name, owner, definition, taken, anchor, \"cursor\") \
     SELECT 's' || i, 'api', '{}', '{}', 0, 0 FROM json_table(?, '$[*]' COLUMNS (i BIGINT PATH '$')) AS n",
    "INSERT INTO task (task_key, execute_func, \"trigger\", spec) SELECT name, 'mail/send', 'cron', '' FROM schedule",
    "INSERT INTO run (id, key_hash, key_text, state, schedule, handler, due_at, cause, late, input, timezone, max_attempts, \
                      backoff_ms, backoff_cap_ms, trace_id, not_before, fence, attempt, started_at, finished_at, created_at, \
                      chain) \
     SELECT unhex(lpad(hex(i), 32, '0')), unhex(md5(i)), i, CASE WHEN i < 30 THEN i % 2 ELSE 2 END, 's' || i, 'mail/send', i, 0, \
            0, 'null', 'UTC', 1, 0, 0, '', i, 1, 1, i, i, i, unhex(lpad(hex(i DIV 1000), 32, '0')) \
     FROM json_table(?, '$[*]' COLUMNS (i BIGINT PATH '$')) AS n",
    "INSERT INTO link (id, chain, path, after, branch, waiter, member, handler, errand, state) \
     SELECT unhex(lpad(hex(i), 32, '0')), unhex(lpad(hex(i DIV 1000), 32, '0')), 'group[' || (i % 1000) || '].then[0]', \
            unhex(lpad(hex(i - 1), 32, '0')), 0, unhex(lpad(hex(i DIV 10), 32, '0')), i % 10, 'mail/send', '{}', \
            CASE WHEN i < 19000 THEN 1 ELSE 0 END \
     FROM json_table(?, '$[*]' COLUMNS (i BIGINT PATH '$')) AS n",
    "INSERT INTO item (key_hash, key_text, schedule, handler, flag, due_at, payload, status, run_id, runs, created_at, \
                       updated_at) \
     SELECT unhex(md5(i)), i, 's', 'mail/send', '1', i, '{}', 1, unhex(lpad(hex(i DIV 10), 32, '0')), 1, 0, 0 \
     FROM json_table(?, '$[*]' COLUMNS (i BIGINT PATH '$')) AS n",
    "INSERT INTO message (id, run_id, plugin, trace_id, state, not_before, give_up_at, lease_until, ended_at, created_at, \
                          method, destination, bytes, url, headers, body) \
     SELECT i, unhex(lpad(hex(i), 32, '0')), 'mail', '', CASE WHEN i < 19000 THEN 2 ELSE i % 2 END, i, 0, i, i, i, 'POST', '', 0, \
            '', '[]', '' FROM json_table(?, '$[*]' COLUMNS (i BIGINT PATH '$')) AS n",
];

const ID: &str = "00000000000000000000000000000013";

fn id(number: i64) -> Vec<u8> {
    u128::try_from(number).expect("a number").to_be_bytes().to_vec()
}

/// Statements about one or two rows, with their values.
fn statements() -> Vec<(&'static str, Query<'static>)> {
    let ids = format!(r#"["{ID}"]"#);
    let keys = r#"["c4ca4238a0b923820dcc509a6f75849b"]"#;
    let handed = format!(r#"[["c4ca4238a0b923820dcc509a6f75849b","1",1,"{{}}","{ID}",1]]"#);
    let gone = format!(r#"[["{ID}","group[5].on-failure[","group[5].on-failure\\","x"],["{ID}","a.","a/","x"]]"#);
    let within = |statement| query(statement).bind(id(19)).bind("group[7].").bind("group[7]/").bind("group[7]");
    let message =
        |statement| query(statement).bind("19500").bind(id(1)).bind(1_i64).bind(200_i64).bind("ok").bind(1_i64);
    vec![
        ("links::ENDS", query(links::ENDS).bind(ids.clone())),
        ("links::NEXT", query(links::NEXT).bind(format!(r#"[["{ID}",0]]"#))),
        ("links::MADE", query(links::MADE).bind(ids.clone())),
        ("links::UNREACHED", query(links::UNREACHED).bind(gone)),
        ("links::GROUPS", query(links::GROUPS).bind(ids.clone())),
        ("links::TALLY", query(links::TALLY).bind(format!(r#"[["{ID}",1,0]]"#))),
        ("links::DECIDED", query(links::DECIDED).bind(ids.clone())),
        ("links::SIZES", query(links::SIZES).bind(id(1_950))),
        ("links::RESULTS_OF", query(links::RESULTS_OF).bind(id(1_950))),
        ("chains::LINK", query(chains::LINK).bind(id(19_500))),
        ("chains::WAITS", query(chains::WAITS).bind(id(19)).bind("group[7].then[0]")),
        ("chains::LINKS", query(chains::LINKS).bind(id(19)).bind(id(19_500)).bind(10_i64)),
        ("chains::NEXT", query(chains::NEXT).bind(id(19)).bind(id(0)).bind(10_i64).bind(id(19_500))),
        ("chains::UNREACHED", within(chains::UNREACHED)),
        ("items::LOCK", query(items::LOCK).bind(keys)),
        ("items::KNOWN", query(items::KNOWN).bind(keys).bind(false).bind(false)),
        ("items::HAND_OVER", query(items::HAND_OVER).bind(handed).bind("s1").bind("a/b").bind("1").bind(1_i64)),
        ("items::COUNT", query(items::COUNT).bind(format!(r#"[["{ID}",1]]"#))),
        ("items::LEFT", query(items::LEFT).bind(ids.clone())),
        ("items::END_ALL", query(items::END_ALL).bind(id(19)).bind(1_i64).bind(None::<&str>).bind(1_i64).bind(1_i64)),
        (
            "items::END_EACH",
            query(items::END_EACH)
                .bind(id(19))
                .bind(r#"[["c4ca4238a0b923820dcc509a6f75849b",null]]"#)
                .bind(1_i64)
                .bind(1_i64),
        ),
        ("items::RECOUNT", query(items::RECOUNT).bind(id(19))),
        ("items::PAGE", query(items::PAGE).bind(id(19)).bind(0_i64).bind(10_i64)),
        ("schedules::STANDING_ONE", query(schedules::STANDING_ONE).bind("s7")),
        ("schedules::STORED_ONE", query(schedules::STORED_ONE).bind("s7")),
        ("schedules::DEFINE", query(schedules::DEFINE).bind("s7").bind("api").bind("{}").bind(1_i64).bind(true)),
        ("schedules::REMOVE", query(schedules::REMOVE).bind("s7").bind(1_i64)),
        ("schedules::RESUME", query(schedules::RESUME).bind("s7").bind(1_i64)),
        ("edits::NEWEST", query(edits::NEWEST)),
        ("edits::WRITTEN", query(edits::WRITTEN).bind(10_i64)),
        ("edits::TAKE", query(edits::TAKE).bind("s7").bind(true).bind(true).bind(1_i64)),
        ("edits::EDITED", query(edits::EDITED).bind(39_990_i64).bind(10_i64)),
        ("edits::DELETED", query(edits::DELETED).bind(0_i64).bind(99_999_i64)),
        ("edits::REFUSED", query(edits::REFUSED)),
        ("tasks::INSERT", fresh_task()),
        ("tasks::EDITED", query(tasks::EDITED).bind(10_i64)),
        ("tasks::TAKEN", query(tasks::TAKEN).bind("s7").bind(r#"["s7"]"#)),
        ("tasks::DELETED", query(tasks::DELETED)),
        ("tasks::DOING", query(tasks::DOING)),
        ("tasks::DONE", query(tasks::DONE)),
        ("versions::MARKS", query(versions::MARKS)),
        ("versions::RUNS", query(versions::RUNS).bind("mail").bind("mail/*")),
        ("outbox::COUNT", query(outbox::COUNT).bind(id(19)).bind(1_i64)),
        ("outbox::CHOOSE", query(outbox::CHOOSE).bind(99_999_i64).bind(10_i64)),
        ("outbox::TAKE", query(outbox::TAKE).bind(id(1)).bind(1_i64).bind(1_i64).bind(1_i64).bind("[19500, 19501]")),
        ("outbox::NEXT", query(outbox::NEXT)),
        ("outbox::SENT", message(outbox::SENT)),
        ("outbox::AGAIN", message(outbox::AGAIN)),
        ("outbox::DEAD", message(outbox::DEAD)),
        ("outbox::RETRY", query(outbox::RETRY).bind("19500").bind(1_i64).bind(1_i64)),
        ("outbox::DROP", query(outbox::DROP).bind("19500").bind(1_i64)),
        ("rollups::NEXT", query(rollups::NEXT).bind(0_i64).bind(id(0)).bind(99_999_i64).bind(10_i64)),
        ("rollups::REST_OF_ONE", query(rollups::REST_OF_ONE).bind(0_i64).bind(id(0)).bind(10_i64).bind("s7")),
        ("rollups::LATEST", query(rollups::LATEST).bind(0_i64).bind(10_i64)),
        ("prune::CHOOSE", query(prune::CHOOSE).bind(99_999_i64).bind(10_i64)),
        ("prune::ITEMS", query(prune::ITEMS).bind(ids.clone())),
        ("prune::RUNS", query(prune::RUNS).bind(ids)),
        ("prune::MESSAGES", query(prune::MESSAGES).bind(99_999_i64).bind(10_i64)),
    ]
}

fn fresh_task() -> Query<'static> {
    let task = query(tasks::INSERT).bind("new").bind("").bind("mail/send").bind("cron").bind("").bind("");
    task.bind(true).bind("{}")
}

#[tokio::test]
async fn what_is_about_few_rows_reads_few_rows() {
    let url = servers::mariadb_database();
    opened(&url).await.closer.close().await;
    let mut connection = connect(&options(&url).expect("an address")).await.expect("connects");
    write(&mut connection).await;
    let before = (reads(&mut connection).await, reads(&mut connection).await);
    let of_asking = before.1 - before.0;
    let (mut long, mut seen) = (Vec::new(), 0);
    for (name, query) in statements() {
        sqlx::raw_sql("START TRANSACTION").execute(&mut connection).await.expect("begins");
        let before = reads(&mut connection).await;
        let mut asked = Connection::Mysql(connection);
        let mut desk = Desk::new(&mut asked, DateTime::UNIX_EPOCH, crate::lane::PATIENCE);
        query.all(&mut desk).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let Connection::Mysql(back) = asked else { unreachable!("it was MySQL's") };
        connection = back;
        let read = reads(&mut connection).await - before - of_asking;
        long.extend((read > MOST).then(|| format!("{name}: {read}")));
        seen += 1;
        sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.expect("rolls back");
    }
    assert_eq!(long, Vec::<String>::new());
    assert!(seen > 50, "{seen} statements");
}

async fn write(connection: &mut MySqlConnection) {
    let numbers = serde_json::json!((0..ROWS).collect::<Vec<_>>()).to_string();
    sqlx::raw_sql("UPDATE edits SET host = 1").execute(&mut *connection).await.expect("a host writes");
    for statement in WRITTEN {
        let mut query = sqlx::query(statement);
        if statement.contains('?') {
            query = query.bind(&numbers);
        }
        query.execute(&mut *connection).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    let analyze = "ANALYZE TABLE schedule, task, task_edit, run, link, item, message";
    sqlx::raw_sql(analyze).execute(connection).await.expect("counts");
}

/// Rows that this session has read so far.
async fn reads(connection: &mut MySqlConnection) -> i64 {
    let rows = sqlx::raw_sql(AssertSqlSafe("SHOW SESSION STATUS LIKE 'Handler_read%'")).fetch_all(connection).await;
    let count = |row: &sqlx::mysql::MySqlRow| row.get_unchecked::<String, _>(1).parse::<i64>().expect("a number");
    rows.expect("tells").iter().map(count).sum()
}
