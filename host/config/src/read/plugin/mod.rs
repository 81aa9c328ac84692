//! `[plugin.x]`: what the operator grants.

mod env;
mod folders;
mod limits;
mod pins;
mod program;

use noontide_domain::Grant;

use super::connection::Connections;
use crate::reader::Reader;

pub(super) use pins::pins;

pub(super) fn grant(reader: &Reader<'_>, connections: &Connections) -> Grant {
    reader.later(&["http", "tcp"], "take it out: plugins have no network");
    Grant {
        folders: folders::folders(reader),
        env: env::env(reader),
        secrets: env::secrets(reader),
        sql: connections.granted(reader, "sql"),
        kv: connections.granted(reader, "kv"),
        args: program::args(reader),
        exit_codes: program::exit_codes(reader),
        limits: limits::limits(reader),
    }
}
