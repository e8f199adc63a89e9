//! Verifies an exported folder, without keys and without a network.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use investigator::PartKey;
use protocol::{
    Hash,
    case::{
        CaseState,
        event::{Action, Event},
    },
    directory::TrustRoots,
    encoding::canonical,
};
use serde::Serialize;
use time::Duration;

use super::{
    content::{CaseContent, OpenedPart},
    log_proof::{LoggedEvents, proof_name, verify_log_proof},
    manifest::{
        ExportManifest, MANIFEST_NAME, MANIFEST_VERSION, ManifestFile, Opening, PAGE_NAME,
        SIGNATURE_NAME, SUMS_NAME, UnopenedPart, committed_parts, is_sealed_name, sealed_name,
        unopened_parts,
    },
    page::{PageInput, render_page},
    sha256sum_lines,
    summary::ExportSummary,
};
use crate::{
    alert::AlertSeverity, audit::events::audit_events, l10n::Localizer, private_files::FileError,
    session::directory_history::DirectoryHistory,
};

/// The result of a verification.
#[derive(Debug, Default)]
pub struct ExportVerification {
    /// What the folder contains, if its manifest is readable.
    pub summary: Option<ExportSummary>,
    /// Every difference. The folder proves nothing unless this is empty.
    pub differences: Vec<ExportDifference>,
    /// What a reader should know and is no difference.
    pub notices: Vec<String>,
}

/// One difference. These fields are also its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportDifference {
    /// The file, event or opening.
    pub subject: String,
    /// What differs.
    pub text: String,
}

/// Verifies a folder. Without `trust`, the root keys of the manifest are used, and the caller must
/// compare their fingerprint with one from another source.
///
/// # Errors
/// If the folder or a file of it cannot be read.
pub fn verify_export(
    folder: &Path,
    trust: Option<&TrustRoots>,
) -> Result<ExportVerification, FileError> {
    let mut verifier = Verifier { folder, result: ExportVerification::default() };
    verifier.run(trust)?;
    Ok(verifier.result)
}

struct Verifier<'a> {
    folder: &'a Path,
    result: ExportVerification,
}

impl Verifier<'_> {
    fn differ(&mut self, subject: impl Into<String>, text: impl Into<String>) {
        let difference = ExportDifference { subject: subject.into(), text: text.into() };
        self.result.differences.push(difference);
    }

    fn run(&mut self, trust: Option<&TrustRoots>) -> Result<(), FileError> {
        let present = self.list_folder()?;
        for name in [MANIFEST_NAME, SIGNATURE_NAME] {
            if !present.contains(name) {
                self.differ(name, "is missing: nothing in this folder is proven");
            }
        }
        if !present.contains(MANIFEST_NAME) {
            return Ok(());
        }
        let bytes = self.read(MANIFEST_NAME)?;
        let manifest: ExportManifest = match canonical::parse_canonical(&bytes) {
            Ok(manifest) => manifest,
            Err(error) => {
                self.differ(MANIFEST_NAME, format!("is damaged: {error}"));
                return Ok(());
            }
        };
        if manifest.v != MANIFEST_VERSION {
            let text = format!("has version {}, and this program reads version 2", manifest.v);
            self.differ(MANIFEST_NAME, text);
            return Ok(());
        }
        self.check_files(&manifest, &present)?;
        let Some(history) = self.check_directories(&manifest, trust) else { return Ok(()) };
        let signature =
            if present.contains(SIGNATURE_NAME) { self.read(SIGNATURE_NAME)? } else { Vec::new() };
        self.check_signature(&manifest, &history, &bytes, &signature);
        let Some((events, state)) = self.check_events(&manifest, &history) else { return Ok(()) };
        let content = self.check_openings(&manifest, &events, &present)?;
        for directory in content.named_directories() {
            if !history.contains(directory) {
                let text = format!("are older than the directory {directory} that a message names");
                self.differ("directories", text);
            }
        }
        let logged = self.check_log_proof(&manifest, &history, &present)?;
        let unopened = unopened_parts(&events, &manifest.openings);
        self.check_page(&manifest, (&events, &state), (&content, &unopened), &present)?;
        self.result.summary = Some(ExportSummary {
            case: manifest.case,
            filed: events.first().map_or(manifest.exported, |first| first.at.date()),
            exported: manifest.exported,
            by: manifest.by,
            trust: manifest.trust,
            events: events.len(),
            messages: content.messages().len(),
            notes: content.notes.len(),
            files: content.files.len(),
            logged,
            unopened,
        });
        let alarms = manifest.alarms.into_iter().map(|alarm| alarm.text);
        self.result.notices.extend(alarms);
        Ok(())
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, FileError> {
        crate::private_files::read(&self.folder.join(name))
    }

    /// Returns the paths of all files in the folder. A link or another kind of entry is a
    /// difference.
    fn list_folder(&mut self) -> Result<BTreeSet<String>, FileError> {
        let (mut files, mut pending) = (BTreeSet::new(), vec![String::new()]);
        while let Some(prefix) = pending.pop() {
            let path = self.folder.join(&prefix);
            let failed = |source| list_error(&path, source);
            for entry in fs::read_dir(&path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let file_name = entry.file_name();
                let kind = entry.file_type().map_err(failed)?;
                let Some(name) = file_name.to_str().map(|name| format!("{prefix}{name}")) else {
                    let text = "is not a file of the export: its name is not UTF-8";
                    self.differ(file_name.to_string_lossy(), text);
                    continue;
                };
                if kind.is_file() {
                    files.insert(name);
                } else if kind.is_dir() && ["files", "sealed"].contains(&&*name) {
                    pending.push(format!("{name}/"));
                } else {
                    self.differ(name, "is a link or a folder that no export contains");
                }
            }
        }
        Ok(files)
    }

    fn check_files(
        &mut self,
        manifest: &ExportManifest,
        present: &BTreeSet<String>,
    ) -> Result<(), FileError> {
        let mut listed: BTreeMap<&str, &ManifestFile> = BTreeMap::new();
        for file in &manifest.files {
            if listed.insert(&file.name, file).is_some() {
                self.differ(&file.name, "is in the manifest twice");
            }
        }
        for (name, file) in &listed {
            if !present.contains(*name) {
                self.differ(*name, "is missing");
                continue;
            }
            let content = self.read(name)?;
            if content.len() as u64 != file.len || Hash::of(&[&content]) != file.sha256 {
                self.differ(*name, "was changed: its hash is not the one in the manifest");
            }
        }
        for name in present {
            if !listed.contains_key(&**name) && name != MANIFEST_NAME && name != SIGNATURE_NAME {
                self.differ(name, "was added: it is not in the manifest");
            }
        }
        if present.contains(SUMS_NAME) {
            let before = manifest.files.iter().take_while(|file| file.name != SUMS_NAME);
            let lines = sha256sum_lines(before.map(|file| (&*file.name, file.sha256)));
            if self.read(SUMS_NAME)? != lines.into_bytes() {
                self.differ(SUMS_NAME, "differs from the manifest");
            }
        }
        Ok(())
    }

    fn check_directories(
        &mut self,
        manifest: &ExportManifest,
        trust: Option<&TrustRoots>,
    ) -> Option<DirectoryHistory> {
        if trust.is_some_and(|trust| trust.fingerprint() != manifest.trust.fingerprint()) {
            self.differ("root keys", "differ from the trusted ones: another installation made it");
            return None;
        }
        if manifest.instance != manifest.trust.instance {
            self.differ(MANIFEST_NAME, "names another installation than its root keys");
        }
        let trust = trust.unwrap_or(&manifest.trust);
        match DirectoryHistory::verify_chain(&manifest.directories, trust) {
            Ok(history) => {
                let gaps = history.gap_alerts().iter().map(|alert| alert.text.clone());
                self.result.notices.extend(gaps);
                Some(history)
            }
            Err(error) => {
                self.differ("directories", error.to_string());
                None
            }
        }
    }

    fn check_signature(
        &mut self,
        manifest: &ExportManifest,
        history: &DirectoryHistory,
        bytes: &[u8],
        signature: &[u8],
    ) {
        let (directory, by) = (history.latest().0, &manifest.by);
        let Some(member) = directory.member(by) else {
            let text = format!("is by {by}, who is not in the newest directory of the export");
            return self.differ(SIGNATURE_NAME, text);
        };
        if ExportManifest::verify_signature(bytes, signature, &member.device).is_err() {
            let text = format!("is not the signature of {by} over this manifest");
            self.differ(SIGNATURE_NAME, text);
        }
        let day = manifest.exported;
        if directory.expires < day || directory.issued > day.saturating_add(Duration::days(1)) {
            let text = format!(
                "do not show that {by} was a member on {day}: the newest is valid from {} to {}",
                directory.issued, directory.expires
            );
            self.differ("directories", text);
        }
    }

    /// Returns the events and the state that follows from them, if all of them are valid.
    fn check_events(
        &mut self,
        manifest: &ExportManifest,
        history: &DirectoryHistory,
    ) -> Option<(Vec<Event>, CaseState)> {
        let mut audit = audit_events(&manifest.events, history);
        let gaps = history.gap_alerts().len();
        let mut valid = true;
        for alert in audit.alarms.drain(..).skip(gaps) {
            if alert.severity == AlertSeverity::Notice {
                self.result.notices.push(alert.text);
            } else {
                valid = false;
                let event = alert.event.map_or("events".to_owned(), |at| format!("event {at}"));
                self.differ(event, alert.text);
            }
        }
        if audit.events.keys().any(|case| *case != manifest.case) {
            self.differ("events", "contain an event of another case");
            valid = false;
        }
        let latest = manifest.exported.saturating_add(Duration::days(1));
        let events = audit.events.remove(&manifest.case).unwrap_or_default();
        for event in events.iter().filter(|event| event.at.date() > latest) {
            self.differ(format!("event {}", event.seq), "is dated after the export");
            valid = false;
        }
        let state = audit.cases.remove(&manifest.case);
        if events.is_empty() && valid {
            self.differ("events", "are missing");
        }
        state.filter(|_| valid).map(|state| (events, state))
    }

    fn check_openings(
        &mut self,
        manifest: &ExportManifest,
        events: &[Event],
        present: &BTreeSet<String>,
    ) -> Result<CaseContent, FileError> {
        let mut content = CaseContent::default();
        let (mut named, mut last) = (BTreeSet::new(), None);
        for opening in &manifest.openings {
            let at = Some((opening.event, opening.part));
            let subject = format!("opening of part {} of event {}", opening.part, opening.event);
            if at <= last {
                self.differ(subject, "is not in the order of the events");
                continue;
            }
            last = at;
            let sealed_name = sealed_name(opening.event, opening.part);
            named.insert(sealed_name.clone());
            named.extend(opening.file.clone());
            if !present.contains(&sealed_name) {
                self.differ(subject, format!("needs {sealed_name}, which is missing"));
                continue;
            }
            let sealed = self.read(&sealed_name)?;
            let event = usize::try_from(opening.event).ok().and_then(|at| events.get(at));
            match open_committed(opening, event, &sealed, &mut content) {
                Err(text) => self.differ(subject, text),
                Ok(OpenedPart::File(name, plain)) => {
                    if opening.file.as_ref() != Some(&name) {
                        self.differ(subject, format!("does not name its file, {name}"));
                    } else if !present.contains(&name) {
                        self.differ(subject, format!("needs {name}, which is missing"));
                    } else if self.read(&name)? != **plain {
                        self.differ(name, "is not the file that was sent");
                    }
                }
                Ok(_) if opening.file.is_some() => {
                    self.differ(subject, "names a file, and the part is a text");
                }
                Ok(_) => {}
            }
        }
        for file in &manifest.files {
            let has_opening = named.contains(&file.name);
            let proof = manifest.logged.map(proof_name);
            let known =
                [PAGE_NAME, SUMS_NAME].contains(&&*file.name) || proof == Some(file.name.clone());
            if !has_opening && !known {
                let what = if is_sealed_name(&file.name) { "sealed part" } else { "file" };
                self.differ(&file.name, format!("has no opening: no event names this {what}"));
            }
        }
        if let Some(Action::Received { commitment, .. }) = events.first().map(|e| &e.action)
            && !content.has_keys_of(commitment)
        {
            self.differ(
                "event 0",
                "commits to other keys than those of the report and the replies",
            );
        }
        Ok(content)
    }

    fn check_log_proof(
        &mut self,
        manifest: &ExportManifest,
        history: &DirectoryHistory,
        present: &BTreeSet<String>,
    ) -> Result<Option<LoggedEvents>, FileError> {
        let Some(event) = manifest.logged else { return Ok(None) };
        let name = proof_name(event);
        if !present.contains(&name) {
            self.differ(name, "is missing: the manifest states that the event is in the log");
            return Ok(None);
        }
        let text = self.read(&name)?;
        match verify_log_proof(&text, event, &manifest.events, history.latest().0) {
            Ok(logged) => Ok(Some(logged)),
            Err(reason) => {
                self.differ(name, format!("does not prove that the event is in the log: {reason}"));
                Ok(None)
            }
        }
    }

    fn check_page(
        &mut self,
        manifest: &ExportManifest,
        (events, state): (&[Event], &CaseState),
        (content, unopened): (&CaseContent, &[UnopenedPart]),
        present: &BTreeSet<String>,
    ) -> Result<(), FileError> {
        let localizer = Localizer::for_lang(&manifest.lang);
        if localizer.code() != manifest.lang {
            self.differ(MANIFEST_NAME, format!("names the unknown language {}", manifest.lang));
        }
        if !present.contains(PAGE_NAME) {
            return Ok(());
        }
        let input = PageInput {
            case: manifest.case,
            exported: manifest.exported,
            by: &manifest.by,
            state,
            events,
            content,
            unopened,
            alarms: &manifest.alarms,
        };
        if self.read(PAGE_NAME)? != **render_page(&localizer, &input) {
            let this = env!("CARGO_PKG_VERSION");
            let text = format!(
                "differs from the page that version {this} of this program builds from the openings; version {} built it",
                manifest.program
            );
            self.differ(PAGE_NAME, text);
        }
        Ok(())
    }
}

/// Opens a sealed part if the event commits to it.
fn open_committed(
    opening: &Opening,
    event: Option<&Event>,
    sealed: &[u8],
    content: &mut CaseContent,
) -> Result<OpenedPart, String> {
    let event = event.ok_or("names an event that is not in the export")?;
    let committed = committed_parts(&event.action);
    let hash = usize::try_from(opening.part).ok().and_then(|part| committed.get(part));
    if hash != Some(&Hash::of(&[sealed])) {
        return Err("its event commits to another sealed part".to_owned());
    }
    let key = PartKey::from_bytes(&opening.file_key).ok_or("has a key of another length")?;
    content.add(event, opening.part, &key, sealed).map_err(|error| error.to_string())
}

fn list_error(path: &Path, source: io::Error) -> FileError {
    FileError::Io { verb: "list", path: PathBuf::from(path), source }
}
