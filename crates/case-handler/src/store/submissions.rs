//! Submissions that were ingested.

use protocol::Hash;
use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use super::{StoreError, WriteTransaction, entities::submission, to_i32};

impl WriteTransaction<'_> {
    /// Returns true if this message was ingested before.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn is_recorded(&self, id: Uuid, tag: Hash) -> Result<bool, StoreError> {
        Ok(submission::Entity::find_by_id((id, tag.0.to_vec()))
            .one(self.flushed_transaction().await?)
            .await?
            .is_some())
    }

    /// Records that this message was ingested.
    pub fn record_submission(&self, id: Uuid, tag: Hash, batch: u32) {
        let row = submission::ActiveModel {
            case_id: Set(id),
            sending_tag: Set(tag.0.to_vec()),
            batch: Set(to_i32(batch)),
        };
        self.lock_batch().submissions.push(row);
    }
}
