//! Uploads that continue after a cut, as the script of the pages makes them.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use protocol::{Hash, Priority, directory::Directory, submission::report_body::ReportBody};
use rand::{RngCore, rngs::OsRng};
use reporter::{ReportDraft, ReportSealer, ReportSecrets};
use reqwest::{Client, StatusCode};
use uuid::Uuid;

use crate::RunningInstallation;

/// Maximum time of an upload, on a slow machine under load.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(5);
/// Delay after a failure.
const RETRY_DELAY: Duration = Duration::from_millis(20);

/// A sealed report with one file.
#[derive(Debug)]
pub struct SealedReport {
    /// The id of its case.
    pub case: Uuid,
    /// The code of its receipt.
    pub code: String,
    /// The submission.
    pub sealed: Vec<u8>,
    /// The hash of the file.
    pub file_hash: Hash,
}

/// A reporter whose browser seals reports.
#[derive(Debug, Clone)]
pub struct SealingReporter {
    directory: Directory,
    directory_hash: Hash,
}

impl SealingReporter {
    /// Returns a reporter with the directory of this installation.
    ///
    /// # Errors
    /// If the intake does not return a directory.
    pub async fn of(running: &RunningInstallation) -> Result<Self> {
        let url = format!("{}/directory.json", running.installation.public_url());
        let bytes = reqwest::get(url).await?.bytes().await?;
        let directory = serde_json::from_slice(&bytes)?;
        Ok(Self { directory, directory_hash: Hash::of(&[&bytes]) })
    }

    /// Returns a report with a file of random bytes.
    ///
    /// # Errors
    /// If sealing fails.
    pub fn seal(&self, file_len: u64, rng: &mut impl RngCore) -> Result<SealedReport> {
        let body = ReportBody {
            category: "FAC".to_owned(),
            audience: "trader".to_owned(),
            answers: BTreeMap::new(),
            story: "Le film est joint.".to_owned(),
        };
        let (lang, week) = ("fr".to_owned(), "2026-W48".to_owned());
        let draft = ReportDraft { body, lang, priority: Priority::P3, excluded: vec![], week };
        let secrets = ReportSecrets::generate(&mut OsRng);
        let mut content = vec![0; usize::try_from(file_len)?];
        rng.fill_bytes(&mut content);
        let (directory, hash) = (&self.directory, self.directory_hash);
        let mut sealer =
            ReportSealer::begin(directory, hash, &secrets, draft, Vec::new(), &mut OsRng)?;
        sealer.attach("film.mp4", "video/mp4", &mut &content[..])?;
        Ok(SealedReport {
            case: secrets.case_id(),
            code: secrets.receipt().code(),
            sealed: sealer.finish()?,
            file_hash: Hash::of(&[&content]),
        })
    }
}

/// An upload under an id of its own.
#[derive(Debug)]
pub struct ResumableUpload {
    http: Client,
    url: String,
    id: String,
}

impl ResumableUpload {
    /// Draws an id for an upload to this address, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub fn new(base: &str, rng: &mut impl RngCore) -> Result<Self> {
        let mut id = [0; 32];
        rng.fill_bytes(&mut id);
        let id = BASE64_URL_SAFE_NO_PAD.encode(id);
        let http = Client::builder().pool_max_idle_per_host(0).no_proxy().build()?;
        Ok(Self { http, url: format!("{base}/api/uploads/{id}"), id })
    }

    /// Returns the id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Asks at which offset the upload continues. Returns `None` if the submission is stored.
    ///
    /// # Errors
    /// If the request fails.
    pub async fn offset(&self) -> Result<Option<usize>> {
        let response = self.http.get(&self.url).send().await?;
        if response.status() == StatusCode::CREATED {
            return Ok(None);
        }
        ensure!(response.status() == StatusCode::OK, "{}", response.status());
        let answer: serde_json::Value = serde_json::from_slice(&response.bytes().await?)?;
        Ok(Some(usize::try_from(answer["offset"].as_u64().context("no offset")?)?))
    }

    /// Sends bytes of a submission of `len` bytes.
    ///
    /// # Errors
    /// If the request fails.
    pub async fn append(&self, len: usize, offset: usize, body: Vec<u8>) -> Result<StatusCode> {
        let request = self.http.post(&self.url).body(body);
        let request = request.header("upload-offset", offset).header("upload-length", len);
        Ok(request.send().await?.status())
    }

    /// Sends a submission and continues after each failure, until it is acknowledged. Returns the
    /// number of attempts.
    ///
    /// # Errors
    /// If this takes too long.
    pub async fn send(&self, sealed: &[u8]) -> Result<usize> {
        let start = Instant::now();
        let mut attempts = 0;
        while start.elapsed() < UPLOAD_TIMEOUT {
            match self.offset().await {
                Ok(None) => return Ok(attempts),
                Ok(Some(offset)) if offset < sealed.len() => {
                    attempts += 1;
                    let sent = self.append(sealed.len(), offset, sealed[offset..].to_vec()).await;
                    if sent.is_ok_and(|status| status == StatusCode::CREATED) {
                        return Ok(attempts);
                    }
                }
                Ok(Some(offset)) => bail!("offset {offset} of {} bytes", sealed.len()),
                Err(_) => tokio::time::sleep(RETRY_DELAY).await,
            }
        }
        bail!("the upload did not end within {UPLOAD_TIMEOUT:?}")
    }
}
