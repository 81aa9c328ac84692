//! The database inspection of the document, by its example: every Wednesday at eight, over three days of data; run now over
//! any past window; cancelled by its name; levels that hold one another.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::{Host, Ledger, Place, until};

/// Wednesday by name, to the second.
const INSPECTION: &str = "[schedule.inspection]\nhandler = \"fixture-recorder/run\"\ncron = \"0 0 8 * * WED\"\n\
     timezone = \"Asia/Shanghai\"\nwindow = \"3d\"\ncatch-up = { mode = \"all\", within = \"100d\", limit = 50 }\n\
     overlap = \"allow\"\n";

const LEVELS: &str = r#"
[schedule.daily]
handler  = "fixture-recorder/run"
cron     = "0 7 * * *"
timezone = "Asia/Shanghai"
catch-up = { mode = "all", within = "100d", limit = 50 }
overlap  = "allow"
input    = { hold_ms = 1 }

[schedule.weekly]
handler    = "fixture-recorder/run"
cron       = "0 8 * * WED"
timezone   = "Asia/Shanghai"
includes   = ["daily"]
supersedes = ["daily"]
overlap    = "allow"

[schedule.monthly]
handler    = "fixture-recorder/run"
cron       = "0 6 1 * *"
timezone   = "Asia/Shanghai"
includes   = ["weekly"]
supersedes = ["weekly"]
"#;

fn place(schedules: &str) -> Place {
    let place = Place::new();
    place.plugin("recorder");
    place.schedules(&format!("{}{schedules}", place.recorder_grant()));
    place
}

/// What the handlers were told, a line for each call that came to its end.
async fn told(place: &Place, calls: usize) -> Vec<Value> {
    until(&format!("{calls} calls have ended"), async || {
        let text = std::fs::read_to_string(place.path("record/record.jsonl")).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let ended: Vec<_> = lines.filter(|line| line["phase"] == "end").collect();
        (ended.len() >= calls).then_some(ended)
    })
    .await
}

fn windows(told: &[Value]) -> BTreeSet<(String, String)> {
    let end = |line: &Value, index: usize| line["window"][index].as_str().unwrap_or_default().replace("+00:00", "Z");
    told.iter().map(|line| (end(line, 0), end(line, 1))).collect()
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

fn backfill(place: &Place, name: &str, from: &str, to: &str) -> Value {
    place.noontide(&["backfill", name, "--from", from, "--to", to, "-o", "json"]).json()
}

#[tokio::test]
async fn wednesday_at_eight_with_three_days_reads_what_the_document_says() {
    let place = place(INSPECTION);
    let host = place.serve().await;
    let done = backfill(&place, "inspection", "2025-09-25", "2025-10-09");
    assert_eq!(done["due"], json!(["2025-10-01T00:00:00Z", "2025-10-08T00:00:00Z"]));
    let wanted =
        [pair("2025-09-28T00:00:00Z", "2025-10-01T00:00:00Z"), pair("2025-10-05T00:00:00Z", "2025-10-08T00:00:00Z")];
    assert_eq!(windows(&told(&place, 2).await), BTreeSet::from(wanted));
    host.stop().await;
}

#[tokio::test]
async fn what_is_caught_up_has_the_window_of_its_day_and_not_of_now() {
    let place = place(INSPECTION);
    place.serve().await.stop().await;
    let month_ago = "UPDATE schedule SET cursor = cursor - 2592000000, anchor = anchor - 2592000000";
    Ledger::change(&place.path("data/noontide.db"), month_ago).await;
    let host = place.serve().await;
    let runs = until("four Wednesdays are caught up", async || {
        let runs = host.api().list("/runs?schedule=inspection&state=succeeded").await;
        (runs.len() >= 4).then_some(runs)
    })
    .await;
    for run in &runs {
        let instant = |value: &Value| {
            value.as_str().expect("an instant").parse::<chrono::DateTime<chrono::Utc>>().expect("RFC 3339")
        };
        assert_eq!(run["window"]["to"], run["due_at"]);
        assert_eq!((instant(&run["due_at"]) - instant(&run["window"]["from"])).num_hours(), 72, "{run}");
    }
    let of_runs = |run: &Value| {
        (
            run["window"]["from"].as_str().unwrap_or_default().to_owned(),
            run["window"]["to"].as_str().unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(windows(&told(&place, runs.len()).await), runs.iter().map(of_runs).collect());
    host.stop().await;
}

#[tokio::test]
async fn days_of_a_window_are_days_on_the_wall_over_a_clock_change_too() {
    let berlin = INSPECTION.replace("Asia/Shanghai", "Europe/Berlin");
    let monthly = "[schedule.monthly]\nhandler = \"fixture-recorder/run\"\ncron = \"5 0 8 1 * *\"\n\
                   timezone = \"Europe/Berlin\"\nwindow = \"1 month\"\noverlap = \"allow\"\n";
    let place = place(&format!("{berlin}{monthly}"));
    let host = place.serve().await;
    backfill(&place, "inspection", "2025-03-27", "2025-04-03");
    backfill(&place, "monthly", "2025-03-20", "2025-04-10");
    // The clock went forward on 30 March: 08:00 is 07:00 UTC before and 06:00 UTC after it.
    let wanted =
        [pair("2025-03-30T06:00:00Z", "2025-04-02T06:00:00Z"), pair("2025-03-01T07:00:05Z", "2025-04-01T06:00:05Z")];
    assert_eq!(windows(&told(&place, 2).await), BTreeSet::from(wanted));
    host.stop().await;
}

#[tokio::test]
async fn an_inspection_runs_now_over_any_past_window() {
    let place = place(INSPECTION);
    let host = place.serve().await;
    let fire =
        |window: &str| place.noontide(&["fire", "inspection", "--window", window, "--tz", "Asia/Shanghai", "--wait"]);
    assert_eq!(fire("2025-08-01..2025-08-15 12:30:05").code, 0);
    let wanted = [pair("2025-07-31T16:00:00Z", "2025-08-15T04:30:05Z")];
    assert_eq!(windows(&told(&place, 1).await), BTreeSet::from(wanted));
    let body = json!({ "window": { "from": "2024-02-29T00:00:00Z", "to": "2024-03-01T00:00:00Z" } });
    host.api().post("/schedules/inspection/fire", body).await;
    assert!(windows(&told(&place, 2).await).contains(&pair("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z")));
    let wrong = fire("2025-08-15..2025-08-01");
    assert!(wrong.code == 2 && wrong.err.contains("ends before it begins"), "{wrong:?}");
    host.stop().await;
}

#[tokio::test]
async fn a_timed_inspection_is_made_or_changed_by_its_name_and_cancelled_by_it() {
    let place = place("");
    let host = place.serve().await;
    let api = host.api();
    let body = |cron: &str| {
        json!({ "handler": "fixture-recorder/run", "cron": cron, "timezone": "Asia/Shanghai", "window": "3d",
                "input": { "hold_ms": 1 } })
    };
    let put = async |cron: &str| api.ask(reqwest::Method::PUT, "/schedules/test", Some(&body(cron))).await;
    assert_eq!(put("0 0 8 * * WED").await.0, 201);
    assert_eq!(put("0 0 8 * * WED").await.0, 200);
    let (code, changed) = put("30 15 9 * * SUN").await;
    assert_eq!((code, &changed["trigger"]["text"]), (200, &json!("30 15 9 * * SUN")));
    assert_eq!(api.list("/schedules").await.len(), 1, "one name, one schedule");
    assert_eq!(place.noontide(&["rm", "test"]).code, 0);
    assert!(api.list("/schedules").await.is_empty());
    assert_eq!(place.noontide(&["rm", "test"]).code, 4);
    assert!(api.list("/runs").await.is_empty(), "nothing of it ever fired");
    host.stop().await;
}

#[test]
fn daily_weekly_monthly_half_yearly_and_yearly_come_due_to_the_second() {
    let place = place("");
    let zone = "handler = \"fixture-recorder/run\"\ntimezone = \"Asia/Shanghai\"\n";
    let schedule = |name: &str, when: &str| format!("[schedule.{name}]\n{zone}{when}\n");
    let start = "start = \"2025-01-31 08:30:05\"";
    place.schedules(
        &[
            schedule("daily", "cron = \"5 30 8 * * *\""),
            schedule("weekly", "cron = \"5 30 8 * * WED\""),
            schedule("monthly", "cron = \"5 30 8 L * *\""),
            schedule("half-yearly", &format!("every = \"6 months\"\n{start}")),
            schedule("yearly", &format!("every = \"1 year\"\n{start}")),
        ]
        .concat(),
    );
    let next = |name: &str| {
        let asked = ["next", name, "--offline", "--from", "2025-09-30T12:00:00Z", "-n", "2", "-o", "json"];
        let found = place.noontide(&asked).json();
        [0, 1].map(|index| found[index]["local"].as_str().unwrap_or_default().to_owned())
    };
    let at = |date: &str| format!("{date}T08:30:05+08:00");
    assert_eq!(next("daily"), [at("2025-10-01"), at("2025-10-02")]);
    assert_eq!(next("weekly"), [at("2025-10-01"), at("2025-10-08")]);
    assert_eq!(next("monthly"), [at("2025-10-31"), at("2025-11-30")]);
    assert_eq!(next("half-yearly"), [at("2026-01-31"), at("2026-07-31")]);
    assert_eq!(next("yearly"), [at("2026-01-31"), at("2027-01-31")]);
}

#[tokio::test]
async fn each_level_includes_the_smaller_ones_and_takes_their_place_on_its_day() {
    let place = place(LEVELS);
    let host = place.serve().await;
    let due = |answer: &Value| -> Vec<String> {
        answer["due"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|due| due.as_str().unwrap_or_default()[..10].to_owned())
            .collect()
    };
    // 07:00 in Shanghai is the evening before in UTC: these are 28 September to 9 October without the first and the eighth.
    let daily = backfill(&place, "daily", "2025-09-28", "2025-10-10");
    assert_eq!((due(&daily).len(), &daily["superseded"]), (10, &json!(2)), "{daily}");
    assert!(!due(&daily).iter().any(|date| date == "2025-09-30" || date == "2025-10-07"), "{daily}");
    let weekly = backfill(&place, "weekly", "2025-09-28", "2025-10-10");
    assert_eq!((due(&weekly), &weekly["superseded"]), (vec!["2025-10-08".to_owned()], &json!(1)));
    assert_eq!(due(&backfill(&place, "monthly", "2025-09-28", "2025-10-10")), ["2025-09-30"]);

    let includes: Vec<_> = told(&place, 12).await.into_iter().map(|line| line["includes"].clone()).collect();
    let count = |wanted: Value| includes.iter().filter(|told| **told == wanted).count();
    assert_eq!((count(json!([])), count(json!(["daily"])), count(json!(["weekly", "daily"]))), (10, 1, 1));
    assert_eq!(superseded(&host, "daily").await, ["monthly", "weekly"]);
    assert_eq!(superseded(&host, "weekly").await, ["monthly"]);
    host.stop().await;
}

/// By whom, oldest first.
async fn superseded(host: &Host, schedule: &str) -> Vec<String> {
    let rows = host.api().list(&format!("/runs?schedule={schedule}&state=skipped&limit=1000")).await;
    let by = |row: &Value| row["reason"]["by"].as_str().map(str::to_owned);
    let mut rows: Vec<_> = rows.iter().filter_map(|row| Some((row["due_at"].to_string(), by(row)?))).collect();
    rows.sort();
    rows.into_iter().map(|(_, by)| by).collect()
}

#[tokio::test]
async fn the_smaller_one_is_skipped_with_a_row_that_names_the_larger_and_its_instant() {
    // Two weeks are two Wednesdays; without monthly, so that the day of the month does not matter.
    let levels = LEVELS.split("[schedule.monthly]").next().expect("two levels");
    let place = place(levels);
    place.serve().await.stop().await;
    let two_weeks = "UPDATE schedule SET cursor = cursor - 1209600000, anchor = anchor - 1209600000";
    Ledger::change(&place.path("data/noontide.db"), two_weeks).await;
    let host = place.serve().await;
    let rows = until("both Wednesdays have a row", async || {
        let rows = host.api().list("/runs?schedule=daily&state=skipped").await;
        (rows.len() >= 2).then_some(rows)
    })
    .await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    for row in &rows {
        assert_eq!((&row["reason"]["kind"], &row["reason"]["by"]), (&json!("superseded"), &json!("weekly")));
        let (due, at) =
            (row["due_at"].as_str().expect("an instant"), row["reason"]["at"].as_str().expect("an instant"));
        assert!(due.ends_with("T23:00:00Z") && at.ends_with("T00:00:00Z"), "07:00 and 08:00 in Shanghai: {row}");
    }
    // Fourteen days are fourteen instants; the clock may have passed one more since.
    until("all other days have run", async || {
        (host.api().list("/runs?schedule=daily&state=succeeded").await.len() >= 12).then_some(())
    })
    .await;
    host.stop().await;
}

#[tokio::test]
async fn next_why_and_simulate_know_who_is_superseded() {
    let place = place(LEVELS);
    let simulated = place
        .noontide(&["simulate", "--from", "2025-01-01", "--days", "365", "--tz", "Asia/Shanghai", "-o", "json"])
        .json();
    let fires = |name: &str| {
        let found = simulated["schedules"].as_array().into_iter().flatten().find(|one| one["schedule"] == name);
        found.map(|one| one["fires"].clone()).unwrap_or_default()
    };
    // 2025 has 53 Wednesdays, two of them on the first of a month.
    assert_eq!((fires("daily"), fires("weekly"), fires("monthly")), (json!(302), json!(51), json!(12)), "{simulated}");

    let host = place.serve().await;
    let next = place.noontide(&["next", "daily", "-n", "8", "-o", "json"]).json();
    let next = next.as_array().expect("a list");
    let larger =
        next.iter().find(|item| item["superseded_by"].is_string()).expect("a Wednesday or a first of eight days");
    let at = larger["due_at"].as_str().expect("an instant");
    let why = place.noontide(&["why", "daily", "--at", at, "-o", "json"]).json();
    assert_eq!(why["state"], "superseded", "{why}");
    let drawn = place.noontide(&["next", "daily", "-n", "8"]);
    assert!(drawn.out.contains("superseded by "), "{drawn:?}");
    host.stop().await;
}

#[test]
fn levels_that_cannot_be_are_refused_with_their_place() {
    let place = place("");
    let refused = |extra: &str| {
        place.schedules(&format!("{LEVELS}{extra}"));
        place.noontide(&["check"])
    };
    let yearly = |keys: &str| format!("[schedule.yearly]\nhandler = \"fixture-recorder/run\"\n{keys}\n");
    let cases = [
        ("manual = true\nsupersedes = [\"daily\"]", "`supersedes`: `yearly` has no due instants of its own (`manual`)"),
        ("every = \"1 year\"\nsupersedes = [\"monthlyy\"]", "there is no schedule `monthlyy` — did you mean `monthly`"),
        ("timetable = {}\nincludes = [\"daily\"]", "the work of a timetable (`yearly`) comes with its payloads"),
        ("every = \"1 year\"\nincludes = [\"yearly\"]", "which in the end includes it"),
    ];
    for (keys, words) in cases {
        let said = refused(&yearly(keys));
        assert!(said.code == 3 && said.out.contains(words), "{keys}: {said:?}");
        assert!(said.out.contains("schedules.toml:"), "{said:?}");
    }
    let said = refused(&yearly("cron = \"0 5 * * *\"\nsupersedes = [\"daily\"]"));
    assert!(said.code == 0 && said.err.contains("`daily`: never fires"), "{said:?}");
}
