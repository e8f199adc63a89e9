//! Exports a case for use outside the workbench: a page for any browser, the attached files, the
//! log of the case, and a manifest of hashes.
//!
//! The export is not sealed. The page runs no script and loads nothing. `burkindi audit verify
//! --file` verifies the log, which proves who did what and when. `sha256sum --check` reads the
//! manifest. The manifest is not signed, and no signature covers the report or a file, so neither
//! proves their content.

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
        Localizer,
        action_text::localized_title,
        dates,
        timeline::{TimelineEntry, build_timeline},
    },
    private_files::to_pretty_json,
    session::HandlerConnection,
    terminal_text,
};

/// File name of the manifest, which lists all other files.
const MANIFEST_NAME: &str = "SHA256SUMS";
/// Order of the notes on the page.
const NOTE_KIND_ORDER: [NoteKind; 4] =
    [NoteKind::Fact, NoteKind::Hypothesis, NoteKind::Task, NoteKind::Reason];

/// One file of the export.
pub struct ExportFile {
    /// Path in the folder, with `/`.
    pub name: String,
    /// Content of the file.
    pub content: Zeroizing<Vec<u8>>,
}

/// A manifest entry: a file without its content. These fields are also its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManifestEntry {
    /// Path in the folder.
    pub name: String,
    /// Length in bytes.
    pub len: u64,
    /// Hash of the content.
    pub sha256: Hash,
    /// What the sender claims to have done to an attached file before sealing it. Absent for other
    /// files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment: Option<AttachmentTreatment>,
}

/// An export in progress. It produces one file at a time, so that only one is in memory.
pub struct CaseExport<'a> {
    case: &'a VerifiedCase,
    localizer: Localizer,
    pending_files: VecDeque<ListedAttachment<'a>>,
    trailing_files: VecDeque<TrailingFile>,
    manifest: Vec<ManifestEntry>,
    alarms: Vec<IntegrityAlert>,
}

/// Files that follow the attachments.
enum TrailingFile {
    Page,
    Log,
    Manifest,
}

#[derive(Template)]
#[template(path = "export.html")]
struct ExportedCaseTemplate<'a> {
    localizer: &'a Localizer,
    view: CaseView,
    filed: String,
    exported: String,
    /// Path, size, and the claimed treatment of each file.
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
    /// Begins an export in the given language, or in the default language if there is no catalog
    /// for it.
    pub fn new(case: &'a VerifiedCase, lang: &str) -> Self {
        Self::with_localizer(case, Localizer::for_lang(lang))
    }

    pub(crate) fn with_localizer(case: &'a VerifiedCase, localizer: Localizer) -> Self {
        Self {
            case,
            localizer,
            pending_files: listed_attachments(case).into(),
            trailing_files: [TrailingFile::Page, TrailingFile::Log, TrailingFile::Manifest].into(),
            manifest: Vec::new(),
            alarms: case.alarms.clone(),
        }
    }

    /// Returns the next file, or `None` after the last. An attachment that differs from the
    /// report's description is left out and becomes an alert.
    ///
    /// # Errors
    /// If the case handler cannot be reached.
    pub async fn next_file(
        &mut self,
        connection: &HandlerConnection,
    ) -> Result<Option<ExportFile>, CaseReadError> {
        while let Some(file) = self.pending_files.pop_front() {
            match connection.fetch_attachment(self.case, &file).await? {
                Ok(content) => {
                    let name = terminal_text::safe_file_name(&file.attachment.name, file.number);
                    let exported =
                        self.add_file(format!("files/{:02} {name}", file.number), content);
                    if let Some(listed) = self.manifest.last_mut() {
                        listed.treatment.clone_from(&file.attachment.treatment);
                    }
                    return Ok(Some(exported));
                }
                Err(alarm) => self.alarms.push(alarm.in_case(self.case.id())),
            }
        }
        Ok(self.trailing_files.pop_front().map(|trailing| match trailing {
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

    /// Returns the manifest, and all alerts about the case and its files.
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
        let localizer = &self.localizer;
        let view = CaseView::new(self.case, &localizer.taxonomy, localizer.code());
        let messages = view.messages.iter().map(|message| ExportedMessage {
            ours: message.direction == protocol::submission::frame::FrameDirection::Out,
            when: dates::format_week(localizer.catalog(), &message.week),
            lang: message.lang.clone(),
            text: message.text.clone(),
        });
        let notes = NOTE_KIND_ORDER.map(|kind| {
            let of_kind = view.notes.iter().filter(|note| note.kind == kind);
            let to_entry = |note: &crate::case::view::NoteView| {
                let reason_of = note.reason_of.map(|act| localized_title(localizer, act));
                let when = dates::format_time(localizer.catalog(), note.at);
                let heading: Vec<String> =
                    [Some(note.by.clone()), reason_of, Some(when)].into_iter().flatten().collect();
                (heading.join(", "), note.text.clone())
            };
            (serde_word(&kind), of_kind.map(to_entry).collect::<Vec<_>>())
        });
        let alarms = self.alarms.iter().map(|alarm| {
            (localizer.t_variant("alarm", &serde_word(&alarm.code)), alarm.text.clone())
        });
        // The manifest contains only the attached files at this point.
        let files = self.manifest.iter().map(|file| {
            let treated = localizer.treatment_lines(file.treatment.as_ref()).join(" ");
            (file.name.as_str(), localizer.format_size(file.len), treated)
        });
        let page = ExportedCaseTemplate {
            localizer,
            filed: localizer.format_date(view.filed),
            exported: localizer.format_date(connection.today()),
            files: files.collect(),
            messages: messages.collect(),
            notes: notes.into_iter().filter(|(_, notes)| !notes.is_empty()).collect(),
            moves: build_timeline(localizer, &self.case.events),
            alarms: alarms.collect(),
            view,
        };
        Zeroizing::new(page.render().expect("writing to a String cannot fail").into_bytes())
    }
}

/// Returns lines in the format of `sha256sum`.
fn sha256sum_lines(listed: &[ManifestEntry]) -> String {
    listed.iter().fold(String::new(), |mut lines, file| {
        writeln!(lines, "{}  {}", to_hex(&file.sha256), file.name)
            .expect("writing to a String cannot fail");
        lines
    })
}

/// Returns the hash in the format of `sha256sum`.
pub fn to_hex(hash: &Hash) -> String {
    let digits = hash.as_bytes().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
