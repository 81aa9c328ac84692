//! The other end of the API.

mod stream;
mod tls;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

pub use stream::{EventStream, ServerEvent};

/// A host that takes longer to reach is not there; answers may take their time (a reload compiles plugins).
const CONNECT: Duration = Duration::from_secs(10);

/// Speaks to a host.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// For messages.
    place: String,
    token: Option<String>,
    /// For `https`.
    trust: Option<Arc<rustls::ClientConfig>>,
}

/// Why there is no answer, or not the one that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers.
    #[error(
        "no host answers at {place}: {reason}; start one with `noontide serve`, or name another with --server or --conf"
    )]
    Unreachable {
        /// The socket file or address.
        place: String,
        /// The system's words.
        reason: String,
    },
    /// The host says no.
    #[error("{detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// A sentence.
        detail: String,
    },
}

impl Client {
    /// Over the socket file of a host on this machine.
    ///
    /// # Errors
    /// If the client cannot be built.
    pub fn unix(path: &Path) -> Result<Self, ClientError> {
        let place = path.display().to_string();
        let http = reqwest::Client::builder().unix_socket(PathBuf::from(path)).build();
        Ok(Self { http: built(http, &place)?, base: "http://localhost".to_owned(), place, token: None, trust: None })
    }

    /// Over TCP, such as `http://127.0.0.1:7878`.
    ///
    /// # Errors
    /// If the client cannot be built.
    pub fn http(url: &str, token: Option<String>) -> Result<Self, ClientError> {
        Self::over(url, token, None)
    }

    /// Over TCP, also with `https://`; `ca` is a PEM file with authorities that are trusted beside the usual ones.
    ///
    /// # Errors
    /// If the client cannot be built, or the file cannot be used.
    pub fn over(url: &str, token: Option<String>, ca: Option<&Path>) -> Result<Self, ClientError> {
        let place = url.trim_end_matches('/').to_owned();
        let trust = place.starts_with("https://").then(|| tls::config(ca)).transpose();
        let trust = trust.map_err(|reason| ClientError::Unreachable { place: place.clone(), reason })?;
        let http = reqwest::Client::builder().no_proxy().connect_timeout(CONNECT).build();
        Ok(Self { http: built(http, &place)?, base: place.clone(), place, token, trust })
    }

    /// Asks for `path`, such as `/api/v1/runs?limit=5`.
    ///
    /// # Errors
    /// If nobody answers, or the answer is a refusal.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    /// What lies at `path`, as it is.
    ///
    /// # Errors
    /// If nobody answers, or the answer is a refusal.
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let response = self.reach(self.http.get(format!("{}{path}", self.base))).await?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| unreachable(&self.place, &error))?;
        match status.is_success() {
            true => Ok(bytes.into()),
            false => Err(self.refused(status, serde_json::from_slice(&bytes).unwrap_or_default())),
        }
    }

    /// Sends `body` to `path`.
    ///
    /// # Errors
    /// If nobody answers, or the answer is a refusal.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.send(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    /// Sends `text`, which is of `content_type`, to `path` as it stands.
    ///
    /// # Errors
    /// If nobody answers, or the answer is a refusal.
    pub async fn post_text(&self, path: &str, content_type: &str, text: String) -> Result<Value, ClientError> {
        let request = self.http.post(format!("{}{path}", self.base));
        self.send(request.header(reqwest::header::CONTENT_TYPE, content_type).body(text)).await
    }

    /// Sends `body` to stand at `path`; whether it is new there.
    ///
    /// # Errors
    /// If nobody answers, or the answer is a refusal.
    pub async fn put(&self, path: &str, body: &Value) -> Result<(bool, Value), ClientError> {
        let (status, answer) = self.ask(self.http.put(format!("{}{path}", self.base)).json(body)).await?;
        Ok((status == StatusCode::CREATED, answer))
    }

    /// Lays `patch` over what stands at `path`.
    ///
    /// # Errors
    /// If nobody answers, or the answer is a refusal.
    pub async fn patch(&self, path: &str, patch: &Value) -> Result<Value, ClientError> {
        self.send(self.http.patch(format!("{}{path}", self.base)).json(patch)).await
    }

    /// Takes away what stands at `path`.
    ///
    /// # Errors
    /// If nobody answers, or the answer is a refusal.
    pub async fn delete(&self, path: &str) -> Result<(), ClientError> {
        self.send(self.http.delete(format!("{}{path}", self.base))).await.map(drop)
    }

    /// Hears what is told at `path`, as server-sent events; after the event `last`, if there was one.
    ///
    /// # Errors
    /// If nobody answers, or the answer is a refusal.
    pub async fn events(&self, path: &str, last: Option<&str>) -> Result<EventStream, ClientError> {
        let request = self.http.get(format!("{}{path}", self.base));
        let request = match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        let response = self.reach(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(EventStream::of(response, self.place.clone()));
        }
        let text = response.text().await.map_err(|error| unreachable(&self.place, &error))?;
        Err(self.refused(status, serde_json::from_str(&text).unwrap_or_default()))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, ClientError> {
        self.ask(request).await.map(|(_, answer)| answer)
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<(StatusCode, Value), ClientError> {
        let response = self.reach(request).await?;
        let status = response.status();
        let text = response.text().await.map_err(|error| unreachable(&self.place, &error))?;
        let body: Value = match serde_json::from_str(&text) {
            Ok(body) if status.is_success() => return Ok((status, body)),
            Err(_) if status == StatusCode::NO_CONTENT => return Ok((status, Value::Null)),
            Err(_) if status.is_success() => {
                let reason = "what answers there speaks no JSON, so it is no noontide".to_owned();
                return Err(ClientError::Unreachable { place: self.place.clone(), reason });
            }
            body => body.unwrap_or_default(),
        };
        Err(self.refused(status, body))
    }

    async fn reach(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, ClientError> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let failed = |error: &reqwest::Error| unreachable(&self.place, error);
        match &self.trust {
            None => request.send().await.map_err(|error| failed(&error)),
            Some(trust) => {
                let request = request.build().map_err(|error| failed(&error))?;
                let answer = tls::send(Arc::clone(trust), request).await;
                answer.map_err(|reason| ClientError::Unreachable { place: self.place.clone(), reason })
            }
        }
    }

    fn refused(&self, status: StatusCode, body: Value) -> ClientError {
        let detail = match (&body["detail"], &body["reasons"]) {
            (Value::String(detail), _) => detail.clone(),
            (_, Value::Array(reasons)) => reasons.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
            _ => format!("{} answers {status}", self.place),
        };
        ClientError::Refused { status: status.as_u16(), detail }
    }
}

fn built(client: reqwest::Result<reqwest::Client>, place: &str) -> Result<reqwest::Client, ClientError> {
    client.map_err(|error| unreachable(place, &error))
}

/// The innermost reason is the system's; what wraps it only says that a request failed.
fn unreachable(place: &str, error: &reqwest::Error) -> ClientError {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    ClientError::Unreachable { place: place.to_owned(), reason: reason.to_string() }
}
