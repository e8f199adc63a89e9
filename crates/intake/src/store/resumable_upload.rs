//! Uploads that can be continued after a cut. Each piece is one chunk of the submission, in a
//! transaction of its own. The submission is complete, and the case handler can collect it, only
//! with the last piece.

use std::mem;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::{CryptoRng, RngCore};
use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, DbErr, PaginatorTrait, prelude::*, sea_query::OnConflict,
};
use sha2::{Digest, Sha256};
use time::Date;

use super::{
    CHUNK_BYTES, Store, StoreError, capacity::ReservedPieces, chunk, group_commit::Durability,
    random_key, submission, upload,
};

/// The length of a piece as a number of bytes of a submission.
const PIECE_BYTES: u64 = CHUNK_BYTES as u64;

/// The random id of an upload, drawn by the client. Its holder can continue the upload.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadId([u8; 32]);

impl UploadId {
    /// Parses 43 characters of base64url. Returns `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Returns the hash of the id, with which no client can continue the upload.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    fn key(&self) -> Vec<u8> {
        self.hash().to_vec()
    }
}

/// How much of an upload is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadProgress {
    /// The submission is stored durably.
    Complete,
    /// The upload continues at this offset. It is 0 for an unknown id.
    Partial(u64),
}

/// Whether pieces were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendOutcome {
    /// They were stored.
    Stored,
    /// The upload has another length by now, because another request has continued, ended or
    /// deleted it.
    Conflict,
}

/// How a request continues an upload.
pub enum UploadContinuation {
    /// It appends to the upload.
    Append(Box<ResumableUpload>),
    /// The submission is complete.
    Ended,
    /// The upload does not continue at this offset.
    Conflict,
}

/// An upload that is being continued by one request.
pub struct ResumableUpload {
    pub(super) store: Store,
    pub(super) key: Vec<u8>,
    pub(super) submission: Uuid,
    /// The rows of the upload are inserted with its first piece.
    last_day: Option<String>,
    pub(super) week: String,
    /// Key of the chunk at position 0, if this request had written it.
    base_key: i64,
    /// Number of stored pieces.
    pub(super) pieces: u32,
    /// Length of the complete submission.
    pub(super) length: u64,
    pub(super) buffer: Vec<u8>,
    /// Space for the pieces after the stored ones and before the last one.
    reserved: ReservedPieces,
}

impl Store {
    /// Returns how much of an upload is stored.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn upload_progress(&self, id: &UploadId) -> Result<UploadProgress, StoreError> {
        let key = id.key();
        Ok(match upload::Entity::find_by_id(key.clone()).one(&self.read_db).await? {
            Some(row) if row.last_day.is_none() => UploadProgress::Complete,
            Some(row) => {
                let pieces = self.count_pieces(row.submission).await?;
                UploadProgress::Partial(u64::from(pieces) * PIECE_BYTES)
            }
            None if self.upload_finishes.was_collected(&key) => UploadProgress::Complete,
            None => UploadProgress::Partial(0),
        })
    }

    /// Begins or continues the upload of a submission of `length` bytes at `offset`. The pieces can
    /// be continued until the day after `today`.
    ///
    /// # Errors
    /// If the spool, or its share for unfinished uploads, has no space for the rest, or the
    /// database fails.
    pub async fn continue_upload(
        &self,
        id: &UploadId,
        (offset, length): (u64, u64),
        (today, week): (Date, String),
        rng: &mut (impl RngCore + CryptoRng + Send),
    ) -> Result<UploadContinuation, StoreError> {
        let base_key = random_key(rng);
        let mut submission = [0; 16];
        rng.fill_bytes(&mut submission);
        let submission = uuid::Builder::from_random_bytes(submission).into_uuid();
        let row = upload::Entity::find_by_id(id.key()).one(&self.read_db).await?;
        let (submission, last_day, pieces) = match row {
            Some(row) if row.last_day.is_none() => return Ok(UploadContinuation::Ended),
            Some(row) => (row.submission, None, self.count_pieces(row.submission).await?),
            None if self.upload_finishes.was_collected(&id.key()) => {
                return Ok(UploadContinuation::Ended);
            }
            None => {
                let last_day = today.next_day().unwrap_or(today);
                (submission, Some(last_day.to_string()), 0)
            }
        };
        if u64::from(pieces) * PIECE_BYTES != offset {
            return Ok(UploadContinuation::Conflict);
        }
        let rest = length.saturating_sub(offset);
        self.capacity.check(rest, length)?;
        let reserved =
            self.capacity.reserve_pieces(rest.saturating_sub(PIECE_BYTES), last_day.is_some())?;
        Ok(UploadContinuation::Append(Box::new(ResumableUpload {
            store: self.clone(),
            key: id.key(),
            submission,
            last_day,
            week,
            base_key,
            pieces,
            length,
            buffer: Vec::new(),
            reserved,
        })))
    }

    /// Deletes the pieces of an upload, unless it has ended. Waits until a request that finishes it
    /// has ended.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn discard_upload(&self, id: &UploadId) -> Result<(), StoreError> {
        let _lock = self.upload_finishes.lock(&id.key()).await;
        let row = upload::Entity::find_by_id(id.key())
            .filter(upload::Column::LastDay.is_not_null())
            .one(&self.read_db)
            .await?;
        let Some(row) = row else { return Ok(()) };
        self.delete_unfinished(vec![row.submission]).await?;
        self.checkpoint_wal().await;
        self.refresh_usage().await
    }

    async fn count_pieces(&self, submission: Uuid) -> Result<u32, StoreError> {
        let pieces = chunk::Entity::find()
            .filter(chunk::Column::Submission.eq(submission))
            .count(&self.read_db)
            .await?;
        u32::try_from(pieces).map_err(|_| StoreError::Corrupt)
    }

    /// Returns the bytes of all pieces of uploads that have not ended.
    pub(super) async fn piece_bytes(&self) -> Result<u64, StoreError> {
        let pieces = chunk::Entity::find()
            .filter(
                chunk::Column::Submission.in_subquery(
                    sea_orm::sea_query::Query::select()
                        .column(upload::Column::Submission)
                        .from(upload::Entity)
                        .and_where(upload::Column::LastDay.is_not_null())
                        .to_owned(),
                ),
            )
            .count(&self.read_db)
            .await?;
        Ok(pieces * PIECE_BYTES)
    }
}

impl ResumableUpload {
    /// Returns the number of bytes of the upload that are stored or buffered.
    pub fn offset(&self) -> u64 {
        self.stored() + self.buffer.len() as u64
    }

    /// Returns the number of bytes of the upload that are stored.
    pub fn stored(&self) -> u64 {
        u64::from(self.pieces) * PIECE_BYTES
    }

    /// Returns the number of bytes of all pieces but the last one that are not stored. The request
    /// has reserved space for them.
    pub fn reserved(&self) -> u64 {
        self.reserved.left()
    }

    /// Appends bytes. Complete pieces are stored, except the last one of the submission.
    ///
    /// # Errors
    /// If the spool is full or the database fails.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<AppendOutcome, StoreError> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            let is_last = self.offset() == self.length;
            if self.buffer.len() == CHUNK_BYTES
                && !is_last
                && self.store_piece().await? == AppendOutcome::Conflict
            {
                return Ok(AppendOutcome::Conflict);
            }
        }
        Ok(AppendOutcome::Stored)
    }

    async fn store_piece(&mut self) -> Result<AppendOutcome, StoreError> {
        let reserved = self.store.capacity.reserve_piece(PIECE_BYTES, self.length)?;
        let begun = self.last_day.take().map(|last_day| {
            let submission = submission::ActiveModel {
                id: Set(self.submission),
                digest: Set(None),
                week: Set(self.week.clone()),
                length: Set(0),
                complete: Set(false),
            };
            let upload = upload::ActiveModel {
                id: Set(self.key.clone()),
                submission: Set(self.submission),
                last_day: Set(Some(last_day)),
            };
            (submission, upload)
        });
        let (key, piece) = (self.key.clone(), self.take_piece());
        let written = self
            .store
            .writer
            .write_with_durability(Durability::Deferred, move |txn| {
                Box::pin(append_piece(txn, key, begun, piece))
            })
            .await;
        reserved.settle(written == Ok(AppendOutcome::Stored));
        if written == Ok(AppendOutcome::Stored) {
            self.pieces += 1;
            self.reserved.record_stored(PIECE_BYTES);
        }
        written
    }

    pub(super) fn take_piece(&mut self) -> chunk::ActiveModel {
        chunk::ActiveModel {
            key: Set(self.base_key + i64::from(self.pieces)),
            submission: Set(self.submission),
            position: Set(self.pieces.cast_signed()),
            bytes: Set(mem::take(&mut self.buffer)),
        }
    }
}

/// Stores a piece, and the rows of its upload if it is the first. A conflict is no error, because
/// an error would fail the writes of other clients in the same transaction.
async fn append_piece(
    txn: &DatabaseTransaction,
    key: Vec<u8>,
    begun: Option<(submission::ActiveModel, upload::ActiveModel)>,
    piece: chunk::ActiveModel,
) -> Result<AppendOutcome, DbErr> {
    let running = find_running(txn, key).await?;
    // After a discard, another request can have begun the upload again with another submission.
    let own = piece.submission.clone().unwrap();
    let is_own = running.as_ref().is_some_and(|running| running.submission == own);
    match begun {
        Some(_) if running.is_some() => return Ok(AppendOutcome::Conflict),
        None if !is_own => return Ok(AppendOutcome::Conflict),
        Some((submission, upload)) => {
            let id = submission.id.clone().unwrap();
            submission::Entity::insert(submission).exec_without_returning(txn).await?;
            let mut conflict = OnConflict::column(upload::Column::Id);
            let insert =
                upload::Entity::insert(upload).on_conflict(conflict.do_nothing().to_owned());
            if insert.exec_without_returning(txn).await? == 0 {
                // Another request has begun the same upload meanwhile.
                submission::Entity::delete_by_id(id).exec(txn).await?;
                return Ok(AppendOutcome::Conflict);
            }
        }
        None => {}
    }
    insert_piece(txn, piece).await
}

pub(super) async fn find_running(
    txn: &DatabaseTransaction,
    key: Vec<u8>,
) -> Result<Option<upload::Model>, DbErr> {
    let by_id = upload::Entity::find_by_id(key);
    by_id.filter(upload::Column::LastDay.is_not_null()).one(txn).await
}

pub(super) async fn insert_piece(
    txn: &DatabaseTransaction,
    piece: chunk::ActiveModel,
) -> Result<AppendOutcome, DbErr> {
    let mut conflict = OnConflict::columns([chunk::Column::Submission, chunk::Column::Position]);
    let insert = chunk::Entity::insert(piece).on_conflict(conflict.do_nothing().to_owned());
    let inserted = insert.exec_without_returning(txn).await?;
    Ok(if inserted == 0 { AppendOutcome::Conflict } else { AppendOutcome::Stored })
}
