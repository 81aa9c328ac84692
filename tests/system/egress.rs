//! The network of plugins, as the operator's files grant it.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::support::{Api, Place};

/// A server that says hello to everybody, and its address.
async fn greeter() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
            });
        }
    });
    address
}

/// The answers to what the plugin tried, and the lines of the run's log.
async fn tried(api: &Api, attempts: Value) -> (Value, Vec<Value>) {
    let run = api.call("fixture-egress/run", json!({ "attempts": attempts })).await;
    let answers = api.ended(&run).await["result"].clone();
    let logs = api.list(&format!("/runs/{run}/logs")).await;
    (answers, logs.iter().flat_map(|attempt| attempt["lines"].as_array().cloned().unwrap_or_default()).collect())
}

#[tokio::test]
async fn a_plugin_reaches_what_is_granted_to_it_and_never_the_api_of_its_own_host() {
    let (place, server) = (Place::new(), greeter().await);
    place.plugin("egress");
    let host = place.serve().await;
    let (api, own) = (host.api(), host.address());
    let get = |at: std::net::SocketAddr| json!({ "http": { "url": format!("http://{at}/in/x") } });
    let talk = |at: std::net::SocketAddr| json!({ "tcp": { "to": at.to_string(), "say": "GET / HTTP/1.0\r\n\r\n" } });
    let everything = json!([get(server), get(own), talk(server), talk(own)]);

    let (refused, logs) = tried(&api, everything.clone()).await;
    assert!(refused.as_array().is_some_and(|all| all.iter().all(|one| one["error"].is_array())), "{refused}");
    let line = format!(
        "http: http://{server} is not granted; [plugin.fixture-egress] http = [\"http://{server}\"] would allow it"
    );
    assert!(logs.iter().any(|said| said["message"] == line && said["source"] == "host"), "{logs:?}");

    let granted = format!(
        "[plugin.fixture-egress]\n\
         http = [\"http://{own}\", {{ origin = \"http://{server}\", methods = [\"GET\"], path = \"/in/\" }}]\n\
         tcp = [\"{own}\", {{ to = \"{server}\", addresses = [\"loopback\"] }}]\n"
    );
    place.conf("egress.toml", &granted);
    api.post("/reload", json!({})).await;
    let (answers, logs) = tried(&api, everything).await;
    assert_eq!(answers[0]["status"], json!([200, "hello"]));
    assert!(answers[2]["said"].as_str().is_some_and(|said| said.ends_with("hello")), "{answers}");
    assert!(answers[1]["error"].is_array() && answers[3]["error"].is_array(), "{answers}");
    let own_lines = logs.iter().filter(|line| line["message"].to_string().contains("this host itself listens"));
    assert_eq!(own_lines.count(), 2, "{logs:?}");
    host.stop().await;
}

#[tokio::test]
async fn a_grant_that_is_none_is_told_with_its_place_and_what_to_write() {
    let place = Place::new();
    place.conf("egress.toml", "[plugin.x]\nhttp = [\"api.example.com\"]\ntcp = [\"localhost:5432\"]\n");
    let said = place.noontide(&["check"]);
    assert_eq!(said.code, 3, "{said:?}");
    for words in ["egress.toml:2:9: plugin `x`: `http`: `api.example.com` is no origin", "egress.toml:3:8: plugin `x`"]
    {
        assert!(format!("{}{}", said.out, said.err).contains(words), "{words}: {said:?}");
    }
}
