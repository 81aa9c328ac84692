//! What the looks at the plugin folder have counted.

use noontide_domain::tally::{Count, Lengths};

/// Files that were new or had changed, since the sandbox was opened.
#[derive(Debug, Default)]
pub struct Tally {
    /// Read, checked, compiled: good.
    pub loaded: Count,
    /// Not fit to be used.
    pub refused: Count,
    /// What reading, checking and compiling a good one took.
    pub loads: Lengths,
}
