//! The state of the intake: a single row.

use sea_orm::entity::prelude::*;

/// The key of the single row.
pub const SINGLETON_ID: i32 = 1;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "state")]
pub struct Model {
    /// [`SINGLETON_ID`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Number of the served mailbox snapshot.
    pub served_generation: i64,
    /// Number of the newest mailbox snapshot that has begun.
    pub newest_generation: i64,
    /// Seed of the decoy mailboxes. It must survive a restart, because a decoy that changes while
    /// mailboxes do not would be recognisable.
    pub decoy_seed: Vec<u8>,
    /// The newest accepted directory: JSON of [`protocol::directory::SignedDirectory`].
    pub directory: Option<Vec<u8>>,
    /// The reply schedule: JSON of [`protocol::api::relay::ReplySchedule`].
    pub reply_schedule: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}
