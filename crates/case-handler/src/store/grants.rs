//! Grants of cases.

use std::collections::BTreeMap;

use protocol::{Hash, api::workbench::GenerationGrant, submission::key_grant::SealedGrant};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{CaseStore, StoreError, WriteTransaction, entities::grant, parse_hash, to_i32, to_u32};

/// A released grant without its sealed content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// The case.
    pub case: Uuid,
    /// The generation of the case secret.
    pub generation: u32,
    /// The handle of the member.
    pub member: String,
    /// The tag, which identifies the member's key.
    pub tag: Hash,
}

fn grant_row(
    id: Uuid,
    member: &str,
    grant: &GenerationGrant,
    released: bool,
) -> grant::ActiveModel {
    grant::ActiveModel {
        case_id: Set(id),
        generation: Set(to_i32(grant.generation)),
        member: Set(member.to_owned()),
        tag: Set(grant.grant.tag.0.to_vec()),
        sealed: Set(grant.grant.sealed.clone()),
        released: Set(released),
    }
}

impl CaseStore {
    /// Returns the released grants of a case with their members, in the order of members, oldest
    /// generation first.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn released_grants(
        &self,
        id: Uuid,
    ) -> Result<Vec<(String, GenerationGrant)>, StoreError> {
        let rows = grant::Entity::find()
            .filter(grant::Column::CaseId.eq(id))
            .filter(grant::Column::Released.eq(true))
            .order_by_asc(grant::Column::Member)
            .order_by_asc(grant::Column::Generation)
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| {
                let tag = parse_hash(&row.tag, "grants.tag")?;
                let grant = SealedGrant { tag, sealed: row.sealed };
                Ok((row.member, GenerationGrant { generation: to_u32(row.generation), grant }))
            })
            .collect()
    }

    /// Returns the members with a released grant of a case.
    ///
    /// # Errors
    /// Fails if the database fails.
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

    /// Returns all released grants of some cases, in the order of members.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn held_grants(&self, ids: &[Uuid]) -> Result<Vec<HeldGrant>, StoreError> {
        let rows: Vec<(Uuid, i32, String, Vec<u8>)> = grant::Entity::find()
            .select_only()
            .columns([
                grant::Column::CaseId,
                grant::Column::Generation,
                grant::Column::Member,
                grant::Column::Tag,
            ])
            .filter(grant::Column::CaseId.is_in(ids.iter().copied()))
            .filter(grant::Column::Released.eq(true))
            .order_by_asc(grant::Column::Member)
            .into_tuple()
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|(case, generation, member, tag)| {
                Ok(HeldGrant {
                    case,
                    generation: to_u32(generation),
                    member,
                    tag: parse_hash(&tag, "grants.tag")?,
                })
            })
            .collect()
    }
}

impl WriteTransaction<'_> {
    /// Adds the grants of a new case: member, grant, and whether it is released.
    pub fn add_first_grants<'g>(
        &self,
        id: Uuid,
        grants: impl Iterator<Item = (&'g str, &'g GenerationGrant, bool)>,
    ) {
        self.mark_dirty(id);
        let rows = grants.map(|(member, grant, released)| grant_row(id, member, grant, released));
        self.lock_batch().grants.extend(rows);
    }

    /// Adds a grant for a member. An existing grant is never replaced and can only be released, so
    /// that no member can replace the grant of another. Returns true if the member's grant is now
    /// the given one.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn add_grant(
        &self,
        id: Uuid,
        member: &str,
        grant: &GenerationGrant,
        released: bool,
    ) -> Result<bool, StoreError> {
        self.mark_dirty(id);
        let key = (id, to_i32(grant.generation), member.to_owned());
        if let Some(existing) =
            grant::Entity::find_by_id(key).one(self.flushed_transaction().await?).await?
        {
            let same = existing.tag == grant.grant.tag.0;
            if same && released && !existing.released {
                let released = grant::ActiveModel { released: Set(true), ..existing.into() };
                grant::Entity::update(released).exec(self.flushed_transaction().await?).await?;
            }
            return Ok(same);
        }
        let row = grant_row(id, member, grant, released);
        grant::Entity::insert(row)
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(true)
    }

    /// Deletes a grant whose key the member no longer uses, before one for the new key is added.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn delete_grant(
        &self,
        id: Uuid,
        generation: u32,
        member: &str,
    ) -> Result<(), StoreError> {
        self.mark_dirty(id);
        grant::Entity::delete_by_id((id, to_i32(generation), member.to_owned()))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Returns every member with a grant of a case, and whether it is released.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn grant_holders(&self, id: Uuid) -> Result<BTreeMap<String, bool>, StoreError> {
        let rows = grant::Entity::find()
            .filter(grant::Column::CaseId.eq(id))
            .all(self.flushed_transaction().await?)
            .await?;
        let mut holders = BTreeMap::new();
        for row in rows {
            *holders.entry(row.member).or_insert(false) |= row.released;
        }
        Ok(holders)
    }

    /// Deletes all grants of a case that a member has.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn delete_grants(&self, id: Uuid, member: &str) -> Result<(), StoreError> {
        self.mark_dirty(id);
        grant::Entity::delete_many()
            .filter(grant::Column::CaseId.eq(id))
            .filter(grant::Column::Member.eq(member))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Releases the withheld grants of these members.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn release_grants(&self, id: Uuid, members: &[String]) -> Result<(), StoreError> {
        self.mark_dirty(id);
        grant::Entity::update_many()
            .col_expr(grant::Column::Released, Expr::value(true))
            .filter(grant::Column::CaseId.eq(id))
            .filter(grant::Column::Member.is_in(members))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }
}
