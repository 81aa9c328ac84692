//! The body of an answer, as far as it may be read; and bodies that are counted.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};

use super::error::EgressError;
use super::exchange::broken;

/// Told how many bytes came or went.
pub(super) type Tally = Box<dyn FnMut(u64) + Send>;

/// A body that ends with an error where it grows too large or falls silent. It keeps its place among the requests that
/// are under way until it is dropped.
pub(super) struct Bounded {
    inner: Incoming,
    largest: u64,
    left: u64,
    silence: Option<(Duration, Pin<Box<Sleep>>)>,
    tally: Option<Tally>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Bounded {
    pub(super) fn new(inner: Incoming, largest: u64) -> Self {
        Self { inner, largest, left: largest, silence: None, tally: None, _place: None }
    }

    /// Ends it where nothing comes for so long.
    pub(super) fn silent_at_most(mut self, silence: Option<Duration>) -> Self {
        self.silence = silence.map(|silence| (silence, Box::pin(tokio::time::sleep(silence))));
        self
    }

    pub(super) fn counted(mut self, tally: Tally, place: OwnedSemaphorePermit) -> Self {
        (self.tally, self._place) = (Some(tally), Some(place));
        self
    }

    fn took(&mut self, bytes: u64) -> Result<(), EgressError> {
        if let Some(tally) = &mut self.tally {
            tally(bytes);
        }
        if let Some((silence, sleep)) = &mut self.silence {
            sleep.as_mut().reset(Instant::now() + *silence);
        }
        self.left = self.left.checked_sub(bytes).ok_or(EgressError::TooLarge(self.largest))?;
        Ok(())
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = EgressError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                Poll::Ready(Some(self.took(bytes).map(|()| frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(broken("the answer".to_owned(), &error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let Some((_, sleep)) = &mut self.silence else { return Poll::Pending };
                ready!(sleep.as_mut().poll(cx));
                Poll::Ready(Some(Err(EgressError::Silent { target: "the answer".to_owned() })))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A body whose bytes are counted as they go.
pub(super) struct Counted<B> {
    inner: B,
    tally: Tally,
}

impl<B> Counted<B> {
    pub(super) fn new(inner: B, tally: Tally) -> Self {
        Self { inner, tally }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref) {
            (self.tally)(data.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
