//! The bounds of docs/security.md that only a whole host can show: its memory, its log, its other schedules.

use serde_json::{Value, json};

use super::support::{Host, Place, Row, number, within};

const MIB: u64 = 1 << 20;

/// So much memory a flood may cost the host, however long it is.
const FLOOD_COSTS: u64 = 16 * MIB;

/// What 99 of 100 fires may be late while eight guests compute, on a machine that has nothing else to do.
const LATE_MS: i64 = 250;

#[tokio::test]
async fn a_gigabyte_on_stdout_costs_the_host_next_to_no_memory() {
    let place = Place::alone();
    place.plugin("greedy");
    place.conf("grant.toml", "[plugin.fixture-greedy]\nlimits = { timeout = \"20m\" }\n");
    let host = place.serve().await;
    // `NOONTIDE_FLOOD_MIB=1024` for all of it: in a build for tests that takes minutes on a busy machine.
    let flood = number("NOONTIDE_FLOOD_MIB", 128) * MIB;
    print(&host, 8 * MIB).await;
    let before = host.peak_memory();
    let (ended, begun) = (print(&host, flood).await, std::time::Instant::now());
    let cost = host.peak_memory().saturating_sub(before);
    println!("{} MiB printed cost {} KiB ({:?}): {}", flood / MIB, cost / 1024, begun.elapsed(), ended["usage"]);
    assert!(cost < FLOOD_COSTS, "{} KiB", cost / 1024);
    host.stop().await;
}

async fn print(host: &Host, bytes: u64) -> Value {
    let api = host.api();
    let run = api.call("fixture-greedy/print", json!({ "count": bytes, "bytes": 65_536 })).await;
    let ended = within(std::time::Duration::from_secs(1_200), "it has printed", async || {
        let run = api.get(&format!("/runs/{run}")).await;
        (run["state"] == "succeeded" || run["state"] == "failed").then_some(run)
    })
    .await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert!(ended["result"].as_u64() >= Some(bytes), "{ended}");
    ended
}

#[tokio::test]
async fn nothing_that_a_handler_says_looks_like_a_line_of_the_host() {
    let place = Place::new();
    place.plugin("greedy");
    place.conf("log.toml", "[log]\nlevel = \"debug\"\n[[log.file]]\npath = \"../logs/all.jsonl\"\nlevel = \"trace\"\n");
    place.schedules("[schedule.forge]\nhandler = \"fixture-greedy/forge\"\nmanual = true\n");
    let host = place.serve().await;
    let fired = place.noontide(&["fire", "forge", "--wait"]);
    let run = host.api().list("/runs").await[0]["id"].as_str().expect("a run").to_owned();
    let shown = ["logs", "show-run"].map(|verb| place.noontide(&[verb, &run]));
    host.stop().await;
    let log = std::fs::read_to_string(place.path("host.log")).expect("a log");
    assert!(log.contains("forged"), "the failure stands in it: {log}");
    for text in shown.iter().chain([&fired]).flat_map(|said| [&said.out, &said.err]).chain([&log]) {
        let wild = |c: char| c != '\n' && c != '\t' && c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c);
        assert!(!text.contains(wild), "{text:?}");
        let forged = |line: &&str| line.starts_with("2026-01-01T00:00:00") || line.starts_with("{\"time\"");
        assert_eq!(text.lines().find(forged), None, "{text}");
    }
    let lines = std::fs::read_to_string(place.path("logs/all.jsonl")).expect("a log file");
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["message"] != "forged" && line["time"] != "2026-01-01T00:00:00Z", "{line}");
    }
}

#[tokio::test]
async fn eight_guests_that_compute_without_end_keep_no_other_schedule_from_starting() {
    let beats = number("NOONTIDE_BEATS", 60) as usize;
    let alone = p99(&delays(0, beats).await);
    let beside = delays(8, beats).await;
    let (late, worst) = (p99(&beside), beside[beside.len() - 1]);
    println!("p99 of delay: {alone} ms alone, {late} ms beside eight loops (worst {worst} ms), {} beats", beside.len());
    // What the machine itself is late by counts for both.
    assert!(late < LATE_MS + 2 * alone, "p99 is {late} ms beside eight loops, {alone} ms alone");
}

/// How late a schedule begins beside so many others whose handlers never return, ascending.
async fn delays(loops: usize, beats: usize) -> Vec<i64> {
    let place = Place::alone();
    ["noop", "endless-loop"].iter().for_each(|plugin| place.plugin(plugin));
    let mut schedules = "[schedule.beat]\nhandler = \"fixture-noop/run\"\nevery = \"250ms\"\n".to_owned();
    for number in 0..loops {
        schedules.push_str(&format!(
            "[schedule.loop-{number}]\nhandler = \"fixture-endless-loop/run\"\nevery = \"1s\"\ntimeout = \"950ms\"\n"
        ));
    }
    place.schedules(&schedules);
    let host = place.serve().await;
    let mut ledger = place.ledger().await;
    let rows = within(std::time::Duration::from_secs(300), "enough beats", async || {
        let rows: Vec<Row> = ledger.rows_of("beat").await.into_iter().filter(Row::succeeded).collect();
        (rows.len() >= beats).then_some(rows)
    })
    .await;
    host.stop().await;
    let mut delays: Vec<_> = rows.iter().filter_map(Row::delay_ms).collect();
    delays.sort_unstable();
    delays
}

fn p99(delays: &[i64]) -> i64 {
    delays[(delays.len() - 1) * 99 / 100]
}
