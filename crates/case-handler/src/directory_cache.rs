//! All accepted directories, in memory and in the store. All tasks of the case handler share them.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use bytes::Bytes;
use protocol::{
    Hash,
    directory::{DirectoryError, FIRST_LOG_EPOCH, SignedDirectory, TrustRoots},
};
use service_kit::directory::{LatestDirectory, VerifiedDirectory};
use time::Date;
use tokio::task::spawn_blocking;
use transparency_log::policy::LogPolicy;

use crate::store::{CaseStore, StoreError};

/// Why a directory was rejected.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The body is not the JSON of a signed directory.
    #[error("the body is not the JSON of a signed directory")]
    Malformed,
    /// The directory is unsigned, expired, rolled back or invalid.
    #[error(transparent)]
    Rejected(#[from] DirectoryError),
    /// The directory returns to an earlier log, of which witnesses have cosigned another tree.
    #[error(
        "the directory returns from log {present} to log {offered}; an earlier log cannot be continued"
    )]
    EarlierLog {
        /// The epoch of the log in the newest directory.
        present: u32,
        /// The epoch of the log in the rejected directory.
        offered: u32,
    },
    /// The directory could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All accepted directories. Empty before the first is published.
#[derive(Debug)]
pub struct DirectoryCache {
    latest: LatestDirectory,
    by_hash: RwLock<HashMap<Hash, Arc<VerifiedDirectory>>>,
}

impl DirectoryCache {
    /// Loads the stored directories. The newest may have expired. The case handler still uses an
    /// expired directory; reporters do not seal reports to it.
    ///
    /// # Errors
    /// Fails if the store cannot be read, or if a stored directory is not signed by the root keys.
    pub async fn load(trust: TrustRoots, store: &CaseStore) -> Result<Self, PublishError> {
        let cache = Self { latest: LatestDirectory::new(trust), by_hash: RwLock::default() };
        let update = cache.latest.begin_update().await;
        for signed in store.directories().await? {
            cache.insert_by_hash(update.load(signed)?);
        }
        drop(update);
        Ok(cache)
    }

    /// Returns the newest directory.
    pub fn latest(&self) -> Option<Arc<VerifiedDirectory>> {
        self.latest.latest()
    }

    /// Returns the directory that an envelope names. Submissions in transit may still be sealed to
    /// members of an older one.
    pub fn by_hash(&self, hash: &Hash) -> Option<Arc<VerifiedDirectory>> {
        self.by_hash.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    /// Accepts a newer directory. The newest directory is accepted again without a change. `body`
    /// is the JSON of a [`SignedDirectory`].
    ///
    /// A directory with a later epoch of the log begins an empty log, in the same transaction:
    /// every event gets a leaf again. It also ends the pause of the log after a restore, unless it
    /// was signed before the restore: the log that it begins may have been signed already.
    ///
    /// Any client may send a directory. Therefore verification runs one call at a time, outside of
    /// the async threads, and before the writer lock is taken. Only a directory that the root keys
    /// signed and that is newer than the latest one is written to the database.
    ///
    /// # Errors
    /// Fails if the body is malformed, or if the directory is rejected or cannot be stored.
    pub async fn publish(
        &self,
        body: Bytes,
        today: Date,
        store: &CaseStore,
    ) -> Result<(), PublishError> {
        let update = self.latest.begin_update().await;
        let parsed = spawn_blocking(move || serde_json::from_slice::<SignedDirectory>(&body).ok());
        let signed = parsed.await.ok().flatten().ok_or(PublishError::Malformed)?;
        let Some(accepted) = update.verify(signed, today).await? else { return Ok(()) };
        let accepted = Arc::new(accepted);
        let offered = accepted.directory.log.epoch;
        // A store without a directory has signed no checkpoint. A restored one may have lost them.
        let present = self.latest().map_or(FIRST_LOG_EPOCH, |latest| latest.directory.log.epoch);
        if offered < present {
            return Err(PublishError::EarlierLog { present, offered });
        }
        let policy = LogPolicy::of_directory(&accepted.directory);
        let previous = self.latest().map(|latest| LogPolicy::of_directory(&latest.directory));
        let transaction = store.begin_write().await?;
        transaction.add_directory(accepted.directory.epoch, &accepted.signed).await?;
        if previous.is_some_and(|previous| previous != policy) {
            transaction.outdate_mailbox_logs().await?;
        }
        if offered > present {
            transaction.clear_transparency_log().await?;
            let restored = transaction.log_paused_since().await?;
            if restored.is_some_and(|restored| accepted.directory.issued < restored) {
                tracing::error!(
                    "this directory was signed before the restore, so log {offered} stays paused. Begin \
                     another log: `burkindi admin log restart`, sign, publish"
                );
            } else {
                transaction.end_log_pause().await?;
                tracing::info!("the transparency log begins again, as log {offered}");
            }
        }
        transaction
            .commit_then(|| {
                self.insert_by_hash(Arc::clone(&accepted));
                update.replace(accepted);
            })
            .await
            .map_err(Into::into)
    }

    fn insert_by_hash(&self, verified: Arc<VerifiedDirectory>) {
        let mut by_hash = self.by_hash.write().unwrap_or_else(PoisonError::into_inner);
        by_hash.insert(verified.hash, verified);
    }
}
