//! By when the case handler answers: what it laid out last, for the day on a receipt.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum State {
    Table,
    Answers,
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait is declared with elided ones, and they must match"
)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = ColumnDef::new(State::Answers);
        column.blob();
        manager.alter_table(Table::alter().table(State::Table).add_column(column).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table(State::Table).drop_column(State::Answers).take())
            .await
    }
}
