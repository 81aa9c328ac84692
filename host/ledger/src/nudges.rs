//! Nudges: one host tells the others that it has left something to lease. They carry nothing: whoever is nudged looks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::connection::Source;
use crate::postgres;

/// Not more often, in milliseconds: who sends one holds up the commits of the whole database for a moment, and what is left
/// out is found by those who look by themselves.
const APART: i64 = 50;

/// When this host has sent one last, in milliseconds.
#[derive(Clone, Default)]
pub(crate) struct Sent(Arc<AtomicI64>);

impl Sent {
    /// Whether it is time for one, which is sent then.
    pub fn is_time(&self, now: DateTime<Utc>) -> bool {
        let (now, last) = (now.timestamp_millis(), self.0.load(Ordering::Relaxed));
        let is_time = !(last..last.saturating_add(APART)).contains(&now);
        is_time && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Hears those of others, where there are any.
pub(crate) struct Ear {
    heard: Arc<Notify>,
    listening: Option<JoinHandle<()>>,
}

impl Ear {
    pub fn new(source: &Source) -> Self {
        let heard = Arc::new(Notify::new());
        let listening = match source {
            Source::Postgres(options) => {
                let listening = postgres::nudges::listen(options.clone(), Arc::clone(&heard));
                Some(tokio::spawn(listening))
            }
            // There is no other host, or none that can be told.
            Source::Sqlite(_) | Source::Mysql(_) => None,
        };
        Self { heard, listening }
    }

    pub async fn nudged(&self) {
        self.heard.notified().await;
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.listening.iter().for_each(JoinHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rush_sends_few_and_a_clock_set_back_silences_nobody() {
        let sent = Sent::default();
        let at = |millis: i64| DateTime::from_timestamp_millis(1_000_000 + millis).unwrap();
        assert_eq!(
            [0, 1, 49, 50, 99, 100].map(|millis| sent.is_time(at(millis))),
            [true, false, false, true, false, true]
        );
        assert!(sent.is_time(at(-500)));
    }
}
