//! Table `submissions`: what has been filed, by which a second sending is known.

#![expect(missing_docs, reason = "columns are named for what they hold; the migration explains the rest")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "submissions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sending_tag: Vec<u8>,
    pub batch: i32,
}

impl ActiveModelBehavior for ActiveModel {}
