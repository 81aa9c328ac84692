//! Signals: the first SIGTERM or SIGINT drains, the second ends at once; SIGHUP reads the configuration again.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::exit::Stop;

/// Listens from now on. `stop` is cancelled by the first signal to end, `reload` is nudged by SIGHUP.
///
/// # Errors
/// If the system gives no signals.
pub fn listen(stop: CancellationToken, reload: Arc<Notify>) -> Result<(), Stop> {
    let none = |error| Stop::failed(format!("listening for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(none)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(none)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(none)?;
    tokio::spawn(async move {
        loop {
            let code = tokio::select! {
                _ = interrupt.recv() => 130,
                _ = terminate.recv() => 143,
                _ = hangup.recv() => { reload.notify_one(); continue }
            };
            if stop.is_cancelled() {
                warn!("ended at once; what was going on is taken up again after its lease");
                std::process::exit(code);
            }
            info!("draining: nothing new begins, what goes on may end; once more to end at once");
            stop.cancel();
        }
    });
    Ok(())
}
