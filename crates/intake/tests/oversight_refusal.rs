//! A victim answers if the oversight body may read the report. The review page says what follows,
//! and the keys obey it.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{MultipartFormData, TestIntake, receipt_code, repeated_hex};
use protocol::submission::key_grant::grant_tag;
use reqwest::StatusCode;
use scraper::{Html, Selector};

/// Returns the visible sentences about the readers on the review page.
async fn readers(intake: &TestIntake, answer: &str, excluded: &str) -> Vec<String> {
    let fields =
        format!("go=review&audience=traveller&category=VIO&a.oversight_consent={answer}{excluded}");
    let request = intake
        .http
        .post(format!("{}/en/report", intake.public))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(fields);
    let answer = request.send().await.unwrap();
    // The step has an address of its own if the service can store the form.
    let shown_at = answer.headers().get("location").map(|at| at.to_str().unwrap().to_owned());
    let page = match shown_at {
        Some(path) => intake.get(&path).await.text().await.unwrap(),
        None => answer.text().await.unwrap(),
    };
    let hidden = Selector::parse("[hidden], [hidden] *").unwrap();
    let shown = Selector::parse(".readers p").unwrap();
    let html = Html::parse_document(&page);
    let sentences = html.select(&shown).filter(|sentence| !hidden.matches(sentence));
    sentences.map(|sentence| sentence.text().collect()).collect()
}

#[tokio::test]
async fn the_review_page_says_what_follows_from_a_refusal() {
    let intake = TestIntake::with_directory().await;
    for answer in ["yes", ""] {
        let shown = readers(&intake, answer, "").await;
        assert!(
            shown[1].starts_with("Later this authority can read it too"),
            "{answer}: {shown:?}"
        );
        assert_eq!(shown.len(), 2, "{shown:?}");
    }
    for answer in ["no", "unknown", "unsaid"] {
        let shown = readers(&intake, answer, "").await;
        assert!(
            shown[1].starts_with("You did not say yes: this authority cannot open it"),
            "{answer}: {shown:?}"
        );
        assert_eq!(shown.len(), 2, "{shown:?}");
    }
    let alone = readers(&intake, "no", "&a.handlers_involved=unsure_all").await;
    assert_eq!(alone[0], "You have excluded too many people. No team at customs can read it.");
    assert!(alone[1].starts_with("You did not say yes to this authority: "), "{alone:?}");
    assert!(alone[1].contains("So nobody is left to read it."), "{alone:?}");
    assert!(alone[2].starts_with("Allow this authority: "), "{alone:?}");
    assert_eq!(alone[3..], ["Exclude fewer people"]);
}

#[tokio::test]
async fn a_report_that_no_person_may_read_is_not_sent_and_its_text_is_kept() {
    let intake = TestIntake::with_directory().await;
    for answer in ["no", "unknown", "unsaid"] {
        let form = MultipartFormData::default()
            .field("audience", "traveller")
            .field("family", "respect")
            .field("category", "VIO")
            .field("seed", repeated_hex(3))
            .field("a.oversight_consent", answer)
            .field("a.handlers_involved", "unsure_all")
            .field("a.story", "He followed me to the gate.");
        let (status, page) = intake.post_form("/en/report/send", form.end()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        assert!(receipt_code(&page).is_none());
        assert!(page.contains("Nobody is left who may read it. Nothing was sent."), "{page}");
        let story = r#"name="a.story" value="He followed me to the gate.""#;
        assert!(page.contains(story), "{page}");
    }
    assert_eq!(intake.collect_submissions().await.len(), 0);
}

#[tokio::test]
async fn the_intake_seals_no_grant_for_a_refused_oversight_body() {
    let intake = TestIntake::with_directory().await;
    for (seed, answer, reads) in [(1, "no", false), (2, "yes", true)] {
        let form = MultipartFormData::default()
            .field("audience", "traveller")
            .field("family", "respect")
            .field("category", "VIO")
            .field("seed", repeated_hex(seed))
            .field("a.oversight_consent", answer);
        let (status, page) = intake.post_form("/en/report/send", form.end()).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert!(receipt_code(&page).is_some());
        let opened = intake.collect_submissions().await.pop().unwrap();
        assert_eq!((opened.grants.len(), opened.header.desk.as_str()), (8, "internal_affairs"));
        for (handle, expected) in [("awa", true), ("bila", true), ("eva", reads)] {
            let member = intake.installation.keys.directory.member(handle).unwrap();
            let tag = grant_tag(opened.header.case.id, &member.recipient);
            let found = opened.grants.iter().any(|grant| grant.tag == tag);
            assert_eq!(found, expected, "{handle} after {answer}");
        }
    }
}
