//! What Prometheus is told, and that whatever is built on it names what there is.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use noontide_domain::tally::PerSchedule;

use super::*;
use crate::metrics;

/// A metric's name, its kind and what it means.
type Told = (String, String, String);

fn told(text: &str) -> Vec<Told> {
    let lines: Vec<_> = text.lines().collect();
    let helps = lines.iter().zip(lines.iter().skip(1)).filter_map(|(help, kind)| {
        let (name, meaning) = help.strip_prefix("# HELP ")?.split_once(' ')?;
        let kind = kind.strip_prefix("# TYPE ")?.strip_prefix(name)?.trim();
        Some((name.to_owned(), kind.to_owned(), meaning.to_owned()))
    });
    helps.collect()
}

fn samples(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

async fn metrics_of(world: &World) -> String {
    let answer = reqwest::get(format!("{}/metrics", world.url)).await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.expect("text")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).expect(file)
}

/// Runs `promtool`; `None` where it is not installed.
fn promtool(args: &[&str], stdin: &str) -> Option<(bool, String)> {
    let mut command = Command::new("promtool");
    command.args(args).current_dir(root().join("deploy/prometheus"));
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().ok()?;
    child.stdin.take().expect("a pipe").write_all(stdin.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[tokio::test]
async fn a_run_is_counted_with_its_schedule_its_handler_and_its_result() {
    let world = world(Access::Loopback).await;
    world.fire().await;
    world.all_over().await;
    while world.parts.engine.status().held > 0 {
        tokio::task::yield_now().await;
    }
    let text = metrics_of(&world).await;
    for line in [
        "noontide_runs_total{schedule=\"nightly\",handler=\"mail/send\",result=\"succeeded\"} 1",
        "noontide_attempts_total{handler=\"mail/send\",outcome=\"succeeded\"} 1",
        "noontide_run_duration_seconds_count{handler=\"mail/send\"} 1",
        "noontide_start_delay_seconds_count{queue=\"default\"} 1",
        "noontide_schedule_next_run_timestamp_seconds{schedule=\"nightly\"} 1782957600",
        "noontide_schedule_last_success_timestamp_seconds{schedule=\"nightly\"} 1782892800",
        "noontide_schedule_last_result{schedule=\"nightly\",result=\"succeeded\"} 1",
        "noontide_schedule_consecutive_failures{schedule=\"nightly\"} 0",
        "noontide_schedules{state=\"active\"} 1",
        "noontide_running 0",
        "noontide_ledger_up 1",
        "noontide_outbox_messages{state=\"dead\"} 0",
        "noontide_config_problems 1",
        "noontide_http_requests_total{route=\"/api/v1/schedules/{name}/fire\",method=\"POST\",status=\"202\"} 1",
    ] {
        assert!(samples(&text).any(|sample| sample == line), "{line} is not in:\n{text}");
    }
}

#[tokio::test]
async fn what_is_told_can_be_read_and_is_said_once() {
    let world = world(Access::Loopback).await;
    world.fire().await;
    world.all_over().await;
    let text = metrics_of(&world).await;
    let names: Vec<_> = told(&text).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "a metric is told twice");
    let mut series = BTreeSet::new();
    for sample in samples(&text) {
        let (key, value) = sample.rsplit_once(' ').expect("a value");
        assert!(value.parse::<f64>().is_ok(), "{sample}");
        assert!(series.insert(key.to_owned()), "{key} is there twice");
        let name = key.split('{').next().expect("a name");
        let bare = ["_bucket", "_sum", "_count"].into_iter().filter_map(|suffix| name.strip_suffix(suffix));
        assert!([name].into_iter().chain(bare).any(|name| names.iter().any(|known| known == name)), "{name}");
    }
    if let Some((is_well, said)) = promtool(&["check", "metrics"], &text) {
        assert!(is_well, "{said}");
    }
}

#[tokio::test]
async fn of_too_many_schedules_none_is_told_of_by_itself() {
    let world = world(Access::Loopback).await;
    world.fire().await;
    world.all_over().await;
    let told_by = |per_schedule| {
        let mut parts = world.parts.clone();
        parts.host = Arc::new(Configured(per_schedule));
        async move { metrics::text(&parts).await }
    };
    assert!(told_by(PerSchedule::Always).await.contains("schedule=\"nightly\""));
    let text = told_by(PerSchedule::Never).await;
    assert!(!text.contains("schedule=\"nightly\""), "{text}");
    assert!(text.contains("\nnoontide_runs_total{handler=\"mail/send\",result=\"succeeded\"} 1\n"), "{text}");
    assert!(text.contains("\nnoontide_schedules{state=\"active\"} 1\n"), "{text}");
    assert_eq!([2_000, 2_001].map(|count| PerSchedule::Auto.covers(count)), [true, false]);
}

/// As [`Nobody`], with a word on schedules.
struct Configured(PerSchedule);

#[async_trait]
impl HostControl for Configured {
    async fn reload(&self) -> ReloadReport {
        ReloadReport::default()
    }
    async fn read_schedule(&self, _: &str, _: &Value, _: Option<&Value>) -> Result<Schedule, Vec<String>> {
        Err(Vec::new())
    }
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }
    fn facts(&self) -> Value {
        json!({})
    }
    fn figures(&self) -> Figures {
        Figures { per_schedule: self.0, ..Figures::default() }
    }
}

/// The words of `text` that begin as our metrics do.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.filter(|word| word.starts_with("noontide_") || word.starts_with("process_")).collect()
}

#[tokio::test]
async fn the_page_the_alerts_and_the_dashboard_name_what_there_is() {
    let world = world(Access::Loopback).await;
    let told = told(&metrics_of(&world).await);
    let page = read("docs/metrics.md");
    let rows = page.lines().map(|line| line.split(" | ").collect::<Vec<_>>());
    let rows: Vec<_> = rows.filter(|row| row.len() == 4).collect();
    let in_page: BTreeSet<_> = rows.iter().filter_map(|row| row[0].strip_prefix("| `")?.strip_suffix('`')).collect();
    let all: BTreeSet<_> = told.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(in_page, all, "docs/metrics.md and /metrics");
    for (name, kind, meaning) in &told {
        let row = rows.iter().find(|row| row[0] == format!("| `{name}`")).expect(name);
        assert_eq!(
            (row[1], row[3].trim_end_matches(" |")),
            (kind.as_str(), meaning.as_str()),
            "{name} in docs/metrics.md"
        );
    }
    for file in ["deploy/prometheus/alerts.yml", "deploy/prometheus/alerts.test.yml", "deploy/grafana/noontide.json"] {
        let text = read(file);
        assert!(named(&text).len() > 5, "{file} names nothing");
        for name in named(&text) {
            let parts = ["_bucket", "_sum", "_count"].into_iter().filter_map(|suffix| name.strip_suffix(suffix));
            let of_histogram = |bare: &str| told.iter().any(|(name, kind, _)| name == bare && kind == "histogram");
            assert!(all.contains(name) || parts.into_iter().any(of_histogram), "{file} names {name}");
        }
    }
}

#[test]
fn the_alerts_are_rules_and_ring_when_they_should() {
    for args in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]] {
        if let Some((is_well, said)) = promtool(&args, "") {
            assert!(is_well, "promtool {}: {said}", args.join(" "));
        }
    }
}
