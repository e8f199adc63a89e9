//! A mailbox as the case handler published it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mailboxes")]
pub struct Model {
    /// Random, because `SQLite` stores rows in the order of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: i64,
    /// Number of its snapshot.
    pub generation: i64,
    /// SHA-256 of the locator.
    pub id: Vec<u8>,
    /// The sealed mailbox: 32 KiB.
    pub sealed: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
