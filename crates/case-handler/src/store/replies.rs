//! Replies sealed to reporters.

use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use super::{StoreError, WriteTransaction, entities::reply, to_i32};

impl WriteTransaction<'_> {
    /// Adds a reply with the number of its event.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn add_reply(&self, id: Uuid, seq: u32, sealed: Vec<u8>) -> Result<(), StoreError> {
        let row =
            reply::ActiveModel { case_id: Set(id), seq: Set(to_i32(seq)), sealed: Set(sealed) };
        reply::Entity::insert(row)
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }
}
