//! What is special about a server: opening, several hosts at once. The rest is in `tests/contract.rs`.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire, Ledger, Settled, Settlement, Tenant};
use noontide_domain::{
    Cause, HostId, Key, Lease, Order, Outcome, PluginVersion, QueueRoom, Report, RunId, RunState, Verdict,
};
use noontide_testkit::servers;
use sqlx::Connection as _;
use tokio::task::JoinSet;

use super::*;
use crate::migrations::{COUNT, KNOWN};

pub(super) async fn opened(url: &str) -> Store {
    open(url, Time::Database).await.unwrap()
}

/// Somebody else at the same database.
pub(super) async fn stranger(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn number(url: &str, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(&mut stranger(url).await).await.unwrap()
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
    let url = servers::postgres_database();
    let mut opening = JoinSet::new();
    for _ in 0..6 {
        let url = url.clone();
        opening.spawn(async move { open(&url, Time::Database).await.map(|store| store.schema) });
    }
    for schema in opening.join_all().await {
        assert_eq!(schema.unwrap(), KNOWN);
    }
    assert_eq!(number(&url, "SELECT count(*) FROM _sqlx_migrations").await, COUNT as i64);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_both_versions_are_named() {
    let url = servers::postgres_database();
    opened(&url).await.closer.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'newer', true, '', 0)";
    sqlx::query(newer).execute(&mut stranger(&url).await).await.unwrap();
    says(&refusal(&url).await, &[&format!("its schema has version 9999, this noontide knows up to {KNOWN}")]);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_shown() {
    let url = servers::postgres().database();
    let wrong = url.replace(servers::PASSWORD, "s3same");
    let sentence = refusal(&wrong).await;
    says(&sentence, &["check the user and the password"]);
    assert!(!sentence.contains("s3same"), "{sentence}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_refused() {
    let url = servers::postgres().url().replace("/postgres?", "/nowhere?");
    says(&refusal(&url).await, &["\"nowhere\" does not exist", "create the database"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://me:{}@localhost/noontide?host={}", servers::PASSWORD, folder.path().display());
    says(&refusal(&url).await, &["start the server, or correct the folder of its socket"]);
    let url = format!("postgres://me:{}@127.0.0.1:1/noontide", servers::PASSWORD);
    says(&refusal(&url).await, &["postgres://…@127.0.0.1:1/noontide", "start the server, or correct host and port"]);
}

#[tokio::test]
async fn a_user_who_may_not_make_tables_is_refused() {
    let url = servers::postgres().database();
    let guest = format!("CREATE ROLE guest LOGIN PASSWORD '{}'", servers::PASSWORD);
    let mut owner = stranger(&url).await;
    for statement in [guest.as_str(), "REVOKE CREATE ON SCHEMA public FROM PUBLIC"] {
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut owner).await.unwrap();
    }
    let sentence = refusal(&url.replace("://noontide:", "://guest:")).await;
    says(&sentence, &["permission denied for schema public", "GRANT CREATE, USAGE ON SCHEMA public"]);
}

#[tokio::test]
async fn a_database_that_can_only_be_read_is_refused() {
    let url = servers::postgres_database();
    let reading = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', \
                   current_database()); END $$";
    sqlx::query(reading).execute(&mut stranger(&url).await).await.unwrap();
    says(&refusal(&url).await, &["the database can only be read"]);
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let url = servers::postgres().database();
    let narrow = "CREATE DATABASE narrow ENCODING 'SQL_ASCII' TEMPLATE template0";
    sqlx::query(narrow).execute(&mut stranger(&url).await).await.unwrap();
    let (place, options) = url.split_once('?').unwrap();
    let server = place.rsplit_once('/').unwrap().0;
    says(&refusal(&format!("{server}/narrow?{options}")).await, &["SQL_ASCII", "ENCODING 'UTF8'"]);
}

#[tokio::test]
async fn a_session_says_who_it_is_and_does_not_wait_for_ever() {
    let url = servers::postgres_database();
    let mut connection = connect(&options(&url).unwrap()).await.unwrap();
    for (setting, value) in [
        ("application_name", "noontide"),
        ("TimeZone", "UTC"),
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "15s"),
    ] {
        let question = sqlx::query_scalar::<_, String>("SELECT current_setting($1)").bind(setting);
        assert_eq!(question.fetch_one(&mut connection).await.unwrap(), value, "{setting}");
    }
    let join = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{join}options=-c%20statement_timeout=7s");
    let mut connection = connect(&options(&url).unwrap()).await.unwrap();
    let question = sqlx::query_scalar::<_, String>("SELECT current_setting('statement_timeout')");
    assert_eq!(question.fetch_one(&mut connection).await.unwrap(), "7s", "what the address says goes");
}

fn start() -> DateTime<Utc> {
    "2026-07-01T08:00:00Z".parse().unwrap()
}

fn fires(keys: std::ops::Range<u32>) -> Claim {
    let fire = |key: u32| {
        let key = Key::chosen("mail/send", &key.to_string());
        let order = Order::new(RunId::new(), key, "mail/send".parse().unwrap(), start(), Cause::Enqueued);
        Fire { order, overlap: Default::default(), not_before: start(), fills: None }
    };
    Claim { fire: keys.map(fire).collect(), ..Claim::default() }
}

fn tenant(places: usize) -> Tenant {
    Tenant { host: HostId::new(), lease: Duration::from_secs(60), places, queues: QueueRoom::ALL }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_claims_of_two_hosts_make_one_run_of_each_key() {
    let url = servers::postgres_database();
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
async fn no_run_is_leased_twice_by_hosts_that_lease_at_once() {
    let url = servers::postgres_database();
    let hosts = [opened(&url).await, opened(&url).await];
    hosts[0].ledger.claim(fires(0..2_000), None).await.unwrap();
    let mut leasing = JoinSet::new();
    for turn in 0..8 {
        let ledger = Arc::clone(&hosts[turn % 2].ledger);
        leasing.spawn(async move { all_leases(ledger.as_ref()).await });
    }
    let leased: Vec<_> = leasing.join_all().await.into_iter().flatten().collect();
    let runs: HashSet<_> = leased.iter().map(|lease| lease.run).collect();
    assert_eq!((leased.len(), runs.len()), (2_000, 2_000));
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
    let url = servers::postgres_database();
    let hosts = [opened(&url).await, opened(&url).await];
    let version = "INSERT INTO plugin_version (plugin, sha256, version, size, info, imports, first_seen, last_loaded, standing, \
                   since) VALUES ('mail', 'ab', '1', 1, '{}', '[]', 0, 0, 'active', 0)";
    sqlx::query(version).execute(&mut stranger(&url).await).await.unwrap();
    hosts[0].ledger.claim(fires(0..400), None).await.unwrap();
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
    assert_eq!(number(&url, "SELECT good FROM plugin_record").await, 400);
    assert_eq!(number(&url, "SELECT count(*) FROM run WHERE state = 2").await, 400);
}

fn success(lease: &Lease) -> Settlement {
    let plugin = PluginVersion { name: "mail".parse().unwrap(), version: "1".to_owned(), sha256: "ab".to_owned() };
    let ended = Report::never_began(Outcome::Succeeded { result: None }, start());
    let verdict = Verdict::Final { state: RunState::Succeeded, reason: None };
    Settlement::new(*lease, verdict, Report { plugin: Some(plugin), ..ended })
}
