//! The HTTP API, as a program would use it.

use std::net::SocketAddr;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use super::until;

/// A client of one host.
pub struct Api {
    client: Client,
    base: String,
    token: Option<String>,
}

impl Api {
    /// Without a token.
    pub fn at(address: SocketAddr) -> Self {
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { client, base: format!("http://{address}"), token: None }
    }

    /// With a token.
    pub fn with_token(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    /// A request, to be made special.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = if path.starts_with("/livez") || path.starts_with("/readyz") || path.starts_with("/openapi") {
            path.to_owned()
        } else {
            format!("/api/v1{path}")
        };
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The status alone; `None` if nobody answers.
    pub async fn status(&self, path: &str) -> Option<u16> {
        Some(self.request(Method::GET, path).send().await.ok()?.status().as_u16())
    }

    /// Status and body; `null` if the body is no JSON.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let request = self.request(method, path);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let status = response.status().as_u16();
        let text = response.text().await.unwrap_or_default();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// What is there.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// Does something that must work.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, Some(&body)).await;
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
        answer
    }

    /// A list's first page.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        self.get(path).await["items"].as_array().cloned().unwrap_or_else(|| panic!("{path} is no list"))
    }

    /// Calls a handler once; the run's id.
    pub async fn call(&self, handler: &str, input: Value) -> String {
        let answer = self.post("/runs", serde_json::json!({ "handler": handler, "input": input })).await;
        answer["runs"][0].as_str().unwrap_or_else(|| panic!("no run: {answer}")).to_owned()
    }

    /// Waits for the end of a run.
    pub async fn ended(&self, run: &str) -> Value {
        until(&format!("run {run} ends"), async || {
            let record = self.get(&format!("/runs/{run}")).await;
            (!matches!(record["state"].as_str(), Some("ready" | "running"))).then_some(record)
        })
        .await
    }
}
