//! Captures what the service logs.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use tracing::{
    Level,
    subscriber::{DefaultGuard, set_default},
};
use tracing_subscriber::fmt::MakeWriter;

/// Captures the log of this thread.
#[derive(Clone, Default)]
pub(crate) struct LogCapture(Arc<Mutex<Vec<u8>>>);

impl LogCapture {
    /// Logs everything of this thread until the guard is dropped.
    pub(crate) fn start(&self) -> DefaultGuard {
        let subscriber =
            tracing_subscriber::fmt().with_writer(self.clone()).with_max_level(Level::TRACE);
        set_default(subscriber.finish())
    }

    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().expect("no panic before").clone();
        let all = String::from_utf8(bytes).expect("a log is text");
        let own_lines = all.lines().filter(|line| line.contains("case_handler"));
        own_lines.collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn warnings(&self) -> usize {
        self.text().matches("WARN").count()
    }
}

impl Write for LogCapture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic before").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogCapture {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
