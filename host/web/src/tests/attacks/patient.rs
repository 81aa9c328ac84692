//! Attacks that take their time, or many tries.

use super::*;

/// Clients are given up on so soon here.
const SHORT: Duration = Duration::from_millis(150);

async fn connected(ground: &Ground) -> TcpStream {
    TcpStream::connect(ground.address()).await.expect("a connection")
}

/// What is heard until the host hangs up.
async fn end_of(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut heard)).await.expect("it hangs up");
    // A reset is an end, too.
    let _ = read;
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let ground = Ground::with(Limits { head: SHORT, ..Limits::default() }).await;
    for half in ["", "GET /api/v1/status HTTP/1.1\r\nHost: x\r\nX-a: "] {
        let mut slow = connected(&ground).await;
        slow.write_all(half.as_bytes()).await.expect("sent");
        assert!(!end_of(&mut slow).await.contains("200"), "{half:?}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let ground = Ground::with(Limits { body_pause: SHORT, ..Limits::default() }).await;
    let mut slow = connected(&ground).await;
    let half = format!(
        "POST /api/v1/schedules/nightly/fire HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{{",
        ground.address()
    );
    slow.write_all(half.as_bytes()).await.expect("sent");
    let heard = end_of(&mut slow).await;
    assert_eq!(status(&heard), 400, "{heard}");
    assert!(ground.world.ledger.records().is_empty());
}

#[tokio::test]
async fn of_too_many_connections_the_last_are_told_so_and_the_first_go_on() {
    let ground = Ground::with(Limits { connections: 4, ..Limits::default() }).await;
    let mut open = Vec::new();
    let refused = loop {
        let mut next = connected(&ground).await;
        let ask = format!("GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", ground.address());
        let _ = next.write_all(ask.as_bytes()).await;
        let mut begin = [0; 12];
        match next.read_exact(&mut begin).await {
            Ok(_) if &begin == b"HTTP/1.1 200" => open.push(next),
            _ => break String::from_utf8_lossy(&begin).into_owned(),
        }
    };
    assert!(open.len() <= 4, "{} are open", open.len());
    assert!(refused.is_empty() || refused.ends_with("503") || refused.starts_with('\0'), "{refused:?}");
}

#[tokio::test]
async fn too_many_event_streams_leave_room_for_requests() {
    let ground = Ground::with(Limits { streams: 2, ..Limits::default() }).await;
    let http = reqwest::Client::new();
    let open = || http.get(format!("{}/api/v1/events", ground.world.url)).bearer_auth(TOKEN).send();
    let (first, _second) = (open().await.expect("a stream"), open().await.expect("a stream"));
    let third = open().await.expect("an answer");
    assert!(problem(third, 503).await.contains("event streams"));
    ground.world.get("/status").await;
    drop(first);
    let again = async {
        while open().await.expect("an answer").status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, again).await.expect("there is room again");
}

#[tokio::test]
async fn guessing_at_the_login_becomes_slow_and_the_right_token_opens_after_the_wait() {
    let ground = Ground::with(Limits::default()).await;
    let login = async |token: &str| {
        let request = reqwest::Client::new().post(format!("{}/login", ground.world.url));
        request.json(&json!({ "token": token })).send().await.expect("an answer")
    };
    for _ in 0..5 {
        assert_eq!(login("guess").await.status(), 401);
    }
    let waits = login(TOKEN).await;
    assert_eq!(waits.headers()["retry-after"], "2");
    assert!(problem(waits, 429).await.contains("try again in"), "also for the right one");
    ground.world.clock.advance(Duration::from_secs(2));
    assert_eq!(login(TOKEN).await.status(), 200);
    let page = ground.world.get("/audit?action=login&outcome=refused").await;
    assert_eq!(page["items"].as_array().map(Vec::len), Some(6), "{page}");
    assert!(!page.to_string().contains("guess") && !page.to_string().contains(TOKEN), "{page}");
}

#[tokio::test]
async fn a_login_takes_no_session_that_somebody_has_planted() {
    let ground = Ground::with(Limits::default()).await;
    let planted = "noontide_session=planted";
    let login = reqwest::Client::new().post(format!("{}/login", ground.world.url)).header("cookie", planted);
    let answer = login.json(&json!({ "token": ground.read })).send().await.expect("an answer");
    let own = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(!own.starts_with(planted), "{own}");
    let asked = async |cookie: &str| {
        let request = reqwest::Client::new().get(format!("{}/api/v1/status", ground.world.url));
        request.header("cookie", cookie).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!((asked(planted).await, asked(own.split(';').next().expect("a pair")).await), (401, 200));
}

#[tokio::test]
async fn a_name_forges_no_line_of_the_audit_log() {
    let ground = Ground::with(Limits::default()).await;
    let name = "x\u{202e}\u{1b}[2J{\"who\":\"admin\"}";
    let body = json!({ "name": name, "scope": "read", "reason": "a\nadmin  token.create" });
    assert_eq!(ground.world.post_refused("/tokens", body).await.0, 400);
    let page = ground.world.get("/audit?action=token.create").await;
    let entry = &page["items"][0];
    assert_eq!(entry["thing"], "x\\u{202e}\\u{1b}[2J{\"who\":\"admin\"}");
    assert_eq!((&entry["outcome"], &entry["who"]), (&json!("refused"), &json!("the configured token")));
}
