//! Which files to read.

use std::fs;
use std::path::{Path, PathBuf};

use noontide_sdk::Failure;

/// The folder's own files whose names end with one of the endings, by name.
pub fn matching(folder: &str, endings: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|refused| Failure::permanent(ungranted(folder, &refused)))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if ends_with_one(&path, endings) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn ends_with_one(path: &Path, endings: &[String]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    endings.iter().any(|ending| name.ends_with(ending.trim_start_matches('*')))
}

/// What is not granted is not there, so the guest cannot tell the two apart.
fn ungranted(folder: &str, refused: &std::io::Error) -> String {
    format!(
        "folder {folder} cannot be read ({refused}): grant it with [plugin.log-digest] \
         folders = {{ \"{folder}\" = {{ path = \"/var/log\", mode = \"read\" }} }}"
    )
}
