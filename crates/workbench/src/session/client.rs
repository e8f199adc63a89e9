//! The case handler's API, over TLS with a pinned certificate authority.

use std::time::Duration;

use protocol::{
    api::workbench::{
        Absence, AssigneeCandidate, AuditLog, CaseDetail, CaseSummary, ChallengeRequest,
        ChallengeResponse, FormerReaders, NewEvent, ProblemDetails, SessionRequest,
        SessionResponse, sign_session,
    },
    case::event::LogEntry,
    directory::SignedDirectory,
    encoding::size_classes,
};
use reqwest::{Method, RequestBuilder, Response, Url};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{case::queue::CaseQueueCursor, keys::key_file::InvestigatorKey};

/// JSON answers; a log of 100,000 entries takes about 100 MiB.
const MAX_JSON_BYTES: u64 = 256 * 1024 * 1024;

/// For a whole answer, however slowly its bytes come: each renews the timeout of reading.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(2);
/// For the whole log.
const LOG_TIMEOUT: Duration = Duration::from_mins(30);
/// The slowest line on which a part of a case still arrives, in bytes a second.
const MIN_BYTES_PER_SEC: u64 = 64 * 1024;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not an `https://` address.
    #[error("{0} is not an https:// address")]
    InvalidAddress(String),
    /// No certificate in the pinned file.
    #[error("the certificate authority file is not usable: {0}")]
    InvalidCa(String),
    /// No connection, or not with this certificate authority.
    #[error("the case handler cannot be reached: {0}")]
    Unreachable(String),
    /// It answered that this is not possible.
    #[error("the case handler refuses: {}", .0.title)]
    Refused(ProblemDetails),
    /// It answered something else than it should.
    #[error("the case handler answers something unexpected: {0}")]
    Unexpected(String),
}

impl ClientError {
    /// Is it the connection, rather than this one question?
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

/// A connection without a session.
pub struct HandlerClient {
    http: reqwest::Client,
    base: Url,
    session: Option<SessionResponse>,
}

impl HandlerClient {
    /// Pins the certificate authority; no other is believed, no proxy asked, no redirect followed.
    pub fn new(handler: &str, ca_pem: &str) -> Result<Self, ClientError> {
        let address = || ClientError::InvalidAddress(handler.to_owned());
        let base = Url::parse(handler).map_err(|_| address())?;
        if base.scheme() != "https" || base.cannot_be_a_base() {
            return Err(address());
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_config(ca_pem)?)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_mins(1))
            .timeout(RESPONSE_TIMEOUT)
            .build()
            .map_err(unreachable_error)?;
        Ok(Self { http, base, session: None })
    }

    /// Proves to be this person of this installation and keeps the short-lived token, in memory
    /// only. Returns how long it lives.
    pub async fn sign_in(
        &mut self,
        key: &InvestigatorKey,
        instance: Uuid,
    ) -> Result<Duration, ClientError> {
        let handle = key.handle().to_owned();
        let asked = self.request(Method::POST, &["v1", "challenge"]);
        let challenge: ChallengeResponse =
            send_for_json(asked.json(&ChallengeRequest { handle: handle.clone() })).await?;
        let signature = sign_session(key.device(), instance, &handle, &challenge.nonce);
        let answer = SessionRequest { handle, nonce: challenge.nonce, signature };
        let session: SessionResponse =
            send_for_json(self.request(Method::POST, &["v1", "session"]).json(&answer)).await?;
        let life = Duration::from_secs(session.seconds.into());
        self.session = Some(session);
        Ok(life)
    }

    /// The newest directory, unverified.
    pub async fn directory(&self) -> Result<SignedDirectory, ClientError> {
        self.get(&["v1", "directory"]).await
    }

    /// Every directory, unverified, oldest first.
    pub async fn directories(&self) -> Result<Vec<SignedDirectory>, ClientError> {
        self.get(&["v1", "directories"]).await
    }

    /// Publishes a directory. The signatures in it are the permission.
    pub async fn put_directory(&self, directory: &SignedDirectory) -> Result<(), ClientError> {
        send_checked(self.request(Method::PUT, &["v1", "directory"]).json(directory))
            .await
            .map(drop)
    }

    /// The whole queue.
    pub async fn cases(&self) -> Result<Vec<CaseSummary>, ClientError> {
        self.get(&["v1", "cases"]).await
    }

    /// A part of the queue: at most so many cases behind a place, the most pressing first.
    pub async fn cases_page(
        &self,
        behind: Option<CaseQueueCursor>,
        most: usize,
    ) -> Result<Vec<CaseSummary>, ClientError> {
        let mut query = vec![("limit", most.to_string())];
        if let Some(CaseQueueCursor { case, due }) = behind {
            query.push(("after", case.to_string()));
            query.extend(due.map(|due| ("due", due.to_string())));
        }
        send_for_json(self.request_with(Method::GET, &["v1", "cases"], &query)).await
    }

    /// One case.
    pub async fn case(&self, case: Uuid) -> Result<CaseDetail, ClientError> {
        self.get(&["v1", "cases", &case.to_string()]).await
    }

    /// The events of one case, also of one that was purged.
    pub async fn case_log(&self, case: Uuid) -> Result<Vec<LogEntry>, ClientError> {
        self.get(&["v1", "cases", &case.to_string(), "log"]).await
    }

    /// To whom a case would be suggested now, the best first.
    pub async fn assignee_candidates(
        &self,
        case: Uuid,
    ) -> Result<Vec<AssigneeCandidate>, ClientError> {
        self.get(&["v1", "cases", &case.to_string(), "routing"]).await
    }

    /// Which cases somebody can open who should not any more.
    pub async fn former_readers(&self) -> Result<Vec<FormerReaders>, ClientError> {
        self.get(&["v1", "former-readers"]).await
    }

    /// Who takes no cases, of those one shares a desk with.
    pub async fn absences(&self) -> Result<Vec<Absence>, ClientError> {
        self.get(&["v1", "absence"]).await
    }

    /// Says until when somebody takes no cases.
    pub async fn put_absence(&self, absence: &Absence) -> Result<(), ClientError> {
        send_checked(self.request(Method::PUT, &["v1", "absence"]).json(absence)).await.map(drop)
    }

    /// One sealed part; `most` is the length that it should have.
    pub async fn fetch_part(
        &self,
        case: Uuid,
        part: Uuid,
        most: u64,
    ) -> Result<Vec<u8>, ClientError> {
        let path = ["v1", "cases", &case.to_string(), "parts", &part.to_string()];
        let whole = RESPONSE_TIMEOUT + Duration::from_secs(most / MIN_BYTES_PER_SEC);
        let response = send_checked(self.request(Method::GET, &path).timeout(whole)).await?;
        read_body(response, most.min(size_classes::MAX_SUBMISSION_LEN)).await
    }

    /// Files a signed event.
    pub async fn add_event(&self, case: Uuid, event: &NewEvent) -> Result<LogEntry, ClientError> {
        send_for_json(
            self.request(Method::POST, &["v1", "cases", &case.to_string(), "events"]).json(event),
        )
        .await
    }

    /// The whole log; for the outside body.
    pub async fn log(&self) -> Result<AuditLog, ClientError> {
        send_for_json(self.request(Method::GET, &["v1", "log"]).timeout(LOG_TIMEOUT)).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ClientError> {
        send_for_json(self.request(Method::GET, path)).await
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.request_with(method, path, &[])
    }

    fn request_with(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
    ) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url);
        match &self.session {
            Some(session) => request.bearer_auth(&session.token),
            None => request,
        }
    }
}

fn tls_config(ca_pem: &str) -> Result<ClientConfig, ClientError> {
    let authority = |error: &dyn std::fmt::Display| ClientError::InvalidCa(error.to_string());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
        let certificate = certificate.map_err(|error| authority(&error))?;
        roots.add(certificate).map_err(|error| authority(&error))?;
    }
    if roots.is_empty() {
        return Err(authority(&"no certificate in it"));
    }
    let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
    let builder = builder
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| authority(&error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

async fn send_for_json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ClientError> {
    let bytes = read_body(send_checked(request).await?, MAX_JSON_BYTES).await?;
    serde_json::from_slice(&bytes).map_err(|error| ClientError::Unexpected(error.to_string()))
}

async fn send_checked(request: RequestBuilder) -> Result<Response, ClientError> {
    let response = request.send().await.map_err(unreachable_error)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let bytes = read_body(response, 64 * 1024).await?;
    match serde_json::from_slice(&bytes) {
        Ok(problem) => Err(ClientError::Refused(problem)),
        Err(_) => Err(ClientError::Unexpected(format!("status {status}"))),
    }
}

/// Reads at most so many bytes, whatever the other side claims.
async fn read_body(mut response: Response, most: u64) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable_error)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > most {
            return Err(ClientError::Unexpected(format!("more than {most} bytes")));
        }
    }
    Ok(bytes)
}

/// The whole row of causes: "certificate not trusted" stands at its end.
fn unreachable_error(error: reqwest::Error) -> ClientError {
    let error = error.without_url();
    let causes =
        std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    ClientError::Unreachable(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}
