//! A case to hand on: a page that any browser shows, the attached files, its part of the log, and a manifest of hashes.
//!
//! Nothing of it is sealed any more. The page runs no script and loads nothing. The log verifies with
//! `burkindi audit verify --file`: it proves who did what and when. The manifest is what `sha256sum --check` reads.
//! The manifest is not signed, and no signature covers the report or a file, so that neither proves their content.

use std::{collections::VecDeque, fmt::Write as _};

use askama::Template;
use envelope::{Hash, treatment::Treatment};
use investigator::NoteKind;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    alarm::Alarm,
    attachments::{Wanted, wanted},
    audit::Export,
    cases::{Case, ReadError},
    connection::Connection,
    files::pretty,
    site::{
        i18n,
        moments::{Moment, moments},
        speech::Speech,
    },
    text,
    view::{CaseView, word},
};

/// The manifest, which names everything else.
const MANIFEST: &str = "SHA256SUMS";
/// The order in which notes stand.
const KINDS: [NoteKind; 4] = [NoteKind::Fact, NoteKind::Hypothesis, NoteKind::Task, NoteKind::Objection];

/// One file of the folder.
pub struct Piece {
    /// Its path in the folder, with `/`.
    pub name: String,
    /// What is in it.
    pub content: Zeroizing<Vec<u8>>,
}

/// A file of the folder without what is in it. In JSON as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its path in the folder.
    pub name: String,
    /// In bytes.
    pub len: u64,
    /// Of the content.
    pub sha256: Hash,
    /// What was done with an attached file before it was sealed, as its sender says. Absent for anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment: Option<Treatment>,
}

/// A case on its way out, piece by piece, so that only one file is in memory at a time.
pub struct CaseExport<'a> {
    case: &'a Case,
    speech: Speech,
    files: VecDeque<Wanted<'a>>,
    rest: VecDeque<Rest>,
    listed: Vec<Listed>,
    alarms: Vec<Alarm>,
}

/// What comes after the files.
enum Rest {
    Page,
    Log,
    Manifest,
}

#[derive(Template)]
#[template(path = "export.html")]
struct Page<'a> {
    speech: &'a Speech,
    view: CaseView,
    filed: String,
    exported: String,
    /// Path, size, and what was done with each before it was sealed.
    files: Vec<(&'a str, String, String)>,
    messages: Vec<Message>,
    notes: Vec<(String, Vec<(String, String)>)>,
    moves: Vec<Moment>,
    alarms: Vec<(String, String)>,
}

struct Message {
    ours: bool,
    when: String,
    lang: String,
    text: String,
}

impl<'a> CaseExport<'a> {
    /// In the language with this code; in the default one where there are no words of it.
    pub fn new(case: &'a Case, lang: &str) -> Self {
        Self::spoken(case, Speech::in_language(lang))
    }

    pub(crate) fn spoken(case: &'a Case, speech: Speech) -> Self {
        Self {
            case,
            speech,
            files: wanted(case).into(),
            rest: [Rest::Page, Rest::Log, Rest::Manifest].into(),
            listed: Vec::new(),
            alarms: case.alarms.clone(),
        }
    }

    /// The next piece; `None` behind the last. A file that is not the one that the report names is left out, and is among the alarms.
    pub async fn next(&mut self, connection: &Connection) -> Result<Option<Piece>, ReadError> {
        while let Some(file) = self.files.pop_front() {
            match connection.fetch(self.case, &file).await? {
                Ok(content) => {
                    let name = text::file_name(&file.named.name, file.number);
                    let piece = self.piece(format!("files/{:02} {name}", file.number), content);
                    if let Some(listed) = self.listed.last_mut() {
                        listed.treatment.clone_from(&file.named.treatment);
                    }
                    return Ok(Some(piece));
                }
                Err(alarm) => self.alarms.push(alarm.in_case(self.case.id())),
            }
        }
        Ok(self.rest.pop_front().map(|rest| match rest {
            Rest::Page => self.piece("case.html".to_owned(), self.page(connection)),
            Rest::Log => self.piece("log.json".to_owned(), Zeroizing::new(pretty(&self.log(connection)))),
            Rest::Manifest => {
                let content = Zeroizing::new(manifest(&self.listed).into_bytes());
                Piece { name: MANIFEST.to_owned(), content }
            }
        }))
    }

    /// What has been given out, and everything that is wrong with the case or its files.
    pub fn end(self) -> (Vec<Listed>, Vec<Alarm>) {
        (self.listed, self.alarms)
    }

    fn piece(&mut self, name: String, content: Zeroizing<Vec<u8>>) -> Piece {
        let sha256 = Hash::of(&[&content]);
        self.listed.push(Listed { name: name.clone(), len: content.len() as u64, sha256, treatment: None });
        Piece { name, content }
    }

    fn log(&self, connection: &Connection) -> Export {
        connection.export_of(self.case.file.log.clone(), false)
    }

    fn page(&self, connection: &Connection) -> Zeroizing<Vec<u8>> {
        let speech = &self.speech;
        let view = CaseView::new(self.case, &speech.taxonomy, speech.code());
        let messages = view.messages.iter().map(|message| Message {
            ours: message.direction == envelope::frame::Direction::Out,
            when: i18n::week(speech.words(), &message.week),
            lang: message.lang.clone(),
            text: message.text.clone(),
        });
        let notes = KINDS.map(|kind| {
            let of_kind = view.notes.iter().filter(|note| note.kind == kind);
            let told = |note: &crate::view::NoteView| {
                (format!("{}, {}", note.by, i18n::moment(speech.words(), note.at)), note.text.clone())
            };
            (word(&kind), of_kind.map(told).collect::<Vec<_>>())
        });
        let alarms =
            self.alarms.iter().map(|alarm| (speech.one_of("alarm", &word(&alarm.code)), alarm.text.clone()));
        // The attached files alone have been given out so far.
        let files = self.listed.iter().map(|file| {
            let treated = speech.treatment(file.treatment.as_ref()).join(" ");
            (file.name.as_str(), speech.size(file.len), treated)
        });
        let page = Page {
            speech,
            filed: speech.day(view.filed),
            exported: speech.day(connection.today()),
            files: files.collect(),
            messages: messages.collect(),
            notes: notes.into_iter().filter(|(_, notes)| !notes.is_empty()).collect(),
            moves: moments(speech, &self.case.events),
            alarms: alarms.collect(),
            view,
        };
        Zeroizing::new(page.render().expect("writing to memory").into_bytes())
    }
}

/// Lines as `sha256sum` writes and checks them.
fn manifest(listed: &[Listed]) -> String {
    listed.iter().fold(String::new(), |mut lines, file| {
        writeln!(lines, "{}  {}", hex(&file.sha256), file.name).expect("writing to memory");
        lines
    })
}

/// A hash as `sha256sum` prints it.
pub fn hex(hash: &Hash) -> String {
    let digits = hash.as_bytes().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
