//! Of a host that is built without spans.

use noontide_engine::EngineHandle;
use tracing::warn;

use super::is_asked_for;
use crate::exit::Stop;

/// Nobody.
pub struct Traces;

impl Traces {
    /// Says what is missing, if it is asked for.
    ///
    /// # Errors
    /// None; with spans there may be.
    pub fn begin() -> Result<Self, Stop> {
        if is_asked_for() {
            warn!("OTEL_EXPORTER_OTLP_… is set and no spans are sent: build with `--features otlp`, or take it out");
        }
        Ok(Self)
    }

    /// Does nothing.
    pub fn follow(&self, _: &EngineHandle) {}

    /// Does nothing.
    pub async fn end(self) {}
}
