//! The directory in force: the newest that the case handler has put and that our own pinned keys
//! vouch for.

use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Bytes;
use protocol::{
    Hash,
    directory::{Directory, DirectoryError, LastSeen, SignedDirectory, TrustRoots},
};
use time::Date;

use crate::store::{Store, StoreError};

/// A verified directory, ready to be served and to be sealed to.
#[derive(Debug)]
pub struct VerifiedDirectory {
    /// Its content.
    pub directory: Directory,
    /// Of its bytes.
    pub hash: Hash,
    /// `directory.json`, as signed.
    pub bytes: Bytes,
    /// `directory.sig`: the signatures as JSON.
    pub signatures: Bytes,
}

/// Keeps the newest directory, in memory and in the spool.
pub struct DirectoryCache {
    trust: TrustRoots,
    latest: RwLock<Option<Arc<VerifiedDirectory>>>,
    /// Serializes the acceptance of directories.
    accept_lock: tokio::sync::Mutex<()>,
}

/// The reasons why a directory is rejected.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryAcceptError {
    /// The directory is invalid.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The directory is valid, but could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DirectoryCache {
    /// Takes up the directory that the spool has kept. One that the pinned keys do not vouch for
    /// any more is left alone.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn load(trust: TrustRoots, store: &Store) -> Result<Self, StoreError> {
        let directories =
            Self { trust, latest: RwLock::default(), accept_lock: tokio::sync::Mutex::default() };
        if !directories.load_from_store(store).await? {
            tracing::warn!(
                "the stored directory is not signed by the root keys in directory.trust"
            );
        }
        Ok(directories)
    }

    /// What is believed.
    pub fn trust(&self) -> &TrustRoots {
        &self.trust
    }

    /// Takes up what another replica has accepted since.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let _alone = self.accept_lock.lock().await;
        self.load_from_store(store).await.map(drop)
    }

    /// Is what the spool has kept vouched for?
    async fn load_from_store(&self, store: &Store) -> Result<bool, StoreError> {
        let newest = self.latest();
        let kept = store.load_directory().await?;
        let Some(signed) =
            kept.filter(|kept| newest.is_none_or(|newest| newest.hash != kept.hash()))
        else {
            return Ok(true);
        };
        let Ok(directory) = signed.verify_ignoring_dates(&self.trust) else { return Ok(false) };
        self.replace(signed, directory);
        Ok(true)
    }

    /// The directory that reports may be sealed to on this day.
    pub fn current(&self, today: Date) -> Option<Arc<VerifiedDirectory>> {
        self.latest().filter(|newest| newest.directory.expires >= today)
    }

    /// Verifies a directory and keeps it.
    ///
    /// # Errors
    /// If the directory is refused, or the database fails.
    pub async fn accept(
        &self,
        signed: SignedDirectory,
        store: &Store,
        today: Date,
    ) -> Result<(), DirectoryAcceptError> {
        let _alone = self.accept_lock.lock().await;
        self.load_from_store(store).await?;
        let newest = self.latest();
        let last =
            newest.map(|newest| LastSeen { epoch: newest.directory.epoch, hash: newest.hash });
        let directory = signed.verify(&self.trust, today, last)?;
        if last.is_some_and(|last| last.epoch == directory.epoch) {
            return Ok(());
        }
        store.save_directory(&signed).await?;
        self.replace(signed, directory);
        Ok(())
    }

    fn replace(&self, signed: SignedDirectory, directory: Directory) {
        let accepted = Arc::new(VerifiedDirectory::new(signed, directory));
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = Some(accepted);
    }

    /// The newest, even if it has expired.
    pub fn latest(&self) -> Option<Arc<VerifiedDirectory>> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl VerifiedDirectory {
    fn new(signed: SignedDirectory, directory: Directory) -> Self {
        let signatures = serde_json::to_vec(&signed.signatures).expect("signatures are strings");
        Self {
            directory,
            hash: signed.hash(),
            signatures: signatures.into(),
            bytes: signed.bytes.into(),
        }
    }
}
