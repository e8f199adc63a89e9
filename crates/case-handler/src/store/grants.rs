//! Whose grant opens which case.

use envelope::{desk_api::GenerationGrant, grant::SealedGrant};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr,
    sea_query::OnConflict,
};
use uuid::Uuid;

use super::{Store, StoreError, Writing, count, entities::grant, hash, small};

impl Store {
    /// A member's released grants of a case, oldest generation first.
    pub async fn grants_of(&self, id: Uuid, member: &str) -> Result<Vec<GenerationGrant>, StoreError> {
        let rows = grant::Entity::find()
            .filter(grant::Column::CaseId.eq(id))
            .filter(grant::Column::Member.eq(member))
            .filter(grant::Column::Released.eq(true))
            .order_by_asc(grant::Column::Generation)
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| {
                let tag = hash(&row.tag, "grants.tag")?;
                let grant = SealedGrant { tag, sealed: row.sealed };
                Ok(GenerationGrant { generation: count(row.generation), grant })
            })
            .collect()
    }

    /// Who holds a released grant of a case.
    pub async fn holders(&self, id: Uuid) -> Result<Vec<String>, StoreError> {
        let rows = grant::Entity::find()
            .filter(grant::Column::CaseId.eq(id))
            .filter(grant::Column::Released.eq(true))
            .order_by_asc(grant::Column::Member)
            .all(&self.db)
            .await?;
        let mut holders: Vec<_> = rows.into_iter().map(|row| row.member).collect();
        holders.dedup();
        Ok(holders)
    }
}

impl Writing<'_> {
    /// A grant for a member; the same one again changes nothing but its release.
    pub async fn add_grant(
        &self,
        id: Uuid,
        member: &str,
        grant: &GenerationGrant,
        released: bool,
    ) -> Result<(), StoreError> {
        let row = grant::ActiveModel {
            case_id: Set(id),
            generation: Set(small(grant.generation)),
            member: Set(member.to_owned()),
            tag: Set(grant.grant.tag.0.to_vec()),
            sealed: Set(grant.grant.sealed.clone()),
            released: Set(released),
        };
        let key = [grant::Column::CaseId, grant::Column::Generation, grant::Column::Member];
        let changed = [grant::Column::Sealed, grant::Column::Released];
        grant::Entity::insert(row)
            .on_conflict(OnConflict::columns(key).update_columns(changed).to_owned())
            .exec_without_returning(&self.tx)
            .await?;
        Ok(())
    }

    /// Every member with a grant of a case, and whether it is released.
    pub async fn grant_holders(&self, id: Uuid) -> Result<Vec<(String, bool)>, StoreError> {
        let rows = grant::Entity::find()
            .filter(grant::Column::CaseId.eq(id))
            .order_by_asc(grant::Column::Member)
            .all(&self.tx)
            .await?;
        let mut holders: Vec<_> = rows.into_iter().map(|row| (row.member, row.released)).collect();
        holders.dedup();
        Ok(holders)
    }

    /// Takes every grant of a case away from a member.
    pub async fn delete_grants(&self, id: Uuid, member: &str) -> Result<(), StoreError> {
        grant::Entity::delete_many()
            .filter(grant::Column::CaseId.eq(id))
            .filter(grant::Column::Member.eq(member))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Gives the outside body its grants.
    pub async fn release_grants(&self, id: Uuid) -> Result<(), StoreError> {
        grant::Entity::update_many()
            .col_expr(grant::Column::Released, Expr::value(true))
            .filter(grant::Column::CaseId.eq(id))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}
