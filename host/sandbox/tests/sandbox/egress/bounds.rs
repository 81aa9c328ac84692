//! How much and how long: bodies, requests at a time, deadlines, requests to stop.

use std::time::{Duration, Instant};

use noontide_domain::ports::PluginHost;
use noontide_domain::{Limits, Outcome};
use serde_json::{Value, json};

use super::server::AFTER;
use super::{Net, PLUGIN, Server, http};
use crate::stage::{Desk, call_at};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_over_the_limit_is_cut_with_an_error() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let mut grant = http(&[&server.origin("127.0.0.1")]);
    grant.limits = Limits { http_response: 1 << 20, ..Limits::default() };
    net.grant(grant);
    let sized =
        |bytes: usize| json!({ "http": { "url": server.url("127.0.0.1", &format!("/bytes?{bytes}")), "count": true } });
    let (answers, report) = net.attempts(vec![sized(1 << 20), sized((1 << 20) + 1), sized(100 << 20)]).await;
    assert_eq!(answers[0]["status"][1], (1 << 20).to_string());
    for answer in &answers[1..] {
        assert_eq!(answer["error"][0], "too-large", "{answer}");
        assert!(answer["error"][1].as_str().is_some_and(|words| words.contains("1048576 bytes")), "{answer}");
    }
    let received = report.effects.hosts[&server.origin("127.0.0.1")].received;
    assert!(received < 4 << 20, "of 100 MiB, {received} bytes came in");
    server.until_open(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_ends_with_the_run() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.grant(http(&[&server.origin("127.0.0.1")]));
    for path in ["/never", "/half"] {
        let input = json!({ "attempts": [{ "http": { "url": server.url("127.0.0.1", path) } }] });
        let mut call = call_at(PLUGIN, input, Desk::new(), 1);
        call.leased.order.timeout = Some(Duration::from_millis(500));
        let begun = Instant::now();
        let report = net.stage.sandbox.invoke(call).await;
        assert_eq!(report.outcome, Outcome::TimedOut { after: Duration::from_millis(500) }, "{path}");
        assert!(begun.elapsed() < Duration::from_millis(500) + AFTER, "{path}: {:?}", begun.elapsed());
        server.until_open(0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_may_be_less_patient_than_its_run() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.grant(http(&[&server.origin("127.0.0.1")]));
    let impatient = |path: &str| json!({ "http": { "url": server.url("127.0.0.1", path), "patience": 50 } });
    let begun = Instant::now();
    let (answers, _) = net.attempts(vec![impatient("/never"), impatient("/half")]).await;
    assert!(answers.iter().all(|answer| answer["error"][0] == "timed-out"), "{answers:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_goes_with_its_run() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.grant(http(&[&server.origin("127.0.0.1")]));
    for path in ["/never", "/half"] {
        let input = json!({ "attempts": [{ "http": { "url": server.url("127.0.0.1", path) } }] });
        let going = net.stage.sandbox.invoke(call_at(PLUGIN, input, Desk::new(), 1));
        let mut going = Box::pin(going);
        tokio::select! {
            report = &mut going => panic!("{report:?}"),
            () = server.until_open(1) => {}
        }
        drop(going);
        server.until_open(0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_than_allowed_wait_for_each_other_and_then_are_refused() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let mut grant = http(&[&server.origin("127.0.0.1")]);
    grant.limits = Limits { http_concurrency: 2, ..Limits::default() };
    net.grant(grant);
    let flood = |open: usize| json!({ "url": server.url("127.0.0.1", "/half"), "open": open });
    let begun = Instant::now();
    let report = net.stage.call(&format!("{PLUGIN}/flood"), flood(2)).await;
    let Outcome::Succeeded { result: Some(Value::Array(answers)) } = &report.outcome else { panic!("{report:?}") };
    assert_eq!(answers[..2], [json!("200"), json!("200")]);
    assert!(answers[2].as_str().is_some_and(|code| code.contains("ConnectionLimitReached")), "{answers:?}");
    assert!(begun.elapsed() >= Duration::from_secs(5), "it waited its turn");
    let report = net.stage.call(&format!("{PLUGIN}/flood"), flood(1)).await;
    assert!(matches!(&report.outcome, Outcome::Succeeded { result: Some(said) } if *said == json!(["200", "200"])));
}
