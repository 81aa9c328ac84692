//! Progress of long work: on stderr, only in a terminal, never beside JSON and never with `--quiet`.

use std::io::IsTerminal as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::args::Global;
use crate::output::Format;

/// How often it moves while nothing happens.
const TICK: Duration = Duration::from_millis(120);

/// What goes on, as long as this lives; it leaves nothing behind on the screen.
pub struct Progress(ProgressBar);

impl Progress {
    /// Of work whose end nobody knows.
    pub fn open(global: &Global, what: &'static str) -> Self {
        Self::begun(global, ProgressBar::new_spinner(), "{spinner} {msg} {elapsed}", what)
    }

    /// Of so many things.
    pub fn of(global: &Global, what: &'static str, things: usize) -> Self {
        let style = "{msg} [{bar:30}] {pos}/{len}, {eta} left";
        Self::begun(global, ProgressBar::new(things as u64), style, what)
    }

    /// Of so many bytes; `None` if nobody knows how many there will be.
    pub fn of_bytes(global: &Global, what: &'static str, bytes: Option<u64>) -> Self {
        match bytes {
            Some(bytes) => {
                let style = "{msg} [{bar:30}] {bytes}/{total_bytes}, {eta} left";
                Self::begun(global, ProgressBar::new(bytes), style, what)
            }
            None => Self::begun(global, ProgressBar::new_spinner(), "{spinner} {msg} {bytes}, {bytes_per_sec}", what),
        }
    }

    fn begun(global: &Global, bar: ProgressBar, style: &str, what: &'static str) -> Self {
        let is_seen = !global.quiet && global.output == Format::Table && std::io::stderr().is_terminal();
        if !is_seen {
            return Self(ProgressBar::hidden());
        }
        // A style that is none would be seen by everybody; the plain bar does.
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// So much more is done.
    pub fn add(&self, done: usize) {
        self.0.inc(done as u64);
    }

    /// With what passes through `inner` counted.
    pub fn counted<Inner>(&self, inner: Inner) -> Counted<Inner> {
        Counted { inner, bar: self.0.clone() }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A stream whose bytes are counted.
pub struct Counted<Inner> {
    inner: Inner,
    bar: ProgressBar,
}

impl<Inner: AsyncRead + Unpin> AsyncRead for Counted<Inner> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        self.bar.inc((buffer.filled().len() - before) as u64);
        read
    }
}

impl<Inner: AsyncWrite + Unpin> AsyncWrite for Counted<Inner> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = written {
            self.bar.inc(count as u64);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn what_passes_is_counted_and_comes_through_whole() {
        let progress = Progress(ProgressBar::hidden());
        let mut read = Vec::new();
        progress.counted(&b"hello"[..]).read_to_end(&mut read).await.unwrap();
        let mut written = Vec::new();
        progress.counted(&mut written).write_all(&read).await.unwrap();
        assert_eq!((written.as_slice(), progress.0.position()), (&b"hello"[..], 10));
    }
}
