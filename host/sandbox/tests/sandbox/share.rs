//! Hosts that share a ledger and have one plugin folder between them.

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::PluginName;
use noontide_domain::plugin::upgrade::VersionStanding;
use noontide_domain::ports::{PluginHost, Versions};
use noontide_testkit::{ManualClock, MemoryLedger};
use serde_json::json;

use crate::stage::Stage;
use crate::versions::{PLUGIN, answers, kind, put, standings};

/// Two hosts or more, their ledger and their clock.
struct Hosts {
    clock: Arc<ManualClock>,
    ledger: Arc<MemoryLedger>,
}

impl Hosts {
    fn new() -> Self {
        let clock = ManualClock::at("2026-07-01T08:00:00Z");
        Self { ledger: MemoryLedger::new(clock.clone()), clock }
    }

    /// A host with a folder of its own.
    fn host(&self) -> Stage {
        Stage::with(|settings| {
            settings.versions = Some(self.ledger.clone() as Arc<dyn Versions>);
            settings.clock = self.clock.clone();
            settings.share = true;
        })
    }

    /// One that has looked at its empty folder.
    async fn idle_host(&self) -> Stage {
        let stage = self.host();
        stage.sandbox.rescan().await;
        stage
    }
}

fn has_it(stage: &Stage) -> bool {
    stage.sandbox.plugins().iter().any(|plugin| plugin.loaded.as_ref().is_some_and(|it| it.version.name == name()))
}

fn name() -> PluginName {
    PLUGIN.parse().expect("a name")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_on_one_host_runs_on_the_others_without_a_file() {
    let hosts = Hosts::new();
    let (one, two) = (hosts.idle_host().await, hosts.idle_host().await);
    put(&one, "1.0.0").await;
    two.sandbox.review().await.expect("looks");
    assert_eq!((answers(&one).await, answers(&two).await), ("1.0.0".to_owned(), "1.0.0".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_begins_on_all_hosts_at_the_instant_that_is_on_record() {
    let hosts = Hosts::new();
    let (one, two) = (hosts.idle_host().await, hosts.idle_host().await);
    put(&one, "1.0.0").await;
    two.sandbox.review().await.expect("looks");
    put(&two, "2.0.0").await;
    one.sandbox.review().await.expect("looks");
    let known = hosts.ledger.versions(None).await.expect("reads");
    let since = known.iter().find(|one| one.standing == VersionStanding::Active).expect("one").since;
    hosts.clock.set(since - Duration::from_millis(1));
    assert_eq!((answers(&one).await, answers(&two).await), ("1.0.0".to_owned(), "1.0.0".to_owned()), "not yet");
    hosts.clock.set(since);
    assert_eq!(
        (answers(&one).await, answers(&two).await),
        ("2.0.0".to_owned(), "2.0.0".to_owned()),
        "nobody had to look"
    );
    for stage in [&one, &two] {
        stage.sandbox.review().await.expect("looks");
        assert_eq!(answers(stage).await, "2.0.0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_removed_takes_its_plugin_from_all_hosts() {
    let hosts = Hosts::new();
    let (one, two) = (hosts.idle_host().await, hosts.idle_host().await);
    put(&one, "1.0.0").await;
    two.sandbox.review().await.expect("looks");
    one.remove("upgrade.wasm");
    one.sandbox.rescan().await;
    two.sandbox.review().await.expect("looks");
    assert!(!has_it(&one) && !has_it(&two));
    put(&one, "1.0.0").await;
    two.sandbox.review().await.expect("looks");
    assert_eq!(answers(&two).await, "1.0.0", "it came back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lay_in_the_folder_of_a_host_that_was_away_takes_nobody_back() {
    let hosts = Hosts::new();
    let (one, two) = (hosts.idle_host().await, hosts.host());
    put(&one, "1.0.0").await;
    put(&one, "2.0.0").await;
    two.put("upgrade.wasm", &kind("1.0.0"));
    hosts.clock.advance(Duration::from_secs(60));
    two.sandbox.rescan().await;
    one.sandbox.review().await.expect("looks");
    assert_eq!((answers(&one).await, answers(&two).await), ("2.0.0".to_owned(), "2.0.0".to_owned()));
    assert_eq!(standings(&hosts.ledger).await[0], ("2.0.0".to_owned(), VersionStanding::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_cannot_take_a_version_says_so_and_leaves_its_runs_to_others() {
    let hosts = Hosts::new();
    let one = hosts.idle_host().await;
    let strict = Stage::with(|settings| {
        settings.versions = Some(hosts.ledger.clone() as Arc<dyn Versions>);
        settings.clock = hosts.clock.clone();
        settings.share = true;
        settings.trust.pins.insert(name(), ["00".repeat(32)].into());
    });
    strict.sandbox.rescan().await;
    put(&one, "1.0.0").await;
    strict.sandbox.review().await.expect("looks");
    let shown = strict.sandbox.plugins();
    let words = shown.iter().find_map(|plugin| plugin.error.as_ref()).expect("an error").to_string();
    assert!(words.contains("ledger"), "{words}");
    assert_eq!(strict.sandbox.bounded().get(&name()), Some(&0), "it leases none of its runs");
    let (known, unknown) =
        ("fixture-upgrade/run".parse().expect("a handler"), "fixture-upgrade/walk".parse().expect("one"));
    assert!(strict.sandbox.check(&known, &json!({})).is_ok(), "it plans them for others");
    assert!(strict.sandbox.check(&unknown, &json!({})).is_err());
    assert_eq!(one.sandbox.bounded().get(&name()), None);
}
