//! Checks an object store: writes a small object, reads it back and deletes it.

use std::error::Error;

use object_store::{
    RetryConfig,
    client::{HttpError, HttpErrorKind},
};
use uuid::Uuid;

use super::{PartObjectStore, StoreError};

const CONTENT: &[u8] = b"Written by the doctor of the case handler, which deletes it at once.";
/// Time limit of one request.
const REQUEST_TIMEOUT: &str = "10 seconds";
/// Paths of the service with which machines of some providers get credentials. The library requests
/// them if no credentials are configured.
const METADATA_PATHS: [&str; 2] = ["/latest/api/token", "/latest/meta-data/"];

/// Why an object store cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectCheckError {
    /// The URL is invalid, or a setting is.
    #[error("{0}")]
    InvalidUrl(String),
    /// There are no credentials.
    #[error("no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")]
    NoCredentials,
    /// The server does not accept the credentials, or does not permit the step.
    #[error("the server refused to {step} an object: {reason}")]
    Denied {
        /// What the check did.
        step: &'static str,
        /// The status and the error code of the server.
        reason: String,
    },
    /// The bucket does not exist.
    #[error("bucket not found: {0}")]
    NoBucket(String),
    /// No connection to the server, or no response in time.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The object was written, and then it was missing or had other bytes.
    #[error("the object that was written {0} when it was read back")]
    NotStored(&'static str),
    /// Any other failure.
    #[error("failed to {step} an object: {reason}")]
    Failed {
        /// What the check did.
        step: &'static str,
        /// The innermost cause.
        reason: String,
    },
}

impl PartObjectStore {
    /// Writes a small object, reads it back and deletes it. Opens the object store as
    /// [`PartObjectStore::open`] does, but without retries.
    ///
    /// # Errors
    /// Fails for the first step that fails. A written object that cannot be deleted has a name with
    /// which the garbage collection of the service deletes it.
    pub async fn check(
        url: &str,
        settings: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ObjectCheckError> {
        let timeout = ("AWS_TIMEOUT".to_owned(), REQUEST_TIMEOUT.to_owned());
        let settings = settings.into_iter().chain([timeout]);
        let retries = RetryConfig { max_retries: 0, ..RetryConfig::default() };
        let objects = Self::open_with_retries(url, settings, retries)
            .map_err(|error| ObjectCheckError::InvalidUrl(error.to_string()))?;
        let key = Uuid::new_v4();
        objects.write(key, CONTENT).await.map_err(|error| classify("write", &error))?;
        let read = objects.read(key).await;
        let deleted = objects.delete(key).await;
        match read {
            Ok(bytes) if bytes == CONTENT => {}
            Ok(_) => return Err(ObjectCheckError::NotStored("had other bytes")),
            Err(StoreError::CorruptRow(_)) => {
                return Err(ObjectCheckError::NotStored("was missing"));
            }
            Err(error) => return Err(classify("read", &error)),
        }
        match deleted {
            // The garbage collection of the service may have deleted it first.
            Err(StoreError::ObjectStore(object_store::Error::NotFound { .. })) | Ok(()) => Ok(()),
            Err(error) => Err(classify("delete", &error)),
        }
    }
}

fn classify(step: &'static str, error: &StoreError) -> ObjectCheckError {
    let (reason, text) = (innermost_reason(error), error.to_string());
    if METADATA_PATHS.iter().any(|path| text.contains(path)) {
        return ObjectCheckError::NoCredentials;
    }
    match error {
        StoreError::ObjectStore(
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. },
        ) => ObjectCheckError::Denied { step, reason },
        StoreError::ObjectStore(object_store::Error::NotFound { .. }) => {
            ObjectCheckError::NoBucket(reason)
        }
        error if is_unreachable(error) => ObjectCheckError::Unreachable(reason),
        _ => ObjectCheckError::Failed { step, reason },
    }
}

/// Returns the error and its causes, the innermost last.
fn causes(error: &StoreError) -> Vec<&(dyn Error + 'static)> {
    let (mut causes, mut next): (Vec<&(dyn Error + 'static)>, _) = (vec![error], error.source());
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    causes
}

fn is_unreachable(error: &StoreError) -> bool {
    causes(error)
        .into_iter()
        .filter_map(|cause| cause.downcast_ref::<HttpError>())
        .any(|error| matches!(error.kind(), HttpErrorKind::Connect | HttpErrorKind::Timeout))
}

/// Returns the text of the innermost cause. If it contains an XML response, returns the text before
/// it and the code in it: the response repeats the request, and is long.
fn innermost_reason(error: &StoreError) -> String {
    let text = causes(error).last().map(ToString::to_string).unwrap_or_default();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    let before_response = text.split('<').next().unwrap_or_default();
    let first_line =
        before_response.lines().next().unwrap_or_default().trim_end_matches([':', ' ']);
    match code {
        Some((code, _)) => format!("{first_line}: {code}"),
        None => first_line.to_owned(),
    }
}
