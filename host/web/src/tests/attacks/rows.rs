//! One connection each.

use super::*;

/// A name, what is sent, and how it may be refused; 0 is a connection that is closed without a word.
type Row = (&'static str, String, &'static [u16]);

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n{headers}\r\n")
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let json =
        if headers.to_ascii_lowercase().contains("content-type") { "" } else { "Content-Type: application/json\r\n" };
    format!(
        "POST {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n{json}{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

const STATUS: &str = "/api/v1/status";
const FIRE: &str = "/api/v1/schedules/nightly/fire";
const AUTH: &str = "Authorization: Bearer 0123456789abcdef\r\n";

/// From elsewhere, or by a browser that was sent from there.
fn from_elsewhere(ground: &Ground) -> Vec<Row> {
    let cookie = format!("Cookie: {}\r\n", ground.cookie);
    let with = |more: &str| format!("{cookie}{more}");
    vec![
        ("rebinding", get(STATUS, AUTH).replace("HOST", "evil.example"), &[403]),
        ("rebinding with our port", get(STATUS, AUTH).replace("HOST", "evil.example:7878"), &[403]),
        ("a name that begins with our address", get(STATUS, AUTH).replace("HOST", "127.0.0.1.evil.example"), &[403]),
        ("no host", get(STATUS, AUTH).replace("Host: HOST\r\n", ""), &[400, 403]),
        ("two hosts", get(STATUS, &format!("Host: evil.example\r\n{AUTH}")), &[400]),
        ("another host in the request line", get("http://evil.example/api/v1/status", AUTH), &[400]),
        ("a foreign origin", post(FIRE, &with("Origin: https://evil.example\r\n"), "{}"), &[403]),
        ("an origin that hides", post(FIRE, &with("Origin: null\r\n"), "{}"), &[403]),
        ("our name at another port", post(FIRE, &with("Origin: http://127.0.0.1:1\r\n"), "{}"), &[403]),
        ("a foreign page that shows a token", get(STATUS, &format!("{AUTH}Origin: https://evil.example\r\n")), &[403]),
        (
            "a picture on a foreign page",
            get(STATUS, &with("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n")),
            &[403],
        ),
        ("a page of another port", get(STATUS, &with("Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n")), &[403]),
        ("a session and no word of the browser", post(FIRE, &cookie, "{}"), &[403]),
        (
            "a session from a foreign page",
            post(FIRE, &with("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"), "{}"),
            &[403],
        ),
        (
            "a form",
            post(
                FIRE,
                &with("Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"),
                "delay=1s",
            ),
            &[415],
        ),
        ("JSON as text", post(FIRE, &format!("{AUTH}Content-Type: text/plain\r\n"), "{}"), &[415]),
        (
            "a form of parts",
            post(FIRE, &format!("{AUTH}Content-Type: multipart/form-data; boundary=x\r\n"), "--x--"),
            &[415],
        ),
        ("a login by form", post("/login", "Content-Type: application/x-www-form-urlencoded\r\n", "token=x"), &[415]),
        (
            "a login from a foreign page",
            post("/login", "Origin: https://evil.example\r\n", "{\"token\":\"x\"}"),
            &[403],
        ),
    ]
}

/// By somebody who is not who they should be.
fn by_nobody(ground: &Ground) -> Vec<Row> {
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let session = |value: &str| format!("Cookie: noontide_session={value}\r\n");
    vec![
        ("no token", get(STATUS, ""), &[401]),
        ("a garbled token", get(STATUS, &bearer("0123456789abcdeg")), &[401]),
        ("half a token", get(STATUS, &bearer(&ground.read[..20])), &[401]),
        ("a token of ours that never was", get(STATUS, &bearer(&format!("noontide_{}", "A".repeat(43)))), &[401]),
        (
            "the digest of a token",
            get(STATUS, &bearer(&digest(TOKEN).map(|byte| format!("{byte:02x}")).concat())),
            &[401],
        ),
        ("a token in the address", get(&format!("{STATUS}?token={TOKEN}&access_token={TOKEN}"), ""), &[401]),
        ("a token by another scheme", get(STATUS, &format!("Authorization: Basic {TOKEN}\r\n")), &[401]),
        ("two tokens", get(STATUS, &format!("{}{AUTH}", bearer("x"))), &[401]),
        ("a token that was taken back", get(STATUS, &bearer(&ground.revoked)), &[401]),
        ("a token that has expired", get(STATUS, &bearer(&ground.expired)), &[401]),
        ("who may look fires", post(FIRE, &bearer(&ground.read), "{}"), &[403]),
        ("who may look reads the audit log", get("/api/v1/audit", &bearer(&ground.read)), &[403]),
        (
            "who may operate makes a token",
            post("/api/v1/tokens", &bearer(&ground.operate), "{\"name\":\"x\",\"scope\":\"admin\"}"),
            &[403],
        ),
        (
            "who may operate deletes",
            get("/api/v1/schedules/nightly", &bearer(&ground.operate)).replace("GET", "DELETE"),
            &[403],
        ),
        ("who may operate reloads", post("/api/v1/reload", &bearer(&ground.operate), "{}"), &[403]),
        ("who may hand plugins over looks", get(STATUS, &bearer(&ground.upload)), &[403]),
        ("a session that somebody has planted", get(STATUS, &session("planted")), &[401]),
        ("a token as session", get(STATUS, &session(TOKEN)), &[401]),
        (
            "a session beside a planted one",
            get(STATUS, &format!("Cookie: {}; noontide_session=planted\r\n", ground.cookie)),
            &[401],
        ),
        (
            "a verb behind another",
            post(FIRE, &format!("{}X-HTTP-Method-Override: GET\r\n", bearer(&ground.operate)), "{}"),
            &[400],
        ),
        ("a proxy's word that is none", get(STATUS, "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n"), &[401]),
        ("a way around the guard", get("/livez/../api/v1/status", ""), &[401, 404]),
        ("a way around the guard, in code", get("/livez%2f..%2fapi/v1/status", ""), &[401, 404]),
        ("two slashes", get("//api/v1/status", ""), &[401, 404]),
    ]
}

/// What breaks those who read too trustingly.
fn by_form() -> Vec<Row> {
    let many: String = (0..200).map(|number| format!("X-{number}: y\r\n")).collect();
    let chunks = format!("{}0\r\n\r\n", format!("10000\r\n{}\r\n", "x".repeat(0x1_0000)).repeat(20));
    let chunked = |path: &str, more: &str, body: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: HOST\r\n{AUTH}Content-Type: application/json\r\n{more}\r\n{body}")
    };
    let (deep, run) = ("[".repeat(100_000), "0198c0de-0000-7000-8000-000000000000");
    vec![
        ("a file above", get(&format!("/api/v1/runs/{run}/artifacts/..%2f..%2f..%2fetc%2fpasswd"), AUTH), &[404]),
        ("an asset above", get("/assets/x/..%2f..%2fetc%2fpasswd", ""), &[404]),
        ("an asset above, plainly", get("/assets/../../../etc/passwd", ""), &[401, 404]),
        ("a body that is too large", chunked(FIRE, "Content-Length: 2000000\r\n", &"x".repeat(2_000_000)), &[413]),
        ("a body that claims to be too large", chunked(FIRE, "Content-Length: 99999999999\r\n", "x"), &[400, 413]),
        ("a body in pieces without end", chunked(FIRE, "Transfer-Encoding: chunked\r\n", &chunks), &[413]),
        (
            "a piece that claims more than there is",
            chunked(FIRE, "Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFFF\r\nx"),
            &[400],
        ),
        ("a header that is too large", get(STATUS, &format!("X: {}\r\n", "y".repeat(100_000))), &[431]),
        ("too many headers", get(STATUS, &many), &[431]),
        ("an address that is too long", get(&format!("{STATUS}?x={}", "y".repeat(10_000)), AUTH), &[414]),
        ("two lengths", chunked(FIRE, "Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), &[400]),
        ("a length that is none", chunked(FIRE, "Content-Length: +2\r\n", "{}"), &[400]),
        ("another coding", chunked(FIRE, "Transfer-Encoding: xchunked\r\n", "{}"), &[400]),
        (
            "pieces for an older client",
            chunked(FIRE, "Transfer-Encoding: chunked\r\n", "0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0"),
            &[400],
        ),
        ("a blank before the colon", get(STATUS, "X : y\r\n"), &[400]),
        ("a header over two lines", get(STATUS, "X: y\r\n z\r\n"), &[400]),
        ("NUL in a header", get(STATUS, "X: \0\r\n"), &[400]),
        ("a line break in a name", post("/api/v1/schedules/a%0d%0aSet-Cookie:%20x=y/fire", AUTH, "{}"), &[400]),
        ("NUL in a name", get("/api/v1/schedules/nightly%00.txt", AUTH), &[400]),
        ("a line break in a query", get("/api/v1/runs?schedule=a%0Ab", AUTH), &[400]),
        ("what is no text", get("/api/v1/schedules/%FF%FE", AUTH), &[400]),
        ("deep nesting", post("/api/v1/runs", AUTH, &deep), &[400]),
        (
            "a number that is too large",
            post("/api/v1/runs", AUTH, "{\"handler\":\"mail/send\",\"priority\":1e999}"),
            &[400, 422],
        ),
        ("a page that is too large", get("/api/v1/runs?limit=99999999999999999999", AUTH), &[400]),
        ("a key twice", post(FIRE, AUTH, "{\"delay\":\"1s\",\"delay\":\"2s\"}"), &[400]),
        ("a key of the query twice", get("/api/v1/runs?limit=1&limit=2", AUTH), &[400]),
        ("a field that is unknown", post(FIRE, AUTH, "{\"admin\":true}"), &[400]),
        ("a field of the query that is unknown", get("/api/v1/runs?sql=1", AUTH), &[400]),
        ("two documents in one body", post(FIRE, AUTH, "{}{}"), &[400]),
        ("TRACE", get(STATUS, AUTH).replace("GET", "TRACE"), &[405]),
        ("CONNECT", "CONNECT 10.0.0.1:22 HTTP/1.1\r\nHost: HOST\r\n\r\n".to_owned(), &[400, 405]),
        ("HTTP/0.9", format!("GET {STATUS}\r\n"), &[0, 400]),
        ("HTTP/2 without being asked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), &[0, 400, 505]),
        ("TLS where there is none", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".to_owned(), &[0, 400]),
        ("a method of its own", get(STATUS, AUTH).replace("GET", "GET\u{b}"), &[400]),
    ]
}

#[tokio::test]
async fn every_attack_is_refused_and_nothing_has_happened() {
    let ground = Ground::with(Limits::default()).await;
    let attacks: Vec<_> = from_elsewhere(&ground).into_iter().chain(by_nobody(&ground)).chain(by_form()).collect();
    assert!(attacks.len() >= 30, "{} attacks", attacks.len());
    let mut through = Vec::new();
    for (name, bytes, refused) in &attacks {
        let heard = ground.say(bytes.replace("HOST", &ground.address()).as_bytes()).await;
        if !refused.contains(&status(&heard)) || heard.matches("HTTP/1.1 ").count() > 1 {
            through.push(format!("{name}: {:?}", heard.lines().take(12).collect::<Vec<_>>()));
        }
    }
    assert!(through.is_empty(), "{} of {} came through: {through:#?}", through.len(), attacks.len());
    assert!(ground.world.ledger.records().is_empty(), "something has run");
    assert_eq!(ground.world.ledger.tokens().await.expect("reads").len(), 5, "a token was made");
    assert!(ground.world.parts.engine.find("nightly").is_some(), "a schedule is gone");
}

#[tokio::test]
async fn a_request_inside_another_is_never_answered() {
    let ground = Ground::with(Limits::default()).await;
    let inner = format!(
        "POST {FIRE} HTTP/1.1\r\nHost: HOST\r\n{AUTH}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    for lengths in [
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", 5 + inner.len()),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", 5 + inner.len()),
    ] {
        let outer = format!(
            "POST {FIRE} HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n{lengths}\r\n0\r\n\r\n{inner}"
        );
        let heard = ground.say(outer.replace("HOST", &ground.address()).as_bytes()).await;
        assert_eq!((heard.matches("HTTP/1.1 ").count(), status(&heard)), (1, 401), "{heard}");
        assert!(heard.to_ascii_lowercase().contains("connection: close"), "{heard}");
    }
    assert!(ground.world.ledger.records().is_empty());
}

#[tokio::test]
async fn a_login_leads_nowhere_else() {
    let ground = Ground::with(Limits::default()).await;
    for next in ["//evil.example", "https://evil.example", "/\\\\evil.example", "javascript:alert(1)"] {
        let login = post("/login", "", &json!({ "token": TOKEN, "next": next }).to_string());
        let heard = ground.say(login.replace("HOST", &ground.address()).as_bytes()).await;
        assert!(status(&heard) == 200 && heard.contains(r#""next":"/""#), "{next}: {heard}");
    }
    let page = get("//evil.example/%2e%2e", "Accept: text/html\r\n").replace("HOST", &ground.address());
    let heard = ground.say(page.as_bytes()).await;
    let location = heard.lines().find_map(|line| line.strip_prefix("location: "));
    assert!(location.is_some_and(|to| to.starts_with("/login?next=%2F%2Fevil")), "{heard}");
}
