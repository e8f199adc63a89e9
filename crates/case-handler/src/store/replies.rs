//! Replies sealed to reporters.

use sea_orm::{ActiveValue::Set, EntityTrait};
use uuid::Uuid;

use super::{StoreError, Writing, entities::reply, small};

impl Writing<'_> {
    /// Lays out a reply with the number of its event.
    pub async fn add_reply(&self, id: Uuid, seq: u32, sealed: Vec<u8>) -> Result<(), StoreError> {
        let row = reply::ActiveModel { case_id: Set(id), seq: Set(small(seq)), sealed: Set(sealed) };
        reply::Entity::insert(row).exec_without_returning(self.tx().await?).await?;
        Ok(())
    }
}
