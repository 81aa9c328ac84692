//! What is granted is reached, and comes back whole.

use std::path::{Path, PathBuf};

use noontide_domain::{Limits, TraceParent};
use serde_json::json;

use super::{Net, Server, get, http, remarks};

fn authority() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox/egress/tls/ca.pem")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_address_is_called_with_what_the_guest_says() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.grant(http(&[&server.origin("127.0.0.1")]));
    let body = "words ".repeat(50_000);
    let sent = json!({ "http": {
        "url": server.url("127.0.0.1", "/echo"), "method": "POST", "body": body,
        "headers": [["x-one", "1"], ["authorization", "Bearer t"]],
    } });
    let (answers, report) = net.attempts(vec![sent]).await;
    let said = answers[0]["status"][1].as_str().expect("an answer");
    let (head, came) = said.split_once("\n\n").expect("head and body");
    assert_eq!(came, body);
    let lines: Vec<&str> = head.lines().collect();
    let host = format!("host: {}", server.address);
    let length = format!("content-length: {}", body.len());
    let [first @ .., trace, one] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((first, *one), (&["authorization: Bearer t", &length, &host][..], "x-one: 1"));
    let parent = trace.strip_prefix("traceparent: ").and_then(TraceParent::parse);
    assert!(parent.is_some(), "the attempt's own: {trace}");
    let traffic = report.effects.hosts[&server.origin("127.0.0.1")];
    assert_eq!((traffic.calls, traffic.refused), (1, 0));
    assert_eq!((traffic.sent, traffic.received), (body.len() as u64, said.len() as u64));
    assert_eq!(remarks(&report), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_names_a_trace_itself_is_not_corrected() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.grant(http(&[&server.origin("127.0.0.1")]));
    let own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [["traceparent", own]];
    let sent = json!({ "http": { "url": server.url("127.0.0.1", "/echo"), "method": "POST", "headers": headers } });
    let (answers, _) = net.attempts(vec![sent]).await;
    let said = answers[0]["status"][1].as_str().expect("an answer");
    assert_eq!(said.matches("traceparent").count(), 1);
    assert!(said.contains(&format!("traceparent: {own}\n")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_lifted_addresses_is_called_by_its_name() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.script.name("api.internal", &["127.0.0.1"]);
    net.grant(http(&[&format!("{} loopback", server.origin("*.internal"))]));
    let (answer, _) = net.get(&server.url("API.internal.", "/x")).await;
    let expected = format!("GET /x at 127.0.0.1 for api.internal:{}", server.address.port());
    assert_eq!(answer["status"][1], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_checked_against_the_name() {
    let net = Net::with(|settings| settings.egress.extra_roots = vec![authority()]).await;
    let server = Server::secure().await;
    let port = server.address.port();
    for name in ["secure.test", "other.test"] {
        net.script.name(name, &["127.0.0.1"]);
    }
    let origin = |name: &str| format!("https://{name}:{port}");
    net.grant(http(&[&format!("{} loopback", origin("secure.test")), &format!("{} loopback", origin("other.test"))]));
    let url = |name: &str| format!("{}/x", origin(name));
    let (answers, report) = net.attempts(vec![get(&url("secure.test")), get(&url("other.test"))]).await;
    assert_eq!(answers[0]["status"][1], format!("GET /x at 127.0.0.1 for secure.test:{port}"));
    assert_eq!(answers[1]["error"][0], "tls", "{answers:?}");
    assert!(remarks(&report)[0].contains("not valid for name"), "{report:?}");
    // And by those who are not told of the authority, not at all.
    let strict = Net::new().await;
    strict.script.name("secure.test", &["127.0.0.1"]);
    strict.grant(http(&[&format!("{} loopback", origin("secure.test"))]));
    let (answer, report) = strict.get(&url("secure.test")).await;
    assert_eq!(answer["error"][0], "tls", "{answer}");
    assert!(remarks(&report)[0].contains("UnknownIssuer"), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_larger_than_the_guest_comes_in_parts() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let mut grant = http(&[&server.origin("127.0.0.1")]);
    grant.limits = Limits { memory: 6 << 20, http_response: 32 << 20, ..Limits::default() };
    net.grant(grant);
    let url = server.url("127.0.0.1", &format!("/bytes?{}", 24 << 20));
    let (answers, report) = net.attempts(vec![json!({ "http": { "url": url, "count": true } })]).await;
    assert_eq!(answers[0]["status"][1], (24 << 20).to_string());
    assert!(report.usage.peak_memory_bytes <= 6 << 20, "{report:?}");
    assert_eq!(report.effects.hosts[&server.origin("127.0.0.1")].received, 24 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_there_is_told_apart() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    net.grant(http(&["http://nobody.test", &format!("http://{free}"), &server.origin("empty.test")]));
    net.script.name("empty.test", &[""]);
    let urls = ["http://nobody.test/".to_owned(), format!("http://{free}/"), server.url("empty.test", "/")];
    let (answers, report) = net.attempts(urls.iter().map(|url| get(url)).collect()).await;
    let kinds: Vec<_> = answers.iter().map(|answer| &answer["error"][0]).collect();
    assert_eq!(kinds, ["unknown-name", "unreachable", "unknown-name"], "{answers:?}");
    assert!(remarks(&report)[1].contains("Connection refused"), "{report:?}");
}
