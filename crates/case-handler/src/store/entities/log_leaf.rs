//! Table `log_leaves`: the leaf of each event in the transparency log.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_leaves")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub leaf: i64,
    /// The position of the event in the event log.
    pub event: i64,
    /// The hashes of its inclusion proof in its batch, from the leaf upwards.
    pub path: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
