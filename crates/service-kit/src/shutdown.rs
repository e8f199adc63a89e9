//! The signals that stop a service.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Installs handlers for SIGTERM and SIGINT. The returned future completes at the first of them.
/// Both handlers are installed when the function returns, so that a later signal never ends the
/// process before it has stopped the service.
///
/// # Errors
/// Fails if the system refuses a handler.
pub fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn a_signal_sent_after_the_installation_completes_the_future() {
        for sent in [Signal::TERM, Signal::INT] {
            let stop = shutdown_signal().unwrap();
            kill_process(getpid(), sent).unwrap();
            stop.await;
        }
    }
}
