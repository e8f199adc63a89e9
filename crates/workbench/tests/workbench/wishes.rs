//! A reporter wishes to talk to a woman or a man.

use protocol::case::{
    ActionKind, ClosingReason, Decision, Disposition, ReopenReason, Stage, event::Action,
};
use taxonomy::Taxonomy;
use workbench::{
    actions::{ActionError, ReplyInput},
    alert::{AlertCode, AlertSeverity},
    case::{VerifiedCase, view::CaseView},
    l10n::event_text::describe_action,
    session::HandlerConnection,
};

use crate::{
    common::{
        browser::WorkbenchBrowser,
        environment::{TestEnvironment, claim_case},
        reporter::TestReporter,
    },
    deceiving_member::rewrite_newest_event,
};

/// Signs a directory in which these members belong to the unit `woman`.
fn publish_women(environment: &TestEnvironment, women: &[&str]) {
    let admin = &environment.installation.admin_dir;
    let mut draft = admin.draft().unwrap();
    for member in &mut draft.members {
        member.units.retain(|unit| unit != "woman");
        if women.contains(&member.handle.as_str()) {
            member.units.push("woman".to_owned());
        }
    }
    admin.save_draft(&draft).unwrap();
    let signed = environment.installation.sign_directory();
    environment.handler.store.lock().unwrap().directories.push(signed);
}

/// Lets a member take a case against the wish.
async fn claim_against_wish(
    connection: &mut HandlerConnection,
    reporter: &TestReporter,
) -> VerifiedCase {
    let mut case = connection.read_case(reporter.case).await.unwrap();
    connection.claim(&mut case, "She is on leave.").await.unwrap();
    case
}

/// Lets the assignee propose to close the case, and another member of the desk approve it.
async fn close(
    environment: &TestEnvironment,
    assignee: &mut HandlerConnection,
    case: &mut VerifiedCase,
) {
    assignee.send_reply(case, ReplyInput { text: "Thank you.", lang: "en" }).await.unwrap();
    if case.state.as_ref().unwrap().stage == Stage::Received {
        assignee.change_stage(case, Stage::Triaged, None).await.unwrap();
    }
    let closing = Decision::Close {
        disposition: Disposition::OutOfScope,
        reason: ClosingReason::OtherBody,
        duplicate_of: None,
    };
    assignee.propose(case, closing).await.unwrap();
    let mut second = environment.connect("three").await;
    let mut theirs = second.read_case(case.id()).await.unwrap();
    // A second closing finds the declaration made.
    let _ = second.declare(&mut theirs).await;
    second.approve(&mut theirs, closing).await.unwrap();
}

fn note_texts(case: &VerifiedCase) -> Vec<String> {
    let view = CaseView::new(case, &Taxonomy::built_in(), "en");
    view.notes.into_iter().map(|note| note.text).collect()
}

#[tokio::test]
async fn a_member_takes_a_case_against_the_wish_only_with_a_reason_that_the_log_shows() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    let mut three = environment.connect("three").await;
    let mut case = three.read_case(reporter.case).await.unwrap();
    for blank in ["", " \n"] {
        let refused = three.claim(&mut case, blank).await;
        assert!(
            matches!(&refused, Err(ActionError::AgainstWish("woman", who)) if who == "two"),
            "{refused:?}"
        );
    }
    three.claim(&mut case, "She is on leave.").await.unwrap();
    // The colleague reads the reason, and no check complains.
    let case = environment.connect("two").await.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.state.as_ref().unwrap().assignee.as_deref(), Some("three"));
    assert_eq!(note_texts(&case), ["She is on leave."]);
    assert_eq!(case.notes[0].reason_of, Some(ActionKind::Claim));
    let text = describe_action(&case.events.last().unwrap().action);
    assert!(text.starts_with("took the case against the reporter’s wish, with a reason"), "{text}");
}

#[tokio::test]
async fn a_member_who_matches_the_wish_takes_the_case_without_a_reason() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["lead", "two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    let mut two = environment.connect("two").await;
    let mut case = two.read_case(reporter.case).await.unwrap();
    two.claim(&mut case, "Ignored.").await.unwrap();
    let case = environment.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!((case.alarms.len(), note_texts(&case).len()), (0, 0));
    assert_eq!(case.events.last().unwrap().action, Action::Claimed);
}

#[tokio::test]
async fn an_assignment_against_the_wish_for_a_woman_needs_a_reason_that_the_log_shows() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["lead", "two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    let (free, with_reason) = lead.assignable(&case);
    assert_eq!((free, with_reason), (vec!["two".to_owned()], vec!["three".to_owned()]));
    for blank in ["", " \n"] {
        let refused = lead.assign(&mut case, "three", blank).await;
        assert!(
            matches!(&refused, Err(ActionError::AgainstWish("woman", who)) if who == "lead, two"),
            "{refused:?}"
        );
    }
    lead.assign(&mut case, "three", "The two of us are on leave.").await.unwrap();
    // The colleague reads the reason, and no check complains.
    let case = environment.connect("three").await.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(note_texts(&case), ["The two of us are on leave."]);
    let text = describe_action(&case.events.last().unwrap().action);
    assert_eq!(text, "assigned the case to three against the reporter’s wish, with a reason");
}

#[tokio::test]
async fn a_wish_binds_only_while_such_a_member_of_the_desk_is_left() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    let mut lead = environment.connect("lead").await;
    let mut case = claim_against_wish(&mut lead, &reporter).await;
    assert_eq!(lead.wish(&case).map(|wish| wish.members), Some(vec!["two".to_owned()]));
    let mut two = environment.connect("two").await;
    let mut theirs = two.read_case(reporter.case).await.unwrap();
    two.recuse(&mut theirs).await.unwrap();
    case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(lead.wish(&case), None);
    lead.assign(&mut case, "three", "").await.unwrap();
    let case = environment.connect("three").await.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
}

#[tokio::test]
async fn an_altered_workbench_that_ignores_the_wish_is_named() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    let mut lead = environment.connect_after("lead", 2).await;
    let mut case = claim_against_wish(&mut lead, &reporter).await;
    lead.assign(&mut case, "two", "").await.unwrap();
    rewrite_newest_event(&environment, "lead", &reporter, |action| {
        let Action::Assigned { to, .. } = action else { panic!("an assignment") };
        *to = "three".to_owned();
    });
    environment.handler.with_case(reporter.case, |stored| {
        stored.state.assignee = Some("three".to_owned());
    });
    // Directories of one day are treated alike, so the assignment is on a later day.
    let case = environment.connect_after("two", 2).await.read_case(reporter.case).await.unwrap();
    let [notice] = &case.alarms[..] else { panic!("{:?}", case.alarms) };
    assert_eq!((notice.code, notice.severity), (AlertCode::RoutingDiffers, AlertSeverity::Notice));
    let text = "lead assigned the case to three without a reason, although the reporter wishes a woman and the desk had two";
    assert!(notice.text.starts_with(text), "{notice:?}");
}

#[tokio::test]
async fn an_altered_workbench_that_claims_against_the_wish_is_named() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    let mut lead = environment.connect_after("lead", 2).await;
    let mut case = lead.read_case(reporter.case).await.unwrap();
    lead.declare(&mut case).await.unwrap();
    rewrite_newest_event(&environment, "lead", &reporter, |action| *action = Action::Claimed);
    environment.handler.with_case(reporter.case, |stored| {
        stored.state.assignee = Some("lead".to_owned());
    });
    let case = environment.connect_after("two", 2).await.read_case(reporter.case).await.unwrap();
    let [notice] = &case.alarms[..] else { panic!("{:?}", case.alarms) };
    assert_eq!((notice.code, notice.severity), (AlertCode::RoutingDiffers, AlertSeverity::Notice));
    let text = "lead took the case without a reason, although the reporter wishes a woman and the desk had two";
    assert!(notice.text.starts_with(text), "{notice:?}");
}

#[tokio::test]
async fn a_case_closed_by_the_only_woman_is_reopened_without_a_reason_and_without_a_notice() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    let mut two = environment.connect("two").await;
    let mut case = claim_case(&mut two, &reporter).await;
    close(&environment, &mut two, &mut case).await;
    let mut lead = environment.connect("lead").await;
    let mut case = lead.read_case(reporter.case).await.unwrap();
    lead.declare(&mut case).await.unwrap();
    lead.reopen(&mut case, ReopenReason::NewEvidence, "").await.unwrap();
    close(&environment, &mut lead, &mut case).await;
    // Another closing lets the woman have the case again. The former reopening stays unblamed.
    let mut case = two.read_case(reporter.case).await.unwrap();
    two.reopen(&mut case, ReopenReason::NewEvidence, "").await.unwrap();
    let case = environment.connect("three").await.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
}

#[tokio::test]
async fn a_member_reopens_a_case_against_the_wish_only_with_a_reason() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    publish_women(&environment, &["lead", "two"]);
    let mut two = environment.connect("two").await;
    let mut case = claim_case(&mut two, &reporter).await;
    close(&environment, &mut two, &mut case).await;
    let mut three = environment.connect("three").await;
    let mut case = three.read_case(reporter.case).await.unwrap();
    let refused = three.reopen(&mut case, ReopenReason::NewEvidence, "").await;
    assert!(matches!(&refused, Err(ActionError::AgainstWish(_, who)) if who == "lead"));
    three.reopen(&mut case, ReopenReason::NewEvidence, "She is on leave.").await.unwrap();
    let case = environment.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!((case.alarms.len(), note_texts(&case)), (0, vec!["She is on leave.".to_owned()]));
}

#[tokio::test]
async fn the_page_asks_for_a_reason_where_a_member_takes_a_case_against_the_wish() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    let profile = environment.installation.profile_dir("lead", &environment.handler.url);
    let browser = WorkbenchBrowser::start_in(environment, profile).await;
    browser.unlock().await;
    // Before the declaration.
    let page = browser.get(&format!("/case/{}/declare", reporter.case)).await;
    assert_eq!(page.texts(".wish"), ["The reporter wishes to talk to a woman."]);
    assert_eq!(page.texts("label[for=reason-claim]").len(), 1);
    // After it.
    let case = browser.open_case(&reporter).await;
    let page = browser.get(&format!("{case}/actions")).await;
    assert_eq!(page.texts(".wish"), ["The reporter wishes to talk to a woman."]);
    assert_eq!(page.texts("label[for=reason-claim]").len(), 1);
    let claim = format!("{case}/act/claim");
    let refused = browser.submit_case_form(&claim, &[]).await;
    assert!(refused.text.contains("or state a reason: two."), "{}", refused.text);
    browser.submit_case_form(&claim, &[("text", "She is on leave.")]).await;
    let page = browser.get(&format!("{case}/timeline")).await;
    let event = "took the case against the reporter’s wish, with a reason";
    assert!(page.text.contains(event), "{}", page.text);
}

#[tokio::test]
async fn the_page_shows_the_wish_where_a_member_assigns_and_asks_for_a_reason() {
    let environment = TestEnvironment::start();
    publish_women(&environment, &["two"]);
    let reporter = environment.handler.file_report_wishing(&environment.installation, "woman");
    let profile = environment.installation.profile_dir("lead", &environment.handler.url);
    let browser = WorkbenchBrowser::start_in(environment, profile).await;
    browser.unlock().await;
    let case = browser.open_case(&reporter).await;
    let page = browser.get(&format!("{case}/actions")).await;
    assert_eq!(page.texts(".wish"), ["The reporter wishes to talk to a woman."]);
    assert_eq!(page.texts("#to option"), ["Choose…", "two"]);
    assert_eq!(page.texts("#to-against option"), ["Choose…", "lead", "three"]);
    let assign = format!("{case}/act/assign");
    let refused = browser.submit_case_form(&assign, &[("to", "three")]).await;
    assert!(refused.text.contains("or state a reason: two."), "{}", refused.text);
    let fields = [("to", "three"), ("text", "She is on leave.")];
    browser.submit_case_form(&assign, &fields).await;
    let page = browser.get(&format!("{case}/timeline")).await;
    let event = "assigned the case to three against the reporter’s wish, with a reason";
    assert!(page.text.contains(event), "{}", page.text);
}
