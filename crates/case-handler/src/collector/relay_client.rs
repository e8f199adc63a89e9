//! Client of the relay interface of the intake.

use std::{io, path::Path, pin::pin, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http::StatusCode;
use protocol::{
    api::relay::{
        ACK_PATH, AckRequest, DIRECTORY_PATH, HEALTH_PATH, LIST_PATH, ListRequest, ListResponse,
        ListedSubmission, MAILBOXES_PATH, PULL_PATH, PullRequest, REPLY_SCHEDULE_PATH,
        ReplySchedule, read_submission_header,
    },
    directory::SignedDirectory,
    encoding::size_classes,
};
use reqwest::{Body, Certificate, Client, Identity, Method, RequestBuilder, Response, Url};
use service_kit::strip_bom;
use time::OffsetDateTime;
use tokio::{
    sync::Notify,
    time::{Duration, Instant, error::Elapsed, sleep, timeout},
};
use uuid::Uuid;

use crate::{
    outbound::{innermost_cause, single_line},
    sealed_bytes::{SealedBytes, SealedBytesWriter, TemporaryFileError},
};

/// Maximum length of one list entry, and of what surrounds all entries, in bytes. An entry has
/// about 60.
const MAX_LISTED_ENTRY_LEN: usize = 128;

/// Maximum duration of a request with a short response, from connecting to the last byte. An intake
/// that sends a byte now and then must not hold a cycle. A page of the list has about 250 KiB,
/// which a link of 8 kbit/s transmits in time.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(5);

/// Minimum rate of a submission, in bytes per second. The largest submission may take 18 hours
/// and 12 minutes.
const MIN_BYTES_PER_SEC: u64 = 4 * 1024;

/// A connection to the relay interface of the intake.
#[derive(Debug, Clone)]
pub struct RelayClient {
    client: Client,
    base: Url,
    request_timeout: Duration,
}

/// Why a request to the intake failed. None of these loses data.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A certificate or key file is missing or malformed.
    #[error("{0}")]
    Setup(String),
    /// The intake is unreachable, is not authentic, or closed the connection. The text is the
    /// innermost cause.
    #[error("failed to connect to the intake: {0}")]
    Unreachable(String),
    /// The intake did not complete its response in time.
    #[error(
        "the intake did not complete its response in time. Check the network, and the load of the intake"
    )]
    TimedOut,
    /// The connection was lost in the middle of a response.
    #[error("connection to the intake lost: {0}")]
    Interrupted(String),
    /// The intake refused the directory. The text is its reason, or the status if it has none.
    #[error("the intake refuses the directory: {0}. Sign and publish a valid directory")]
    DirectoryRejected(String),
    /// The intake sent a response that violates the protocol.
    #[error("unexpected response from the intake: {0}")]
    Unexpected(#[from] io::Error),
    /// A temporary file failed.
    #[error(transparent)]
    TemporaryFile(#[from] TemporaryFileError),
}

impl From<Elapsed> for RelayError {
    fn from(_: Elapsed) -> Self {
        Self::TimedOut
    }
}

impl From<reqwest::Error> for RelayError {
    fn from(error: reqwest::Error) -> Self {
        if let Some(status) = error.status() {
            return Self::Unexpected(io::Error::other(status.to_string()));
        }
        if error.is_timeout() && !error.is_connect() {
            return Self::TimedOut;
        }
        Self::Unreachable(innermost_cause(&error))
    }
}

fn setup_error(name: &str, path: &Path, problem: &dyn std::fmt::Display) -> RelayError {
    RelayError::Setup(format!("{name}: {}: {problem}", path.display()))
}

impl RelayClient {
    /// Creates a client that trusts only the configured authority and uses the case handler's
    /// certificate.
    ///
    /// # Errors
    /// Fails if a file cannot be read or is malformed.
    pub fn new(url: &Url, ca: &Path, certificate: &Path, key: &Path) -> Result<Self, RelayError> {
        let read = |name: &str, path: &Path| {
            let bytes = std::fs::read(path).map_err(|error| setup_error(name, path, &error))?;
            Ok::<_, RelayError>(strip_bom(&bytes).to_vec())
        };
        let identity = [read("relay.certificate", certificate)?, read("relay.key", key)?].concat();
        let setup = |name: &str, path: &Path, error: reqwest::Error| {
            setup_error(name, path, &innermost_cause(&error))
        };
        let authorities = Certificate::from_pem_bundle(&read("relay.ca", ca)?)
            .map_err(|error| setup("relay.ca", ca, error))?;
        if authorities.is_empty() {
            return Err(setup_error("relay.ca", ca, &"no certificate found"));
        }
        let client = Client::builder()
            .tls_certs_only(authorities)
            .identity(
                Identity::from_pem(&identity)
                    .map_err(|error| setup("relay.certificate", certificate, error))?,
            )
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            // No read timeout: it would also limit the duration of an upload. Each request has a
            // limit of its own.
            .build()
            .map_err(|error| setup("relay.certificate, relay.key", certificate, error))?;
        Ok(Self { client, base: url.clone(), request_timeout: REQUEST_TIMEOUT })
    }

    /// Replaces the maximum duration of a request with a short response, and the maximum time
    /// without progress of the others.
    #[must_use]
    pub fn with_request_timeout(self, request_timeout: Duration) -> Self {
        Self { request_timeout, ..self }
    }

    /// Returns the maximum duration of a request with a short response.
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Starts a request with a short response.
    fn short_request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.endpoint(path)).timeout(self.request_timeout)
    }

    fn endpoint(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// Returns at most `limit` waiting submissions whose ids are greater than `after`, in the order
    /// of ids.
    ///
    /// # Errors
    /// Fails if the intake cannot be reached, if its response takes too long, or if it is invalid,
    /// such as more entries than requested.
    pub async fn list(
        &self,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ListedSubmission>, RelayError> {
        let response = self
            .short_request(Method::POST, LIST_PATH)
            .json(&ListRequest { after, limit })
            .send()
            .await?;
        let mut response = response.error_for_status()?;
        // A compromised intake must not exhaust the memory of the case handler.
        let max_len = (limit as usize + 1).saturating_mul(MAX_LISTED_ENTRY_LEN);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if chunk.len() > max_len - body.len() {
                return Err(unexpected_response("the list is longer than requested"));
            }
            body.extend_from_slice(&chunk);
        }
        let listed: ListResponse =
            serde_json::from_slice(&body).map_err(|_| unexpected_response("malformed list"))?;
        if listed.waiting.len() > limit as usize {
            return Err(unexpected_response("the list is longer than requested"));
        }
        Ok(listed.waiting)
    }

    /// Requests submissions and returns a stream of them, in the order that the intake chooses.
    ///
    /// # Errors
    /// Fails if the intake cannot be reached, does not respond in time, or returns an invalid
    /// response.
    pub async fn pull(&self, ids: Vec<Uuid>) -> Result<SubmissionStream, RelayError> {
        let limit = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let request = self.client.post(self.endpoint(PULL_PATH)).json(&PullRequest { limit, ids });
        let response = timeout(self.request_timeout, request.send()).await??;
        Ok(SubmissionStream {
            response: response.error_for_status()?,
            pending: Bytes::new(),
            time_left: self.request_timeout,
        })
    }

    /// Allows the intake to delete these submissions.
    ///
    /// # Errors
    /// Fails if the intake cannot be reached or rejects the request.
    pub async fn acknowledge(&self, ids: Vec<Uuid>) -> Result<(), RelayError> {
        self.short_request(Method::POST, ACK_PATH)
            .json(&AckRequest { ids })
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    /// Replaces all mailboxes. The upload may take as long as it needs while it makes progress.
    ///
    /// # Errors
    /// Fails if the intake cannot be reached, does not take the next item of `records` or does not
    /// respond within the request timeout, or rejects the request.
    pub async fn put_mailboxes(
        &self,
        records: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<(), RelayError> {
        let progress = Arc::new(Notify::new());
        let reported = Arc::clone(&progress);
        let body = Body::wrap_stream(records.inspect(move |_| reported.notify_one()));
        let mut upload = pin!(self.client.put(self.endpoint(MAILBOXES_PATH)).body(body).send());
        loop {
            tokio::select! {
                response = &mut upload => {
                    response?.error_for_status()?;
                    return Ok(());
                }
                () = progress.notified() => {}
                // Dropping the upload cuts the connection, and the intake replaces nothing.
                () = sleep(self.request_timeout) => return Err(RelayError::TimedOut),
            }
        }
    }

    /// Checks whether the intake is ready, and returns its time if the response has a `Date`
    /// header.
    ///
    /// # Errors
    /// Fails if the intake cannot be reached or is not ready.
    pub async fn health(&self) -> Result<Option<OffsetDateTime>, RelayError> {
        let response =
            self.short_request(Method::GET, HEALTH_PATH).send().await?.error_for_status()?;
        let date = response.headers().get("date").and_then(|date| date.to_str().ok());
        Ok(date.and_then(doctor::parse_http_date))
    }

    /// Sends the calendar and poll interval from which receipts show the date of the first answer.
    ///
    /// # Errors
    /// Fails if the intake cannot be reached or refuses them.
    pub async fn put_reply_schedule(&self, times: &ReplySchedule) -> Result<(), RelayError> {
        self.short_request(Method::PUT, REPLY_SCHEDULE_PATH)
            .json(times)
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    /// Sends the newest directory.
    ///
    /// # Errors
    /// Fails with [`RelayError::DirectoryRejected`] if the intake refuses it, for example because
    /// it has expired.
    pub async fn put_directory(&self, signed: &SignedDirectory) -> Result<(), RelayError> {
        let mut response =
            self.short_request(Method::PUT, DIRECTORY_PATH).json(signed).send().await?;
        if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
            let reason = response.chunk().await?.unwrap_or_default();
            return Err(RelayError::DirectoryRejected(single_line(&reason)));
        }
        response.error_for_status()?;
        Ok(())
    }
}

/// Submissions as they arrive.
pub struct SubmissionStream {
    response: Response,
    /// The rest of the last chunk.
    pending: Bytes,
    /// How long the caller may still wait for the intake. Each submission extends it by the time
    /// that it takes at the minimum rate. Time between two calls does not count.
    time_left: Duration,
}

impl SubmissionStream {
    /// Returns the next submission with its id at the intake, or `None` at the end.
    ///
    /// # Errors
    /// Fails if the connection is lost, the intake sends too slowly, or the response violates the
    /// protocol.
    pub async fn next_submission(&mut self) -> Result<Option<(Uuid, SealedBytes)>, RelayError> {
        let Some((id, len)) = self.next_header().await? else { return Ok(None) };
        Ok(Some((id, self.read_body(len).await?)))
    }

    /// Returns the id and the length of the next submission, or `None` at the end. The caller then
    /// reads the body.
    ///
    /// # Errors
    /// As [`Self::next_submission`].
    pub(super) async fn next_header(&mut self) -> Result<Option<(Uuid, u64)>, RelayError> {
        let head = self.read_up_to(20).await?;
        if head.is_empty() {
            return Ok(None);
        }
        let head = head[..].try_into().map_err(|_| truncated())?;
        let (id, len) = read_submission_header(head)?;
        debug_assert!(
            len <= size_classes::MAX_SUBMISSION_LEN,
            "the length was checked to be a size class"
        );
        Ok(Some((id, len)))
    }

    /// Returns the body of a submission of this length.
    ///
    /// # Errors
    /// As [`Self::next_submission`].
    pub(super) async fn read_body(&mut self, len: u64) -> Result<SealedBytes, RelayError> {
        self.time_left += Duration::from_secs(len / MIN_BYTES_PER_SEC);
        let mut body = SealedBytesWriter::new(len)?;
        while body.len() < len {
            let Some(mut bytes) = self.next_bytes().await? else { return Err(truncated().into()) };
            let missing = usize::try_from(len - body.len()).unwrap_or(usize::MAX);
            let taken = bytes.split_to(missing.min(bytes.len()));
            self.pending = bytes;
            body.write(&taken).await?;
        }
        Ok(body.finish().await?)
    }

    /// Returns the bytes that arrived next, or `None` at the end of the response.
    async fn next_bytes(&mut self) -> Result<Option<Bytes>, RelayError> {
        if !self.pending.is_empty() {
            return Ok(Some(std::mem::take(&mut self.pending)));
        }
        let start = Instant::now();
        let chunk = timeout(self.time_left, self.response.chunk()).await?;
        self.time_left = self.time_left.saturating_sub(start.elapsed());
        chunk.map_err(|error| RelayError::Interrupted(innermost_cause(&error)))
    }

    /// Returns fewer bytes only at the end of the response.
    async fn read_up_to(&mut self, len: usize) -> Result<Bytes, RelayError> {
        let mut read = BytesMut::with_capacity(len);
        while read.len() < len {
            let Some(mut bytes) = self.next_bytes().await? else { break };
            let missing = len - read.len();
            read.extend_from_slice(&bytes.split_to(missing.min(bytes.len())));
            self.pending = bytes;
        }
        Ok(read.freeze())
    }
}

/// Returns the error for a response that violates the protocol.
pub(crate) fn unexpected_response(what: &'static str) -> RelayError {
    RelayError::Unexpected(io::Error::other(what))
}

fn truncated() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "unexpected end in the middle of a submission")
}

/// Returns a stream over a channel, for request bodies that are produced while they are sent.
pub(crate) fn receiver_stream<T: Send + 'static>(
    receiver: tokio::sync::mpsc::Receiver<T>,
) -> impl Stream<Item = T> + Send + 'static {
    futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    })
}
