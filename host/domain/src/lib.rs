//! What is true and what to do next.
//!
//! A [`Schedule`] joins a [`Trigger`] to a handler. Each instant at which the trigger comes due is an occurrence,
//! identified by the schedule and its nominal due instant ([`Key`]). [`plan`](plan::plan) looks at how far every
//! schedule has come and says which due instants fire and which are skipped, with a reason. A fire becomes a run
//! ([`Order`]), which a host carries out under a [`Lease`]; [`settle`](run::settle) says what becomes of it after each
//! attempt. A [`Submission`] brings fires with payloads of their own, an
//! [`Errand`] calls a handler without a schedule. The doors through which the rest of the house does all that are in [`ports`].
//!
//! No clock, no files, no async runtime, no SQL, no wasm: time walks in as an argument.

pub mod alert;
pub mod chain;
pub mod change;
pub mod connection;
pub mod duration;
pub mod errand;
pub mod excerpt;
pub mod forecast;
mod fresh;
pub mod gate;
pub mod headers;
pub mod host;
pub mod key;
pub mod lang;
pub mod levels;
pub mod name;
pub mod outbox;
pub mod plan;
pub mod plugin;
pub mod policy;
pub mod ports;
pub mod queue;
pub mod rollup;
pub mod run;
pub mod schedule;
pub mod scope;
pub mod state;
pub mod submission;
pub mod suggest;
pub mod table;
pub mod tally;
pub mod trace;
pub mod trigger;
pub mod window;

pub use alert::{Alert, AlertRule, Condition, Incident, IncidentId, IncidentState, Notice, Subject};
pub use chain::{Chain, Link};
pub use connection::{
    Access, Connection, ConnectionKind, ConnectionUrl, KvAnswer, KvCommand, KvError, KvVerb, SqlColumn, SqlDialect,
    SqlError, SqlRows, SqlStatement, SqlValue,
};
pub use errand::{Errand, Moment};
#[cfg(feature = "replay")]
pub use fresh::replay;
pub use gate::Gate;
pub use headers::Headers;
pub use host::{HostState, Labels, Role, Roles};
pub use key::{Key, KeyPart};
pub use lang::Lang;
pub use levels::{Included, Levels, Looking, Superseding};
pub use name::{
    AuditId, BadName, ConnectionName, HandlerRef, HostId, PluginName, QueueName, RunId, ScheduleName, SubmissionId,
    TokenName,
};
pub use outbox::{BadWebhook, MessageId, MessageState, Webhook};
pub use plugin::{
    Answer, Beyond, Conditions, ExitMeaning, FolderGrant, Grant, Granted, GrantedFolder, GuestClock, HandlerInfo,
    HttpGrant, Keep, Kept, KeyId, LimitNarrowing, Limits, LoadedPlugin, Makeup, Narrowing, PluginError, PluginInfo,
    PluginStatus, PluginVersion, Reuse, SecretSource, Signer, TcpGrant, Trust, TrustedKey, Unavailable, UpgradePolicy,
    Wants, Wish, WishKind,
};
pub use policy::{CatchUp, CatchUpMode, LATE, Overlap, RetryPolicy};
pub use queue::{Priority, QueueRoom, Queues};
pub use run::{
    Artifact, ArtifactName, BadArtifactName, BadMediaType, Cause, Effects, Item, ItemCounts, ItemOutcome, ItemStatus,
    ItemsEnd, Lease, Leased, LogLine, MediaType, Order, Outcome, Provenance, Report, RunState, SkipReason, Terms,
    Traffic, Usage, Verdict,
};
pub use schedule::{NamedTrigger, Owner, Pause, Schedule, Standing};
pub use scope::Scope;
pub use state::{OverLimit, StateScope, StateSize, StateWrite};
pub use submission::{Bucket, Submission};
pub use trace::TraceParent;
pub use trigger::{Timetable, Trigger};
pub use window::{Window, WindowLength};
