//! `[plugin.x]`: what the operator grants.

mod env;
mod folders;
mod http;
mod limits;
mod pins;
mod program;
mod tcp;

use noontide_domain::Grant;

use super::connection::Connections;
use crate::reader::Reader;

pub(super) use pins::pins;

pub(super) fn grant(reader: &Reader<'_>, connections: &Connections) -> Grant {
    let (env, env_from) = env::env(reader);
    Grant {
        folders: folders::folders(reader),
        env,
        env_from,
        secrets: env::secrets(reader),
        sql: connections.granted(reader, "sql"),
        kv: connections.granted(reader, "kv"),
        http: http::http(reader),
        tcp: tcp::tcp(reader),
        args: program::args(reader),
        exit_codes: program::exit_codes(reader),
        limits: limits::limits(reader),
    }
}
