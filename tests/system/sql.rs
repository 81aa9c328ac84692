//! SQL databases that handlers reach through the host: real ones, by name, by grant, within bounds.

use std::time::{Duration, Instant};

use noontide_testkit::servers::{self, PASSWORD, Server};
use serde_json::{Value, json};

use super::support::{Api, Place, within};

/// A place whose configuration knows these databases under the names `pg`, `maria` and `file`, and grants them.
fn place(grants: &str) -> Place {
    let mut place = Place::new();
    place.plugin("sql");
    place.set_var("PG_URL", &servers::postgres().url());
    std::fs::write(place.path("maria-url"), servers::mariadb().url() + "\n").expect("a file");
    std::fs::File::create(place.path("data/shop.db")).expect("an empty database");
    place.conf(
        "connections.toml",
        &format!(
            "[connection.pg]\nurl = {{ env = \"PG_URL\" }}\nstatement-timeout = \"2s\"\nmax-rows = 100\n\
             [connection.maria]\nurl = {{ file = \"../maria-url\" }}\n\
             [connection.file]\nurl = \"sqlite://../data/shop.db\"\n\
             [plugin.fixture-sql]\n{grants}\n"
        ),
    );
    place
}

async fn answer(api: &Api, handler: &str, input: Value) -> Value {
    let run = api.call(&format!("fixture-sql/{handler}"), input).await;
    api.ended(&run).await["result"].clone()
}

async fn query(api: &Api, connection: &str, text: &str) -> Value {
    answer(api, "query", json!({ "connection": connection, "text": text })).await
}

async fn only(api: &Api, connection: &str, text: &str) -> Value {
    let answer = query(api, connection, text).await;
    assert!(answer["rows"]["rows"][0][0] != Value::Null, "{text}: {answer}");
    answer["rows"]["rows"][0][0].clone()
}

#[tokio::test]
async fn handlers_read_and_write_databases_of_three_kinds_as_far_as_they_are_granted() {
    let place = place("sql = { pg = \"read-write\", maria = \"read-write\", file = \"read-write\" }");
    let host = place.serve().await;
    let api = host.api();
    for (connection, dialect, mark) in [("pg", "postgresql", "$1"), ("maria", "mysql", "?"), ("file", "sqlite", "?")] {
        let execute = async |text: &str, parameters: Value, times: usize| {
            let input = json!({ "connection": connection, "text": text, "parameters": parameters, "times": times });
            answer(&api, "execute", input).await
        };
        let created = execute("create table orders (name varchar(20), n int)", json!([]), 1).await;
        assert_eq!(created["changed"][0], 0, "{connection}: {created}");
        let insert = format!("insert into orders values ({mark}, 7)");
        assert_eq!(execute(&insert, json!(["a 'lamp'"]), 3).await, json!({ "changed": [1, 1, 1] }), "{connection}");
        let found = query(&api, connection, "select name, n from orders where n = 7").await;
        let rows = json!([["a 'lamp'", 7], ["a 'lamp'", 7], ["a 'lamp'", 7]]);
        let wanted = json!({ "rows": { "dialect": dialect, "columns": ["name", "n"], "rows": rows } });
        assert_eq!(found, wanted, "{connection}");
        let refused = query(&api, connection, "delete from orders").await;
        assert_eq!(refused["error"]["kind"], "read-only", "{connection}: a query only reads: {refused}");
        let missing = query(&api, connection, "select * from nothing").await;
        assert_eq!(missing["error"]["kind"], "refused", "{connection}: {missing}");
    }

    place.conf(
        "connections.toml",
        &std::fs::read_to_string(place.path("conf/connections.toml"))
            .expect("readable")
            .replace("sql = { pg = \"read-write\", maria = \"read-write\", file = \"read-write\" }", "sql = [\"pg\"]"),
    );
    let asked = json!({ "connection": "pg", "text": "update orders set n = 7" });
    within(Duration::from_secs(10), "the new grants count", async || {
        (answer(&api, "execute", asked.clone()).await["error"]["kind"] == "read-only").then_some(())
    })
    .await;
    assert_eq!(only(&api, "pg", "select count(*) from orders").await, json!(3));
    let refused = query(&api, "maria", "select 1").await;
    assert_eq!(refused["error"]["kind"], "not-granted");
    assert!(refused["error"]["words"].as_str().is_some_and(|words| words.contains("sql = [\"maria\"]")), "{refused}");
    host.stop().await;
}

#[tokio::test]
async fn a_connection_outlives_runs_and_configurations_that_do_not_change_it() {
    let place = place("sql = [\"pg\", \"maria\"]");
    let host = place.serve().await;
    let api = host.api();
    for (connection, number) in [("pg", "select pg_backend_pid()"), ("maria", "select connection_id()")] {
        let first = only(&api, connection, number).await;
        assert_eq!(only(&api, connection, number).await, first, "{connection}: over runs");
        place.schedules("[schedule.idle]\nhandler = \"fixture-sql/query\"\nmanual = true\n");
        api.post("/reload", json!({})).await;
        assert_eq!(only(&api, connection, number).await, first, "{connection}: over a reload");
    }
    host.stop().await;
}

#[tokio::test]
async fn a_statement_ends_with_its_time_and_too_many_rows_are_an_error() {
    let place = place("sql = [\"pg\"]");
    let host = place.serve().await;
    let api = host.api();
    let begun = Instant::now();
    let ended = query(&api, "pg", "select pg_sleep(25)").await;
    assert_eq!(ended["error"]["kind"], "timed-out", "{ended}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let many = query(&api, "pg", "select * from generate_series(1, 101)").await;
    assert_eq!(many["error"]["kind"], "too-large", "{many}");
    assert!(many["error"]["words"].as_str().is_some_and(|words| words.contains("max-rows = 100")), "{many}");
    assert_eq!(only(&api, "pg", "select 1").await, json!(1));
    host.stop().await;
}

#[tokio::test]
async fn a_database_that_goes_and_comes_back_needs_no_restart_of_the_host() {
    let mut server = Server::postgres();
    let mut place = Place::new();
    place.plugin("sql");
    place.set_var("PG_URL", &server.url());
    place.conf(
        "connections.toml",
        "[connection.pg]\nurl = { env = \"PG_URL\" }\n[plugin.fixture-sql]\nsql = [\"pg\"]\n",
    );
    let host = place.serve().await;
    let api = host.api();
    assert_eq!(only(&api, "pg", "select 1").await, json!(1));
    server.stop();
    let gone = query(&api, "pg", "select 1").await;
    assert_eq!(gone["error"]["kind"], "unavailable", "{gone}");
    assert!(!gone.to_string().contains(PASSWORD), "{gone}");
    server.start();
    assert_eq!(only(&api, "pg", "select 1").await, json!(1));
    host.stop().await;
}

#[tokio::test]
async fn the_password_of_an_address_is_in_no_log_no_answer_and_no_error() {
    let place = place("sql = [\"pg\", \"wrong\"]");
    let wrong = servers::postgres().url().replace(PASSWORD, "wr0ng-pass");
    place.conf("wrong.toml", &format!("[connection.wrong]\nurl = {wrong:?}\n[log]\nlevel = \"trace\"\n"));
    let host = place.serve().await;
    let api = host.api();
    only(&api, "pg", "select 1").await;
    let refused = query(&api, "wrong", "select 1").await;
    assert_eq!(refused["error"]["kind"], "unavailable", "{refused}");
    let mut said = vec![refused.to_string(), host.log()];
    for path in ["/status", "/plugins", "/runs"] {
        said.push(api.get(path).await.to_string());
    }
    for args in [&["config", "show"][..], &["check"], &["plugin", "list", "-o", "json"]] {
        let done = place.noontide(args);
        said.extend([done.out, done.err]);
    }
    for text in said {
        for secret in [PASSWORD, "wr0ng-pass"] {
            let at = text.find(secret);
            assert!(at.is_none(), "{}", &text[at.unwrap_or(0).saturating_sub(200)..]);
        }
    }
    host.stop().await;
}

#[tokio::test]
async fn a_handler_that_is_called_without_a_host_reaches_its_databases_too() {
    let place = place("sql = [\"file\"]");
    let wasm = place.path("plugins/sql.wasm").display().to_string();
    let input = json!({ "connection": "file", "text": "select 6 * 7 as n" }).to_string();
    let said = place.noontide(&["plugin", "run", &wasm, "--handler", "query", "--input", &input, "-o", "json"]);
    assert_eq!(said.json()["result"]["rows"]["rows"], json!([[42]]), "{said:?}");
    let checked = place.noontide(&["check"]);
    assert!(checked.err.contains("would like sql `shop`"), "{checked:?}");
}
