//! Plugins and configuration change while the host works.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Host, Mark, Place, Row, fixtures, now_ms, number, until, within};

/// What the contract allows from a write to its effect.
const SOON: Duration = Duration::from_secs(2);

fn recorders(hold_ms: u32) -> String {
    format!(
        "[schedule.recorded]\nhandler = \"fixture-recorder/run\"\nevery = \"100ms\"\noverlap = \"allow\"\n\
         input = {{ hold_ms = {hold_ms} }}\n"
    )
}

#[tokio::test]
async fn a_plugin_is_added_replaced_and_removed_while_runs_are_in_flight_and_those_end_on_their_version() {
    let place = Place::new();
    place.conf("grants.toml", &place.recorder_grant());
    place.schedules(&recorders(600));
    let host = place.serve().await;
    let mut ledger = place.ledger().await;
    until("without a plugin, rows that say so", async || ledger.rows().await.iter().any(missing).then_some(())).await;

    place.plugin("recorder");
    within(SOON, "the added plugin runs", async || began(&place, "a").then_some(())).await;
    place.plugin_as("recorder-b", "recorder.wasm");
    within(SOON, "the replacing plugin runs", async || began(&place, "b").then_some(())).await;
    std::fs::remove_file(place.path("plugins/recorder.wasm")).expect("the plugin was there");
    let api = host.api();
    within(SOON, "the removed plugin is gone", async || api.list("/plugins").await.is_empty().then_some(())).await;
    let removed = ledger.rows().await.len();
    until("after it, rows that say so", async || ledger.rows().await.iter().skip(removed).any(missing).then_some(()))
        .await;
    host.stop().await;

    let rows = ledger.rows().await;
    assert!(rows.iter().all(|row| row.succeeded() || missing(row)), "a swap fails nothing: {rows:?}");
    let (a, b) = whole_versions(&place.marks());
    assert!(a > 0 && b > 0, "{a} runs on a, {b} on b");
}

#[tokio::test]
async fn swapped_again_and_again_under_load_no_run_fails_and_each_is_one_whole_version() {
    let place = Place::alone();
    place.conf("grants.toml", &place.recorder_grant());
    place.plugin("recorder");
    place.schedules(&recorders(150));
    let host = place.serve().await;
    let mut ledger = place.ledger().await;
    let swaps = number("NOONTIDE_SWAPS", 20);
    for swap in 1..=swaps {
        let (file, version) = if swap % 2 == 1 { ("recorder-b", "b") } else { ("recorder", "a") };
        let before = place.marks().len();
        place.plugin_as(file, "recorder.wasm");
        until("the new version runs", async || {
            place.marks().iter().skip(before).any(|mark| mark.phase == "start" && mark.version == version).then_some(())
        })
        .await;
    }
    host.stop().await;
    let rows = ledger.rows().await;
    let failed: Vec<_> = rows.iter().filter(|row| !row.succeeded() || row.attempt != 1).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let marks = place.marks();
    let (a, b) = whole_versions(&marks);
    assert_eq!(a + b, rows.len(), "every run wrote its beginning and its end");
    println!("{swaps} swaps: {} runs, {a} on a, {b} on b, 0 failed, 0 of mixed versions", rows.len());
}

#[tokio::test]
async fn a_truncated_file_leaves_the_good_version_working_and_shows_stage_and_reason() {
    let place = Place::new();
    place.plugin("hello");
    let host = place.serve().await;
    let api = host.api();
    let good = api.get("/plugins/hello").await;
    let bytes = std::fs::read(fixtures::wasm("hello")).expect("hello");
    place.plugin_bytes("hello.wasm", &bytes[..bytes.len() / 2]);
    let shown = within(SOON, "the API shows what is wrong", async || {
        Some(api.get("/plugins/hello").await).filter(|plugin| !plugin["error"].is_null())
    })
    .await;
    assert_eq!(shown["error"]["stage"], "validate", "{shown}");
    assert!(shown["error"]["message"].as_str().expect("words").contains("the file ends early"), "{shown}");
    assert_eq!((&shown["sha256"], &shown["version"]), (&good["sha256"], &good["version"]), "the good one stays");

    let listed = place.noontide(&["plugin", "list", "-o", "json"]).json();
    assert_eq!(listed[0]["error"], shown["error"]);
    assert!(host.log().contains("hello.wasm") && host.log().contains("validate"), "and it is in the log");
    let run = api.call("hello/greet", json!({ "name": "still here" })).await;
    assert_eq!(api.ended(&run).await["result"]["greeting"], "Hello, still here!");

    place.plugin("hello");
    within(SOON, "a good file takes the error away", async || {
        api.get("/plugins/hello").await["error"].is_null().then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_edit_of_the_configuration_takes_effect_within_two_seconds() {
    let place = Place::new();
    place.plugin("noop");
    place.schedules(&every("first", "1h"));
    let host = place.serve().await;
    let api = host.api();
    let words = async |name: &str| named(&api.list("/schedules").await, name)["words"].as_str().map(str::to_owned);
    assert_eq!(words("first").await.as_deref(), Some("every 1h"));
    place.schedules(&(every("first", "2h") + &every("second", "300ms")));
    within(SOON, "changed and added", async || {
        (words("first").await.as_deref() == Some("every 2h") && words("second").await.is_some()).then_some(())
    })
    .await;
    let mut ledger = place.ledger().await;
    until("the added one runs", async || ledger.rows_of("second").await.iter().any(Row::succeeded).then_some(())).await;
    place.schedules(&every("first", "2h"));
    within(SOON, "removed", async || words("second").await.is_none().then_some(())).await;
    assert!(!ledger.rows_of("second").await.is_empty(), "its history stays");
}

#[tokio::test]
async fn an_edit_while_the_host_starts_is_not_overlooked() {
    let place = Place::new();
    ["noop", "hello", "recorder", "nosy", "state", "secret"].into_iter().for_each(|name| place.plugin(name));
    place.schedules(&every("before", "1h"));
    let starting = Host::begin(&place);
    until("it has read its configuration", async || starting.log().contains("loading plugin file").then_some(())).await;
    place.schedules(&every("after", "1h"));
    let host = starting.ready(&place).await;
    let api = host.api();
    within(SOON, "the edit is taken", async || {
        let schedules = api.list("/schedules").await;
        (schedules.len() == 1 && schedules[0]["name"] == "after").then_some(())
    })
    .await;
}

#[tokio::test]
async fn half_written_configuration_keeps_the_last_good_and_says_where_it_is_wrong() {
    let place = Place::new();
    place.plugin("noop");
    place.schedules(&every("steady", "200ms"));
    let host = place.serve().await;
    let api = host.api();
    let half = every("steady", "200ms") + "[schedule.new]\nhandler = \"fixture-no";
    std::fs::write(place.path("conf/schedules.toml"), half).expect("a file");
    let problems = within(SOON, "the mistake is shown", async || {
        let problems = api.get("/status").await["problems"].clone();
        problems.as_array().is_some_and(|list| !list.is_empty()).then(|| problems.to_string())
    })
    .await;
    assert!(problems.contains("schedules.toml:"), "{problems}");
    let mut ledger = place.ledger().await;
    let before = ledger.rows_of("steady").await.len();
    until("the last good one goes on", async || (ledger.rows_of("steady").await.len() > before + 3).then_some(()))
        .await;

    place.schedules(&(every("steady", "200ms") + &every("new", "200ms")));
    within(SOON, "the finished edit is taken", async || {
        let clean = api.get("/status").await["problems"].as_array().is_some_and(Vec::is_empty);
        (clean && !named(&api.list("/schedules").await, "new").is_null()).then_some(())
    })
    .await;
    let rows = ledger.rows_of("steady").await;
    assert!(rows.windows(2).all(|pair| pair[1].due_at - pair[0].due_at == 200), "not one beat was missed");
}

#[tokio::test]
async fn an_edit_fires_nothing_by_itself() {
    let place = Place::new();
    place.plugin("noop");
    let far = "[schedule.far]\nhandler = \"fixture-noop/run\"\ncron = \"0 0 1 1 *\"\n";
    place.schedules(far);
    let host = place.serve().await;
    let api = host.api();
    // An instant between the first look at the schedule and the edit: whoever looks back finds it.
    let seen = now_ms();
    until("a second has passed", async || (now_ms() > seen + 1_000).then_some(())).await;
    let passed = chrono::DateTime::from_timestamp_millis(now_ms() - 500).expect("an instant").to_rfc3339();
    let edits = [
        far.replace("cron = \"0 0 1 1 *\"", &format!("at = \"{passed}\"")),
        far.replace("0 0 1 1 *", "* * 1 1 *"),
        far.replace("cron = \"0 0 1 1 *\"", "every = \"1h\""),
        far.to_owned() + "input = { changed = true }\ncatch-up = \"all\"\n",
        far.to_owned() + "enabled = false\n",
        far.to_owned(),
    ];
    for edit in edits {
        place.schedules(&edit);
        let answer = api.post("/reload", json!({})).await;
        assert_eq!(answer["problems"], json!([]), "{edit}");
    }
    assert_eq!(place.noontide(&["reload"]).code, 0);
    // Whatever an edit had set free would have been claimed before a later beat.
    place.schedules(&(far.to_owned() + &every("beat", "100ms")));
    let mut ledger = place.ledger().await;
    until("a later beat", async || (ledger.rows_of("beat").await.len() >= 3).then_some(())).await;
    assert!(ledger.rows_of("far").await.is_empty());
}

fn every(name: &str, step: &str) -> String {
    format!("[schedule.{name}]\nhandler = \"fixture-noop/run\"\nevery = \"{step}\"\noverlap = \"allow\"\n")
}

fn named(items: &[Value], name: &str) -> Value {
    items.iter().find(|item| item["name"] == name).cloned().unwrap_or_default()
}

fn missing(row: &Row) -> bool {
    row.state == 5 && row.reason["kind"] == "handler-missing"
}

fn began(place: &Place, version: &str) -> bool {
    place.marks().iter().any(|mark| mark.phase == "start" && mark.version == version)
}

/// Both marks of each run are of one version; how many runs there are of a and of b.
fn whole_versions(marks: &[Mark]) -> (usize, usize) {
    let mut runs: HashMap<&str, Vec<&Mark>> = HashMap::new();
    marks.iter().for_each(|mark| runs.entry(&mark.run_id).or_default().push(mark));
    for (run, marks) in &runs {
        let phases: Vec<_> = marks.iter().map(|mark| mark.phase.as_str()).collect();
        assert_eq!(phases, ["start", "end"], "run {run}");
        assert_eq!(marks[0].version, marks[1].version, "run {run} is of two versions");
    }
    let of = |version: &str| runs.values().filter(|marks| marks[0].version == version).count();
    (of("a"), of("b"))
}
