//! What the JSON looks like, once: the types here are what is sent and what the OpenAPI document describes.
//!
//! ```text
//! time        instants, RFC 3339 in UTC
//! words       closed lists of words, as the domain has them
//! run         runs, attempts                 detail    what GET /runs/{id} adds
//! provenance  what held, what was used and done outside
//! record      items, files, messages, log lines
//! schedule    schedules                      plugin    plugins and their versions
//! host        hosts and the status           chain     links of chains
//! event       what happens                   page      pages of lists
//! change      what was changed of definitions
//! simulation  what would fire
//! ```

mod access;
pub(crate) mod alert;
mod chain;
mod change;
mod detail;
mod event;
mod host;
mod page;
mod plugin;
mod provenance;
mod record;
mod run;
mod schedule;
mod simulation;
mod time;
pub(crate) mod words;

pub(crate) use access::{Entry, Token};
pub(crate) use chain::{Around, Link};
pub(crate) use change::ScheduleChange;
pub(crate) use detail::RunDetail;
pub(crate) use event::event;
pub(crate) use host::{Host, HostCounts, Status};
pub(crate) use page::Page;
pub(crate) use plugin::{Plugin, PluginVersion};
pub(crate) use record::{Artifact, AttemptLog, Item, Line, Message, Progress, SpokenLine};
pub(crate) use run::{Attempt, Run};
pub(crate) use schedule::{Schedule, Superseded, state};
pub(crate) use simulation::Simulation;
pub(crate) use time::{Time, time};
