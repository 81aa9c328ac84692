//! Quotas of folders. The sandbox has no say over each write of a guest, so folders are measured: before an attempt, and about
//! every second while it goes on. What is written between two looks is there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use noontide_domain::Grant;

/// How often is looked, unless looking itself takes long.
const LOOK: Duration = Duration::from_secs(1);
/// Measuring takes no more than one part in so many of the time.
const SHARE: u32 = 10;
/// What a file or folder counts at least, in bytes: a block of a disk. It bounds how many a quota lets there be, too.
const BLOCK: u64 = 4 << 10;

/// The folders of a grant that have one.
#[derive(Debug, Clone)]
pub(crate) struct Quotas(Arc<[Quota]>);

#[derive(Debug)]
struct Quota {
    guest: String,
    path: PathBuf,
    bytes: u64,
}

/// A folder that holds more than it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Over {
    /// As the guest sees it.
    pub(crate) folder: String,
    /// In bytes.
    pub(crate) quota: u64,
}

impl Quotas {
    pub(crate) fn of(grant: Option<&Grant>) -> Self {
        let folders = grant.iter().flat_map(|grant| &grant.folders).filter(|(_, folder)| folder.write);
        let quota = |(guest, folder): (&String, &noontide_domain::FolderGrant)| {
            Some(Quota { guest: guest.clone(), path: folder.path.clone(), bytes: folder.quota? })
        };
        Self(folders.filter_map(quota).collect())
    }

    /// The first folder that holds too much now.
    pub(crate) async fn over(&self) -> Option<Over> {
        if self.0.is_empty() {
            return None;
        }
        let quotas = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || look(&quotas)).await.ok().flatten()
    }

    /// Comes back once a folder holds too much.
    pub(crate) async fn watch(&self) -> Over {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let mut wait = LOOK;
        loop {
            tokio::time::sleep(wait).await;
            let begun = Instant::now();
            if let Some(over) = self.over().await {
                return over;
            }
            wait = LOOK.max(begun.elapsed() * SHARE);
        }
    }
}

fn look(quotas: &[Quota]) -> Option<Over> {
    let over = quotas.iter().find(|quota| size(&quota.path, quota.bytes) > quota.bytes)?;
    Some(Over { folder: over.guest.clone(), quota: over.bytes })
}

/// All that lies below `folder`, in bytes; no further than it takes to be more than `enough`. Links are not followed, and
/// what goes away meanwhile counts nothing.
fn size(folder: &Path, enough: u64) -> u64 {
    let mut sum = 0_u64;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            sum = sum.saturating_add(if meta.is_dir() { BLOCK } else { meta.len().max(BLOCK) });
            if sum > enough {
                return sum;
            }
            if meta.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_as_large_as_all_below_it_and_small_things_count_a_block() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).expect("folders");
        std::fs::write(inner.join("large"), vec![0; 10_000]).expect("written");
        std::fs::write(folder.path().join("empty"), "").expect("written");
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", inner.join("away")).expect("a link");
        let links = if cfg!(unix) { BLOCK } else { 0 };
        assert_eq!(size(folder.path(), u64::MAX), 3 * BLOCK + 10_000 + links);
        assert!(size(folder.path(), BLOCK) <= 2 * BLOCK, "no further than it has to");
        assert_eq!(size(&folder.path().join("gone"), 9), 0);
    }
}
