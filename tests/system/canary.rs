//! Values that nobody may read, sung by a plugin that tries every way: in no output of the host are they ever heard.

use serde_json::{Value, json};
use sqlx::Row;

use super::support::{Api, Place, until};

const SECRET: &str = "kanarienvogel\"7/+ß\nsingt-nachts";
const VARIABLE: &str = "zaunkoenig&=-im-winter";
const TOKEN: &str = "goldammer-auf-der-hecke-und-darueber";
const PASSWORD: &str = "rohrdommel-im-schilf";

/// Pieces of the values, and of what base64 makes of them at each distance from a border of three.
const SONGS: [&str; 15] = [
    "anarienvog",
    "ingt-nacht",
    "ingt%2Dnacht",
    "a2FuYXJpZW52b2dlb",
    "thbmFyaWVudm9nZW",
    "rYW5hcmllbnZvZ2Vs",
    "aunkoeni",
    "im-winte",
    "emF1bmtvZW5pZ",
    "phdW5rb2VuaW",
    "6YXVua29lbmln",
    "oldammer",
    "er-hecke",
    "ohrdomme",
    "im-schil",
];

const CONF: &str = r#"
[http]
listen = "127.0.0.1:0"
token  = { env = "API_TOKEN" }

[log]
level = "trace"

[[log.file]]
path  = "../logs/all.jsonl"
level = "trace"

[connection.nest]
url = { env = "NEST_URL" }
max-connections = 1
statement-timeout = "1s"

[connection.cage]
url = "mysql://bird:rohrdommel-im-schilf@127.0.0.1:1/cage?password=rohrdommel-im-schilf"

[plugin.fixture-canary]
secrets = { CANARY = { env = "CANARY_VALUE" } }
env     = { CANARY_ENV = { env = "CANARY_VARIABLE" }, CANARY_URL = "sing://${CANARY_VARIABLE}" }
sql     = ["nest", "cage"]

[plugin.fixture-sql]
sql = { shop = "read-write", nest = "read-write" }

[connection.shop]
url = { env = "NEST_URL" }
"#;

const SCHEDULES: &str = r#"
[schedule.night]
handler = "fixture-canary/leak"
input = { by = "result" }
manual = true

[schedule.songs]
handler = "fixture-canary/items"
timetable = { before = "1d", after = "1d", unique = ["n"], flag = "1", repeatable = false }
"#;

fn deaf(place: &str, said: &str) {
    for song in SONGS {
        assert!(!said.contains(song), "{place}: {song} in {said}");
    }
}

fn place() -> Place {
    let mut place = Place::new();
    place.set_var("CANARY_VALUE", SECRET);
    place.set_var("CANARY_VARIABLE", VARIABLE);
    place.set_var("API_TOKEN", TOKEN);
    place.set_var("NEST_URL", &format!("postgres://bird:{PASSWORD}@127.0.0.1:1/nest"));
    for plugin in ["canary", "sql"] {
        place.plugin(plugin);
    }
    place.conf("host.toml", CONF);
    place.schedules(SCHEDULES);
    place
}

/// The host does all it can with the values; every answer is listened to.
async fn sing(api: &Api) {
    for by in [
        "log",
        "field",
        "stdout",
        "stderr",
        "panic",
        "result",
        "failure",
        "retry",
        "invalid",
        "skip",
        "artifact-name",
        "artifact-content",
        "state",
        "state-key",
    ] {
        let run = api.call("fixture-canary/leak", json!({ "by": by })).await;
        let ended = api.ended(&run).await;
        deaf(by, &ended.to_string());
        assert_eq!(ended["provenance"]["effects"]["secrets"], json!({ "CANARY": 1 }), "{by}: {ended}");
        deaf(by, &api.get(&format!("/runs/{run}/logs")).await.to_string());
    }
    let run = api.call("fixture-canary/leak", json!({ "by": "progress" })).await;
    let told = until("progress is told", async || {
        let run = api.get(&format!("/runs/{run}")).await;
        (!run["progress"].is_null()).then_some(run)
    })
    .await;
    assert!(told["progress"]["note"].to_string().contains("[secret CANARY]"), "{told}");
    deaf("progress", &told.to_string());
    api.post(&format!("/runs/{run}/cancel"), json!({})).await;
    api.ended(&run).await;

    let due = api.get("/status").await["now"].as_str().map(|now| now.parse::<chrono::DateTime<chrono::Utc>>());
    let due = due.expect("a clock").expect("an instant").timestamp();
    let timetable = json!({ due.to_string(): [{ "n": 1 }, { "n": 2 }] });
    api.post("/schedules/songs/submit", timetable).await;
    let run = until("the timetable runs", async || {
        let run = api.list("/runs?schedule=songs&state=failed").await.into_iter().next();
        run.and_then(|run| run["id"].as_str().map(str::to_owned))
    })
    .await;
    let items = api.get(&format!("/runs/{run}/items")).await;
    assert!(items.to_string().contains("[secret CANARY]"), "{items}");
    deaf("items", &items.to_string());

    let fired = api.post("/schedules/night/fire", json!({})).await;
    api.ended(fired["run"].as_str().expect("a run")).await;
    // Nobody is there, and the refusal knows with what it was tried.
    let run = api.call("fixture-sql/query", json!({ "connection": "nest", "text": "select 1" })).await;
    deaf("a connection", &api.ended(&run).await.to_string());
}

#[tokio::test]
async fn no_output_of_the_host_ever_holds_a_value_that_nobody_may_read() {
    let place = place();
    let host = place.serve().await;
    let api = host.api().with_token(TOKEN);
    sing(&api).await;
    for path in ["/runs?limit=1000", "/plugins", "/plugins/fixture-canary", "/schedules", "/status", "/occurrences"] {
        let (_, answer) = api.ask(reqwest::Method::GET, path, None).await;
        deaf(path, &answer.to_string());
    }
    let plugin = api.get("/plugins/fixture-canary").await;
    assert_eq!(plugin["grants"]["secrets"], json!({ "CANARY": "env CANARY_VALUE" }));
    assert_eq!(plugin["grants"]["env"]["CANARY_ENV"], "env CANARY_VARIABLE");
    assert_eq!(plugin["grants"]["env"]["CANARY_URL"], "sing://${CANARY_VARIABLE}");
    assert_eq!(plugin["missing"], json!([]));
    let events = api.request(reqwest::Method::GET, "/events").header("last-event-id", "0").send().await;
    let first = events.expect("events").chunk().await.expect("a piece").expect("something");
    deaf("/events", &String::from_utf8_lossy(&first));
    let runs = place.noontide(&["runs", "-n", "1", "-o", "json"]).json();
    let run = runs[0]["id"].as_str().expect("a run").to_owned();
    let file = place.path("plugins/canary.wasm").display().to_string();
    for args in [
        vec!["config", "show", "--origin"],
        vec!["config", "show", "-o", "json"],
        vec!["plugin", "list", "-o", "json"],
        vec!["plugin", "inspect", &file],
        vec!["plugin", "check", &file, "-o", "json"],
        vec!["plugin", "run", &file, "--handler", "leak", "--input", "{\"by\":\"result\"}", "-o", "json"],
        vec!["plugin", "run", &file, "--handler", "leak", "--input", "{\"by\":\"stdout\"}"],
        vec!["plugin", "run", &file, "--handler", "leak", "--input", "{\"by\":\"panic\"}"],
        vec!["check"],
        vec!["ls"],
        vec!["show", "night"],
        vec!["show-run", &run],
        vec!["logs", &run],
    ] {
        let said = place.noontide(&args);
        deaf(&format!("{args:?}"), &format!("{} {}", said.out, said.err));
    }
    deaf("stdout and stderr", &host.log());
    host.stop().await;
    for file in std::fs::read_dir(place.path("logs")).expect("log files") {
        let path = file.expect("a file").path();
        deaf("a log file", &String::from_utf8_lossy(&std::fs::read(&path).expect("read")));
    }
    deaf("api.json", &std::fs::read_to_string(place.path("data/api.json")).unwrap_or_default());
    deaf_ledger(&place).await;
}

/// All tables but those in which handlers keep what is theirs.
async fn deaf_ledger(place: &Place) {
    let url = format!("sqlite://{}", place.path("data/noontide.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.expect("the ledger");
    let tables =
        sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('state', 'artifact')");
    let mut rows = 0;
    for table in tables.fetch_all(&pool).await.expect("tables") {
        let name: String = table.get(0);
        let columns = format!(
            "SELECT group_concat('CAST(\"' || name || '\" AS TEXT)', '||'' ''||') FROM pragma_table_info('{name}')"
        );
        let columns: String = sqlx::query_scalar(sqlx::AssertSqlSafe(columns)).fetch_one(&pool).await.expect("columns");
        let columns = columns.replace("CAST(", "coalesce(CAST(").replace(" AS TEXT)", " AS TEXT), '')");
        let all = format!("SELECT {columns} FROM \"{name}\"");
        for row in sqlx::query(sqlx::AssertSqlSafe(all))
            .fetch_all(&pool)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"))
        {
            let text: Vec<u8> = row.get_unchecked::<Vec<u8>, _>(0);
            deaf(&name, &String::from_utf8_lossy(&text));
            rows += 1;
        }
    }
    assert!(rows > 20, "{rows} rows were listened to");
    let states: i64 = sqlx::query_scalar("SELECT count(*) FROM state").fetch_one(&pool).await.expect("state");
    assert_eq!(states, 2, "state is the guest's own: one entry named and one filled with what it read");
}

#[tokio::test]
async fn a_run_tells_what_it_stood_on_and_what_it_did() {
    let mut place = Place::new();
    place.set_var("THE_SECRET", "correct-horse");
    place.plugin("canary");
    place.conf(
        "grants.toml",
        "[plugin.fixture-canary]\nsecrets = { CANARY = { env = \"THE_SECRET\" } }\nlimits = { memory = \"32MiB\" }\n",
    );
    let host = place.serve().await;
    let api = host.api();
    let run = api.call("fixture-canary/leak", json!({ "by": "state" })).await;
    let ended = api.ended(&run).await;
    let provenance = &ended["provenance"];
    assert_eq!(provenance["contract"], "noontide:plugin@0.1.0", "{ended}");
    assert_eq!(provenance["limits"]["memory"], 32 << 20);
    assert_eq!(provenance["grant_sha256"].as_str().map(str::len), Some(32));
    assert_eq!(provenance["effects"]["state_written"], json!({ "canary": 1 }));
    let text = place.noontide(&["show-run", &run]).out;
    for line in [
        "\nprovenance\n",
        "contract     noontide:plugin@0.1.0",
        "memory 32 MiB",
        "read the secret CANARY",
        "wrote the state entry canary",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    let json = place.noontide(&["show-run", &run, "-o", "json"]).json();
    assert_eq!(json["provenance"], ended["provenance"]);
}

#[tokio::test]
async fn a_file_is_checked_against_the_configuration_at_hand() {
    let place = Place::new();
    place.plugin("canary");
    let file = place.path("plugins/canary.wasm").display().to_string();
    place.schedules(
        "[schedule.good]\nhandler = \"fixture-canary/leak\"\ninput = { by = \"log\" }\nmanual = true\n\
         [schedule.wrong]\nhandler = \"fixture-canary/leak\"\ninput = { by = \"shouting\" }\nmanual = true\n\
         [schedule.gone]\nhandler = \"fixture-canary/leek\"\nmanual = true\n",
    );
    let said = place.noontide(&["plugin", "check", &file]);
    assert_eq!(said.code, 0, "{said:?}");
    for words in [
        "ok, fixture-canary 0.1.0, called by 3 schedules",
        "would like secrets `CANARY`, which [plugin.fixture-canary] does not grant; this would: secrets = { CANARY = { env = \"CANARY\" } }",
        "would like env `CANARY_ENV`",
        "no handler `leek` — did you mean `leak`?",
        "schedules.toml:",
        "\"shouting\"",
    ] {
        assert!(said.out.contains(words), "{words} is not in:\n{}", said.out);
    }
    let json = place.noontide(&["plugin", "check", &file, "-o", "json"]).json();
    assert_eq!((&json["ok"], json["missing"].as_array().map(Vec::len)), (&json!(true), Some(2)), "{json}");
    let problems: Vec<_> =
        json["schedules"].as_array().expect("schedules").iter().map(|one| one["problem"].is_null()).collect();
    assert_eq!(problems, [true, false, false]);
    place.conf("grants.toml", "[plugin.fixture-canary]\nsecrets = { CANARY = { env = \"PATH\" } }\nenv = { CANARY_ENV = \"x\", MORE = \"y\" }\n");
    let inspected = place.noontide(&["plugin", "inspect", &file, "-o", "json"]).json();
    assert_eq!(
        (&inspected["missing"], &inspected["not_wanted"][0]["name"]),
        (&json!([]), &json!("MORE")),
        "{inspected}"
    );
    assert_eq!(inspected["contract"], "noontide:plugin@0.1.0");
    let text = place.noontide(&["plugin", "inspect", &file]).out;
    for words in ["noontide:plugin/secrets@0.1.0", "granted, not wanted", "language: Rust", "input of leak: {"] {
        assert!(text.contains(words), "{words} is not in:\n{text}");
    }
    std::fs::write(place.path("no.wasm"), "no").expect("written");
    let refused = place.noontide(&["plugin", "check", "no.wasm", "-o", "json"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let told: Value = serde_json::from_str(&refused.out).expect("JSON");
    assert_eq!((&told["ok"], &told["stage"]), (&json!(false), &json!("sniff")));
}
