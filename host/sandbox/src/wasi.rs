//! From the operator's grant to what a guest finds in WASI: folders and environment variables that are named, and
//! otherwise nothing. Of the network, connections that are granted; nothing inherited; arguments, and words on stdin, for
//! programs alone.

use noontide_domain::Grant;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, WasiCtx};

use crate::egress::Sockets;
use crate::journal::Stream;
use crate::limits::RANDOM_BYTES;
use crate::output::{Captured, SharedJournal};
use crate::program::Program;

/// Builds the WASI side of a guest.
///
/// # Errors
/// A granted folder cannot be opened; the words name it.
pub(crate) fn context(
    grant: Option<&Grant>,
    program: Option<Program>,
    journal: &SharedJournal,
    sockets: &Sockets,
) -> Result<WasiP1Ctx, String> {
    let mut builder = WasiCtx::builder();
    builder
        .stdout(Captured { journal: journal.clone(), stream: Stream::Stdout })
        .stderr(Captured { journal: journal.clone(), stream: Stream::Stderr })
        .allow_tcp(sockets.granted())
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(RANDOM_BYTES);
    let sockets = sockets.clone();
    builder.socket_addr_check(move |address, what| {
        let may = sockets.may(address, what);
        Box::pin(std::future::ready(may))
    });
    for (name, value) in grant.iter().flat_map(|grant| &grant.env) {
        builder.env(name, value);
    }
    if let Some(program) = program {
        builder.args(&program.args).envs(&program.env).stdin(MemoryInputPipe::new(program.stdin));
    }
    for (guest, folder) in grant.iter().flat_map(|grant| &grant.folders) {
        let perms = if folder.write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        builder.preopened_dir(&folder.path, guest, perms).map_err(|error| {
            format!(
                "granted folder `{guest}` = {}: {error:#} — make the folder, or change the grant",
                folder.path.display()
            )
        })?;
    }
    Ok(builder.build_p1())
}
