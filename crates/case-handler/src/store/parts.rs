//! Sealed parts, kept as rows of chunks.

use envelope::{
    Hash,
    desk_api::{Part, PartKind},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    Store, StoreError, Writing, count,
    entities::{part, part_chunk},
    hash, small,
};

/// Bytes of one chunk.
const CHUNK: usize = 256 * 1024;

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
}

fn kind_word(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Body => "body",
        PartKind::Attachment => "attachment",
        PartKind::ReplyCopy => "reply-copy",
        PartKind::Note => "note",
    }
}

fn kind_of(word: &str) -> Result<PartKind, StoreError> {
    [PartKind::Body, PartKind::Attachment, PartKind::ReplyCopy, PartKind::Note]
        .into_iter()
        .find(|kind| kind_word(*kind) == word)
        .ok_or(StoreError::Damaged("parts.kind"))
}

impl Store {
    /// The parts of a case in the order of filing.
    pub async fn parts(&self, id: Uuid) -> Result<Vec<Part>, StoreError> {
        let rows = part::Entity::find()
            .filter(part::Column::CaseId.eq(id))
            .order_by_asc(part::Column::Batch)
            .order_by_asc(part::Column::Kind)
            .order_by_asc(part::Column::Position)
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Part {
                    id: row.id,
                    kind: kind_of(&row.kind)?,
                    generation: count(row.generation),
                    batch: count(row.batch),
                    position: count(row.position),
                    len: u64::try_from(row.len).map_err(|_| StoreError::Damaged("parts.len"))?,
                    sha256: hash(&row.sha256, "parts.sha256")?,
                })
            })
            .collect()
    }

    /// The next chunk of a part of a case; `None` behind the last, or if the case has no such part.
    pub async fn part_chunk(&self, id: Uuid, part: Uuid, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let known = part::Entity::find_by_id(part).filter(part::Column::CaseId.eq(id)).one(&self.db).await?;
        if known.is_none() {
            return Ok(None);
        }
        let chunk = part_chunk::Entity::find_by_id((part, small(number))).one(&self.db).await?;
        Ok(chunk.map(|chunk| chunk.bytes))
    }
}

impl Writing<'_> {
    /// Keeps a part.
    pub async fn add_part(&self, id: Uuid, new: &NewPart<'_>) -> Result<(), StoreError> {
        let part_id = Uuid::new_v4();
        let row = part::ActiveModel {
            id: Set(part_id),
            case_id: Set(id),
            kind: Set(kind_word(new.kind).to_owned()),
            generation: Set(small(new.generation)),
            batch: Set(small(new.batch)),
            position: Set(small(new.position)),
            len: Set(i64::try_from(new.sealed.len()).unwrap_or(i64::MAX)),
            sha256: Set(Hash::of(&[new.sealed]).0.to_vec()),
        };
        part::Entity::insert(row).exec_without_returning(&self.tx).await?;
        for (number, bytes) in (0..).zip(new.sealed.chunks(CHUNK)) {
            let row = part_chunk::ActiveModel {
                part_id: Set(part_id),
                number: Set(number),
                bytes: Set(bytes.to_vec()),
            };
            part_chunk::Entity::insert(row).exec_without_returning(&self.tx).await?;
        }
        Ok(())
    }

    /// The number of the next submission or event to bring parts, so that no two share one.
    pub async fn next_batch(&self, id: Uuid) -> Result<u32, StoreError> {
        use sea_orm::QuerySelect;
        let newest: Option<Option<i32>> = part::Entity::find()
            .select_only()
            .column_as(part::Column::Batch.max(), "newest")
            .filter(part::Column::CaseId.eq(id))
            .into_tuple()
            .one(&self.tx)
            .await?;
        Ok(newest.flatten().map_or(0, |newest| count(newest) + 1))
    }
}
