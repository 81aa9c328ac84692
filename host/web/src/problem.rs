//! Refusals, as RFC 9457 has them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use noontide_domain::Unavailable;
use noontide_domain::plugin::upgrade::HandRefusal;
use noontide_domain::ports::{LedgerError, WishRefused};
use noontide_engine::EngineError;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// A refusal: the status, and a sentence that names the thing and the next step.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    /// Beside the standard members: where exactly.
    place: Map<String, Value>,
    /// All that is wrong, if the detail is made of several.
    errors: Vec<String>,
}

/// What a refusal looks like, for the document.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "a refusal is built member by member, as it has them")]
pub(crate) struct ProblemDetails {
    /// `about:blank`: the status says which kind it is.
    #[schema(example = "about:blank")]
    r#type: String,
    /// The status in words.
    #[schema(example = "Not Found")]
    title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// A sentence that names the thing and the next step.
    #[schema(example = "there is no schedule `nightli`; did you mean `nightly`?")]
    detail: String,
    /// All that is wrong, if it is several things.
    #[schema(nullable = false)]
    errors: Option<Vec<String>>,
    /// Of several calls or payloads, which is wrong.
    #[schema(nullable = false)]
    index: Option<u64>,
    /// The field that is wrong.
    #[schema(nullable = false)]
    field: Option<String>,
    /// The line of a submission that is wrong.
    #[schema(nullable = false)]
    line: Option<u64>,
    /// The timestamp of a submission that is wrong.
    #[schema(nullable = false)]
    timestamp: Option<String>,
}

/// What a route answers.
pub(crate) type Answer<T> = Result<T, Problem>;

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), place: Map::new(), errors: Vec::new() }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// A body that cannot be read is a body that cannot be worked with.
    pub(crate) fn or_unprocessable(mut self) -> Self {
        if self.status == StatusCode::BAD_REQUEST {
            self.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        self
    }

    /// In a path, what is no name of a thing names nothing.
    pub(crate) fn or_not_found(mut self) -> Self {
        if self.status == StatusCode::BAD_REQUEST {
            self.status = StatusCode::NOT_FOUND;
        }
        self
    }

    /// The status it is answered with.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// What was sent can be read and makes no sense: all that is wrong with it.
    pub(crate) fn unprocessable(errors: Vec<String>) -> Self {
        Self { errors: errors.clone(), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, errors.join("; ")) }
    }

    /// One of several calls is wrong.
    pub(crate) fn at_call(index: usize, field: &str, detail: String) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail);
        problem.place.insert("index".to_owned(), index.into());
        if !field.is_empty() {
            problem.place.insert("field".to_owned(), field.into());
        }
        problem
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        Self { place: place(&error), ..Self::new(status(&error), error.to_string()) }
    }
}

fn status(error: &EngineError) -> StatusCode {
    match error {
        EngineError::Errand { problem, .. } => status(problem),
        EngineError::NoSuchSchedule { .. }
        | EngineError::Unavailable(Unavailable::Plugin { .. } | Unavailable::Handler { .. }) => StatusCode::NOT_FOUND,
        EngineError::Unavailable(Unavailable::Input { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
        EngineError::BadSpan(_) | EngineError::Refused(_) | EngineError::BadErrand { .. } => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        EngineError::Busy { .. }
        | EngineError::NoTimetable(_)
        | EngineError::Closed { .. }
        | EngineError::Followed { .. }
        | EngineError::OwnedByFile { .. } => StatusCode::CONFLICT,
        EngineError::Version(WishRefused::Refused(HandRefusal::NotFound(_))) => StatusCode::NOT_FOUND,
        EngineError::Version(WishRefused::Refused(HandRefusal::Conflict(_)) | WishRefused::Unloadable(_)) => {
            StatusCode::CONFLICT
        }
        EngineError::Version(WishRefused::Ledger(_)) | EngineError::Stopping | EngineError::Ledger(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// Where in a submission, or in which of several calls, something is wrong.
fn place(error: &EngineError) -> Map<String, Value> {
    let mut place = Map::new();
    match error {
        EngineError::Refused(refusal) => {
            place.extend(refusal.line.map(|line| ("line".to_owned(), line.into())));
            place.extend(refusal.timestamp.clone().map(|timestamp| ("timestamp".to_owned(), timestamp.into())));
            place.extend(refusal.index.map(|index| ("index".to_owned(), index.into())));
            place.extend(refusal.field.clone().map(|field| ("field".to_owned(), field.into())));
        }
        EngineError::Errand { index, field, .. } => {
            place.insert("index".to_owned(), (*index).into());
            place.insert("field".to_owned(), field.clone().into());
        }
        _ => {}
    }
    place
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Problem");
        let mut body =
            json!({ "type": "about:blank", "title": title, "status": self.status.as_u16(), "detail": self.detail });
        for (name, value) in self.place {
            body[name] = value;
        }
        if !self.errors.is_empty() {
            body["errors"] = self.errors.into();
        }
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"noontide\""));
        }
        response
    }
}
