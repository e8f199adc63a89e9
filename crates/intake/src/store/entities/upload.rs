//! An upload that can be continued after a cut.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "uploads")]
pub struct Model {
    /// SHA-256 of the upload id, so that a reader of the file cannot continue the upload.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Vec<u8>,
    /// Id of the submission that the pieces belong to. The row is deleted with the submission.
    pub submission: Uuid,
    /// The last day on which the upload can be continued, as `YYYY-MM-DD`. NULL after its end.
    pub last_day: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
