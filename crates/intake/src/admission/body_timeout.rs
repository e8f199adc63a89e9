//! Bodies that must keep coming, however empty the house is. How scarce places are shared is for
//! `pool`.

use axum::body::{Body, Bytes};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{Duration, Instant, timeout_at};

/// Longest silence.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Time that everybody has, whatever the speed.
const GRACE_PERIOD: Duration = Duration::from_mins(1);
/// Bytes a second that must come after that: a tenth of what a bad 2G connection gives.
const MIN_BYTES_PER_SECOND: u64 = 256;
/// Nobody takes longer; the sweep of the spool relies on it.
pub const MAX_UPLOAD_DURATION: Duration = Duration::from_mins(55);

/// Why a body has ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyReadError {
    /// The sender was too slow.
    #[error("the sender was too slow")]
    TooSlow,
    /// Another sender got its slot.
    #[error("its slot went to another sender")]
    Evicted,
    /// The connection broke.
    #[error("the connection broke")]
    ConnectionReset,
}

/// The bytes of a body as long as they come at a decent pace.
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

/// Why reading a body of ours failed, if the sender is to try again.
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

/// The bytes of a paced body.
pub type TimedBody = BoxStream<'static, Result<Bytes, BodyReadError>>;

#[cfg(test)]
mod tests {
    use super::*;

    /// A body of single bytes, one in `every`.
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
    async fn silence_and_dripping_are_cut_and_a_slow_phone_is_not() {
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
