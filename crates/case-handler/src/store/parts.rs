//! Sealed parts, as rows of chunks, or as objects if they are large.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use protocol::api::workbench::{CasePart, PartKind};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait as _},
};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    CaseStore, StoreError, WriteTransaction,
    cases::released_holder_filter,
    entities::{part, part_chunk},
    parse_hash, to_i32, to_u32,
};
use crate::sealed_bytes::{SealedSource, chunk_ranges};

/// Maximum size of a chunk, in bytes.
pub(super) const CHUNK_LEN: usize = 256 * 1024;
/// Parts that are read at once.
const PAGE_SIZE: u64 = 500;

/// A sealed part to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewPart<'a, A = Vec<u8>> {
    /// The kind of the part.
    pub kind: PartKind,
    /// The generation of the case secret that it is sealed with.
    pub generation: u32,
    /// The number of the submission or event that it came with.
    pub batch: u32,
    /// Its position within the batch.
    pub position: u32,
    /// `age(C, …)`.
    pub sealed: &'a A,
    /// The key of its object, if it was written to the object store.
    pub object: Option<Uuid>,
}

fn kind_to_str(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Body => "body",
        PartKind::Attachment => "attachment",
        PartKind::ReplyCopy => "reply-copy",
        PartKind::Note => "note",
    }
}

fn kind_from_str(text: &str) -> Result<PartKind, StoreError> {
    [PartKind::Body, PartKind::Attachment, PartKind::ReplyCopy, PartKind::Note]
        .into_iter()
        .find(|kind| kind_to_str(*kind) == text)
        .ok_or(StoreError::CorruptRow("parts.kind"))
}

/// A stored part, with the location of its bytes.
#[derive(Debug)]
pub struct StoredPart {
    /// The part as the API shows it.
    pub part: CasePart,
    row: part::Model,
}

fn to_api_part(row: &part::Model) -> Result<CasePart, StoreError> {
    Ok(CasePart {
        id: row.id,
        kind: kind_from_str(&row.kind)?,
        generation: to_u32(row.generation),
        batch: to_u32(row.batch),
        position: to_u32(row.position),
        len: u64::try_from(row.len).map_err(|_| StoreError::CorruptRow("parts.len"))?,
        sha256: parse_hash(&row.sha256, "parts.sha256")?,
    })
}

impl CaseStore {
    /// Returns the parts of a case in the order in which they were ingested.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn parts(&self, id: Uuid) -> Result<Vec<CasePart>, StoreError> {
        let rows = part::Entity::find()
            .filter(part::Column::CaseId.eq(id))
            .order_by_asc(part::Column::Batch)
            .order_by_asc(part::Column::Kind)
            .order_by_asc(part::Column::Position)
            .all(&self.db)
            .await?;
        rows.iter().map(to_api_part).collect()
    }

    /// Returns one part of a case if the member may see it.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn visible_part(
        &self,
        member: &str,
        id: Uuid,
        part: Uuid,
    ) -> Result<Option<StoredPart>, StoreError> {
        let found = part::Entity::find_by_id(part)
            .filter(part::Column::CaseId.eq(id))
            .filter(Expr::val(member).in_subquery(released_holder_filter(id)))
            .one(&self.db)
            .await?;
        found.map(|row| Ok(StoredPart { part: to_api_part(&row)?, row })).transpose()
    }

    /// Sends the bytes of a part, in order. Withholds the last chunk until all bytes are verified,
    /// so that a receiver of an altered part always gets an error.
    ///
    /// # Errors
    /// Fails if the bytes differ from the ingested ones or cannot be read.
    pub async fn stream_part(
        &self,
        part: &StoredPart,
        sender: &mpsc::Sender<Result<Bytes, StoreError>>,
    ) -> Result<(), StoreError> {
        self.stream_rows(&part.row, sender).await
    }

    /// Reads every part of every case, compares it with its hash, and returns the number of parts.
    ///
    /// # Errors
    /// Fails for the first part that is missing or was altered.
    pub async fn verify_parts(&self) -> Result<u64, StoreError> {
        let (mut checked, mut after) = (0, Uuid::nil());
        loop {
            let remaining = part::Entity::find().filter(part::Column::Id.gt(after));
            let page =
                remaining.order_by_asc(part::Column::Id).limit(PAGE_SIZE).all(&self.db).await?;
            let Some(last) = page.last() else { return Ok(checked) };
            after = last.id;
            for row in &page {
                let (sender, mut receiver) = mpsc::channel(1);
                let drain = async { while receiver.recv().await.is_some() {} };
                let streamed = async {
                    let streamed = self.stream_rows(row, &sender).await;
                    drop(sender);
                    streamed
                };
                tokio::join!(streamed, drain).0?;
                checked += 1;
            }
        }
    }

    async fn stream_rows(
        &self,
        row: &part::Model,
        sender: &mpsc::Sender<Result<Bytes, StoreError>>,
    ) -> Result<(), StoreError> {
        let mut chunks = match (row.object, &self.objects) {
            (None, _) => {
                let chunks = stream::iter(0..row.len.unsigned_abs().div_ceil(CHUNK_LEN as u64));
                chunks.then(|number| self.chunk(row.id, number)).boxed()
            }
            (Some(object), Some(objects)) => objects.get(object).await?,
            (Some(_), None) => {
                return Err(StoreError::InvalidObjectUrl(
                    "store.parts_url is not set, but the database refers to parts",
                ));
            }
        };
        let (mut digest, mut pending) = (Sha256::new(), None);
        while let Some(chunk) = chunks.try_next().await? {
            digest.update(&chunk);
            if let Some(earlier) = pending.replace(chunk)
                && sender.send(Ok(earlier)).await.is_err()
            {
                return Ok(());
            }
        }
        if digest.finalize()[..] != row.sha256[..] {
            return Err(StoreError::DamagedPart("parts.sha256: a stored part was altered"));
        }
        if let Some(last) = pending {
            // The receiver may have closed the connection.
            sender.send(Ok(last)).await.ok();
        }
        Ok(())
    }

    async fn chunk(&self, part: Uuid, number: u64) -> Result<Bytes, StoreError> {
        const MISSING: StoreError =
            StoreError::DamagedPart("part_chunks: a chunk of a part is missing");
        let number = i32::try_from(number).map_err(|_| MISSING)?;
        let chunk = part_chunk::Entity::find_by_id((part, number)).one(&self.db).await?;
        Ok(Bytes::from(chunk.ok_or(MISSING)?.bytes))
    }
}

impl WriteTransaction<'_> {
    /// Stores a part.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn add_part<A: SealedSource>(
        &self,
        id: Uuid,
        new: &NewPart<'_, A>,
    ) -> Result<(), StoreError> {
        let part_id = Uuid::new_v4();
        let row = part::ActiveModel {
            id: Set(part_id),
            case_id: Set(id),
            kind: Set(kind_to_str(new.kind).to_owned()),
            generation: Set(to_i32(new.generation)),
            batch: Set(to_i32(new.batch)),
            position: Set(to_i32(new.position)),
            len: Set(i64::try_from(new.sealed.byte_len()).unwrap_or(i64::MAX)),
            sha256: Set(new.sealed.sha256().0.to_vec()),
            object: Set(new.object),
        };
        self.lock_batch().add_part(row);
        if new.object.is_some() {
            return self.flush_if_large().await;
        }
        for (number, (offset, len)) in (0..).zip(chunk_ranges(new.sealed.byte_len(), CHUNK_LEN)) {
            let bytes = new.sealed.read_at(offset, len).await?;
            let row = part_chunk::ActiveModel {
                part_id: Set(part_id),
                number: Set(number),
                bytes: Set(bytes.into()),
            };
            self.lock_batch().add_chunk(row, len);
            self.flush_if_large().await?;
        }
        Ok(())
    }

    /// Returns the number for the next submission or event that has parts, so that no two share a
    /// number.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn next_batch(&self, id: Uuid) -> Result<u32, StoreError> {
        Ok(self.next_batch_and_part_count(id).await?.0)
    }

    /// Returns [`Self::next_batch`] and the number of parts of a case.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn next_batch_and_part_count(&self, id: Uuid) -> Result<(u32, u64), StoreError> {
        let found: Option<(Option<i32>, i64)> = part::Entity::find()
            .select_only()
            .column_as(part::Column::Batch.max(), "newest")
            .column_as(part::Column::Batch.count(), "parts")
            .filter(part::Column::CaseId.eq(id))
            .into_tuple()
            .one(self.flushed_transaction().await?)
            .await?;
        let (newest, parts) = found.unwrap_or((None, 0));
        Ok((newest.map_or(0, |newest| to_u32(newest) + 1), parts.unsigned_abs()))
    }
}
