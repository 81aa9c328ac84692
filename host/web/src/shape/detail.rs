//! What `GET /runs/{id}` adds to a run.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Artifact, Attempt, Progress, Run};

/// A run with its earlier attempts, its files and how far it has come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunDetail {
    #[serde(flatten)]
    pub(crate) run: Run,
    /// Earlier ones, oldest first; the newest is in the run itself.
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) artifacts: Vec<Artifact>,
    /// By its own words, while it runs on this host.
    pub(crate) progress: Option<Progress>,
}
