//! The newest directory that the case handler has sent, in memory and in the spool.

use std::sync::Arc;

use protocol::directory::{DirectoryError, SignedDirectory, TrustRoots};
use service_kit::directory::{DirectoryUpdate, LatestDirectory, VerifiedDirectory};
use time::Date;

use crate::store::{Store, StoreError};

/// The newest directory, in memory and in the spool.
#[derive(Debug)]
pub struct DirectoryCache(LatestDirectory);

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
    /// Loads the directory of the spool. If the pinned root keys did not sign it, there is no
    /// directory until the case handler sends one.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn load(trust: TrustRoots, store: &Store) -> Result<Self, StoreError> {
        let cache = Self(LatestDirectory::new(trust));
        if let Err(error) = load_from_store(&cache.0.begin_update().await, &cache.0, store).await? {
            tracing::warn!(
                "the stored directory is not valid under the root keys in directory.trust: {error}"
            );
        }
        Ok(cache)
    }

    /// Returns the pinned root keys.
    pub fn trust(&self) -> &TrustRoots {
        self.0.trust()
    }

    /// Loads what another replica has accepted since.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        load_from_store(&self.0.begin_update().await, &self.0, store).await.map(drop)
    }

    /// Returns the directory that reports may be sealed to on this day.
    pub fn current(&self, today: Date) -> Option<Arc<VerifiedDirectory>> {
        self.0.current(today)
    }

    /// Returns the newest directory, even if it has expired.
    pub fn latest(&self) -> Option<Arc<VerifiedDirectory>> {
        self.0.latest()
    }

    /// Verifies a directory and stores it.
    ///
    /// # Errors
    /// If the directory is refused, or the database fails.
    pub async fn accept(
        &self,
        signed: SignedDirectory,
        store: &Store,
        today: Date,
    ) -> Result<(), DirectoryAcceptError> {
        let update = self.0.begin_update().await;
        // An invalid directory in the spool does not prevent the acceptance of a valid one.
        drop(load_from_store(&update, &self.0, store).await?);
        if let Some(verified) = update.verify(signed, today).await? {
            store.save_directory(&verified.signed).await?;
            update.replace(Arc::new(verified));
        }
        Ok(())
    }
}

/// Loads the directory of the spool, unless the spool has none or the newest one is loaded already.
/// The inner error states why a stored directory was not loaded.
async fn load_from_store(
    update: &DirectoryUpdate<'_>,
    latest: &LatestDirectory,
    store: &Store,
) -> Result<Result<(), DirectoryError>, StoreError> {
    let newest = latest.latest();
    let stored = store.load_directory().await?;
    let is_new =
        |stored: &SignedDirectory| newest.is_none_or(|newest| newest.hash != stored.hash());
    Ok(stored.filter(is_new).map_or(Ok(()), |signed| update.load(signed).map(drop)))
}
