//! Links of chains.

use noontide_domain::RunState;
use noontide_domain::chain::{LinkState, Linked};
use noontide_domain::ports::LinkRecord;
use serde::Serialize;
use utoipa::ToSchema;

use super::words;

/// A call or a group of a chain.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Link {
    /// Of a call, the id of its run.
    id: String,
    /// Its place in the chain as it was written.
    #[schema(example = "then[0].group[3]")]
    path: String,
    /// `call` or `group`.
    kind: &'static str,
    /// `null` for a group.
    handler: Option<String>,
    /// How many members a group still waits for.
    missing: Option<u32>,
    /// What it comes after.
    after: Option<String>,
    /// `then` or `on-failure`.
    on: Option<&'static str>,
    #[schema(value_type = words::LinkState)]
    state: &'static str,
    /// Why it is never reached.
    why: Option<String>,
}

impl From<&LinkRecord> for Link {
    fn from(record: &LinkRecord) -> Self {
        let link = &record.link;
        let (handler, missing) = match &link.what {
            Linked::Call { handler, .. } => (Some(handler.to_string()), None),
            Linked::Group { missing } => (None, Some(*missing)),
        };
        Self {
            id: link.id.to_string(),
            path: link.path.clone(),
            kind: if missing.is_some() { "group" } else { "call" },
            handler,
            missing,
            after: link.after.map(|after| after.to_string()),
            on: link.after.map(|_| link.branch.as_str()),
            // Of a call that has a run the run knows better.
            state: record.run.filter(|_| link.state == LinkState::Made).map_or(link.state.as_str(), RunState::as_str),
            why: link.why.clone(),
        }
    }
}

/// The chain around a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Around {
    /// Its place in the chain as it was written.
    #[schema(required = false)]
    pub(crate) path: Option<String>,
    /// The group that waits for it.
    #[schema(required = false)]
    pub(crate) waiter: Option<String>,
    /// Whether more comes next than is shown.
    #[schema(required = false)]
    pub(crate) more_next: bool,
    /// What comes next after it.
    #[schema(required = false)]
    pub(crate) next: Vec<Link>,
}
