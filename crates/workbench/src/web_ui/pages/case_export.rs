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
use zeroize::Zeroizing;

use super::{
    case_attachments::download,
    case_header::{CaseHeader, CasePageContext},
    passphrase::PassphraseRejection,
};
use crate::{
    case::{
        CaseReadError, VerifiedCase,
        collection_check::UnreadableCase,
        export::{
            CaseExport,
            archive::{ArchiveSeal, ArchiveWriter},
            source::ExportSource,
        },
    },
    session::HandlerConnection,
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        forms::{FormInput, InvalidField},
        layout::{NavSection, PageFrame, render},
        spawn_cpu_bound,
    },
};

#[derive(Template)]
#[template(path = "case-export.html")]
struct CaseExportTemplate {
    frame: PageFrame,
    id: String,
    /// The header. `None` if the report does not open.
    head: Option<CaseHeader>,
    /// What does not open, and why, in English.
    unreadable: Option<String>,
    files: usize,
    /// The handles of the members whom the archive can be sealed to.
    members: Vec<String>,
    /// How the archive is sealed: `member`, `key`, `passphrase` or `unsealed`.
    seal: String,
    suggested: Zeroizing<String>,
    wrong: InvalidField,
}

/// Timeout for sending one chunk to the browser.
const SEND_TIMEOUT: Duration = Duration::from_mins(1);

type CaseExportPath = Path<(String, Uuid)>;

/// The case that the page exports.
enum ExportedCase {
    Readable(Box<VerifiedCase>),
    Unreadable(Box<UnreadableCase>),
}

impl ExportedCase {
    /// Reads the case. A case whose report does not open needs no declaration, because its export
    /// shows nothing of the report.
    async fn read(session: &mut SignedInSession, id: Uuid) -> Result<Self, PageError> {
        match session.connection_mut().read_case(id).await {
            Err(CaseReadError::Unreadable(unreadable)) => Ok(Self::Unreadable(unreadable)),
            read => {
                let case = read?;
                session.require_declaration(&case)?;
                Ok(Self::Readable(Box::new(case)))
            }
        }
    }

    fn source(&self) -> ExportSource<'_> {
        match self {
            Self::Readable(case) => ExportSource::Readable(case),
            Self::Unreadable(case) => ExportSource::Unreadable(case),
        }
    }
}

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id)): CaseExportPath,
) -> Result<Response, PageError> {
    let case = ExportedCase::read(&mut session, id).await?;
    Ok(export_page(&session, id, &case, "member", InvalidField::default()))
}

fn export_page(
    session: &SignedInSession,
    id: Uuid,
    case: &ExportedCase,
    seal: &str,
    wrong: InvalidField,
) -> Response {
    let (frame, head, files, unreadable) = match case {
        ExportedCase::Readable(case) => {
            let CasePageContext { frame, head, view } =
                CasePageContext::new(session, case, "export");
            (frame, Some(head), view.attachments.len(), None)
        }
        ExportedCase::Unreadable(case) => {
            let mut frame = session.frame("case-title", NavSection::Queue);
            frame.title = format!("{} {}", frame.title, &id.to_string()[..8]);
            (frame, None, 0, Some(case.reason.clone()))
        }
    };
    let members = &session.connection().directory().members;
    let page = CaseExportTemplate {
        frame,
        id: id.to_string(),
        head,
        unreadable,
        files,
        members: members.iter().map(|member| member.handle.clone()).collect(),
        seal: seal.to_owned(),
        suggested: PassphraseRejection::suggest(session.request.locale.code),
        wrong,
    };
    render(page.wrong.status(), &page)
}

/// Returns how the form asks to seal the archive.
fn parse_seal(session: &SignedInSession, form: &FormInput) -> Result<ArchiveSeal, InvalidField> {
    let catalog = session.request.catalog();
    let to_recipient = |field: &'static str| {
        let directory = session.connection().directory();
        ArchiveSeal::to_recipient(form.get(field).trim(), directory)
            .map_err(|_| InvalidField::new(field, catalog.get("export-recipient-wrong")))
    };
    match form.get("seal") {
        "member" => to_recipient("member"),
        "key" => to_recipient("key"),
        "passphrase" => {
            let cost = session.request.state.scrypt_cost;
            PassphraseRejection::parse(form, session.connection().handle())
                .map(|passphrase| ArchiveSeal::Passphrase(passphrase, cost))
                .map_err(|rejection| rejection.field_error(catalog))
        }
        "unsealed" => Ok(ArchiveSeal::Unsealed),
        _ => Err(InvalidField::new("seal", catalog.get("export-seal-missing"))),
    }
}

/// Streams the archive while it is made, so that only one of its files is in memory. If making it
/// fails, the download fails.
pub(super) async fn save(
    mut session: SignedInSession,
    Path((_, id)): CaseExportPath,
    form: FormInput,
) -> Result<Response, PageError> {
    let case = ExportedCase::read(&mut session, id).await?;
    let seal = match parse_seal(&session, &form) {
        Ok(seal) => seal,
        Err(wrong) => return Ok(export_page(&session, id, &case, form.get("seal"), wrong)),
    };
    let localizer = session.request.state.localizer(session.request.locale);
    let folder = format!("case-{}", &id.to_string()[..8]);
    let name = format!("{folder}{}", seal.suffix());
    let packed = ZipBuffer::default();
    let output = packed.clone();
    // Deriving a key from a passphrase takes a second.
    let archive = spawn_cpu_bound(move || ArchiveWriter::new(output, &seal, &folder))
        .await?
        .expect("writing to memory cannot fail");
    let (sender, mut receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        let state = session.request.state.clone();
        let packing = async {
            // When this future ends or the workbench locks, the keys are released, also if the
            // download continues.
            let (session, case) = (session, case);
            let export = CaseExport::with_localizer(case.source(), localizer);
            write_archive(session.connection(), export, (archive, packed), &sender).await
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
    mut export: CaseExport<'_>,
    (mut archive, packed): (ArchiveWriter<ZipBuffer>, ZipBuffer),
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    while let Some(piece) = export.next_file(connection).await.map_err(io::Error::other)? {
        archive.add(&piece)?;
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
