//! What the outside witnesses of the transparency log have answered.

use std::collections::BTreeMap;

use database::{DatabaseUrl, PoolOptions};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};

use super::{CaseStore, StoreError, entities::log_witness};

/// The answers of one witness about the present log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WitnessState {
    /// The size of the newest tree that it has cosigned. 0 if there is none.
    pub size: u64,
    /// When the service got that cosignature, in seconds since 1970.
    pub cosigned_at: Option<i64>,
    /// Why the witness refuses to cosign a later tree, and what to do.
    pub refusal: Option<String>,
}

impl CaseStore {
    /// Returns the states of all witnesses that have answered, by name.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn witness_states(&self) -> Result<BTreeMap<String, WitnessState>, StoreError> {
        load_states(&self.db).await
    }

    /// Stores the state of a witness.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn save_witness_state(
        &self,
        name: &str,
        state: &WitnessState,
    ) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        let row = log_witness::ActiveModel {
            name: Set(name.to_owned()),
            size: Set(i64::try_from(state.size).unwrap_or(i64::MAX)),
            cosigned_at: Set(state.cosigned_at),
            refusal: Set(state.refusal.clone()),
        };
        let replace = OnConflict::column(log_witness::Column::Name)
            .update_columns([
                log_witness::Column::Size,
                log_witness::Column::CosignedAt,
                log_witness::Column::Refusal,
            ])
            .to_owned();
        log_witness::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(transaction.flushed_transaction().await?)
            .await?;
        transaction.commit().await
    }
}

/// Returns the states of all witnesses, through a connection that only reads.
///
/// # Errors
/// Fails if the database fails.
pub async fn read_witness_states(
    url: &DatabaseUrl,
) -> Result<BTreeMap<String, WitnessState>, StoreError> {
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let states = load_states(&db).await?;
    db.close().await?;
    Ok(states)
}

async fn load_states(
    db: &impl ConnectionTrait,
) -> Result<BTreeMap<String, WitnessState>, StoreError> {
    let parse = |row: log_witness::Model| {
        let size =
            u64::try_from(row.size).map_err(|_| StoreError::CorruptRow("log_witnesses.size"))?;
        let state = WitnessState { size, cosigned_at: row.cosigned_at, refusal: row.refusal };
        Ok((row.name, state))
    };
    log_witness::Entity::find().all(db).await?.into_iter().map(parse).collect()
}
