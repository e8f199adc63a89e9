//! A mailbox as the case handler laid it out.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mailboxes")]
pub struct Model {
    /// Random: in `SQLite`, rows lie in the order of it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: i64,
    /// The laying-out that it belongs to.
    pub tick: i64,
    /// SHA-256 of the locator.
    pub id: Vec<u8>,
    /// 32 KiB.
    pub sealed: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
