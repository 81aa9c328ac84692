//! The API over TLS: real files, real handshakes, the real command line.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::json;

use super::support::fixtures::repository;
use super::support::{Host, Place, until};

fn file(name: &str) -> PathBuf {
    repository().join("tests/data/tls").join(name)
}

fn install(place: &Place, name: &str) {
    for kind in ["pem", "key"] {
        let beside = place.path(&format!("tls/new.{kind}"));
        std::fs::copy(file(&format!("{name}.{kind}")), &beside).expect("a file can be copied");
        std::fs::rename(beside, place.path(&format!("tls/host.{kind}"))).expect("a file can be renamed");
    }
}

/// A host that speaks TLS on TCP, and how it is reached there.
async fn secure() -> (Place, Host, String) {
    let place = Place::new();
    std::fs::create_dir(place.path("tls")).expect("a folder");
    install(&place, "server");
    place.conf("tls.toml", "[http]\ntls = { certificate = \"../tls/host.pem\", key = \"../tls/host.key\" }\n");
    place.plugin("noop");
    place.plugin("talker");
    let host = Host::begin(&place).announced(&place).await;
    until("it is ready", async || (place.noontide(&["healthcheck"]).code == 0).then_some(())).await;
    let server = format!("https://localhost:{}", host.address().port());
    (place, host, server)
}

#[tokio::test]
async fn the_command_line_speaks_tls_and_trusts_the_authority_that_it_is_told() {
    let (place, host, server) = secure().await;
    let (ca, other) = (file("ca.pem").display().to_string(), file("other-ca.pem").display().to_string());
    let status = |ca: &[&str]| place.noontide(&[&["status", "--server", &server], ca].concat());
    assert_eq!(status(&["--ca", &ca]).code, 0);
    for wrong in [&[] as &[&str], &["--ca", &other]] {
        let said = status(wrong);
        assert!(said.code == 5 && said.err.contains("an authority that is not trusted here"), "{said:?}");
    }
    let said = status(&["--ca", &file("server.key").display().to_string()]);
    assert!(said.code == 5 && said.err.contains("no certificate in it"), "{said:?}");
    let by_address = server.replace("localhost", "127.0.0.1");
    assert_eq!(place.noontide(&["status", "--server", &by_address, "--ca", &ca]).code, 0);
    let enqueued = place.noontide(&["enqueue", "fixture-noop", "--wait", "--server", &server, "--ca", &ca]);
    assert_eq!(enqueued.code, 0, "{enqueued:?}");
    host.stop().await;
}

#[tokio::test]
async fn who_speaks_the_other_language_is_told_which_one_is_spoken() {
    let (place, host, server) = secure().await;
    let plain = server.replace("https", "http");
    let answer = reqwest::Client::new().request(Method::GET, format!("{plain}/api/v1/status")).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let said = place.noontide(&["status", "--server", &plain]);
    assert!(said.code == 2 && said.err.contains("TLS is spoken here; ask again with https://"), "{said:?}");
    host.stop().await;
    let place = place.beside();
    let host = place.serve().await;
    let said = place.noontide(&["status", "--server", &format!("https://{}", host.address())]);
    assert!(said.code == 5 && said.err.contains("does not speak TLS; try http://"), "{said:?}");
}

#[tokio::test]
async fn a_reload_takes_a_new_certificate_and_no_stream_is_cut() {
    let (place, host, server) = secure().await;
    let ca = file("ca.pem").display().to_string();
    let flags = ["--server", &server, "--ca", &ca];
    let over_tls = |args: &[&str]| place.noontide(&[args, &flags].concat());
    let input = json!({ "lines": 150, "pause_ms": 20 }).to_string();
    let enqueued = over_tls(&["enqueue", "fixture-talker", "--input", &input, "-o", "json"]).json();
    let run = enqueued["runs"][0].as_str().expect("a run").to_owned();
    let heard = place.path("heard");
    let out = std::fs::File::create(&heard).expect("a file");
    let mut follower = place.command(&[&["logs", &run, "--follow"][..], &flags].concat());
    let mut follower = follower.stdout(out).spawn().expect("the binary starts");
    let heard = || std::fs::read_to_string(&heard).unwrap_or_default();
    until("it hears the run", async || heard().contains("line 1 of").then_some(())).await;
    install(&place, "renewed");
    let reloaded = over_tls(&["reload"]);
    assert_eq!(reloaded.code, 0, "{reloaded:?}");
    assert!(host.log().contains("the certificate of the API was read again"), "{}", host.log());
    assert!(!heard().contains("line 150 of"), "the stream was open meanwhile");
    assert_eq!(over_tls(&["status"]).code, 0, "the new one is of the same authority");
    assert_eq!(follower.wait().expect("it ends").code(), Some(0), "who was connected went on");
    assert_eq!(heard().lines().count(), 150);
    std::fs::write(place.path("tls/host.key"), "no key").expect("written");
    let reloaded = over_tls(&["reload"]);
    assert!(reloaded.code == 3 && reloaded.err.contains("host.key"), "{reloaded:?}");
    assert_eq!(over_tls(&["status"]).code, 0, "the last good one stays");
    host.stop().await;
}
