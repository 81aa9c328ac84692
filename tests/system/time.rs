//! What comes, what came and why, and what would come: next, why, backfill, simulate, check.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::support::{Place, Row, until};

const NIGHTLY: &str = "\
[schedule.nightly]\nhandler = \"fixture-noop/run\"\ncron = \"30 2 * * *\"\ntimezone = \"Europe/Berlin\"\n\
[schedule.beat]\nhandler = \"fixture-noop/run\"\nevery = \"250ms\"\noverlap = \"allow\"\n";

fn place() -> Place {
    let place = Place::new();
    place.plugin("noop");
    place.schedules(NIGHTLY);
    place
}

fn why(place: &Place, schedule: &str, at: &str) -> Value {
    place.noontide(&["why", schedule, "--at", at, "-o", "json"]).json()
}

#[tokio::test]
async fn why_has_one_answer_for_what_ran_what_will_run_and_what_is_not_due() {
    let place = place();
    let host = place.serve().await;
    let mut ledger = place.ledger().await;
    let ran = until("it beats", async || ledger.rows_of("beat").await.into_iter().find(Row::succeeded)).await;
    let at = chrono::DateTime::from_timestamp_millis(ran.due_at).expect("an instant").to_rfc3339();
    let answer = why(&place, "beat", &at);
    assert_eq!((&answer["state"], &answer["due"]), (&json!("succeeded"), &json!(true)), "{answer}");
    let said = place.noontide(&["why", "beat", "--at", &at]);
    let id = answer["rows"][0]["id"].as_str().expect("an id");
    assert!(said.code == 0 && said.out.contains(&format!("noontide show-run {id}")), "{said:?}");

    let coming = why(&place, "nightly", "2096-01-15 02:30");
    assert_eq!((&coming["state"], &coming["at"]), (&json!("upcoming"), &json!("2096-01-15T01:30:00Z")), "{coming}");
    let other = why(&place, "nightly", "2096-01-15 03:30");
    assert_eq!(other["state"], "not-due");
    assert_eq!(other["nearest"], json!({ "before": "2096-01-15T01:30:00Z", "after": "2096-01-16T01:30:00Z" }));
    let before = why(&place, "nightly", "2020-01-15 02:30");
    assert_eq!(before["state"], "before-first-seen");
    assert_eq!(place.noontide(&["why", "nightli", "--at", &at]).code, 4);
    assert_eq!(place.noontide(&["why", "nightly", "--at", "yesterday"]).code, 2);
    host.stop().await;
    assert_eq!(place.noontide(&["why", "nightly", "--at", &at]).code, 5);
}

#[tokio::test]
async fn next_asks_the_host_and_reckons_without_one_only_if_told_to() {
    let place = place();
    let asked = ["next", "nightly", "--from", "2026-03-28T12:00:00Z", "-n", "2", "-o", "json"];
    let offline = [&asked[..], &["--offline"]].concat();
    let said = place.noontide(&asked);
    assert!(said.code == 5 && said.err.contains("--offline"), "{said:?}");
    let reckoned = place.noontide(&offline).json();
    assert_eq!((&reckoned[0]["due_at"], &reckoned[0]["weekday"]), (&json!("2026-03-29T01:00:00Z"), &json!("Sunday")));
    assert_eq!(reckoned[1]["local"], "2026-03-30T02:30:00+02:00");
    let host = place.serve().await;
    let dues = |items: Value| items.as_array().map(|items| items.iter().map(|item| item["due_at"].clone()).collect());
    let told: Option<Vec<_>> = dues(place.noontide(&asked).json());
    assert_eq!(told, dues(reckoned));
    let all = place.noontide(&["next", "-n", "5"]);
    assert!(all.out.contains("beat") && all.out.lines().count() == 6, "{all:?}");
    host.stop().await;
}

#[tokio::test]
async fn a_backfill_runs_the_past_once_and_why_tells_of_it() {
    let place = place();
    let host = place.serve().await;
    let asked = ["backfill", "nightly", "--from", "2026-03-27", "--to", "2026-03-30", "-o", "json"];
    let dry = place.noontide(&[&asked[..], &["--dry-run"]].concat()).json();
    assert_eq!(dry["due"], json!(["2026-03-27T01:30:00Z", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z"]));
    let done = place.noontide(&asked).json();
    assert_eq!(done["runs"].as_array().map(Vec::len), Some(3), "{done}");
    let mut ledger = place.ledger().await;
    until("all three ran", async || {
        (ledger.rows_of("nightly").await.iter().filter(|row| row.succeeded()).count() == 3).then_some(())
    })
    .await;
    assert_eq!(place.noontide(&asked).json()["duplicate"], 3);
    // 02:30 did not occur that night: the fire in its place is meant.
    let answer = why(&place, "nightly", "2026-03-29 02:30");
    let text = answer["text"].as_str().expect("a sentence");
    assert!(text.starts_with("backfilled: ran and succeeded") && text.contains("does not occur"), "{answer}");
    host.stop().await;
}

#[test]
fn a_year_is_simulated_without_a_host() {
    let place = place();
    let simulated = place.noontide(&[
        "simulate",
        "--from",
        "2026-01-01",
        "--days",
        "365",
        "--schedule",
        "nightly",
        "--tz",
        "Europe/Berlin",
        "-o",
        "json",
    ]);
    let simulated = simulated.json();
    assert_eq!((&simulated["fires"], &simulated["schedules"][0]["fires"]), (&json!(365), &json!(365)));
    assert_eq!(simulated["hours"]["fires"][2], 364, "one night it fires at three");
    let changes = simulated["clock_changes"].as_array().expect("clock changes");
    let what: Vec<_> = changes.iter().map(|change| change["what"].as_str().unwrap_or_default()).collect();
    assert_eq!(what, ["moved", "fires once"], "{changes:?}");
    let said = place.noontide(&["simulate", "--schedule", "nightli"]);
    assert!(said.code == 4 && said.err.contains("did you mean `nightly`"), "{said:?}");
}

#[test]
fn overlaps_follow_from_how_long_runs_take() {
    let place = place();
    place.schedules("[schedule.a]\nhandler = \"fixture-noop/run\"\ncron = \"*/10 * * * *\"\ntimezone = \"UTC\"\n");
    let asked = ["simulate", "--from", "2026-01-01", "--days", "1", "-o", "json", "--duration", "15m"];
    let simulated = place.noontide(&asked).json();
    assert_eq!((&simulated["fires"], &simulated["peak"]["running"]), (&json!(144), &json!(1)));
    assert_eq!(simulated["schedules"][0]["overlaps"]["usual"]["skipped"], 72);
}

#[test]
fn a_change_of_configuration_is_told_by_the_fires_it_adds_drops_and_moves() {
    let place = place();
    std::fs::create_dir_all(place.path("other/local")).expect("a folder");
    let other = NIGHTLY.replace("30 2 * * *", "0 4 * * MON-FRI").replace("[schedule.beat]", "[schedule.pulse]");
    std::fs::write(place.path("other/schedules.toml"), other).expect("a file");
    let asked = ["simulate", "--from", "2026-06-01", "--days", "7", "--diff", "other"];
    let diff = place.noontide(&[&asked[..], &["-o", "json"]].concat()).json();
    let of = |name: &str| {
        let found = diff["schedules"].as_array().expect("schedules").iter().find(|changed| changed["schedule"] == name);
        let changed = found.unwrap_or_else(|| panic!("{name} is not in {diff}"));
        ["what", "added", "dropped", "moved"].map(|key| changed[key].clone())
    };
    assert_eq!(of("nightly"), [json!("changed"), json!(0), json!(2), json!(5)]);
    assert_eq!(of("beat")[0], "gone");
    assert_eq!(of("pulse")[0], "new");
    let same = place.noontide(&["simulate", "--days", "7", "--diff", "conf"]);
    assert_eq!(same.out.trim(), "no fire is added, dropped or moved");
    assert_eq!(place.noontide(&["simulate", "--diff", "nowhere"]).code, 3);
}

#[test]
fn check_warns_of_what_people_stumble_over_and_is_content_all_the_same() {
    let place = place();
    let crowd: Vec<_> =
        (0..40).map(|n| format!("[schedule.s{n}]\nhandler = \"fixture-noop/run\"\ncron = \"0 12 * * *\"\n")).collect();
    place.schedules(&format!(
        "{NIGHTLY}[schedule.past]\nhandler = \"fixture-noop/run\"\nat = \"2020-01-01 00:00:00\"\n{}",
        crowd.join("")
    ));
    let said = place.noontide(&["check"]);
    assert_eq!(said.code, 0, "{said:?}");
    for word in [
        "schedule `nightly`",
        "02:30:00 does not occur and fires at",
        "schedule `past`: never fires again",
        "schedules start in the same second",
        "spread",
    ] {
        assert!(said.err.contains(word), "`{word}` is not there: {said:?}");
    }
}

#[tokio::test]
async fn a_port_in_use_ends_the_start_with_6_before_anything_is_claimed() {
    let place = place();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    place.conf("port.toml", &format!("[http]\nlisten = \"{address}\"\n"));
    let said = place.refused();
    assert!(said.code == 6 && said.err.contains(&address), "{said:?}");
    assert_eq!(place.ledger().await.rows().await.len(), 0, "nothing was claimed");
    assert!(!place.path("data/noontide.sock").exists());
}
