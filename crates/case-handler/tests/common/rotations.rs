//! Rotations that are proposed and approved by members. The grants do not open, because the case
//! handler cannot check that.

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    api::workbench::{EventPayload, GenerationGrant, NewEvent, ProblemDetails},
    case::event::{Action, SignedEvent},
    keys::{CaseRecipient, CaseSecret},
    rotation::{RotationStatement, STATEMENT_VERSION, SignedStatement},
    submission::key_grant::{SealedGrant, grant_tag},
};
use uuid::Uuid;

use super::HandlerFixture;

/// Returns `K_c` of a generation.
fn replies_key(generation: u32) -> SigningKey {
    SigningKey::from_bytes(&Hash::of(&[b"replies", &generation.to_be_bytes()]).0)
}

/// Returns `C` of a generation after the first.
pub(crate) fn rotated_recipient(generation: u32) -> CaseRecipient {
    let secret = Hash::of(&[b"secret", &generation.to_be_bytes()]);
    CaseSecret::from_bytes(secret.0).identity().recipient()
}

impl HandlerFixture {
    /// Returns a grant with the tag of a member that does not open.
    pub(crate) fn garbage_grant(
        &self,
        case: Uuid,
        generation: u32,
        handle: &str,
    ) -> GenerationGrant {
        let tag = grant_tag(case, &self.recipient(handle));
        let sealed = format!("grant {generation} of {handle}").into_bytes();
        GenerationGrant { generation, grant: SealedGrant { tag, sealed } }
    }

    /// Returns the statement that follows the state that a reader sees.
    pub(crate) async fn next_statement(&self, by: &str, case: Uuid) -> SignedStatement {
        let state = self.case(by, case).await.unwrap().row.state;
        let generation = state.generation + 1;
        let statement = RotationStatement {
            v: STATEMENT_VERSION,
            case,
            generation,
            case_recipient: rotated_recipient(generation).hash(),
            replies_key: (&replies_key(generation)).into(),
            newest_reply: None,
            previous: state.rotation.as_ref().map(RotationStatement::hash),
        };
        statement.sign(&replies_key(state.generation))
    }

    /// Returns an event that proposes a rotation with these grants.
    pub(crate) async fn proposal(
        &self,
        by: &str,
        case: Uuid,
        grants: Vec<GenerationGrant>,
    ) -> NewEvent {
        let rotation = self.next_statement(by, case).await;
        let confirmation = rotation.statement.confirm(&self.members[by].1);
        let recipient = rotated_recipient(rotation.statement.generation);
        let records = grants.iter().map(GenerationGrant::to_record).collect();
        let action = Action::RotationProposed { rotation: Box::new(rotation), grants: records };
        let mut new = self.signed_event(by, case, action).await;
        new.payload = EventPayload {
            grants,
            case_recipient: Some(recipient),
            confirmation: Some(confirmation),
            ..EventPayload::default()
        };
        new
    }

    /// Returns an event that approves the pending rotation.
    pub(crate) async fn approval(&self, by: &str, case: Uuid) -> NewEvent {
        let state = self.case(by, case).await.unwrap().row.state;
        let pending = state.pending_rotation.expect("a rotation is pending");
        let confirmation = pending.rotation.statement.confirm(&self.members[by].1);
        let action = Action::RotationApproved { proposal: pending.proposal };
        let mut new = self.signed_event(by, case, action).await;
        new.payload.confirmation = Some(confirmation);
        new
    }

    pub(crate) async fn propose_rotation(
        &self,
        by: &str,
        case: Uuid,
        grants: Vec<GenerationGrant>,
    ) -> Result<SignedEvent, ProblemDetails> {
        let new = self.proposal(by, case, grants).await;
        self.post_event(by, case, &new).await
    }

    pub(crate) async fn approve_rotation(
        &self,
        by: &str,
        case: Uuid,
    ) -> Result<SignedEvent, ProblemDetails> {
        let new = self.approval(by, case).await;
        self.post_event(by, case, &new).await
    }
}
