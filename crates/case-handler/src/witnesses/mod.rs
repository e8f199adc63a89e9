//! Asks an outside witness of the directory to cosign the checkpoints of the transparency log, and
//! stores its cosignatures.
//!
//! A periodic task for each witness asks until the newest checkpoint has its cosignature. No
//! request runs within a write transaction, so that a slow witness delays nothing else.

mod endpoint;
mod error;

use std::{
    mem::{Discriminant, discriminant},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::directory::Directory;
use transparency_log::{
    checkpoint::{SignedCheckpoint, witness_key},
    note::{NoteSignature, VerifierKey},
};
use web::Clock;

use crate::{
    checkpoints::{self, CosignatureError, LogTreeError},
    config::WitnessConfig,
    directory_cache::DirectoryCache,
    store::{CaseStore, WitnessState},
};
use endpoint::{WitnessAnswer, WitnessEndpoint};

pub use endpoint::MAX_RESPONSE_LEN;
pub use error::WitnessError;

/// Interval at which the task of a witness looks for a checkpoint without its cosignature.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// Delay after the first failure. Each further failure doubles it, up to [`MAX_BACKOFF`].
const INITIAL_BACKOFF: Duration = Duration::from_secs(15);
/// Maximum delay between two requests.
const MAX_BACKOFF: Duration = Duration::from_mins(15);

/// Asks one witness.
#[derive(Debug)]
pub struct WitnessClient {
    endpoint: WitnessEndpoint,
    store: Arc<CaseStore>,
    directories: Arc<DirectoryCache>,
    clock: Clock,
    failures: Mutex<Failures>,
}

/// The failures since the last success.
#[derive(Debug, Default)]
struct Failures {
    count: u32,
    /// When the next request may be sent, as time since the boot.
    retry_at: Duration,
    /// The failure that was logged last.
    logged: Option<Discriminant<WitnessError>>,
}

impl WitnessClient {
    /// Returns the client of a configured witness, or `None` unless its URL is `https://`, or
    /// `http://` to this machine.
    pub fn new(
        config: &WitnessConfig,
        store: &Arc<CaseStore>,
        directories: &Arc<DirectoryCache>,
        clock: Clock,
    ) -> Option<Self> {
        Some(Self {
            endpoint: WitnessEndpoint::new(config)?,
            store: Arc::clone(store),
            directories: Arc::clone(directories),
            clock,
            failures: Mutex::default(),
        })
    }

    /// Replaces the maximum duration of a request.
    #[must_use]
    pub fn with_request_timeout(self, timeout: Duration) -> Self {
        Self { endpoint: self.endpoint.with_request_timeout(timeout), ..self }
    }

    /// Asks for a cosignature of the newest checkpoint if it has none and no failure is recent. A
    /// failure is logged once until it changes: as an error if an operator must act.
    pub async fn ask_if_due(&self) {
        if self.clock.monotonic() < self.lock_failures().retry_at {
            return;
        }
        let asked = self.ask().await;
        let name = &self.endpoint.name;
        let Err(error) = asked else {
            let failures = std::mem::take(&mut *self.lock_failures());
            if failures.logged.is_some() {
                tracing::info!("witness {name} has cosigned the newest checkpoint again");
            }
            return;
        };
        let is_new = {
            let mut failures = self.lock_failures();
            let backoff = INITIAL_BACKOFF.saturating_mul(2u32.saturating_pow(failures.count));
            failures.count += 1;
            failures.retry_at = self.clock.monotonic() + backoff.min(MAX_BACKOFF);
            failures.logged.replace(discriminant(&error)) != Some(discriminant(&error))
        };
        if is_new && error.is_refusal() {
            tracing::error!("witness {name}: {error}");
        } else if is_new {
            tracing::warn!("witness {name}: {error}");
        }
    }

    /// Asks for a cosignature of the newest checkpoint, verifies it with the key in the newest
    /// directory, and stores it. Does nothing if the checkpoint has the cosignature, if there is no
    /// checkpoint, if the directory does not name the witness, or while the log is paused.
    ///
    /// # Errors
    /// If the witness cannot be reached or refuses, or the store fails. A refusal is stored.
    pub async fn ask(&self) -> Result<(), WitnessError> {
        let Some(newest) = self.directories.latest() else { return Ok(()) };
        let Some(key) = self.key_in(&newest.directory) else { return Ok(()) };
        if self.store.log_paused_since().await?.is_some() {
            return Ok(());
        }
        let Some(note) = self.store.newest_checkpoint().await? else { return Ok(()) };
        let checkpoint = SignedCheckpoint::parse(&note).map_err(LogTreeError::from)?;
        if checkpoint.cosigned_at(&key).is_ok_and(|time| time.is_some()) {
            return Ok(());
        }
        let name = &self.endpoint.name;
        let state = self.store.witness_states().await?.remove(name).unwrap_or_default();
        match self.request_cosignature(&key, state.size).await {
            Ok(Some(size)) => {
                let cosigned_at = Some(self.clock.now().unix_timestamp());
                let state = WitnessState { size, cosigned_at, refusal: None };
                Ok(self.store.save_witness_state(name, &state).await?)
            }
            Ok(None) => Ok(()),
            Err(error) => {
                let refusal = error.is_refusal().then(|| error.to_string());
                if refusal.is_some() && refusal != state.refusal {
                    let state = WitnessState { refusal, ..state };
                    self.store.save_witness_state(name, &state).await?;
                }
                Err(error)
            }
        }
    }

    fn key_in(&self, directory: &Directory) -> Option<VerifierKey> {
        let witnesses = &directory.log.witnesses;
        let witness = witnesses.iter().find(|witness| witness.name == self.endpoint.name)?;
        // The rules of the directory allow only names of keys.
        witness_key(witness).ok()
    }

    /// Sends the newest checkpoint with the proof from the size that the witness has cosigned last,
    /// and once more if it names another size. Returns the size of the checkpoint whose cosignature
    /// was stored. Returns `None` if the log has begun again meanwhile.
    async fn request_cosignature(
        &self,
        key: &VerifierKey,
        supposed: u64,
    ) -> Result<Option<u64>, WitnessError> {
        let mut old = supposed;
        for is_first in [true, false] {
            let offered = match checkpoints::newest_with_proof(&self.store, old).await {
                Ok(offered) => offered,
                // The stored size belongs to a log that was replaced.
                Err(LogTreeError::OldSize(_)) if is_first => {
                    checkpoints::newest_with_proof(&self.store, 0).await?
                }
                Err(LogTreeError::OldSize(size)) => return Err(WitnessError::ImpossibleSize(size)),
                Err(error) => return Err(error.into()),
            };
            let Some(offered) = offered else { return Ok(None) };
            let size = offered.checkpoint.checkpoint().size;
            match self.endpoint.add_checkpoint(&offered).await? {
                WitnessAnswer::Cosigned(lines) => {
                    let line = find_cosignature(&offered.checkpoint, key, lines)?;
                    return self.store_cosignature(size, key, line).await;
                }
                WitnessAnswer::OtherSize(cosigned) if cosigned > size => {
                    return Err(WitnessError::Behind { cosigned, size });
                }
                WitnessAnswer::OtherSize(cosigned) => old = cosigned,
            }
        }
        Err(WitnessError::Unexpected("it named another size twice".to_owned()))
    }

    async fn store_cosignature(
        &self,
        size: u64,
        key: &VerifierKey,
        line: NoteSignature,
    ) -> Result<Option<u64>, WitnessError> {
        match checkpoints::add_cosignature(&self.store, size, key, line).await {
            Ok(()) => Ok(Some(size)),
            Err(CosignatureError::Log(error)) => Err(error.into()),
            // The line is valid for the checkpoint that was sent, so another log has begun since.
            Err(
                CosignatureError::UnknownCheckpoint(_)
                | CosignatureError::Note(_)
                | CosignatureError::OtherSigner,
            ) => Ok(None),
        }
    }

    fn lock_failures(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the line that is a valid cosignature of this key.
fn find_cosignature(
    checkpoint: &SignedCheckpoint,
    key: &VerifierKey,
    lines: Vec<NoteSignature>,
) -> Result<NoteSignature, WitnessError> {
    let is_valid = |line: &NoteSignature| {
        let mut cosigned = checkpoint.clone();
        cosigned.add_signature(line.clone()).is_ok()
            && cosigned.cosigned_at(key).is_ok_and(|time| time.is_some())
    };
    lines.into_iter().find(is_valid).ok_or(WitnessError::OtherKey)
}
