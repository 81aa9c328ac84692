//! The verbs, a file each or a few that belong together. Each reads its flags, asks, and shows the answer.

pub mod artifacts;
pub mod backfill;
pub mod backup;
pub mod chain;
pub mod check;
pub mod config;
pub mod enqueue;
pub mod explain;
pub mod fire;
pub mod host;
pub mod hosts;
pub mod import;
pub mod logs;
pub mod next;
pub mod outbox;
pub mod plugin;
mod provenance;
pub mod put;
pub mod runs;
pub mod schedules;
pub mod set;
mod show;
pub mod simulate;
pub mod submit;
mod wait;
pub mod why;
