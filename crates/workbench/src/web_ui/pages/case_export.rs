//! The export of a case as one archive, after a page that explains it.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use askama::Template;
use axum::{
    body::{Body, Bytes},
    extract::Path,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tokio::{sync::mpsc, time::timeout};
use uuid::Uuid;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    case_attachments::download,
    case_header::{CaseHeader, CasePageContext},
};
use crate::{
    case::{VerifiedCase, export::CaseExport},
    l10n::Localizer,
    session::HandlerConnection,
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        layout::{PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "case-export.html")]
struct CaseExportTemplate {
    frame: PageFrame,
    head: CaseHeader,
    files: usize,
}

/// Timeout for sending one chunk to the browser.
const SEND_TIMEOUT: Duration = Duration::from_mins(1);

type CaseExportPath = Path<(String, Uuid)>;

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id)): CaseExportPath,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    let CasePageContext { frame, head, view } = CasePageContext::new(&session, &case, "export");
    Ok(render_ok(&CaseExportTemplate { frame, head, files: view.attachments.len() }))
}

/// Streams the archive while it is made, so that only one of its files is in memory. If making it
/// fails, the download fails.
pub(super) async fn save(
    mut session: SignedInSession,
    Path((_, id)): CaseExportPath,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    let localizer = session.request.state.localizer(session.request.locale);
    let folder = format!("case-{}", &id.to_string()[..8]);
    let name = format!("{folder}.zip");
    let (sender, mut receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        let state = session.request.state.clone();
        let packing = async {
            // When this future ends or the workbench locks, the keys are released, also if the
            // download continues.
            let (session, case) = (session, case);
            write_archive(session.connection(), &case, localizer, &folder, &sender).await
        };
        let packed = state.key_session.hold_and_cancel_on_lock(Box::pin(packing)).await;
        if let Err(error) = packed.unwrap_or_else(|| Err(io::ErrorKind::Interrupted.into())) {
            tracing::warn!("failed to export a case");
            sender.send(Err(error)).await.ok();
        }
    });
    let body = Body::from_stream(stream::poll_fn(move |context| receiver.poll_recv(context)));
    Ok(download(&name, body).into_response())
}

async fn write_archive(
    connection: &HandlerConnection,
    case: &VerifiedCase,
    localizer: Localizer,
    folder: &str,
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    let packed = ZipBuffer::default();
    let mut archive = ZipWriter::new_stream(packed.clone());
    let mut export = CaseExport::with_localizer(case, localizer);
    while let Some(piece) = export.next_file(connection).await.map_err(io::Error::other)? {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file(format!("{folder}/{}", piece.name), stored)?;
        archive.write_all(&piece.content)?;
        if !send_with_timeout(packed.take_bytes(), sender).await? {
            return Ok(());
        }
    }
    archive.finish()?;
    send_with_timeout(packed.take_bytes(), sender).await.map(drop)
}

/// Sends a chunk to the browser. Returns whether the browser still reads.
///
/// # Errors
/// Returns `TimedOut` after [`SEND_TIMEOUT`], because a stalled download holds the keys.
async fn send_with_timeout(
    bytes: Bytes,
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<bool> {
    match timeout(SEND_TIMEOUT, sender.send(Ok(bytes))).await {
        Ok(sent) => Ok(sent.is_ok()),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// The bytes of the archive that are not sent yet.
#[derive(Clone, Default)]
struct ZipBuffer(Arc<Mutex<Vec<u8>>>);

impl ZipBuffer {
    fn take_bytes(&self) -> Bytes {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for ZipBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stalled_download_is_cancelled_after_a_minute() {
        let (sender, mut receiver) = mpsc::channel(1);
        let piece = || Bytes::from_static(b"piece");
        assert!(send_with_timeout(piece(), &sender).await.unwrap());
        let start = tokio::time::Instant::now();
        let stalled = send_with_timeout(piece(), &sender).await.unwrap_err();
        assert_eq!((stalled.kind(), start.elapsed()), (io::ErrorKind::TimedOut, SEND_TIMEOUT));
        assert_eq!(receiver.recv().await.unwrap().unwrap(), piece());
        drop(receiver);
        assert!(!send_with_timeout(piece(), &sender).await.unwrap(), "the browser closed it");
    }
}
