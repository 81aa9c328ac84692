//! Requests of the host's own: the same policy, without a guest.

use std::time::{Duration, Instant};

use bytes::Bytes;
use noontide_sandbox::{EgressError, HttpMessage};

use super::{Net, Server, http};

const LARGEST: u64 = 1 << 20;

fn post(url: String) -> HttpMessage {
    let headers = vec![("idempotency-key".to_owned(), "k".to_owned())];
    HttpMessage { method: "POST".to_owned(), url, headers, body: Bytes::from_static(b"words") }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[tokio::test]
async fn a_message_goes_where_it_is_granted_and_nowhere_else() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.script.name("hooks.test", &["127.0.0.1"]);
    let egress = net.stage.sandbox.egress();
    let lifted = http(&[&format!("{} loopback", server.origin("hooks.test"))]).http;
    let answer =
        egress.send(post(server.url("hooks.test", "/echo")), &lifted, LARGEST, soon()).await.expect("an answer");
    let said = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 200);
    assert!(said.contains("idempotency-key: k\n") && said.ends_with("\n\nwords"), "{said}");
    assert!(answer.headers.iter().any(|(name, _)| name == "content-length"));

    let plain = http(&[&server.origin("hooks.test")]).http;
    let refused = egress.send(post(server.url("hooks.test", "/echo")), &plain, LARGEST, soon()).await;
    assert!(matches!(&refused, Err(error @ EgressError::Address { .. }) if error.is_refusal()), "{refused:?}");
    let refused = egress.send(post(server.url("other.test", "/echo")), &plain, LARGEST, soon()).await;
    assert!(matches!(&refused, Err(EgressError::NotGranted { .. })), "{refused:?}");
    assert!(egress.check("POST", &server.url("hooks.test", "/echo"), &plain).is_ok());
    assert!(egress.check("POST", "https://hooks.test/", &plain).is_err());
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn its_answer_has_a_size_and_a_deadline() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let egress = net.stage.sandbox.egress();
    let grants = http(&[&server.origin("127.0.0.1")]).http;
    let url = server.url("127.0.0.1", &format!("/bytes?{}", 2 << 20));
    let large = egress.send(post(url), &grants, LARGEST, soon()).await;
    assert!(matches!(&large, Err(EgressError::TooLarge(LARGEST))), "{large:?}");
    for path in ["/never", "/half"] {
        let deadline = Instant::now() + Duration::from_millis(200);
        let late = egress.send(post(server.url("127.0.0.1", path)), &grants, LARGEST, deadline).await;
        assert!(matches!(&late, Err(error @ EgressError::Silent { .. }) if !error.is_refusal()), "{path}: {late:?}");
        assert!(deadline.elapsed() < super::server::AFTER, "{path}: {:?}", deadline.elapsed());
    }
    server.until_open(0).await;
}
