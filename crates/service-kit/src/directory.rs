//! The newest directory of a service: loaded from the store, verified against the pinned root keys,
//! and never replaced by an older one.

use std::sync::{Arc, PoisonError, RwLock};

use protocol::{
    Hash,
    directory::{Directory, DirectoryError, LastSeen, SignedDirectory, TrustRoots},
};
use time::Date;
use tokio::{
    sync::{Mutex, MutexGuard},
    task::spawn_blocking,
};

/// A directory that the pinned root keys signed.
#[derive(Debug)]
pub struct VerifiedDirectory {
    /// The parsed directory.
    pub directory: Directory,
    /// The directory as signed.
    pub signed: SignedDirectory,
    /// The hash of the signed bytes.
    pub hash: Hash,
}

/// The newest verified directory, and the root keys that each directory is verified against.
#[derive(Debug)]
pub struct LatestDirectory {
    trust: Arc<TrustRoots>,
    latest: RwLock<Option<Arc<VerifiedDirectory>>>,
    /// Held by a [`DirectoryUpdate`].
    updating: Mutex<()>,
}

/// The right to replace the newest directory. At most one exists at a time, so that of two
/// directories that arrive together the older one cannot replace the newer one.
#[derive(Debug)]
pub struct DirectoryUpdate<'a> {
    latest: &'a LatestDirectory,
    _updating: MutexGuard<'a, ()>,
}

impl VerifiedDirectory {
    /// Verifies a directory from the service's own store. It may have expired.
    ///
    /// # Errors
    /// Fails if the pinned root keys did not sign it, or if it is invalid.
    pub fn from_stored(
        signed: SignedDirectory,
        trust: &TrustRoots,
    ) -> Result<Self, DirectoryError> {
        let directory = signed.verify_ignoring_dates(trust)?;
        Ok(Self::new(signed, directory))
    }

    /// Verifies a directory that was sent to the service. `last` is the newest one that the service
    /// has accepted.
    ///
    /// # Errors
    /// Fails if the pinned root keys did not sign it, or if it is expired, older than the newest
    /// one, or invalid.
    pub fn from_sender(
        signed: SignedDirectory,
        trust: &TrustRoots,
        today: Date,
        last: Option<LastSeen>,
    ) -> Result<Self, DirectoryError> {
        let directory = signed.verify(trust, today, last)?;
        Ok(Self::new(signed, directory))
    }

    fn new(signed: SignedDirectory, directory: Directory) -> Self {
        let hash = signed.hash();
        Self { directory, signed, hash }
    }

    /// Returns the epoch and the hash, with which an older directory is refused.
    pub fn last_seen(&self) -> LastSeen {
        LastSeen { epoch: self.directory.epoch, hash: self.hash }
    }
}

impl LatestDirectory {
    /// Pins the root keys. There is no directory yet.
    pub fn new(trust: TrustRoots) -> Self {
        Self { trust: Arc::new(trust), latest: RwLock::default(), updating: Mutex::default() }
    }

    /// Returns the pinned root keys.
    pub fn trust(&self) -> &TrustRoots {
        &self.trust
    }

    /// Returns the newest directory, even if it has expired.
    pub fn latest(&self) -> Option<Arc<VerifiedDirectory>> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the newest directory, unless it has expired.
    pub fn current(&self, today: Date) -> Option<Arc<VerifiedDirectory>> {
        self.latest().filter(|latest| latest.directory.expires >= today)
    }

    /// Waits until no other update runs, and begins one. Dropping it ends the update.
    pub async fn begin_update(&self) -> DirectoryUpdate<'_> {
        DirectoryUpdate { _updating: self.updating.lock().await, latest: self }
    }
}

impl DirectoryUpdate<'_> {
    /// Makes a directory from the service's own store the newest one, and returns it. It may have
    /// expired.
    ///
    /// # Errors
    /// Fails if the pinned root keys did not sign it, or if it is invalid or older than the newest
    /// one. The newest one is unchanged then.
    pub fn load(&self, signed: SignedDirectory) -> Result<Arc<VerifiedDirectory>, DirectoryError> {
        let loaded = Arc::new(VerifiedDirectory::from_stored(signed, &self.latest.trust)?);
        if let Some(latest) = self.latest.latest() {
            latest.last_seen().check_not_rolled_back(&loaded.last_seen())?;
        }
        self.replace(Arc::clone(&loaded));
        Ok(loaded)
    }

    /// Verifies a directory that was sent to the service, outside of the async threads. Returns
    /// `None` if it is the newest one already. The caller stores it before [`Self::replace`].
    ///
    /// # Errors
    /// Fails if the pinned root keys did not sign it, or if it is expired, older than the newest
    /// one, or invalid.
    pub async fn verify(
        &self,
        signed: SignedDirectory,
        today: Date,
    ) -> Result<Option<VerifiedDirectory>, DirectoryError> {
        let (trust, last) =
            (Arc::clone(&self.latest.trust), self.latest.latest().map(|latest| latest.last_seen()));
        let verified =
            spawn_blocking(move || VerifiedDirectory::from_sender(signed, &trust, today, last));
        let verified =
            verified.await.map_err(|error| DirectoryError::Malformed(error.to_string()))??;
        Ok(Some(verified).filter(|verified| last.is_none_or(|last| last.hash != verified.hash)))
    }

    /// Makes a verified directory the newest one.
    pub fn replace(&self, verified: Arc<VerifiedDirectory>) {
        *self.latest.latest.write().unwrap_or_else(PoisonError::into_inner) = Some(verified);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ed25519_dalek::SigningKey;
    use protocol::{
        directory::{Desk, LogSettings, Member},
        keys::{InvestigatorIdentity, PublicKey, TransportIdentity},
    };
    use rand::{SeedableRng, rngs::StdRng};
    use time::macros::date;
    use uuid::Uuid;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 23);

    /// A root key, and the first directory that it signs.
    struct Publisher {
        root: SigningKey,
        directory: Directory,
    }

    impl Publisher {
        fn new() -> Self {
            let mut rng = StdRng::seed_from_u64(1);
            let member = Member {
                handle: "awa".to_owned(),
                recipient: InvestigatorIdentity::generate(&mut rng).recipient(),
                device: PublicKey::from(&SigningKey::generate(&mut rng)),
                units: Vec::new(),
                languages: Vec::new(),
            };
            let oversight = Desk {
                id: "external".to_owned(),
                labels: BTreeMap::new(),
                categories: Vec::new(),
                audiences: Vec::new(),
                members: vec![member.handle.clone()],
                units: Vec::new(),
            };
            let directory = Directory {
                v: 1,
                instance: Uuid::from_u128(7),
                epoch: 1,
                previous: None,
                issued: TODAY,
                expires: TODAY,
                transport: vec![TransportIdentity::generate(&mut rng).recipient()],
                handler_key: PublicKey::from(&SigningKey::generate(&mut rng)),
                log: LogSettings::default(),
                members: vec![member],
                desks: vec![oversight],
                oversight: "external".to_owned(),
                programs: Vec::new(),
            };
            Self { root: SigningKey::generate(&mut rng), directory }
        }

        fn trust(&self) -> TrustRoots {
            TrustRoots {
                instance: self.directory.instance,
                threshold: 1,
                roots: vec![PublicKey::from(&self.root)],
            }
        }

        fn sign(&self, epoch: u64) -> SignedDirectory {
            self.sign_with(epoch, &self.root)
        }

        fn sign_with(&self, epoch: u64, root: &SigningKey) -> SignedDirectory {
            let directory = Directory { epoch, ..self.directory.clone() };
            SignedDirectory::sign(&directory, std::slice::from_ref(root)).unwrap()
        }
    }

    fn epoch(latest: &LatestDirectory) -> Option<u64> {
        latest.latest().map(|latest| latest.directory.epoch)
    }

    #[tokio::test]
    async fn neither_a_sender_nor_the_store_replaces_a_directory_by_an_older_one() {
        let publisher = Publisher::new();
        let latest = LatestDirectory::new(publisher.trust());
        let update = latest.begin_update().await;
        update.load(publisher.sign(2)).unwrap();
        for refused in [
            update.load(publisher.sign(1)).unwrap_err(),
            update.verify(publisher.sign(1), TODAY).await.unwrap_err(),
        ] {
            assert_eq!(refused, DirectoryError::RolledBack { found: 1, seen: 2 });
        }
        assert_eq!(epoch(&latest), Some(2));
        assert!(update.verify(publisher.sign(2), TODAY).await.unwrap().is_none(), "the same one");
        let verified = update.verify(publisher.sign(3), TODAY).await.unwrap().unwrap();
        assert_eq!(epoch(&latest), Some(2), "the caller stores it first");
        update.replace(Arc::new(verified));
        assert_eq!(epoch(&latest), Some(3));
    }

    #[tokio::test]
    async fn a_directory_of_an_unknown_root_key_is_refused() {
        let publisher = Publisher::new();
        let latest = LatestDirectory::new(publisher.trust());
        let update = latest.begin_update().await;
        let forged = publisher.sign_with(1, &SigningKey::from_bytes(&[77; 32]));
        for refused in [
            update.load(forged.clone()).unwrap_err(),
            update.verify(forged, TODAY).await.unwrap_err(),
        ] {
            assert_eq!(refused, DirectoryError::ThresholdNotMet { valid: 0, needed: 1 });
        }
        assert_eq!(epoch(&latest), None);
    }

    #[tokio::test]
    async fn an_expired_directory_is_loaded_but_is_not_current() {
        let publisher = Publisher::new();
        let latest = LatestDirectory::new(publisher.trust());
        let update = latest.begin_update().await;
        let tomorrow = TODAY.next_day().unwrap();
        let refused = update.verify(publisher.sign(1), tomorrow).await.unwrap_err();
        assert_eq!(refused, DirectoryError::Expired(TODAY));
        update.load(publisher.sign(1)).unwrap();
        assert_eq!(epoch(&latest), Some(1));
        assert!(latest.current(TODAY).is_some() && latest.current(tomorrow).is_none());
    }
}
