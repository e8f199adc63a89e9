//! Laying-outs of mailboxes are numbered when they begin, so that replicas never give two the same
//! number.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum State {
    Table,
    Tick,
    LayingOut,
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait is declared with elided ones, and they must match"
)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = ColumnDef::new(State::LayingOut);
        column.big_integer().not_null().default(0);
        manager.alter_table(Table::alter().table(State::Table).add_column(column).take()).await?;
        let begun = Query::update()
            .table(State::Table)
            .value(State::LayingOut, Expr::col(State::Tick))
            .take();
        manager.execute(begun).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table(State::Table).drop_column(State::LayingOut).take())
            .await
    }
}
