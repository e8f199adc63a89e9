//! The handler's side of the relay: it asks, the intake answers.

use std::{io, path::Path};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
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
use reqwest::{Body, Certificate, Client, Identity, Response, Url};
use service_kit::strip_bom;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Bytes of a reason of the intake that go into the log.
const MAX_REASON_LEN: usize = 200;
/// Bytes of one entry of a list, and of what surrounds them all. An entry takes about 60.
const MAX_LISTED_ENTRY_LEN: usize = 128;

/// The intake as the handler sees it.
#[derive(Debug, Clone)]
pub struct RelayClient {
    client: Client,
    base: Url,
}

/// Why the intake could not be asked. Nothing is lost by any of these.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A certificate or key file is missing or malformed.
    #[error("{0}")]
    Setup(String),
    /// Not reachable, or not who it should be, or cut off. The text is the innermost cause.
    #[error("the intake cannot be reached: {0}")]
    Unreachable(String),
    /// It broke off in the middle of an answer.
    #[error("the intake broke off: {0}")]
    Interrupted(String),
    /// It refused the directory. The text is its reason, or the status if it gave none.
    #[error("the intake refuses the directory: {0}. Sign and publish a directory that is valid")]
    DirectoryRejected(String),
    /// It answered something else than it should.
    #[error("the intake answers something unexpected: {0}")]
    Unexpected(#[from] io::Error),
}

impl From<reqwest::Error> for RelayError {
    fn from(error: reqwest::Error) -> Self {
        if let Some(status) = error.status() {
            return Self::Unexpected(io::Error::other(status.to_string()));
        }
        Self::Unreachable(innermost_cause(&error))
    }
}

fn innermost_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

impl RelayClient {
    /// Pins the certificate authority and shows the handler's own certificate.
    pub fn new(url: &Url, ca: &Path, certificate: &Path, key: &Path) -> Result<Self, RelayError> {
        let read = |path: &Path| {
            let bytes = std::fs::read(path);
            let bytes =
                bytes.map_err(|error| RelayError::Setup(format!("{}: {error}", path.display())))?;
            Ok::<_, RelayError>(strip_bom(&bytes).to_vec())
        };
        let identity = [read(certificate)?, read(key)?].concat();
        let setup = |what: &str, error: reqwest::Error| {
            RelayError::Setup(format!("{what}: {}", innermost_cause(&error)))
        };
        let authorities =
            Certificate::from_pem_bundle(&read(ca)?).map_err(|error| setup("relay.ca", error))?;
        if authorities.is_empty() {
            return Err(RelayError::Setup(format!(
                "relay.ca: {}: no certificate in it",
                ca.display()
            )));
        }
        let client = Client::builder()
            .tls_certs_only(authorities)
            .identity(
                Identity::from_pem(&identity).map_err(|error| setup("relay.certificate", error))?,
            )
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_mins(1))
            .build()
            .map_err(|error| setup("relay.certificate, relay.key", error))?;
        Ok(Self { client, base: url.clone() })
    }

    fn endpoint(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// Lists at most `most` submissions that wait and whose ids are greater than `after`, in the
    /// order of ids.
    ///
    /// # Errors
    /// Fails if the intake is not reachable or answers anything else, such as a list that is longer
    /// than was asked for.
    pub async fn list(
        &self,
        after: Option<Uuid>,
        most: u32,
    ) -> Result<Vec<ListedSubmission>, RelayError> {
        let asked = self
            .client
            .post(self.endpoint(LIST_PATH))
            .json(&ListRequest { after, limit: most })
            .send()
            .await?;
        let mut response = asked.error_for_status()?;
        // An intake in the hands of others must not fill the memory of the case handler.
        let longest = (most as usize + 1).saturating_mul(MAX_LISTED_ENTRY_LEN);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if chunk.len() > longest - body.len() {
                return Err(unexpected_response("its list is longer than was asked for"));
            }
            body.extend_from_slice(&chunk);
        }
        let listed: ListResponse = serde_json::from_slice(&body)
            .map_err(|_| unexpected_response("its list cannot be read"))?;
        if listed.waiting.len() > most as usize {
            return Err(unexpected_response("its list is longer than was asked for"));
        }
        Ok(listed.waiting)
    }

    /// Asks for these submissions and reads them one after the other, in the order that the intake
    /// chooses.
    ///
    /// # Errors
    /// Fails if the intake is not reachable or answers anything else.
    pub async fn pull(&self, ids: Vec<Uuid>) -> Result<SubmissionStream, RelayError> {
        let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let asked = self
            .client
            .post(self.endpoint(PULL_PATH))
            .json(&PullRequest { limit: most, ids })
            .send()
            .await?;
        Ok(SubmissionStream { response: asked.error_for_status()?, buffer: BytesMut::new() })
    }

    /// Lets the intake delete these.
    pub async fn acknowledge(&self, ids: Vec<Uuid>) -> Result<(), RelayError> {
        self.client
            .post(self.endpoint(ACK_PATH))
            .json(&AckRequest { ids })
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    /// Replaces all mailboxes.
    pub async fn put_mailboxes(
        &self,
        records: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<(), RelayError> {
        let body = Body::wrap_stream(records);
        self.client
            .put(self.endpoint(MAILBOXES_PATH))
            .body(body)
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    /// Is it ready? Gives the time there, if it tells.
    pub async fn health(&self) -> Result<Option<OffsetDateTime>, RelayError> {
        let response =
            self.client.get(self.endpoint(HEALTH_PATH)).send().await?.error_for_status()?;
        let date = response.headers().get("date").and_then(|date| date.to_str().ok());
        Ok(date.and_then(doctor::parse_http_date))
    }

    /// Lays out by when reports are answered.
    ///
    /// # Errors
    /// When the intake cannot be reached, or refuses it.
    pub async fn put_reply_schedule(&self, times: &ReplySchedule) -> Result<(), RelayError> {
        self.client
            .put(self.endpoint(REPLY_SCHEDULE_PATH))
            .json(times)
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    /// Gives the newest directory.
    ///
    /// # Errors
    /// Fails with [`RelayError::DirectoryRejected`] if the intake refuses it, because it has
    /// expired say.
    pub async fn put_directory(&self, signed: &SignedDirectory) -> Result<(), RelayError> {
        let mut response =
            self.client.put(self.endpoint(DIRECTORY_PATH)).json(signed).send().await?;
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
    buffer: BytesMut,
}

impl SubmissionStream {
    /// The next one: its id at the intake and its bytes.
    pub async fn next_submission(&mut self) -> Result<Option<(Uuid, Bytes)>, RelayError> {
        if !self.fill_buffer(20).await? {
            return if self.buffer.is_empty() { Ok(None) } else { Err(truncated().into()) };
        }
        let head = self.buffer.split_to(20);
        let (id, len) =
            read_submission_header(head[..].try_into().expect("20 bytes were split off"))?;
        let len = usize::try_from(len).map_err(|_| truncated())?;
        debug_assert!(
            len as u64 <= size_classes::MAX_SUBMISSION_LEN,
            "the head was checked to name a rung"
        );
        if !self.fill_buffer(len).await? {
            return Err(truncated().into());
        }
        Ok(Some((id, self.buffer.split_to(len).freeze())))
    }

    async fn fill_buffer(&mut self, len: usize) -> Result<bool, RelayError> {
        while self.buffer.len() < len {
            let chunk = self.response.chunk().await;
            match chunk.map_err(|error| RelayError::Interrupted(innermost_cause(&error)))? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// The beginning of a text of the intake, fit for one line of the log.
fn single_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(MAX_REASON_LEN)]);
    let printable = |letter: char| if letter.is_ascii_graphic() { letter } else { ' ' };
    text.chars().map(printable).collect::<String>().trim().to_owned()
}

/// What an intake does that follows the protocol does not.
pub(crate) fn unexpected_response(what: &'static str) -> RelayError {
    RelayError::Unexpected(io::Error::other(what))
}

fn truncated() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "cut off in the middle of a submission")
}

/// A stream over a channel, for bodies that are made while they are sent.
pub(crate) fn receiver_stream<T: Send + 'static>(
    receiver: tokio::sync::mpsc::Receiver<T>,
) -> impl Stream<Item = T> + Send + 'static {
    futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    })
}
