//! Calls that follow one another, on the real binary: told, shown, taken back, and killed half way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::moment::Dice;
use super::support::{Api, Host, Place, number, oracle, until};

fn place() -> Place {
    let place = Place::new();
    place.plugin("chain");
    place
}

fn tell(name: &str) -> Value {
    json!({ "handler": "fixture-chain/tell", "input": { "name": name } })
}

fn then(mut chain: Value, next: Value) -> Value {
    chain["then"] = next;
    chain
}

/// The runs of a chain by the names in their inputs, once all are over.
async fn ended(api: &Api, chain: &str, count: usize) -> BTreeMap<String, Value> {
    let runs = until("the chain ends", async || {
        let runs = api.list(&format!("/runs?chain={chain}")).await;
        let is_over = |run: &Value| !matches!(run["state"].as_str(), Some("ready" | "running"));
        (runs.len() == count && runs.iter().all(is_over)).then_some(runs)
    });
    let name = |run: &Value| run["input"]["name"].as_str().unwrap_or_default().to_owned();
    runs.await.into_iter().map(|run| (name(&run), run)).collect()
}

#[tokio::test]
async fn each_call_is_told_what_came_of_those_before_it_and_all_share_a_trace() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    let group = json!({ "group": [tell("b"), tell("c")], "then": tell("d") });
    let fail = json!({ "handler": "fixture-chain/fail", "on-failure": tell("f") });
    let answer = api.post("/runs", then(tell("a"), json!([group, fail]))).await;
    let chain = answer["chains"][0].as_str().expect("a chain").to_owned();
    let runs = ended(&api, &chain, 6).await;
    let told = |name: &str| &runs[name]["result"]["told"];
    let id = |name: &str| &runs[name]["id"];
    assert_eq!((told("b")["previous-run"].clone(), &told("b")["chain"]), (id("a").clone(), &json!(chain)));
    assert_eq!(told("b")["previous-result"], runs["a"]["result"]);
    let results = json!([
        { "run": id("b"), "result": runs["b"]["result"] },
        { "run": id("c"), "result": runs["c"]["result"] },
    ]);
    assert_eq!(told("d")["results"], results);
    assert_eq!(told("f")["previous-error"], "failed: it cannot be done");
    let part = |name: &str, i: usize| {
        told(name)["trace"].as_str().and_then(|trace| trace.split('-').nth(i)).map(str::to_owned)
    };
    let names = ["a", "b", "c", "d", "f"];
    let [traces, spans] = [1, 2].map(|i| names.iter().filter_map(|name| part(name, i)).collect::<BTreeSet<_>>());
    assert_eq!((traces.len(), spans.len()), (1, 5), "one trace, a span each");
    let shown = place.noontide(&["show-run", id("d").as_str().expect("an id")]);
    let tree = [
        "chain  fixture-chain/tell  succeeded",
        "  then[0]  group, 0 to go  succeeded",
        "    group[1]  fixture-chain/tell  succeeded",
        "    then[0]  fixture-chain/tell  succeeded",
        "    on-failure[0]  fixture-chain/tell  succeeded",
    ];
    assert!(tree.iter().all(|line| shown.out.contains(line)), "{}", shown.out);
    let listed = place.noontide(&["runs", "--chain", &chain, "-o", "json"]).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(6));
    host.stop().await;
}

#[tokio::test]
async fn a_chain_is_written_on_the_command_line_or_in_a_file_and_taken_back_by_its_id() {
    let place = place();
    let host = place.serve().await;
    let file = place.path("chain.json");
    let chain = json!({ "group": [{ "handler": "fixture-chain/fail", "delay": "1h" }, tell("a")], "then": tell("b") });
    std::fs::write(&file, serde_json::to_string_pretty(&chain).expect("JSON")).expect("a file");
    let answer = place.noontide(&["enqueue", "--file", file.to_str().expect("a path"), "-o", "json"]).json();
    let id = answer["chains"][0].as_str().expect("a chain").to_owned();
    host.api().ended(answer["runs"][1].as_str().expect("an id")).await;
    let taken = place.noontide(&["cancel", &id, "--chain", "-o", "json"]).json();
    assert_eq!((&taken["cancelled"], &taken["unreached"]), (&json!(1), &json!(2)), "{taken}");
    let nothing = place.noontide(&["cancel", "0197a000-0000-7000-8000-000000000000", "--chain"]);
    assert_eq!(nothing.code, 4, "{}", nothing.err);

    let flags = ["enqueue", "fixture-chain/tell", "--input", r#"{"name":"x"}"#, "--on-failure", "fixture-chain/tell"];
    let flagged = place.noontide(&[&flags[..], &["--then", "fixture-chain/fail", "-o", "json"]].concat());
    assert_eq!(flagged.code, 2, "`tell` needs a name, and the place is named: {}", flagged.err);
    assert!(flagged.err.contains("`then[0].on-failure[0].input`"), "{}", flagged.err);
    let flags = ["enqueue", "fixture-chain/tell", "--input", r#"{"name":"x"}"#, "--then", "fixture-chain/fail"];
    let answer = place.noontide(&[&flags[..], &["-o", "json"]].concat()).json();
    let runs = ended(&host.api(), answer["chains"][0].as_str().expect("a chain"), 2).await;
    assert_eq!(runs[""]["state"], "failed");
    host.stop().await;
}

/// Chains for each round, and in each two groups with a final step and one call after that.
const CHAINS: u64 = 12;

/// Calls of one chain: the first, three members one of which leads on, the final step, and the one after it; a fourth
/// member's `on-failure` is never reached.
const CALLS: usize = 8;

fn chain(number: u64) -> Value {
    let call = |name: &str| {
        json!({ "handler": "fixture-recorder/run", "input": { "hold_ms": 5 }, "headers": { "name": format!("{number}/{name}") },
                "retry": { "attempts": 50, "backoff": "0s" } })
    };
    let mut quiet = call("d");
    quiet["on-failure"] = call("never");
    let members = json!([call("b"), then(call("c"), call("e")), quiet, call("f")]);
    then(call("a"), json!({ "group": members, "then": then(call("last"), call("after")), "on-failure": call("never") }))
}

#[tokio::test]
async fn killed_at_random_moments_every_chain_comes_to_its_end_and_no_step_is_lost_or_done_again() {
    let place = Place::alone();
    place.plugin("recorder");
    place.conf("grants.toml", &place.recorder_grant());
    let mut dice = Dice::thrown();
    let kills = number("NOONTIDE_KILLS", 5);
    let mut chains = Vec::new();
    for round in 0..kills {
        let host = place.serve().await;
        let calls: Vec<_> = (0..CHAINS).map(|i| chain(round * CHAINS + i)).collect();
        let answer = host.api().post("/runs", json!(calls)).await;
        chains.extend(answer["chains"].as_array().expect("a list").iter().filter_map(Value::as_str).map(str::to_owned));
        tokio::time::sleep(Duration::from_millis(dice.within(20..600))).await;
        host.kill();
        assert_eq!(place.ledger().await.integrity().await, "ok", "after kill {round}");
    }
    assert_eq!(chains.len() as u64, kills * CHAINS);
    let host = place.serve().await;
    let mut ledger = place.ledger().await;
    until("everything has settled", async || {
        (ledger.open_runs().await == 0 && ledger.rows().await.len() == chains.len() * CALLS).then_some(())
    })
    .await;
    let (rows, marks) = (ledger.rows().await, place.marks());
    assert!(rows.iter().all(super::support::Row::succeeded), "all of them, and no `never`");
    assert_eq!(oracle::done_once(&rows, &marks), Ok(()));
    for chain in &chains {
        check_chain(&host, chain).await;
    }
    let again = rows.iter().filter(|row| row.attempt > 1).count();
    println!(
        "{kills} kills: {} chains, {} calls, {again} taken up again; 0 lost, 0 done again",
        chains.len(),
        rows.len()
    );
    host.stop().await;
}

/// Each step once and in its order, and nothing waits any more.
async fn check_chain(host: &Host, chain: &str) {
    let links = host.api().list(&format!("/chains/{chain}")).await;
    let by_state = |state: &str| links.iter().filter(|link| link["state"] == state).count();
    assert_eq!((by_state("succeeded"), by_state("unreached"), links.len()), (CALLS + 1, 2, CALLS + 3), "{links:?}");
    let runs = host.api().list(&format!("/runs?chain={chain}")).await;
    let name = |run: &Value| run["headers"]["name"].as_str().and_then(|name| name.split('/').nth(1)).map(str::to_owned);
    let runs: BTreeMap<_, _> = runs.iter().filter_map(|run| Some((name(run)?, run))).collect();
    assert_eq!(runs.keys().collect::<Vec<_>>(), ["a", "after", "b", "c", "d", "e", "f", "last"]);
    let time = |name: &str, which: &str| runs[name][which].as_str().expect("a time").to_owned();
    for (first, next) in [("a", "b"), ("c", "e"), ("e", "last"), ("f", "last"), ("b", "last"), ("last", "after")] {
        assert!(moment(&time(first, "finished_at")) <= moment(&time(next, "created_at")), "{first} before {next}");
    }
}

fn moment(text: &str) -> chrono::DateTime<chrono::Utc> {
    text.parse().expect("an instant")
}
