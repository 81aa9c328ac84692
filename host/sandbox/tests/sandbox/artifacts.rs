//! What a guest attaches is kept if it comes to its end.

use std::time::Duration;

use noontide_domain::ports::PluginHost;
use noontide_domain::{Grant, Limits, Outcome, Report};
use serde_json::{Value, json};

use crate::stage::{Stage, call};

const PLUGIN: &str = "fixture-artifacts";

fn files(report: &Report) -> Vec<(&str, usize)> {
    report.artifacts.iter().map(|file| (file.name.as_str(), file.content.len())).collect()
}

fn refusal(report: &Report) -> &str {
    match &report.outcome {
        Outcome::Succeeded { result: Some(Value::String(refused)) } => refused,
        other => panic!("{other:?}"),
    }
}

fn two(end: &str) -> Value {
    json!({ "files": [{ "name": "b.html", "media_type": "text/html", "text": "<p>" }, { "name": "a", "text": "x" }], "end": end })
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_with_the_report_of_a_handler_that_ends_well_or_fails() {
    let stage = Stage::of(&["artifacts"]).await;
    for end in ["well", "fail"] {
        let report = stage.call(PLUGIN, two(end)).await;
        assert_eq!(files(&report), [("a", 1), ("b.html", 3)], "{end}");
        assert_eq!(report.artifacts[1].media_type.as_str(), "text/html");
        assert_eq!(&*report.artifacts[1].content, b"<p>");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_breaks_off_leaves_no_files() {
    let stage = Stage::of(&["artifacts"]).await;
    let trapped = stage.call(PLUGIN, two("trap")).await;
    assert!(matches!(trapped.outcome, Outcome::Trapped { .. }) && files(&trapped).is_empty(), "{trapped:?}");
    let mut hang = call(PLUGIN, two("hang"));
    hang.leased.order.timeout = Some(Duration::from_millis(300));
    let hung = stage.sandbox.invoke(hang).await;
    assert!(matches!(hung.outcome, Outcome::TimedOut { .. }) && files(&hung).is_empty(), "{hung:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cap_is_the_operators_and_named_to_the_handler() {
    let stage = Stage::of(&["artifacts"]).await;
    let limits = Limits { artifact_size: 100, artifact_total: 150, artifact_count: 2, ..Limits::default() };
    stage.grant(PLUGIN, Grant { limits, ..Grant::default() });
    let file = |name: &str, times: usize| json!({ "name": name, "text": "x", "times": times });
    let cases = [
        (vec![file("a", 101)], "`artifact-size`, which allows 100 bytes", vec![]),
        (vec![file("a", 100), file("b", 51)], "`artifact-total`, which allows 150 bytes", vec![("a", 100)]),
        (
            vec![file("a", 1), file("b", 1), file("c", 1)],
            "`artifact-count`, which allows 2 files",
            vec![("a", 1), ("b", 1)],
        ),
        (vec![file("../a", 1)], "`../a` holds `/`", vec![]),
    ];
    for (wanted, words, kept) in cases {
        let report = stage.call(PLUGIN, json!({ "files": wanted })).await;
        assert!(refusal(&report).contains(words), "{}", refusal(&report));
        assert_eq!(files(&report), kept);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_a_little_over_the_usual_cap_is_refused_and_one_of_its_size_is_taken() {
    let stage = Stage::of(&["artifacts"]).await;
    let eight = |more: usize| json!({ "files": [{ "name": "a", "text": "x", "times": (8 << 20) + more }] });
    assert_eq!(files(&stage.call(PLUGIN, eight(0)).await), [("a", 8 << 20)]);
    assert!(refusal(&stage.call(PLUGIN, eight(1)).await).contains("`artifact-size`"));
}
