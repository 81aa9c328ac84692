//! What a plugin file is made of, as its outside and its custom sections tell.

use serde::{Deserialize, Serialize};

/// The makeup of a loaded file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Makeup {
    /// What it was built for: `noontide:plugin@0.1.0`, `wasi:cli/run@0.2.3`, `preview 1`.
    pub contract: String,
    /// Interfaces it imports; of a core module, the modules.
    pub imports: Vec<String>,
    /// What it exports at its outermost.
    pub exports: Vec<String>,
    /// Of the file.
    pub bytes: u64,
    /// What made it, such as `language: Rust` and `processed-by: rustc 1.95.0`.
    pub producers: Vec<String>,
    /// What its author says of it: `authors`, `licenses`, `source`, `homepage`, `revision`.
    pub labels: Vec<(String, String)>,
}
