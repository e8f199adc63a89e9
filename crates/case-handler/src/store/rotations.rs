//! Rotations: the keys of a proposal, and the statements with their confirmations.

use std::collections::HashMap;

use protocol::{
    api::workbench::GenerationGrant,
    keys::{CaseRecipient, PublicKey},
    rotation::{ConfirmedRotation, MAX_CONFIRMATIONS, RotationConfirmation, SignedStatement},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, FromQueryResult, Order, QueryFilter,
    sea_query::{Expr, ExprTrait as _, Query, SelectStatement},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    CaseStore, StoreError, WriteTransaction,
    entities::{case, pending_rotation, rotation},
    to_i32,
};

/// The keys of a proposed rotation. They are in effect only after the approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingKeys {
    /// The statement.
    pub rotation: SignedStatement,
    /// The new `C`.
    pub case_recipient: CaseRecipient,
    /// The confirmation of the proposer.
    pub confirmation: RotationConfirmation,
    /// The grants with the handles of their members.
    pub grants: Vec<(String, GenerationGrant)>,
    /// The readers of the directory who lose their grants.
    pub left_out: Vec<String>,
}

/// A rotation with the id of its case.
#[derive(FromQueryResult)]
struct RotationRow {
    case_id: Uuid,
    record: String,
}

fn parse_rotation(record: &str) -> Result<ConfirmedRotation, StoreError> {
    serde_json::from_str(record).map_err(|_| StoreError::CorruptRow("rotations.record"))
}

fn rotation_record(rotation: &ConfirmedRotation) -> String {
    serde_json::to_string(rotation).expect("a rotation holds strings and numbers only")
}

fn parse_keys(row: &pending_rotation::Model) -> Result<PendingKeys, StoreError> {
    serde_json::from_str(&row.keys).map_err(|_| StoreError::CorruptRow("pending_rotations.keys"))
}

impl CaseStore {
    /// Returns the keys of the pending rotation of a case.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn pending_keys(&self, id: Uuid) -> Result<Option<PendingKeys>, StoreError> {
        let row = pending_rotation::Entity::find_by_id(id).one(&self.db).await?;
        row.as_ref().map(parse_keys).transpose()
    }

    /// Returns the confirmations of the statement of a generation.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn confirmations(
        &self,
        id: Uuid,
        generation: u32,
    ) -> Result<Vec<RotationConfirmation>, StoreError> {
        let row = rotation::Entity::find_by_id((id, to_i32(generation))).one(&self.db).await?;
        let parsed = row.map(|row| parse_rotation(&row.record)).transpose()?;
        Ok(parsed.map(|rotation| rotation.confirmations).unwrap_or_default())
    }

    /// Returns the rotations after the newest reply capsule, for each case in a range of ids, the
    /// oldest first.
    pub(super) async fn rotations_after_capsules(
        &self,
        first: Uuid,
        last: Uuid,
    ) -> Result<HashMap<Uuid, Vec<ConfirmedRotation>>, StoreError> {
        let mut rotations: HashMap<Uuid, Vec<ConfirmedRotation>> = HashMap::new();
        let statement = self.db.get_database_backend().build(&newer_than_capsules(first, last));
        for row in RotationRow::find_by_statement(statement).all(&self.db).await? {
            rotations.entry(row.case_id).or_default().push(parse_rotation(&row.record)?);
        }
        Ok(rotations)
    }
}

fn newer_than_capsules(first: Uuid, last: Uuid) -> SelectStatement {
    let column = |column| Expr::col((rotation::Entity, column));
    Query::select()
        .column((rotation::Entity, rotation::Column::CaseId))
        .column((rotation::Entity, rotation::Column::Record))
        .from(rotation::Entity)
        .inner_join(
            case::Entity,
            column(rotation::Column::CaseId).equals((case::Entity, case::Column::Id)),
        )
        .and_where(column(rotation::Column::CaseId).between(first, last))
        .and_where(
            column(rotation::Column::Generation)
                .gt(Expr::col((case::Entity, case::Column::CapsuleGeneration))),
        )
        .order_by((rotation::Entity, rotation::Column::CaseId), Order::Asc)
        .order_by((rotation::Entity, rotation::Column::Generation), Order::Asc)
        .take()
}

impl WriteTransaction<'_> {
    /// Stores the keys of a proposed rotation. A case has at most one.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn set_pending_keys(&self, id: Uuid, keys: &PendingKeys) -> Result<(), StoreError> {
        self.delete_pending_keys(id).await?;
        let keys = serde_json::to_string(keys).expect("keys hold strings and numbers only");
        let row = pending_rotation::ActiveModel { case_id: Set(id), keys: Set(keys) };
        pending_rotation::Entity::insert(row)
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Deletes the keys of the proposed rotation and returns them.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn take_pending_keys(&self, id: Uuid) -> Result<Option<PendingKeys>, StoreError> {
        let row =
            pending_rotation::Entity::find_by_id(id).one(self.flushed_transaction().await?).await?;
        self.delete_pending_keys(id).await?;
        row.as_ref().map(parse_keys).transpose()
    }

    /// Deletes the keys of a proposal that ended.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn delete_pending_keys(&self, id: Uuid) -> Result<(), StoreError> {
        pending_rotation::Entity::delete_by_id(id).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }

    /// Stores the statement of a rotation in effect.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn add_rotation(
        &self,
        id: Uuid,
        confirmed: &ConfirmedRotation,
    ) -> Result<(), StoreError> {
        let row = rotation::ActiveModel {
            case_id: Set(id),
            generation: Set(to_i32(confirmed.rotation.statement.generation)),
            record: Set(rotation_record(confirmed)),
        };
        rotation::Entity::insert(row)
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Adds a confirmation to the statement of a generation, and drops those by keys that are not
    /// among `devices`. At most [`MAX_CONFIRMATIONS`] are stored. Returns false if the case has no
    /// such statement, or the confirmation is not for it.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn add_confirmation(
        &self,
        (id, generation): (Uuid, u32),
        confirmation: RotationConfirmation,
        devices: &[PublicKey],
    ) -> Result<bool, StoreError> {
        let key = (id, to_i32(generation));
        let row = rotation::Entity::find_by_id(key).one(self.flushed_transaction().await?).await?;
        let Some(row) = row else { return Ok(false) };
        let mut stored = parse_rotation(&row.record)?;
        if !confirmation.confirms(&stored.rotation.statement) {
            return Ok(false);
        }
        stored
            .confirmations
            .retain(|kept| kept.device != confirmation.device && devices.contains(&kept.device));
        if stored.confirmations.len() < MAX_CONFIRMATIONS {
            stored.confirmations.push(confirmation);
        }
        let changed = rotation::ActiveModel {
            record: Set(rotation_record(&stored)),
            ..rotation::ActiveModel::from(row)
        };
        rotation::Entity::update(changed).exec(self.flushed_transaction().await?).await?;
        Ok(true)
    }

    /// Deletes the statements and the pending keys of a case.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub(super) async fn delete_rotations(&self, id: Uuid) -> Result<(), StoreError> {
        self.delete_pending_keys(id).await?;
        rotation::Entity::delete_many()
            .filter(rotation::Column::CaseId.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }
}
