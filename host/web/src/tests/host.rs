//! Status, reload and the probes.

use noontide_domain::ports::{
    ArtifactRecord, AttemptLogs, AttemptRecord, History, HostFilter, HostRecord, ItemPage, ItemRecord, LedgerError,
    LedgerStatus, LinkPage, LinkRecord, MessageCounts, MessageFilter, MessageRecord, Overview, RunBrief, RunFilter,
};
use noontide_domain::{ArtifactName, RunId, Standing};

use super::*;

/// A ledger that is not there.
struct Gone;

fn gone<T>() -> Result<T, LedgerError> {
    Err(LedgerError::Unavailable("the disk is away".to_owned()))
}

#[async_trait]
impl Overview for Gone {
    async fn ends(
        &self,
        _: &noontide_domain::rollup::Whose,
        _: chrono::DateTime<chrono::Utc>,
        _: chrono::DateTime<chrono::Utc>,
    ) -> Result<noontide_domain::rollup::Ends, LedgerError> {
        gone()
    }
    async fn newest(
        &self,
        _: &[noontide_domain::ScheduleName],
        _: usize,
    ) -> Result<std::collections::BTreeMap<noontide_domain::ScheduleName, Vec<RunBrief>>, LedgerError> {
        gone()
    }
    async fn latest(&self, _: chrono::DateTime<chrono::Utc>, _: usize) -> Result<Vec<RunBrief>, LedgerError> {
        gone()
    }
}

#[async_trait]
impl History for Gone {
    async fn runs(&self, _: RunFilter) -> Result<Vec<RunRecord>, LedgerError> {
        gone()
    }
    async fn message_counts(&self) -> Result<MessageCounts, LedgerError> {
        gone()
    }
    async fn run(&self, _: RunId) -> Result<Option<RunRecord>, LedgerError> {
        gone()
    }
    async fn attempts(&self, _: RunId) -> Result<Vec<AttemptRecord>, LedgerError> {
        gone()
    }
    async fn logs(&self, _: RunId) -> Result<Vec<AttemptLogs>, LedgerError> {
        gone()
    }
    async fn artifacts(&self, _: RunId) -> Result<Vec<ArtifactRecord>, LedgerError> {
        gone()
    }
    async fn artifact(&self, _: RunId, _: &ArtifactName) -> Result<Option<(ArtifactRecord, Arc<[u8]>)>, LedgerError> {
        gone()
    }
    async fn messages(&self, _: MessageFilter) -> Result<Vec<MessageRecord>, LedgerError> {
        gone()
    }
    async fn items(&self, _: ItemPage) -> Result<Vec<ItemRecord>, LedgerError> {
        gone()
    }
    async fn link(&self, _: RunId) -> Result<Option<LinkRecord>, LedgerError> {
        gone()
    }
    async fn links(&self, _: LinkPage) -> Result<Vec<LinkRecord>, LedgerError> {
        gone()
    }
    async fn standings(&self) -> Result<Vec<Standing>, LedgerError> {
        gone()
    }
    async fn changes(
        &self,
        _: &noontide_domain::ScheduleName,
    ) -> Result<Vec<noontide_domain::change::ScheduleChange>, LedgerError> {
        gone()
    }
    async fn occurrence(
        &self,
        _: &noontide_domain::ScheduleName,
        _: chrono::DateTime<chrono::Utc>,
    ) -> Result<Vec<RunRecord>, LedgerError> {
        gone()
    }
    async fn last_runs(&self) -> Result<Vec<RunRecord>, LedgerError> {
        gone()
    }
    async fn hosts(&self, _: HostFilter) -> Result<Vec<HostRecord>, LedgerError> {
        gone()
    }
    async fn incidents(
        &self,
        _: noontide_domain::ports::IncidentFilter,
    ) -> Result<Vec<noontide_domain::Incident>, LedgerError> {
        gone()
    }
    async fn alerts(
        &self,
        _: noontide_domain::ports::AlertFilter,
    ) -> Result<Vec<noontide_domain::ports::AlertRecord>, LedgerError> {
        gone()
    }
    async fn status(&self) -> Result<LedgerStatus, LedgerError> {
        gone()
    }
}

#[tokio::test]
async fn the_status_tells_of_engine_ledger_and_process() {
    let world = world(Access::Loopback).await;
    let status = world.get("/status").await;
    assert_eq!((&status["env"], &status["schedules"]), (&json!("test"), &json!(1)));
    assert_eq!(status["problems"], json!(["conf/x.toml:1:1: no"]));
    assert_eq!(status["ledger"], json!({ "kind": "memory", "schema": 0, "ready": 0, "running": 0 }));
    assert_eq!((&status["now"], &status["stopping"]), (&json!("2026-07-01T08:00:00Z"), &json!(false)));
    assert_eq!(status["next_due"], "2026-07-02T02:00:00Z");
    assert_eq!(status["places"], json!({ "all": 64, "free": 64, "held_runs": 0 }));
    assert_eq!((&status["name"], &status["roles"]), (&json!("here"), &json!(["scheduler", "worker", "api"])));
}

#[tokio::test]
async fn a_reload_tells_what_is_wrong() {
    let world = world(Access::Loopback).await;
    let report = world.post("/reload", json!({})).await;
    assert_eq!(report, json!({ "schedules": 1, "problems": ["conf/x.toml:1:1: no"] }));
    assert_eq!(world.post_refused("/reload", json!({ "force": true })).await.0, 400);
}

#[tokio::test]
async fn a_host_whose_scheduler_is_stuck_is_not_ready() {
    let world = world(Access::Loopback).await;
    world.clock.asleep(5).await;
    assert_eq!(world.client.get("/readyz").await.expect("ready"), json!({ "ready": true, "reasons": [] }));
    // Its loops are gone: its last look gets old.
    world.ledger.fail_next(usize::MAX);
    world.parts.engine.drain().await;
    let (code, detail) = refusal(world.client.get("/readyz").await);
    assert!(code == 503 && detail.contains("shutting down"), "{detail}");
    world.client.get("/livez").await.expect("it lives");
    world.clock.advance(Duration::from_secs(120));
    let (code, detail) = refusal(world.client.get("/livez").await);
    assert!(code == 503 && detail.contains("120 s ago"), "{detail}");
    let (code, detail) = world.post_refused("/schedules/nightly/fire", json!({})).await;
    assert!(code == 503 && detail.contains("shutting down"), "{detail}");
}

#[tokio::test]
async fn without_its_ledger_a_host_lives_and_is_not_ready() {
    let world = world(Access::Loopback).await;
    let parts = WebParts { history: Arc::new(Gone), ..world.parts.clone() };
    let serving = serve(Listen::Tcp(any_port()), parts, world.stop.clone()).await.expect("a free port");
    let client = Client::http(&format!("http://{}", serving.address.expect("one")), None).expect("a client");
    client.get("/livez").await.expect("it lives");
    for path in ["/readyz", "/api/v1/status", "/api/v1/runs"] {
        let (code, detail) = refusal(client.get(path).await);
        assert!(code == 503 && detail.contains("the disk is away"), "{path}: {detail}");
    }
    // What is written fails as well: nothing is promised that is not kept.
    world.ledger.fail_next(1);
    assert_eq!(world.post_refused("/schedules/nightly/fire", json!({})).await.0, 503);
}

#[tokio::test]
async fn a_host_that_cannot_write_its_ledger_lives_is_not_ready_says_why_and_is_ready_again_by_itself() {
    let world = world(Access::Loopback).await;
    world.clock.asleep(11).await;
    world.ledger.fail_next(usize::MAX);
    let refused = loop {
        world.clock.advance(Duration::from_secs(1));
        world.clock.asleep(11).await;
        if let Err(refused) = world.client.get("/readyz").await {
            break refusal::<Value>(Err(refused));
        }
    };
    assert_eq!(refused.0, 503);
    assert!(refused.1.contains("cannot be written: the ledger is unavailable: the test said so"), "{}", refused.1);
    // Its scheduler cannot plan either, and ending the host would help nobody.
    world.clock.advance(Duration::from_secs(120));
    world.client.get("/livez").await.expect("it lives");
    let trouble = world.get("/status").await["ledger_trouble"].clone();
    assert!(trouble["reason"].as_str().is_some_and(|reason| reason.contains("the test said so")), "{trouble}");
    world.ledger.fail_next(0);
    loop {
        world.clock.advance(Duration::from_secs(1));
        world.clock.asleep(11).await;
        if world.client.get("/readyz").await.is_ok() {
            break;
        }
    }
}
