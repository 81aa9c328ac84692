//! Log files: every line is JSON, tells whose it is, and none is lost when files are rotated.

use serde_json::Value;

use super::support::{Place, until};

/// All lines of the file and of its backups, oldest first; whether there are backups.
fn lines(place: &Place, name: &str) -> (Vec<Value>, bool) {
    let numbered = |number: usize| place.path(&format!("logs/{name}.{number}"));
    let backups = (1..100).take_while(|number| numbered(*number).exists()).count();
    let paths = (1..=backups).rev().map(numbered).chain([place.path(&format!("logs/{name}"))]);
    let text: String = paths.map(|path| std::fs::read_to_string(path).unwrap_or_default()).collect();
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    (text.lines().map(line).collect(), backups > 0)
}

fn place(log: &str) -> Place {
    let place = Place::new();
    place.plugin_as("live-notice", "live-notice.wasm");
    place.conf("log.toml", log);
    place.schedules("[schedule.live]\nhandler = \"live-notice/push\"\nmanual = true\n");
    place
}

/// A notice is a line that the handler says.
fn input(title: &str) -> String {
    serde_json::json!({ "entries": [{ "channel_id": 7, "title": title }] }).to_string()
}

#[tokio::test]
async fn a_line_tells_run_trace_schedule_handler_and_host_and_what_the_handler_said() {
    let place = place(
        "[log]\nlevel = \"info\"\n[[log.file]]\npath = \"../logs/all.jsonl\"\n\
         [[log.file]]\npath = \"../logs/handlers.jsonl\"\nlevel = \"off,handler=info\"\n",
    );
    let host = place.serve().await;
    let text = "Evening talk \u{1b}[31m\n{\"run\":\"forged\"}";
    let fired = place.noontide(&["fire", "live", "--input", &input(text), "--wait", "-o", "json"]).json();
    let run = fired["id"].as_str().expect("a run");
    let trace_id = host.api().get(&format!("/runs/{run}")).await["trace_id"].clone();
    let of_the_run = |name: &str| {
        let (lines, _) = lines(&place, name);
        lines.into_iter().filter(|line| line["run"] == run).collect::<Vec<_>>()
    };
    let all = until("the end is logged", async || {
        let all = of_the_run("all.jsonl");
        all.iter().any(|line| line["message"] == "attempt ended").then_some(all)
    })
    .await;
    for line in &all {
        assert_eq!((&line["trace_id"], &line["schedule"]), (&trace_id, &Value::from("live")), "{line}");
        assert_eq!(line["handler"], "live-notice/push");
        assert!(["time", "level", "host", "attempt"].iter().all(|key| !line[key].is_null()), "{line}");
    }
    let said: Vec<_> = all.iter().filter(|line| line["target"] == "handler").cloned().collect();
    assert!(
        said.len() == 1 && said[0]["message"].as_str().is_some_and(|said| said.contains("Evening talk")),
        "{said:?}"
    );
    assert!(!said[0]["message"].to_string().contains('\u{1b}'), "{said:?}");
    assert_eq!(of_the_run("handlers.jsonl"), said, "a file for handlers alone");
    assert!(lines(&place, "handlers.jsonl").0.iter().all(|line| line["target"] == "handler"));
    assert!(!host.log().contains("attempt ended") && !host.log().contains("Evening talk"), "stderr stays as it was");
    host.stop().await;
}

#[tokio::test]
async fn a_full_file_is_rotated_without_losing_a_line_and_a_hangup_opens_it_again() {
    let place = place("[[log.file]]\npath = \"../logs/n.jsonl\"\nmax-size = \"64KiB\"\nkeep = 50\n");
    let host = place.serve().await;
    let api = host.api();
    let mut runs = Vec::new();
    for _ in 0..3 {
        let call = |number: usize| {
            let input: Value = serde_json::from_str(&input(&format!("Talk {number}"))).expect("JSON");
            serde_json::json!({ "handler": "live-notice/push", "input": input })
        };
        let answer = api.post("/runs", (0..100).map(call).collect()).await;
        runs.extend(answer["runs"].as_array().expect("runs").iter().cloned());
    }
    until("every run has its two lines", async || {
        let (lines, rotated) = lines(&place, "n.jsonl");
        let count = |run: &Value| lines.iter().filter(|line| line["run"] == *run).count();
        (rotated && runs.iter().all(|run| count(run) == 2)).then_some(())
    })
    .await;
    std::fs::rename(place.path("logs/n.jsonl"), place.path("logs/away")).expect("moves");
    host.signal("HUP");
    until("it is opened again", async || place.path("logs/n.jsonl").exists().then_some(())).await;
    host.stop().await;
    assert!(lines(&place, "n.jsonl").0.iter().any(|line| line["message"] == "ended"), "and written to");
}

#[test]
fn a_file_that_cannot_be_written_ends_the_start_and_is_named() {
    let place = place("[log]\nfile = \"/dev/null/n.jsonl\"\n");
    let said = place.refused();
    assert!(
        said.code == 1 && said.err.contains("log file /dev/null/n.jsonl: ") && said.err.contains("[[log.file]]"),
        "{said:?}"
    );
}
