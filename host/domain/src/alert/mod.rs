//! Alerts: who is on call is told of trouble once, and once that it is over.
//!
//! ```text
//! notice    written in the transaction that records a failure, a skip, a rollback, …             notice.rs
//!   └ judged by the rules, once, under a lock of the ledger: whichever host looks first          rule.rs, judge.rs
//!       └ incident   what a rule has to tell about one subject, until all is well again          incident.rs
//!           └ alert  a message about it, for each sink a delivery that is tried for days         message.rs, delivery.rs
//! ```
//!
//! Nothing in here reads a clock or sends anything. The ledger carries the judgement out in one transaction: notices are gone
//! when, and only when, what follows from them is written.

mod delivery;
mod incident;
mod judge;
mod message;
pub mod noted;
mod notice;
mod ping;
mod rule;
mod sink;

pub use delivery::{GONE, TRIED_FOR, judge as judge_reply};
pub use incident::{Acknowledgement, Incident, IncidentId, IncidentState};
pub use judge::{CHANGE_PAUSE, CHANGES, Judgement, judge};
pub use message::{Alert, AlertKind};
pub use notice::{Facts, Notice, Subject};
pub use ping::{ping, sink_of as ping_sink};
pub use rule::{AlertRule, Condition, NamePattern};
pub use sink::{Chat, Mail, MailTls, Sink, SinkKind, SinkUrl, sink_name};
