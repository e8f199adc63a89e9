//! The directory in force, shared by everything that asks who is who.

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

/// A verified directory with its bytes.
#[derive(Debug)]
pub struct VerifiedDirectory {
    /// What it says.
    pub directory: Directory,
    /// As signed.
    pub signed: SignedDirectory,
    /// Of its bytes.
    pub hash: Hash,
}

/// Why a directory was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Not the JSON of a signed directory.
    #[error("the body is not the JSON of a signed directory")]
    Malformed,
    /// Not signed, expired, rolled back, or against a rule.
    #[error(transparent)]
    Rejected(#[from] DirectoryError),
    /// Could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Every directory that was accepted; none before the first was published.
#[derive(Debug)]
pub struct DirectoryCache {
    trust: TrustRoots,
    cached: RwLock<CachedDirectories>,
    /// Held while a directory is verified and kept: of two published at once, the older must not
    /// come to stand in front of the newer.
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
    /// The directories that were kept. The newest may have expired since: the handler goes on
    /// working with what it knows, and only reporters stop sealing to it.
    pub async fn load(trust: TrustRoots, store: &CaseStore) -> Result<Self, PublishError> {
        let mut known = CachedDirectories::default();
        for signed in store.directories().await? {
            known.add(to_verified(signed.verify_ignoring_dates(&trust)?, signed));
        }
        Ok(Self { trust, cached: RwLock::new(known), verifying: tokio::sync::Mutex::default() })
    }

    /// The directory in force.
    pub fn latest(&self) -> Option<Arc<VerifiedDirectory>> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).latest.clone()
    }

    fn last_seen(&self) -> Option<LastSeen> {
        self.latest()
            .map(|accepted| LastSeen { epoch: accepted.directory.epoch, hash: accepted.hash })
    }

    /// The directory that an envelope names: submissions under way may still be sealed to people of
    /// an older one.
    pub fn by_hash(&self, hash: &Hash) -> Option<Arc<VerifiedDirectory>> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).by_hash.get(hash).cloned()
    }

    /// Takes a newer directory; the one in force again changes nothing. `body` is the JSON of a
    /// [`SignedDirectory`].
    ///
    /// Anybody may call this: whatever takes time is done one call at a time, outside of the async
    /// threads, and before the writer's lock is taken. Only a directory that the root keys signed
    /// and that is newer than the one in force gets that far.
    ///
    /// # Errors
    /// When the body is malformed, or the directory is refused or cannot be kept.
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
        let writing = store.begin_write().await?;
        writing.add_directory(accepted.directory.epoch, &accepted.signed).await?;
        writing
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
