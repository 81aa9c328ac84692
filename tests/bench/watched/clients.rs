//! Who looks on: browsers with a page that keeps itself true, and clients that take their time.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How often a dashboard asks for its page again at most, as `host/web/assets/live.js` does.
const CALM: Duration = Duration::from_secs(1);

static PAGES: AtomicU64 = AtomicU64::new(0);

/// Pages that dashboards were given since this was asked last.
pub fn pages_seen() -> u64 {
    PAGES.swap(0, Ordering::Relaxed)
}

/// So many that hold a connection: a third types its request slowly, a third takes its answer slowly, a third stops in the middle
/// of a body. Whoever is hung up on comes again.
pub fn slow(crowd: &mut JoinSet<()>, address: SocketAddr, many: usize) {
    for number in 0..many {
        crowd.spawn(async move {
            loop {
                // The host hangs up on them, as it should: that is no failure of theirs.
                let _ = match number % 3 {
                    0 => types(address).await,
                    1 => sips(address).await,
                    _ => stalls(address).await,
                };
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
    }
}

async fn types(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    for byte in b"GET /runs HTTP/1.1\r\nHost: localhost\r\nX-Slow: a very long line indeed\r\n\r\n" {
        stream.write_all(&[*byte]).await?;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    Ok(())
}

async fn sips(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut sip = [0; 64];
    while stream.read(&mut sip).await? > 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

async fn stalls(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let head = "POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n{";
    stream.write_all(head.as_bytes()).await?;
    let mut answer = [0; 1];
    stream.read(&mut answer).await.map(drop)
}

/// So many open pages: each reads the stream of events and asks for its page again when something happened.
pub fn dashboards(crowd: &mut JoinSet<()>, address: SocketAddr, many: usize) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for number in 0..many {
        let client = client.clone();
        let (page, kinds) = if number % 2 == 0 {
            ("/", "run-started,run-finished,skipped,overdue")
        } else {
            ("/runs", "run-started,run-finished,skipped")
        };
        crowd.spawn(async move {
            loop {
                let _ = look_on(&client, &format!("http://{address}"), page, kinds).await;
                tokio::time::sleep(CALM).await;
            }
        });
    }
}

async fn look_on(client: &reqwest::Client, base: &str, page: &str, kinds: &str) -> reqwest::Result<()> {
    let mut events =
        client.get(format!("{base}/api/v1/events?kind={kinds}&pace=1s")).send().await?.error_for_status()?;
    let mut looked = Instant::now();
    while events.chunk().await?.is_some() {
        if looked.elapsed() >= CALM {
            looked = Instant::now();
            client.get(format!("{base}{page}")).send().await?.error_for_status()?.bytes().await?;
            PAGES.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
