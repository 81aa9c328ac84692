//! Calls without a schedule: the commands of docs/calls.md, what travels with a call, and who goes first.

use serde_json::json;

use super::support::fixtures::repository;
use super::support::{Place, until};

/// A command line of the page, and the exit code that it promises.
fn commands(page: &str) -> Vec<(Vec<String>, i32)> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("$ noontide "));
    let read = |line: &str| {
        let (command, remark) = line.split_once('#').unwrap_or((line, ""));
        let code = remark.trim().strip_prefix("exits with ").and_then(|code| code.split(':').next()?.parse().ok());
        (words(command), code.unwrap_or(0))
    };
    lines.map(read).collect()
}

/// As a shell would: what stands between single quotes is one word.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('\'').enumerate();
    let split = |(i, part): (usize, &str)| match i % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    };
    parts.flat_map(split).collect()
}

#[tokio::test]
async fn the_page_about_calls_does_what_it_says() {
    let place = Place::new();
    place.plugin("hello");
    let good = r#"{"handler": "hello/greet", "input": {"name": "Ada"}}"#;
    std::fs::write(place.path("calls.jsonl"), format!("{good}\n{good}\n")).expect("a file");
    std::fs::write(place.path("wrong.jsonl"), format!("{good}\n{{\"handler\": \"hello/greet\", \"priority\": 256}}\n"))
        .expect("a file");
    let host = place.serve().await;
    let page = std::fs::read_to_string(repository().join("docs/calls.md")).expect("the page");
    let commands = commands(&page);
    assert!(commands.len() >= 12, "{commands:?}");
    for (words, code) in &commands {
        let said = place.noontide(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(said.code, *code, "{words:?}: {said:?}");
        if words.contains(&"wrong.jsonl".to_owned()) {
            assert!(said.err.contains("call 1: `priority`: 256 is no priority"), "{said:?}");
        }
        if words.contains(&"defualt".to_owned()) {
            assert!(said.err.contains("did you mean `default`?"), "{said:?}");
        }
    }
    // Three of one each, one under its key, two from the file; one of them waits for 2099.
    until("all that is due has run", async || {
        let runs = host.api().list("/runs?limit=1000").await;
        (runs.len() == 7 && runs.iter().filter(|run| run["state"] == "ready").count() <= 2).then_some(())
    })
    .await;
    host.stop().await;
}

#[tokio::test]
async fn a_call_is_on_record_with_all_that_was_said_of_it_and_who_carried_it_out() {
    let place = Place::new();
    place.plugin("hello");
    place.conf("queues.toml", "[queue.mail]\nconcurrency = 1\n");
    let host = place.serve().await;
    let flags = [
        "enqueue",
        "hello/greet",
        "--kwarg",
        "name=Ada",
        "--arg",
        "2",
        "--priority",
        "200",
        "--queue",
        "mail",
        "--header",
        "tenant=acme",
        "--wait",
        "-o",
        "json",
    ];
    let run = place.noontide(&flags).json();
    assert_eq!(
        (&run["priority"], &run["queue"], &run["headers"]),
        (&json!(200), &json!("mail"), &json!({"tenant": "acme"}))
    );
    assert_eq!(run["input"], json!({ "args": [2], "kwargs": { "name": "Ada" } }));
    let status = place.noontide(&["status", "-o", "json"]).json();
    assert_eq!(run["host"], status["host"]);
    let mail = status["queues"].as_array().expect("queues").iter().find(|queue| queue["queue"] == "mail").cloned();
    assert_eq!(mail.expect("the queue is shown")["concurrency"], 1);
    for time in ["created_at", "started_at", "finished_at"] {
        assert!(run[time].is_string(), "{time}: {run}");
    }
    host.stop().await;
}

#[tokio::test]
async fn a_rush_of_calls_does_not_delay_what_comes_due() {
    let place = Place::alone();
    place.plugin("recorder");
    place.plugin("hello");
    place.conf("queues.toml", "[engine]\nconcurrency = 4\n");
    let beat = "[schedule.beat]\nhandler = \"hello/greet\"\nevery = \"500ms\"\n";
    place.schedules(&format!("{}{beat}", place.recorder_grant()));
    let host = place.serve().await;
    let call = json!({ "handler": "fixture-recorder/run", "input": { "hold_ms": 200 } });
    let rush = serde_json::Value::Array(vec![call; 200]).to_string();
    std::fs::write(place.path("rush.json"), rush).expect("a file");
    assert_eq!(place.noontide(&["enqueue", "--file", "rush.json"]).code, 0);
    let mut ledger = place.ledger().await;
    until("the beat goes on", async || {
        let rows = ledger.rows().await;
        (rows.iter().filter(|row| row.schedule.as_deref() == Some("beat") && row.succeeded()).count() >= 8)
            .then_some(())
    })
    .await;
    let waiting = host.api().list("/runs?state=ready&handler=fixture-recorder/run&limit=1000").await.len();
    assert!(waiting > 0, "the rush was over before: nothing was shown");
    host.stop().await;
    let rows = ledger.rows().await;
    let beats = rows.iter().filter(|row| row.schedule.as_deref() == Some("beat"));
    let worst = beats.filter_map(|row| row.delay_ms()).max().expect("it beat");
    assert!(worst < 1_500, "a fire began {worst} ms late while 200 calls waited");
}

#[tokio::test]
async fn ten_thousand_calls_in_one_request_are_all_there() {
    let place = Place::new();
    place.plugin("noop");
    let host = place.serve().await;
    let line = json!({ "handler": "fixture-noop/run", "delay": "1h" }).to_string();
    let calls: Vec<_> = (0..10_000).map(|_| line.as_str()).collect();
    let answer = place.noontide_reading(&["enqueue", "--file", "-", "-o", "json"], &calls.join("\n")).json();
    assert_eq!((answer["runs"].as_array().map(Vec::len), &answer["duplicate"]), (Some(10_000), &json!(0)));
    let status = place.noontide(&["status", "-o", "json"]).json();
    assert_eq!(status["ledger"]["ready"], 10_000);
    host.stop().await;
}
