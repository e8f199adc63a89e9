//! The directory in force, shared by everything that asks who is who.

use std::sync::{Arc, PoisonError, RwLock};

use envelope::{
    Hash,
    directory::{Directory, DirectoryError, LastSeen, SignedDirectory, Trust},
};
use time::Date;

use crate::store::{Store, StoreError};

/// A verified directory with its bytes.
#[derive(Debug)]
pub struct Accepted {
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
    /// Not signed, expired, rolled back, or against a rule.
    #[error(transparent)]
    Refused(#[from] DirectoryError),
    /// Could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Holds the newest accepted directory; none before the first was published.
#[derive(Debug)]
pub struct Current {
    trust: Trust,
    newest: RwLock<Option<Arc<Accepted>>>,
}

impl Current {
    /// The newest directory that was kept. It may have expired since: the handler goes on working with what it knows, and only
    /// reporters stop sealing to it.
    pub async fn load(trust: Trust, store: &Store) -> Result<Self, PublishError> {
        let newest = match store.newest_directory().await? {
            Some(signed) => Some(Arc::new(accept(signed.verify_past(&trust)?, signed))),
            None => None,
        };
        Ok(Self { trust, newest: RwLock::new(newest) })
    }

    /// The directory in force.
    pub fn get(&self) -> Option<Arc<Accepted>> {
        self.newest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a newer directory; the one in force again changes nothing.
    pub async fn publish(
        &self,
        signed: SignedDirectory,
        today: Date,
        store: &Store,
    ) -> Result<(), PublishError> {
        let last = self.get().map(|a| LastSeen { epoch: a.directory.epoch, hash: a.hash });
        let directory = signed.verify(&self.trust, today, last)?;
        let accepted = accept(directory, signed);
        if last.is_some_and(|last| last.hash == accepted.hash) {
            return Ok(());
        }
        let writing = store.write().await?;
        writing.add_directory(accepted.directory.epoch, &accepted.signed).await?;
        writing.commit().await?;
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(accepted));
        Ok(())
    }
}

fn accept(directory: Directory, signed: SignedDirectory) -> Accepted {
    let hash = signed.hash();
    Accepted { directory, signed, hash }
}
