//! What is special about a server: opening, several hosts at once. The rest is in `tests/contract.rs`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire, Ledger, Settled, Settlement, Tenant};
use noontide_domain::{
    Cause, HostId, Key, Lease, Order, Outcome, Overlap, PluginVersion, QueueRoom, Report, RunId, RunState, Schedule,
    ScheduleName, Trigger, Verdict,
};
use noontide_testkit::servers;
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::task::JoinSet;

use super::*;
use crate::fault::{self, Fault};
use crate::migrations::{COUNT, KNOWN};

pub(super) async fn opened(url: &str) -> Store {
    open(url, Time::Database).await.unwrap()
}

/// Somebody else at the same database, with the settings that any client has.
pub(super) async fn stranger(url: &str) -> MySqlConnection {
    MySqlConnection::connect(url).await.unwrap()
}

async fn number(url: &str, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(&mut stranger(url).await).await.unwrap()
}

async fn say(url: &str, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut stranger(url).await).await.unwrap();
}

/// The sentence with which opening fails.
async fn refusal(url: &str) -> String {
    match open(url, Time::Database).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => {
            let sentence = error.to_string();
            assert!(!sentence.contains(servers::PASSWORD), "{sentence}");
            sentence
        }
    }
}

fn says(sentence: &str, parts: &[&str]) {
    assert!(parts.iter().all(|part| sentence.contains(part)), "{sentence}");
}

#[tokio::test]
async fn hosts_that_open_an_empty_database_at_once_make_one_schema() {
    let url = servers::mariadb_database();
    let mut opening = JoinSet::new();
    for _ in 0..6 {
        let url = url.clone();
        opening.spawn(async move { open(&url, Time::Database).await.map(|store| store.schema) });
    }
    for schema in opening.join_all().await {
        assert_eq!(schema.unwrap(), KNOWN);
    }
    assert_eq!(number(&url, "SELECT count(*) FROM migration WHERE is_whole = 1").await, COUNT as i64);
}

#[tokio::test]
async fn an_address_may_say_mariadb() {
    let url = servers::mariadb_database().replace("mysql://", "mariadb://");
    assert_eq!(opened(&url).await.schema, KNOWN);
}

#[tokio::test]
async fn who_comes_after_one_who_died_half_way_goes_on_there() {
    let url = servers::mariadb_database();
    opened(&url).await.closer.close().await;
    // As if of two files the last step but one was done and noted, and the last one done and not noted.
    for statement in [
        "UPDATE migration SET is_whole = 0 WHERE version > 14",
        "UPDATE migration SET is_whole = 0, steps = 1, begun = 2 WHERE version = 14",
        "UPDATE migration SET is_whole = 0, steps = 0, begun = 1 WHERE version = 13",
        "ALTER TABLE attempt DROP COLUMN provenance",
    ] {
        say(&url, statement).await;
    }
    opened(&url).await.closer.close().await;
    let columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = database() \
                   AND table_name IN ('run', 'attempt') AND column_name IN ('provenance', 'fuel')";
    assert_eq!(number(&url, columns).await, 4);
}

#[tokio::test]
async fn what_somebody_else_calls_the_same_is_left_alone() {
    let url = servers::mariadb_database();
    say(&url, "CREATE TABLE run (id INT)").await;
    for _ in 0..2 {
        says(&refusal(&url).await, &["Table 'run' already exists", "give noontide a database of its own"]);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_both_versions_are_named() {
    let url = servers::mariadb_database();
    opened(&url).await.closer.close().await;
    // It counts from its first step on.
    say(&url, "INSERT INTO migration (version, name, steps, begun, is_whole) VALUES (9999, 'newer', 0, 0, 0)").await;
    says(&refusal(&url).await, &[&format!("its schema has version 9999, this noontide knows up to {KNOWN}")]);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_shown() {
    let wrong = servers::mariadb().database().replace(servers::PASSWORD, "s3same");
    let sentence = refusal(&wrong).await;
    says(&sentence, &["Access denied for user 'noontide'", "check the user and the password"]);
    assert!(!sentence.contains("s3same"), "{sentence}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_refused() {
    let url = servers::mariadb().url();
    says(&refusal(&url.replace("/shop?", "/nowhere?")).await, &["Unknown database 'nowhere'", "create the database"]);
    says(&refusal(&url.replace("/shop?", "/?")).await, &["a database is missing"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_refused() {
    let url = format!("mysql://me:{}@127.0.0.1:1/noontide", servers::PASSWORD);
    says(&refusal(&url).await, &["mysql://…@127.0.0.1:1/noontide", "see that the server runs"]);
}

#[tokio::test]
async fn a_user_who_may_not_make_tables_is_refused() {
    let url = servers::mariadb().database();
    let name = url.split('?').next().and_then(|place| place.rsplit_once('/')).expect("a database").1;
    let guest = format!("CREATE USER guest@localhost IDENTIFIED BY '{}'", servers::PASSWORD);
    let grant = format!("GRANT SELECT ON {name}.* TO guest@localhost");
    let root = url.replace(&format!("noontide:{}@", servers::PASSWORD), "root@");
    say(&root, &format!("{guest}; {grant}")).await;
    let sentence = refusal(&url.replace("://noontide:", "://guest:")).await;
    says(&sentence, &["CREATE command denied to user 'guest'", "GRANT ALL"]);
}

#[tokio::test]
async fn a_session_has_its_own_settings_whatever_the_servers_are() {
    let url = servers::mariadb_database();
    let mut connection = connect(&options(&url).unwrap()).await.unwrap();
    for (setting, value) in [
        ("@@session.collation_connection", "utf8mb4_bin"),
        ("@@session.time_zone", "+00:00"),
        ("CAST(@@session.innodb_lock_wait_timeout AS CHAR)", "5"),
        ("CAST(@@session.autocommit + 0 AS CHAR)", "1"),
    ] {
        let question = sqlx::query_scalar::<_, String>(AssertSqlSafe(format!("SELECT {setting}")));
        assert_eq!(question.fetch_one(&mut connection).await.unwrap(), value, "{setting}");
    }
    let isolation: (String, String) =
        sqlx::query_as("SHOW SESSION VARIABLES LIKE 't%isolation'").fetch_one(&mut connection).await.unwrap();
    assert_eq!(isolation.1, "READ-COMMITTED");
}

/// What is said of an error of that number.
async fn judged(connection: &mut MySqlConnection, number: u16) -> fault::Fault {
    let signal = format!("SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'as if'");
    let error = sqlx::raw_sql(AssertSqlSafe(signal)).execute(connection).await.unwrap_err();
    fault::of(&error)
}

#[tokio::test]
async fn errors_are_judged_by_their_numbers() {
    let mut connection = stranger(&servers::mariadb_database()).await;
    for number in [1213, 1205, 1062] {
        assert_eq!(judged(&mut connection, number).await, Fault::Conflict, "{number}");
    }
    for (number, word) in
        [(1290, "can only be read"), (1836, "can only be read"), (1153, "`max_allowed_packet`"), (1114, "full")]
    {
        let fault = judged(&mut connection, number).await;
        assert!(matches!(fault, Fault::Passing(words) if words.contains(word)), "{number}: {fault:?}");
    }
    assert_eq!(judged(&mut connection, 1927).await, Fault::Lost);
    assert_eq!(judged(&mut connection, 1054).await, Fault::Lasting);
}

#[tokio::test]
async fn a_host_whose_connections_are_killed_goes_on_with_others() {
    let url = servers::mariadb_database();
    let store = opened(&url).await;
    let own =
        "SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()";
    for round in 0..8 {
        store.ledger.claim(fires(round..round + 1), None).await.unwrap();
        let mut killer = stranger(&url).await;
        let ids: Vec<i64> = sqlx::query_scalar(own).fetch_all(&mut killer).await.unwrap();
        assert!(!ids.is_empty());
        for id in ids {
            // It may have gone by itself.
            let _ = sqlx::raw_sql(AssertSqlSafe(format!("KILL {id}"))).execute(&mut killer).await;
        }
        assert!(store.ledger.next_ready(&QueueRoom::ALL).await.unwrap().is_some());
    }
    assert_eq!(number(&url, "SELECT count(*) FROM run").await, 8);
}

#[tokio::test]
async fn what_is_longer_than_the_server_takes_is_refused_with_the_name_of_its_setting() {
    let server = servers::Server::mariadb();
    say(&server.url(), "SET GLOBAL max_allowed_packet = 1048576").await;
    let store = opened(&server.database()).await;
    let mut claim = fires(0..1);
    claim.fire[0].order.input = "x".repeat(3 << 20).into();
    let error = store.ledger.claim(claim, None).await.unwrap_err();
    assert!(error.to_string().contains("max_allowed_packet"), "{error}");
    store.ledger.claim(fires(1..2), None).await.unwrap();
}

fn start() -> DateTime<Utc> {
    "2026-07-01T08:00:00Z".parse().unwrap()
}

fn fire(key: &str) -> Fire {
    let order =
        Order::new(RunId::new(), Key::chosen("mail/send", key), "mail/send".parse().unwrap(), start(), Cause::Enqueued);
    Fire { order, overlap: Overlap::default(), not_before: start(), fills: None }
}

fn fires(keys: std::ops::Range<u32>) -> Claim {
    Claim { fire: keys.map(|key| fire(&key.to_string())).collect(), ..Claim::default() }
}

fn tenant(places: usize) -> Tenant {
    Tenant { host: HostId::new(), lease: Duration::from_secs(60), places, queues: QueueRoom::ALL }
}

#[tokio::test]
async fn keys_that_differ_in_case_or_in_a_blank_are_different() {
    let url = servers::mariadb_database();
    let store = opened(&url).await;
    let keys = ["A", "a", "a ", "ä", "a\u{308}"];
    let claim = || Claim { fire: keys.map(fire).into(), ..Claim::default() };
    let claimed = store.ledger.claim(claim(), None).await.unwrap();
    assert!(claimed.iter().all(|one| matches!(one, Claimed::Ready(_))), "{claimed:?}");
    let again = store.ledger.claim(claim(), None).await.unwrap();
    assert!(again.iter().all(|one| matches!(one, Claimed::Duplicate(_))), "{again:?}");
    // Where the database itself compares text.
    for key in keys {
        say(&url, &format!("INSERT INTO state (scope, `key`, value, revision) VALUES ('s', '{key}', '', 1)")).await;
    }
    assert_eq!(number(&url, "SELECT count(*) FROM state WHERE `key` IN ('a', 'A')").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_claims_of_two_hosts_make_one_run_of_each_key() {
    let url = servers::mariadb_database();
    let hosts = [opened(&url).await, opened(&url).await];
    let mut claiming = JoinSet::new();
    for turn in 0..24 {
        let ledger = Arc::clone(&hosts[turn % 2].ledger);
        claiming.spawn(async move {
            let mut claim = fires(0..100);
            // Whoever begins elsewhere meets the others in another order.
            claim.fire.rotate_left(turn * 7 % 100);
            ledger.claim(claim, None).await.unwrap()
        });
    }
    let claimed: Vec<_> = claiming.join_all().await.into_iter().flatten().collect();
    let made: HashSet<_> =
        claimed.iter().filter_map(|one| if let Claimed::Ready(run) = one { Some(*run) } else { None }).collect();
    assert_eq!(made.len(), 100);
    assert!(
        claimed.iter().all(|one| matches!(one, Claimed::Ready(run) | Claimed::Duplicate(run) if made.contains(run)))
    );
    assert_eq!(number(&url, "SELECT count(*) FROM run").await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hosts_that_fire_one_schedule_at_once_one_finds_the_run_of_the_other_in_the_way() {
    let url = servers::mariadb_database();
    let hosts = [opened(&url).await, opened(&url).await];
    let name: ScheduleName = "nightly".parse().unwrap();
    let schedule = Schedule::new(name.clone(), Trigger::Manual, "mail/send".parse().unwrap());
    hosts[0].ledger.put(schedule, "ops", start()).await.unwrap();
    let mut claiming = JoinSet::new();
    for turn in 0..16_i64 {
        let ledger = Arc::clone(&hosts[turn as usize % 2].ledger);
        let due = start() + Duration::from_secs(turn.unsigned_abs());
        let key = Key::occurrence(&name, due);
        let order = Order::new(RunId::new(), key, "mail/send".parse().unwrap(), due, Cause::Schedule);
        let order = Order { schedule: Some(name.clone()), ..order };
        let fire = vec![Fire { order, overlap: Overlap::Skip, not_before: start(), fills: None }];
        claiming.spawn(async move {
            ledger.claim(Claim { fire, ..Claim::default() }, Some(tenant(1))).await.unwrap().remove(0)
        });
    }
    let claimed = claiming.join_all().await;
    let running: Vec<_> = claimed
        .iter()
        .filter_map(|one| if let Claimed::Leased(leased) = one { Some(leased.order.id) } else { None })
        .collect();
    assert_eq!(running.len(), 1, "{claimed:?}");
    assert_eq!(claimed.iter().filter(|one| **one == Claimed::Overlapped(running[0])).count(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_is_leased_twice_by_hosts_that_lease_at_once() {
    let url = servers::mariadb_database();
    let hosts = [opened(&url).await, opened(&url).await];
    hosts[0].ledger.claim(fires(0..1_000), None).await.unwrap();
    let mut leasing = JoinSet::new();
    for turn in 0..8 {
        let ledger = Arc::clone(&hosts[turn % 2].ledger);
        leasing.spawn(async move { all_leases(ledger.as_ref()).await });
    }
    let leased: Vec<_> = leasing.join_all().await.into_iter().flatten().collect();
    let runs: HashSet<_> = leased.iter().map(|lease| lease.run).collect();
    assert_eq!((leased.len(), runs.len()), (1_000, 1_000));
}

async fn all_leases(ledger: &dyn Ledger) -> Vec<Lease> {
    let mut all = Vec::new();
    loop {
        let leased = ledger.lease(tenant(17), start()).await.unwrap();
        if leased.is_empty() && ledger.next_ready(&QueueRoom::ALL).await.unwrap().is_none() {
            return all;
        }
        all.extend(leased.into_iter().map(|leased| leased.lease));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_that_hosts_record_at_once_are_all_counted() {
    let url = servers::mariadb_database();
    let hosts = [opened(&url).await, opened(&url).await];
    let version = "INSERT INTO plugin_version (plugin, sha256, version, size, info, imports, first_seen, last_loaded, standing, \
                   since) VALUES ('mail', 'ab', '1', 1, '{}', '[]', 0, 0, 'active', 0)";
    say(&url, version).await;
    hosts[0].ledger.claim(fires(0..200), None).await.unwrap();
    let mut ending = JoinSet::new();
    for turn in 0..8 {
        let ledger = Arc::clone(&hosts[turn % 2].ledger);
        ending.spawn(async move {
            let leases = all_leases(ledger.as_ref()).await;
            for few in leases.chunks(5) {
                // Heartbeats of the same runs come in between, in another order.
                let (settled, _) = tokio::join!(
                    ledger.settle(few.iter().map(success).collect()),
                    ledger.heartbeat(tenant(0), leases.iter().rev().cloned().collect()),
                );
                assert!(settled.unwrap().iter().all(|one| *one == Settled::Recorded));
            }
        });
    }
    ending.join_all().await;
    assert_eq!(number(&url, "SELECT good FROM plugin_record").await, 200);
    assert_eq!(number(&url, "SELECT count(*) FROM run WHERE state = 2").await, 200);
}

fn success(lease: &Lease) -> Settlement {
    let plugin = PluginVersion { name: "mail".parse().unwrap(), version: "1".to_owned(), sha256: "ab".to_owned() };
    let ended = Report::never_began(Outcome::Succeeded { result: None }, start());
    let verdict = Verdict::Final { state: RunState::Succeeded, reason: None };
    Settlement::new(*lease, verdict, Report { plugin: Some(plugin), ..ended })
}
