//! Sealed parts, kept as rows of chunks, or the large ones as objects.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use protocol::{
    Hash,
    api::workbench::{CasePart, PartKind},
};
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

/// Bytes of one chunk.
pub(super) const CHUNK_LEN: usize = 256 * 1024;
/// Parts that are looked up at once.
const PAGE_SIZE: u64 = 500;

/// A sealed part to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewPart<'a> {
    /// What it is.
    pub kind: PartKind,
    /// Of the case secret that it is sealed with.
    pub generation: u32,
    /// The submission or event that it came with.
    pub batch: u32,
    /// Its place within.
    pub position: u32,
    /// `age(C, …)`.
    pub sealed: &'a [u8],
    /// Where it is, if it has been stashed.
    pub object: Option<Uuid>,
}

fn kind_word(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Body => "body",
        PartKind::Attachment => "attachment",
        PartKind::ReplyCopy => "reply-copy",
        PartKind::Note => "note",
    }
}

fn kind_from_str(word: &str) -> Result<PartKind, StoreError> {
    [PartKind::Body, PartKind::Attachment, PartKind::ReplyCopy, PartKind::Note]
        .into_iter()
        .find(|kind| kind_word(*kind) == word)
        .ok_or(StoreError::CorruptRow("parts.kind"))
}

/// A part, and where its bytes are.
#[derive(Debug)]
pub struct StoredPart {
    /// What it is.
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
    /// The parts of a case in the order of filing.
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

    /// One part of a case, if the member may see it.
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

    /// Sends the bytes of a part, in order. Ends with an error if they are not those that were
    /// filed: the last piece is held back until all have been checked.
    pub async fn stream_part(
        &self,
        kept: &StoredPart,
        sender: &mpsc::Sender<Result<Bytes, StoreError>>,
    ) -> Result<(), StoreError> {
        self.stream_rows(&kept.row, sender).await
    }

    /// Reads every part of every case and holds it against its digest. Gives how many there are.
    pub async fn verify_parts(&self) -> Result<u64, StoreError> {
        let (mut checked, mut after) = (0, Uuid::nil());
        loop {
            let behind = part::Entity::find().filter(part::Column::Id.gt(after));
            let page = behind.order_by_asc(part::Column::Id).limit(PAGE_SIZE).all(&self.db).await?;
            let Some(last) = page.last() else { return Ok(checked) };
            after = last.id;
            for row in &page {
                let (sender, mut receiver) = mpsc::channel(1);
                let drain = async { while receiver.recv().await.is_some() {} };
                let sent = async {
                    let sent = self.stream_rows(row, &sender).await;
                    drop(sender);
                    sent
                };
                tokio::join!(sent, drain).0?;
                checked += 1;
            }
        }
    }

    async fn stream_rows(
        &self,
        row: &part::Model,
        sender: &mpsc::Sender<Result<Bytes, StoreError>>,
    ) -> Result<(), StoreError> {
        let mut pieces = match (row.object, &self.objects) {
            (None, _) => {
                let chunks = stream::iter(0..row.len.unsigned_abs().div_ceil(CHUNK_LEN as u64));
                chunks.then(|number| self.chunk(row.id, number)).boxed()
            }
            (Some(object), Some(objects)) => objects.get(object).await?,
            (Some(_), None) => {
                return Err(StoreError::InvalidObjectUrl(
                    "store.parts_url: not set, and parts are there",
                ));
            }
        };
        let (mut digest, mut held) = (Sha256::new(), None);
        while let Some(piece) = pieces.try_next().await? {
            digest.update(&piece);
            if let Some(earlier) = held.replace(piece)
                && sender.send(Ok(earlier)).await.is_err()
            {
                return Ok(());
            }
        }
        if digest.finalize()[..] != row.sha256[..] {
            return Err(StoreError::CorruptRow(
                "parts: a file is not what was filed; restore a backup",
            ));
        }
        if let Some(last) = held {
            // Whoever asked may have gone.
            sender.send(Ok(last)).await.ok();
        }
        Ok(())
    }

    async fn chunk(&self, part: Uuid, number: u64) -> Result<Bytes, StoreError> {
        const MISSING: StoreError =
            StoreError::CorruptRow("parts: a piece of a file is missing; restore a backup");
        let number = i32::try_from(number).map_err(|_| MISSING)?;
        let chunk = part_chunk::Entity::find_by_id((part, number)).one(&self.db).await?;
        Ok(Bytes::from(chunk.ok_or(MISSING)?.bytes))
    }
}

impl WriteTransaction<'_> {
    /// Keeps a part.
    pub async fn add_part(&self, id: Uuid, new: &NewPart<'_>) -> Result<(), StoreError> {
        let part_id = Uuid::new_v4();
        let row = part::ActiveModel {
            id: Set(part_id),
            case_id: Set(id),
            kind: Set(kind_word(new.kind).to_owned()),
            generation: Set(to_i32(new.generation)),
            batch: Set(to_i32(new.batch)),
            position: Set(to_i32(new.position)),
            len: Set(i64::try_from(new.sealed.len()).unwrap_or(i64::MAX)),
            sha256: Set(Hash::of(&[new.sealed]).0.to_vec()),
            object: Set(new.object),
        };
        self.lock_batch().add_part(row);
        if new.object.is_some() {
            return self.flush_if_large().await;
        }
        for (number, bytes) in (0..).zip(new.sealed.chunks(CHUNK_LEN)) {
            let row = part_chunk::ActiveModel {
                part_id: Set(part_id),
                number: Set(number),
                bytes: Set(bytes.to_vec()),
            };
            self.lock_batch().add_chunk(row, bytes.len());
            self.flush_if_large().await?;
        }
        Ok(())
    }

    /// The number of the next submission or event to bring parts, so that no two share one.
    pub async fn next_batch(&self, id: Uuid) -> Result<u32, StoreError> {
        let newest: Option<Option<i32>> = part::Entity::find()
            .select_only()
            .column_as(part::Column::Batch.max(), "newest")
            .filter(part::Column::CaseId.eq(id))
            .into_tuple()
            .one(self.flushed_transaction().await?)
            .await?;
        Ok(newest.flatten().map_or(0, |newest| to_u32(newest) + 1))
    }
}
