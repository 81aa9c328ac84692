//! The socket file: there with its mode set, and nobody else's.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::Path;

use tokio::net::{UnixListener, UnixStream};

/// Listens on `path`. The file appears there with its mode set: nobody gets in between the two.
pub(super) async fn socket(path: &Path) -> Result<UnixListener, String> {
    // What is bound first is a shorter path, and takes more than a client of this one can name.
    std::os::unix::net::SocketAddr::from_pathname(path).map_err(|_| "the path is too long for a socket".to_owned())?;
    free(path).await?;
    let private = path.with_file_name(".sock");
    let inside = private.join("s");
    // Left by a host that died right here.
    let _ = std::fs::remove_file(&inside);
    let _ = std::fs::remove_dir(&private);
    let step = |reason: std::io::Error| reason.to_string();
    std::fs::DirBuilder::new().mode(0o700).create(&private).map_err(step)?;
    let listener = UnixListener::bind(&inside).map_err(step)?;
    std::fs::set_permissions(&inside, Permissions::from_mode(0o600)).map_err(step)?;
    std::fs::rename(&inside, path).map_err(step)?;
    // Else the next start does.
    let _ = std::fs::remove_dir(&private);
    Ok(listener)
}

/// The socket of a host that died is no obstacle; one that answers, or may, is another host's, and what is no socket is
/// somebody's file.
async fn free(path: &Path) -> Result<(), String> {
    match std::fs::symlink_metadata(path) {
        Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(()),
        Err(reason) => return Err(reason.to_string()),
        Ok(found) if !found.file_type().is_socket() => {
            return Err("there is something that is no socket, and it stays; move it away".to_owned());
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err("another noontide answers there".to_owned()),
        Err(dead) if matches!(dead.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => Ok(()),
        Err(reason) => Err(format!("whether another noontide answers there cannot be told: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_path_no_client_could_name_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let refused = socket(&dir.path().join("x".repeat(120))).await.expect_err("too long");
        assert!(refused.contains("too long"), "{refused}");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0, "nothing is left behind");
    }
}
