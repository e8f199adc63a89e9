//! One request to a witness: `POST /add-checkpoint` of C2SP tlog-witness.

use std::time::Duration;

use http::{StatusCode, header::CONTENT_TYPE};
use reqwest::{Client, Response, Url};
use transparency_log::{note::NoteSignature, witness::AddCheckpoint};

use super::WitnessError;
use crate::{
    config::WitnessConfig,
    outbound::{innermost_cause, outbound_client, single_line},
};

/// Maximum duration of a request, from connecting to the last byte of the response.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// Maximum length of a response in bytes. A cosignature line has about 150.
pub const MAX_RESPONSE_LEN: usize = 16 * 1024;
/// The content type of a size, with which a witness asks for a proof from that size.
const SIZE_TYPE: &str = "text/x.tlog.size";

/// The address of a witness.
#[derive(Debug)]
pub(super) struct WitnessEndpoint {
    pub(super) name: String,
    client: Client,
    url: Url,
    timeout: Duration,
}

/// What a witness answers.
#[derive(Debug)]
pub(super) enum WitnessAnswer {
    /// Signature lines. One of them is the cosignature.
    Cosigned(Vec<NoteSignature>),
    /// The witness has cosigned a tree of this size last.
    OtherSize(u64),
}

impl WitnessEndpoint {
    /// Returns the endpoint, or `None` unless the URL is `https://`, or `http://` to this machine.
    pub(super) fn new(config: &WitnessConfig) -> Option<Self> {
        let prefix = config.url.trim_end_matches('/');
        let (client, url) = outbound_client(&format!("{prefix}/add-checkpoint"))?;
        Some(Self { name: config.name.clone(), client, url, timeout: REQUEST_TIMEOUT })
    }

    /// Replaces the maximum duration of a request.
    pub(super) fn with_request_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Asks for a cosignature.
    ///
    /// # Errors
    /// If the witness does not answer in time, refuses, or answers anything else than the
    /// specification.
    pub(super) async fn add_checkpoint(
        &self,
        request: &AddCheckpoint,
    ) -> Result<WitnessAnswer, WitnessError> {
        let failed = |error: reqwest::Error| {
            if error.is_timeout() {
                WitnessError::TimedOut(self.timeout)
            } else {
                WitnessError::Unreachable(innermost_cause(&error))
            }
        };
        let sent = self.client.post(self.url.clone()).timeout(self.timeout);
        let response = sent.body(request.to_string()).send().await.map_err(failed)?;
        let status = response.status();
        let is_size = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|content_type| content_type.as_bytes() == SIZE_TYPE.as_bytes());
        let body = read_body(response).await.map_err(|error| match error {
            BodyError::TooLong => {
                WitnessError::Unexpected(format!("it is longer than {MAX_RESPONSE_LEN} bytes"))
            }
            BodyError::Request(error) => failed(error),
        })?;
        let reason = || single_line(&body);
        match status {
            StatusCode::OK => parse_lines(&body).map(WitnessAnswer::Cosigned),
            StatusCode::CONFLICT if is_size => parse_size(&body).map(WitnessAnswer::OtherSize),
            StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
                Err(WitnessError::Refused { status: status.as_u16(), reason: reason() })
            }
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Err(WitnessError::UnknownLog(status.as_u16()))
            }
            _ => Err(WitnessError::Unexpected(format!("status {}: {}", status.as_u16(), reason()))),
        }
    }
}

enum BodyError {
    TooLong,
    Request(reqwest::Error),
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Request)? {
        if chunk.len() > MAX_RESPONSE_LEN - body.len() {
            return Err(BodyError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse_lines(body: &[u8]) -> Result<Vec<NoteSignature>, WitnessError> {
    let text = std::str::from_utf8(body).ok().and_then(|text| text.strip_suffix('\n'));
    let malformed = || WitnessError::Unexpected("it does not consist of signature lines".into());
    let lines = text.ok_or_else(malformed)?.split('\n');
    lines.map(|line| line.parse().map_err(|_| malformed())).collect()
}

fn parse_size(body: &[u8]) -> Result<u64, WitnessError> {
    let text = std::str::from_utf8(body).ok().and_then(|text| text.strip_suffix('\n'));
    let size = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    size.and_then(|size| size.parse().ok())
        .ok_or_else(|| WitnessError::Unexpected("the size is not a decimal number".into()))
}
