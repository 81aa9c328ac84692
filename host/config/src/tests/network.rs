//! Grants of the network, read.

use super::loaded;

#[test]
fn grants_of_the_network_are_read_with_all_they_say() {
    let text = r#"
[http-client]
ca = ["company.pem"]
[plugin.mail]
http = [
    "https://API.example.com/",
    "https://*.example.org:8443",
    "http://10.0.0.5:8080",
    { origin = "https://hooks.example.com", methods = ["POST", "PUT"], path = "/in/", addresses = ["10.0.0.0/8", "loopback"] },
]
tcp = ["db.internal:5432", { to = "[fd00::5]:6379", addresses = ["private"] }]
limits = { http-response = "1MiB", http-concurrency = 2 }
"#;
    let loaded = loaded(&[("a.toml", text)]);
    assert_eq!(loaded.problems, []);
    assert!(loaded.config.http_client.ca[0].ends_with("company.pem"));
    let grant = &loaded.config.grants[&"mail".parse().unwrap()];
    let http: Vec<String> = grant.http.iter().map(ToString::to_string).collect();
    assert_eq!(
        http,
        [
            "https://api.example.com",
            "https://*.example.org:8443",
            "http://10.0.0.5:8080",
            "https://hooks.example.com POST PUT below /in/ also at 10.0.0.0/8, loopback",
        ]
    );
    let tcp: Vec<String> = grant.tcp.iter().map(ToString::to_string).collect();
    assert_eq!(tcp, ["db.internal:5432", "[fd00::5]:6379 also at private"]);
    assert_eq!((grant.limits.http_response, grant.limits.http_concurrency), (1 << 20, 2));
}

#[test]
fn without_a_word_there_is_no_network() {
    let loaded = loaded(&[("a.toml", "[plugin.mail]\n")]);
    let grant = &loaded.config.grants[&"mail".parse().unwrap()];
    assert!(grant.http.is_empty() && grant.tcp.is_empty());
    assert!(loaded.config.http_client.ca.is_empty());
}
