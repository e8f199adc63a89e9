//! Casework in the pages.

use protocol::{case::ActionKind, submission::related_report::RelatedReport};
use reqwest::StatusCode;
use workbench::actions::ActionChoice;

use crate::common::{browser::WorkbenchBrowser, environment::claim_case};

#[tokio::test]
async fn the_second_of_two_concurrent_members_sees_the_first_action_and_retains_the_text() {
    let screen = WorkbenchBrowser::open("lead").await;
    let environment = &screen.environment;
    screen.unlock().await;
    let reporter = environment.file_report(&[]);
    let case = screen.open_case(&reporter).await;
    let text = "We look into it.";
    let id = reporter.case;
    environment.handler.follow_up_before_next_event(
        &environment.installation,
        reporter,
        "Don't. They know.",
    );
    let late = screen
        .submit_case_form(
            &format!("{case}/messages"),
            &[("go", "send"), ("lang", "en"), ("text", text)],
        )
        .await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        late.texts("#write .wrong").concat().contains("was not sent"),
        "{:?}",
        late.texts(".wrong")
    );
    assert!(late.text.contains("They know."), "what is new stands above it");
    assert_eq!(late.texts("#write textarea"), [text], "nothing that was written is lost");
    assert!(
        environment.handler.with_case(id, |kept| kept.replies.is_empty()),
        "an answer to what was not read is not sent"
    );
    // An action: the page states that another member acted first.
    let reporter = environment.file_report(&[]);
    let case = screen.open_case(&reporter).await;
    environment.handler.follow_up_before_next_event(
        &environment.installation,
        reporter,
        "One more thing.",
    );
    let late = screen.submit_case_form(&format!("{case}/act/claim"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("the reporter sent something more"), "{}", late.text);
    assert_eq!(
        screen.submit_case_form(&format!("{case}/act/claim"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    // A note does not depend on the state of the case, so it is appended after the other event.
    let reporter = environment.file_report(&[]);
    let case = screen.open_case(&reporter).await;
    environment.handler.follow_up_before_next_event(
        &environment.installation,
        reporter,
        "And another.",
    );
    let noted = screen.post(&format!("{case}/notes"), &[("text", text), ("kind", "fact")]).await;
    assert_eq!(noted.status, StatusCode::SEE_OTHER, "{}", noted.text);
    assert_eq!(screen.get(&format!("{case}/notes")).await.texts(".fact .text"), [text]);
}

#[tokio::test]
async fn an_action_on_an_outdated_page_is_refused() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let mut reporter = screen.environment.file_report(&[]);
    let id = reporter.case;
    let case = screen.open_case(&reporter).await;
    assert_eq!(
        screen.submit_case_form(&format!("{case}/act/claim"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    let shown = screen.shown_event_count(&case).await;
    // The page is still open minutes later.
    screen.environment.handler.follow_up(
        &screen.environment.installation,
        &mut reporter,
        "Don't answer. They read my mail.",
    );
    let answer = [("go", "send"), ("lang", "en"), ("text", "Thank you."), ("shown", &*shown)];
    let late = screen.post(&format!("{case}/messages"), &answer).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.text.contains("They read my mail."), "what is new stands above the text");
    assert_eq!(late.texts("#write textarea"), ["Thank you."]);
    assert!(screen.environment.handler.with_case(id, |kept| kept.replies.is_empty()));
    for act in ["triage", "mark-handled", "escalate"] {
        let late = screen.post(&format!("{case}/act/{act}"), &[("shown", &shown)]).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "{act}");
        assert!(late.text.contains("the reporter sent something more"), "{}", late.text);
    }
    assert_eq!(
        screen.environment.handler.with_case(id, |kept| kept.state.unhandled),
        2,
        "nothing passes for dealt with"
    );
    let notes = format!("{case}/notes");
    assert_eq!(
        screen.post(&notes, &[("text", "a"), ("kind", "fact")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        screen.submit_case_form(&format!("{case}/act/triage"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    let recuse = format!("{case}/act/recuse");
    assert_eq!(screen.post(&recuse, &[]).await.status, StatusCode::OK, "it asks first");
    assert!(
        !screen
            .environment
            .handler
            .with_case(id, |kept| kept.state.recused.contains(&"lead".into()))
    );
    assert_eq!(
        screen.post(&recuse, &[("confirmed", "yes")]).await.status,
        StatusCode::SEE_OTHER,
        "always"
    );
}

#[tokio::test]
async fn a_case_that_was_read_and_is_withheld_is_missed_in_the_queue() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporter = screen.environment.file_report(&[]);
    let case = screen.open_case(&reporter).await;
    assert_eq!(screen.get(&case).await.status, StatusCode::OK);
    assert!(screen.get("/queue/mine").await.texts("[role=alert]").is_empty());
    screen.environment.handler.store.lock().unwrap().cases.remove(&reporter.case);
    screen.post("/lock", &[]).await;
    screen.unlock().await;
    for _ in 0..2 {
        let shown_text = screen.get("/queue/mine").await.texts("[role=alert]").concat();
        assert!(shown_text.contains("no longer in your queue"), "{shown_text}");
        assert!(shown_text.contains(&reporter.case.to_string()[..8]), "{shown_text}");
    }
}

#[tokio::test]
async fn typed_text_is_retained_while_the_case_handler_does_not_return_the_case() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporter = screen.environment.file_report(&[]);
    let case = screen.open_case(&reporter).await;
    let kept =
        screen.environment.handler.store.lock().unwrap().cases.remove(&reporter.case).unwrap();
    let notes = format!("{case}/notes");
    let failed = screen.post(&notes, &[("text", "The ledger\nof May."), ("kind", "fact")]).await;
    assert_eq!(failed.status, StatusCode::NOT_FOUND);
    screen.environment.handler.store.lock().unwrap().cases.insert(reporter.case, kept);
    assert_eq!(screen.get(&notes).await.texts("textarea"), ["The ledger\nof May."]);
}

#[tokio::test]
async fn a_challenged_member_without_a_declaration_sees_no_case_data() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporter = screen.environment.file_report(&[]);
    let mut colleague = screen.environment.connect("two").await;
    let mut theirs = claim_case(&mut colleague, &reporter).await;
    colleague
        .take_action(&mut theirs, ActionKind::Challenge, ActionChoice::Member("lead".to_owned()))
        .await
        .unwrap();
    let case = format!("/case/{}", reporter.case);
    for path in
        ["", "/messages", "/notes", "/actions", "/related", "/timeline", "/export", "/file/1"]
    {
        let page = screen.get(&format!("{case}{path}")).await;
        assert!(page.redirect.ends_with("/declare"), "{path}: {}", page.status);
    }
    for path in ["/file/1", "/export"] {
        assert!(
            screen.post(&format!("{case}{path}"), &[]).await.redirect.ends_with("/declare"),
            "{path}"
        );
    }
    let page = screen.get(&format!("{case}/declare")).await;
    assert!(page.texts(".warn").concat().contains("A colleague claims"), "{}", page.text);
    assert!(
        !page.text.contains("/act/declare") && page.text.contains("/act/recuse"),
        "they step back at most"
    );
    assert!(!page.text.contains("An officer"), "nothing of the story");
}

#[tokio::test]
async fn the_pages_show_linked_cases_and_unhandled_messages() {
    let screen = WorkbenchBrowser::open("lead").await;
    let environment = &screen.environment;
    screen.unlock().await;
    let (first, mut second) = (environment.file_report(&[]), environment.file_report(&[]));
    let [one, two] = [screen.open_case(&first).await, screen.open_case(&second).await];
    second.related_report =
        Some(RelatedReport::sign(first.case, second.case, &first.receipt.signing_key()));
    environment.handler.follow_up(&environment.installation, &mut second, "The same man.");
    let page = screen.get(&format!("{two}/messages")).await;
    assert!(
        page.texts(".messages .warn")[0].contains(&first.case.to_string()[..8]),
        "{}",
        page.text
    );
    let waits = screen.get("/queue/open").await.texts("tbody .new").concat();
    assert!(waits.contains("2 to deal with"), "{waits}");

    let linked = screen
        .submit_case_form(&format!("{one}/act/link"), &[("other", &second.case.to_string())])
        .await;
    assert_eq!(linked.status, StatusCode::SEE_OTHER, "{}", linked.text);
    let related = screen.get(&format!("{one}/related")).await;
    assert_eq!(related.texts(".hits a")[0], second.case.to_string()[..8]);
    let shown_text = screen.get(&format!("{one}/timeline")).await.texts("tbody td").concat();
    assert!(shown_text.contains(&second.case.to_string()[..8]), "{shown_text}");
}

#[tokio::test]
async fn a_day_in_the_pages() {
    let screen = WorkbenchBrowser::open("lead").await;
    let mut reporter = screen.environment.handler.file_report(
        &screen.environment.installation,
        &[],
        "Hier à Dakola, l’agent a pris 5 000 francs.",
    );
    screen.unlock().await;
    let case = format!("/case/{}", reporter.case);
    let queue = screen.get("/queue/unread").await;
    assert_eq!(queue.texts("tbody tr").len(), 1);
    assert!(screen.get("/queue/mine").await.texts(".empty h2")[0].contains("no case"));
    let before = screen.get(&case).await;
    assert!(before.redirect.ends_with("/declare"), "nothing is shown before the declaration");
    assert!(!screen.get(&format!("{case}/declare")).await.text.contains("Dakola"));
    assert_eq!(
        screen.submit_case_form(&format!("{case}/act/claim"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(screen.get(&case).await.status, StatusCode::OK);
    assert_eq!(screen.get("/queue/mine").await.texts("tbody tr").len(), 1);
    assert_eq!(screen.get("/queue/unread").await.texts("tbody tr").len(), 0, "it was opened");

    let messages = format!("{case}/messages");
    let template = [("go", "template"), ("template", "received"), ("lang", "fr"), ("text", "")];
    let inserted = screen.submit_case_form(&messages, &template).await;
    assert!(inserted.texts("textarea")[0].starts_with("Merci pour votre signalement."));
    let held = [
        ("go", "send"),
        ("lang", "fr"),
        ("text", "Merci. Quel est votre nom ? Étiez-vous à Dakola ?"),
    ];
    let page = screen.submit_case_form(&messages, &held).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.texts("#write .wrong li").len(), 2);
    assert!(
        screen.environment.handler.with_case(reporter.case, |kept| kept.replies.is_empty()),
        "held back"
    );
    let gap = screen
        .submit_case_form(
            &messages,
            &[("go", "send"), ("lang", "fr"), ("text", "Car [raison, sans détail de l’affaire].")],
        )
        .await;
    assert!(gap.texts("#write .wrong")[0].contains("[raison, sans détail de l’affaire]"));
    let sent = screen
        .submit_case_form(
            &messages,
            &[("go", "send"), ("lang", "fr"), ("text", "Merci. Depuis quand ?")],
        )
        .await;
    assert_eq!(
        (sent.status, sent.redirect.ends_with("?done=replied")),
        (StatusCode::SEE_OTHER, true),
        "{}",
        sent.text
    );
    let published =
        screen.environment.handler.with_case(reporter.case, |kept| kept.replies[0].clone());
    assert_eq!(reporter.decrypt_reply(&published), "Merci. Depuis quand ?");

    let notes = format!("{case}/notes");
    let added = screen
        .post(&notes, &[("kind", "hypothesis"), ("text", "Le même guichet qu’en mai ?")])
        .await;
    assert_eq!(added.status, StatusCode::SEE_OTHER);
    let page = screen.get(&notes).await;
    assert_eq!(page.texts(".hypothesis .text"), ["Le même guichet qu’en mai ?"]);
    assert!(page.texts(".fact .text").is_empty(), "facts and hypotheses are kept apart");
    assert_eq!(
        screen.get("/queue/unread").await.texts("tbody tr").len(),
        0,
        "one's own acts are no news"
    );
    screen.environment.handler.follow_up(
        &screen.environment.installation,
        &mut reporter,
        "Cela continue.",
    );
    assert_eq!(screen.get("/queue/unread").await.texts("tbody tr").len(), 1);

    let found = screen.post("/search", &[("words", "guichet"), ("stage", "received")]).await;
    assert_eq!(found.texts(".hits > li").len(), 1);
    assert_eq!(found.texts("mark"), ["guichet"]);
    assert!(found.redirect.is_empty(), "no word that was looked for stands in an address");
    assert_eq!(
        screen
            .post("/search", &[("words", "guichet"), ("stage", "decided")])
            .await
            .texts(".hits > li")
            .len(),
        0
    );

    let acts = screen.get(&format!("{case}/actions")).await;
    assert!(
        acts.text.contains("/act/triage") && !acts.text.contains("/act/investigate"),
        "what the rules allow"
    );
    assert_eq!(
        screen.submit_case_form(&format!("{case}/act/investigate"), &[]).await.status,
        StatusCode::CONFLICT
    );
    let unshown = screen.submit_case_form(&format!("{case}/act/triage"), &[]).await;
    assert_eq!(unshown.status, StatusCode::CONFLICT, "the last message was on no page yet");
    assert!(unshown.text.contains("have not opened yet"), "{}", unshown.text);
    assert_eq!(screen.get(&messages).await.status, StatusCode::OK);
    assert_eq!(
        screen.submit_case_form(&format!("{case}/act/triage"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(screen.get(&case).await.texts(".strip dd")[0].contains("triaged"));
    let close = [("ending", "substantiated/recovery")];
    assert_eq!(
        screen.submit_case_form(&format!("{case}/act/propose-close"), &close).await.status,
        StatusCode::SEE_OTHER
    );
    let acts = screen.get(&format!("{case}/actions")).await;
    assert!(
        acts.texts(".answer")[0].contains("Another person must approve."),
        "nobody closes alone"
    );
    assert!(
        acts.text.contains("/act/withdraw") && !acts.text.contains("/act/approve-"),
        "nor is offered to"
    );
    assert!(!acts.text.contains("/act/propose-"), "one proposal at a time");
    check_pages_beside_cases(&screen).await;
}

/// The routing explanation, the key checks and a case that does not exist.
async fn check_pages_beside_cases(screen: &WorkbenchBrowser) {
    let asked = [("category", "FAC"), ("audience", "trader"), ("excluded", "regional")];
    let route = screen.post("/administration/route", &asked).await;
    assert!(route.texts(".answer p")[0].contains("Read at once by lead, two."), "{}", route.text);
    assert!(route.texts(".steps li").concat().contains("keep away three"), "step by step");
    assert!(
        route
            .texts(".answer ul li")
            .concat()
            .contains("three belongs to a unit that the reporter excluded")
    );
    let wish = [("category", "FAC"), ("audience", "trader"), ("preference", "woman")];
    let route = screen.post("/administration/route", &wish).await;
    let steps = route.texts(".steps li").concat();
    assert!(steps.contains("Wish of the reporter: A woman."), "{steps}");
    let refused = [
        ("category", "FAC"),
        ("audience", "trader"),
        ("excluded", "unsure_all"),
        ("refused", "on"),
    ];
    let route = screen.post("/administration/route", &refused).await;
    assert!(route.texts(".answer p")[0].contains("no reader is left"), "{}", route.text);
    assert_eq!(screen.get("/administration/route").await.texts("details tbody tr").len(), 34);
    assert_eq!(screen.get("/keys").await.texts(".checks li").len(), 7);
    assert_eq!(
        screen.get("/case/00000000-0000-4000-8000-000000000000").await.status,
        StatusCode::NOT_FOUND
    );
}
