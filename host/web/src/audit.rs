//! `/audit`: who did what. Each change writes an entry, done or refused; secrets and inputs are in none.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use noontide_domain::AuditId;
use noontide_domain::ports::{AuditEntry, AuditFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::access::Peer;
use crate::body::{Instant, Query};
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::shape::{Entry, Page, words};

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// By this one only, such as `token ci`.
    who: Option<String>,
    /// Of this kind only, such as `schedule.pause`.
    action: Option<String>,
    /// On this thing only.
    thing: Option<String>,
    /// What was done only, or what was refused.
    #[param(value_type = Option<words::AuditOutcome>, inline)]
    outcome: Option<String>,
    /// At or after.
    since: Option<Instant>,
    /// Before.
    until: Option<Instant>,
    /// Older than this entry: the `next` of the page before.
    #[param(value_type = Option<String>, format = Uuid)]
    after: Option<AuditId>,
    /// Rows of one page.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: PageSize,
}

/// Who did what, newest first
///
/// Each change through the API, done or refused, and refused logins. Secrets and inputs are not in there.
#[utoipa::path(get, path = "/audit", operation_id = "listAudit", params(ListQuery),
    responses((status = 200, body = Page<Entry>, description = "A page of the audit log")))]
async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Page<Entry>>> {
    let filter = AuditFilter {
        who: query.who,
        action: query.action,
        thing: query.thing,
        done: query.outcome.as_deref().map(outcome).transpose()?,
        since: query.since.map(|since| since.0),
        until: query.until.map(|until| until.0),
        after: query.after,
        limit: query.limit.rows()?,
    };
    parts.register.settled().await;
    let entries = parts.register.ledger.audit(filter).await?;
    Ok(query.limit.of(entries, |entry| entry.id.to_string()))
}

fn outcome(word: &str) -> Answer<bool> {
    match word {
        "done" => Ok(true),
        "refused" => Ok(false),
        _ => Err(Problem::bad_request(format!("`outcome` is `{word}`; done or refused is expected"))),
    }
}

/// What a route says of what it does, beyond what its address tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slip(Arc<Mutex<Told>>);

#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub reason: Option<String>,
    pub thing: Option<String>,
}

impl Slip {
    pub fn tell(&self, tell: impl FnOnce(&mut Told)) {
        tell(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub fn told(&self) -> Told {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Slip {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Something that was asked for, on its way into the log.
pub(crate) struct Deed {
    entry: AuditEntry,
}

/// Longer words are cut, in characters: a name has 128, a reason is a sentence.
const WORD: usize = 200;
const SENTENCE: usize = 1_000;

impl Deed {
    pub fn new(action: &str) -> Self {
        let entry = AuditEntry {
            id: AuditId::new(),
            at: DateTime::UNIX_EPOCH,
            who: "somebody".to_owned(),
            address: None,
            action: line(action, WORD),
            thing: None,
            reason: None,
            status: 0,
            detail: None,
        };
        Self { entry }
    }

    /// What a change of the API is called, and what it is done to: `POST /schedules/{name}/fire` is `schedule.fire`.
    pub fn of(method: &Method, route: &str, path: &str) -> Self {
        let route = route.strip_prefix("/api/v1").unwrap_or(route);
        let words: Vec<_> = route.split('/').filter(|word| !word.is_empty()).collect();
        let kind = words.first().copied().unwrap_or("?");
        let kind = kind.strip_suffix('s').unwrap_or(kind);
        let verb = match (words.last(), method.as_str()) {
            (Some(last), "POST") if words.len() > 1 && !last.starts_with('{') => last,
            (_, "POST") if words.len() == 1 && !route.ends_with('s') => "",
            (_, "POST") => "create",
            (_, "PUT") => "put",
            (_, "PATCH") => "patch",
            (_, "DELETE") => "delete",
            (_, other) => other,
        };
        let action = if verb.is_empty() { kind.to_owned() } else { format!("{kind}.{verb}") };
        let mut deed = Self::new(&action);
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        let place = words.iter().position(|word| word.starts_with('{'));
        let thing = place.and_then(|place| path.split('/').filter(|word| !word.is_empty()).nth(place));
        deed.entry.thing = thing.map(|thing| line(&decoded(thing), WORD));
        deed
    }

    pub fn at(mut self, peer: &Peer, now: DateTime<Utc>) -> Self {
        self.entry.at = now;
        self.entry.address = peer.address.map(|address| address.to_string());
        self
    }

    pub fn why(mut self, reason: Option<String>) -> Self {
        self.entry.reason = reason.map(|reason| line(&reason, SENTENCE));
        self
    }

    pub fn by(mut self, who: &str) -> Self {
        self.entry.who = line(who, WORD);
        self
    }

    /// What the route told of it.
    pub fn told(mut self, told: Told) -> Self {
        self.entry.reason = told.reason.map(|reason| line(&reason, SENTENCE)).or(self.entry.reason);
        self.entry.thing = told.thing.map(|thing| line(&thing, WORD)).or(self.entry.thing);
        self
    }

    pub fn note(mut self, parts: &WebParts, status: u16, detail: Option<&str>) {
        self.entry.status = status;
        self.entry.detail = detail.map(|detail| line(detail, SENTENCE));
        parts.register.scribe.note(self.entry);
    }
}

/// A deed that is being done. Who hangs up before the answer does not get around the log.
pub(crate) struct Pending<'p> {
    deed: Option<Deed>,
    slip: Slip,
    parts: &'p WebParts,
}

/// As other servers call it that a client did not wait for its answer.
const GONE: u16 = 499;

impl<'p> Pending<'p> {
    pub fn new(deed: Deed, slip: &Slip, parts: &'p WebParts) -> Self {
        Self { deed: Some(deed), slip: slip.clone(), parts }
    }

    pub fn answered(mut self, status: StatusCode, detail: Option<&str>) {
        self.note(status.as_u16(), detail);
    }

    fn note(&mut self, status: u16, detail: Option<&str>) {
        if let Some(deed) = self.deed.take() {
            deed.told(self.slip.told()).note(self.parts, status, detail);
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.note(GONE, Some("the client went away before the answer; it may be done all the same"));
    }
}

/// As it can stand in a line: control characters, and those that turn the direction of writing, are spelled out.
fn line(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for character in text.chars().take(most) {
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match character.is_control() || turns {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

/// A part of a path as it was meant.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut read, mut place) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(place) {
        let coded = text.get(place + 1..place + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match coded.filter(|_| *byte == b'%') {
            Some(coded) => {
                read.push(coded);
                place += 3;
            }
            None => {
                read.push(*byte);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_called_by_its_route_and_its_thing_by_its_path() {
        let of = |method: Method, route: &str, path: &str| {
            let entry = Deed::of(&method, route, path).entry;
            (entry.action, entry.thing)
        };
        let thing = |name: &str| Some(name.to_owned());
        let fire = of(Method::POST, "/api/v1/schedules/{name}/fire", "/api/v1/schedules/a%20b/fire");
        assert_eq!(fire, ("schedule.fire".to_owned(), thing("a b")));
        let put = of(Method::PUT, "/api/v1/schedules/{name}", "/api/v1/schedules/nightly");
        assert_eq!(put, ("schedule.put".to_owned(), thing("nightly")));
        assert_eq!(of(Method::POST, "/api/v1/runs", "/api/v1/runs"), ("run.create".to_owned(), None));
        assert_eq!(of(Method::POST, "/api/v1/reload", "/api/v1/reload"), ("reload".to_owned(), None));
        let revoke = of(Method::DELETE, "/api/v1/tokens/{name}", "/api/v1/tokens/ci");
        assert_eq!(revoke, ("token.delete".to_owned(), thing("ci")));
    }

    #[test]
    fn a_name_cannot_forge_a_line_of_the_log() {
        assert_eq!(line("a\r\nadmin did it\u{202e}\0", WORD), "a\\r\\nadmin did it\\u{202e}\\u{0}");
        assert_eq!(line(&"x".repeat(5_000), WORD).len(), WORD);
    }
}
