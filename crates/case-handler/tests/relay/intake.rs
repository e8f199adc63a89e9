//! A fake intake behind mutual TLS. It can stall, interrupt responses, and use a certificate of
//! another authority.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
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

/// The state of the intake, and what it received.
#[derive(Default)]
pub(crate) struct FakeIntakeState {
    pub(crate) spool: Vec<(Uuid, Vec<u8>)>,
    /// Interrupts one pull after this number of bytes.
    pub(crate) break_after: Option<usize>,
    pub(crate) pulls: usize,
    /// Ids of all submissions that were sent, one for each time.
    pub(crate) acknowledged: Vec<Uuid>,
    /// Submissions that are listed and never sent.
    pub(crate) damaged: Vec<Uuid>,
    /// A pull of this submission never gets a response. The test is notified of it.
    pub(crate) crash_on: Option<(Uuid, Arc<Notify>)>,
    /// How the list differs from an honest one.
    pub(crate) list_fault: Option<ListFault>,
    /// Sends the header of a pull and then one byte at a time.
    pub(crate) dripping_pull: bool,
    /// Neither reads uploaded mailboxes nor responds.
    pub(crate) stalled_upload: bool,
    /// Entries that every list contains in addition.
    pub(crate) extra_listed: Vec<ListedSubmission>,
    /// Submissions that every pull sends in addition.
    pub(crate) extra_sent: Vec<(Uuid, Vec<u8>)>,
    /// The reason for which the directory is refused.
    pub(crate) directory_rejection: Option<&'static str>,
    pub(crate) mailboxes: Option<Bytes>,
    pub(crate) directory: Option<SignedDirectory>,
    pub(crate) reply_schedule: Option<ReplySchedule>,
    /// Number of ingested and quarantined submissions in the store at each acknowledgement.
    pub(crate) durable_at_ack: Vec<usize>,
}

/// A list that never ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ListFault {
    /// Spaces without end.
    Endless,
    /// A byte at a time.
    Dripping,
    /// Pages without end, each after this time.
    SlowPages(Duration),
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
    /// Starts with the certificates of a folder. Reads the case handler's store at each
    /// acknowledgement.
    pub(crate) async fn start(folder: &Path, store: Arc<CaseStore>) -> Self {
        let state = Arc::new(Mutex::new(FakeIntakeState::default()));
        let routes = Router::new()
            .route(LIST_PATH, post(list))
            .route(PULL_PATH, post(pull))
            .route(ACK_PATH, post(ack))
            .route(MAILBOXES_PATH, put(mailboxes))
            .route(DIRECTORY_PATH, put(directory))
            .route(REPLY_SCHEDULE_PATH, put(put_reply_schedule))
            .layer(DefaultBodyLimit::disable())
            .with_state(FakeIntakeContext { state: Arc::clone(&state), store });
        let handle = Handle::new();
        let tls = RustlsConfig::from_config(Arc::new(server_config(folder)));
        let server =
            axum_server::bind_rustls("127.0.0.1:0".parse().unwrap(), tls).handle(handle.clone());
        tokio::spawn(server.serve(routes.into_make_service()));
        let address = handle.listening().await.unwrap();
        Self { state, address, handle }
    }

    pub(crate) fn add_submissions(&self, submissions: impl IntoIterator<Item = Vec<u8>>) {
        let with_ids = submissions.into_iter().map(|bytes| (Uuid::new_v4(), bytes));
        self.state.lock().unwrap().spool.extend(with_ids);
    }

    /// Adds a submission and returns its id.
    pub(crate) fn add_submission(&self, submission: Vec<u8>) -> Uuid {
        let id = Uuid::new_v4();
        self.state.lock().unwrap().spool.push((id, submission));
        id
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Returns a relay client with the certificates of a folder.
    pub(crate) fn relay_client(&self, folder: &Path) -> RelayClient {
        let path = |name: &str| folder.join(name);
        let url = self.url().parse().unwrap();
        RelayClient::new(&url, &path("ca.pem"), &path("handler.pem"), &path("handler.key")).unwrap()
    }
}

async fn list(
    State(context): State<FakeIntakeContext>,
    Json(ListRequest { after, limit }): Json<ListRequest>,
) -> Response {
    let fault = context.state.lock().unwrap().list_fault;
    match fault {
        Some(ListFault::Endless) => {
            let spaces = || Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 64 * 1024]));
            return Body::from_stream(futures_util::stream::repeat_with(spaces)).into_response();
        }
        Some(ListFault::Dripping) => return dripping_body().into_response(),
        Some(ListFault::SlowPages(delay)) => {
            tokio::time::sleep(delay).await;
            let id = Uuid::from_u128(after.map_or(0, |after| after.as_u128()) + 1);
            let waiting = vec![ListedSubmission { id, len: 32 * 1024 }];
            return Json(ListResponse { waiting }).into_response();
        }
        None => {}
    }
    let state = context.state.lock().unwrap();
    let matching = state.spool.iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
    let waiting = matching.map(|(id, bytes)| ListedSubmission { id: *id, len: bytes.len() as u64 });
    let mut waiting: Vec<_> = waiting.collect();
    waiting.sort_by_key(|submission| submission.id);
    waiting.truncate(usize::try_from(limit).unwrap());
    waiting.extend(&state.extra_listed);
    Json(ListResponse { waiting }).into_response()
}

/// Returns a body that never ends, a byte at a time.
fn dripping_body() -> Body {
    Body::from_stream(futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
    }))
}

async fn pull(
    State(context): State<FakeIntakeContext>,
    Json(PullRequest { ids, .. }): Json<PullRequest>,
) -> Body {
    let crashing = context.state.lock().unwrap().crash_on.clone();
    if let Some((_, pulled)) = crashing.filter(|(crashing, _)| ids.contains(crashing)) {
        pulled.notify_one();
        return std::future::pending().await;
    }
    if context.state.lock().unwrap().dripping_pull {
        return dripping_body();
    }
    let mut state = context.state.lock().unwrap();
    state.pulls += 1;
    state.spool.shuffle(&mut OsRng);
    let mut bytes = Vec::new();
    let mut sent = Vec::new();
    let requested = state.spool.iter().filter(|(id, _)| ids.contains(id));
    for (id, submission) in requested.chain(&state.extra_sent) {
        if state.damaged.contains(id) {
            continue;
        }
        sent.push(*id);
        bytes.extend_from_slice(&encode_submission_header(*id, submission.len() as u64));
        bytes.extend_from_slice(submission);
    }
    state.acknowledged.extend(sent);
    match state.break_after.take() {
        None => Body::from(bytes),
        Some(at) => {
            bytes.truncate(at);
            let parts = [Ok(Bytes::from(bytes)), Err(std::io::Error::other("broke off"))];
            Body::from_stream(futures_util::stream::iter(parts))
        }
    }
}

async fn put_reply_schedule(
    State(context): State<FakeIntakeContext>,
    Json(times): Json<ReplySchedule>,
) -> StatusCode {
    context.state.lock().unwrap().reply_schedule = Some(times);
    StatusCode::NO_CONTENT
}

async fn ack(State(context): State<FakeIntakeContext>, Json(ack): Json<AckRequest>) -> StatusCode {
    let cases = context.store.cases_after(None, 10_000).await.unwrap();
    let ingested: u32 = cases.iter().map(|case| case.state.received).sum();
    let durable = ingested as usize
        + usize::try_from(context.store.quarantined_count().await.unwrap()).unwrap();
    let mut state = context.state.lock().unwrap();
    state.durable_at_ack.push(durable);
    state.spool.retain(|(id, _)| !ack.ids.contains(id));
    StatusCode::NO_CONTENT
}

async fn mailboxes(State(context): State<FakeIntakeContext>, body: Body) -> StatusCode {
    if context.state.lock().unwrap().stalled_upload {
        std::future::pending::<()>().await;
    }
    // A connection that breaks off replaces nothing.
    let Ok(records) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST;
    };
    context.state.lock().unwrap().mailboxes = Some(records);
    StatusCode::NO_CONTENT
}

async fn directory(
    State(context): State<FakeIntakeContext>,
    Json(signed): Json<SignedDirectory>,
) -> (StatusCode, &'static str) {
    let mut state = context.state.lock().unwrap();
    if let Some(reason) = state.directory_rejection {
        return (StatusCode::UNPROCESSABLE_ENTITY, reason);
    }
    state.directory = Some(signed);
    (StatusCode::NO_CONTENT, "")
}

/// Writes `ca.pem`, and key and certificate of the intake, the case handler and the API.
pub(crate) fn write_certificates(folder: &Path) {
    write_certificates_with_expired(folder, "none");
}

/// Writes the same files, with one of the three certificates expired.
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
