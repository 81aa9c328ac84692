//! `tcp` grants: connections to where a granted name leads, and to nothing else.

use serde_json::{Value, json};

use super::{Net, Server, remarks, tcp};

const SAY: &str = "GET /x HTTP/1.0\r\nhost: me\r\n\r\n";

fn to(address: impl std::fmt::Display) -> Value {
    json!({ "tcp": { "to": address.to_string(), "say": SAY } })
}

fn refused(answer: &Value) -> bool {
    answer["error"].is_array()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_host_and_port_is_talked_to() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let port = server.address.port();
    net.script.name("db.test", &["127.0.0.1"]);
    net.grant(tcp(&[&format!("db.test:{port} loopback")]));
    let (answers, report) = net.attempts(vec![to(format!("db.test:{port}"))]).await;
    assert!(answers[0]["said"].as_str().is_some_and(|said| said.starts_with("HTTP/1.0 200")), "{answers:?}");
    assert_eq!(report.effects.hosts[&format!("tcp://db.test:{port}")].calls, 1);
    net.grant(tcp(&[&format!("127.0.0.1:{port}")]));
    let (answers, _) = net.attempts(vec![to(server.address)]).await;
    assert!(answers[0]["said"].is_string(), "a written address is granted as it is: {answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_connected_to_looked_up_or_listened_on() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let other = Server::at("127.0.0.1").await;
    let (port, second) = (server.address.port(), other.address.port());
    net.script.name("db.test", &["127.0.0.1"]);
    net.script.name("other.test", &["127.0.0.1"]);
    net.grant(tcp(&[&format!("db.test:{port} loopback")]));
    let attempts = vec![
        // Before the lookup nothing leads there, though it is the same machine.
        to(server.address),
        to(format!("[::ffff:127.0.0.1]:{port}")),
        to(format!("0.0.0.0:{port}")),
        to(format!("db.test:{second}")),
        to(other.address),
        to(format!("127.0.0.2:{port}")),
        to(format!("other.test:{port}")),
        to("169.254.169.254:80"),
        to(format!("localhost:{port}")),
        to(format!("2130706433:{port}")),
        json!({ "look-up": "other.test" }),
        json!({ "look-up": "example.com" }),
        json!({ "look-up": "127.1" }),
        json!({ "listen": "127.0.0.1:0" }),
        json!({ "listen": "0.0.0.0:0" }),
        json!({ "udp": "127.0.0.1:53" }),
        json!({ "udp": format!("db.test:{port}") }),
    ];
    let (answers, report) = net.attempts(attempts.clone()).await;
    for (attempt, answer) in attempts.iter().zip(&answers) {
        assert!(refused(answer), "{attempt}: {answer}");
    }
    assert_eq!((server.connections(), other.connections()), (0, 0));
    assert!(net.script.asked().iter().all(|name| name == "db.test"), "{:?}", net.script.asked());
    let lines = remarks(&report);
    let line = format!(
        "tcp: 127.0.0.1:{port} is not granted, and no granted name led there; [plugin.fixture-egress] \
         tcp = [\"127.0.0.1:{port}\"] would allow it"
    );
    assert_eq!(lines[0], line);
    assert!(lines.iter().any(|line| line.starts_with("tcp: example.com is not granted")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_leads_only_where_its_grant_lets_it() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let port = server.address.port();
    net.script.name("db.test", &["127.0.0.1"]);
    net.script.name("mixed.test", &["10.0.0.1 127.0.0.1 169.254.169.254"]);
    net.grant(tcp(&[&format!("db.test:{port}"), &format!("mixed.test:{port} loopback")]));
    let attempts =
        vec![to(format!("db.test:{port}")), to(server.address), json!({ "look-up": "mixed.test" }), to(server.address)];
    let (answers, report) = net.attempts(attempts).await;
    assert!(refused(&answers[0]) && refused(&answers[1]), "{answers:?}");
    assert_eq!(answers[2]["said"], "127.0.0.1", "of its addresses, those that are permitted");
    assert!(answers[3]["said"].is_string(), "{answers:?}");
    let line = format!(
        "tcp: tcp://db.test:{port} leads to 127.0.0.1, a loopback address, which is not granted with it; \
         [plugin.fixture-egress] tcp = [{{ to = \"db.test:{port}\", addresses = [\"127.0.0.1\"] }}] would allow it"
    );
    assert_eq!(remarks(&report)[0], line);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_own_api_is_refused_here_too() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let port = server.address.port();
    net.script.name("self.test", &["127.0.0.1"]);
    net.grant(tcp(&[&format!("127.0.0.1:{port}"), &format!("self.test:{port} loopback")]));
    net.own(&[server.address]);
    let (answers, _) = net.attempts(vec![to(server.address), to(format!("self.test:{port}"))]).await;
    assert!(answers.iter().all(refused), "{answers:?}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_of_http_opens_no_socket() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.grant(super::http(&[&server.origin("127.0.0.1")]));
    let (answers, _) = net.attempts(vec![to(server.address), json!({ "look-up": "db.test" })]).await;
    assert!(answers.iter().all(refused), "{answers:?}");
    assert_eq!(server.connections(), 0);
}
