//! How a verb reaches the host: through the Unix socket in the data folder, or `--server`.

use noontide_web::{Client, ClientError, EventStream, ServerEvent};
use serde_json::Value;

use crate::args::{Global, Why};
use crate::conf;
use crate::exit::{Exit, Stop};

/// The longest page the API gives.
const PAGE: usize = 1_000;

/// A host that can be asked.
pub struct Reach {
    client: Client,
    /// Why what is changed is changed.
    reason: Option<String>,
}

impl Reach {
    /// Finds out where the host is; asks nothing yet.
    ///
    /// # Errors
    /// If the configuration does not say where.
    pub fn to(global: &Global) -> Result<Self, Stop> {
        let client = match &global.server {
            Some(url) => Client::over(url, global.token.clone(), global.ca.as_deref()),
            None => Client::unix(&conf::data_folder(global)?.join("noontide.sock")),
        };
        Ok(Self { client: client.map_err(stop)?, reason: None })
    }

    /// The host writes this into its audit log beside whatever is changed.
    #[must_use]
    pub fn because(self, why: &Why) -> Self {
        Self { reason: why.reason.clone(), ..self }
    }

    fn changing(&self, path: &str) -> String {
        let joint = if path.contains('?') { '&' } else { '?' };
        let reason = self.reason.as_ref().map(|reason| format!("{joint}reason={}", segment(reason)));
        format!("/api/v1{path}{}", reason.unwrap_or_default())
    }

    /// One thing.
    ///
    /// # Errors
    /// What the host answers, as exit code and words.
    pub async fn get(&self, path: &str) -> Result<Value, Stop> {
        self.client.get(&format!("/api/v1{path}")).await.map_err(stop)
    }

    /// A file, as it is.
    ///
    /// # Errors
    /// What the host answers, as exit code and words.
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, Stop> {
        self.client.get_bytes(&format!("/api/v1{path}")).await.map_err(stop)
    }

    /// What is told from now on, or after the event `last`.
    ///
    /// # Errors
    /// What the host answers, as exit code and words.
    pub async fn events(&self, path: &str, last: Option<&str>) -> Result<Told, Stop> {
        Ok(Told(self.client.events(&format!("/api/v1{path}"), last).await.map_err(stop)?))
    }

    /// Does something.
    ///
    /// # Errors
    /// What the host answers, as exit code and words.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Stop> {
        self.client.post(&self.changing(path), body).await.map_err(stop)
    }

    /// Sends a text as it stands.
    ///
    /// # Errors
    /// What the host answers, as exit code and words.
    pub async fn post_text(&self, path: &str, content_type: &str, text: String) -> Result<Value, Stop> {
        self.client.post_text(&self.changing(path), content_type, text).await.map_err(stop)
    }

    /// Makes something stand; whether it is new.
    ///
    /// # Errors
    /// What the host answers, as exit code and words.
    pub async fn put(&self, path: &str, body: &Value) -> Result<(bool, Value), Stop> {
        self.client.put(&self.changing(path), body).await.map_err(stop)
    }

    /// Changes a part of something.
    ///
    /// # Errors
    /// What the host answers, as exit code and words.
    pub async fn patch(&self, path: &str, patch: &Value) -> Result<Value, Stop> {
        self.client.patch(&self.changing(path), patch).await.map_err(stop)
    }

    /// Takes something away.
    ///
    /// # Errors
    /// What the host answers, as exit code and words.
    pub async fn delete(&self, path: &str) -> Result<(), Stop> {
        self.client.delete(&self.changing(path)).await.map_err(stop)
    }

    /// `None` if the host is ready, else why not.
    ///
    /// # Errors
    /// If the host does not answer.
    pub async fn unready(&self) -> Result<Option<String>, Stop> {
        match self.client.get("/readyz").await {
            Ok(_) => Ok(None),
            Err(ClientError::Refused { status: 503, detail }) => Ok(Some(detail)),
            Err(error) => Err(stop(error)),
        }
    }

    /// All items of a list, however many pages it has.
    ///
    /// # Errors
    /// As [`Reach::get`].
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, Stop> {
        let mut page = self.get(path).await?;
        let mut items = page["items"].as_array().cloned().unwrap_or_default();
        while let Some(after) = page["next"].as_str() {
            let (path, given) =
                path.split_once('?').map_or((path, String::new()), |(path, rest)| (path, format!("&{rest}")));
            let after = query(&[("after", Some(after.to_owned()))]);
            page = self.get(&format!("{path}{after}{given}")).await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
        }
        Ok(items)
    }

    /// The first items of a list, page by page.
    ///
    /// # Errors
    /// As [`Reach::get`].
    pub async fn pages(&self, path: &str, filter: &[(&str, Option<String>)], most: usize) -> Result<Vec<Value>, Stop> {
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        while items.len() < most {
            let mut asked = filter.to_vec();
            asked.push(("limit", Some((most - items.len()).min(PAGE).to_string())));
            if after.is_some() {
                asked.retain(|(key, _)| *key != "after");
                asked.push(("after", after));
            }
            let page = self.get(&format!("{path}{}", query(&asked))).await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            after = page["next"].as_str().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        Ok(items)
    }
}

/// What a host tells, event by event.
pub struct Told(EventStream);

impl Told {
    /// The next event; `None` when the host has ended the stream.
    ///
    /// # Errors
    /// The connection breaks: exit code and words.
    pub async fn next(&mut self) -> Result<Option<ServerEvent>, Stop> {
        self.0.next().await.map_err(stop)
    }
}

/// The exit code of a refusal.
fn stop(error: ClientError) -> Stop {
    let exit = match &error {
        ClientError::Unreachable { .. } => Exit::Unreachable,
        ClientError::Refused { status, .. } => match status {
            400 | 413 | 415 | 422 => Exit::Usage,
            401 | 403 => Exit::NotPermitted,
            404 => Exit::NotFound,
            409 => Exit::Conflict,
            503 => Exit::Unreachable,
            _ => Exit::Failed,
        },
    };
    Stop::new(exit, error)
}

/// `?key=value&…` of those that are set.
pub fn query(pairs: &[(&str, Option<String>)]) -> String {
    let set: Vec<_> =
        pairs.iter().filter_map(|(key, value)| Some(format!("{key}={}", segment(value.as_ref()?)))).collect();
    if set.is_empty() { String::new() } else { format!("?{}", set.join("&")) }
}

/// Text as one part of a path or query.
pub fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_ends_with_the_exit_code_of_the_contract() {
        let exit = |status| stop(ClientError::Refused { status, detail: String::new() }).exit;
        let wanted = [(404, Exit::NotFound), (409, Exit::Conflict), (401, Exit::NotPermitted), (422, Exit::Usage)];
        wanted.into_iter().for_each(|(status, wanted)| assert_eq!(exit(status), wanted, "{status}"));
        let nobody = ClientError::Unreachable { place: "x".to_owned(), reason: "y".to_owned() };
        assert_eq!(stop(nobody).exit, Exit::Unreachable);
    }

    #[test]
    fn what_is_no_plain_character_is_escaped_in_paths_and_queries() {
        assert_eq!(segment("../a b"), "..%2Fa%20b");
        let pairs = [("handler", Some("hello/greet".to_owned())), ("state", None)];
        assert_eq!(query(&pairs), "?handler=hello%2Fgreet");
        assert_eq!(query(&[]), "");
    }
}
