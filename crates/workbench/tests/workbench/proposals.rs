//! Decisions of two people, and data that is lost while no member acts.

use investigator::NoteKind;
use protocol::Priority;
use protocol::case::{
    ActionKind, Decision, RuleViolation, Stage,
    event::{Action, SignedEvent},
};
use reqwest::StatusCode;
use taxonomy::Taxonomy;
use workbench::{
    actions::{ActionChoice, ActionError, ReplyInput},
    case::{queue::QueueFilter, view::CaseView},
};

use crate::cli::{code, json, run};
use crate::common::{
    PASSPHRASE,
    browser::WorkbenchBrowser,
    environment::{TestEnvironment, claim_case},
};

const LOWER_TO_P4: Decision = Decision::Lower { priority: Priority::P4 };

#[tokio::test]
async fn the_second_person_declines_with_a_reason_that_only_the_team_can_read() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.propose(&mut case, LOWER_TO_P4).await.unwrap();
    let own = lead
        .take_action(
            &mut case,
            ActionKind::Decline,
            ActionChoice::Reason("I changed my mind.".to_owned()),
        )
        .await;
    assert!(
        matches!(own, Err(ActionError::Refused(RuleViolation::SamePerson(_)))),
        "one's own is taken back"
    );

    let mut two = environment.connect("two").await;
    let waiting = |connection: &workbench::session::HandlerConnection, rows| {
        connection
            .filtered_queue(QueueFilter::Waiting, rows)
            .into_iter()
            .map(|line| line.row.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        waiting(&two, two.queue().await.unwrap().0),
        [reporter.case],
        "before a declaration too"
    );
    assert!(waiting(&lead, lead.queue().await.unwrap().0).is_empty(), "not for who proposed it");
    let mut theirs = two.read_case(reporter.case).await.unwrap();
    two.declare(&mut theirs).await.unwrap();
    assert!(two.allowed_actions(&theirs).contains(&ActionKind::Decline));
    for blank in ["", " \n", "\u{200b}\u{3164}"] {
        assert!(
            matches!(
                two.take_action(
                    &mut theirs,
                    ActionKind::Decline,
                    ActionChoice::Reason(blank.to_owned())
                )
                .await,
                Err(ActionError::EmptyText)
            ),
            "{blank:?}"
        );
    }
    two.take_action(
        &mut theirs,
        ActionKind::Decline,
        ActionChoice::Reason("The sum is not small.".to_owned()),
    )
    .await
    .unwrap();
    assert!(!two.allowed_actions(&theirs).contains(&ActionKind::Decline));

    let case = environment.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, [], "note and event belong together");
    assert_eq!(case.state.as_ref().unwrap().pending_proposal, None);
    let note = &case.notes[0];
    assert_eq!(
        (&*note.by, note.note.kind, &*note.note.text),
        ("two", NoteKind::Reason, "The sum is not small.")
    );
    // A case handler that drops the reason is detected.
    environment.handler.with_case(reporter.case, |stored| {
        stored.parts.retain(|(part, _)| part.kind != protocol::api::workbench::PartKind::Note);
    });
    assert!(!environment.alert_codes_of("lead", &reporter).await.is_empty());
}

#[tokio::test]
async fn a_case_that_needs_the_members_decision_comes_first() {
    let environment = TestEnvironment::start();
    let reporters: Vec<_> = (0..4).map(|_| environment.file_report(&[])).collect();
    let mut lead = environment.connect("lead").await;
    // It has no deadline, so it would be last.
    let mut case = claim_case(&mut lead, &reporters[3]).await;
    lead.send_reply(&mut case, ReplyInput { text: "Thank you.", lang: "en" }).await.unwrap();
    lead.propose(&mut case, LOWER_TO_P4).await.unwrap();
    environment.handler.with_case(reporters[3].case, |stored| {
        for other in &mut stored.state.deadlines {
            other.due = time::Date::MAX;
        }
    });
    let two = environment.connect("two").await;
    let rows = two.queue().await.unwrap().0;
    let all = two.filtered_queue(QueueFilter::Open, rows.clone());
    assert_eq!((all[0].row.id, all[0].waits_for_me, all.len()), (reporters[3].case, true, 4));
    assert_eq!(two.filtered_queue(QueueFilter::Mine, rows).len(), 1, "it is one's own to do");
    let page = two.queue_page(QueueFilter::Open, None, 50).await.unwrap();
    assert_eq!(page.items[0].row.id, reporters[3].case);
    assert_eq!(two.queue_page(QueueFilter::Waiting, None, 50).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn displaced_unseen_replies_are_reported_before_and_after_sending() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    let long = long_message();
    let reply = ReplyInput { text: &long, lang: "en" };
    for _ in 0..2 {
        assert_eq!(lead.count_displaced_replies(&case, reply).unwrap(), 0);
        lead.send_reply(&mut case, reply).await.unwrap();
        case = lead.read_case(reporter.case).await.unwrap();
    }
    assert_eq!(
        lead.count_displaced_replies(&case, reply).unwrap(),
        1,
        "two of them fill a mailbox"
    );
    assert_eq!(
        lead.count_displaced_replies(&case, ReplyInput { text: "Short.", lang: "en" }).unwrap(),
        0
    );
    lead.send_reply(&mut case, reply).await.unwrap();
    let case = lead.read_case(reporter.case).await.unwrap();
    let dropped = |case| {
        let view = CaseView::new(case, &Taxonomy::built_in(), "en");
        view.messages.iter().map(|message| message.dropped).collect::<Vec<_>>()
    };
    assert_eq!(dropped(&case), [true, false, false]);
    assert_eq!(
        lead.count_displaced_replies(&case, reply).unwrap(),
        1,
        "the next one, and not the lost one again"
    );
    // Replies that the reporter has seen are not lost.
    reporter.set_last_seen(&case);
    environment.handler.follow_up(&environment.installation, &mut reporter, "I read all of it.");
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(dropped(&case), [false, false, false, false]);
    assert_eq!(lead.count_displaced_replies(&case, reply).unwrap(), 0);
}

/// A message of which two fill a mailbox.
fn long_message() -> String {
    "x".repeat(7_300)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_stops_before_an_answer_that_displaces_an_unseen_one() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let folder = environment.installation.dir.path();
    environment.installation.profile_dir("lead", &environment.handler.url);
    let (id, answer) = (reporter.case.to_string(), long_message());
    let lead = |args: &[&str]| {
        let before = ["--home", "home-lead", "--passphrase-fd", "0", "--json"];
        run(folder, &format!("{PASSPHRASE}\n"), &[&before, args].concat())
    };
    let replies = || {
        let log = environment.handler.store.lock().unwrap().log.clone();
        let of_event = |event: &SignedEvent| event.decode_unverified().unwrap().action;
        log.iter().filter(|event| matches!(of_event(event), Action::Replied { .. })).count()
    };
    assert_eq!(code(&lead(&["claim", &id])), 0);
    assert_eq!(code(&lead(&["show", &id])), 0);
    for _ in 0..2 {
        assert_eq!(code(&lead(&["reply", &id, "--text", &answer])), 0);
    }
    let stopped = lead(&["reply", &id, "--text", &answer]);
    let text = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert_eq!((code(&stopped), replies()), (4, 2), "{text}");
    assert!(text.contains("--displace"), "{text}");
    assert_eq!(code(&lead(&["reply", &id, "--text", &answer, "--anyway"])), 4, "another option");
    assert_eq!(code(&lead(&["reply", &id, "--text", &answer, "--displace"])), 0);
    assert_eq!(replies(), 3);
}

#[tokio::test]
async fn the_page_stops_before_an_answer_that_displaces_an_unseen_one() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporter = screen.environment.file_report(&[]);
    let case = screen.open_case(&reporter).await;
    screen.submit_case_form(&format!("{case}/act/claim"), &[]).await;
    let messages = format!("{case}/messages");
    let (answer, sent) = (long_message(), StatusCode::SEE_OTHER);
    let fields = |go| [("text", &*answer), ("lang", "en"), ("go", go)];
    for _ in 0..2 {
        screen.get(&messages).await;
        assert_eq!(screen.submit_case_form(&messages, &fields("send")).await.status, sent);
    }
    screen.get(&messages).await;
    let stopped = screen.submit_case_form(&messages, &fields("send")).await;
    assert_eq!(stopped.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", stopped.text);
    let risk = "The mailbox is full: by this answer, an earlier one that the reporter has not seen is lost.";
    assert_eq!(stopped.texts("#wrong li"), [risk]);
    assert_eq!(stopped.texts("#text"), [&*answer], "the text is kept");
    let replies =
        || screen.environment.handler.with_case(reporter.case, |stored| stored.state.next_seq);
    let before = replies();
    assert_eq!(screen.submit_case_form(&messages, &fields("anyway")).await.status, sent);
    assert_eq!(replies(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn irreversible_actions_are_confirmed_and_unseen_messages_are_not_marked_as_handled() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let folder = environment.installation.dir.path();
    environment.installation.profile_dir("lead", &environment.handler.url);
    let lead = |args: &[&str]| {
        run(
            folder,
            &format!("{PASSPHRASE}\n"),
            &[&["--home", "home-lead", "--passphrase-fd", "0", "--json"], args].concat(),
        )
    };
    let id = reporter.case.to_string();
    let case = reporter.case;
    let state = || environment.handler.with_case(case, |stored| stored.state.clone());
    assert_eq!(code(&lead(&["claim", &id])), 0);
    let unseen = lead(&["mark-handled", &id]);
    assert_eq!(code(&unseen), 4);
    assert!(String::from_utf8_lossy(&unseen.stderr).contains("burkindi show"));
    assert_eq!(state().unhandled, 1, "an unseen message is not marked as handled");
    assert_eq!(code(&lead(&["show", &id])), 0);
    environment.handler.follow_up(&environment.installation, &mut reporter, "They know.");
    assert_eq!(code(&lead(&["mark-handled", &id])), 4, "the message came after");
    assert_eq!(
        code(&lead(&["move", &id, "triaged"])),
        4,
        "a stage change marks messages as handled, too"
    );
    assert_eq!(code(&lead(&["show", &id])), 0);
    assert_eq!(json(&lead(&["mark-handled", &id]))["did"], "marked-handled");
    assert_eq!(json(&lead(&["mark-handled", &id]))["did"], "unchanged", "nothing is signed twice");
    let text = run(
        folder,
        &format!("{PASSPHRASE}\n"),
        &["--home", "home-lead", "--passphrase-fd", "0", "show", &id],
    );
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("burkindi move") && text.contains("triaged"), "{text}");

    assert_eq!(
        code(&lead(&["note", &id, "--text", "of no kind"])),
        2,
        "nothing is chosen for its writer"
    );
    for act in ["hold", "escalate", "recuse"] {
        let before = state();
        let asked = lead(&[act, &id]);
        assert_eq!(code(&asked), 4, "{act}");
        assert!(String::from_utf8_lossy(&asked.stderr).contains("--yes"), "{act}");
        assert_eq!(state(), before, "{act}");
        assert_eq!(code(&lead(&[act, &id, "--yes"])), 0, "{act}");
    }
    assert_eq!(state().recused, ["lead"]);
}

#[tokio::test]
async fn pages_confirm_irreversible_actions_and_preselect_none() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporter = screen.environment.file_report(&[]);
    let id = reporter.case;
    let case = screen.open_case(&reporter).await;
    assert_eq!(
        screen.submit_case_form(&format!("{case}/act/claim"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    for act in ["hold", "escalate"] {
        let asked = screen.submit_case_form(&format!("{case}/act/{act}"), &[]).await;
        assert_eq!(asked.status, StatusCode::OK, "{act}");
        assert_eq!(asked.value("form.act [name=confirmed]"), "yes");
        assert!(!asked.texts(".warn").concat().is_empty());
        let shown = asked.value("form.act [name=shown]");
        let state = screen
            .environment
            .handler
            .with_case(id, |stored| (stored.state.legal_hold, stored.state.released));
        assert!(act != "hold" || state == (false, None), "not before");
        let fields = [("shown", &*shown), ("confirmed", "yes")];
        assert_eq!(
            screen.post(&format!("{case}/act/{act}"), &fields).await.status,
            StatusCode::SEE_OTHER
        );
    }
    // The page names what the member chose, and its button names the action.
    let other = screen.environment.file_report(&[]);
    let other = screen.open_case(&other).await;
    let chosen = [("authority", "police"), ("consent", "law")];
    let asked = screen.submit_case_form(&format!("{other}/act/propose-refer"), &chosen).await;
    assert_eq!(asked.texts("form.act button"), ["Refer it to an authority"]);
    let choices = asked.texts(".start b");
    assert_eq!(choices, ["police or gendarmerie", "not, but a law demands it"]);
    // No choice is preselected for a note or for the outcome of a case.
    let notes = screen.get(&format!("{case}/notes")).await;
    assert!(!notes.text.contains(" checked"), "{}", notes.text);
    let unchosen = screen.post(&format!("{case}/notes"), &[("text", "x")]).await;
    assert_eq!(unchosen.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(unchosen.texts("textarea"), ["x"], "nothing is lost");
    screen.get(&format!("{case}/messages")).await;
    let reply = [("go", "send"), ("lang", "en"), ("text", "Thank you.")];
    assert_eq!(
        screen.submit_case_form(&format!("{case}/messages"), &reply).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        screen.submit_case_form(&format!("{case}/act/triage"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    let acts = screen.get(&format!("{case}/actions")).await;
    assert_eq!(acts.value("#ending option"), "", "the first of the list is none");
    let close =
        screen.submit_case_form(&format!("{case}/act/propose-close"), &[("ending", "")]).await;
    assert_eq!(close.status, StatusCode::CONFLICT);
    assert_eq!(
        screen.environment.handler.with_case(id, |stored| stored.state.pending_proposal.clone()),
        None
    );

    // The second person sees the proposal first, and declines it with a reason.
    let mut two = screen.environment.connect("two").await;
    let mut theirs = two.read_case(id).await.unwrap();
    two.declare(&mut theirs).await.unwrap();
    two.propose(&mut theirs, Decision::LiftHold).await.unwrap();
    let queue = screen.get("/queue/waiting").await;
    assert_eq!(queue.texts("tbody tr").len(), 1);
    assert!(queue.texts("tbody tr")[0].contains("waits for your decision"), "{}", queue.text);
    let declined = screen
        .submit_case_form(&format!("{case}/act/decline"), &[("text", "The trial is not over.")])
        .await;
    assert_eq!(declined.status, StatusCode::SEE_OTHER, "{}", declined.text);
    let notes = screen.get(&format!("{case}/notes")).await;
    assert_eq!(notes.texts(".reason .text"), ["The trial is not over."]);
    assert_eq!(screen.get("/queue/waiting").await.texts("tbody tr").len(), 0);
    assert_eq!(
        screen.environment.handler.with_case(id, |stored| stored.state.stage),
        Stage::Triaged
    );
}
