//! stdout and stderr of a guest: streams into its journal that never fill up and never close. A stream that closes
//! makes `println!` panic, and a run would fail because it was chatty.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use noontide_domain::ports::{NumberedLine, Speech};
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::journal::{Journal, Stream};

/// The notes of a run, shared between its log calls, its streams and whoever listens.
pub(crate) type SharedJournal = Arc<Notes>;

/// A journal, for one at a time.
pub(crate) struct Notes(Mutex<Journal>);

impl Notes {
    pub(crate) fn new(journal: Journal) -> SharedJournal {
        Arc::new(Self(Mutex::new(journal)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Journal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Speech for Notes {
    fn after(&self, last: u64, most: usize) -> Vec<NumberedLine> {
        self.lock().after(last, most)
    }
}

/// What a guest may hand over at a time, in bytes.
const PERMIT: usize = 64 << 10;

/// One of the two streams.
#[derive(Clone)]
pub(crate) struct Captured {
    pub(crate) journal: SharedJournal,
    pub(crate) stream: Stream,
}

impl IsTerminal for Captured {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Captured {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this one, and 0.3 is not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Captured {
    async fn ready(&mut self) {}
}

impl OutputStream for Captured {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.journal.lock().print(self.stream, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}
