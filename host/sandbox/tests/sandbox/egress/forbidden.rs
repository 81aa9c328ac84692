//! Targets that are refused, each by a real component on its way out. The grants are wide: what refuses is the rest.

use serde_json::{Value, json};

use super::{Net, Server, get, http, remarks};

/// What a granted name may lead to and is not connected to.
const ADDRESSES: &str = "127.0.0.1 127.0.0.2 127.255.255.254 ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::127.0.0.1 ::ffff:0:127.0.0.1 \
    0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1 ::ffff:192.168.0.1 \
    fc00::1 fd12:3456:789a::1 fec0::1 169.254.169.254 169.254.1.1 ::ffff:169.254.169.254 fe80::1 fd00:ec2::254 fd20:ce::254 \
    168.63.129.16 100.64.0.1 100.100.100.200 100.127.255.254 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 \
    64:ff9b:1::1 64:ff9b:1:7f00:0:100:: 2002:7f00:1:: 2002:a00:1:: 2002:a9fe:a9fe:: 2001:0:4136:e378:8000:63bf:80ff:fffe \
    2001:470::5efe:127.0.0.1 224.0.0.1 239.255.255.250 ff02::1 255.255.255.255 240.0.0.1 192.0.0.1 192.0.2.1 192.88.99.1 \
    198.18.0.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1 2001:2::1 2001:10::1 2001:20::1 100::1 5f00::1";

/// Hosts that are no granted name, and in some resolver's eyes the machine itself or somebody near.
const SPELLINGS: &str = "127.0.0.1 127.0.0.2 127.1 127.0.1 2130706433 0x7f000001 0x7F.1 0x7f.0.0.1 017700000001 0177.0.0.1 \
    0177.1 127.0.0.1. 127.000.000.001 0 0.0.0.0 0x0 [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] \
    [::127.0.0.1] [64:ff9b::7f00:1] [fe80::1] [fd00:ec2::254] localhost localhost. LOCALHOST ip6-localhost \
    localhost.localdomain 127.0.0.1.nip.io 127-0-0-1.sslip.io localtest.me 169.254.169.254 0xa9fea9fe 2852039166 \
    metadata.google.internal 10.0.0.1 192.168.1.1 granted.test.evil.org evil-granted.test granted.test-evil.org \
    granted.test.127.0.0.1 xn--granted.test";

#[tokio::test(flavor = "multi_thread")]
async fn no_name_that_is_granted_leads_to_an_address_that_is_not() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.grant(http(&[&server.origin("*.granted.test")]));
    let addresses: Vec<&str> = ADDRESSES.split_whitespace().collect();
    assert!(addresses.len() >= 55, "{}", addresses.len());
    let mut attempts = Vec::new();
    for (number, address) in addresses.iter().enumerate() {
        net.script.name(&format!("n{number}.granted.test"), &[address]);
        attempts.push(get(&server.url(&format!("n{number}.granted.test"), "/")));
    }
    let (answers, report) = net.attempts(attempts).await;
    for (address, answer) in addresses.iter().zip(&answers) {
        assert_eq!(answer["error"][0], "address-refused", "{address}: {answer}");
    }
    assert_eq!(server.connections(), 0);
    let hosts = &report.effects.hosts;
    assert_eq!(hosts.values().map(|host| (host.calls, host.refused)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)), {
        (0, addresses.len() as u64)
    });
    let line = remarks(&report)[0];
    let origin = server.origin("n0.granted.test");
    assert_eq!(
        line,
        format!(
            "http: {origin} leads to 127.0.0.1, a loopback address, which is not granted with it; \
             [plugin.fixture-egress] http = [{{ origin = \"{origin}\", addresses = [\"127.0.0.1\"] }}] would allow it"
        )
    );
    assert_eq!(remarks(&report).len(), 32, "a guest that tries everything fills no log");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_granted_host_is_not_even_looked_up() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.grant(http(&[&server.origin("granted.test"), &server.origin("*.granted.test")]));
    let hosts: Vec<&str> = SPELLINGS.split_whitespace().collect();
    let (answers, report) = net.attempts(hosts.iter().map(|host| get(&server.url(host, "/"))).collect()).await;
    for (host, answer) in hosts.iter().zip(&answers) {
        let kind = answer["error"][0].as_str().unwrap_or_default();
        assert!(["not-granted", "invalid"].contains(&kind), "{host}: {answer}");
    }
    assert!(hosts.len() >= 40 && net.script.asked().is_empty(), "{:?}", net.script.asked());
    assert_eq!(server.connections(), 0);
    let line = format!(
        "http: http://127.0.0.1:{port} is not granted; [plugin.fixture-egress] http = [\"http://127.0.0.1:{port}\"] \
         would allow it",
        port = server.address.port()
    );
    assert_eq!(remarks(&report)[0], line);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_another_form_than_granted_does_not_go_out() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let (host, port) = ("granted.test", server.address.port());
    net.script.name(host, &["127.0.0.1"]);
    net.grant(http(&[&format!("{} loopback", server.origin(host)), "https://secure.granted.test"]));
    let at = format!("{host}:{port}");
    let raw = |scheme: &str, authority: &str, path: &str| json!({ "raw": { "scheme": scheme, "authority": authority, "path": path } });
    let asked = |method: &str, url: String| json!({ "http": { "url": url, "method": method } });
    let attempts: Vec<Value> = vec![
        raw("http", &format!("user@{at}"), "/"),
        raw("http", &format!("user:secret@{at}"), "/"),
        raw("http", &format!("{at}@127.0.0.1:{port}"), "/"),
        raw("http", &format!("127.0.0.1:{port}@{at}"), "/"),
        raw("http", &at, &format!("http://127.0.0.1:{port}/")),
        raw("http", &at, "//127.0.0.1/../x\r\nhost: evil"),
        raw("http", &at, "*"),
        raw("ftp", &at, "/"),
        raw("file", &at, "/etc/passwd"),
        raw("gopher", &at, "/"),
        raw("unix", &at, "/"),
        raw("ws", &at, "/"),
        raw("https", &at, "/"),
        raw("http", host, "/"),
        raw("http", &format!("{host}:{}", port ^ 1), "/"),
        raw("http", &format!("{host}:{port}:80"), "/"),
        raw("http", "", "/"),
        raw("http", "secure.granted.test:443", "/"),
        asked("CONNECT", server.url(host, "/")),
        asked("GET /x HTTP/1.1\r\nhost: evil\r\n\r\nGET", server.url(host, "/")),
        json!({ "http": { "url": server.url(host, "/"), "headers": [["host", "evil.test"]] } }),
        json!({ "http": { "url": server.url(host, "/"), "headers": [["transfer-encoding", "chunked"]] } }),
        json!({ "http": { "url": server.url(host, "/"), "headers": [["connection", "upgrade"]] } }),
        json!({ "http": { "url": server.url(host, "/"), "headers": [["x", "y\r\nhost: evil"]] } }),
    ];
    let (answers, report) = net.attempts(attempts.clone()).await;
    for (attempt, answer) in attempts.iter().zip(&answers) {
        let kind = answer["error"][0].as_str().unwrap_or_default();
        assert!(["not-granted", "invalid", "unreachable"].contains(&kind), "{attempt}: {answer}");
    }
    assert_eq!(server.connections(), 0);
    assert!(!format!("{report:?}").contains("secret"), "{report:?}");
    let (answer, _) = net.get(&server.url(host, "/")).await;
    assert_eq!(answer["status"][0], 200, "and the same host in the granted form is reached: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_and_paths_hold_whatever_the_spelling() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let mut grant = http(&[&server.origin("127.0.0.1")]);
    grant.http[0].methods = vec!["POST".into()];
    grant.http[0].path = Some("/in/".parse().expect("a prefix"));
    net.grant(grant);
    let post = |path: &str| json!({ "http": { "url": server.url("127.0.0.1", path), "method": "POST" } });
    let paths = "/ /in /inn/ /IN/a /out /in/../out /in/%2e%2e/out /in/%2E%2e/out /in/.%2e/out /in/%252e%252e/out /in/..%2fout /in/..%5cout \
                 /in/a/../../out /in/..;/out /in/..;x=y/out /in/a%2f..%2f..%2fout /%69n/a //in/a /in/%00 /in/%c0%ae%c0%ae/out \
                 /in/%25252e%25252e/out";
    let refused: Vec<&str> = paths.split_whitespace().collect();
    let mut attempts: Vec<Value> = refused.iter().map(|path| post(path)).collect();
    attempts.push(get(&server.url("127.0.0.1", "/in/a")));
    let (answers, report) = net.attempts(attempts).await;
    for (path, answer) in refused.iter().chain([&"GET /in/a"]).zip(&answers) {
        assert_eq!(answer["error"][0], "not-granted", "{path}: {answer}");
    }
    assert_eq!(server.connections(), 0);
    let lines = remarks(&report);
    assert!(lines.iter().any(|line| line.contains("`/out` is not below `/in/`")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("not by GET") && line.contains("methods = [\"GET\"]")), "{lines:?}");
    let (answers, _) = net.attempts(vec![post("/in/a?x=../..")]).await;
    assert_eq!(answers[0]["status"][1], format!("POST /in/a at 127.0.0.1 for 127.0.0.1:{}", server.address.port()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_own_api_is_refused_through_every_grant() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    net.script.name("self.test", &["127.0.0.1"]);
    let named = format!("{} loopback", server.origin("self.test"));
    let (literal, spelled) = (server.origin("127.0.0.1"), server.origin("[::ffff:127.0.0.1]"));
    net.grant(http(&[&literal, &named]));
    let urls = [literal, server.origin("self.test"), spelled].map(|origin| format!("{origin}/"));
    let (reached, _) = net.attempts(urls.iter().map(|url| get(url)).collect()).await;
    assert!(reached.iter().all(|answer| answer["status"][0] == 200), "{reached:?}");
    let every = format!("0.0.0.0:{}", server.address.port()).parse().expect("an address");
    for own in [server.address, every] {
        net.own(&[own]);
        let (refused, report) = net.attempts(urls.iter().map(|url| get(url)).collect()).await;
        assert!(refused.iter().all(|answer| answer["error"][0] == "address-refused"), "{refused:?}");
        assert!(remarks(&report)[0].ends_with("where this host itself listens; no grant covers that"), "{report:?}");
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_was_looked_at_is_the_one_connected_to() {
    let net = Net::new().await;
    let public = Server::at("127.0.0.2").await;
    let private = Server::beside(&public, "127.0.0.1").await;
    // As if 127.0.0.2 were public: the first answer is good, and whoever asked a second time would get the other.
    net.script.name("rebinding.test", &["127.0.0.2", "127.0.0.1"]);
    net.grant(http(&[&format!("{} 127.0.0.2", public.origin("rebinding.test"))]));
    let url = public.url("rebinding.test", "/");
    let (answers, _) = net.attempts(vec![get(&url), get(&url)]).await;
    assert!(answers[0]["status"][1].as_str().is_some_and(|said| said.contains("at 127.0.0.2")), "{answers:?}");
    assert_eq!(answers[1]["error"][0], "address-refused");
    assert_eq!(net.script.asked(), ["rebinding.test", "rebinding.test"], "one lookup for each request");
    // And of several at once, only the good one.
    net.script.name("rebinding.test", &["127.0.0.1 10.0.0.1 127.0.0.2"]);
    let (answer, _) = net.get(&url).await;
    assert_eq!(answer["status"][0], 200, "{answer}");
    assert_eq!((public.connections(), private.connections()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_the_guests_to_follow_and_is_looked_at_anew() {
    let net = Net::new().await;
    let server = Server::at("127.0.0.2").await;
    let inner = Server::beside(&server, "127.0.0.1").await;
    net.script.name("inner.test", &["127.0.0.1"]);
    net.grant(http(&[&server.origin("127.0.0.2"), &server.origin("inner.test")]));
    let via = |to: String, follow: bool| json!({ "http": { "url": server.url("127.0.0.2", &format!("/redirect?{to}")), "follow": follow } });
    let attempts = vec![
        via(inner.url("127.0.0.1", "/"), true),
        via(inner.url("inner.test", "/"), true),
        via("file:///etc/passwd".to_owned(), true),
        via("http://169.254.169.254/latest/meta-data/".to_owned(), true),
        via(inner.url("127.0.0.1", "/"), false),
        via(server.url("127.0.0.2", "/there"), true),
    ];
    let (answers, _) = net.attempts(attempts).await;
    let kinds: Vec<&Value> = answers.iter().map(|answer| &answer["error"][0]).collect();
    assert_eq!(
        kinds[..4],
        [&json!("not-granted"), &json!("address-refused"), &json!("unreachable"), &json!("not-granted")]
    );
    assert_eq!((&answers[4]["status"][0], &answers[5]["status"][0]), (&json!(302), &json!(200)));
    assert_eq!(inner.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_nothing_is_looked_up_or_sent() {
    let (net, server) = (Net::new().await, Server::at("127.0.0.1").await);
    let urls = [server.url("127.0.0.1", "/"), "https://example.com/".to_owned()];
    let (answers, report) = net.attempts(urls.iter().map(|url| get(url)).collect()).await;
    assert!(answers.iter().all(|answer| answer["error"][0] == "not-granted"), "{answers:?}");
    assert_eq!((server.connections(), net.script.asked().len()), (0, 0));
    assert_eq!(report.effects.hosts["https://example.com:443"].refused, 1);
    assert!(remarks(&report)[1].contains("http = [\"https://example.com\"] would allow it"), "{report:?}");
}
