//! Who has a case while the directory changes, and what nobody can take from whom.

mod common;

use common::{HandlerFixture, request_body};
use http::StatusCode;
use protocol::{
    Hash,
    api::workbench::{
        CaseDetail, EventPayload, FormerReader, FormerReaders, FormerReason, GenerationGrant,
        SealedBytes,
    },
    case::event::{Action, ReleaseReason},
    keys::{CaseSecret, PublicKey},
    submission::key_grant::{Grant, SealedGrant, grant_tag},
};
use uuid::Uuid;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

/// What looks like a grant for a member, and opens nothing.
fn garbage_grant(
    world: &HandlerFixture,
    case: Uuid,
    generation: u32,
    handle: &str,
) -> GenerationGrant {
    let tag = grant_tag(case, &world.recipient(handle));
    GenerationGrant { generation, grant: SealedGrant { tag, sealed: b"garbage".to_vec() } }
}

async fn assign_with_grant(
    world: &HandlerFixture,
    case: Uuid,
    to: &str,
    grant: GenerationGrant,
) -> Result<(), String> {
    let action = Action::Assigned { to: to.into(), granted: Some(grant.grant.tag) };
    let mut new = world.signed_event("awa", case, action).await;
    new.payload.grants = vec![grant];
    world.post_event("awa", case, &new).await.map(drop).map_err(|problem| problem.title)
}

#[tokio::test]
async fn a_member_with_a_new_key_gets_reports_that_were_sealed_to_the_old_one() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    let (old, _) = world.renew_keys("awa").await;
    world.renew_keys("eva").await;
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let file = world.case("awa", id).await.unwrap();
    assert!(Grant::open(&file.grants[0].grant, &old, id, 0).is_ok(), "awa still has the old key");
    assert_eq!(file.holders, ["awa", "bila", "coumba"]);
    let known = world.store.begin_write().await.unwrap().grant_holders(id).await.unwrap();
    assert_eq!(known.get("eva"), Some(&false), "the outside body's is held back, not dropped");
}

#[tokio::test]
async fn who_has_left_or_moved_desks_gets_nothing_new_and_a_single_reader_is_not_left_alone() {
    let mut world = HandlerFixture::new().await;
    let (before, _) = world.new_report(&DESK_MEMBERS);
    let (late, _) = world.new_report(&["awa", "bila", "coumba", "eva"]);
    world.ingest(&before).await.unwrap();
    world
        .publish(|directory| {
            directory.members.retain(|member| member.handle != "bila");
            directory.desks[0].members = vec!["awa".into()];
            let mut elsewhere = directory.desks[0].clone();
            (elsewhere.id, elsewhere.members) = ("hr".into(), vec!["coumba".into()]);
            directory.desks.push(elsewhere);
        })
        .await;
    world.ingest(&late).await.unwrap();
    let id = late.header.case.id;
    assert_eq!(world.case("coumba", id).await, Err(StatusCode::NOT_FOUND), "moved to another desk");
    assert_eq!(world.queue("coumba").await.len(), 1, "what she had before stays hers");
    let earlier = world.case("coumba", before.header.case.id).await.unwrap();
    assert_eq!(earlier.holders, ["awa", "coumba"], "nothing can be assigned to bila, who is gone");
    let file = world.case("awa", id).await.unwrap();
    assert_eq!(file.row.state.released, Some(ReleaseReason::DeskConflicted));
    assert_eq!(file.holders, ["awa", "eva"]);
}

#[tokio::test]
async fn a_report_for_a_desk_that_is_gone_is_the_oversight_bodys() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.publish(|directory| directory.desks[0].id = "renamed".into()).await;
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    assert_eq!(world.case("eva", id).await.unwrap().row.state.released, Some(ReleaseReason::Filed));
    assert_eq!(world.case("awa", id).await, Err(StatusCode::NOT_FOUND));
    // If it holds nothing that the outside body could open, those whom the reporter's side chose
    // have it.
    let (unseen, _) = world.new_report(&["awa", "bila"]);
    world.publish(|directory| directory.desks[0].id = "again".into()).await;
    world.ingest(&unseen).await.unwrap();
    assert_eq!(world.case("awa", unseen.header.case.id).await.unwrap().holders, ["awa", "bila"]);
}

#[tokio::test]
async fn nobody_replaces_the_grant_that_another_has() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    world.declare(id, &["awa", "bila"]).await;
    let given = |file: CaseDetail| file.grants[0].grant.sealed.clone();
    let bilas = given(world.case("bila", id).await.unwrap());
    assign_with_grant(&world, id, "bila", garbage_grant(&world, id, 0, "bila")).await.unwrap();
    assert_eq!(given(world.case("bila", id).await.unwrap()), bilas, "bila's grant stays as it was");
    let evas = report
        .grants
        .iter()
        .find(|grant| grant.tag == grant_tag(id, &world.recipient("eva")))
        .unwrap();
    world
        .post_action("bila", id, Action::Assigned { to: "awa".into(), granted: None })
        .await
        .unwrap();
    assign_with_grant(&world, id, "eva", garbage_grant(&world, id, 0, "eva")).await.unwrap();
    assert_eq!(
        given(world.case("eva", id).await.unwrap()),
        evas.sealed,
        "and so does the outside body's"
    );
}

#[tokio::test]
async fn after_a_change_of_keys_a_colleague_can_be_granted_again_but_the_oversight_body_keeps_the_reporters()
 {
    let mut world = HandlerFixture::new().await;
    let (report, receipt) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    world.declare(id, &["awa", "bila"]).await;
    world.renew_keys("bila").await;
    world.renew_keys("eva").await;
    let grant = Grant {
        case: id,
        generation: 0,
        secret: CaseSecret::from_bytes([1; 32]),
        reporter_key: PublicKey::from(&receipt.signing_key()),
        mailbox_recipient: Hash::default(),
    };
    let again = GenerationGrant { generation: 0, grant: grant.seal(&world.recipient("bila")) };
    assign_with_grant(&world, id, "bila", again).await.unwrap();
    let file = world.case("bila", id).await.unwrap();
    assert!(Grant::open(&file.grants[0].grant, &world.members["bila"].0, id, 0).is_ok());
    world
        .post_action("bila", id, Action::Assigned { to: "awa".into(), granted: None })
        .await
        .unwrap();
    let refused = assign_with_grant(&world, id, "eva", garbage_grant(&world, id, 0, "eva"))
        .await
        .unwrap_err();
    assert!(refused.contains("keeps the grant"), "{refused}");
}

#[tokio::test]
async fn who_shuts_all_colleagues_out_brings_the_oversight_body_in() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    world.post_action("awa", id, Action::Claimed).await.unwrap();
    let (reply, copy) = (SealedBytes(b"rotation".to_vec()), SealedBytes(b"copy".to_vec()));
    let rotated = Action::KeysRotated { generation: 1, reply: reply.hash(), copy: copy.hash() };
    let mut new = world.signed_event("awa", id, rotated).await;
    let brings = |handles: &[&str]| EventPayload {
        reply: Some(reply.clone()),
        copy: Some(copy.clone()),
        note: None,
        grants: handles.iter().map(|handle| garbage_grant(&world, id, 1, handle)).collect(),
        case_recipient: Some(CaseSecret::from_bytes([2; 32]).identity().recipient()),
    };
    new.payload = brings(&["awa"]);
    let refused = world.post_event("awa", id, &new).await.unwrap_err().title;
    assert!(refused.contains("leaves the outside body"), "{refused}");
    new.payload = brings(&["awa", "eva"]);
    world.post_event("awa", id, &new).await.unwrap();
    for handle in ["bila", "coumba"] {
        assert_eq!(world.case(handle, id).await, Err(StatusCode::NOT_FOUND));
    }
    let queue = world.queue("eva").await;
    assert_eq!(queue[0].state.released, Some(ReleaseReason::DeskConflicted));
    assert_eq!(world.case("eva", id).await.unwrap().grants.len(), 2, "both generations");
    let contents = world.store.mailboxes(None, 10).await.unwrap();
    let renewed = CaseSecret::from_bytes([2; 32]).identity().recipient();
    assert_eq!(
        contents[0].case_recipient, renewed,
        "the reporter goes on with the newest generation"
    );
    assert!(contents[0].replies.iter().eq([&reply.0]));
}

#[tokio::test]
async fn who_has_left_does_not_count_as_a_reader() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    world
        .publish(|directory| {
            directory.members.retain(|member| member.handle != "bila");
            directory.desks[0].members.retain(|handle| handle != "bila");
        })
        .await;
    world.post_action("awa", report.header.case.id, Action::Recused).await.unwrap();
    let queue = world.queue("eva").await;
    assert_eq!(
        queue[0].state.released,
        Some(ReleaseReason::DeskConflicted),
        "coumba alone is left"
    );
}

#[tokio::test]
async fn a_session_ends_when_the_directory_names_another_device_key() {
    let mut world = HandlerFixture::new().await;
    let stolen = world.sign_in("awa").await;
    assert!(world.get::<serde_json::Value>("/v1/cases", &stolen).await.is_ok());
    world.renew_keys("awa").await;
    assert_eq!(
        world.get::<serde_json::Value>("/v1/cases", &stolen).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    assert!(world.get::<serde_json::Value>("/v1/cases", &world.sign_in("awa").await).await.is_ok());
}

#[tokio::test]
async fn of_directories_published_at_once_the_newest_stays_in_force() {
    let mut world = HandlerFixture::new().await;
    for _ in 0..20 {
        let (older, newer) = (world.next_directory(|_| ()), world.next_directory(|_| ()));
        let newest = newer.hash();
        // Both are sound next to the directory in force; the newer gets its turn first.
        let publishing = [newer, older].map(|signed| {
            let (current, store, today) =
                (world.directories.clone(), world.store.clone(), world.clock.today());
            tokio::spawn(async move {
                current.publish(request_body(&signed), today, &store).await.is_ok()
            })
        });
        let [newer, older] = publishing;
        assert_eq!((newer.await.unwrap(), older.await.unwrap()), (true, false));
        assert_eq!(world.directories.latest().unwrap().hash, newest);
    }
}

#[tokio::test]
async fn who_left_or_has_another_key_stands_in_the_list_until_there_are_new_keys_for_those_who_stay()
 {
    let mut world = HandlerFixture::new().await;
    let (mut ids, mut receipts) = (Vec::new(), Vec::new());
    for readers in [&DESK_MEMBERS[..], &["awa", "coumba", "eva"], &["awa", "eva"]] {
        let (report, receipt) = world.new_report(readers);
        world.ingest(&report).await.unwrap();
        ids.push(report.header.case.id);
        receipts.push(receipt);
    }
    let list = async |world: &HandlerFixture, handle: &str| {
        let token = world.sign_in(handle).await;
        let told: Vec<FormerReaders> = world.get("/v1/former-readers", &token).await.unwrap();
        let mut told: Vec<_> = told.into_iter().map(|told| (told.row.id, told.readers)).collect();
        told.sort_by_key(|(id, _)| ids.iter().position(|known| known == id));
        told
    };
    assert_eq!(list(&world, "awa").await, [], "all is as it should be");

    world.renew_keys("coumba").await;
    world
        .publish(|directory| {
            directory.members.retain(|member| member.handle != "bila");
            directory.desks[0].members = vec!["awa".into(), "coumba".into()];
        })
        .await;
    let (left, old) = (
        FormerReader { handle: "bila".into(), reason: FormerReason::Left },
        FormerReader { handle: "coumba".into(), reason: FormerReason::OldKey },
    );
    let both = (ids[0], vec![left, old.clone()]);
    assert_eq!(list(&world, "awa").await, [both.clone(), (ids[1], vec![old])]);
    assert_eq!(list(&world, "coumba").await, list(&world, "awa").await, "of her own cases alone");
    assert_eq!(list(&world, "eva").await, [], "nothing of cases that are held back");

    // New keys of the first, for awa, coumba's new key, and the oversight body. They show nothing,
    // so no declaration is needed.
    let (reply, copy) =
        (SealedBytes(b"for the reporter".to_vec()), SealedBytes(b"for the team".to_vec()));
    let action = Action::KeysRotated { generation: 1, reply: reply.hash(), copy: copy.hash() };
    let mut rotated = world.signed_event("awa", ids[0], action).await;
    let mut grants =
        ["awa", "coumba", "eva"].map(|handle| garbage_grant(&world, ids[0], 1, handle)).to_vec();
    // What is there opens to coumba's new key in the same step.
    grants.push(garbage_grant(&world, ids[0], 0, "coumba"));
    let recipient = CaseSecret::generate(&mut rand::rngs::OsRng).identity().recipient();
    rotated.payload = EventPayload {
        reply: Some(reply),
        copy: Some(copy),
        grants,
        case_recipient: Some(recipient),
        note: None,
    };
    let without = |left_out: &str, brings: &EventPayload| {
        let tag = protocol::submission::key_grant::grant_tag(ids[0], &world.recipient(left_out));
        let grants = brings.grants.iter().filter(|given| given.grant.tag != tag).cloned().collect();
        EventPayload { grants, ..brings.clone() }
    };
    let whole = rotated.payload.clone();
    rotated.payload = without("coumba", &whole);
    let refused = world.post_event("awa", ids[0], &rotated).await.unwrap_err();
    assert_eq!(
        refused.rule.as_deref(),
        Some("undeclared"),
        "to leave a member out takes a declaration"
    );
    // An older grant alone leaves its holder without the new keys.
    rotated.payload = EventPayload {
        grants: vec![whole.grants[0].clone(), whole.grants[2].clone(), whole.grants[3].clone()],
        ..whole.clone()
    };
    assert!(
        world
            .post_event("awa", ids[0], &rotated)
            .await
            .unwrap_err()
            .title
            .contains("each who stays")
    );
    rotated.payload = whole;
    world.post_event("awa", ids[0], &rotated).await.unwrap();
    let tag = protocol::submission::key_grant::grant_tag(ids[0], &world.recipient("coumba"));
    let file = world.case("coumba", ids[0]).await.unwrap();
    assert_eq!(file.grants.iter().map(|given| given.grant.tag).collect::<Vec<_>>(), [tag, tag]);
    assert_eq!(list(&world, "awa").await.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ids[1]]);
}
