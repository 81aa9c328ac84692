//! Somebody who is sent webhooks: a real HTTP server that writes down what arrives and answers as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Method and path.
    pub line: String,
    /// By their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Arrival {
    /// The idempotency key.
    pub fn key(&self) -> &str {
        self.headers.get("idempotency-key").map_or("", String::as_str)
    }
}

/// What the next request is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// With this status and these header lines.
    Status(u16, &'static str),
    /// Not at all: the request is written down, and the connection closed.
    HangUp,
}

#[derive(Default)]
struct Desk {
    arrivals: Vec<Arrival>,
    answers: VecDeque<Answer>,
}

/// Listens on a port of its own until it is dropped.
pub struct Receiver {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// On any free port; answers 204.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Mutex::new(Desk::default()));
        let kept = Arc::clone(&desk);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept)));
            }
        });
        Self { address, desk, task }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next requests are answered so, one each.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).answers.extend(answers);
    }

    /// All that has arrived.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).arrivals.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, desk: Arc<Mutex<Desk>>) {
    // A host that was killed half way has sent nothing.
    let Some(arrival) = read(&mut stream).await else { return };
    let answer = {
        let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
        desk.arrivals.push(arrival);
        desk.answers.pop_front().unwrap_or(Answer::Status(204, ""))
    };
    if let Answer::Status(status, headers) = answer {
        let text = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n{headers}\r\n");
        // Whoever asked may be gone.
        let _ = stream.write_all(text.as_bytes()).await;
    }
}

/// A whole request, or none.
async fn read(stream: &mut TcpStream) -> Option<Arrival> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    let headers: BTreeMap<_, _> = lines.filter_map(pair).collect();
    let length: usize = headers.get("content-length").map_or(Some(0), |length| length.parse().ok())?;
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Arrival { line, headers, body: String::from_utf8(bytes[head..].to_vec()).ok()? })
}
