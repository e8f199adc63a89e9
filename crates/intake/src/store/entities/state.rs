//! What the intake knows of itself: one row.

use sea_orm::entity::prelude::*;

/// The key of the one row.
pub const SINGLETON_ID: i32 = 1;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "state")]
pub struct Model {
    /// [`SINGLETON_ID`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Number of the laying-out of mailboxes that is served.
    pub tick: i64,
    /// Number of the newest laying-out that has begun.
    pub laying_out: i64,
    /// Decoys grow from it; it must outlive a restart, or a decoy would change where a mailbox does
    /// not.
    pub decoy_seed: Vec<u8>,
    /// The newest accepted directory: JSON of [`protocol::directory::SignedDirectory`].
    pub directory: Option<Vec<u8>>,
    /// By when reports are answered: JSON of [`protocol::relay_router::ReplySchedule`].
    pub answers: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}
