//! A body that has to arrive: piece after piece, and all of it, each in its time.

use axum::body::{Body, Bytes};
use futures::StreamExt;
use futures::stream::unfold;
use tokio::time::{Instant, timeout_at};

use crate::settings::Limits;

/// The same body, which fails when it does not come.
pub(super) fn timed(body: Body, limits: &Limits) -> Body {
    if http_body::Body::is_end_stream(&body) {
        return body;
    }
    let (pause, last) = (limits.body_pause, Instant::now() + limits.body);
    // What the length is known of keeps it: whoever reads can refuse it beforehand.
    let hint = http_body::Body::size_hint(&body).exact();
    let pieces = unfold(Some(body.into_data_stream()), move |stream| async move {
        let mut stream = stream?;
        let piece = match timeout_at(last.min(Instant::now() + pause), stream.next()).await {
            Ok(Some(Ok(piece))) => return Some((Ok(piece), Some(stream))),
            Ok(Some(Err(problem))) => Err(std::io::Error::other(problem)),
            Ok(None) => return None,
            Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "the body does not arrive")),
        };
        Some((piece, None))
    });
    Body::new(Sized { inner: Body::from_stream(pieces), hint })
}

/// A stream of pieces whose length was told beforehand.
struct Sized {
    inner: Body,
    hint: Option<u64>,
}

impl http_body::Body for Sized {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        std::pin::Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.hint.map_or_else(http_body::SizeHint::default, http_body::SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_half_way_fails_in_time_and_one_that_arrives_is_whole() {
        let pieces = futures::stream::iter(["half".to_owned()]).map(Ok::<_, std::io::Error>);
        let hangs = Body::from_stream(pieces.chain(futures::stream::pending()));
        let began = Instant::now();
        assert!(to_bytes(timed(hangs, &Limits::default()), usize::MAX).await.is_err());
        assert!(began.elapsed() <= Limits::default().body_pause * 2);
        let whole = to_bytes(timed(Body::from("whole"), &Limits::default()), usize::MAX).await;
        assert_eq!(whole.expect("a body"), "whole");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_for_ever_fails_in_time() {
        let drop = || async { tokio::time::sleep(std::time::Duration::from_secs(1)).await };
        let trickle = unfold((), move |()| async move {
            drop().await;
            Some((Ok::<_, std::io::Error>("x"), ()))
        });
        let began = Instant::now();
        assert!(to_bytes(timed(Body::from_stream(trickle), &Limits::default()), usize::MAX).await.is_err());
        assert!(began.elapsed() <= Limits::default().body * 2);
    }
}
