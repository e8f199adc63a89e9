//! Exports a case for use outside the workbench: a page for any browser, the attached files, the
//! sealed parts, and a signed manifest with which [`verify`] proves the content.
//!
//! - [`manifest`] is the signed manifest: directories, events, hashes of the files, and an opening
//!   of each sealed part.
//! - [`archive`] packs the files into one archive and seals it.
//! - [`source`] is the case that is exported, also one whose report does not open.
//! - [`log_proof`] is the proof that the events are in the transparency log.
//! - `content` opens the parts; `page` builds the page from them.
//! - [`summary`] states what a verified folder contains and proves.
//! - [`verify`] verifies a folder without keys or network.
//!
//! The page runs no script and loads nothing.

pub mod archive;
mod content;
pub mod log_proof;
pub mod manifest;
mod page;
pub mod source;
pub mod summary;
pub mod verify;

use std::{
    collections::{BTreeSet, VecDeque},
    fmt::Write as _,
};

use protocol::{
    Hash,
    api::workbench::{CasePart, PartKind},
    case::event::{Action, Event, SealedText},
    submission::treatment::AttachmentTreatment,
};
use serde::Serialize;
use zeroize::Zeroizing;

use self::{
    content::{CaseContent, OpenedPart},
    log_proof::proof_name,
    manifest::{
        ExportManifest, MANIFEST_NAME, MANIFEST_VERSION, ManifestFile, Opening, PAGE_NAME,
        SIGNATURE_NAME, SUMS_NAME, committed_parts, sealed_name, unopened_parts,
    },
    page::{PageInput, render_page},
    source::ExportSource,
};
use crate::{
    alert::{AlertCode, IntegrityAlert},
    case::CaseReadError,
    l10n::Localizer,
    session::HandlerConnection,
};

/// One file of the export.
pub struct ExportFile {
    /// Path in the folder, with `/`.
    pub name: String,
    /// Content of the file.
    pub content: Zeroizing<Vec<u8>>,
}

/// A file of the export without its content. These fields are also its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedFile {
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

/// An export in progress. It produces one file at a time, so that at most one attached file and its
/// sealed form are in memory.
pub struct CaseExport<'a> {
    case: ExportSource<'a>,
    localizer: Localizer,
    /// Frames that the case shows. Others have no opening.
    shown_frames: BTreeSet<Hash>,
    pending_parts: VecDeque<PendingPart<'a>>,
    /// The content of the last sealed file, which follows it.
    pending_file: Option<(ExportFile, Option<AttachmentTreatment>)>,
    trailing_files: VecDeque<TrailingFile<'a>>,
    content: CaseContent,
    openings: Vec<Opening>,
    written: Vec<ExportedFile>,
    manifest_bytes: Vec<u8>,
    alarms: Vec<IntegrityAlert>,
}

/// A sealed part that an event commits to.
struct PendingPart<'a> {
    event: &'a Event,
    part: u32,
    sealed: &'a CasePart,
}

/// Files that follow the parts.
enum TrailingFile<'a> {
    Page,
    /// The proof of the newest event that has a leaf in the transparency log.
    LogProof {
        event: u32,
        text: &'a str,
    },
    Sums,
    Manifest,
    Signature,
}

impl<'a> CaseExport<'a> {
    /// Begins an export in the given language, or in the default language if there is no catalog
    /// for it.
    pub fn new(case: impl Into<ExportSource<'a>>, lang: &str) -> Self {
        Self::with_localizer(case, Localizer::for_lang(lang))
    }

    pub(crate) fn with_localizer(case: impl Into<ExportSource<'a>>, localizer: Localizer) -> Self {
        let case = case.into();
        Self {
            case,
            localizer,
            shown_frames: case.shown_frames().collect(),
            pending_parts: pending_parts(case),
            pending_file: None,
            trailing_files: trailing_files(case),
            content: CaseContent::default(),
            openings: Vec::new(),
            written: Vec::new(),
            manifest_bytes: Vec::new(),
            alarms: case.alarms().to_vec(),
        }
    }

    /// Returns the next file, or `None` after the last. An attachment that differs from its event
    /// or from the description in its message is left out and becomes an alert.
    ///
    /// # Errors
    /// If the case handler cannot be reached.
    pub async fn next_file(
        &mut self,
        connection: &HandlerConnection,
    ) -> Result<Option<ExportFile>, CaseReadError> {
        if let Some((file, treatment)) = self.pending_file.take() {
            return Ok(Some(self.add_file(file.name, file.content, treatment)));
        }
        while let Some(pending) = self.pending_parts.pop_front() {
            let fetched = connection
                .client
                .fetch_part(self.case.id(), pending.sealed.id, pending.sealed.len)
                .await?;
            match self.open_part(&pending, &fetched) {
                Ok(true) => {
                    let name = sealed_name(pending.event.seq, pending.part);
                    return Ok(Some(self.add_file(name, Zeroizing::new(fetched), None)));
                }
                Err(text) if pending.sealed.kind == PartKind::Attachment => {
                    let alarm = IntegrityAlert::new(AlertCode::Damaged, text);
                    self.alarms.push(alarm.in_case(self.case.id()));
                }
                // Reading the case reported faults of other parts.
                Ok(false) | Err(_) => {}
            }
        }
        let Some(trailing) = self.trailing_files.pop_front() else { return Ok(None) };
        Ok(Some(match trailing {
            TrailingFile::Page => {
                let page = self.render_page(connection);
                self.add_file(PAGE_NAME.to_owned(), page, None)
            }
            TrailingFile::LogProof { event, text } => {
                let content = Zeroizing::new(text.as_bytes().to_vec());
                self.add_file(proof_name(event), content, None)
            }
            TrailingFile::Sums => {
                let lines = sha256sum_lines(self.written.iter().map(|f| (&*f.name, f.sha256)));
                self.add_file(SUMS_NAME.to_owned(), Zeroizing::new(lines.into_bytes()), None)
            }
            TrailingFile::Manifest => {
                self.manifest_bytes = self.build_manifest(connection).to_bytes();
                let content = Zeroizing::new(self.manifest_bytes.clone());
                self.add_file(MANIFEST_NAME.to_owned(), content, None)
            }
            TrailingFile::Signature => {
                let device = connection.key().device();
                let signature = ExportManifest::sign(&self.manifest_bytes, device);
                self.add_file(SIGNATURE_NAME.to_owned(), Zeroizing::new(signature.to_vec()), None)
            }
        }))
    }

    /// Returns the written files, and all alerts about the case and its files.
    pub fn finish(self) -> (Vec<ExportedFile>, Vec<IntegrityAlert>) {
        (self.written, self.alarms)
    }

    /// Opens a part and adds its opening. Returns false if the case does not show the part.
    fn open_part(&mut self, pending: &PendingPart<'_>, fetched: &[u8]) -> Result<bool, String> {
        let is_file = pending.sealed.kind == PartKind::Attachment;
        if is_file && !self.content.has_message_of(pending.event.seq) {
            return Ok(false);
        }
        if Hash::of(&[fetched]) != pending.sealed.sha256 {
            return Err("an attached file differs from the hash in its signed event".to_owned());
        }
        let Some(key) = self.case.part_key(fetched, pending.sealed.generation) else {
            return Ok(false);
        };
        let key = key.map_err(|error| error.to_string())?;
        let opened = self.content.add(pending.event, pending.part, &key, fetched);
        let file = match opened.map_err(|error| error.to_string())? {
            OpenedPart::Frame(hash) if !self.shown_frames.contains(&hash) => {
                self.content.drop_last_frame();
                return Ok(false);
            }
            OpenedPart::Frame(_) | OpenedPart::Note => None,
            OpenedPart::File(name, content) => Some((name, content)),
        };
        self.openings.push(Opening {
            event: pending.event.seq,
            part: pending.part,
            file_key: key.as_bytes().to_vec(),
            file: file.as_ref().map(|(name, _)| name.clone()),
        });
        if let Some((name, content)) = file {
            let treatment = self.content.files.last().and_then(|file| file.treatment.clone());
            self.pending_file = Some((ExportFile { name, content }, treatment));
        }
        Ok(true)
    }

    fn add_file(
        &mut self,
        name: String,
        content: Zeroizing<Vec<u8>>,
        treatment: Option<AttachmentTreatment>,
    ) -> ExportFile {
        self.written.push(ExportedFile {
            name: name.clone(),
            len: content.len() as u64,
            sha256: Hash::of(&[&content]),
            treatment,
        });
        ExportFile { name, content }
    }

    fn render_page(&self, connection: &HandlerConnection) -> Zeroizing<Vec<u8>> {
        let alarms: Vec<_> = self.alarms.iter().map(Into::into).collect();
        let input = PageInput {
            case: self.case.id(),
            exported: connection.today(),
            by: connection.handle(),
            state: self.case.state(),
            events: self.case.events(),
            content: &self.content,
            unopened: &unopened_parts(self.case.events(), &self.openings),
            alarms: &alarms,
        };
        render_page(&self.localizer, &input)
    }

    fn build_manifest(&self, connection: &HandlerConnection) -> ExportManifest {
        let files = self.written.iter().map(|file| ManifestFile {
            name: file.name.clone(),
            len: file.len,
            sha256: file.sha256,
        });
        ExportManifest {
            v: MANIFEST_VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            lang: self.localizer.code().to_owned(),
            instance: connection.trust.instance,
            case: self.case.id(),
            exported: connection.today(),
            by: connection.handle().to_owned(),
            logged: self.case.log_proof().map(|(event, _)| event),
            trust: connection.trust.clone(),
            directories: connection.directories.clone(),
            events: self.case.file().log.events.clone(),
            alarms: self.alarms.iter().map(Into::into).collect(),
            openings: self.openings.clone(),
            files: files.collect(),
        }
    }
}

fn trailing_files(case: ExportSource<'_>) -> VecDeque<TrailingFile<'_>> {
    let proof = case.log_proof().map(|(event, text)| TrailingFile::LogProof { event, text });
    [TrailingFile::Page]
        .into_iter()
        .chain(proof)
        .chain([TrailingFile::Sums, TrailingFile::Manifest, TrailingFile::Signature])
        .collect()
}

/// Returns the sealed parts in the order of the events that commit to them.
fn pending_parts(case: ExportSource<'_>) -> VecDeque<PendingPart<'_>> {
    case.events().iter().flat_map(|event| parts_of_event(case, event)).collect()
}

fn parts_of_event<'a>(
    case: ExportSource<'a>,
    event: &'a Event,
) -> impl Iterator<Item = PendingPart<'a>> {
    (0..).zip(committed_parts(&event.action)).filter_map(move |(part, hash)| {
        let kind = part_kind(&event.action, part);
        let sealed = case.file().parts.iter().find(|p| p.kind == kind && p.sha256 == hash)?;
        Some(PendingPart { event, part, sealed })
    })
}

fn part_kind(action: &Action, part: u32) -> PartKind {
    match action {
        action if action.is_from_reporter() && part == 0 => PartKind::Body,
        action if action.is_from_reporter() => PartKind::Attachment,
        action if matches!(action.sealed_text(), SealedText::Note(_)) => PartKind::Note,
        _ => PartKind::ReplyCopy,
    }
}

/// Returns lines in the format of `sha256sum`.
fn sha256sum_lines<'f>(files: impl Iterator<Item = (&'f str, Hash)>) -> String {
    files.fold(String::new(), |mut lines, (name, sha256)| {
        writeln!(lines, "{}  {name}", to_hex(&sha256)).expect("writing to a String cannot fail");
        lines
    })
}

/// Returns the hash in the format of `sha256sum`.
pub fn to_hex(hash: &Hash) -> String {
    let digits = hash.as_bytes().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
