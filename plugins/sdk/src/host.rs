//! The door to the host. Behind it stands the real one (`guest`) or a recording (`testing`).

use std::time::Duration;

use crate::artifacts::ArtifactError;
use crate::log::Level;
use crate::secrets::SecretError;
use crate::state::StateError;

pub(crate) trait Host {
    fn log(&self, level: Level, message: &str, fields: &[(String, String)]);
    fn progress(&self, done: u64, total: Option<u64>, note: &str);
    fn is_cancelled(&self) -> bool;
    fn time_left(&self) -> Option<Duration>;

    /// The value and its revision.
    fn load(&self, key: &str) -> Result<Option<(Vec<u8>, u64)>, StateError>;
    fn save(&self, key: &str, value: &[u8], expected: Option<u64>) -> Result<u64, StateError>;
    fn remove(&self, key: &str) -> Result<(), StateError>;

    fn attach(&self, name: &str, media_type: &str, content: &[u8]) -> Result<(), ArtifactError>;

    fn secret(&self, name: &str) -> Result<String, SecretError>;
}
