//! What a handler remembers and what it sends hold together with its success: whenever the host is killed, and however a run
//! ends.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::receiver::{Answer, Arrival, Receiver};
use super::support::{Api, Host, Place, Row, killed_at_random_moments, until, within};

/// How each schedule ends, and how many of them.
const ENDS: [(&str, usize); 6] = [("ok", 4), ("flaky", 2), ("fail", 1), ("trap", 1), ("loop", 1), ("run-again", 1)];

/// Messages of one run.
const MESSAGES: usize = 2;

fn grant(receiver: &Receiver) -> String {
    format!(
        "[plugin.fixture-outbox]\nhttp = [\"{}\"]\nlimits = {{ state-keys = 1000000, state-size = \"256MiB\" }}\n",
        receiver.origin()
    )
}

fn names(end: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |index| format!("{end}-{index}"))
}

/// A stream of runs: each schedule comes due five times a second.
fn schedules(receiver: &Receiver) -> String {
    let schedule = |end: &str, name: String| {
        let retry =
            if matches!(end, "fail" | "trap" | "loop") { "" } else { "retry = { attempts = 50, backoff = \"0s\" }\n" };
        format!(
            "[schedule.{name}]\nhandler = \"fixture-outbox/send\"\nevery = \"200ms\"\ntimeout = \"{}\"\n{retry}\
             input = {{ url = \"{}/hook\", messages = {MESSAGES}, hold_ms = 20, end = \"{end}\" }}\n",
            if end == "loop" { "300ms" } else { "20s" },
            receiver.origin()
        )
    };
    ENDS.iter().flat_map(|(end, count)| names(end, *count).map(|name| schedule(end, name))).collect()
}

#[tokio::test]
async fn killed_at_random_moments_every_success_is_sent_under_its_key_and_nothing_else_is() {
    let receiver = Receiver::start().await;
    let place = Place::alone();
    place.plugin("outbox");
    place.conf("grants.toml", &grant(&receiver));
    place.schedules(&schedules(&receiver));
    let kills = killed_at_random_moments(&place).await;
    let host = place.serve().await;
    let rows = settled(&place, &host.api()).await;
    let arrivals = receiver.arrivals();
    judge(&rows, &arrivals);
    judge_state(&place, &rows).await;
    host.stop().await;
    let succeeded = rows.iter().filter(|row| row.succeeded()).count();
    println!(
        "{kills} kills: {} runs, {succeeded} succeeded, {} messages arrived {} times; 0 lost, 0 of other runs",
        rows.len(),
        succeeded * MESSAGES,
        arrivals.len()
    );
}

/// Lets a second of runs pass and then all come to its end: runs and messages.
async fn settled(place: &Place, api: &Api) -> Vec<Row> {
    let mut ledger = place.ledger().await;
    let begun = ledger.rows().await.len();
    until("a second of runs", async || (ledger.rows().await.len() > begun + 30).then_some(())).await;
    place.schedules("");
    within(Duration::from_secs(60), "everything has settled", async || {
        let gone = api.list("/schedules").await.is_empty();
        let before = ledger.rows().await.len();
        let open = ledger.open_runs().await + ledger.count("SELECT count(*) FROM message WHERE state < 2").await;
        (gone && open == 0 && ledger.rows().await.len() == before).then_some(())
    })
    .await;
    ledger.rows().await
}

fn judge(rows: &[Row], arrivals: &[Arrival]) {
    let succeeded = rows.iter().filter(|row| row.succeeded());
    // What asks to be called again hands over with each call, and counts to three.
    let messages = |row: &Row| if of_run_again(row) { 3 * MESSAGES } else { MESSAGES };
    let mut by_key: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for arrival in arrivals {
        by_key.entry(arrival.key()).or_default().insert((&arrival.body, &arrival.headers["traceparent"]));
        assert_eq!(arrival.line, "POST /hook");
        assert!(arrival.headers["user-agent"].starts_with("noontide/"), "{arrival:?}");
    }
    for (key, said) in &by_key {
        assert_eq!(said.len(), 1, "{key} is one message however often it came");
    }
    let mut expected = BTreeSet::new();
    for row in succeeded {
        let own = by_key.keys().filter(|key| key.starts_with(&row.key)).count();
        assert_eq!(own, messages(row), "messages of {row:?}");
        expected.extend((0..own).map(|number| format!("{}-{number}", row.key)));
    }
    let arrived: BTreeSet<_> = by_key.keys().map(|key| (*key).to_owned()).collect();
    assert_eq!(arrived, expected, "every success, and nothing else");
}

async fn judge_state(place: &Place, rows: &[Row]) {
    let mut ledger = place.ledger().await;
    let state: BTreeMap<_, _> =
        ledger.pairs("SELECT scope || ' ' || key, CAST(value AS TEXT) FROM state").await.into_iter().collect();
    let mut kept = 0;
    for (end, count) in ENDS.into_iter().filter(|(end, _)| *end != "run-again") {
        for name in names(end, count) {
            let successes = rows.iter().filter(|row| row.succeeded() && row.schedule.as_deref() == Some(&name)).count();
            let counted = state.get(&format!("schedule:{name} count")).map_or("0", String::as_str);
            assert_eq!(counted, successes.to_string(), "{name} counts its successes");
            kept += successes;
        }
    }
    let done =
        |row: &&Row| state.keys().any(|key| key.starts_with(&format!("plugin:fixture-outbox done/{}/", row.key)));
    let succeeded: Vec<_> = rows.iter().filter(|row| row.succeeded()).collect();
    assert!(succeeded.iter().all(done), "what the plugin shares is written with each success");
    let others = rows.iter().filter(|row| !row.succeeded()).filter(|row| !of_run_again(row)).filter(done).count();
    assert_eq!(others, 0, "and with nothing else");
    assert!(kept > 0);
    let real = ledger.count("SELECT sum(length(CAST(key AS BLOB)) + length(value)) FROM state").await;
    assert_eq!(ledger.count("SELECT bytes FROM state_use WHERE plugin = 'fixture-outbox'").await, real);
}

/// Each of its calls that ended well counts, also where a later one is still to come.
fn of_run_again(row: &Row) -> bool {
    row.schedule.as_deref().is_some_and(|name| name.starts_with("run-again"))
}

async fn fire(api: &Api, input: Value) -> Value {
    let run = api.call("fixture-outbox/send", input).await;
    api.ended(&run).await
}

/// A receiver, and a host whose plugin may send to it.
async fn begun() -> (Receiver, Place, Host, Api) {
    let receiver = Receiver::start().await;
    let place = Place::new();
    place.plugin("outbox");
    place.conf("grants.toml", &grant(&receiver));
    let host = place.serve().await;
    let api = host.api();
    (receiver, place, host, api)
}

/// The newest message that is so and has been tried.
async fn message(api: &Api, state: &str) -> Value {
    until(&format!("a message is {state}"), async || {
        let listed = api.list(&format!("/outbox?state={state}")).await;
        listed.into_iter().find(|message| message["answer"].is_string())
    })
    .await
}

#[tokio::test]
async fn only_what_ends_well_is_sent_and_the_result_names_the_keys() {
    let (receiver, _place, _host, api) = begun().await;
    let input = |end: &str| json!({ "url": format!("{}/hook", receiver.origin()), "messages": 2, "end": end });
    for end in ["fail", "trap", "flaky"] {
        assert_eq!(fire(&api, input(end)).await["state"], "failed", "{end}");
    }
    let well = fire(&api, input("ok")).await;
    assert_eq!((&well["state"], &well["result"]["count"]), (&json!("succeeded"), &json!(1)), "{well}");
    until("both have arrived", async || (receiver.arrivals().len() == 2).then_some(())).await;
    let mut keys: Vec<_> = receiver.arrivals().iter().map(|one| one.key().to_owned()).collect();
    keys.sort();
    assert_eq!(json!(keys), well["result"]["keys"]);
    assert!(keys[0].starts_with(well["key"].as_str().expect("a key")));
    let trace = well["trace_id"].as_str().expect("a trace");
    assert!(receiver.arrivals()[0].headers["traceparent"].contains(trace));
    assert_eq!(receiver.arrivals()[0].headers["x-attempt"], "1");
    let listed = api.list("/outbox").await;
    assert_eq!(listed.len(), 2, "of what failed nothing was even kept: {listed:?}");
}

#[tokio::test]
async fn without_a_grant_or_over_a_limit_nothing_is_handed_over_and_the_refusal_says_what_to_write() {
    let receiver = Receiver::start().await;
    let place = Place::new();
    place.plugin("outbox");
    let limits = "limits = { outbox-messages = 2 }\n";
    place.conf("grants.toml", &format!("[plugin.fixture-outbox]\nhttp = [\"{}\"]\n{limits}", receiver.origin()));
    let host = place.serve().await;
    let api = host.api();
    let elsewhere = fire(&api, json!({ "url": "https://hooks.example.com/x" })).await;
    let refused = elsewhere["error"].as_str().expect("an error");
    assert!(refused.contains("not granted") && refused.contains("http = [\"https://hooks.example.com\"]"), "{refused}");
    let many = fire(&api, json!({ "url": receiver.origin(), "messages": 3 })).await;
    let refused = many["error"].as_str().expect("an error");
    assert!(refused.contains("`outbox-messages`, which allows 2 messages"), "{refused}");
    let large = fire(&api, json!({ "url": receiver.origin(), "padding": 300_000 })).await;
    assert!(large["error"].as_str().is_some_and(|error| error.contains("262144 bytes")), "{large}");
    assert_eq!((api.list("/outbox").await, receiver.arrivals()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn what_is_refused_for_good_waits_for_somebody_and_what_was_not_answered_is_sent_again() {
    let (receiver, place, _host, api) = begun().await;
    let input = json!({ "url": format!("{}/hook?token=s3cret", receiver.origin()) });
    receiver.answer([Answer::Status(410, ""), Answer::Status(204, "")]);
    fire(&api, input.clone()).await;
    let dead = message(&api, "dead").await;
    let id = dead["id"].as_str().expect("an id");
    let listed = place.noontide(&["outbox", "ls", "--state", "dead"]);
    assert!(listed.out.contains(id) && listed.out.contains("answered 410"), "{listed:?}");
    assert!(!listed.out.contains("s3cret"));
    assert_eq!(place.noontide(&["outbox", "retry", id]).code, 0);
    message(&api, "sent").await;
    assert_eq!(receiver.arrivals().len(), 2);
    assert_eq!(place.noontide(&["outbox", "drop", id]).code, 6, "it was sent");

    receiver.answer([Answer::HangUp]);
    fire(&api, input.clone()).await;
    let waiting = message(&api, "waiting").await;
    assert_eq!((&waiting["attempts"], &waiting["status"]), (&json!(1), &Value::Null), "{waiting}");
    let id = waiting["id"].as_str().expect("an id");
    assert_eq!(place.noontide(&["outbox", "retry", id]).code, 0);
    until("it has arrived again", async || (receiver.arrivals().len() == 4).then_some(())).await;
    assert_eq!(receiver.arrivals()[2].key(), receiver.arrivals()[3].key());
    until("both are noted", async || (api.list("/outbox?state=sent").await.len() == 2).then_some(())).await;

    receiver.answer([Answer::Status(503, "retry-after: 3600\r\n")]);
    fire(&api, input).await;
    let busy = message(&api, "waiting").await;
    assert_eq!(busy["status"], 503);
    assert_eq!(place.noontide(&["outbox", "drop", busy["id"].as_str().expect("an id")]).code, 0);
    message(&api, "dropped").await;
    assert_eq!(place.noontide(&["outbox", "retry", "nonsense"]).code, 4);
}

#[tokio::test]
async fn a_grant_that_is_taken_back_stops_what_waits_and_given_again_lets_it_go() {
    let (receiver, place, _host, api) = begun().await;
    receiver.answer([Answer::Status(503, "retry-after: 3600\r\n")]);
    fire(&api, json!({ "url": receiver.origin() })).await;
    let id = message(&api, "waiting").await["id"].as_str().expect("an id").to_owned();
    place.conf("grants.toml", "");
    assert_eq!(place.noontide(&["reload"]).code, 0);
    assert_eq!(place.noontide(&["outbox", "retry", &id]).code, 0);
    let dead = message(&api, "dead").await;
    assert!(dead["answer"].as_str().is_some_and(|answer| answer.contains("is not granted")), "{dead}");
    assert_eq!(receiver.arrivals().len(), 1);
    place.conf("grants.toml", &grant(&receiver));
    assert_eq!(place.noontide(&["reload"]).code, 0);
    assert_eq!(place.noontide(&["outbox", "retry", "--dead"]).code, 0);
    message(&api, "sent").await;
    assert_eq!(receiver.arrivals().len(), 2);
}
