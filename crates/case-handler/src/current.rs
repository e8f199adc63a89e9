//! The directory in force, shared by everything that asks who is who.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

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

/// Every directory that was accepted; none before the first was published.
#[derive(Debug)]
pub struct Current {
    trust: Trust,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    newest: Option<Arc<Accepted>>,
    by_hash: HashMap<Hash, Arc<Accepted>>,
}

impl Known {
    fn add(&mut self, accepted: Accepted) {
        let accepted = Arc::new(accepted);
        self.by_hash.insert(accepted.hash, Arc::clone(&accepted));
        self.newest = Some(accepted);
    }
}

impl Current {
    /// The directories that were kept. The newest may have expired since: the handler goes on working with what it knows, and
    /// only reporters stop sealing to it.
    pub async fn load(trust: Trust, store: &Store) -> Result<Self, PublishError> {
        let mut known = Known::default();
        for signed in store.directories().await? {
            known.add(accept(signed.verify_past(&trust)?, signed));
        }
        Ok(Self { trust, known: RwLock::new(known) })
    }

    /// The directory in force.
    pub fn get(&self) -> Option<Arc<Accepted>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).newest.clone()
    }

    /// The directory that an envelope names: submissions under way may still be sealed to people of an older one.
    pub fn named(&self, hash: &Hash) -> Option<Arc<Accepted>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).by_hash.get(hash).cloned()
    }

    /// Takes a newer directory; the one in force again changes nothing.
    pub async fn publish(
        &self,
        signed: SignedDirectory,
        today: Date,
        store: &Store,
    ) -> Result<(), PublishError> {
        // Under the writer's lock: of two published at once, the older must not come to stand in front of the newer.
        let writing = store.write().await?;
        let last = self.get().map(|a| LastSeen { epoch: a.directory.epoch, hash: a.hash });
        let directory = signed.verify(&self.trust, today, last)?;
        let accepted = accept(directory, signed);
        if last.is_some_and(|last| last.hash == accepted.hash) {
            return Ok(());
        }
        writing.add_directory(accepted.directory.epoch, &accepted.signed).await?;
        writing
            .commit_and(|| {
                self.known.write().unwrap_or_else(PoisonError::into_inner).add(accepted);
            })
            .await
            .map_err(Into::into)
    }
}

fn accept(directory: Directory, signed: SignedDirectory) -> Accepted {
    let hash = signed.hash();
    Accepted { directory, signed, hash }
}
