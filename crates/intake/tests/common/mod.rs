//! A test intake with real listeners and a real spool, and its clients.
#![expect(dead_code, reason = "each test file uses only a part")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use intake::{config::Config, server::BoundServer};
use protocol::{
    Hash,
    api::relay,
    case::Stage,
    directory::{Desk, Directory, LogSettings, Member, SignedDirectory, TrustRoots},
    encoding::padding::{REPLY_STEP, TEXT_STEP, pad_text, unpad_text},
    keys::{CaseIdentity, InvestigatorIdentity, PublicKey, TransportIdentity},
    mailbox::{Mailbox, MailboxHeader},
    program::{ProgramManifest, SignedProgram},
    submission::{
        envelope::{self, OpenedSubmission},
        frame::{Frame, FrameContext, FrameDirection, FrameHeader, FrameKind},
        key_grant::{Grant, grant_tag},
    },
};
use rand::{SeedableRng, rngs::StdRng};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use reqwest::{Certificate, Client, Identity, Response, StatusCode};
use time::{Date, Duration, macros::datetime};
use tokio::{sync::oneshot, task::JoinHandle};
use uuid::Uuid;
use web::Clock;

pub(crate) struct TestInstallation {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) keys: TestKeys,
    pub(crate) tls: TestTls,
}

pub(crate) struct TestKeys {
    pub(crate) transport: TransportIdentity,
    pub(crate) awa: InvestigatorIdentity,
    roots: Vec<ed25519_dalek::SigningKey>,
    pub(crate) directory: Directory,
}

#[derive(Clone)]
pub(crate) struct TestTls {
    pub(crate) ca: String,
    pub(crate) handler: String,
    pub(crate) unknown_client: String,
}

/// A running intake.
pub(crate) struct TestIntake {
    pub(crate) installation: TestInstallation,
    pub(crate) public: String,
    pub(crate) relay: String,
    pub(crate) metrics: Option<std::net::SocketAddr>,
    pub(crate) http: Client,
    pub(crate) handler: Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// Returns the URL of an `SQLite` file.
pub(crate) fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

impl TestInstallation {
    pub(crate) fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(datetime!(2026-11-23 12:00 UTC));
        let keys = TestKeys::new(clock.today());
        let path = |name: &str| folder.path().join(name);
        let tls = TestTls::new(folder.path());
        let trust = TrustRoots {
            instance: keys.directory.instance,
            threshold: 2,
            roots: keys.roots.iter().map(PublicKey::from).collect(),
        };
        fs::write(path("trust.json"), serde_json::to_vec(&trust).unwrap()).unwrap();
        let example =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config/intake.toml");
        let mut config = Config::load(&example).unwrap();
        config.public.listen = "127.0.0.1:0".parse().unwrap();
        config.relay.listen = "127.0.0.1:0".parse().unwrap();
        config.relay.ca = path("ca.pem");
        config.relay.certificate = path("intake.pem");
        config.relay.key = path("intake.key");
        // The tests run on SQLite, and again on PostgreSQL as part of `on_postgres.rs`.
        config.store.url = if env!("CARGO_CRATE_NAME") == "on_postgres" {
            test_postgres::shared_cluster().unwrap().create_database().unwrap()
        } else {
            sqlite_url(&path("spool.sqlite"))
        };
        config.directory.trust = path("trust.json");
        Self { folder, config, clock, keys, tls }
    }

    /// Writes a manifest with the signatures of the first root keys to a file, and configures it.
    pub(crate) fn configure_program(&mut self, manifest: ProgramManifest, signatures: usize) {
        let mut signed = SignedProgram::unsigned(manifest);
        for root in &self.keys.roots[..signatures] {
            signed.add_signature(root);
        }
        self.configure_program_file(&signed.to_bytes());
    }

    pub(crate) fn configure_program_file(&mut self, bytes: &[u8]) {
        let file = self.folder.path().join("program.json");
        fs::write(&file, bytes).unwrap();
        self.config.program.manifest = Some(file);
    }

    /// Returns another intake of the same administration.
    pub(crate) fn replica(&self) -> Self {
        Self {
            config: self.config.clone(),
            clock: self.clock.clone(),
            tls: self.tls.clone(),
            ..Self::new()
        }
    }

    pub(crate) async fn start(self) -> TestIntake {
        let bound = BoundServer::bind(&self.config, self.clock.clone()).await.unwrap();
        let bound = bound.isolate_cleaning(env!("CARGO_BIN_EXE_intake").into()).await;
        let public = format!("http://{}", bound.public_addr);
        let relay = format!("https://{}", bound.relay_addr);
        let metrics = bound.metrics_addr;
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            bound.serve(async { drop(stopped.await) }).await.unwrap();
        });
        let handler = self.tls.client(Some(&self.tls.handler));
        let http = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        TestIntake { installation: self, public, relay, metrics, http, handler, stop, running }
    }
}

impl TestKeys {
    fn new(today: Date) -> Self {
        let mut rng = StdRng::from_entropy();
        let transport = TransportIdentity::generate(&mut rng);
        let people: BTreeMap<_, _> = ["awa", "bila", "eva"]
            .map(|handle| (handle, InvestigatorIdentity::generate(&mut rng)))
            .into_iter()
            .collect();
        let mut key = || ed25519_dalek::SigningKey::generate(&mut rng);
        let roots = vec![key(), key(), key()];
        let handler_key = PublicKey::from(&key());
        let members = people.iter().map(|(handle, identity)| Member {
            handle: (*handle).to_owned(),
            recipient: identity.recipient(),
            device: PublicKey::from(&key()),
            units: Vec::new(),
            languages: Vec::new(),
        });
        let members = members.collect();
        let desk = |id: &str, categories: &[&str], members: &[&str]| Desk {
            id: id.to_owned(),
            labels: BTreeMap::new(),
            categories: categories.iter().map(ToString::to_string).collect(),
            audiences: Vec::new(),
            members: members.iter().map(ToString::to_string).collect(),
            units: Vec::new(),
        };
        let directory = Directory {
            v: 1,
            instance: Uuid::from_u128(7),
            epoch: 1,
            previous: None,
            issued: today,
            expires: today + Duration::days(30),
            transport: vec![transport.recipient()],
            handler_key,
            log: LogSettings::default(),
            members,
            desks: vec![
                desk("internal_affairs", &["FAC", "EXT", "VIO"], &["awa", "bila"]),
                desk("external", &[], &["eva"]),
            ],
            oversight: "external".to_owned(),
            programs: Vec::new(),
        };
        let awa = InvestigatorIdentity::from_seed(people["awa"].seed());
        Self { transport, awa, roots, directory }
    }

    pub(crate) fn directory(&self, epoch: u64, issued: Date, signatures: usize) -> SignedDirectory {
        let directory = Directory {
            epoch,
            issued,
            expires: issued + Duration::days(30),
            ..self.directory.clone()
        };
        SignedDirectory::sign(&directory, &self.roots[..signatures]).unwrap()
    }
}

impl TestTls {
    fn new(folder: &std::path::Path) -> Self {
        let (ca, issuer) = test_authority();
        let (_, other) = test_authority();
        let (pem, key) = issue_certificate(&issuer, ExtendedKeyUsagePurpose::ServerAuth);
        fs::write(folder.join("ca.pem"), &ca).unwrap();
        fs::write(folder.join("intake.pem"), pem).unwrap();
        fs::write(folder.join("intake.key"), key).unwrap();
        let client = |issuer| {
            let (pem, key) = issue_certificate(issuer, ExtendedKeyUsagePurpose::ClientAuth);
            pem + &key
        };
        Self { ca, handler: client(&issuer), unknown_client: client(&other) }
    }

    pub(crate) fn client(&self, identity: Option<&str>) -> Client {
        let ca = Certificate::from_pem(self.ca.as_bytes()).unwrap();
        let mut builder = Client::builder().no_proxy().tls_certs_only([ca]);
        if let Some(pem) = identity {
            builder = builder.identity(Identity::from_pem(pem.as_bytes()).unwrap());
        }
        builder.build().unwrap()
    }
}

fn test_authority() -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, Issuer::new(params, key))
}

fn issue_certificate(
    issuer: &Issuer<'_, KeyPair>,
    purpose: ExtendedKeyUsagePurpose,
) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![purpose];
    (params.signed_by(&key, issuer).unwrap().pem(), key.serialize_pem())
}

impl TestIntake {
    pub(crate) async fn new() -> Self {
        TestInstallation::new().start().await
    }

    /// Starts an intake with a valid directory.
    pub(crate) async fn with_directory() -> Self {
        let intake = Self::new().await;
        let today = intake.installation.clock.today();
        let signed = intake.installation.keys.directory(1, today, 2);
        assert_eq!(intake.put_directory(&signed).await.status(), StatusCode::NO_CONTENT);
        intake
    }

    /// Stops the intake as SIGTERM does. Returns its installation.
    pub(crate) async fn stop(self) -> TestInstallation {
        self.stop.send(()).unwrap();
        drop((self.http, self.handler));
        self.running.await.unwrap();
        self.installation
    }

    pub(crate) async fn restart(self) -> Self {
        self.stop().await.start().await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.public)).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Response {
        self.http.post(format!("{}{path}", self.public)).body(body).send().await.unwrap()
    }

    pub(crate) async fn put_directory(&self, signed: &SignedDirectory) -> Response {
        let request = self.handler.put(format!("{}{}", self.relay, relay::DIRECTORY_PATH));
        request.json(signed).send().await.unwrap()
    }

    pub(crate) async fn put_mailboxes(&self, mailboxes: &[(Hash, Vec<u8>)]) -> StatusCode {
        let body: Vec<u8> = mailboxes
            .iter()
            .flat_map(|(id, sealed)| [&id.as_bytes()[..], sealed].concat())
            .collect();
        let request = self.handler.put(format!("{}{}", self.relay, relay::MAILBOXES_PATH));
        request.body(body).send().await.unwrap().status()
    }

    pub(crate) async fn pull(&self, limit: u32) -> Vec<(Uuid, Vec<u8>)> {
        self.try_pull(limit).await.expect("the relay responds")
    }

    /// Returns `None` if the intake responds with an error.
    pub(crate) async fn try_pull(&self, limit: u32) -> Option<Vec<(Uuid, Vec<u8>)>> {
        let request = self.handler.post(format!("{}{}", self.relay, relay::PULL_PATH));
        let response =
            request.json(&relay::PullRequest { limit, ids: vec![] }).send().await.unwrap();
        if !response.status().is_success() {
            return None;
        }
        let bytes = response.bytes().await.unwrap();
        let mut rest = &bytes[..];
        let mut found = Vec::new();
        while let Some((head, after)) = rest.split_first_chunk::<20>() {
            let (id, len) = relay::read_submission_header(*head).unwrap();
            let (sealed, after) = after.split_at(usize::try_from(len).unwrap());
            found.push((id, sealed.to_vec()));
            rest = after;
        }
        assert!(rest.is_empty());
        Some(found)
    }

    pub(crate) async fn ack(&self, ids: Vec<Uuid>) -> StatusCode {
        let request = self.handler.post(format!("{}{}", self.relay, relay::ACK_PATH));
        request.json(&relay::AckRequest { ids }).send().await.unwrap().status()
    }

    /// Decrypts the frame of a submission as an investigator does, with the grants of the report.
    /// Returns the case key and the frame.
    pub(crate) fn read_frame(
        &self,
        report: &OpenedSubmission,
        sent: &OpenedSubmission,
    ) -> (CaseIdentity, Frame) {
        let awa = &self.installation.keys.awa;
        let case = report.header.case;
        let tag = grant_tag(case.id, &awa.recipient());
        let sealed = report.grants.iter().find(|grant| grant.tag == tag).unwrap();
        let grant = Grant::open(sealed, awa, case.id, case.generation).unwrap();
        let identity = grant.secret.identity();
        let expected = FrameContext {
            case: case.id,
            generation: 0,
            direction: FrameDirection::In,
            recipient: identity.recipient().hash(),
            signer: &grant.reporter_key,
        };
        let body = identity.open(&sent.body).unwrap();
        let frame = Frame::verify(unpad_text(&body, TEXT_STEP).unwrap(), &expected).unwrap();
        (identity, frame)
    }

    /// Returns the mailbox of a report after its `newest` submission was collected, which is the
    /// report itself or a message, with `answers` of the investigators.
    pub(crate) fn mailbox(
        &self,
        report: &OpenedSubmission,
        newest: &OpenedSubmission,
        received: u32,
        answers: u32,
    ) -> Vec<u8> {
        let (m, case_recipient) = report.keys.clone().unwrap();
        let (awa, case) = (&self.installation.keys.awa, report.header.case.id);
        let tag = grant_tag(case, &awa.recipient());
        let sealed = report.grants.iter().find(|grant| grant.tag == tag).unwrap();
        let secret = Grant::open(sealed, awa, case, 0).unwrap().secret;
        let (_, frame) = self.read_frame(report, report);
        let mut prev = None;
        let mut replies = Vec::new();
        for seq in 0..answers {
            let header = FrameHeader {
                direction: FrameDirection::Out,
                seq,
                prev,
                ack: Some(frame.reference()),
                recipient: m.hash(),
                kind: FrameKind::Message,
                routing: None,
                program: None,
                attachments: Vec::new(),
                reporter_key: None,
                ..frame.header.clone()
            };
            let text = "Merci. ".repeat(usize::try_from(seq).unwrap() * 20 + 1);
            let bytes = Frame::sign(&header, text.as_bytes(), &secret.replies_key());
            prev = Some(Hash::of(&[&bytes]));
            replies.push(m.seal(&pad_text(&bytes, REPLY_STEP)));
        }
        let header = MailboxHeader {
            v: 1,
            week: "2026-W48".to_owned(),
            stage: Stage::Assessing,
            released_to_oversight: false,
            oversight_asked: false,
            unreadable: false,
            next_update: None,
            received,
        };
        Mailbox {
            header,
            capsule: newest.capsule.clone(),
            case_recipient,
            rotations: Vec::new(),
            log: None,
            replies,
        }
        .seal(&m)
    }

    /// Pulls all submissions, opens them with the transport key and acknowledges them.
    pub(crate) async fn collect_submissions(&self) -> Vec<OpenedSubmission> {
        let pulled = self.pull(100).await;
        let opened = pulled.iter().map(|(_, sealed)| {
            envelope::open(&self.installation.keys.transport, &sealed[..]).unwrap()
        });
        let opened = opened.collect();
        assert_eq!(
            self.ack(pulled.iter().map(|(id, _)| *id).collect()).await,
            StatusCode::NO_CONTENT
        );
        opened
    }
}

/// A body of type `multipart/form-data` with boundary `b`.
#[derive(Default, Clone)]
pub(crate) struct MultipartFormData(pub(crate) Vec<u8>);

pub(crate) const CONTENT_TYPE: &str = "multipart/form-data; boundary=b";

impl MultipartFormData {
    pub(crate) fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.part(&format!("name=\"{name}\"\r\n"), value.as_ref());
        self
    }

    pub(crate) fn file(mut self, name: &str, content: &[u8]) -> Self {
        let head = format!("name=\"files\"; filename=\"{name}\"\r\nContent-Type: image/jpeg\r\n");
        self.part(&head, content);
        self
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"--b--\r\n");
        self.0
    }

    /// Adds a file in another field than that for files.
    pub(crate) fn file_in(mut self, field: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"{field}\"; filename=\"copy.bin\"\r\n"), content);
        self
    }

    fn part(&mut self, head: &str, content: &[u8]) {
        let head = format!("--b\r\nContent-Disposition: form-data; {head}\r\n");
        self.0.extend_from_slice(&[head.as_bytes(), content, b"\r\n"].concat());
    }

    /// Returns a complete report.
    pub(crate) fn report(story: &str, seed: u8) -> Self {
        Self::default()
            .field("audience", "trader")
            .field("family", "money")
            .field("category", "FAC")
            .field("seed", repeated_hex(seed))
            .field("a.story", story)
    }
}

pub(crate) fn repeated_hex(seed: u8) -> String {
    format!("{seed:02x}").repeat(32)
}

impl TestIntake {
    pub(crate) async fn post_form(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> (StatusCode, String) {
        let request =
            self.http.post(format!("{}{path}", self.public)).header("content-type", CONTENT_TYPE);
        let response = request.body(body).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    /// Submits a receipt on the page for returning reporters.
    pub(crate) async fn enter_receipt(&self, receipt: &str) -> (StatusCode, String) {
        let request = self.http.post(format!("{}/en/return", self.public));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response =
            request.body(format!("receipt={}", receipt.replace(' ', "+"))).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }
}

/// Returns the receipt code of a receipt page.
pub(crate) fn receipt_code(page: &str) -> Option<String> {
    let code = page.split("class=\"code\"").nth(1)?.split("</p>").next()?;
    let groups: Vec<&str> = code
        .split(['<', '>'])
        .filter(|text| {
            text.len() == 4 && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        })
        .collect();
    (groups.len() == 7).then(|| groups.join("-"))
}
