//! Plugins in Python, JavaScript and C: built with their own tools, run by the real binary, ending as their authors meant.
//!
//! What a machine has no tools for is not built: `make test` says so, and lets `NOONTIDE_LANGUAGES` name those that must be
//! there. Without it, what is not built is left out.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Api, Place, fixtures, now_ms, until, within};

/// Way to end, state, outcome, and a word of the error.
type End = (&'static str, &'static str, &'static str, &'static str);

/// What Python and JavaScript have in common.
const ENDS: [End; 6] = [
    ("told", "succeeded", "succeeded", ""),
    ("permanent", "failed", "failed", "there is no such shop"),
    ("retry", "failed", "failed", "the shop is closed"),
    ("skip", "skipped", "skipped", "nothing due"),
    ("count-and-fail", "failed", "failed", "after counting"),
    ("memory", "failed", "out-of-memory", "64 MiB of memory"),
];

const PYTHON_ENDS: [End; 3] = [
    ("raise", "failed", "failed", "KeyError: 'where'"),
    ("trap", "failed", "trapped", "unreachable"),
    ("exit", "failed", "failed", "SystemExit: 3"),
];

const JS_ENDS: [End; 4] = [
    ("throw", "failed", "failed", "TypeError: "),
    ("reject", "failed", "failed", "TypeError: "),
    ("recurse", "failed", "failed", "too much recursion"),
    ("wait", "succeeded", "succeeded", ""),
];

/// The timeout of a handler that never ends, in milliseconds.
const LIMIT_MS: i64 = 400;

/// A loop may go on so long after its time, by the promise that holds for every plugin.
const OVER: i64 = 100;

/// Compiling an interpreter takes seconds on a machine of its own, and minutes on one that is shared.
const COMPILING: Duration = Duration::from_secs(300);

/// Whether these plugins can be run; they are compiled into the shared cache, so that no host waits for it.
fn has(place: &Place, language: &str, plugins: &[&str]) -> bool {
    let dist = fixtures::repository().join("plugins/dist");
    let files: Vec<_> = plugins.iter().map(|name| dist.join(format!("{name}.wasm"))).collect();
    if !files.iter().all(|file| file.exists()) {
        let wanted = std::env::var("NOONTIDE_LANGUAGES").unwrap_or_default();
        let must = wanted.split_whitespace().any(|name| name == language);
        assert!(!must, "{plugins:?} are not built: make -C plugins guests-{language}");
        println!("left out: {plugins:?} are not built (make -C plugins guests-{language})");
        return false;
    }
    for file in files {
        let file = file.to_str().expect("a path in UTF-8");
        let begun = Instant::now();
        let checked = place.command(&["plugin", "check", file]).output().expect("the binary starts");
        assert!(checked.status.success() && begun.elapsed() < COMPILING, "{checked:?}");
    }
    true
}

async fn fire(api: &Api, schedule: &str, input: Value) -> Value {
    let answer = api.post(&format!("/schedules/{schedule}/fire"), json!({ "input": input })).await;
    api.ended(answer["run"].as_str().unwrap_or_else(|| panic!("no run: {answer}"))).await
}

/// Level, message and fields of the lines of its last attempt.
async fn lines(api: &Api, run: &Value) -> Vec<(String, String, Value)> {
    let logs = api.list(&format!("/runs/{}/logs", run["id"].as_str().expect("an id"))).await;
    let lines = logs.last().expect("an attempt")["lines"].as_array().expect("lines").clone();
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let fields = |line: &Value| -> Value {
        let pairs = line["fields"].as_array().into_iter().flatten();
        pairs.map(|pair| (pair[0].as_str().unwrap_or_default().to_owned(), pair[1].clone())).collect()
    };
    lines.iter().map(|line| (text(line, "level"), text(line, "message"), fields(line))).collect()
}

fn way(way: &str) -> Value {
    json!({ "way": way })
}

#[tokio::test]
async fn a_report_in_python_reads_its_folder_and_remembers_with_its_success() {
    let place = Place::new();
    if !has(&place, "python", &["feed-report"]) {
        return;
    }
    let feed = place.path("feed");
    std::fs::create_dir(&feed).expect("a folder");
    std::fs::write(feed.join("a.csv"), "\u{feff}time,name,value\n2026-01-01T00:30:00Z,boiler,70\nx,boiler,1\n")
        .expect("a file");
    std::fs::write(feed.join("b.jsonl"), "{\"time\":\"2026-01-01T01:00:00\",\"name\":\"<b>\",\"value\":3}\n")
        .expect("a file");
    place.plugin("feed-report");
    place.schedules(&format!(
        "[plugin.feed-report]\nfolders = {{ \"/feed\" = {{ path = {feed:?}, mode = \"read\" }} }}\n\
         [schedule.report]\nhandler = \"feed-report/digest\"\nmanual = true\n"
    ));
    let host = place.serve().await;
    let api = host.api();
    let first = fire(&api, "report", json!({})).await;
    let counts = |run: &Value| ["files", "readings", "bad"].map(|key| run["result"][key].clone());
    assert_eq!(counts(&first), [2, 2, 1].map(Value::from), "{first}");
    assert_eq!(first["result"]["rows"][1]["change"], Value::Null, "nothing is remembered yet");
    let said = lines(&api, &first).await;
    let fields = json!({ "file": "a.csv", "row": "2" });
    assert!(said.iter().any(|line| line.0 == "warn" && line.2 == fields), "{said:?}");

    std::fs::write(feed.join("a.csv"), "time,name,value\n2026-01-01T00:30:00Z,boiler,77\n").expect("a file");
    let second = fire(&api, "report", json!({})).await;
    assert_eq!(second["result"]["rows"][1]["change"], 10.0, "against what the first run has left: {second}");
    let id = second["id"].as_str().expect("an id");
    let page = place.noontide(&["artifacts", id, "report.html", "--out", "-"]);
    assert!(page.out.contains("<td>&lt;b&gt;</td>") && page.out.contains("<td>10.00</td>"), "{page:?}");

    let elsewhere = fire(&api, "report", json!({ "folder": "/elsewhere" })).await;
    assert!(elsewhere["error"].as_str().is_some_and(|error| error.contains("grant it")), "{elsewhere}");
    let (status, refused) =
        api.ask(reqwest::Method::POST, "/schedules/report/fire", Some(&json!({ "input": { "folde": "/feed" } }))).await;
    assert!(status == 422 && refused.to_string().contains("folde"), "the schema comes from the type hints: {refused}");
    host.stop().await;
}

#[tokio::test]
async fn reminders_in_javascript_are_written_item_by_item_and_once() {
    let place = Place::new();
    if !has(&place, "js", &["invoice-reminder"]) {
        return;
    }
    place.plugin("invoice-reminder");
    place.schedules(
        "[schedule.remind]\nhandler = \"invoice-reminder/remind\"\ntimetable = { before = \"1h\", after = \"1h\", unique = [\"number\"] }\n\
         input = { steps = [3] }\nretry = { attempts = 1 }\n[schedule.by-hand]\nhandler = \"invoice-reminder/remind\"\nmanual = true\n",
    );
    let host = place.serve().await;
    let api = host.api();
    let invoice = |number: &str, email: &str| json!({ "number": number, "email": email, "amount": 123_450, "currency": "EUR", "due": "2020-01-31", "language": "fr" });
    let good = invoice("1", "ada@example.com");
    let payloads = json!({ (now_ms() / 1_000).to_string(): [good.clone(), invoice("2", "nowhere")] });
    let answer = api.post("/schedules/remind/submit", payloads).await;
    let ended = api.ended(answer["runs"][0].as_str().expect("a run")).await;
    assert_eq!(ended["items"], json!({ "total": 2, "succeeded": 1, "failed": 1 }), "{ended}");
    assert!(ended["error"].as_str().is_some_and(|error| error.contains("`nowhere` is no address")), "{ended}");
    let id = ended["id"].as_str().expect("an id");
    let letters = place.noontide(&["artifacts", id, "letters.jsonl", "--out", "-"]);
    assert!(
        letters.out.contains("Dernier rappel : facture 1") && letters.out.contains("1\u{202f}234,50 EUR"),
        "{letters:?}"
    );

    let by_hand = json!({ "invoices": [good] });
    let first = fire(&api, "by-hand", by_hand.clone()).await;
    assert_eq!(first["result"]["letters"][0]["to"], "ada@example.com", "{first}");
    let second = fire(&api, "by-hand", by_hand).await;
    assert_eq!(second["state"], "skipped", "nobody hears the same twice: {second}");
    host.stop().await;
}

#[tokio::test]
async fn every_end_of_a_handler_in_python_is_the_one_its_author_meant() {
    let place = Place::new();
    if has(&place, "python", &["fixtures/python"]) {
        let (api, host) = ends_as_meant(&place, "python", &PYTHON_ENDS).await;
        let raised = fire(&api, "ends", way("raise")).await;
        let said: Vec<_> = lines(&api, &raised).await.into_iter().map(|line| line.1).collect();
        let traceback =
            ["Traceback (most recent call last):", "in deeper", "    shelf[\"where\"]", "KeyError: 'where'"];
        let mut rest = said.iter();
        let in_order = traceback.iter().all(|part| rest.any(|line| line.contains(part)));
        assert!(in_order, "the traceback is in the log, with the source: {said:?}");
        let logged = fire(&api, "ends", way("log")).await;
        let said = lines(&api, &logged).await;
        let logger = ("warn".to_owned(), "3 rows".to_owned(), json!({ "logger": "shop", "table": "orders" }));
        assert!(said.contains(&logger), "logging is wired to the run: {said:?}");
        let printed: Vec<_> = said.iter().map(|line| line.1.as_str()).collect();
        assert_eq!(printed, ["3 rows", "plain", "ours", "to stdout", "to stderr"]);
        let told = fire(&api, "ends", way("told")).await["result"].clone();
        assert_eq!(told["environ"], json!({ "CITY": "Shanghai" }), "the variables of the grant, none of the build");
        assert_eq!((&told["schedule"], &told["text"]), (&json!("ends"), &json!("grün")));
        host.stop().await;
    }
}

#[tokio::test]
async fn every_end_of_a_handler_in_javascript_is_the_one_its_author_meant() {
    let place = Place::new();
    if has(&place, "js", &["fixtures/js"]) {
        let (api, host) = ends_as_meant(&place, "js", &JS_ENDS).await;
        let thrown = fire(&api, "ends", way("throw")).await;
        let said = lines(&api, &thrown).await;
        assert!(said[0].1.starts_with("TypeError: ") && said[1].1.contains("deeper@fixture/fixture_js.js"), "{said:?}");
        let logged = fire(&api, "ends", way("log")).await;
        let said = lines(&api, &logged).await;
        assert_eq!(said[0].2, json!({ "rows": "3", "of": "[\"orders\"]" }), "{said:?}");
        let printed: Vec<_> = said.iter().map(|line| (line.0.as_str(), line.1.as_str())).collect();
        assert_eq!(printed[1..], [("info", "to stdout { a: 1 }"), ("warn", "to stderr")]);
        host.stop().await;
    }
}

/// A host with the fixture of a language, after each of its ends.
async fn ends_as_meant(place: &Place, language: &str, own: &[End]) -> (Api, super::support::Host) {
    place.plugin(language);
    place.schedules(&format!(
        "[plugin.fixture-{language}]\nenv = {{ CITY = \"Shanghai\" }}\n\
         [schedule.ends]\nhandler = \"fixture-{language}/run\"\nmanual = true\nretry = {{ attempts = 1 }}\n"
    ));
    let host = place.serve().await;
    let api = host.api();
    assert_eq!(fire(&api, "ends", way("count")).await["result"], 1);
    for (name, state, outcome, word) in ENDS.iter().chain(own) {
        let ended = fire(&api, "ends", way(name)).await;
        assert_eq!(
            (&ended["state"], &ended["outcome"]),
            (&json!(state), &json!(outcome)),
            "{language}, {name}: {ended}"
        );
        assert!(ended.to_string().contains(word), "{language}, {name}: `{word}` is not in {ended}");
    }
    assert_eq!(fire(&api, "ends", way("count")).await["result"], 2, "what failed after counting has counted nothing");
    let random = async || fire(&api, "ends", way("told")).await["result"]["random"].clone();
    assert_ne!(random().await, random().await, "chance is not what it was when the component was built");
    let dist = fixtures::wasm(language);
    let again = place.noontide(&["plugin", "run", dist.to_str().expect("a path"), "--input", r#"{"way":"again"}"#]);
    assert!(again.err.contains("run-again after"), "{again:?}");
    (api, host)
}

#[tokio::test]
async fn an_endless_handler_ends_at_its_timeout_and_a_cancelled_one_when_it_is_asked() {
    let place = Place::alone();
    for (language, fixture) in [("python", "fixtures/python"), ("js", "fixtures/js")] {
        if !has(&place, language, &[fixture]) {
            continue;
        }
        place.plugin(language);
        let handler = format!("fixture-{language}/run");
        place.schedules(&format!(
            "[schedule.{language}]\nhandler = \"{handler}\"\nmanual = true\ntimeout = \"{LIMIT_MS}ms\"\n\
             retry = {{ attempts = 1 }}\n"
        ));
        let host = place.serve().await;
        let api = host.api();
        for endless in ["loop", "sleep"] {
            // The best of three: a neighbour on the machine may hold up one.
            let mut over = i64::MAX;
            for _ in 0..3 {
                let ended = fire(&api, language, way(endless)).await;
                assert_eq!(ended["outcome"], "timed-out", "{language}, {endless}: {ended}");
                let wall = ended["usage"]["wall_ms"].as_i64().expect("a number");
                over = over.min(wall - LIMIT_MS);
            }
            println!("{language}, {endless}: ended {over} ms after its timeout");
            assert!((0..OVER).contains(&over), "{language}, {endless}: {over} ms after its timeout");
        }
        let run = api.call(&handler, way("work")).await;
        until("it runs", async || (api.get(&format!("/runs/{run}")).await["state"] == "running").then_some(())).await;
        api.post(&format!("/runs/{run}/cancel"), json!({})).await;
        let ended = within(Duration::from_secs(10), "it stops", async || Some(api.ended(&run).await)).await;
        assert_eq!(ended["outcome"], "cancelled", "{language}: {ended}");
        calls_a_second(&api, language, &handler).await;
        host.stop().await;
    }
}

/// Prints what calls cost, each in a fresh instance, from request to record.
async fn calls_a_second(api: &Api, language: &str, handler: &str) {
    const CALLS: usize = 200;
    let calls: Vec<_> = (0..CALLS).map(|_| json!({ "handler": handler, "input": way("told") })).collect();
    let begun = Instant::now();
    let answer = api.post("/runs", Value::from(calls)).await;
    until("no call is left", async || {
        let ledger = &api.get("/status").await["ledger"];
        (ledger["ready"] == 0 && ledger["running"] == 0).then_some(())
    })
    .await;
    let took = begun.elapsed();
    let one = api.ended(answer["runs"][0].as_str().expect("a run")).await;
    println!(
        "{language}: {CALLS} calls in {took:?}, {:.0} a second, {} KiB of memory at most",
        CALLS as f64 / took.as_secs_f64(),
        one["usage"]["peak_memory_bytes"].as_u64().unwrap_or_default() / 1024
    );
}

#[tokio::test]
async fn a_program_in_c_sums_a_column_of_a_granted_folder() {
    let place = Place::new();
    if !has(&place, "c", &["column-sum"]) {
        return;
    }
    let data = place.path("sums");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::write(data.join("a.csv"), "name,\"amount, net\"\n\"a \"\"lamp\"\"\",1.5\nb,two\n").expect("a file");
    std::fs::write(data.join("b.csv"), "\"amount, net\"\r\n40.5\r\n").expect("a file");
    place.plugin("column-sum");
    place.schedules(&format!(
        "[plugin.column-sum]\nfolders = {{ \"/data\" = {{ path = {data:?}, mode = \"read\" }} }}\n\
         [schedule.sum]\nhandler = \"column-sum\"\nmanual = true\ninput = {{ args = [\"/data\", \"amount, net\"] }}\n"
    ));
    let host = place.serve().await;
    let api = host.api();
    let answer = api.post("/schedules/sum/fire", json!({})).await;
    let ended = api.ended(answer["run"].as_str().expect("a run")).await;
    assert_eq!(ended["result"], json!({ "files": 2, "rows": 2, "bad": 1, "total": 42.0 }), "{ended}");
    let said = lines(&api, &ended).await;
    assert_eq!((said[0].0.as_str(), said[0].1.as_str()), ("warn", "/data/a.csv:3: `two` is no number"));
    for (args, code, words) in
        [(json!(["/data"]), 64, "a folder and a column"), (json!(["/other", "a"]), 66, "is it granted")]
    {
        let ended = fire(&api, "sum", json!({ "args": args })).await;
        let error = ended["error"].as_str().unwrap_or_default();
        assert!(error.contains(&format!("exited with {code}")) && error.contains(words), "{ended}");
    }
    host.stop().await;
}
