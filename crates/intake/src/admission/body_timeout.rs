//! Timeouts of request bodies that apply even when slots are free: an idle timeout, a minimum rate
//! after a grace period, and a maximum duration. [`crate::admission::slots`] shares scarce slots.

use axum::body::{Body, Bytes};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{Duration, Instant, timeout_at};

/// Maximum time between two parts of a body.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Time during which no minimum rate applies.
const GRACE_PERIOD: Duration = Duration::from_mins(1);
/// Minimum rate after the grace period: a tenth of the rate of a bad 2G connection.
const MIN_BYTES_PER_SECOND: u64 = 256;
/// Maximum duration of a request body. The garbage collection of the spool relies on it.
pub const MAX_UPLOAD_DURATION: Duration = Duration::from_mins(55);

/// The reasons why a body ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyReadError {
    /// The client was idle, sent below the minimum rate, or reached the maximum duration.
    #[error("request body timeout: the client sent too slowly")]
    TooSlow,
    /// The slot of the body was given to another client.
    #[error("request body evicted: another client got its slot")]
    Evicted,
    /// The connection ended before the body did.
    #[error("connection closed before the end of the request body")]
    ConnectionReset,
}

/// Returns the body as a stream that fails when the client is too slow.
pub fn with_min_rate(body: Body) -> TimedBody {
    let start = Instant::now();
    stream::try_unfold((body.into_data_stream(), 0), move |(mut data, received)| async move {
        let paced = start + GRACE_PERIOD + Duration::from_secs(received / MIN_BYTES_PER_SECOND);
        let deadline = paced.min(start + MAX_UPLOAD_DURATION).min(Instant::now() + IDLE_TIMEOUT);
        match timeout_at(deadline, data.next()).await {
            Err(_) => Err(BodyReadError::TooSlow),
            Ok(None) => Ok(None),
            Ok(Some(Err(_))) => Err(BodyReadError::ConnectionReset),
            Ok(Some(Ok(bytes))) => {
                let received = received + bytes.len() as u64;
                Ok(Some((bytes, (data, received))))
            }
        }
    })
    .boxed()
}

/// Returns why reading a body failed, if the client may retry.
pub fn retryable_body_error(error: &axum::Error) -> Option<BodyReadError> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(reason) = error.downcast_ref::<BodyReadError>() {
            return Some(*reason).filter(|reason| *reason != BodyReadError::ConnectionReset);
        }
        next = error.source();
    }
    None
}

/// A request body with timeouts.
pub type TimedBody = BoxStream<'static, Result<Bytes, BodyReadError>>;

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a body that sends one byte per `every`.
    fn dripping_body(every: Duration, count: u32) -> Body {
        Body::from_stream(stream::unfold(0, move |sent| async move {
            tokio::time::sleep(every).await;
            (sent < count).then_some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), sent + 1))
        }))
    }

    async fn read_to_end(body: Body) -> Result<usize, BodyReadError> {
        let mut stream = with_min_rate(body);
        let mut length = 0;
        while let Some(bytes) = stream.next().await {
            length += bytes?.len();
        }
        Ok(length)
    }

    #[tokio::test(start_paused = true)]
    async fn idle_and_dripping_bodies_fail_and_a_slow_phone_succeeds() {
        assert_eq!(
            read_to_end(dripping_body(Duration::from_secs(31), 2)).await,
            Err(BodyReadError::TooSlow)
        );
        assert_eq!(
            read_to_end(dripping_body(Duration::from_secs(10), 60)).await,
            Err(BodyReadError::TooSlow)
        );
        assert_eq!(read_to_end(dripping_body(Duration::from_millis(3), 60_000)).await, Ok(60_000));
        assert_eq!(read_to_end(dripping_body(Duration::from_secs(10), 4)).await, Ok(4));
    }
}
