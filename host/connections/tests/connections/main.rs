//! Statements and commands on real servers.

mod bounds;
mod outage;
mod reading;
mod redis;
mod session;
mod stage;
mod values;
mod writing;
