//! All accepted directories.

use database::{DatabaseUrl, PoolOptions};
use protocol::directory::SignedDirectory;
use sea_orm::{ActiveValue::Set, EntityTrait, QueryOrder};

use super::{CaseStore, StoreError, WriteTransaction, entities::directory};

fn parse_signed_directory(row: &directory::Model) -> Result<SignedDirectory, StoreError> {
    serde_json::from_str(&row.signed).map_err(|_| StoreError::CorruptRow("directories.signed"))
}

impl CaseStore {
    /// Returns all directories, oldest first.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn directories(&self) -> Result<Vec<SignedDirectory>, StoreError> {
        let rows =
            directory::Entity::find().order_by_asc(directory::Column::Epoch).all(&self.db).await?;
        rows.iter().map(parse_signed_directory).collect()
    }
}

impl WriteTransaction<'_> {
    /// Stores a verified directory.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn add_directory(
        &self,
        epoch: u64,
        signed: &SignedDirectory,
    ) -> Result<(), StoreError> {
        let row = directory::ActiveModel {
            epoch: Set(i64::try_from(epoch).unwrap_or(i64::MAX)),
            signed: Set(serde_json::to_string(signed).expect("a directory holds text only")),
        };
        directory::Entity::insert(row)
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }
}

/// Returns the newest directory, through a connection that only reads.
///
/// # Errors
/// Fails if the database fails.
pub async fn newest_directory(url: &DatabaseUrl) -> Result<Option<SignedDirectory>, StoreError> {
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let newest = directory::Entity::find().order_by_desc(directory::Column::Epoch).one(&db).await?;
    db.close().await?;
    newest.as_ref().map(parse_signed_directory).transpose()
}
