//! Server-sent events, as they come.

use reqwest::Response;

use super::{ClientError, unreachable};

/// Events of one answer.
#[derive(Debug)]
pub struct EventStream {
    response: Response,
    place: String,
    /// What has come and is not a whole event yet.
    begun: Vec<u8>,
}

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerEvent {
    /// Of the kind; empty if none is named.
    pub name: String,
    /// Where to go on after it.
    pub id: Option<String>,
    /// What it says.
    pub data: String,
}

impl EventStream {
    pub(super) fn of(response: Response, place: String) -> Self {
        Self { response, place, begun: Vec::new() }
    }

    /// The next one; `None` when the host has ended the stream.
    ///
    /// # Errors
    /// If the connection breaks.
    pub async fn next(&mut self) -> Result<Option<ServerEvent>, ClientError> {
        loop {
            while let Some(end) = self.begun.windows(2).position(|two| two == b"\n\n") {
                let text: Vec<u8> = self.begun.drain(..end + 2).collect();
                if let Some(event) = read(&String::from_utf8_lossy(&text)) {
                    return Ok(Some(event));
                }
            }
            let chunk = self.response.chunk().await.map_err(|error| unreachable(&self.place, &error))?;
            let Some(chunk) = chunk else { return Ok(None) };
            self.begun.extend_from_slice(&chunk);
        }
    }
}

/// `None` for what only keeps the connection open.
fn read(text: &str) -> Option<ServerEvent> {
    let mut event = ServerEvent::default();
    let mut data: Option<String> = None;
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "id" => event.id = Some(value.to_owned()),
            "data" => {
                let data = data.get_or_insert_default();
                if !data.is_empty() {
                    data.push('\n');
                }
                data.push_str(value);
            }
            _ => {}
        }
    }
    event.data = data?;
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_and_what_keeps_the_connection_open_is_none() {
        let event = read("id: 7\nevent: line\ndata: {\"a\":\ndata: 1}\n\n");
        let wanted = ServerEvent { name: "line".into(), id: Some("7".into()), data: "{\"a\":\n1}".into() };
        assert_eq!((event, read(":\n\n")), (Some(wanted), None));
    }
}
