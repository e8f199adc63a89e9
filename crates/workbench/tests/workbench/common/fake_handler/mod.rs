//! A case handler in memory: the API of `protocol::desk_api` over real TLS, honest unless it is
//! told to cheat.

pub(crate) mod api;

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, Mutex},
};

use axum_server::tls_rustls::RustlsConfig;
use protocol::{
    Hash,
    api::workbench::{
        CasePart, CaseSummary, EventPayload, GenerationGrant, GenerationRecipient, PartKind,
    },
    case::{
        CaseState, Role,
        event::{Action, Event, HANDLER_ACTOR, LogEntry, midnight},
    },
    directory::{Directory, Member, SignedDirectory},
    keys::{CaseSecret, MailboxRecipient},
    receipt::Receipt,
    submission::{
        envelope::Urgency,
        frame::{Attachment, FrameKind, FrameRef},
        key_grant::{Grant, grant_tag},
        report_body::{EXCLUSION_QUESTION, ReportAnswer, ReportBody},
        report_digest::{self, ReportDigest},
        treatment::{
            AttachmentTreatment, CleaningExtent, CleaningReport, MetadataCategory, SignatureState,
        },
    },
};
use rand::rngs::OsRng;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use uuid::Uuid;

use super::{WorkbenchInstallation, reporter::TestReporter, today};

/// What the reporter says was done to the attached file.
fn sample_treatment() -> AttachmentTreatment {
    AttachmentTreatment::Cleaned(CleaningReport {
        removed: [MetadataCategory::Author, MetadataCategory::Place].into(),
        left: [MetadataCategory::History].into(),
        reading: CleaningExtent::Whole,
        signature: SignatureState::Broken,
    })
}

/// One case as it is kept.
pub(crate) struct StoredCase {
    pub(crate) state: CaseState,
    pub(crate) parts: Vec<(CasePart, Vec<u8>)>,
    pub(crate) grants: Vec<(String, GenerationGrant)>,
    pub(crate) mailbox: MailboxRecipient,
    pub(crate) recipients: Vec<GenerationRecipient>,
    pub(crate) holders: Vec<String>,
    pub(crate) replies: Vec<Vec<u8>>,
}

/// What a report brings, before it is filed.
pub(crate) struct SealedReport {
    pub(crate) grants: Vec<(String, GenerationGrant)>,
    pub(crate) sealed_file: Vec<u8>,
    pub(crate) sealed_body: Vec<u8>,
    pub(crate) retention_months: u16,
}

#[derive(Default)]
pub(crate) struct FakeStore {
    pub(crate) directories: Vec<SignedDirectory>,
    pub(crate) cases: BTreeMap<Uuid, StoredCase>,
    pub(crate) log: Vec<LogEntry>,
    /// Until when members are away.
    pub(crate) absences: BTreeMap<String, time::Date>,
    /// What happens just before the next event is looked at, whoever sends it.
    pub(crate) before_next_event: Option<ConcurrentChange>,
    nonces: Vec<(String, Hash)>,
}

type ConcurrentChange = Box<dyn FnOnce(&mut FakeStore) + Send>;

/// What a test holds: the address, and the shelf to cheat on.
#[derive(Clone)]
pub(crate) struct FakeHandler {
    pub(crate) url: String,
    pub(crate) store: Arc<Mutex<FakeStore>>,
}

/// Starts it on a free port with the installation's own certificate.
pub(crate) fn start_fake_handler(house: &Arc<WorkbenchInstallation>) -> FakeHandler {
    let shelf = Arc::new(Mutex::new(FakeStore {
        directories: vec![house.signed_directory()],
        ..FakeStore::default()
    }));
    let app = api::routes(&shelf, house);
    let tls = house.admin_dir.path("tls");
    let chain = vec![CertificateDer::from_pem_file(tls.join("api.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(tls.join("api.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(
        rustls::crypto::ring::default_provider().into(),
    )
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(chain, key)
    .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server =
        axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(config)))
            .unwrap();
    tokio::spawn(async move { server.serve(app.into_make_service()).await.unwrap() });
    FakeHandler { url, store: shelf }
}

impl FakeHandler {
    /// Files a report as a reporter's device seals it, with one attached file.
    pub(crate) fn file_report(
        &self,
        house: &WorkbenchInstallation,
        excluded: &[&str],
        story: &str,
    ) -> TestReporter {
        let photo =
            ("../../photo\u{202e}.jpg", "image/jpeg", &b"a photograph of a receipt book"[..]);
        self.file_report_with(house, excluded, story, photo)
    }

    /// The same with another file: its name, what it is said to be, and its bytes.
    pub(crate) fn file_report_with(
        &self,
        house: &WorkbenchInstallation,
        excluded: &[&str],
        story: &str,
        file: (&str, &str, &[u8]),
    ) -> TestReporter {
        self.file_tampered_report(house, excluded, (story, file), |_| ())
    }

    /// The same of a report that its sender spoils.
    pub(crate) fn file_tampered_report(
        &self,
        house: &WorkbenchInstallation,
        excluded: &[&str],
        (story, (name, media_type, file)): (&str, (&str, &str, &[u8])),
        spoil: impl FnOnce(&mut SealedReport),
    ) -> TestReporter {
        let (case, receipt, secret) =
            (Uuid::new_v4(), Receipt::generate(&mut OsRng), CaseSecret::generate(&mut OsRng));
        let excluded: Vec<String> = excluded.iter().map(ToString::to_string).collect();
        let directory = house.signed_directory().verify_ignoring_dates(&house.trust).unwrap();
        let to = directory.recipients_for("FAC", "trader", &excluded);
        let grant = Grant {
            case,
            generation: 0,
            secret: secret.clone(),
            reporter_key: (&receipt.signing_key()).into(),
            mailbox_recipient: receipt.mailbox_identity().recipient().hash(),
        };
        let readers = to.members.iter().chain(&to.oversight);
        let grants = readers.map(|member| {
            (
                member.handle.clone(),
                GenerationGrant { generation: 0, grant: grant.seal(&member.recipient) },
            )
        });
        let c = secret.identity().recipient();
        let last = FrameRef { seq: 0, hash: Hash::default() };
        let (names, seen) = (None, None);
        let (lang, week) = ("fr".to_owned(), "2026-W48".to_owned());
        let mut reporter = TestReporter {
            case,
            receipt,
            secret,
            last_sent: last,
            related_report: names,
            last_seen_reply: seen,
            lang,
            week,
        };
        let attachment = Attachment {
            name: name.into(),
            media_type: media_type.into(),
            len: file.len() as u64,
            sha256: Hash::of(&[file]),
            treatment: Some(sample_treatment()),
        };
        let answers = [(EXCLUSION_QUESTION.to_owned(), ReportAnswer::Many(excluded.clone()))];
        let body = ReportBody {
            category: "FAC".into(),
            audience: "trader".into(),
            answers: answers.into(),
            story: story.into(),
        };
        let frame = reporter.seal_frame(FrameKind::Report, &body.to_bytes(), vec![attachment]);
        let (file, body) = (c.seal(file), c.seal(&frame));
        let mut sent = SealedReport {
            grants: grants.collect(),
            sealed_file: file,
            sealed_body: body,
            retention_months: 60,
        };
        spoil(&mut sent);
        let retention_months = sent.retention_months;
        let mailbox = reporter.receipt.mailbox_identity().recipient();
        let given: Vec<_> = sent.grants.iter().map(|(_, given)| given.grant.clone()).collect();
        let parts = [Hash::of(&[&sent.sealed_body]), Hash::of(&[&sent.sealed_file])];
        let collected = Some(ReportDigest::of_report(&mailbox, &c, &given, parts));
        let desk = to.desk.id.clone();
        let event = Event {
            v: 1,
            case,
            seq: 0,
            prev: None,
            at: midnight(today()),
            actor: HANDLER_ACTOR.into(),
            action: Action::Received {
                desk,
                urgency: Urgency::P3,
                retention_months,
                came: collected,
            },
        };
        let signed = event.sign(&house.log_key);
        let mut kept = StoredCase {
            state: CaseState::from_first_event(&event, signed.hash()).unwrap(),
            parts: Vec::new(),
            grants: sent.grants,
            mailbox,
            recipients: vec![GenerationRecipient { generation: 0, recipient: c.clone() }],
            holders: to.members.iter().map(|member| member.handle.clone()).collect(),
            replies: Vec::new(),
        };
        kept.add_part(PartKind::Attachment, 0, 0, sent.sealed_file);
        kept.add_part(PartKind::Body, 0, 0, sent.sealed_body);
        let mut locked = self.store.lock().unwrap();
        locked.append(signed);
        locked.cases.insert(case, kept);
        reporter
    }

    /// Files a follow-up of a reporter.
    pub(crate) fn follow_up(
        &self,
        house: &WorkbenchInstallation,
        reporter: &mut TestReporter,
        text: &str,
    ) {
        self.store.lock().unwrap().follow_up(house, reporter, text);
    }

    /// Files a follow-up of these sealed bytes, which anybody who knows the case can send.
    pub(crate) fn follow_up_sealed(
        &self,
        house: &WorkbenchInstallation,
        case: Uuid,
        sealed: Vec<u8>,
    ) {
        self.store.lock().unwrap().add_message(house, case, sealed);
    }

    /// Another message arrives between the reading of a case and the next event on it.
    pub(crate) fn follow_up_before_next_event(
        &self,
        house: &Arc<WorkbenchInstallation>,
        mut reporter: TestReporter,
        text: &'static str,
    ) {
        let house = Arc::clone(house);
        self.store.lock().unwrap().before_next_event =
            Some(Box::new(move |shelf| shelf.follow_up(&house, &mut reporter, text)));
    }

    pub(crate) fn with_case<T>(&self, case: Uuid, cheat: impl FnOnce(&mut StoredCase) -> T) -> T {
        cheat(self.store.lock().unwrap().cases.get_mut(&case).unwrap())
    }
}

impl StoredCase {
    pub(crate) fn add_part(
        &mut self,
        kind: PartKind,
        generation: u32,
        batch: u32,
        sealed: Vec<u8>,
    ) {
        let same = |part: &&(CasePart, Vec<u8>)| part.0.kind == kind && part.0.batch == batch;
        let position = u32::try_from(self.parts.iter().filter(same).count()).unwrap();
        let sha256 = Hash::of(&[&sealed]);
        let part = CasePart {
            id: Uuid::new_v4(),
            kind,
            generation,
            batch,
            position,
            len: sealed.len() as u64,
            sha256,
        };
        self.parts.push((part, sealed));
    }

    fn to_row(&self, id: Uuid) -> CaseSummary {
        CaseSummary {
            id,
            lang: "fr".into(),
            filed: today(),
            state: self.state.clone(),
            suggested: None,
            next: None,
        }
    }
}

impl FakeStore {
    pub(crate) fn append(&mut self, event: protocol::case::event::SignedEvent) {
        let before = self.log.last().map_or(Hash::default(), |entry| entry.link);
        self.log.push(LogEntry::append(before, event));
    }

    fn follow_up(
        &mut self,
        house: &WorkbenchInstallation,
        reporter: &mut TestReporter,
        text: &str,
    ) {
        let frame = reporter.seal_frame(FrameKind::Message, text.as_bytes(), Vec::new());
        let sealed = reporter.recipient().seal(&frame);
        self.add_message(house, reporter.case, sealed);
    }

    fn add_message(&mut self, house: &WorkbenchInstallation, case: Uuid, sealed: Vec<u8>) {
        let kept = self.cases.get_mut(&case).unwrap();
        let batch = kept.state.received;
        let collected = report_digest::follow_up_digest(0, [Hash::of(&[&sealed])]);
        kept.add_part(PartKind::Body, 0, batch, sealed);
        let event = Event {
            v: 1,
            case,
            seq: kept.state.next_seq,
            prev: Some(kept.state.head),
            at: midnight(today()),
            actor: HANDLER_ACTOR.into(),
            action: Action::FollowedUp(Some(collected)),
        };
        let signed = event.sign(&house.log_key);
        kept.state.apply(&event, signed.hash(), Role::default()).unwrap();
        self.append(signed);
    }

    pub(crate) fn log_of(&self, case: Uuid) -> Vec<LogEntry> {
        self.log
            .iter()
            .filter(|entry| entry.event.decode_unverified().unwrap().case == case)
            .cloned()
            .collect()
    }

    fn newest_directory(&self, house: &WorkbenchInstallation) -> Directory {
        self.directories.last().unwrap().verify_ignoring_dates(&house.trust).unwrap()
    }
}

impl StoredCase {
    /// What a real case handler does with what an event brings along.
    fn apply_payload(&mut self, event: &Event, brings: EventPayload, directory: &Directory) {
        let before =
            self.state.generation - u32::from(matches!(event.action, Action::KeysRotated { .. }));
        self.replies.extend(brings.reply.map(|sealed| sealed.0));
        if let Some(copy) = brings.copy {
            self.add_part(PartKind::ReplyCopy, before, event.seq, copy.0);
        }
        if let Some(note) = brings.note {
            self.add_part(PartKind::Note, before, event.seq, note.0);
        }
        if let Some(recipient) = brings.case_recipient {
            self.recipients
                .push(GenerationRecipient { generation: self.state.generation, recipient });
            self.holders.clear();
        }
        for grant in brings.grants {
            let of = |m: &&Member| grant_tag(event.case, &m.recipient) == grant.grant.tag;
            let member = directory.members.iter().find(of).unwrap();
            if !self.holders.contains(&member.handle) && !directory.is_oversight(&member.handle) {
                self.holders.push(member.handle.clone());
            }
            // One for another key takes the place of the one before.
            self.grants.retain(|(holder, kept)| {
                *holder != member.handle
                    || kept.generation != grant.generation
                    || directory.is_oversight(holder)
            });
            self.grants.push((member.handle.clone(), grant));
        }
        if event.action == Action::Recused {
            self.holders.retain(|holder| *holder != event.actor);
        }
    }
}
