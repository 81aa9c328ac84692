//! Listening, stopping, and a client that finds nobody.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[tokio::test]
async fn the_socket_file_is_the_login_and_an_old_one_is_no_obstacle() {
    let world = world(Access::token(TOKEN)).await;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("noontide.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).expect("an old socket"));
    // A host that died between making its socket and moving it there.
    std::fs::create_dir(dir.path().join(".sock")).expect("a folder");
    drop(std::os::unix::net::UnixListener::bind(dir.path().join(".sock/s")).expect("an old socket"));
    let stop = CancellationToken::new();
    let serving = serve(Listen::Unix(path.clone()), world.parts.clone(), stop.clone()).await.expect("a socket");
    assert_eq!((mode(&path), serving.address), (0o600, None));
    let names: Vec<_> =
        std::fs::read_dir(dir.path()).expect("a folder").map(|entry| entry.expect("one").path()).collect();
    assert_eq!(names, [path.as_path()], "nothing else stays in the data folder");
    let client = Client::unix(&path).expect("a client");
    assert_eq!(client.get("/api/v1/status").await.expect("a status")["env"], "test");
    let second = serve(Listen::Unix(path.clone()), world.parts.clone(), stop.clone()).await.expect_err("taken");
    assert!(second.to_string().contains("another noontide answers there"), "{second}");
    client.get("/api/v1/status").await.expect("the first still answers");
    stop.cancel();
    tokio::time::timeout(SOON, serving.stopped()).await.expect("in time");
    assert!(!path.exists());
    let gone = client.get("/api/v1/status").await.expect_err("nobody").to_string();
    assert!(gone.contains("noontide serve") && gone.contains("noontide.sock"), "{gone}");
}

#[tokio::test]
async fn somebodys_file_in_the_sockets_place_stays() {
    let world = world(Access::Loopback).await;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("notes");
    std::fs::write(&path, "precious").expect("a file");
    let refused = serve(Listen::Unix(path.clone()), world.parts.clone(), world.stop.clone()).await.expect_err("taken");
    assert!(refused.to_string().contains("no socket"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), "precious");
}

#[tokio::test]
async fn a_port_in_use_is_told_with_the_next_step() {
    let world = world(Access::Loopback).await;
    let taken = world.url.trim_start_matches("http://").parse().expect("an address");
    let refused = serve(Listen::Tcp(taken), world.parts.clone(), world.stop.clone()).await.expect_err("taken");
    let text = refused.to_string();
    for word in [&taken.to_string(), "[http] listen", "noontide status", "port 0"] {
        assert!(text.contains(word), "`{word}` is not in {text}");
    }
}

#[tokio::test]
async fn what_can_be_reached_from_outside_asks_for_a_token_or_is_not_opened() {
    let world = world(Access::Loopback).await;
    let outside = || Listen::Tcp("0.0.0.0:0".parse().expect("an address"));
    let refused = serve(outside(), world.parts.clone(), world.stop.clone()).await.expect_err("open").to_string();
    assert!(refused.contains("0.0.0.0:0") && refused.contains("[http] token"), "{refused}");
    let guarded = WebParts { access: Access::token(TOKEN), ..world.parts.clone() };
    serve(outside(), guarded, world.stop.clone()).await.expect("with a token it is");
}

#[tokio::test]
async fn a_client_that_says_half_a_sentence_does_not_hold_the_stop_up() {
    let world = world(Access::Loopback).await;
    let stop = CancellationToken::new();
    let serving = serve(Listen::Tcp(any_port()), world.parts.clone(), stop.clone()).await.expect("a free port");
    let mut slow = tokio::net::TcpStream::connect(serving.address.expect("an address")).await.expect("a connection");
    let half = "POST /api/v1/reload HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 9\r\nexpect: 100-continue\r\n\r\n{";
    slow.write_all(half.as_bytes()).await.expect("written");
    // Said once the body is waited for: the stop meets a request that is under way.
    let mut go_on = [0; 12];
    tokio::time::timeout(SOON, slow.read_exact(&mut go_on)).await.expect("in time").expect("an answer");
    assert_eq!(&go_on, b"HTTP/1.1 100");
    stop.cancel();
    tokio::time::timeout(SOON, serving.stopped()).await.expect("in bounded time");
}

#[tokio::test]
async fn what_speaks_no_json_is_no_noontide() {
    let listener = tokio::net::TcpListener::bind(any_port()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(async || "<html>")).into_future());
    let client = Client::http(&format!("http://{address}/"), None).expect("a client");
    let wrong = client.get("/api/v1/status").await.expect_err("a web page").to_string();
    assert!(wrong.contains("no noontide") && wrong.contains(&address.to_string()), "{wrong}");
}
