//! The real binary, from outside.

mod support;

mod api;
mod artifacts;
mod calls;
mod chains;
mod command_line;
mod db_inspect;
mod downtime;
mod full_disk;
mod hostile;
mod hostile_files;
mod hot_reload;
mod import;
mod inbox;
mod kills;
mod kv;
mod log_files;
mod main_job;
mod policy;
mod programs;
mod put;
mod refusals;
mod refused_ledgers;
mod refused_plugins;
mod secrets;
mod seed000;
mod seed001;
mod seed002;
mod seed003;
mod seed004;
mod sql;
mod state;
mod time;
mod trust;
