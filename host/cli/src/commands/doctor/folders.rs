//! What the host writes to and reads from: rights, room, files.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use noontide_config::Config;
use noontide_domain::duration;
use rustix::fs::{Access, StatVfs};

use super::finding::Finding;

/// Below it the ledger is soon without room, in bytes.
const LITTLE: u64 = 1 << 30;
/// Below it nothing of it is left for a checkpoint, in bytes.
const NEARLY_NONE: u64 = 64 << 20;
/// Files that can still be made; compiled plugins and scratch folders are files, too.
const FEW_FILES: u64 = 1_000;

/// Looks at the folders that the configuration names.
pub fn look(config: &Config) -> Vec<Finding> {
    let data = &config.data_dir;
    let mut findings = vec![data_folder(data)];
    findings.extend(socket(&data.join("noontide.sock")));
    findings.extend(room(data));
    findings.push(plugin_folder(&config.plugins.dir));
    findings
}

fn data_folder(folder: &Path) -> Finding {
    let place = folder.display();
    let Ok(metadata) = std::fs::metadata(folder) else {
        return Finding::ok(
            "data folder",
            format!("{place} is not there yet: the first start makes it, for its owner alone"),
        );
    };
    if rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Finding::fail(
            "data folder",
            format!("{place} cannot be written"),
            "give it to the user of the host: chown, or run this as that user",
        );
    }
    let mode = metadata.permissions().mode() & 0o777;
    match mode & 0o077 {
        0 => Finding::ok("data folder", format!("{place}, mode {mode:o}")),
        _ => Finding::warn(
            "data folder",
            format!(
                "{place} has mode {mode:o}: others can look into it, and whoever opens the socket may do everything"
            ),
            format!("chmod 700 {place}, unless that is what you want"),
        ),
    }
}

fn socket(path: &Path) -> Option<Finding> {
    let metadata = std::fs::metadata(path).ok()?;
    let place = path.display();
    Some(match metadata.file_type().is_socket() {
        false => Finding::fail("socket", format!("{place} is no socket"), "remove it: the host makes it"),
        true if rustix::fs::access(path, Access::WRITE_OK).is_err() => Finding::warn(
            "socket",
            format!("{place} is not this user's"),
            "ask as the user of the host, or with --server and a token",
        ),
        true => Finding::ok("socket", place),
    })
}

/// Of the nearest folder that is there.
fn room(folder: &Path) -> Vec<Finding> {
    let Some(there) = folder.ancestors().find(|folder| folder.exists()) else { return Vec::new() };
    let Ok(disk) = rustix::fs::statvfs(there) else { return Vec::new() };
    judge(&disk)
}

fn judge(disk: &StatVfs) -> Vec<Finding> {
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let found = format!("{} free where the data are", duration::bytes(free));
    let next = "make room, or move `[data] dir`; `[engine] retention` says how long runs are kept";
    let mut findings = vec![match free {
        ..NEARLY_NONE => Finding::fail("disk", found, next),
        NEARLY_NONE..LITTLE => Finding::warn("disk", found, next),
        _ => Finding::ok("disk", found),
    }];
    // Some file systems count none.
    if disk.f_files > 0 {
        let found = format!("{} more files can be made", disk.f_favail);
        findings.push(match disk.f_favail {
            0 => Finding::fail("inodes", found, "remove files: none can be made"),
            1..FEW_FILES => Finding::warn("inodes", found, "remove files before none can be made"),
            _ => Finding::ok("inodes", found),
        });
    }
    findings
}

fn plugin_folder(folder: &Path) -> Finding {
    let place = folder.display();
    match std::fs::read_dir(folder) {
        Ok(_) => Finding::ok("plugin folder", place),
        Err(error) => Finding::fail("plugin folder", format!("{place}: {error}"), "make it, or set `[plugins] dir`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Verdict;

    #[test]
    fn a_data_folder_that_others_can_look_into_is_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        let verdict = |mode| {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            data_folder(folder.path()).verdict
        };
        assert_eq!((verdict(0o700), verdict(0o755)), (Verdict::Ok, Verdict::Warn));
        assert_eq!(data_folder(&folder.path().join("new")).verdict, Verdict::Ok, "it is made");
        assert_eq!(plugin_folder(&folder.path().join("new")).verdict, Verdict::Fail, "it is not");
    }

    #[test]
    fn a_full_disk_is_told_before_it_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let verdict = |free: u64| {
            let mut disk = rustix::fs::statvfs(folder.path()).unwrap();
            (disk.f_bavail, disk.f_frsize) = (free / 512, 512);
            judge(&disk)[0].verdict
        };
        assert_eq!(
            [verdict(1 << 20), verdict(512 << 20), verdict(1 << 40)],
            [Verdict::Fail, Verdict::Warn, Verdict::Ok]
        );
    }
}
