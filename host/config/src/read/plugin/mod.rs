//! `[plugin.x]`: what the operator grants.

mod env;
mod folders;
mod http;
mod limits;
mod pins;
mod program;
mod tcp;
mod upgrade;

use std::num::NonZeroU32;

use noontide_domain::{Grant, Reuse};

pub(crate) use limits::{LEAST_MEMORY, LEAST_OUTPUT};

use super::connection::Connections;
use super::terms;
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
        clock: terms::clock(reader).unwrap_or_default(),
        reuse: reuse(reader),
        upgrade: upgrade::policy(reader),
    }
}

/// How many calls an instance may take.
fn reuse(reader: &Reader<'_>) -> Reuse {
    let calls = reader.count("reuse", 1).map(|calls| u32::try_from(calls).unwrap_or(u32::MAX));
    calls.and_then(NonZeroU32::new).map_or_else(Reuse::default, Reuse)
}
