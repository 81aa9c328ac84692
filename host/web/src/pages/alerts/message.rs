//! A message about an incident, to one sink, as tables show it.

use chrono_tz::Tz;
use noontide_domain::ports::AlertRecord;
use noontide_domain::{MessageState, Scope};

use crate::pages::moment::Moment;
use crate::pages::visit::Visit;

/// A message on a page.
pub(in crate::pages) struct Message {
    pub(in crate::pages) number: i64,
    pub(in crate::pages) incident: String,
    /// Why it was sent: `opened`, `reminder`, …
    pub(in crate::pages) kind: &'static str,
    pub(in crate::pages) title: String,
    pub(in crate::pages) sink: String,
    pub(in crate::pages) state: &'static str,
    /// Colour and shape.
    pub(in crate::pages) mark: &'static str,
    pub(in crate::pages) tries: u32,
    /// What came back from the newest try.
    pub(in crate::pages) answer: Option<String>,
    pub(in crate::pages) written: Moment,
    /// While it waits; for the countdown in unix milliseconds, too.
    pub(in crate::pages) next: Option<(Moment, i64)>,
    /// Whether who looks may have it sent again.
    pub(in crate::pages) may_retry: bool,
}

impl Message {
    /// `record`, as `visit` shows it.
    pub(in crate::pages) fn new(visit: &Visit, record: &AlertRecord) -> Self {
        let moment = |at| visit.moment(at, Tz::UTC);
        let is_left = matches!(record.state, MessageState::Waiting | MessageState::Dead);
        Self {
            number: record.number,
            incident: record.incident.to_string(),
            kind: record.kind.as_str(),
            title: record.title.clone(),
            sink: record.sink.clone(),
            state: record.state.as_str(),
            mark: mark(record.state),
            tries: record.attempts,
            answer: record.answer.clone(),
            written: moment(record.created_at),
            next: record.not_before.map(|at| (moment(at), at.timestamp_millis())),
            may_retry: is_left && visit.visitor.may(Scope::Operate),
        }
    }
}

/// Colour and shape.
pub(super) fn mark(state: MessageState) -> &'static str {
    match state {
        MessageState::Waiting => "waiting",
        MessageState::Sending => "running",
        MessageState::Sent => "ok",
        MessageState::Dead => "bad",
        MessageState::Dropped => "skipped",
    }
}
