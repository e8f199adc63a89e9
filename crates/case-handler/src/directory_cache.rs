//! The verified directories, shared by everything that needs to know the members.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use bytes::Bytes;
use protocol::{
    Hash,
    directory::{Directory, DirectoryError, LastSeen, SignedDirectory, TrustRoots},
};
use time::Date;
use tokio::task::spawn_blocking;

use crate::store::{CaseStore, StoreError};

/// A verified directory with its signed bytes.
#[derive(Debug)]
pub struct VerifiedDirectory {
    /// The parsed directory.
    pub directory: Directory,
    /// The directory as signed.
    pub signed: SignedDirectory,
    /// Hash of the signed bytes.
    pub hash: Hash,
}

/// Why a directory was rejected.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The body is not the JSON of a signed directory.
    #[error("the body is not the JSON of a signed directory")]
    Malformed,
    /// The directory is unsigned, expired, rolled back or invalid.
    #[error(transparent)]
    Rejected(#[from] DirectoryError),
    /// The directory could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All accepted directories. Empty before the first is published.
#[derive(Debug)]
pub struct DirectoryCache {
    trust: TrustRoots,
    cached: RwLock<CachedDirectories>,
    /// Held while a directory is verified and stored, so that of two directories published at the
    /// same time the older cannot replace the newer.
    verifying: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct CachedDirectories {
    latest: Option<Arc<VerifiedDirectory>>,
    by_hash: HashMap<Hash, Arc<VerifiedDirectory>>,
}

impl CachedDirectories {
    fn add(&mut self, accepted: VerifiedDirectory) {
        let accepted = Arc::new(accepted);
        self.by_hash.insert(accepted.hash, Arc::clone(&accepted));
        self.latest = Some(accepted);
    }
}

impl DirectoryCache {
    /// Loads the stored directories. The newest may have expired: the case handler continues to
    /// work with it, and only reporters stop sealing to it.
    ///
    /// # Errors
    /// Fails if the store cannot be read, or if a stored directory is not signed by the root keys.
    pub async fn load(trust: TrustRoots, store: &CaseStore) -> Result<Self, PublishError> {
        let mut cached = CachedDirectories::default();
        for signed in store.directories().await? {
            cached.add(to_verified(signed.verify_ignoring_dates(&trust)?, signed));
        }
        Ok(Self { trust, cached: RwLock::new(cached), verifying: tokio::sync::Mutex::default() })
    }

    /// Returns the newest directory.
    pub fn latest(&self) -> Option<Arc<VerifiedDirectory>> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).latest.clone()
    }

    fn last_seen(&self) -> Option<LastSeen> {
        self.latest()
            .map(|accepted| LastSeen { epoch: accepted.directory.epoch, hash: accepted.hash })
    }

    /// Returns the directory that an envelope names. Submissions in transit may still be sealed to
    /// members of an older one.
    pub fn by_hash(&self, hash: &Hash) -> Option<Arc<VerifiedDirectory>> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).by_hash.get(hash).cloned()
    }

    /// Accepts a newer directory. The newest one again changes nothing. `body` is the JSON of a
    /// [`SignedDirectory`].
    ///
    /// Anyone may call this. Therefore verification runs one call at a time, outside of the async
    /// threads, and before the writer lock is taken. Only a directory that the root keys signed and
    /// that is newer than the latest one gets to the database.
    ///
    /// # Errors
    /// Fails if the body is malformed, or if the directory is rejected or cannot be stored.
    pub async fn publish(
        &self,
        body: Bytes,
        today: Date,
        store: &CaseStore,
    ) -> Result<(), PublishError> {
        let _one_at_a_time = self.verifying.lock().await;
        let (trust, last) = (self.trust.clone(), self.last_seen());
        let verified = spawn_blocking(move || {
            let signed: SignedDirectory =
                serde_json::from_slice(&body).map_err(|_| PublishError::Malformed)?;
            let directory = signed.verify(&trust, today, last)?;
            Ok::<_, PublishError>(to_verified(directory, signed))
        });
        let accepted = verified.await.map_err(|_| PublishError::Malformed)??;
        if last.is_some_and(|last| last.hash == accepted.hash) {
            return Ok(());
        }
        let transaction = store.begin_write().await?;
        transaction.add_directory(accepted.directory.epoch, &accepted.signed).await?;
        transaction
            .commit_then(|| {
                self.cached.write().unwrap_or_else(PoisonError::into_inner).add(accepted);
            })
            .await
            .map_err(Into::into)
    }
}

fn to_verified(directory: Directory, signed: SignedDirectory) -> VerifiedDirectory {
    let hash = signed.hash();
    VerifiedDirectory { directory, signed, hash }
}
