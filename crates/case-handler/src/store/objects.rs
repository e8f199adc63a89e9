//! Large sealed parts outside of the database: in a folder, or in a bucket that speaks S3.
//!
//! An object is written before the row that names it, and deleted when no row does. Only one
//! process writes, so that what is under way is known here, and no clock has to decide what is left
//! over.

use std::{
    collections::HashSet,
    fs,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use database::{DatabaseUrl, PoolOptions};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    ObjectStore, ObjectStoreExt as _, aws::AmazonS3Builder, local::LocalFileSystem, path::Path,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{CaseStore, StoreError, entities::part, parts::CHUNK_LEN};

/// Keys in one query.
const KEYS_PER_PAGE: usize = 500;

/// Where objects are.
#[derive(Debug)]
pub struct PartObjectStore {
    store: Box<dyn ObjectStore>,
    folder: Path,
    /// Objects that no committed row names yet.
    in_flight: Mutex<HashSet<Uuid>>,
}

/// Parts that were put into the object store and that no committed row names yet. Dropped, they are
/// left to the sweep.
#[derive(Debug)]
pub struct StagedObjects<'a> {
    objects: Option<&'a PartObjectStore>,
    keys: Vec<Option<Uuid>>,
}

impl PartObjectStore {
    /// `file:///folder`, or `s3://bucket/folder` with the usual settings (`AWS_ENDPOINT`,
    /// `AWS_REGION`, `AWS_ACCESS_KEY_ID`, …), most often the environment's.
    pub fn open(
        url: &str,
        settings: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StoreError> {
        const SCHEME: StoreError = StoreError::InvalidObjectUrl("begins with file:/// or s3://");
        let under_way = Mutex::default();
        if let Some(folder) = url.strip_prefix("file://").filter(|folder| folder.starts_with('/')) {
            fs::create_dir_all(folder)
                .map_err(|_| StoreError::InvalidObjectUrl("its folder cannot be made"))?;
            // An acknowledged part survives a power cut.
            let store = Box::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true));
            return Ok(Self { store, folder: Path::default(), in_flight: under_way });
        }
        let place = url.strip_prefix("s3://").ok_or(SCHEME)?;
        let (bucket, folder) = place.split_once('/').unwrap_or((place, ""));
        let mut builder =
            AmazonS3Builder::new().with_bucket_name(bucket).with_disable_bulk_delete(true);
        for (name, value) in settings {
            let name = name.to_ascii_lowercase();
            if let (true, Ok(key)) = (name.starts_with("aws_"), name.parse()) {
                builder = builder.with_config(key, value);
            }
        }
        Ok(Self {
            store: Box::new(builder.build()?),
            folder: Path::from(folder),
            in_flight: under_way,
        })
    }

    fn path(&self, key: Uuid) -> Path {
        self.folder.clone().join(key.simple().to_string())
    }

    async fn put(&self, bytes: &[u8]) -> Result<Uuid, StoreError> {
        let key = Uuid::new_v4();
        self.lock_in_flight().insert(key);
        self.write(key, Bytes::copy_from_slice(bytes)).await?;
        Ok(key)
    }

    /// Writes an object under a key that it had before.
    pub async fn write(&self, key: Uuid, bytes: impl Into<Bytes>) -> Result<(), StoreError> {
        self.store.put(&self.path(key), bytes.into().into()).await?;
        Ok(())
    }

    /// All bytes of an object.
    pub async fn read(&self, key: Uuid) -> Result<Bytes, StoreError> {
        let pieces: Vec<Bytes> = self.get(key).await?.try_collect().await?;
        Ok(pieces.concat().into())
    }

    /// The bytes of an object.
    pub(super) async fn get(
        &self,
        key: Uuid,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        match self.store.get(&self.path(key)).await {
            Ok(found) => Ok(found.into_stream().map_err(StoreError::from).boxed()),
            Err(object_store::Error::NotFound { .. }) => {
                Err(StoreError::CorruptRow("parts.object"))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn lock_in_flight(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StagedObjects<'_> {
    /// The object of the part with this number; `None` if it belongs into the database.
    pub fn object_key(&self, number: usize) -> Option<Uuid> {
        self.keys.get(number).copied().flatten()
    }

    /// Deletes the objects: no row will name them. What cannot be deleted now is left to the sweep.
    pub async fn discard(self) {
        for key in self.keys.iter().flatten() {
            if let Some(objects) = self.objects {
                objects.store.delete(&objects.path(*key)).await.ok();
            }
        }
    }
}

impl Drop for StagedObjects<'_> {
    fn drop(&mut self) {
        if let Some(objects) = self.objects {
            let mut under_way = objects.lock_in_flight();
            for key in self.keys.iter().flatten() {
                under_way.remove(key);
            }
        }
    }
}

impl CaseStore {
    /// Puts those parts into the object store that are too large for a row, if there is an object
    /// store. To be held until the rows that name them have been committed.
    pub async fn stage_objects(&self, parts: &[Vec<u8>]) -> Result<StagedObjects<'_>, StoreError> {
        let mut stash =
            StagedObjects { objects: self.objects.as_ref(), keys: Vec::with_capacity(parts.len()) };
        for part in parts {
            let key = match &self.objects {
                Some(objects) if part.len() > CHUNK_LEN => Some(objects.put(part).await?),
                _ => None,
            };
            stash.keys.push(key);
        }
        Ok(stash)
    }

    /// Deletes objects that no row names, and gives how many there were.
    pub async fn delete_orphaned_objects(&self) -> Result<u64, StoreError> {
        let Some(objects) = &self.objects else { return Ok(0) };
        let mut swept = 0;
        let mut pages = objects.store.list(Some(&objects.folder)).chunks(KEYS_PER_PAGE);
        while let Some(page) = pages.next().await {
            let mut keys = Vec::with_capacity(page.len());
            for object in page {
                keys.extend(
                    object?.location.filename().and_then(|name| Uuid::try_parse(name).ok()),
                );
            }
            // First what is under way, then what is named: what is committed in between is named.
            keys.retain(|key| !objects.lock_in_flight().contains(key));
            let named: Vec<Option<Uuid>> = part::Entity::find()
                .select_only()
                .column(part::Column::Object)
                .filter(part::Column::Object.is_in(keys.iter().copied()))
                .into_tuple()
                .all(&self.db)
                .await?;
            for key in keys.into_iter().filter(|key| !named.contains(&Some(*key))) {
                objects.store.delete(&objects.path(key)).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

/// The keys of all objects that a database's rows name.
pub async fn referenced_object_keys(place: &DatabaseUrl) -> Result<Vec<Uuid>, StoreError> {
    let db = place.connect(PoolOptions::with_connections(1)).await?;
    let named: Vec<Option<Uuid>> = part::Entity::find()
        .select_only()
        .column(part::Column::Object)
        .filter(part::Column::Object.is_not_null())
        .into_tuple()
        .all(&db)
        .await?;
    db.close().await?;
    Ok(named.into_iter().flatten().collect())
}
