//! A case to hand on: a page that any browser shows, the attached files, its part of the log, and a
//! manifest of hashes.
//!
//! Nothing of it is sealed any more. The page runs no script and loads nothing. The log verifies
//! with `burkindi audit verify --file`: it proves who did what and when. The manifest is what
//! `sha256sum --check` reads. The manifest is not signed, and no signature covers the report or a
//! file, so that neither proves their content.

use std::{collections::VecDeque, fmt::Write as _};

use askama::Template;
use investigator::NoteKind;
use protocol::{Hash, submission::treatment::AttachmentTreatment};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    alert::IntegrityAlert,
    audit::LogExport,
    case::{
        CaseReadError, VerifiedCase,
        attachments::{ListedAttachment, listed_attachments},
        view::{CaseView, serde_word},
    },
    l10n::{
        Localizer, dates,
        timeline::{TimelineEntry, build_timeline},
    },
    private_files::to_pretty_json,
    session::HandlerConnection,
    terminal_text,
};

/// The manifest, which names everything else.
const MANIFEST_NAME: &str = "SHA256SUMS";
/// The order in which notes stand.
const NOTE_KIND_ORDER: [NoteKind; 4] =
    [NoteKind::Fact, NoteKind::Hypothesis, NoteKind::Task, NoteKind::Objection];

/// One file of the folder.
pub struct ExportFile {
    /// Its path in the folder, with `/`.
    pub name: String,
    /// What is in it.
    pub content: Zeroizing<Vec<u8>>,
}

/// A file of the folder without what is in it. In JSON as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManifestEntry {
    /// Its path in the folder.
    pub name: String,
    /// In bytes.
    pub len: u64,
    /// Of the content.
    pub sha256: Hash,
    /// What was done with an attached file before it was sealed, as its sender says. Absent for
    /// anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment: Option<AttachmentTreatment>,
}

/// A case on its way out, piece by piece, so that only one file is in memory at a time.
pub struct CaseExport<'a> {
    case: &'a VerifiedCase,
    localizer: Localizer,
    pending_files: VecDeque<ListedAttachment<'a>>,
    trailing_files: VecDeque<TrailingFile>,
    manifest: Vec<ManifestEntry>,
    alarms: Vec<IntegrityAlert>,
}

/// What comes after the files.
enum TrailingFile {
    Page,
    Log,
    Manifest,
}

#[derive(Template)]
#[template(path = "export.html")]
struct ExportedCaseTemplate<'a> {
    speech: &'a Localizer,
    view: CaseView,
    filed: String,
    exported: String,
    /// Path, size, and what was done with each before it was sealed.
    files: Vec<(&'a str, String, String)>,
    messages: Vec<ExportedMessage>,
    notes: Vec<(String, Vec<(String, String)>)>,
    moves: Vec<TimelineEntry>,
    alarms: Vec<(String, String)>,
}

struct ExportedMessage {
    ours: bool,
    when: String,
    lang: String,
    text: String,
}

impl<'a> CaseExport<'a> {
    /// In the language with this code; in the default one where there are no words of it.
    pub fn new(case: &'a VerifiedCase, lang: &str) -> Self {
        Self::with_localizer(case, Localizer::for_lang(lang))
    }

    pub(crate) fn with_localizer(case: &'a VerifiedCase, speech: Localizer) -> Self {
        Self {
            case,
            localizer: speech,
            pending_files: listed_attachments(case).into(),
            trailing_files: [TrailingFile::Page, TrailingFile::Log, TrailingFile::Manifest].into(),
            manifest: Vec::new(),
            alarms: case.alarms.clone(),
        }
    }

    /// The next piece; `None` behind the last. A file that is not the one that the report names is
    /// left out, and is among the alarms.
    pub async fn next_file(
        &mut self,
        connection: &HandlerConnection,
    ) -> Result<Option<ExportFile>, CaseReadError> {
        while let Some(file) = self.pending_files.pop_front() {
            match connection.fetch_attachment(self.case, &file).await? {
                Ok(content) => {
                    let name = terminal_text::safe_file_name(&file.attachment.name, file.number);
                    let piece = self.add_file(format!("files/{:02} {name}", file.number), content);
                    if let Some(listed) = self.manifest.last_mut() {
                        listed.treatment.clone_from(&file.attachment.treatment);
                    }
                    return Ok(Some(piece));
                }
                Err(alarm) => self.alarms.push(alarm.in_case(self.case.id())),
            }
        }
        Ok(self.trailing_files.pop_front().map(|rest| match rest {
            TrailingFile::Page => {
                self.add_file("case.html".to_owned(), self.render_page(connection))
            }
            TrailingFile::Log => self.add_file(
                "log.json".to_owned(),
                Zeroizing::new(to_pretty_json(&self.log_export(connection))),
            ),
            TrailingFile::Manifest => {
                let content = Zeroizing::new(sha256sum_lines(&self.manifest).into_bytes());
                ExportFile { name: MANIFEST_NAME.to_owned(), content }
            }
        }))
    }

    /// What has been given out, and everything that is wrong with the case or its files.
    pub fn finish(self) -> (Vec<ManifestEntry>, Vec<IntegrityAlert>) {
        (self.manifest, self.alarms)
    }

    fn add_file(&mut self, name: String, content: Zeroizing<Vec<u8>>) -> ExportFile {
        let sha256 = Hash::of(&[&content]);
        self.manifest.push(ManifestEntry {
            name: name.clone(),
            len: content.len() as u64,
            sha256,
            treatment: None,
        });
        ExportFile { name, content }
    }

    fn log_export(&self, connection: &HandlerConnection) -> LogExport {
        connection.build_log_export(self.case.file.log.clone(), false)
    }

    fn render_page(&self, connection: &HandlerConnection) -> Zeroizing<Vec<u8>> {
        let speech = &self.localizer;
        let view = CaseView::new(self.case, &speech.taxonomy, speech.code());
        let messages = view.messages.iter().map(|message| ExportedMessage {
            ours: message.direction == protocol::submission::frame::FrameDirection::Out,
            when: dates::format_week(speech.catalog(), &message.week),
            lang: message.lang.clone(),
            text: message.text.clone(),
        });
        let notes = NOTE_KIND_ORDER.map(|kind| {
            let of_kind = view.notes.iter().filter(|note| note.kind == kind);
            let told = |note: &crate::case::view::NoteView| {
                (
                    format!("{}, {}", note.by, dates::format_time(speech.catalog(), note.at)),
                    note.text.clone(),
                )
            };
            (serde_word(&kind), of_kind.map(told).collect::<Vec<_>>())
        });
        let alarms = self
            .alarms
            .iter()
            .map(|alarm| (speech.t_variant("alarm", &serde_word(&alarm.code)), alarm.text.clone()));
        // The attached files alone have been given out so far.
        let files = self.manifest.iter().map(|file| {
            let treated = speech.treatment_lines(file.treatment.as_ref()).join(" ");
            (file.name.as_str(), speech.format_size(file.len), treated)
        });
        let page = ExportedCaseTemplate {
            speech,
            filed: speech.format_date(view.filed),
            exported: speech.format_date(connection.today()),
            files: files.collect(),
            messages: messages.collect(),
            notes: notes.into_iter().filter(|(_, notes)| !notes.is_empty()).collect(),
            moves: build_timeline(speech, &self.case.events),
            alarms: alarms.collect(),
            view,
        };
        Zeroizing::new(page.render().expect("writing to memory").into_bytes())
    }
}

/// Lines as `sha256sum` writes and checks them.
fn sha256sum_lines(listed: &[ManifestEntry]) -> String {
    listed.iter().fold(String::new(), |mut lines, file| {
        writeln!(lines, "{}  {}", to_hex(&file.sha256), file.name).expect("writing to memory");
        lines
    })
}

/// A hash as `sha256sum` prints it.
pub fn to_hex(hash: &Hash) -> String {
    let digits = hash.as_bytes().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
