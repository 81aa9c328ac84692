//! How the loops wait: on the clock that tests move, in slices, and no longer than the engine goes on.

use std::time::Duration;

use crate::core::Core;

impl Core {
    /// Waits for `length`, in slices. A clock that is set back ends it: nobody waits an hour for a second.
    pub(crate) async fn wait(&self, length: Duration) {
        let begin = self.clock.now();
        let end = begin + length;
        while (begin..end).contains(&self.clock.now()) {
            self.clock.sleep_until(end).await;
        }
    }

    /// The same, or until the engine stops (`false`).
    pub(crate) async fn rest(&self, length: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => {}
            () = self.wait(length) => {}
        }
        !self.stopping.is_cancelled()
    }
}
