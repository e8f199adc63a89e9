//! The newest directory that the case handler has sent, in memory and in the spool.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::directory::{DirectoryError, SignedDirectory, TrustRoots};
use service_kit::directory::{DirectoryUpdate, LatestDirectory, VerifiedDirectory};
use time::Date;

use crate::precompressed::Precompressed;
use crate::store::{Store, StoreError};

/// The newest directory, in memory and in the spool.
pub struct DirectoryCache {
    latest: LatestDirectory,
    trust: Precompressed,
    /// The responses for the directory that was served last.
    served: Mutex<Option<Arc<ServedDirectory>>>,
}

/// The responses for one directory.
pub(crate) struct ServedDirectory {
    /// The directory, byte for byte as it is signed.
    pub(crate) document: Precompressed,
    /// Its signatures.
    pub(crate) signatures: Precompressed,
}

impl ServedDirectory {
    fn new(verified: &VerifiedDirectory) -> Self {
        let signatures = serde_json::to_vec(&verified.signed.signatures);
        let signatures = signatures.expect("signatures are strings");
        Self {
            document: Precompressed::new(JSON, verified.signed.bytes.clone()),
            signatures: Precompressed::new(JSON, signatures),
        }
    }
}

const JSON: &str = "application/json";

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
        let roots = serde_json::to_vec(&trust).expect("root keys are strings and numbers");
        let cache = Self {
            latest: LatestDirectory::new(trust),
            trust: Precompressed::new(JSON, roots),
            served: Mutex::default(),
        };
        let update = cache.latest.begin_update().await;
        if let Err(error) = load_from_store(&update, &cache.latest, store).await? {
            tracing::warn!(
                "the stored directory is not valid under the root keys in directory.trust: {error}"
            );
        }
        drop(update);
        Ok(cache)
    }

    /// Returns the pinned root keys.
    pub fn trust(&self) -> &TrustRoots {
        self.latest.trust()
    }

    /// The response with the pinned root keys.
    pub(crate) fn served_trust(&self) -> &Precompressed {
        &self.trust
    }

    /// Returns the responses for the directory that reports may be sealed to on this day.
    pub(crate) fn served(&self, today: Date) -> Option<Arc<ServedDirectory>> {
        let current = self.current(today)?;
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let known = served.as_ref().filter(|served| served.document.hash() == current.hash);
        let responses = known.cloned().unwrap_or_else(|| Arc::new(ServedDirectory::new(&current)));
        *served = Some(Arc::clone(&responses));
        Some(responses)
    }

    /// Loads what another replica has accepted since.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        load_from_store(&self.latest.begin_update().await, &self.latest, store).await.map(drop)
    }

    /// Returns the directory that reports may be sealed to on this day.
    pub fn current(&self, today: Date) -> Option<Arc<VerifiedDirectory>> {
        self.latest.current(today)
    }

    /// Returns the newest directory, even if it has expired.
    pub fn latest(&self) -> Option<Arc<VerifiedDirectory>> {
        self.latest.latest()
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
        let update = self.latest.begin_update().await;
        // An invalid directory in the spool does not prevent the acceptance of a valid one.
        drop(load_from_store(&update, &self.latest, store).await?);
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
