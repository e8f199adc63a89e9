//! The review page names the readers of the report by the rule by which the report is sealed.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::TestIntake;
use scraper::{Html, Selector};

/// Returns the visible sentences about readers for these fields.
async fn shown_readers(intake: &TestIntake, fields: &str) -> Vec<String> {
    let request = intake.http.post(format!("{}/en/report", intake.public));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let body = format!("go=review&audience=trader&a.story=They+asked+for+money.&{fields}");
    let answer = request.body(body).send().await.unwrap();
    // The step has an address of its own if the service can store the form.
    let shown_at = answer.headers().get("location").map(|at| at.to_str().unwrap().to_owned());
    let page = match shown_at {
        Some(path) => intake.get(&path).await.text().await.unwrap(),
        None => answer.text().await.unwrap(),
    };
    let html = Html::parse_document(&page);
    let shown = ".readers:not([hidden]) > p:not([hidden]), \
                 .readers:not([hidden]) > details:not([hidden]) p";
    let shown = Selector::parse(shown).unwrap();
    html.select(&shown).map(|found| found.text().collect::<String>().trim().to_owned()).collect()
}

#[tokio::test]
async fn the_review_page_names_the_desk_and_the_number_of_readers() {
    let intake = TestIntake::with_directory().await;
    let at_a_desk = shown_readers(&intake, "category=FAC").await;
    assert_eq!(at_a_desk.len(), 2, "{at_a_desk:?}");
    assert_eq!(at_a_desk[0], "internal_affairs – 2 people. Only their computers open it.");
    assert!(at_a_desk[1].starts_with("Later this authority can read it too"), "{at_a_desk:?}");
    // The reporter excludes the only desk.
    for exclusion in ["internal_affairs", "unsure_all"] {
        let to_oversight =
            shown_readers(&intake, &format!("category=FAC&a.handlers_involved={exclusion}")).await;
        assert_eq!(
            to_oversight[0],
            "You have excluded too many people. No team at customs can read it."
        );
        assert!(
            to_oversight[1].starts_with("It goes straight to this authority, outside customs:"),
            "{to_oversight:?}"
        );
    }
    // No desk handles this category. The page does not name the reporter's choices as the reason.
    let no_desk = shown_readers(&intake, "category=SMU").await;
    assert_eq!(no_desk.len(), 1, "{no_desk:?}");
    let to_oversight =
        no_desk[0].starts_with("It goes straight to this authority, outside customs:");
    assert!(to_oversight, "{no_desk:?}");
    // An exclusion that applies to no member of the desk changes no reader, and the page says so.
    let idle = shown_readers(
        &intake,
        "category=FAC&a.handlers_involved=general&a.handlers_involved=it_audit",
    )
    .await;
    assert_eq!(
        idle[1],
        "Director general’s office · IT service – nobody in the team for this subject is listed there. So this choice removes nobody."
    );
    assert_eq!([&idle[..1], &idle[2..]].concat(), at_a_desk);
}

#[tokio::test]
async fn without_a_directory_the_page_names_no_readers() {
    let intake = TestIntake::new().await;
    assert_eq!(shown_readers(&intake, "category=FAC").await, Vec::<String>::new());
}
