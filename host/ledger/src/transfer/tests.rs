//! There and back again.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::chain::{First, lay_out};
use noontide_domain::plugin::upgrade::{Arrival, Change, Decision, VersionStanding};
use noontide_domain::ports::{Claim, Claimed, Fire, ItemPage, Put, Settled, Settlement, Tenant};
use noontide_domain::trigger::At;
use noontide_domain::{
    Artifact, Bucket, Cause, Chain, Effects, Errand, HandlerInfo, HostId, Item, Key, KeyPart, Leased, LogLine, Order,
    Outcome, Overlap, Owner, PluginInfo, PluginVersion, QueueRoom, Report, RunId, RunState, Schedule, StateScope,
    StateSize, StateWrite, Submission, SubmissionId, Timetable, Trigger, Usage, Verdict, Wants, Webhook,
};
use noontide_testkit::{ManualClock, servers};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

use super::TransferError;
use super::tables::{TABLES, Table};
use crate::Opened;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_782_892_800 + second, 0).expect("an instant")
}

async fn opened(url: &str) -> Opened {
    crate::open_by_clock(url, ManualClock::at("2026-07-01T08:00:00Z")).await.expect("opens")
}

/// An empty ledger in a file.
async fn in_a_file() -> (Opened, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("noontide.db").display());
    (opened(&url).await, folder)
}

async fn exported(ledger: &Opened) -> String {
    let mut out = Vec::new();
    let rows = ledger.export(&mut out).await.expect("exports");
    let text = String::from_utf8(out).expect("text");
    assert_eq!(text.lines().filter(|line| line.starts_with('[')).count() as u64, rows);
    text
}

fn schedule(name: &str) -> Schedule {
    let trigger = Trigger::At(At::new(vec![at(86_400)]));
    Schedule::new(name.parse().expect("a name"), trigger, "mail/send".parse().expect("a handler"))
}

fn fire(schedule: &str) -> Fire {
    let id = RunId::new();
    let order = Order::new(id, Key::manual(id), "mail/send".parse().expect("a handler"), at(0), Cause::Manual);
    let order = Order { schedule: Some(schedule.parse().expect("a name")), input: json!("a\u{0}ü\u{1a}"), ..order };
    Fire { order, overlap: Overlap::Allow, not_before: at(0), fills: None }
}

fn tenant() -> Tenant {
    let host = HostId("b7c1f1de-5c50-4f0e-9d0f-3d0b7a3c5a11".parse().expect("a uuid"));
    Tenant { host, lease: Duration::from_secs(30), places: 1_000, queues: QueueRoom::ALL }
}

fn version() -> PluginVersion {
    PluginVersion { name: "mail".parse().expect("a name"), version: "1.0".to_owned(), sha256: "a".repeat(64) }
}

fn report(outcome: Outcome) -> Report {
    let write = StateWrite {
        scope: StateScope::Schedule,
        key: "k".to_owned(),
        value: Some((0..=255).collect()),
        base: 0,
        revision: 1,
    };
    let line = LogLine {
        at: at(1),
        level: "info".to_owned(),
        source: "log".to_owned(),
        message: "巡检\u{0}".to_owned(),
        fields: Vec::new(),
    };
    let webhook = Webhook {
        url: "https://hooks.example.com/x".to_owned(),
        method: "POST".to_owned(),
        headers: Vec::new(),
        body: [0, 255, 10].as_slice().into(),
    };
    let media_type = "text/plain".parse().expect("a media type");
    Report {
        outcome,
        plugin: Some(version()),
        started_at: at(1),
        finished_at: at(2),
        usage: Usage { wall_ms: 7, ..Usage::default() },
        logs: vec![line],
        logs_dropped: 0,
        items: Vec::new(),
        state: vec![write],
        state_allows: StateSize::ENDLESS,
        messages: vec![webhook],
        artifacts: vec![Artifact::new("a.txt".parse().expect("a name"), media_type, b"\0content".as_slice())],
        effects: Effects::default(),
        terms: None,
    }
}

async fn lease(ledger: &Opened) -> Vec<Leased> {
    ledger.ledger.lease(tenant(), at(0)).await.expect("leases")
}

async fn settle(ledger: &Opened, one: &Leased, verdict: Verdict, report: Report) {
    let settlement = Settlement::new(one.lease, verdict, report);
    assert_eq!(ledger.ledger.settle(vec![settlement]).await.expect("settles"), [Settled::Recorded]);
}

fn submission(items: std::ops::Range<i64>) -> Submission {
    let (id, name) = (RunId::new(), "filed".parse().expect("a name"));
    let item = |i| Item { key: Key::of("item", &[KeyPart::Integer(i)]), payload: i.to_string() };
    let mut fire = fire("filed");
    fire.order.id = id;
    fire.order.key = Key::bucket(&name, at(0), id);
    let buckets = vec![Bucket { fire, items: items.map(item).collect() }];
    Submission {
        id: SubmissionId::new(),
        schedule: name,
        buckets,
        timetable: Timetable::default(),
        counts: Default::default(),
    }
}

async fn claim(ledger: &Opened, claim: Claim) {
    ledger.ledger.claim(claim, None).await.expect("claims");
}

/// Something in every table: ends, what goes on, what waits, what was refused.
async fn fill(ledger: &Opened) {
    let owner = Owner::File { path: "conf/x.toml".to_owned(), line: 3 };
    ledger.ledger.declare(vec![Schedule { owner, ..schedule("filed") }], at(0)).await.expect("declares");
    assert!(matches!(ledger.ledger.put(schedule("mine"), "ops", at(0)).await.expect("puts"), Put::Created(_)));
    assert!(matches!(ledger.ledger.put(schedule("gone"), "ops", at(0)).await.expect("puts"), Put::Created(_)));
    decide(ledger).await;
    claim(ledger, Claim { fire: vec![fire("mine")], ..Claim::default() }).await;
    let run = lease(ledger).await.remove(0);
    let failed = Outcome::Failed { message: "no\u{0}".to_owned(), retryable: true, after: None };
    settle(
        ledger,
        &run,
        Verdict::Again { not_before: at(0), counted: true },
        Report { state: Vec::new(), ..report(failed) },
    )
    .await;
    let run = lease(ledger).await.remove(0);
    let over = |state| Verdict::Final { state, reason: None };
    settle(ledger, &run, over(RunState::Succeeded), report(Outcome::Succeeded { result: Some(json!([1, "ü"])) })).await;
    let call = |name: &str| Errand::new("mail/send".parse().expect("a handler"), json!(name)).into();
    let members: Vec<Chain> = vec![call("a"), call("b")];
    let chain =
        Chain { first: First::Group { key: None, members }, then: vec![call("c")], on_failure: vec![call("d")] };
    let laid = lay_out(chain, at(0)).expect("a chain");
    claim(ledger, Claim { fire: laid.fires, links: laid.links, ..Claim::default() }).await;
    let begun = Tenant { places: 1, ..tenant() };
    assert_eq!(ledger.ledger.lease(begun, at(0)).await.expect("leases").len(), 1);
    ledger.ledger.submit(submission(0..3), None).await.expect("submits");
}

async fn decide(ledger: &Opened) {
    let send = HandlerInfo {
        name: "send".to_owned(),
        summary: "Sends.".to_owned(),
        input_schema: None,
        example_input: None,
        timeout: None,
    };
    let arrival = Arrival {
        version: version(),
        info: PluginInfo { summary: "Mail.".to_owned(), handlers: vec![send], wants: Wants::default() },
        imports: Vec::new(),
        file: "mail.wasm".to_owned(),
        content: Arc::from((0..=255).cycle().take(100_000).collect::<Vec<u8>>()),
        signature: None,
    };
    let changes = vec![Change::to(&version().sha256, VersionStanding::Active, None)];
    let decision = Decision { plugin: version().name, seen: 0, arrival: Some(arrival), changes, keep: 2, at: at(0) };
    assert!(ledger.versions.decide(decision).await.expect("decides"));
}

/// What people did meanwhile: an edit that waits, one that is refused, a row that was deleted. And a host that said what it is.
const BY_HAND: &str = "UPDATE task SET spec = 'nonsense' WHERE task_key = 'mine'; DELETE FROM schedule WHERE name = 'gone'; \
                       UPDATE schedule SET definition = '{' WHERE name = 'mine'; \
                       INSERT INTO host (id, name, version, started_at, seen_at, lease_until, roles, labels, plugins, draining) \
                       VALUES (randomblob(16), 'ü', '1', 0, 0, 0, '[]', '{}', '[]', 0); \
                       INSERT INTO rollup VALUES ('mine', '', 0, 5, 'missed', 2, 0, 0); \
                       INSERT INTO rollup_late VALUES (randomblob(16)); \
                       INSERT INTO notice VALUES (1, 0, 'schedule/mine', '{}'); \
                       INSERT INTO incident VALUES (randomblob(16), 'schedule/mine', 1, NULL, NULL, '{}'); \
                       INSERT INTO alert (seq, id, incident, sink, not_before, give_up_at, created_at, body) \
                       VALUES (1, 'ü', randomblob(16), 'ops', 0, 0, 0, '{}'); \
                       INSERT INTO alert_sink VALUES ('ops', '1', 0); \
                       INSERT INTO token (name, digest, scope, created_by, created_at) VALUES ('ci', randomblob(32), 'read', 'ü', 0); \
                       INSERT INTO audit (id, at, who, action, status) VALUES (randomblob(16), 0, 'ü', 'schedule.pause', 200)";

/// Somebody with SQL.
async fn stranger(folder: &tempfile::TempDir) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.path().join("noontide.db"));
    options.connect().await.expect("connects")
}

async fn full() -> (Opened, tempfile::TempDir) {
    let (ledger, folder) = in_a_file().await;
    fill(&ledger).await;
    sqlx::raw_sql(BY_HAND).execute(&mut stranger(&folder).await).await.expect("edits");
    (ledger, folder)
}

#[tokio::test]
async fn an_export_has_rows_of_every_table() {
    let (ledger, _folder) = full().await;
    let there = exported(&ledger).await;
    for table in TABLES {
        let begins = format!("{{\"columns\":{}", json!(table.columns.iter().map(|one| one.name).collect::<Vec<_>>()));
        let after = there.lines().skip_while(|line| !line.starts_with(&begins)).nth(1).expect("a table");
        assert!(after.starts_with('['), "{} has no row", table.name);
    }
}

#[tokio::test]
async fn a_ledger_that_moves_to_postgresql_and_back_is_as_it_was() {
    there_and_back(&servers::postgres_database()).await;
}

#[tokio::test]
async fn a_ledger_that_moves_to_mariadb_and_back_is_as_it_was() {
    there_and_back(&servers::mariadb_database()).await;
}

async fn there_and_back(url: &str) {
    let (first, _folder) = full().await;
    let there = exported(&first).await;
    let second = opened(url).await;
    let rows = second.import(&mut there.as_bytes()).await.expect("imports");
    assert_eq!(exported(&second).await, there);
    let (third, _folder) = in_a_file().await;
    assert_eq!(third.import(&mut exported(&second).await.as_bytes()).await.expect("imports"), rows);
    assert_eq!(exported(&third).await, there);
    goes_on(&second).await;
    goes_on(&third).await;
}

/// What was ready is leased, what comes after gets numbers that nobody had, and what people asked for is looked at.
async fn goes_on(ledger: &Opened) {
    let leased = lease(ledger).await;
    assert_eq!(leased.len(), 2, "a submission's, and a member");
    assert_eq!(leased.iter().map(|one| one.items.len()).sum::<usize>(), 3);
    let over = Verdict::Final { state: RunState::Succeeded, reason: None };
    let last = Report { state: Vec::new(), ..report(Outcome::Succeeded { result: None }) };
    settle(ledger, &leased[0], over, last).await;
    let again = ledger.ledger.submit(submission(2..5), None).await.expect("submits");
    assert_eq!((again.counts.accepted, again.counts.duplicate), (2, 1));
    let Claimed::Ready(run) = again.claimed[0] else { panic!("{again:?}") };
    let page = ItemPage { run, after: None, limit: 9 };
    let ids: Vec<_> = ledger.history.items(page).await.expect("reads").iter().map(|item| item.id).collect();
    assert_eq!(ids, [4, 5]);
    let edits = ledger.ledger.take_edits(-1, chrono_tz::UTC, at(5)).await.expect("takes");
    assert_eq!(edits.refused.len(), 2, "{edits:?}");
    assert_eq!(ledger.ledger.state_size(&version().name).await.expect("reads").keys, 1);
    assert!(ledger.versions.content(&version().sha256).await.expect("reads").is_some());
}

#[tokio::test]
async fn many_rows_are_carried_page_by_page() {
    let (first, _folder) = in_a_file().await;
    let fires = (0..1_234).map(|_| fire("mine")).collect();
    claim(&first, Claim { fire: fires, ..Claim::default() }).await;
    let (second, _other) = in_a_file().await;
    let there = exported(&first).await;
    assert_eq!(second.import(&mut there.as_bytes()).await.expect("imports"), 1_234 + 3);
    assert_eq!(exported(&second).await, there);
}

#[tokio::test]
async fn a_ledger_that_is_used_takes_no_backup() {
    let (first, _folder) = full().await;
    let there = exported(&first).await;
    let refused = first.import(&mut there.as_bytes()).await.expect_err("refused").to_string();
    assert_eq!(refused, "the ledger is not empty: table `run` has rows; restore into a new one");
    assert_eq!(exported(&first).await, there);
}

#[tokio::test]
async fn of_a_backup_that_is_not_whole_nothing_is_taken() {
    let (first, _folder) = full().await;
    let there = exported(&first).await;
    let (second, _other) = in_a_file().await;
    let empty = exported(&second).await;
    let lines: Vec<_> = there.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n");
    let spoilt = there.replacen("\"mail/send\"", "7", 1);
    let short = there.replacen("{\"rows\":", "{\"rows\":1", 1);
    let newer = there.replacen("\"schema\":", "\"schema\":9", 1);
    let mut refused = Vec::new();
    for text in [&cut, &spoilt, &short, &newer, "", "{}\n", "no\n"] {
        refused.push(second.import(&mut text.as_bytes()).await.expect_err("refused"));
        assert_eq!(exported(&second).await, empty, "nothing has changed");
    }
    assert!(matches!(refused[0], TransferError::CutOff { rows } if rows > 20), "{refused:?}");
    assert_eq!(
        refused[1].to_string(),
        "line 3 of the backup: `handler` of a row of `run` cannot be read; take the backup anew"
    );
    assert!(matches!(refused[2], TransferError::Line { .. }), "{refused:?}");
    assert!(matches!(refused[3], TransferError::Schema { .. }), "{refused:?}");
    assert!(matches!(refused[4], TransferError::CutOff { rows: 0 }), "{refused:?}");
    assert!(refused[5..].iter().all(|one| matches!(one, TransferError::Line { line: 1, .. })), "{refused:?}");
}

/// What is of one database alone, and what triggers or hosts make of the rest.
const LEFT_OUT: [&str; 7] =
    ["_sqlx_migrations", "state_use", "receipt", "counted_queue", "session", "alerting", "keyed"];

/// Whoever adds a table or a column says in `tables.rs` how it is carried, or above why it is not.
#[tokio::test]
async fn every_table_and_column_is_carried() {
    let (_ledger, folder) = in_a_file().await;
    let mut sql = stranger(&folder).await;
    let query = "SELECT tables.name AS of, columns.name AS name FROM sqlite_schema AS tables \
                 JOIN pragma_table_xinfo(tables.name) AS columns \
                 WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                 AND columns.hidden = 0 ORDER BY 1, 2";
    let found: Vec<(String, String)> = sqlx::query_as(query).fetch_all(&mut sql).await.expect("reads");
    let found: Vec<_> = found.into_iter().filter(|(of, _)| !LEFT_OUT.contains(&of.as_str())).collect();
    let named =
        |table: &'static Table| table.columns.iter().map(|column| (table.name.to_owned(), column.name.to_owned()));
    let mut carried: Vec<_> = TABLES.iter().flat_map(named).collect();
    carried.sort();
    assert_eq!(carried, found);
}
