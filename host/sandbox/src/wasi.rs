//! From the operator's grant to what a guest finds in WASI: folders and environment variables that are named, and
//! otherwise nothing. No arguments, no network, nothing inherited.

use noontide_domain::Grant;
use wasmtime_wasi::{FsPerms, WasiCtx};

use crate::journal::Stream;
use crate::limits::RANDOM_BYTES;
use crate::output::{Captured, SharedJournal};

/// Builds the WASI side of a guest.
///
/// # Errors
/// A granted folder cannot be opened; the words name it.
pub(crate) fn context(grant: Option<&Grant>, journal: &SharedJournal) -> Result<WasiCtx, String> {
    let mut builder = WasiCtx::builder();
    builder
        .stdout(Captured { journal: journal.clone(), stream: Stream::Stdout })
        .stderr(Captured { journal: journal.clone(), stream: Stream::Stderr })
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(RANDOM_BYTES);
    let Some(grant) = grant else { return Ok(builder.build()) };
    for (name, value) in &grant.env {
        builder.env(name, value);
    }
    for (guest, folder) in &grant.folders {
        let perms = if folder.write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        builder.preopened_dir(&folder.path, guest, perms).map_err(|error| {
            format!(
                "granted folder `{guest}` = {}: {error:#} — make the folder, or change the grant",
                folder.path.display()
            )
        })?;
    }
    Ok(builder.build())
}
