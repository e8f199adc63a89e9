//! Large sealed parts outside of the database: in a folder or in an S3 bucket.
//!
//! An object is written before the row that refers to it, and deleted when no row does. Only one
//! process writes, so it knows which objects are in progress, and the garbage collection needs no
//! minimum age.

use std::{
    collections::HashSet,
    fs, io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use database::{DatabaseUrl, PoolOptions};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt as _, RetryConfig, aws::AmazonS3Builder,
    local::LocalFileSystem, path::Path,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{CaseStore, StoreError, entities::part, parts::CHUNK_LEN};
use crate::sealed_bytes::{SealedSource, chunk_ranges};

/// Keys in one query.
const KEYS_PER_PAGE: usize = 500;
/// Maximum length of a request of an upload, in bytes. S3 requires at least 5 MiB of all but the
/// last one.
const UPLOAD_LEN: usize = 8 * 1024 * 1024;

/// An object store for parts.
#[derive(Debug)]
pub struct PartObjectStore {
    store: Box<dyn ObjectStore>,
    folder: Path,
    /// The folder of the file system that contains the objects, if they are in one.
    local_folder: Option<PathBuf>,
    /// Objects that no committed row refers to yet.
    in_flight: Mutex<HashSet<Uuid>>,
}

/// Objects that were written and that no committed row refers to yet. If this is dropped, the
/// garbage collection deletes them.
#[derive(Debug)]
pub struct StagedObjects<'a> {
    objects: Option<&'a PartObjectStore>,
    keys: Vec<Option<Uuid>>,
}

impl PartObjectStore {
    /// Opens `file:///folder`, or `s3://bucket/folder` with the usual settings (`AWS_ENDPOINT`,
    /// `AWS_REGION`, `AWS_ACCESS_KEY_ID`, …), usually from the environment.
    ///
    /// # Errors
    /// Fails if the URL is invalid or the folder cannot be created.
    pub fn open(
        url: &str,
        settings: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StoreError> {
        Self::open_with_retries(url, settings, RetryConfig::default())
    }

    /// Opens the object store as [`Self::open`] does, with another number of retries.
    ///
    /// # Errors
    /// Fails as [`Self::open`] does.
    pub(super) fn open_with_retries(
        url: &str,
        settings: impl IntoIterator<Item = (String, String)>,
        retries: RetryConfig,
    ) -> Result<Self, StoreError> {
        const SCHEME: StoreError = StoreError::InvalidObjectUrl("expected file:/// or s3://");
        let in_flight = Mutex::default();
        if let Some(folder) = url.strip_prefix("file://").filter(|folder| folder.starts_with('/')) {
            fs::create_dir_all(folder)
                .map_err(|_| StoreError::InvalidObjectUrl("failed to create the folder"))?;
            // Acknowledged parts must survive a power failure.
            let store = Box::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true));
            let local_folder = Some(folder.into());
            return Ok(Self { store, folder: Path::default(), local_folder, in_flight });
        }
        let url = url.strip_prefix("s3://").ok_or(SCHEME)?;
        let (bucket, folder) = url.split_once('/').unwrap_or((url, ""));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_disable_bulk_delete(true)
            .with_retry(retries);
        for (name, value) in settings {
            let name = name.to_ascii_lowercase();
            if let (true, Ok(key)) = (name.starts_with("aws_"), name.parse()) {
                builder = builder.with_config(key, value);
            }
        }
        let store = Box::new(builder.build()?);
        Ok(Self { store, folder: Path::from(folder), local_folder: None, in_flight })
    }

    fn path(&self, key: Uuid) -> Path {
        self.folder.clone().join(key.simple().to_string())
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// Fails if the object store fails.
    pub(super) async fn delete(&self, key: Uuid) -> Result<(), StoreError> {
        Ok(self.store.delete(&self.path(key)).await?)
    }

    /// Writes a part. It exists only after all its bytes have been written.
    ///
    /// # Errors
    /// Fails if the part cannot be read or the object store fails.
    pub async fn put(&self, key: Uuid, part: &impl SealedSource) -> Result<(), StoreError> {
        let len = part.byte_len();
        if let Ok(len) = usize::try_from(len)
            && len <= UPLOAD_LEN
        {
            return self.write(key, part.read_at(0, len).await?).await;
        }
        let mut upload = self.store.put_multipart(&self.path(key)).await?;
        let uploaded = upload_in_pieces(&mut *upload, part).await;
        if uploaded.is_err() {
            // A bucket would retain the pieces.
            upload.abort().await.ok();
        }
        uploaded
    }

    /// Writes an object in one request.
    ///
    /// # Errors
    /// Fails if the object store fails.
    pub(super) async fn write(&self, key: Uuid, bytes: impl Into<Bytes>) -> Result<(), StoreError> {
        self.store.put(&self.path(key), bytes.into().into()).await?;
        Ok(())
    }

    /// Returns all bytes of an object.
    ///
    /// # Errors
    /// Fails if the object is missing or the object store fails.
    pub(super) async fn read(&self, key: Uuid) -> Result<Bytes, StoreError> {
        let chunks: Vec<Bytes> = self.get(key).await?.try_collect().await?;
        Ok(chunks.concat().into())
    }

    /// Returns the bytes of an object as a stream.
    ///
    /// # Errors
    /// Fails if the object is missing or the object store fails.
    pub async fn get(
        &self,
        key: Uuid,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        match self.store.get(&self.path(key)).await {
            Ok(found) => Ok(found.into_stream().map_err(StoreError::from).boxed()),
            Err(object_store::Error::NotFound { .. }) => {
                Err(StoreError::DamagedPart("parts.object: the object of a part is missing"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes the files of objects that a process was writing when it was killed, and returns
    /// their number. The object store writes each object under another name first, and lists only
    /// complete objects.
    fn delete_unfinished_files(&self) -> Result<u64, StoreError> {
        let failed = |error| object_store::Error::Generic {
            store: "LocalFileSystem",
            source: Box::<io::Error>::new(error),
        };
        let Some(folder) = &self.local_folder else { return Ok(0) };
        let mut deleted = 0;
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let unfinished = name.to_str().and_then(|name| name.split_once('#'));
            let key = unfinished.and_then(|(key, _)| Uuid::try_parse(key).ok());
            if key.is_some_and(|key| !self.lock_in_flight().contains(&key)) {
                fs::remove_file(entry.path()).map_err(failed)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    fn lock_in_flight(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn upload_in_pieces(
    upload: &mut dyn MultipartUpload,
    part: &impl SealedSource,
) -> Result<(), StoreError> {
    for (offset, len) in chunk_ranges(part.byte_len(), UPLOAD_LEN) {
        let bytes = part.read_at(offset, len).await?;
        upload.put_part(bytes.into()).await?;
    }
    upload.complete().await?;
    Ok(())
}

impl StagedObjects<'_> {
    /// Returns the object key of the part with this number, or `None` if the part belongs into the
    /// database.
    pub fn object_key(&self, number: usize) -> Option<Uuid> {
        self.keys.get(number).copied().flatten()
    }

    /// Deletes the objects, because no row will refer to them. The garbage collection deletes those
    /// that remain.
    pub async fn discard(self) {
        for key in self.keys.iter().flatten() {
            if let Some(objects) = self.objects {
                objects.delete(*key).await.ok();
            }
        }
    }
}

impl Drop for StagedObjects<'_> {
    fn drop(&mut self) {
        if let Some(objects) = self.objects {
            let mut in_flight = objects.lock_in_flight();
            for key in self.keys.iter().flatten() {
                in_flight.remove(key);
            }
        }
    }
}

impl CaseStore {
    /// Writes parts that are too large for a row to the object store, if there is one. The caller
    /// keeps the result until the rows are committed.
    ///
    /// # Errors
    /// Fails if the object store fails.
    pub async fn stage_objects<A: SealedSource>(
        &self,
        parts: &[A],
    ) -> Result<StagedObjects<'_>, StoreError> {
        let mut staged =
            StagedObjects { objects: self.objects.as_ref(), keys: Vec::with_capacity(parts.len()) };
        for part in parts {
            let Some(objects) = &self.objects else { continue };
            if part.byte_len() <= CHUNK_LEN as u64 {
                staged.keys.push(None);
                continue;
            }
            let key = Uuid::new_v4();
            objects.lock_in_flight().insert(key);
            staged.keys.push(Some(key));
            objects.put(key, part).await?;
        }
        Ok(staged)
    }

    /// Deletes objects that no row refers to, and returns their number.
    ///
    /// # Errors
    /// Fails if the database or the object store fails.
    pub async fn delete_orphaned_objects(&self) -> Result<u64, StoreError> {
        let Some(objects) = &self.objects else { return Ok(0) };
        let mut deleted = objects.delete_unfinished_files()?;
        let mut pages = objects.store.list(Some(&objects.folder)).chunks(KEYS_PER_PAGE);
        while let Some(page) = pages.next().await {
            let mut keys = Vec::with_capacity(page.len());
            for object in page {
                keys.extend(
                    object?.location.filename().and_then(|name| Uuid::try_parse(name).ok()),
                );
            }
            // The check of objects in progress comes before the query: an object whose row is
            // committed in between is found by the query.
            keys.retain(|key| !objects.lock_in_flight().contains(key));
            let referenced: Vec<Option<Uuid>> = part::Entity::find()
                .select_only()
                .column(part::Column::Object)
                .filter(part::Column::Object.is_in(keys.iter().copied()))
                .into_tuple()
                .all(&self.db)
                .await?;
            for key in keys.into_iter().filter(|key| !referenced.contains(&Some(*key))) {
                objects.delete(key).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}

/// Returns the keys of all objects that rows of a database refer to.
///
/// # Errors
/// Fails if the database fails.
pub async fn referenced_object_keys(url: &DatabaseUrl) -> Result<Vec<Uuid>, StoreError> {
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let referenced: Vec<Option<Uuid>> = part::Entity::find()
        .select_only()
        .column(part::Column::Object)
        .filter(part::Column::Object.is_not_null())
        .into_tuple()
        .all(&db)
        .await?;
    db.close().await?;
    Ok(referenced.into_iter().flatten().collect())
}
