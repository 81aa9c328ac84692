//! New versions of a plugin: what is held, what is tried, when the host goes back.

use serde_json::{Value, json};

use super::support::{Api, Host, Place, fixtures, until};

const PLUGIN: &str = "fixture-upgrade";
const RUN: &str = "fixture-upgrade/run";

fn put(place: &Place, kind: &str) {
    place.plugin_bytes("upgrade.wasm", &fixtures::upgrade(kind));
}

/// A host that has taken `kind`.
async fn serving(place: &Place, kind: &str) -> Host {
    put(place, kind);
    let host = place.serve().await;
    runs(&host.api(), kind.split(' ').next().expect("a version")).await;
    host
}

async fn plugin(api: &Api) -> Value {
    api.get("/plugins/fixture-upgrade").await
}

/// Waits until calls go to that version.
async fn runs(api: &Api, version: &str) {
    until(&format!("{version} runs"), async || (plugin(api).await["version"] == version).then_some(())).await;
}

/// Waits until a version stands so; gives it back.
async fn stands(api: &Api, version: &str, standing: &str) -> Value {
    until(&format!("{version} is {standing}"), async || {
        let versions = plugin(api).await["versions"].as_array().cloned().unwrap_or_default();
        versions.into_iter().find(|one| one["version"] == version && one["standing"] == standing)
    })
    .await
}

/// Calls the handler; the version that answered, or how it ended.
async fn call(api: &Api) -> String {
    let run = api.call(RUN, json!({})).await;
    let ended = api.ended(&run).await;
    let word = if ended["state"] == "succeeded" { &ended["result"]["version"] } else { &ended["outcome"] };
    word.as_str().unwrap_or_default().to_owned()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_version_that_wants_more_is_held_and_let_in_by_whoever_has_seen_the_difference() {
    let place = Place::new();
    let host = serving(&place, "1.0.0").await;
    let api = host.api();
    put(&place, "2.0.0 wants-more");
    let held = stands(&api, "2.0.0", "held").await;
    assert_eq!(text(&held, "why"), "it wants more: http https://api.example.com, secret API_KEY");
    assert_eq!(held["difference"], json!(["+ http https://api.example.com", "+ secret API_KEY"]));
    assert_eq!(call(&api).await, "1.0.0", "the old one goes on");
    until("the log says so", async || {
        let (log, words) =
            (host.log(), "is held: it wants more: http https://api.example.com, secret API_KEY; 1.0.0 (");
        log.contains(words).then_some(())
    })
    .await;
    let listed = place.noontide(&["plugin", "list"]).out;
    assert!(listed.contains("1.0.0") && listed.contains("held: it wants more"), "{listed}");

    let unasked = place.noontide(&["plugin", "approve", PLUGIN]);
    assert!(
        unasked.code == 2 && unasked.err.contains("+ secret API_KEY") && unasked.err.contains("--yes"),
        "{unasked:?}"
    );
    assert_eq!(call(&api).await, "1.0.0");
    let approved = place.noontide(&["plugin", "approve", PLUGIN, "--yes"]);
    assert_eq!(approved.code, 0, "{approved:?}");
    assert!(approved.out.contains("takes the place of 1.0.0"), "{approved:?}");
    assert_eq!(call(&api).await, "2.0.0");
    host.stop().await;

    let host = place.serve().await;
    assert_eq!(call(&host.api()).await, "2.0.0", "approved once is approved");
    let again = place.noontide(&["plugin", "approve", PLUGIN, "--yes"]);
    assert!(again.code == 6 && again.err.contains("nothing waits to be let in"), "{again:?}");
}

#[tokio::test]
async fn a_version_that_a_schedule_cannot_be_carried_out_with_is_held_until_it_fits() {
    let place = Place::new();
    let far = |name: &str, handler: &str, input: &str| {
        format!("[schedule.{name}]\nhandler = \"{PLUGIN}/{handler}\"\ncron = \"0 0 1 1 *\"\ninput = {input}\n")
    };
    let weekly = far("weekly", "run", "{ days = 'seven' }");
    place.schedules(&(far("nightly", "other", "{}") + &weekly));
    let host = serving(&place, "1.0.0").await;
    let api = host.api();
    put(&place, "2.0.0 lacks-other");
    let held = stands(&api, "2.0.0", "held").await;
    let why = "schedule `nightly`: plugin `fixture-upgrade` has no handler `other` — it has run";
    assert_eq!(text(&held, "why"), why);
    put(&place, "3.0.0 stricter");
    let held = stands(&api, "3.0.0", "held").await;
    let why = "schedule `weekly`: input of `fixture-upgrade/run`: `/days`: \"seven\" is not of type \"integer\"";
    assert!(text(&held, "why").starts_with(why), "{held}");
    assert_eq!(call(&api).await, "1.0.0");

    place.schedules(&(far("nightly", "other", "{}") + &weekly.replace("'seven'", "7")));
    runs(&api, "3.0.0").await;
    put(&place, "4.0.0 lacks-other");
    stands(&api, "4.0.0", "held").await;
    place.conf("plugin.toml", "[plugin.fixture-upgrade]\non-incompatible = 'replace'\n");
    runs(&api, "4.0.0").await;
    let problems = api.get("/status").await["problems"].to_string();
    assert!(problems.contains("nightly") && problems.contains("no handler `other`"), "{problems}");
}

#[tokio::test]
async fn a_share_of_the_runs_goes_to_a_candidate_until_somebody_takes_it() {
    let place = Place::new();
    place.conf("plugin.toml", "[plugin.fixture-upgrade]\ncanary = '5%'\n");
    let host = serving(&place, "1.0.0").await;
    let api = host.api();
    put(&place, "2.0.0");
    stands(&api, "2.0.0", "candidate").await;
    let calls: Vec<_> = (0..200).map(|_| json!({ "handler": RUN, "input": {} })).collect();
    let answer = api.post("/runs", Value::Array(calls)).await;
    let mut new = 0;
    for run in answer["runs"].as_array().expect("runs") {
        let ended = api.ended(run.as_str().expect("an id")).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        new += i32::from(ended["result"]["version"] == "2.0.0");
    }
    println!("of 200 runs {new} went to the candidate that has 5 %");
    assert!((2..=19).contains(&new), "{new} of 200");
    let trial = plugin(&api).await["candidate"].clone();
    assert_eq!(trial["calls"], json!({ "good": new, "bad": 0 }));
    assert_eq!(place.noontide(&["plugin", "approve", PLUGIN, "--yes"]).code, 0);
    assert_eq!(call(&api).await, "2.0.0");
}

#[tokio::test]
async fn the_first_runs_go_to_a_candidate_that_is_taken_if_it_did_well_and_sent_back_if_not() {
    let place = Place::new();
    place.conf("plugin.toml", "[plugin.fixture-upgrade]\ncanary = 5\n");
    let host = serving(&place, "1.0.0").await;
    let api = host.api();
    put(&place, "2.0.0");
    stands(&api, "2.0.0", "candidate").await;
    for _ in 0..5 {
        assert_eq!(call(&api).await, "2.0.0");
    }
    let taken = stands(&api, "2.0.0", "active").await;
    assert_eq!(taken["calls"], json!({ "good": 5, "bad": 0 }));
    assert!(host.log().contains("did well (5 calls good, 0 bad) and is taken"), "and it says so");

    put(&place, "3.0.0 failing");
    stands(&api, "3.0.0", "candidate").await;
    for _ in 0..3 {
        assert_eq!(call(&api).await, "failed");
    }
    let back = stands(&api, "3.0.0", "rolled-back").await;
    let why = "`fixture-upgrade/run` failed 3 times in a row (failed: 3.0.0 always fails), and did not on 2.0.0 (";
    assert!(text(&back, "why").starts_with(why), "{back}");
    assert_eq!(call(&api).await, "2.0.0");
}

#[tokio::test]
async fn three_failures_that_the_old_version_did_not_have_bring_it_back_also_across_a_restart() {
    let place = Place::new();
    let host = serving(&place, "1.0.0").await;
    assert_eq!(call(&host.api()).await, "1.0.0");
    put(&place, "2.0.0 trapping");
    runs(&host.api(), "2.0.0").await;
    for _ in 0..2 {
        assert_eq!(call(&host.api()).await, "trapped");
    }
    host.kill();

    let host = place.serve().await;
    let api = host.api();
    runs(&api, "2.0.0").await;
    assert_eq!(call(&api).await, "trapped");
    runs(&api, "1.0.0").await;
    assert_eq!(call(&api).await, "1.0.0", "its bytes came from the ledger");
    let back = stands(&api, "2.0.0", "rolled-back").await;
    assert_eq!(back["calls"], json!({ "good": 0, "bad": 3 }));
    until("the log says so", async || {
        host.log().contains("is rolled back: `fixture-upgrade/run` failed 3 times in a row (trapped: ").then_some(())
    })
    .await;
    host.stop().await;

    let host = place.serve().await;
    let api = host.api();
    assert_eq!(call(&api).await, "1.0.0", "the folder still holds the bad one");
    put(&place, "2.0.0 trapping");
    api.post("/reload", json!({})).await;
    assert_eq!(call(&api).await, "1.0.0", "the same bytes are not taken again");
    put(&place, "2.0.1");
    runs(&api, "2.0.1").await;
}

#[tokio::test]
async fn a_version_is_not_blamed_for_what_failed_before_it() {
    let place = Place::new();
    let host = serving(&place, "1.0.0 failing").await;
    let api = host.api();
    for _ in 0..2 {
        assert_eq!(call(&api).await, "failed");
    }
    put(&place, "2.0.0 trapping");
    runs(&api, "2.0.0").await;
    for _ in 0..4 {
        assert_eq!(call(&api).await, "trapped");
    }
    // A decision would be made before a later one.
    put(&place, "3.0.0 wants-more");
    stands(&api, "3.0.0", "held").await;
    assert_eq!(plugin(&api).await["version"], "2.0.0");
}

#[tokio::test]
async fn somebody_goes_back_to_a_version_whose_file_was_replaced_or_is_gone() {
    let place = Place::new();
    let host = serving(&place, "1.0.0").await;
    let api = host.api();
    put(&place, "2.0.0");
    runs(&api, "2.0.0").await;
    let second = plugin(&api).await["sha256"].as_str().expect("a digest").to_owned();
    let back = place.noontide(&["plugin", "rollback", PLUGIN]);
    assert!(back.code == 0 && back.out.contains("1.0.0 (") && back.out.contains("in place of 2.0.0 ("), "{back:?}");
    assert_eq!(call(&api).await, "1.0.0");
    host.stop().await;

    let host = place.serve().await;
    let api = host.api();
    assert_eq!(call(&api).await, "1.0.0", "what somebody decided holds");
    let forth = api.post("/plugins/fixture-upgrade/rollback", json!({ "sha256": &second[..8], "by": "ops" })).await;
    assert_eq!((&forth["standing"], &forth["plugin"]["version"]), (&json!("active"), &json!("2.0.0")));
    assert_eq!(call(&api).await, "2.0.0");

    std::fs::remove_file(place.path("plugins/upgrade.wasm")).expect("it was there");
    until("without its file the plugin is gone", async || api.list("/plugins").await.is_empty().then_some(())).await;
    let back = place.noontide(&["plugin", "rollback", PLUGIN]);
    assert!(back.code == 0 && back.out.contains("2.0.0 ("), "{back:?}");
    assert_eq!(call(&api).await, "2.0.0");
    assert_eq!(plugin(&api).await["file"], "(ledger)");
    host.stop().await;

    let host = place.serve().await;
    let api = host.api();
    assert_eq!(call(&api).await, "2.0.0", "still without a file");
    put(&place, "3.0.0");
    runs(&api, "3.0.0").await;
    let listed = place.noontide(&["plugin", "versions", PLUGIN, "-o", "json"]).json();
    let standings: Vec<_> = listed.as_array().expect("a list").iter().map(|one| text(one, "standing")).collect();
    assert_eq!(standings, ["active", "superseded", "rolled-back"]);
    let unknown = place.noontide(&["plugin", "rollback", "fixture-upgrad"]);
    assert!(unknown.code == 4 && unknown.err.contains("did you mean `fixture-upgrade`"), "{unknown:?}");
}
