//! The readers of a case while the directory changes, and grants that no member can take from
//! another.

mod common;

use common::{HandlerFixture, request_body, rotations::rotated_recipient};
use http::StatusCode;
use protocol::{
    Hash,
    api::workbench::{CaseDetail, FormerReader, FormerReaders, FormerReason, GenerationGrant},
    case::event::{Action, ReleaseReason},
    keys::{CaseSecret, PublicKey},
    submission::key_grant::{Grant, grant_tag},
};
use uuid::Uuid;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

async fn assign_with_grant(
    handler: &HandlerFixture,
    case: Uuid,
    to: &str,
    grant: GenerationGrant,
) -> Result<(), String> {
    let action = Action::Assigned { to: to.into(), granted: vec![grant.to_record()], note: None };
    let mut new = handler.signed_event("awa", case, action).await;
    new.payload.grants = vec![grant];
    handler.post_event("awa", case, &new).await.map(drop).map_err(|problem| problem.title)
}

#[tokio::test]
async fn a_member_with_a_new_key_gets_reports_that_were_sealed_to_the_old_one() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    let (old, _) = handler.renew_keys("awa").await;
    handler.renew_keys("eva").await;
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let file = handler.case("awa", id).await.unwrap();
    assert!(Grant::open(&file.grants[0].grant, &old, id, 0).is_ok(), "awa still has the old key");
    assert_eq!(file.holders, ["awa", "bila", "coumba"]);
    let known = handler.store.begin_write().await.unwrap().grant_holders(id).await.unwrap();
    assert_eq!(
        known.get("eva"),
        Some(&false),
        "the grant of the oversight body is withheld, not deleted"
    );
}

#[tokio::test]
async fn a_member_who_left_or_changed_desks_gets_no_new_case_and_a_single_reader_releases_it() {
    let mut handler = HandlerFixture::new().await;
    let (before, _) = handler.new_report(&DESK_MEMBERS);
    let (late, _) = handler.new_report(&["awa", "bila", "coumba", "eva"]);
    handler.ingest(&before).await.unwrap();
    handler
        .publish(|directory| {
            directory.members.retain(|member| member.handle != "bila");
            directory.desks[0].members = vec!["awa".into()];
            let mut elsewhere = directory.desks[0].clone();
            (elsewhere.id, elsewhere.members) = ("hr".into(), vec!["coumba".into()]);
            directory.desks.push(elsewhere);
        })
        .await;
    handler.ingest(&late).await.unwrap();
    let id = late.header.case.id;
    assert_eq!(
        handler.case("coumba", id).await,
        Err(StatusCode::NOT_FOUND),
        "moved to another desk"
    );
    assert_eq!(handler.queue("coumba").await.len(), 1, "she keeps her earlier case");
    let earlier = handler.case("coumba", before.header.case.id).await.unwrap();
    assert_eq!(
        earlier.holders,
        ["awa", "coumba"],
        "bila has left, so nothing can be assigned to her"
    );
    let file = handler.case("awa", id).await.unwrap();
    assert_eq!(file.row.state.released, Some(ReleaseReason::DeskConflicted));
    assert_eq!(file.holders, ["awa", "eva"]);
}

#[tokio::test]
async fn a_report_for_a_removed_desk_goes_to_the_oversight_body() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.publish(|directory| directory.desks[0].id = "renamed".into()).await;
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    assert_eq!(
        handler.case("eva", id).await.unwrap().row.state.released,
        Some(ReleaseReason::Filed)
    );
    assert_eq!(handler.case("awa", id).await, Err(StatusCode::NOT_FOUND));
    // Without a grant for the oversight body, the readers that the reporter's side chose get the
    // case.
    let (unseen, _) = handler.new_report(&["awa", "bila"]);
    handler.publish(|directory| directory.desks[0].id = "again".into()).await;
    handler.ingest(&unseen).await.unwrap();
    assert_eq!(handler.case("awa", unseen.header.case.id).await.unwrap().holders, ["awa", "bila"]);
}

#[tokio::test]
async fn no_member_can_replace_the_grant_of_another() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    handler.declare(id, &["awa", "bila"]).await;
    let granted = |file: CaseDetail| file.grants[0].grant.sealed.clone();
    let bilas = granted(handler.case("bila", id).await.unwrap());
    assign_with_grant(&handler, id, "bila", handler.garbage_grant(id, 0, "bila")).await.unwrap();
    assert_eq!(
        granted(handler.case("bila", id).await.unwrap()),
        bilas,
        "bila's grant is unchanged"
    );
    let evas = report
        .grants
        .iter()
        .find(|grant| grant.tag == grant_tag(id, &handler.recipient("eva")))
        .unwrap();
    handler
        .post_action("bila", id, Action::Assigned { to: "awa".into(), granted: vec![], note: None })
        .await
        .unwrap();
    assign_with_grant(&handler, id, "eva", handler.garbage_grant(id, 0, "eva")).await.unwrap();
    assert_eq!(
        granted(handler.case("eva", id).await.unwrap()),
        evas.sealed,
        "so is that of the oversight body"
    );
}

#[tokio::test]
async fn a_member_with_new_keys_gets_a_new_grant_but_the_oversight_body_keeps_the_reporters_grant()
{
    let mut handler = HandlerFixture::new().await;
    let (report, receipt) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    handler.declare(id, &["awa", "bila"]).await;
    handler.renew_keys("bila").await;
    handler.renew_keys("eva").await;
    let grant = Grant {
        case: id,
        generation: 0,
        secret: CaseSecret::from_bytes([1; 32]),
        reporter_key: PublicKey::from(&receipt.signing_key()),
        mailbox_recipient: Hash::default(),
    };
    let again = GenerationGrant { generation: 0, grant: grant.seal(&handler.recipient("bila")) };
    assign_with_grant(&handler, id, "bila", again).await.unwrap();
    let file = handler.case("bila", id).await.unwrap();
    assert!(Grant::open(&file.grants[0].grant, &handler.members["bila"].0, id, 0).is_ok());
    handler
        .post_action("bila", id, Action::Assigned { to: "awa".into(), granted: vec![], note: None })
        .await
        .unwrap();
    let refused = assign_with_grant(&handler, id, "eva", handler.garbage_grant(id, 0, "eva"))
        .await
        .unwrap_err();
    assert!(refused.contains("cannot be replaced"), "{refused}");
}

#[tokio::test]
async fn excluding_all_colleagues_releases_the_case_to_the_oversight_body() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    handler.post_action("awa", id, Action::Claimed).await.unwrap();
    handler.post_action("bila", id, Action::Declared).await.unwrap();
    let grants = |handles: &[&str]| -> Vec<GenerationGrant> {
        handles.iter().map(|handle| handler.garbage_grant(id, 1, handle)).collect()
    };
    let refused = handler.propose_rotation("awa", id, grants(&["awa"])).await.unwrap_err().title;
    assert!(refused.contains("oversight body cannot be excluded"), "{refused}");
    handler.propose_rotation("awa", id, grants(&["awa", "eva"])).await.unwrap();
    assert_eq!(handler.case("bila", id).await.unwrap().row.state.generation, 0);
    // A member who is left out is a reader until then.
    handler.approve_rotation("bila", id).await.unwrap();
    for handle in ["bila", "coumba"] {
        assert_eq!(handler.case(handle, id).await, Err(StatusCode::NOT_FOUND));
    }
    let queue = handler.queue("eva").await;
    assert_eq!(queue[0].state.released, Some(ReleaseReason::DeskConflicted));
    assert_eq!(handler.case("eva", id).await.unwrap().grants.len(), 2, "both generations");
    let contents = handler.store.mailboxes(None, 10).await.unwrap();
    assert_eq!(
        contents[0].case_recipient,
        rotated_recipient(1),
        "the reporter continues with the newest generation"
    );
    assert_eq!(contents[0].rotations.len(), 1);
}

#[tokio::test]
async fn a_member_who_left_does_not_count_as_a_reader() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    handler
        .publish(|directory| {
            directory.members.retain(|member| member.handle != "bila");
            directory.desks[0].members.retain(|handle| handle != "bila");
        })
        .await;
    handler.post_action("awa", report.header.case.id, Action::Recused).await.unwrap();
    let queue = handler.queue("eva").await;
    assert_eq!(queue[0].state.released, Some(ReleaseReason::DeskConflicted), "only coumba remains");
}

#[tokio::test]
async fn a_session_ends_when_the_directory_names_another_device_key() {
    let mut handler = HandlerFixture::new().await;
    let stolen = handler.sign_in("awa").await;
    assert!(handler.get::<serde_json::Value>("/v1/cases", &stolen).await.is_ok());
    handler.renew_keys("awa").await;
    assert_eq!(
        handler.get::<serde_json::Value>("/v1/cases", &stolen).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    assert!(
        handler.get::<serde_json::Value>("/v1/cases", &handler.sign_in("awa").await).await.is_ok()
    );
}

#[tokio::test]
async fn of_directories_published_concurrently_the_newest_wins() {
    let mut handler = HandlerFixture::new().await;
    for _ in 0..20 {
        let (older, newer) = (handler.next_directory(|_| ()), handler.next_directory(|_| ()));
        let newest = newer.hash();
        // Both are valid successors of the newest directory. The newer is published first.
        let publishing = [newer, older].map(|signed| {
            let (current, store, today) =
                (handler.directories.clone(), handler.store.clone(), handler.clock.today());
            tokio::spawn(async move {
                current.publish(request_body(&signed), today, &store).await.is_ok()
            })
        });
        let [newer, older] = publishing;
        assert_eq!((newer.await.unwrap(), older.await.unwrap()), (true, false));
        assert_eq!(handler.directories.latest().unwrap().hash, newest);
    }
}

#[tokio::test]
async fn former_readers_are_listed_until_the_remaining_readers_have_new_keys() {
    let mut handler = HandlerFixture::new().await;
    let (mut ids, mut receipts) = (Vec::new(), Vec::new());
    for readers in [&DESK_MEMBERS[..], &["awa", "coumba", "eva"], &["awa", "eva"]] {
        let (report, receipt) = handler.new_report(readers);
        handler.ingest(&report).await.unwrap();
        ids.push(report.header.case.id);
        receipts.push(receipt);
    }
    let list = async |handler: &HandlerFixture, handle: &str| {
        let token = handler.sign_in(handle).await;
        let former: Vec<FormerReaders> = handler.get("/v1/former-readers", &token).await.unwrap();
        let mut former: Vec<_> =
            former.into_iter().map(|former| (former.row.id, former.readers)).collect();
        former.sort_by_key(|(id, _)| ids.iter().position(|known| known == id));
        former
    };
    assert_eq!(list(&handler, "awa").await, [], "no former readers");

    handler.renew_keys("coumba").await;
    handler
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
    assert_eq!(list(&handler, "awa").await, [both.clone(), (ids[1], vec![old])]);
    assert_eq!(list(&handler, "coumba").await, list(&handler, "awa").await, "only her own cases");
    assert_eq!(list(&handler, "eva").await, [], "no withheld case");

    // New keys for awa, coumba's new key and the oversight body. They reveal nothing, so no
    // declaration is needed.
    let mut complete =
        ["awa", "coumba", "eva"].map(|handle| handler.garbage_grant(ids[0], 1, handle)).to_vec();
    // The earlier generation opens to coumba's new key in the same proposal.
    complete.push(handler.garbage_grant(ids[0], 0, "coumba"));
    let tag = grant_tag(ids[0], &handler.recipient("coumba"));
    let without_coumba: Vec<_> =
        complete.iter().filter(|granted| granted.grant.tag != tag).cloned().collect();
    let refused = handler.propose_rotation("awa", ids[0], without_coumba).await.unwrap_err();
    assert_eq!(
        refused.rule.as_deref(),
        Some("undeclared"),
        "excluding a member needs a declaration"
    );
    // A member who only gets an older grant has no new keys.
    let older = [0, 2, 3].map(|at| complete[at].clone()).to_vec();
    let refused = handler.propose_rotation("awa", ids[0], older).await.unwrap_err();
    assert!(refused.title.contains("each remaining reader"));
    let mut proposed = handler.proposal("awa", ids[0], complete).await;
    // No grant may differ from the records of the event.
    let swapped = proposed.payload.grants[0].grant.sealed.clone();
    proposed.payload.grants[0].grant.sealed = b"another".to_vec();
    let refused = handler.post_event("awa", ids[0], &proposed).await.unwrap_err().title;
    assert!(refused.contains("grants that the event records"), "{refused}");
    proposed.payload.grants[0].grant.sealed = swapped;
    handler.post_event("awa", ids[0], &proposed).await.unwrap();
    assert_eq!(list(&handler, "awa").await.len(), 2, "nothing is in effect yet");
    let pending = handler.case("coumba", ids[0]).await.unwrap().pending_grants;
    assert_eq!(pending.iter().map(|granted| granted.generation).collect::<Vec<_>>(), [1, 0]);
    // The member whose key was lost is the second person.
    handler.approve_rotation("coumba", ids[0]).await.unwrap();
    let file = handler.case("coumba", ids[0]).await.unwrap();
    assert_eq!(file.grants.iter().map(|granted| granted.grant.tag).collect::<Vec<_>>(), [tag, tag]);
    assert_eq!(list(&handler, "awa").await.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ids[1]]);
}
