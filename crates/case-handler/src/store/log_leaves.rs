//! The transparency log: the leaves of events, and the nodes of the tree over batches.

use std::collections::{BTreeMap, HashMap};

use protocol::{Hash, case::event::SignedEvent};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::ExprTrait as _,
};
use transparency_log::{
    batch::{BATCH_PATH_HASHES, LoggedEvent},
    leaf::LeafSecret,
    merkle::NodeId,
};
use uuid::Uuid;

use super::{
    CaseStore, StoreError, WriteTransaction,
    entities::{event, log_checkpoint, log_leaf, log_node, log_secret, log_witness},
    from_index,
    mailbox_logs::outdate_waiting_mailbox_logs,
    parse_hash, to_i32, to_index, to_u32,
};

/// The name of the only row in `log_secrets`.
const LEAF_SECRET_KEY: &str = "leaves";

/// An event that has no leaf yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingEvent {
    /// Its position in the event log.
    pub position: i64,
    /// Its hash.
    pub hash: Hash,
}

/// The leaf of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLeaf {
    /// The position of the event in the event log.
    pub position: i64,
    /// The index of the leaf.
    pub index: u64,
    /// Its inclusion proof in its batch, which does not change. So a proof reads no event of
    /// another case, and its duration does not depend on them.
    pub path: Vec<Hash>,
}

impl CaseStore {
    /// Returns the newest checkpoint as text. `None` before the first batch.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn newest_checkpoint(&self) -> Result<Option<String>, StoreError> {
        let newest = log_checkpoint::Entity::find().order_by_desc(log_checkpoint::Column::Size);
        Ok(newest.one(&self.db).await?.map(|row| row.note))
    }

    /// Returns the secret of salts and dummies. `None` before the first batch.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn leaf_secret(&self) -> Result<Option<LeafSecret>, StoreError> {
        leaf_secret(&self.db).await
    }

    /// Returns the sequence number of the newest event of a case that has a leaf. `None` if none
    /// has one.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn newest_logged_seq(&self, case: Uuid) -> Result<Option<u32>, StoreError> {
        let logged = log_leaf::Entity::belongs_to(event::Entity)
            .from(log_leaf::Column::Event)
            .to(event::Column::Position);
        let newest: Option<i32> = log_leaf::Entity::find()
            .select_only()
            .column_as(event::Column::Seq.max(), "newest")
            .join(JoinType::InnerJoin, logged.into())
            .filter(event::Column::CaseId.eq(case))
            .into_tuple()
            .one(&self.db)
            .await?
            .flatten();
        Ok(newest.map(to_u32))
    }

    /// Returns the leaf of an event. `None` if the event does not exist or has no leaf yet.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn leaf_of(&self, case: Uuid, seq: u32) -> Result<Option<LoggedEvent>, StoreError> {
        let found = event::Entity::find()
            .filter(event::Column::CaseId.eq(case))
            .filter(event::Column::Seq.eq(to_i32(seq)))
            .one(&self.db)
            .await?;
        let Some(found) = found else { return Ok(None) };
        let leaf = log_leaf::Entity::find()
            .filter(log_leaf::Column::Event.eq(found.position))
            .one(&self.db)
            .await?;
        leaf.map(|leaf| Ok(LoggedEvent { index: to_index(leaf.leaf)?, event: hash_of(found) }))
            .transpose()
    }

    /// Returns the inclusion proofs of the leaves of events in their batches, by the index of the
    /// leaf. Leaves that no event has are left out.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn paths_in_batches(
        &self,
        indices: impl IntoIterator<Item = u64>,
    ) -> Result<HashMap<u64, Vec<Hash>>, StoreError> {
        let leaves = log_leaf::Entity::find()
            .filter(log_leaf::Column::Leaf.is_in(indices.into_iter().map(from_index)))
            .all(&self.db)
            .await?;
        let parse = |leaf: log_leaf::Model| {
            let (hashes, rest) = leaf.path.as_chunks();
            if (hashes.len(), rest.len()) != (BATCH_PATH_HASHES, 0) {
                return Err(StoreError::CorruptRow("log_leaves.path"));
            }
            Ok((to_index(leaf.leaf)?, hashes.iter().copied().map(Hash).collect()))
        };
        leaves.into_iter().map(parse).collect()
    }

    /// Returns nodes of the tree over the roots of batches. Those that do not exist are left out.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn log_nodes(&self, ids: &[NodeId]) -> Result<HashMap<NodeId, Hash>, StoreError> {
        log_nodes(&self.db, ids).await
    }
}

impl WriteTransaction<'_> {
    /// Returns the number of batches in the log.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn log_batches(&self) -> Result<u32, StoreError> {
        log_batches(self.flushed_transaction().await?).await
    }

    /// Returns the number of all events.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn count_events(&self) -> Result<u64, StoreError> {
        Ok(event::Entity::find().count(self.flushed_transaction().await?).await?)
    }

    /// Returns the oldest events that have no leaf yet.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn events_without_leaf(&self, limit: usize) -> Result<Vec<WaitingEvent>, StoreError> {
        let tx = self.flushed_transaction().await?;
        let last: Option<i64> = log_leaf::Entity::find()
            .select_only()
            .column_as(log_leaf::Column::Event.max(), "last")
            .into_tuple()
            .one(tx)
            .await?
            .flatten();
        let rows = event::Entity::find()
            .filter(event::Column::Position.gt(last.unwrap_or(0)))
            .order_by_asc(event::Column::Position)
            .limit(limit as u64)
            .all(tx)
            .await?;
        let waiting =
            |row: event::Model| WaitingEvent { position: row.position, hash: hash_of(row) };
        Ok(rows.into_iter().map(waiting).collect())
    }

    /// Returns the secret of salts and dummies.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn leaf_secret(&self) -> Result<Option<LeafSecret>, StoreError> {
        leaf_secret(self.flushed_transaction().await?).await
    }

    /// Stores the secret of salts and dummies, which does not change within a log.
    ///
    /// # Errors
    /// Fails if there is one, or the database fails.
    pub async fn add_leaf_secret(&self, secret: &LeafSecret) -> Result<(), StoreError> {
        let row = log_secret::ActiveModel {
            name: Set(LEAF_SECRET_KEY.to_owned()),
            secret: Set(secret.expose().to_vec()),
        };
        log_secret::Entity::insert(row)
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Returns nodes of the tree over the roots of batches. Those that do not exist are left out.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn log_nodes(&self, ids: &[NodeId]) -> Result<HashMap<NodeId, Hash>, StoreError> {
        log_nodes(self.flushed_transaction().await?, ids).await
    }

    /// Returns the checkpoint of this size as text, if there is one.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn checkpoint_of(&self, size: u64) -> Result<Option<String>, StoreError> {
        let found = log_checkpoint::Entity::find_by_id(from_index(size));
        let row = found.one(self.flushed_transaction().await?).await?;
        Ok(row.map(|row| row.note))
    }

    /// Replaces the text of a checkpoint, after a cosignature was added.
    ///
    /// # Errors
    /// Fails if there is no such checkpoint, or the database fails.
    pub async fn replace_checkpoint(&self, size: u64, note: String) -> Result<(), StoreError> {
        let row = log_checkpoint::ActiveModel {
            size: Set(from_index(size)),
            note: Set(note),
            cosigned: Set(true),
        };
        log_checkpoint::Entity::update(row).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }

    /// Deletes the whole tree: leaves, nodes, checkpoints and the states of witnesses. The secret
    /// of salts and dummies goes too, because a dummy of the same secret would have the same leaf
    /// in both trees.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn clear_transparency_log(&self) -> Result<(), StoreError> {
        let tx = self.flushed_transaction().await?;
        log_leaf::Entity::delete_many().exec(tx).await?;
        log_node::Entity::delete_many().exec(tx).await?;
        log_checkpoint::Entity::delete_many().exec(tx).await?;
        log_secret::Entity::delete_many().exec(tx).await?;
        log_witness::Entity::delete_many().exec(tx).await?;
        Ok(())
    }

    /// Stores a batch: the leaves of its events, and the nodes that it completes. The log records
    /// of mailboxes that wait for these leaves are made again.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn add_log_batch(
        &self,
        leaves: &[EventLeaf],
        nodes: &[(NodeId, Hash)],
    ) -> Result<(), StoreError> {
        let tx = self.flushed_transaction().await?;
        outdate_waiting_mailbox_logs(tx, leaves.iter().map(|leaf| leaf.position)).await?;
        let leaves: Vec<_> = leaves
            .iter()
            .map(|leaf| log_leaf::ActiveModel {
                leaf: Set(from_index(leaf.index)),
                event: Set(leaf.position),
                path: Set(leaf.path.iter().flat_map(|hash| hash.0).collect()),
            })
            .collect();
        if !leaves.is_empty() {
            log_leaf::Entity::insert_many(leaves).exec_without_returning(tx).await?;
        }
        let nodes = nodes.iter().map(|(node, hash)| log_node::ActiveModel {
            level: Set(node.level.into()),
            number: Set(from_index(node.index)),
            hash: Set(hash.0.to_vec()),
        });
        log_node::Entity::insert_many(nodes).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Stores a checkpoint, which no one has cosigned yet.
    ///
    /// # Errors
    /// Fails if there is one of this size, or the database fails.
    pub async fn add_checkpoint(&self, size: u64, note: String) -> Result<(), StoreError> {
        let row = log_checkpoint::ActiveModel {
            size: Set(from_index(size)),
            note: Set(note),
            cosigned: Set(false),
        };
        log_checkpoint::Entity::insert(row)
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }
}

/// Returns the number of batches in the log.
pub(super) async fn log_batches(db: &impl ConnectionTrait) -> Result<u32, StoreError> {
    let newest: Option<i64> = log_node::Entity::find()
        .select_only()
        .column_as(log_node::Column::Number.max(), "newest")
        .filter(log_node::Column::Level.eq(0_i16))
        .into_tuple()
        .one(db)
        .await?
        .flatten();
    let batches = newest.map_or(0, |newest| newest.saturating_add(1));
    u32::try_from(batches).map_err(|_| StoreError::CorruptRow("log_nodes.number"))
}

async fn leaf_secret(db: &impl ConnectionTrait) -> Result<Option<LeafSecret>, StoreError> {
    let row = log_secret::Entity::find_by_id(LEAF_SECRET_KEY).one(db).await?;
    let parse = |row: log_secret::Model| {
        let bytes = row.secret.try_into().map_err(|_| StoreError::CorruptRow("log_secrets"))?;
        Ok(LeafSecret::from_bytes(bytes))
    };
    row.map(parse).transpose()
}

async fn log_nodes(
    db: &impl ConnectionTrait,
    ids: &[NodeId],
) -> Result<HashMap<NodeId, Hash>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut numbers: BTreeMap<u8, Vec<i64>> = BTreeMap::new();
    for node in ids {
        numbers.entry(node.level).or_default().push(from_index(node.index));
    }
    // One term for each level. SQLite limits the depth of an expression to 1,000 terms.
    let any = numbers.into_iter().fold(Condition::any(), |any, (level, numbers)| {
        let of_level = log_node::Column::Level.eq(i16::from(level));
        any.add(of_level.and(log_node::Column::Number.is_in(numbers)))
    });
    let rows = log_node::Entity::find().filter(any).all(db).await?;
    let parse = |row: log_node::Model| {
        let level =
            u8::try_from(row.level).map_err(|_| StoreError::CorruptRow("log_nodes.level"))?;
        let node = NodeId { level, index: to_index(row.number)? };
        Ok((node, parse_hash(&row.hash, "log_nodes.hash")?))
    };
    rows.into_iter().map(parse).collect()
}

fn hash_of(row: event::Model) -> Hash {
    SignedEvent { bytes: row.bytes, signature: row.signature }.hash()
}
