//! The files that handlers leave behind: whole or not there, listed, exported, and in nobody's way.

use serde_json::{Value, json};

use super::support::{Api, Place, now_ms, until};

fn place() -> Place {
    let place = Place::new();
    place.plugin("artifacts");
    place.schedules("[schedule.report]\nhandler = \"fixture-artifacts/attach\"\nmanual = true\nretry = { attempts = 2, backoff = \"10ms\" }\n");
    place
}

async fn fire(api: &Api, input: Value) -> (String, Value) {
    let answer = api.post("/schedules/report/fire", json!({ "input": input })).await;
    let id = answer["run"].as_str().expect("a run").to_owned();
    let ended = api.ended(&id).await;
    (id, ended)
}

fn files(end: &str) -> Value {
    let html = json!({ "name": "report.html", "media_type": "text/html; charset=utf-8", "text": "<p>well</p>" });
    json!({ "files": [html, { "name": "a.csv", "media_type": "text/csv", "text": "a,b\n", "times": 3 }], "end": end })
}

#[tokio::test]
async fn what_a_handler_attached_is_listed_and_written_out_by_the_command_line() {
    let place = place();
    let host = place.serve().await;
    let (id, ended) = fire(&host.api(), files("well")).await;
    assert_eq!(ended["artifacts"][0]["name"], "a.csv", "{ended}");
    let shown = place.noontide(&["show-run", &id]);
    assert!(shown.out.contains("report.html"), "{shown:?}");
    let listed = place.noontide(&["artifacts", &id, "-o", "json"]).json();
    assert_eq!((&listed[1]["name"], &listed[1]["bytes"]), (&json!("report.html"), &json!(11)), "{listed}");
    let html = place.noontide(&["artifacts", &id, "report.html", "--out", "-"]);
    assert_eq!((html.code, html.out.as_str()), (0, "<p>well</p>"));

    let all = |more: &[&str]| place.noontide(&[&["artifacts", &id, "--all", "export"], more].concat());
    assert_eq!(all(&[]).code, 0);
    let read = |name: &str| std::fs::read_to_string(place.path("export").join(name)).expect("a file");
    assert_eq!((read("report.html").as_str(), read("a.csv").as_str()), ("<p>well</p>", "a,b\na,b\na,b\n"));
    std::fs::write(place.path("export/a.csv"), "mine").expect("written");
    let refused = all(&[]);
    assert!(refused.code == 6 && refused.err.contains("a.csv is there already"), "{refused:?}");
    assert_eq!(read("a.csv"), "mine");
    assert_eq!(all(&["--overwrite"]).code, 0);
    assert_eq!(read("a.csv"), "a,b\na,b\na,b\n");

    let missing = place.noontide(&["artifacts", &id, "other.html"]);
    assert!(missing.code == 4 && missing.err.contains("no artifact `other.html`"), "{missing:?}");
    assert_eq!(place.noontide(&["artifacts", &id, "../x"]).code, 2);
}

#[tokio::test]
async fn a_failure_keeps_its_files_and_what_the_host_breaks_off_leaves_none() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    let (_, failed) = fire(&api, files("fail")).await;
    assert_eq!(failed["state"], "failed");
    assert_eq!(
        (&failed["artifacts"][1]["name"], &failed["artifacts"][1]["attempt"]),
        (&json!("report.html"), &json!(2))
    );
    let (_, trapped) = fire(&api, files("trap")).await;
    assert_eq!((&trapped["outcome"], &trapped["artifacts"]), (&json!("trapped"), &json!([])));
    let mut once = files("fail");
    once["fails"] = json!(1);
    let (_, later) = fire(&api, once).await;
    assert_eq!((&later["state"], &later["artifacts"][0]["attempt"]), (&json!("succeeded"), &json!(2)), "{later}");
}

#[tokio::test]
async fn a_cap_of_the_operator_is_named_and_the_run_goes_on() {
    let place = place();
    place.conf("caps.toml", "[plugin.fixture-artifacts]\nlimits = { artifact-size = \"5B\" }\n");
    let host = place.serve().await;
    let (_, ended) = fire(&host.api(), files("well")).await;
    let refused = ended["result"].as_str().expect("a refusal");
    assert!(refused.contains("`artifact-size`, which allows 5 bytes"), "{refused}");
    assert_eq!(ended["artifacts"], json!([]));
}

#[tokio::test]
async fn five_mebibytes_every_second_keep_no_other_schedule_waiting() {
    let place = Place::alone();
    place.plugin("artifacts");
    place.plugin("noop");
    let large = "input = { files = [{ name = \"a.bin\", text = \"0123456789abcdef\", times = 327680 }] }";
    let second = (0..20).map(|n| format!("[schedule.tick-{n}]\nhandler = \"fixture-noop\"\nevery = \"1s\"\n"));
    place.schedules(&format!(
        "[schedule.large]\nhandler = \"fixture-artifacts/attach\"\nevery = \"1s\"\n{large}\n{}",
        second.collect::<String>()
    ));
    let host = place.serve().await;
    let api = host.api();
    let begin = now_ms();
    until("the large one has run eight times", async || {
        (api.list("/runs?schedule=large&state=succeeded").await.len() >= 8).then_some(())
    })
    .await;
    let millis = |run: &Value, key: &str| {
        let text = run[key].as_str().expect("an instant");
        chrono::DateTime::parse_from_rfc3339(text).expect("an instant").timestamp_millis()
    };
    let mut late: Vec<i64> = api
        .list("/runs?handler=fixture-noop&state=succeeded&limit=1000")
        .await
        .iter()
        .filter(|run| millis(run, "due_at") >= begin)
        .map(|run| millis(run, "started_at") - millis(run, "due_at"))
        .collect();
    late.sort_unstable();
    let of = |part: usize| late[(late.len() - 1) * part / 100];
    println!("{} fires: begin {} ms late in the median, {} at p95, {} at most", late.len(), of(50), of(95), of(100));
    assert!(late.len() > 100 && of(95) < 500 && of(100) < 1_000, "{late:?}");
}
