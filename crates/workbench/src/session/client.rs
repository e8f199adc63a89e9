//! HTTP client for the case handler's API, over TLS with a pinned certificate authority.

use std::{io, time::Duration};

use protocol::{
    api::{
        checkpoint::NewCosignature,
        workbench::{
            Absence, AssigneeCandidate, AuditLog, CaseDetail, CaseLog, CasePart, CaseSummary,
            ChallengeRequest, ChallengeResponse, FormerReaders, NewEvent, ProblemDetails,
            SessionRequest, SessionResponse, sign_session,
        },
    },
    case::event::SignedEvent,
    directory::SignedDirectory,
    encoding::size_classes,
    rotation::RotationConfirmation,
};
use reqwest::{Method, RequestBuilder, Response, Url};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{case::cursor::CaseQueueCursor, keys::key_file::InvestigatorKey};

/// Maximum length of a JSON response. A page of the log with 4,096 events of the maximum length
/// takes about 90 MiB.
const MAX_JSON_BYTES: u64 = 128 * 1024 * 1024;

/// Maximum length of a checkpoint with its proof.
const MAX_CHECKPOINT_BYTES: u64 = 256 * 1024;

/// Total timeout of a response. The read timeout alone is not enough, because every received byte
/// renews it.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(2);
/// Minimum transfer rate of a part, in bytes per second.
const MIN_BYTES_PER_SEC: u64 = 64 * 1024;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address does not begin with `https://`.
    #[error("invalid URL {0} (expected https://)")]
    InvalidAddress(String),
    /// The pinned file contains no usable certificate.
    #[error("invalid certificate authority file: {0}")]
    InvalidCa(String),
    /// No connection, or the certificate is not from this certificate authority.
    #[error("failed to connect to the case handler: {0}")]
    Unreachable(String),
    /// The response ended before its end: the connection was cut, or the case handler cannot read
    /// what it has stored.
    #[error(
        "the response of the case handler broke off after {received} bytes{}: {reason}",
        of_expected(*.expected)
    )]
    Incomplete {
        /// Number of bytes that arrived.
        received: u64,
        /// Length that the response announced.
        expected: Option<u64>,
        /// Why it ended.
        reason: String,
    },
    /// The case handler rejected the request.
    #[error("the case handler rejected the request: {}", .0.title)]
    Refused(ProblemDetails),
    /// The response does not have the expected form.
    #[error("unexpected response from the case handler: {0}")]
    Unexpected(String),
}

impl ClientError {
    /// Returns whether other requests fail for the same reason: the case handler cannot be reached,
    /// is not ready, or does not accept the session.
    pub fn concerns_all_requests(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused(problem) => matches!(problem.status, 401 | 503),
            _ => false,
        }
    }
}

/// A client of the case handler, with or without a session.
pub struct HandlerClient {
    http: reqwest::Client,
    base: Url,
    session: Option<SessionResponse>,
}

impl HandlerClient {
    /// Creates a client without a session. It accepts only the pinned certificate authority, uses
    /// no proxy and follows no redirect.
    ///
    /// # Errors
    /// [`ClientError::InvalidAddress`] or [`ClientError::InvalidCa`].
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

    /// Signs in as this member of this installation. The short-lived token is stored in memory
    /// only. Returns its lifetime.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the proof.
    pub async fn sign_in(
        &mut self,
        key: &InvestigatorKey,
        instance: Uuid,
    ) -> Result<Duration, ClientError> {
        let handle = key.handle().to_owned();
        let request = self.request(Method::POST, &["v1", "challenge"]);
        let challenge: ChallengeResponse =
            send_for_json(request.json(&ChallengeRequest { handle: handle.clone() })).await?;
        let signature = sign_session(key.device(), instance, &handle, &challenge.nonce);
        let answer = SessionRequest { handle, nonce: challenge.nonce, signature };
        let session: SessionResponse =
            send_for_json(self.request(Method::POST, &["v1", "session"]).json(&answer)).await?;
        let lifetime = Duration::from_secs(session.seconds.into());
        self.session = Some(session);
        Ok(lifetime)
    }

    /// Returns the newest directory, unverified.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn directory(&self) -> Result<SignedDirectory, ClientError> {
        self.get(&["v1", "directory"]).await
    }

    /// Returns all directories, unverified, oldest first.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn directories(&self) -> Result<Vec<SignedDirectory>, ClientError> {
        self.get(&["v1", "directories"]).await
    }

    /// Publishes a directory. Its signatures authorize the request.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the directory.
    pub async fn put_directory(&self, directory: &SignedDirectory) -> Result<(), ClientError> {
        send_checked(self.request(Method::PUT, &["v1", "directory"]).json(directory))
            .await
            .map(drop)
    }

    /// Returns the whole queue.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn cases(&self) -> Result<Vec<CaseSummary>, ClientError> {
        self.get(&["v1", "cases"]).await
    }

    /// Returns at most `limit` cases after the cursor, the earliest deadline first.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn cases_page(
        &self,
        after: Option<CaseQueueCursor>,
        limit: usize,
    ) -> Result<Vec<CaseSummary>, ClientError> {
        let mut query = vec![("limit", limit.to_string())];
        if let Some(CaseQueueCursor { case, due }) = after {
            query.push(("after", case.to_string()));
            query.extend(due.map(|due| ("due", due.to_string())));
        }
        send_for_json(self.request_with(Method::GET, &["v1", "cases"], &query)).await
    }

    /// Returns one case.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn case(&self, case: Uuid) -> Result<CaseDetail, ClientError> {
        self.get(&["v1", "cases", &case.to_string()]).await
    }

    /// Returns the events of one case with their proof, also of a purged one. Verifies nothing.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn case_log(&self, case: Uuid) -> Result<CaseLog, ClientError> {
        self.get(&["v1", "cases", &case.to_string(), "log"]).await
    }

    /// Returns the suggested assignees of a case, the best first.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn assignee_candidates(
        &self,
        case: Uuid,
    ) -> Result<Vec<AssigneeCandidate>, ClientError> {
        self.get(&["v1", "cases", &case.to_string(), "routing"]).await
    }

    /// Returns cases with former readers.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn former_readers(&self) -> Result<Vec<FormerReaders>, ClientError> {
        self.get(&["v1", "former-readers"]).await
    }

    /// Returns the absences of members who share a desk with this member.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn absences(&self) -> Result<Vec<Absence>, ClientError> {
        self.get(&["v1", "absence"]).await
    }

    /// Sets or clears an absence.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn put_absence(&self, absence: &Absence) -> Result<(), ClientError> {
        send_checked(self.request(Method::PUT, &["v1", "absence"]).json(absence)).await.map(drop)
    }

    /// Returns one sealed part; `expected_len` is its length in bytes according to the case.
    ///
    /// # Errors
    /// If the case handler cannot be reached, rejects the request, or sends more bytes.
    pub async fn fetch_part(
        &self,
        case: Uuid,
        part: Uuid,
        expected_len: u64,
    ) -> Result<Vec<u8>, ClientError> {
        let response = self.get_part(case, part, expected_len).await?;
        read_body(response, expected_len.min(size_classes::MAX_SUBMISSION_LEN)).await
    }

    /// Passes one sealed part to `write` as it arrives. Returns the first error of `write`.
    ///
    /// # Errors
    /// As [`Self::fetch_part`].
    pub async fn stream_part(
        &self,
        case: Uuid,
        part: &CasePart,
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<io::Result<()>, ClientError> {
        let mut response = self.get_part(case, part.id, part.len).await?;
        let (expected, mut received) = (response.content_length(), 0);
        loop {
            let chunk = response.chunk().await;
            let Some(chunk) = chunk.map_err(|error| body_error(error, received, expected))? else {
                return Ok(Ok(()));
            };
            received += chunk.len() as u64;
            if received > part.len.min(size_classes::MAX_SUBMISSION_LEN) {
                return Err(ClientError::Unexpected(format!("more than {} bytes", part.len)));
            }
            if let Err(error) = write(&chunk) {
                return Ok(Err(error));
            }
        }
    }

    async fn get_part(&self, case: Uuid, part: Uuid, len: u64) -> Result<Response, ClientError> {
        let path = ["v1", "cases", &case.to_string(), "parts", &part.to_string()];
        let timeout = RESPONSE_TIMEOUT + Duration::from_secs(len / MIN_BYTES_PER_SEC);
        send_checked(self.request(Method::GET, &path).timeout(timeout)).await
    }

    /// Submits a signed event, and returns the event that the case handler has recorded.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the event.
    pub async fn add_event(
        &self,
        case: Uuid,
        event: &NewEvent,
    ) -> Result<SignedEvent, ClientError> {
        send_for_json(
            self.request(Method::POST, &["v1", "cases", &case.to_string(), "events"]).json(event),
        )
        .await
    }

    /// Adds the member's confirmation of the newest rotation of a case.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn add_confirmation(
        &self,
        case: Uuid,
        confirmation: &RotationConfirmation,
    ) -> Result<(), ClientError> {
        let case = case.to_string();
        let path = ["v1", "cases", &case, "confirmations"];
        send_checked(self.request(Method::POST, &path).json(confirmation)).await.map(drop)
    }

    /// Returns a page of the whole log from this batch on. Only the oversight body may read it.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn log(&self, from: u32) -> Result<AuditLog, ClientError> {
        let query = [("from", from.to_string())];
        send_for_json(self.request_with(Method::GET, &["v1", "log"], &query)).await
    }

    /// Returns the newest checkpoint of the transparency log with the consistency proof from an old
    /// size, unverified, as the text `add-checkpoint` of C2SP tlog-witness.
    ///
    /// # Errors
    /// If the case handler cannot be reached, rejects the request, or does not send text.
    pub async fn checkpoint(&self, old_size: u64) -> Result<String, ClientError> {
        let query = [("old", old_size.to_string())];
        let request = self.request_with(Method::GET, &["v1", "checkpoint"], &query);
        let bytes = read_body(send_checked(request).await?, MAX_CHECKPOINT_BYTES).await?;
        String::from_utf8(bytes).map_err(|error| ClientError::Unexpected(error.to_string()))
    }

    /// Adds the cosignature of this member of the oversight body to a checkpoint.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the cosignature.
    pub async fn add_cosignature(&self, cosignature: &NewCosignature) -> Result<(), ClientError> {
        let request = self.request(Method::POST, &["v1", "cosignatures"]);
        send_checked(request.json(cosignature)).await.map(drop)
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
        return Err(authority(&"it contains no certificate"));
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
    Err(match serde_json::from_slice(&bytes) {
        Ok(problem) => ClientError::Refused(problem),
        // A reverse proxy that cannot reach the case handler answers without a problem body.
        Err(_) if matches!(status.as_u16(), 502..=504) => {
            ClientError::Unreachable(format!("the reverse proxy answered {status}"))
        }
        Err(_) => ClientError::Unexpected(format!("status {status}")),
    })
}

/// Reads a body of at most `max_bytes`, whatever length the response claims.
async fn read_body(mut response: Response, max_bytes: u64) -> Result<Vec<u8>, ClientError> {
    let (mut bytes, expected) = (Vec::new(), response.content_length());
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(|error| body_error(error, bytes.len() as u64, expected))?
        else {
            break;
        };
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > max_bytes {
            return Err(ClientError::Unexpected(format!("more than {max_bytes} bytes")));
        }
    }
    Ok(bytes)
}

/// Returns the error for a body that does not arrive completely. Without an answer in time, the
/// case handler is unreachable.
fn body_error(error: reqwest::Error, received: u64, expected: Option<u64>) -> ClientError {
    if error.is_timeout() {
        return unreachable_error(error);
    }
    ClientError::Incomplete { received, expected, reason: error_causes(error) }
}

fn unreachable_error(error: reqwest::Error) -> ClientError {
    ClientError::Unreachable(error_causes(error))
}

/// Returns the whole chain of causes, because the last one names the reason, such as an untrusted
/// certificate.
fn error_causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let causes =
        std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn of_expected(expected: Option<u64>) -> String {
    expected.map_or_else(String::new, |expected| format!(" of {expected}"))
}
