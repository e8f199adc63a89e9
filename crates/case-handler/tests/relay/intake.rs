//! An intake made by hand, behind mutual TLS: it can dawdle, break off, and show a certificate of
//! somebody else.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    response::{IntoResponse, Response},
    routing::{post, put},
};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use case_handler::{collector::relay_client::RelayClient, store::CaseStore};
use http::StatusCode;
use protocol::{
    api::relay::{
        ACK_PATH, AckRequest, DIRECTORY_PATH, LIST_PATH, ListRequest, ListResponse,
        ListedSubmission, MAILBOXES_PATH, PULL_PATH, PullRequest, REPLY_SCHEDULE_PATH,
        ReplySchedule, encode_submission_header,
    },
    directory::SignedDirectory,
};
use rand::{rngs::OsRng, seq::SliceRandom};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::sync::Notify;
use uuid::Uuid;

/// What the intake holds, and what it saw.
#[derive(Default)]
pub(crate) struct FakeIntakeState {
    pub(crate) spool: Vec<(Uuid, Vec<u8>)>,
    /// Breaks a pull off after so many bytes, once.
    pub(crate) break_after: Option<usize>,
    pub(crate) pulls: usize,
    /// Every submission that was sent, once for each time.
    pub(crate) acknowledged: Vec<Uuid>,
    /// Listed, and never sent.
    pub(crate) damaged: Vec<Uuid>,
    /// A pull of this one is answered with nothing, for ever, and said to who waits for it.
    pub(crate) crash_on: Option<(Uuid, Arc<Notify>)>,
    /// A list has no end.
    pub(crate) endless_list: bool,
    /// Listed with each list, whatever was asked for.
    pub(crate) extra_listed: Vec<ListedSubmission>,
    /// Sent with each pull, asked for or not.
    pub(crate) extra_sent: Vec<(Uuid, Vec<u8>)>,
    /// Why the directory is refused.
    pub(crate) directory_rejection: Option<&'static str>,
    pub(crate) mailboxes: Option<Bytes>,
    pub(crate) directory: Option<SignedDirectory>,
    pub(crate) answers: Option<ReplySchedule>,
    /// How many cases and set-aside submissions were durable when an acknowledgement came.
    pub(crate) durable_at_ack: Vec<usize>,
}

#[derive(Clone)]
struct FakeIntakeContext {
    state: Arc<Mutex<FakeIntakeState>>,
    store: Arc<CaseStore>,
}

pub(crate) struct FakeIntake {
    pub(crate) state: Arc<Mutex<FakeIntakeState>>,
    pub(crate) address: SocketAddr,
    handle: Handle<SocketAddr>,
}

impl Drop for FakeIntake {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

impl FakeIntake {
    /// Serves with the certificates of a folder; looks into the handler's database when something
    /// is acknowledged.
    pub(crate) async fn start(folder: &Path, store: Arc<CaseStore>) -> Self {
        let held = Arc::new(Mutex::new(FakeIntakeState::default()));
        let routes = Router::new()
            .route(LIST_PATH, post(list))
            .route(PULL_PATH, post(pull))
            .route(ACK_PATH, post(ack))
            .route(MAILBOXES_PATH, put(mailboxes))
            .route(DIRECTORY_PATH, put(directory))
            .route(REPLY_SCHEDULE_PATH, put(answers))
            .layer(DefaultBodyLimit::disable())
            .with_state(FakeIntakeContext { state: Arc::clone(&held), store });
        let handle = Handle::new();
        let tls = RustlsConfig::from_config(Arc::new(server_config(folder)));
        let server =
            axum_server::bind_rustls("127.0.0.1:0".parse().unwrap(), tls).handle(handle.clone());
        tokio::spawn(server.serve(routes.into_make_service()));
        let address = handle.listening().await.unwrap();
        Self { state: held, address, handle }
    }

    pub(crate) fn add_submissions(&self, submissions: impl IntoIterator<Item = Vec<u8>>) {
        let with_ids = submissions.into_iter().map(|bytes| (Uuid::new_v4(), bytes));
        self.state.lock().unwrap().spool.extend(with_ids);
    }

    /// Holds one more and returns its id.
    pub(crate) fn add_submission(&self, submission: Vec<u8>) -> Uuid {
        let id = Uuid::new_v4();
        self.state.lock().unwrap().spool.push((id, submission));
        id
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The handler's side, with the certificates of a folder.
    pub(crate) fn relay_client(&self, folder: &Path) -> RelayClient {
        let path = |name: &str| folder.join(name);
        let url = self.url().parse().unwrap();
        RelayClient::new(&url, &path("ca.pem"), &path("handler.pem"), &path("handler.key")).unwrap()
    }
}

async fn list(
    State(shared): State<FakeIntakeContext>,
    Json(ListRequest { after, limit: most }): Json<ListRequest>,
) -> Response {
    if shared.state.lock().unwrap().endless_list {
        let spaces = || Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 64 * 1024]));
        return Body::from_stream(futures_util::stream::repeat_with(spaces)).into_response();
    }
    let held = shared.state.lock().unwrap();
    let behind = held.spool.iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
    let waiting = behind.map(|(id, bytes)| ListedSubmission { id: *id, len: bytes.len() as u64 });
    let mut waiting: Vec<_> = waiting.collect();
    waiting.sort_by_key(|one| one.id);
    waiting.truncate(usize::try_from(most).unwrap());
    waiting.extend(&held.extra_listed);
    Json(ListResponse { waiting }).into_response()
}

async fn pull(
    State(shared): State<FakeIntakeContext>,
    Json(PullRequest { ids, .. }): Json<PullRequest>,
) -> Body {
    let deadly = shared.state.lock().unwrap().crash_on.clone();
    if let Some((_, pulled)) = deadly.filter(|(deadly, _)| ids.contains(deadly)) {
        pulled.notify_one();
        return std::future::pending().await;
    }
    let mut held = shared.state.lock().unwrap();
    held.pulls += 1;
    held.spool.shuffle(&mut OsRng);
    let mut bytes = Vec::new();
    let mut sent = Vec::new();
    let asked = held.spool.iter().filter(|(id, _)| ids.contains(id));
    for (id, submission) in asked.chain(&held.extra_sent) {
        if held.damaged.contains(id) {
            continue;
        }
        sent.push(*id);
        bytes.extend_from_slice(&encode_submission_header(*id, submission.len() as u64));
        bytes.extend_from_slice(submission);
    }
    held.acknowledged.extend(sent);
    match held.break_after.take() {
        None => Body::from(bytes),
        Some(at) => {
            bytes.truncate(at);
            let parts = [Ok(Bytes::from(bytes)), Err(std::io::Error::other("broke off"))];
            Body::from_stream(futures_util::stream::iter(parts))
        }
    }
}

async fn answers(
    State(shared): State<FakeIntakeContext>,
    Json(times): Json<ReplySchedule>,
) -> StatusCode {
    shared.state.lock().unwrap().answers = Some(times);
    StatusCode::NO_CONTENT
}

async fn ack(State(shared): State<FakeIntakeContext>, Json(ack): Json<AckRequest>) -> StatusCode {
    let cases = shared.store.cases_after(None, 10_000).await.unwrap();
    let filed: u32 = cases.iter().map(|case| case.state.received).sum();
    let durable =
        filed as usize + usize::try_from(shared.store.quarantined_count().await.unwrap()).unwrap();
    let mut held = shared.state.lock().unwrap();
    held.durable_at_ack.push(durable);
    held.spool.retain(|(id, _)| !ack.ids.contains(id));
    StatusCode::NO_CONTENT
}

async fn mailboxes(State(shared): State<FakeIntakeContext>, records: Bytes) -> StatusCode {
    shared.state.lock().unwrap().mailboxes = Some(records);
    StatusCode::NO_CONTENT
}

async fn directory(
    State(shared): State<FakeIntakeContext>,
    Json(signed): Json<SignedDirectory>,
) -> (StatusCode, &'static str) {
    let mut held = shared.state.lock().unwrap();
    if let Some(reason) = held.directory_rejection {
        return (StatusCode::UNPROCESSABLE_ENTITY, reason);
    }
    held.directory = Some(signed);
    (StatusCode::NO_CONTENT, "")
}

/// `ca.pem`, and key and certificate of the intake, the handler and the API.
pub(crate) fn write_certificates(folder: &Path) {
    write_certificates_with_expired(folder, "none");
}

/// The same, but that one of the three has expired.
pub(crate) fn write_certificates_with_expired(folder: &Path, expired: &str) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    fs::write(folder.join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    for (name, purpose) in [
        ("intake", ExtendedKeyUsagePurpose::ServerAuth),
        ("handler", ExtendedKeyUsagePurpose::ClientAuth),
        ("api", ExtendedKeyUsagePurpose::ServerAuth),
    ] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        if name == expired {
            params.not_after = rcgen::date_time_ymd(2026, 1, 1);
        }
        let certificate = params.signed_by(&key, &issuer).unwrap();
        fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

fn server_config(folder: &Path) -> ServerConfig {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap()).unwrap();
    let clients = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
    let chain = vec![CertificateDer::from_pem_file(folder.join("intake.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("intake.key")).unwrap();
    ServerConfig::builder().with_client_cert_verifier(clients).with_single_cert(chain, key).unwrap()
}
