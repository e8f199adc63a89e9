//! A fake case handler in memory: the API of `protocol::api::workbench` over real TLS. It is honest
//! unless a test tampers with it.

pub(crate) mod api;
pub(crate) mod log;
mod payload;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    sync::{Arc, Mutex},
};

use axum_server::tls_rustls::RustlsConfig;
use protocol::{
    Hash, Priority,
    api::workbench::{CasePart, CaseSummary, GenerationGrant, GenerationRecipient, PartKind},
    case::{
        CaseState, Role,
        event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, SignedEvent, midnight},
    },
    directory::{Directory, SignedDirectory},
    encoding::padding::{TEXT_STEP, pad_text, padded_file_len},
    keys::{CaseRecipient, CaseSecret, MailboxRecipient},
    receipt::Receipt,
    rotation::RotationConfirmation,
    submission::{
        commitment::{FollowUpCommitment, ReportCommitment},
        frame::{Attachment, FrameKind, FrameRef, Routing},
        key_grant::Grant,
        report_body::{EXCLUSION_QUESTION, PREFERENCE_QUESTION, ReportAnswer, ReportBody},
        treatment::{
            AttachmentTreatment, CleaningExtent, CleaningReport, MetadataCategory, SignatureState,
        },
    },
};
use rand::rngs::OsRng;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use uuid::Uuid;

use super::{WorkbenchInstallation, reporter::TestReporter, test_tree::TestTree, today};

/// Returns a file as it is sealed.
fn pad_file(file: &[u8]) -> Vec<u8> {
    let mut padded = file.to_vec();
    let len = padded_file_len(file.len() as u64);
    padded.resize(usize::try_from(len).unwrap(), 0);
    padded
}

/// Claimed treatment of the attached file.
fn sample_treatment() -> AttachmentTreatment {
    AttachmentTreatment::Cleaned(CleaningReport {
        removed: [MetadataCategory::Author, MetadataCategory::Place].into(),
        left: [MetadataCategory::History].into(),
        reading: CleaningExtent::Whole,
        signature: SignatureState::Broken,
    })
}

/// One stored case.
pub(crate) struct StoredCase {
    pub(crate) state: CaseState,
    pub(crate) parts: Vec<(CasePart, Vec<u8>)>,
    pub(crate) grants: Vec<(String, GenerationGrant)>,
    pub(crate) mailbox: MailboxRecipient,
    pub(crate) recipients: Vec<GenerationRecipient>,
    pub(crate) holders: Vec<String>,
    pub(crate) replies: Vec<Vec<u8>>,
    /// The keys of the pending rotation.
    pub(crate) pending: Option<PendingKeys>,
    /// The confirmations of the newest statement.
    pub(crate) confirmations: Vec<RotationConfirmation>,
}

/// The keys of a proposed rotation.
pub(crate) struct PendingKeys {
    pub(crate) grants: Vec<(String, GenerationGrant)>,
    recipient: CaseRecipient,
    confirmation: RotationConfirmation,
}

/// The parts of a report before it is recorded.
pub(crate) struct SealedReport {
    pub(crate) grants: Vec<(String, GenerationGrant)>,
    pub(crate) sealed_file: Vec<u8>,
    pub(crate) sealed_body: Vec<u8>,
    pub(crate) desk: String,
    pub(crate) priority: Priority,
    pub(crate) retention_months: u16,
    /// What the case handler records about the oversight body.
    pub(crate) oversight_refused: bool,
}

#[derive(Default)]
pub(crate) struct FakeStore {
    pub(crate) directories: Vec<SignedDirectory>,
    pub(crate) cases: BTreeMap<Uuid, StoredCase>,
    pub(crate) log: Vec<SignedEvent>,
    /// Absences of members, with their last date.
    pub(crate) absences: BTreeMap<String, time::Date>,
    /// Cases whose answer is an error of this status.
    pub(crate) failing_cases: BTreeMap<Uuid, http::StatusCode>,
    /// Parts whose answer breaks off in the middle.
    pub(crate) broken_parts: BTreeSet<Uuid>,
    /// Runs just before the next event is checked, for any sender.
    pub(crate) before_next_event: Option<ConcurrentChange>,
    /// The transparency log.
    pub(crate) transparency_log: log::TransparencyLog,
    nonces: Vec<(String, Hash)>,
}

type ConcurrentChange = Box<dyn FnOnce(&mut FakeStore) + Send>;

/// The address of the fake case handler, and its store for tampering.
#[derive(Clone)]
pub(crate) struct FakeHandler {
    pub(crate) url: String,
    pub(crate) store: Arc<Mutex<FakeStore>>,
}

/// Starts the fake case handler on a free port with the installation's own certificate.
pub(crate) fn start_fake_handler(installation: &Arc<WorkbenchInstallation>) -> FakeHandler {
    let tree = TestTree::new(installation.trust.instance, &installation.log_key, &[]);
    let store = Arc::new(Mutex::new(FakeStore {
        directories: vec![installation.signed_directory()],
        transparency_log: log::TransparencyLog { tree: Some(tree), ..Default::default() },
        ..FakeStore::default()
    }));
    let app = api::routes(&store, installation);
    let tls = installation.admin_dir.path("tls");
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
    FakeHandler { url, store }
}

impl FakeHandler {
    /// Records a report as a reporter's device seals it, with one attached file.
    pub(crate) fn file_report(
        &self,
        installation: &WorkbenchInstallation,
        excluded: &[&str],
        story: &str,
    ) -> TestReporter {
        let photo =
            ("../../photo\u{202e}.jpg", "image/jpeg", &b"a photograph of a receipt book"[..]);
        self.file_report_with(installation, excluded, story, photo)
    }

    /// As [`Self::file_report`], with another file: its name, media type and bytes.
    pub(crate) fn file_report_with(
        &self,
        installation: &WorkbenchInstallation,
        excluded: &[&str],
        story: &str,
        file: (&str, &str, &[u8]),
    ) -> TestReporter {
        self.file_tampered_report(installation, excluded, (story, file), |_| ())
    }

    /// As [`Self::file_report`], with a report that its sender tampers with.
    pub(crate) fn file_tampered_report(
        &self,
        installation: &WorkbenchInstallation,
        excluded: &[&str],
        content: (&str, (&str, &str, &[u8])),
        spoil: impl FnOnce(&mut SealedReport),
    ) -> TestReporter {
        let excluded = excluded.iter().map(ToString::to_string).collect();
        let answer = (EXCLUSION_QUESTION, ReportAnswer::Many(excluded));
        self.file_report_answering(installation, answer, content, spoil)
    }

    /// As [`Self::file_report`], with the wish for a woman or a man instead of exclusions.
    pub(crate) fn file_report_wishing(
        &self,
        installation: &WorkbenchInstallation,
        wish: &str,
    ) -> TestReporter {
        let content = ("An officer asked me for more.", ("note.txt", "text/plain", &b"a note"[..]));
        let answer = (PREFERENCE_QUESTION, ReportAnswer::One(wish.to_owned()));
        self.file_report_answering(installation, answer, content, |_| ())
    }

    fn file_report_answering(
        &self,
        installation: &WorkbenchInstallation,
        (question, answer): (&str, ReportAnswer),
        (story, (name, media_type, file)): (&str, (&str, &str, &[u8])),
        spoil: impl FnOnce(&mut SealedReport),
    ) -> TestReporter {
        let body = ReportBody {
            category: "FAC".into(),
            audience: "trader".into(),
            answers: [(question.to_owned(), answer)].into(),
            story: story.into(),
        };
        let (case, receipt, secret) =
            (Uuid::new_v4(), Receipt::generate(&mut OsRng), CaseSecret::generate(&mut OsRng));
        let directory =
            installation.signed_directory().verify_ignoring_dates(&installation.trust).unwrap();
        let to = directory.recipients_of(&body).unwrap();
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
            routing: Routing {
                desk: to.desk.id.clone(),
                priority: Priority::P3,
                release_to_oversight: false,
                directory: installation.signed_directory().hash(),
            },
            next_routing: None,
            next_program: None,
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
        let frame = reporter.seal_frame(FrameKind::Report, &body.to_bytes(), vec![attachment]);
        let (file, body) = (c.seal(&pad_file(file)), c.seal(&pad_text(&frame, TEXT_STEP)));
        let mut sent = SealedReport {
            grants: grants.collect(),
            sealed_file: file,
            sealed_body: body,
            desk: reporter.routing.desk.clone(),
            priority: reporter.routing.priority,
            retention_months: 60,
            oversight_refused: false,
        };
        spoil(&mut sent);
        let mailbox = reporter.receipt.mailbox_identity().recipient();
        let given: Vec<_> = sent.grants.iter().map(|(_, given)| given.grant.clone()).collect();
        let parts = [Hash::of(&[&sent.sealed_body]), Hash::of(&[&sent.sealed_file])];
        let commitment = ReportCommitment::of_report(&mailbox, &c, &given, parts);
        let event = Event {
            v: EVENT_VERSION,
            case,
            seq: 0,
            prev: None,
            at: midnight(today()),
            actor: HANDLER_ACTOR.into(),
            action: Action::Received {
                desk: sent.desk,
                priority: sent.priority,
                retention_months: sent.retention_months,
                commitment,
                oversight_refused: sent.oversight_refused,
            },
        };
        let signed = event.sign(&installation.log_key);
        let mut stored = StoredCase {
            state: CaseState::from_first_event(&event, signed.hash()).unwrap(),
            parts: Vec::new(),
            grants: sent.grants,
            mailbox,
            recipients: vec![GenerationRecipient { generation: 0, recipient: c.clone() }],
            holders: to.members.iter().map(|member| member.handle.clone()).collect(),
            replies: Vec::new(),
            pending: None,
            confirmations: Vec::new(),
        };
        stored.add_part(PartKind::Attachment, 0, 0, sent.sealed_file);
        stored.add_part(PartKind::Body, 0, 0, sent.sealed_body);
        let mut locked = self.store.lock().unwrap();
        locked.append(signed);
        locked.cases.insert(case, stored);
        reporter
    }

    /// Records a follow-up of a reporter.
    pub(crate) fn follow_up(
        &self,
        installation: &WorkbenchInstallation,
        reporter: &mut TestReporter,
        text: &str,
    ) {
        self.store.lock().unwrap().follow_up(installation, reporter, text);
    }

    /// Records facts that a reporter adds, as the body of their frame.
    pub(crate) fn add_facts(
        &self,
        installation: &WorkbenchInstallation,
        reporter: &mut TestReporter,
        body: &[u8],
    ) {
        let frame = reporter.seal_frame(FrameKind::Facts, body, Vec::new());
        let sealed = reporter.recipient().seal(&pad_text(&frame, TEXT_STEP));
        self.follow_up_sealed(installation, reporter.case, sealed);
    }

    /// Records a follow-up with these sealed bytes, which anyone who knows the case can send.
    pub(crate) fn follow_up_sealed(
        &self,
        installation: &WorkbenchInstallation,
        case: Uuid,
        sealed: Vec<u8>,
    ) {
        self.store.lock().unwrap().add_message(installation, case, sealed);
    }

    /// Records another message between the next read of a case and the next event on it.
    pub(crate) fn follow_up_before_next_event(
        &self,
        installation: &Arc<WorkbenchInstallation>,
        mut reporter: TestReporter,
        text: &'static str,
    ) {
        let installation = Arc::clone(installation);
        self.store.lock().unwrap().before_next_event =
            Some(Box::new(move |store| store.follow_up(&installation, &mut reporter, text)));
    }

    /// Returns the number of events of a case.
    pub(crate) fn events_of(&self, case: Uuid) -> usize {
        self.store.lock().unwrap().case_log(case).events.len()
    }

    pub(crate) fn with_case<T>(&self, case: Uuid, tamper: impl FnOnce(&mut StoredCase) -> T) -> T {
        tamper(self.store.lock().unwrap().cases.get_mut(&case).unwrap())
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
            filed: self.state.filed,
            state: self.state.clone(),
            suggested: None,
            next: None,
        }
    }
}

impl FakeStore {
    pub(crate) fn append(&mut self, event: SignedEvent) {
        self.log.push(event);
    }

    fn follow_up(
        &mut self,
        installation: &WorkbenchInstallation,
        reporter: &mut TestReporter,
        text: &str,
    ) {
        let frame = reporter.seal_frame(FrameKind::Message, text.as_bytes(), Vec::new());
        let sealed = reporter.recipient().seal(&pad_text(&frame, TEXT_STEP));
        self.add_message(installation, reporter.case, sealed);
    }

    fn add_message(&mut self, installation: &WorkbenchInstallation, case: Uuid, sealed: Vec<u8>) {
        let stored = self.cases.get_mut(&case).unwrap();
        let batch = stored.state.received;
        let commitment = FollowUpCommitment { generation: 0, parts: vec![Hash::of(&[&sealed])] };
        stored.add_part(PartKind::Body, 0, batch, sealed);
        let event = Event {
            v: EVENT_VERSION,
            case,
            seq: stored.state.next_seq,
            prev: Some(stored.state.head),
            at: midnight(today()),
            actor: HANDLER_ACTOR.into(),
            action: Action::FollowedUp(commitment),
        };
        let signed = event.sign(&installation.log_key);
        stored.state.apply(&event, signed.hash(), Role::default()).unwrap();
        self.append(signed);
    }

    fn newest_directory(&self, installation: &WorkbenchInstallation) -> Directory {
        self.directories.last().unwrap().verify_ignoring_dates(&installation.trust).unwrap()
    }
}
