//! A submission that waits for the case handler.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "submissions")]
pub struct Model {
    /// Random (UUID version 4).
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// SHA-256 of all bytes of a complete submission. It is unique, so the same bytes are stored
    /// once.
    #[sea_orm(unique)]
    pub digest: Option<Vec<u8>>,
    /// ISO week of arrival.
    pub week: String,
    /// Length in bytes, a size class; 0 while the submission is incomplete.
    pub length: i64,
    /// Whether all bytes are stored.
    pub complete: bool,
}

impl ActiveModelBehavior for ActiveModel {}
