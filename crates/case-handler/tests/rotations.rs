//! Rotations by two members: nothing is in effect before the approval, and everything is after it.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{HandlerFixture, rotations::rotated_recipient, submissions::follow_up};
use http::{Method, StatusCode};
use protocol::{
    api::workbench::{GenerationGrant, NewEvent, SealedBytes},
    case::event::Action,
    rotation::RotationConfirmation,
};
use uuid::Uuid;

const DESK: [&str; 4] = ["awa", "bila", "coumba", "eva"];

async fn ingested(handler: &mut HandlerFixture) -> Uuid {
    let (report, _) = handler.new_report(&DESK);
    handler.ingest(&report).await.unwrap();
    report.header.case.id
}

fn grants(
    handler: &HandlerFixture,
    id: Uuid,
    generation: u32,
    to: &[&str],
) -> Vec<GenerationGrant> {
    to.iter().map(|handle| handler.garbage_grant(id, generation, handle)).collect()
}

/// Returns the generations of a member's grants, and of the grants of the proposal.
async fn generations(handler: &HandlerFixture, who: &str, id: Uuid) -> (Vec<u32>, Vec<u32>) {
    let file = handler.case(who, id).await.unwrap();
    let of = |grants: &[GenerationGrant]| grants.iter().map(|grant| grant.generation).collect();
    (of(&file.grants), of(&file.pending_grants))
}

#[tokio::test]
async fn a_proposal_changes_nothing_until_a_second_member_approves_it() {
    let mut handler = HandlerFixture::new().await;
    let id = ingested(&mut handler).await;
    let before = handler.store.mailboxes(None, 10).await.unwrap().remove(0);
    handler.propose_rotation("awa", id, grants(&handler, id, 1, &DESK)).await.unwrap();
    assert_eq!(generations(&handler, "bila", id).await, (vec![0], vec![1]));
    let pending = handler.store.mailboxes(None, 10).await.unwrap().remove(0);
    assert_eq!(pending.case_recipient, before.case_recipient);
    assert_eq!(pending.rotations, []);
    let refused = handler.approve_rotation("awa", id).await.unwrap_err();
    assert_eq!(refused.rule.as_deref(), Some("same-person"));

    handler.approve_rotation("bila", id).await.unwrap();
    for who in ["awa", "bila", "coumba"] {
        assert_eq!(generations(&handler, who, id).await, (vec![0, 1], vec![]), "{who}");
    }
    let file = handler.case("coumba", id).await.unwrap();
    assert_eq!(file.case_recipients[1].recipient, rotated_recipient(1));
    let statement = file.row.state.rotation.clone().unwrap();
    let signers: Vec<_> = file.confirmations.iter().map(|by| by.device).collect();
    assert_eq!(signers, ["awa", "bila"].map(|who| (&handler.members[who].1).into()));
    assert!(file.confirmations.iter().all(|by| by.confirms(&statement)));
    let content = handler.store.mailboxes(None, 10).await.unwrap().remove(0);
    assert_eq!(content.case_recipient, rotated_recipient(1));
    assert_eq!(content.rotations.len(), 1);
    assert_eq!(content.rotations[0].rotation.statement, statement);
    case_handler::event_log::verify_chains(&handler.store).await.unwrap();
}

#[tokio::test]
async fn a_payload_that_does_not_fit_the_event_is_refused_and_leaves_nothing() {
    let mut handler = HandlerFixture::new().await;
    let id = ingested(&mut handler).await;
    let honest = handler.proposal("awa", id, grants(&handler, id, 1, &DESK)).await;
    let confirmation = honest.payload.confirmation.clone().unwrap();
    let by_bila =
        RotationConfirmation { device: (&handler.members["bila"].1).into(), ..confirmation };
    for (what, change) in [
        (
            "no C",
            &(|new: &mut NewEvent| new.payload.case_recipient = None) as &dyn Fn(&mut NewEvent),
        ),
        ("another C", &|new| new.payload.case_recipient = Some(rotated_recipient(7))),
        ("no confirmation", &|new| new.payload.confirmation = None),
        ("the confirmation of another member", &|new| {
            new.payload.confirmation = Some(by_bila.clone());
        }),
        ("a grant less", &|new| drop(new.payload.grants.pop())),
        ("a note", &|new| new.payload.note = Some(SealedBytes(vec![1]))),
    ] {
        let mut changed = honest.clone();
        change(&mut changed);
        assert!(handler.post_event("awa", id, &changed).await.is_err(), "{what}");
    }
    assert_eq!(handler.case("awa", id).await.unwrap().row.state.pending_rotation, None);
    handler.post_event("awa", id, &honest).await.unwrap();
    let mut approval = handler.approval("bila", id).await;
    approval.payload.confirmation = honest.payload.confirmation.clone();
    assert!(handler.post_event("bila", id, &approval).await.is_err(), "the proposer's");
    approval.payload.confirmation = None;
    assert!(handler.post_event("bila", id, &approval).await.is_err());
    assert_eq!(generations(&handler, "bila", id).await, (vec![0], vec![1]), "still pending");
    handler.approve_rotation("bila", id).await.unwrap();
}

#[tokio::test]
async fn a_declined_or_withdrawn_proposal_leaves_no_keys() {
    let mut handler = HandlerFixture::new().await;
    let id = ingested(&mut handler).await;
    for (who, action) in [("awa", Action::Withdrawn), ("bila", Action::Recused)] {
        handler.propose_rotation(who, id, grants(&handler, id, 1, &DESK)).await.unwrap();
        assert!(handler.store.pending_keys(id).await.unwrap().is_some());
        handler.post_action(who, id, action).await.unwrap();
        assert_eq!(handler.store.pending_keys(id).await.unwrap(), None, "{who}");
    }
    let rest = ["awa", "coumba", "eva"];
    handler.propose_rotation("awa", id, grants(&handler, id, 1, &rest)).await.unwrap();
    let note = SealedBytes(b"sealed reason".to_vec());
    let mut declined =
        handler.signed_event("coumba", id, Action::Declined { note: note.hash() }).await;
    declined.payload.note = Some(note);
    handler.post_event("coumba", id, &declined).await.unwrap();
    assert_eq!(generations(&handler, "awa", id).await, (vec![0], vec![]));
}

#[tokio::test]
async fn the_approval_is_refused_if_the_readers_have_changed_since() {
    let mut handler = HandlerFixture::new().await;
    let approve = async |handler: &HandlerFixture, id: Uuid| {
        let refused = handler.approve_rotation("coumba", id).await.unwrap_err();
        assert_eq!(refused.rule.as_deref(), Some("readers-changed"));
        assert_eq!(handler.case("coumba", id).await.unwrap().row.state.generation, 0);
    };
    // A member recuses.
    let id = ingested(&mut handler).await;
    handler.propose_rotation("awa", id, grants(&handler, id, 1, &DESK)).await.unwrap();
    handler.post_action("bila", id, Action::Recused).await.unwrap();
    approve(&handler, id).await;
    // A member of the directory becomes a reader whom the proposal does not know.
    let (report, _) = handler.new_report(&["awa", "coumba", "eva"]);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    handler.declare(id, &["awa"]).await;
    let all = grants(&handler, id, 1, &["awa", "coumba", "eva"]);
    handler.propose_rotation("awa", id, all).await.unwrap();
    let grant = handler.garbage_grant(id, 0, "bila");
    let action =
        Action::Assigned { to: "bila".into(), granted: vec![grant.to_record()], note: None };
    let mut assigned = handler.signed_event("awa", id, action).await;
    assigned.payload.grants = vec![grant];
    handler.post_event("awa", id, &assigned).await.unwrap();
    approve(&handler, id).await;
    // A member gets another key, or leaves.
    let id = ingested(&mut handler).await;
    handler.propose_rotation("awa", id, grants(&handler, id, 1, &DESK)).await.unwrap();
    handler.renew_keys("bila").await;
    approve(&handler, id).await;
    handler.post_action("awa", id, Action::Withdrawn).await.unwrap();
    handler.propose_rotation("awa", id, grants(&handler, id, 1, &DESK)).await.unwrap();
    handler.approve_rotation("coumba", id).await.unwrap();
}

#[tokio::test]
async fn excluding_a_member_takes_a_declaration_of_both() {
    let mut handler = HandlerFixture::new().await;
    let id = ingested(&mut handler).await;
    let stay = ["awa", "coumba", "eva"];
    let undeclared = handler.propose_rotation("awa", id, grants(&handler, id, 1, &stay)).await;
    assert_eq!(undeclared.unwrap_err().rule.as_deref(), Some("undeclared"));
    handler.declare(id, &["awa"]).await;
    handler.propose_rotation("awa", id, grants(&handler, id, 1, &stay)).await.unwrap();
    let undeclared = handler.approve_rotation("coumba", id).await.unwrap_err();
    assert_eq!(undeclared.rule.as_deref(), Some("undeclared"));
    handler.declare(id, &["coumba"]).await;
    handler.approve_rotation("coumba", id).await.unwrap();
    assert_eq!(handler.case("bila", id).await, Err(StatusCode::NOT_FOUND));
}

#[tokio::test]
async fn a_restart_between_proposal_and_approval_loses_nothing() {
    let mut handler = HandlerFixture::new().await;
    let id = ingested(&mut handler).await;
    handler.propose_rotation("awa", id, grants(&handler, id, 1, &DESK)).await.unwrap();
    handler.restart().await;
    assert_eq!(generations(&handler, "bila", id).await, (vec![0], vec![1]));
    // The activation is one transaction: if its last statement fails, nothing of it is stored.
    let approval = handler.approval("bila", id).await;
    handler.execute_sql("ALTER TABLE rotations RENAME TO rotations_away").await;
    assert!(handler.post_event("bila", id, &approval).await.is_err());
    handler.execute_sql("ALTER TABLE rotations_away RENAME TO rotations").await;
    handler.restart().await;
    assert_eq!(generations(&handler, "bila", id).await, (vec![0], vec![1]));
    assert_eq!(handler.store.mailboxes(None, 10).await.unwrap()[0].rotations, []);
    handler.approve_rotation("bila", id).await.unwrap();
    handler.restart().await;
    assert_eq!(generations(&handler, "bila", id).await, (vec![0, 1], vec![]));
    case_handler::event_log::verify_chains(&handler.store).await.unwrap();
}

#[tokio::test]
async fn readers_add_confirmations_of_the_current_statement_only() {
    let mut handler = HandlerFixture::new().await;
    let id = ingested(&mut handler).await;
    let post = async |handler: &HandlerFixture, who: &str, by: &RotationConfirmation| {
        let path = format!("/v1/cases/{id}/confirmations");
        handler.request(Method::POST, &path, &handler.sign_in(who).await, by).await.0
    };
    handler.propose_rotation("awa", id, grants(&handler, id, 1, &DESK)).await.unwrap();
    let pending = handler.case("awa", id).await.unwrap().row.state.pending_rotation.unwrap();
    let first = pending.rotation.statement;
    let coumbas = first.confirm(&handler.members["coumba"].1);
    let early = post(&handler, "coumba", &coumbas).await;
    assert_eq!(early, StatusCode::UNPROCESSABLE_ENTITY, "not in effect");
    handler.approve_rotation("bila", id).await.unwrap();
    assert_eq!(post(&handler, "coumba", &coumbas).await, StatusCode::NO_CONTENT);
    assert_eq!(post(&handler, "coumba", &coumbas).await, StatusCode::NO_CONTENT);
    assert_eq!(handler.case("awa", id).await.unwrap().confirmations.len(), 3, "each once");
    // Not for another member, not by a member who does not read the case.
    assert_eq!(post(&handler, "bila", &coumbas).await, StatusCode::BAD_REQUEST);
    let evas = first.confirm(&handler.members["eva"].1);
    assert_eq!(post(&handler, "eva", &evas).await, StatusCode::NOT_FOUND);
    let mut forged = coumbas.clone();
    forged.signature[5] ^= 1;
    assert_eq!(post(&handler, "coumba", &forged).await, StatusCode::UNPROCESSABLE_ENTITY);
    // A member who confirmed gets another key: the old confirmation is dropped with the next one.
    handler.renew_keys("awa").await;
    let again = first.confirm(&handler.members["awa"].1);
    assert_eq!(post(&handler, "awa", &again).await, StatusCode::NO_CONTENT);
    assert_eq!(handler.case("awa", id).await.unwrap().confirmations.len(), 3);
    handler.propose_rotation("awa", id, grants(&handler, id, 2, &DESK)).await.unwrap();
    handler.approve_rotation("bila", id).await.unwrap();
    let replayed = post(&handler, "coumba", &coumbas).await;
    assert_eq!(replayed, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_mailbox_has_the_rotations_after_the_newest_capsule() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    for generation in [1, 2] {
        handler.propose_rotation("awa", id, grants(&handler, id, generation, &DESK)).await.unwrap();
        handler.approve_rotation("bila", id).await.unwrap();
    }
    let published = async |handler: &HandlerFixture| -> Vec<u32> {
        let content = handler.store.mailboxes(None, 10).await.unwrap().remove(0);
        content.rotations.iter().map(|entry| entry.rotation.statement.generation).collect()
    };
    assert_eq!(published(&handler).await, [1, 2]);
    let mut message = follow_up(&report, "one");
    message.header.case.generation = 1;
    handler.ingest(&message).await.unwrap();
    assert_eq!(published(&handler).await, [2]);
    let mut message = follow_up(&report, "two");
    message.header.case.generation = 2;
    handler.ingest(&message).await.unwrap();
    assert_eq!(published(&handler).await, Vec::<u32>::new());
}
