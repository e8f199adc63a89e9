//! Key rotations: stores the keys of a proposal, puts them into effect at the approval, and adds
//! confirmations.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use http::StatusCode;
use protocol::{
    api::workbench::GenerationGrant,
    case::RuleViolation,
    rotation::{ConfirmedRotation, RotationConfirmation, RotationStatement},
    submission::key_grant::grant_tag,
};
use uuid::Uuid;

use super::{
    ApiProblem, ApiState,
    events::{EventPayloadHandler, RotationPayload, rule_violation},
    sessions::AuthenticatedMember,
};
use crate::{ingest::oversight_members, store::PendingKeys};

/// Adds the caller's confirmation of the statement of the current generation.
pub(super) async fn add_confirmation(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    id: Result<Path<Uuid>, PathRejection>,
    confirmation: Result<Json<RotationConfirmation>, JsonRejection>,
) -> Result<StatusCode, ApiProblem> {
    let Path(id) = id?;
    let Json(confirmation) = confirmation?;
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let member = accepted.directory.member(&caller.handle).ok_or(ApiProblem::Unauthorized)?;
    if confirmation.device != member.device {
        return Err(ApiProblem::Malformed("confirmation belongs to another member".to_owned()));
    }
    let transaction = api.store.begin_write().await?;
    let is_reader = transaction.grant_holders(id).await?.get(&caller.handle) == Some(&true);
    let Some(case) = transaction.case(id).await?.filter(|_| is_reader) else {
        return Err(ApiProblem::NotFound);
    };
    let devices: Vec<_> = accepted.directory.members.iter().map(|member| member.device).collect();
    let of = (id, case.state.generation);
    if !transaction.add_confirmation(of, confirmation, &devices).await? {
        return Err(rule_violation("the confirmation is not for the current keys of the case"));
    }
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

impl EventPayloadHandler<'_> {
    /// Stores the keys of a proposal. A member without a grant of the new generation loses all
    /// grants of the case at the approval; the oversight body cannot be excluded. A member whose
    /// key has changed gets new grants of the earlier generations in the same proposal. A member
    /// who has joined the oversight body since, and has no grant, gets those of earlier generations
    /// at once.
    pub(super) async fn propose_rotation(
        &self,
        payload: RotationPayload<'_>,
        actor: &str,
    ) -> Result<(), ApiProblem> {
        let RotationPayload { rotation, case_recipient, grants, confirmation } = payload;
        let statement = &rotation.statement;
        if case_recipient.hash() != statement.case_recipient {
            return Err(rule_violation("payload does not match the event"));
        }
        let confirmation = self.check_confirmation(confirmation, statement, actor)?;
        let mut owned = Vec::new();
        let mut remaining = BTreeSet::new();
        for grant in grants {
            let member = self.grant_owner(grant, statement.generation)?;
            let may_read = self.holders.contains_key(&member.handle)
                // A member who joined the oversight body after the report was ingested, or whose
                // body the reporter refused first and asked for later.
                || (self.directory.is_oversight(&member.handle)
                    && self.case.state.oversight_may_read());
            if !may_read {
                return Err(rule_violation("new keys may be granted to current readers only"));
            }
            if grant.generation == statement.generation {
                remaining.insert(member.handle.as_str());
            }
            if !self.holders.contains_key(&member.handle) && grant.generation < statement.generation
            {
                // So that this member of the oversight body can read the case and approve.
                let released = self.case.state.released.is_some();
                self.store_grant(member, grant, released).await?;
            }
            owned.push((member.handle.clone(), grant.clone()));
        }
        if owned.iter().any(|(handle, _)| !remaining.contains(handle.as_str())) {
            return Err(rule_violation(
                "each remaining reader needs a grant of the new generation",
            ));
        }
        let left_out: Vec<String> = self
            .readers_of_directory()
            .filter(|handle| !remaining.contains(handle.as_str()))
            .cloned()
            .collect();
        if left_out.iter().any(|handle| self.directory.is_oversight(handle)) {
            return Err(rule_violation("the oversight body cannot be excluded"));
        }
        let oversight = oversight_members(self.directory);
        let must_get_keys =
            self.case.state.oversight_refused && self.case.state.oversight_may_read();
        if must_get_keys && oversight.iter().any(|handle| !remaining.contains(handle.as_str())) {
            return Err(rule_violation("the oversight body needs keys: the reporter asked for it"));
        }
        self.check_may_exclude(&left_out, actor)?;
        let rotation = rotation.clone();
        let keys = PendingKeys { rotation, case_recipient, confirmation, grants: owned, left_out };
        Ok(self.transaction.set_pending_keys(self.case.id, &keys).await?)
    }

    /// Puts the keys of the approved proposal into effect: `C`, the grants, and the statement for
    /// the reporter.
    pub(super) async fn activate_rotation(
        &self,
        confirmation: Option<RotationConfirmation>,
        actor: &str,
    ) -> Result<(), ApiProblem> {
        let id = self.case.id;
        let keys = self.transaction.take_pending_keys(id).await?.ok_or(ApiProblem::Internal)?;
        let statement = &keys.rotation.statement;
        let confirmation = self.check_confirmation(confirmation, statement, actor)?;
        let remaining = self.check_readers_unchanged(&keys)?;
        self.check_may_exclude(&keys.left_out, actor)?;
        self.transaction.add_case_recipient(id, statement.generation, &keys.case_recipient);
        for (handle, grant) in &keys.grants {
            let member = self.directory.member(handle).ok_or(RuleViolation::ReadersChanged)?;
            let released = match self.holders.get(handle) {
                Some(released) => *released,
                None => self.case.state.released.is_some(),
            };
            self.store_grant(member, grant, released).await?;
        }
        for handle in self.holders.keys().filter(|handle| !remaining.contains(handle.as_str())) {
            self.transaction.delete_grants(id, handle).await?;
        }
        let confirmations = vec![keys.confirmation.clone(), confirmation];
        let confirmed = ConfirmedRotation { rotation: keys.rotation.clone(), confirmations };
        Ok(self.transaction.add_rotation(id, &confirmed).await?)
    }

    /// Returns the members who read on, if the readers are the same as at the proposal. Otherwise
    /// the proposal would exclude a member whom the approver was not shown, or grant the new keys
    /// to a member who recused.
    fn check_readers_unchanged<'k>(
        &self,
        keys: &'k PendingKeys,
    ) -> Result<BTreeSet<&'k str>, ApiProblem> {
        let generation = keys.rotation.statement.generation;
        let new: BTreeMap<&str, &GenerationGrant> = keys
            .grants
            .iter()
            .filter(|(_, grant)| grant.generation == generation)
            .map(|(handle, grant)| (handle.as_str(), grant))
            .collect();
        let has_same_key = |handle: &str, grant: &GenerationGrant| {
            let member = self.directory.member(handle);
            member
                .is_some_and(|member| grant_tag(self.case.id, &member.recipient) == grant.grant.tag)
        };
        let is_reader =
            |handle: &str| self.holders.contains_key(handle) || self.directory.is_oversight(handle);
        let was_known =
            |handle: &String| new.contains_key(handle.as_str()) || keys.left_out.contains(handle);
        let unchanged = new.iter().all(|(handle, grant)| has_same_key(handle, grant))
            && new.keys().all(|handle| is_reader(handle))
            && self.readers_of_directory().all(was_known);
        if unchanged {
            Ok(new.into_keys().collect())
        } else {
            Err(RuleViolation::ReadersChanged.into())
        }
    }

    fn readers_of_directory(&self) -> impl Iterator<Item = &String> {
        self.holders.keys().filter(|handle| self.directory.member(handle).is_some())
    }

    /// New keys for all readers reveal nothing and need no declaration. Excluding a colleague needs
    /// one.
    fn check_may_exclude(&self, left_out: &[String], actor: &str) -> Result<(), ApiProblem> {
        if left_out.is_empty() || self.case.state.has_declared(actor) {
            Ok(())
        } else {
            Err(RuleViolation::Undeclared.into())
        }
    }

    fn check_confirmation(
        &self,
        confirmation: Option<RotationConfirmation>,
        statement: &RotationStatement,
        actor: &str,
    ) -> Result<RotationConfirmation, ApiProblem> {
        let device = self.directory.member(actor).map(|member| member.device);
        confirmation
            .filter(|given| Some(given.device) == device && given.confirms(statement))
            .ok_or_else(|| rule_violation("payload does not contain the member's confirmation"))
    }
}
