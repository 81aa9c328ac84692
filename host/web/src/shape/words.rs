//! Closed lists of words. The document lists what the domain knows, so that a new word is there by itself.

use noontide_domain::chain::LinkState as DomainLinkState;
use noontide_domain::change::ChangeKind as DomainChangeKind;
use noontide_domain::plugin::upgrade::VersionStanding as DomainStanding;
use noontide_domain::{
    HostState as DomainHostState, IncidentState as DomainIncidentState, ItemStatus as DomainItemStatus,
    MessageState as DomainMessageState, Overlap as DomainOverlap, Role as DomainRole, RunState as DomainRunState,
    Scope as DomainScope,
};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// How schedules stand, in a word.
pub(crate) const SCHEDULE_STATES: [&str; 5] = ["active", "paused", "parked", "disabled", "done"];

/// A type that only the document knows: one of these words.
macro_rules! words {
    ($($name:ident: $all:expr, $description:literal;)*) => {$(
        #[doc = $description]
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = ObjectBuilder::new().schema_type(Type::String).enum_values(Some($all));
                words.description(Some($description)).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

words! {
    ScheduleState: SCHEDULE_STATES, "How a schedule stands; what keeps it from running comes first.";
    RunState: DomainRunState::ALL.map(DomainRunState::as_str), "Where a run stands.";
    ChangeKind: DomainChangeKind::ALL.map(DomainChangeKind::as_str), "What became of a definition.";
    Cause: ["schedule", "manual", "enqueued", "after", "backfill"], "Why a run exists.";
    Overlap: DomainOverlap::ALL.map(DomainOverlap::as_str), "What happens when the run before is still going on.";
    ItemStatus: DomainItemStatus::ALL.map(DomainItemStatus::as_str), "Where an item of a timetable stands.";
    MessageState: DomainMessageState::ALL.map(DomainMessageState::as_str), "Where a message of the outbox stands.";
    IncidentState: DomainIncidentState::ALL.map(DomainIncidentState::as_str), "Where an incident stands.";
    HostState: DomainHostState::ALL.map(DomainHostState::as_str), "How a host stands.";
    Role: DomainRole::ALL.map(DomainRole::as_str), "What a host does.";
    VersionStanding: DomainStanding::ALL.map(DomainStanding::as_str), "What a version is to its plugin.";
    Scope: DomainScope::ALL.map(DomainScope::as_str), "What a token opens: `read` < `operate` < `admin`, and `plugin-upload` beside them.";
    TokenState: ["good", "expired", "revoked"], "Whether a token opens anything.";
    AuditOutcome: ["done", "refused"], "What became of a wish.";
    LinkState: link_states(), "Where a link of a chain stands: its run's state where there is one.";
}

fn link_states() -> Vec<&'static str> {
    let own = DomainLinkState::ALL.map(DomainLinkState::as_str);
    let mut all = own.to_vec();
    all.extend(DomainRunState::ALL.map(DomainRunState::as_str).into_iter().filter(|word| !own.contains(word)));
    all
}
