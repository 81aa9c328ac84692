//! `noontide:plugin/run`: the run as its handler sees it.

use crate::bindings::run::{Host, Level};
use crate::guest::Guest;

/// A progress note is one short line, in bytes.
const NOTE: usize = 1 << 10;

impl Host for Guest {
    fn log(&mut self, level: Level, message: String, fields: Vec<(String, String)>) {
        let level = match level {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        self.journal.lock().log(level, &message, &fields);
    }

    fn progress(&mut self, done: u64, total: Option<u64>, note: String) {
        if let Some(desk) = &self.desk {
            let note = self.journal.lock().kept(&note, NOTE);
            desk.progress(done, total, &note);
        }
    }

    fn is_cancelled(&mut self) -> bool {
        self.watch.is_cancelled()
    }

    fn time_left(&mut self) -> Option<u64> {
        u64::try_from(self.watch.left().as_millis()).ok()
    }
}
