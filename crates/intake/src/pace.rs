//! Bodies that must keep coming, however empty the house is. How scarce places are shared is for `places`.

use axum::body::{Body, Bytes};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{Duration, Instant, timeout_at};

/// Longest silence.
const SILENCE: Duration = Duration::from_secs(30);
/// Time that everybody has, whatever the speed.
const GRACE: Duration = Duration::from_mins(1);
/// Bytes a second that must come after that: a tenth of what a bad 2G connection gives.
const SLOWEST: u64 = 256;
/// Nobody takes longer; the sweep of the spool relies on it.
pub const LONGEST: Duration = Duration::from_mins(55);

/// Why a body has ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaceError {
    /// The sender was too slow.
    #[error("the sender was too slow")]
    TooSlow,
    /// Another sender got its slot.
    #[error("its slot went to another sender")]
    Evicted,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
}

/// The bytes of a body as long as they come at a decent pace.
pub fn paced(body: Body) -> Paced {
    let start = Instant::now();
    stream::try_unfold((body.into_data_stream(), 0), move |(mut data, received)| async move {
        let paced = start + GRACE + Duration::from_secs(received / SLOWEST);
        let deadline = paced.min(start + LONGEST).min(Instant::now() + SILENCE);
        match timeout_at(deadline, data.next()).await {
            Err(_) => Err(PaceError::TooSlow),
            Ok(None) => Ok(None),
            Ok(Some(Err(_))) => Err(PaceError::Broken),
            Ok(Some(Ok(bytes))) => {
                let received = received + bytes.len() as u64;
                Ok(Some((bytes, (data, received))))
            }
        }
    })
    .boxed()
}

/// Why reading a body of ours failed, if the sender is to try again.
pub fn given_up(error: &axum::Error) -> Option<PaceError> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(reason) = error.downcast_ref::<PaceError>() {
            return Some(*reason).filter(|reason| *reason != PaceError::Broken);
        }
        next = error.source();
    }
    None
}

/// The bytes of a paced body.
pub type Paced = BoxStream<'static, Result<Bytes, PaceError>>;

#[cfg(test)]
mod tests {
    use super::*;

    /// A body of single bytes, one in `every`.
    fn dripping(every: Duration, count: u32) -> Body {
        Body::from_stream(stream::unfold(0, move |sent| async move {
            tokio::time::sleep(every).await;
            (sent < count).then_some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), sent + 1))
        }))
    }

    async fn outcome(body: Body) -> Result<usize, PaceError> {
        let mut stream = paced(body);
        let mut length = 0;
        while let Some(bytes) = stream.next().await {
            length += bytes?.len();
        }
        Ok(length)
    }

    #[tokio::test(start_paused = true)]
    async fn silence_and_dripping_are_cut_and_a_slow_phone_is_not() {
        assert_eq!(outcome(dripping(Duration::from_secs(31), 2)).await, Err(PaceError::TooSlow));
        assert_eq!(outcome(dripping(Duration::from_secs(10), 60)).await, Err(PaceError::TooSlow));
        assert_eq!(outcome(dripping(Duration::from_millis(3), 60_000)).await, Ok(60_000));
        assert_eq!(outcome(dripping(Duration::from_secs(10), 4)).await, Ok(4));
    }
}
