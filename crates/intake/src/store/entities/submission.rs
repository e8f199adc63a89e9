//! A submission as it waits for the case handler.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "submissions")]
pub struct Model {
    /// Random (UUID version 4).
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// SHA-256 of all bytes, once they are all there: the same bytes are kept once.
    #[sea_orm(unique)]
    pub digest: Option<Vec<u8>>,
    /// ISO week of arrival.
    pub week: String,
    /// A rung of the ladder; 0 while bytes still come.
    pub length: i64,
    /// Has all of it been stored?
    pub complete: bool,
}

impl ActiveModelBehavior for ActiveModel {}
