//! What has been filed already.

use envelope::Hash;
use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use super::{StoreError, Writing, entities::submission, small};

impl Writing<'_> {
    /// Has this message been filed before?
    pub async fn is_filed(&self, id: Uuid, tag: Hash) -> Result<bool, StoreError> {
        Ok(submission::Entity::find_by_id((id, tag.0.to_vec())).one(self.tx().await?).await?.is_some())
    }

    /// Remembers that it has.
    pub fn add_filed(&self, id: Uuid, tag: Hash, batch: u32) {
        let row = submission::ActiveModel {
            case_id: Set(id),
            sending_tag: Set(tag.0.to_vec()),
            batch: Set(small(batch)),
        };
        self.gathered().submissions.push(row);
    }
}
