//! Pages for absences, the progress of the first search, and refusals in the language of the page.

use reqwest::{Method, StatusCode};
use time::Duration;

use crate::common::{
    browser::{TestPage, WorkbenchBrowser},
    environment::TestEnvironment,
    reporter::TestReporter,
    today,
};

#[tokio::test]
async fn a_lead_records_absences_and_no_absence_is_unlimited() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let until = (today() + Duration::days(20)).to_string();
    let page = screen.get("/absence").await;
    assert_eq!(page.texts("#member option"), ["lead", "three", "two"]);
    for day in [today() - Duration::days(1), today() + Duration::days(61)] {
        let late = screen.post("/absence", &[("member", "two"), ("until", &day.to_string())]).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(late.texts("#until-wrong").len(), 1);
    }
    let away = screen.post("/absence", &[("member", "two"), ("until", &until)]).await;
    assert!(away.redirect.ends_with("/absence?done=absence-set"), "{}", away.text);
    let page = screen.get("/absence").await;
    assert_eq!(page.texts(".hits li b"), ["two"]);
    assert!(
        screen
            .post("/absence", &[("member", "two"), ("clear", "yes")])
            .await
            .redirect
            .ends_with("done=absence-cleared")
    );
    assert!(screen.get("/absence").await.texts(".hits li").is_empty());

    let screen = WorkbenchBrowser::open("two").await;
    screen.unlock().await;
    assert!(
        screen.get("/absence").await.texts("#member").is_empty(),
        "everybody else speaks for themselves"
    );
    screen.post("/absence", &[("until", &until)]).await;
    assert_eq!(
        screen.environment.handler.store.lock().unwrap().absences.keys().collect::<Vec<_>>(),
        ["two"]
    );
}

#[tokio::test]
async fn the_first_search_shows_the_progress_of_the_index_and_then_its_hits() {
    let environment = TestEnvironment::start();
    let profile = environment.installation.profile_dir("lead", &environment.handler.url);
    // With a timeout of zero each request reads one case.
    let screen =
        WorkbenchBrowser::start_with_page_timeout(environment, profile, std::time::Duration::ZERO)
            .await;
    screen.unlock().await;
    let reporters = [0; 5].map(|_| screen.environment.file_report(&[]));
    for reporter in &reporters {
        screen.open_case(reporter).await;
    }
    let asked = screen.post("/search", &[("words", "officer")]).await;
    assert!(
        asked.redirect.ends_with("/en/search"),
        "the words stand in no address: {}",
        asked.redirect
    );
    let page = screen.get("/search").await;
    assert_eq!(page.texts("[data-reading] [role=status]"), ["2 of 5 cases"]);
    assert!(page.text.contains("<noscript><meta http-equiv=\"refresh\" content=\"0\"></noscript>"));
    assert_eq!(
        screen.get("/queue/open").await.status,
        StatusCode::OK,
        "everything else can be used"
    );
    let reported = screen.post("/reading", &[]).await.text;
    assert!(reported.contains("\"done\":3,\"total\":5,\"finished\":false"), "{reported}");
    screen.post("/reading", &[]).await;
    assert!(screen.post("/reading", &[]).await.text.contains("\"finished\":true"));
    let found = screen.get("/search").await;
    assert_eq!(found.texts(".hits > li").len(), 5, "{}", found.text);
    assert!(
        screen.get("/search").await.texts(".hits").is_empty(),
        "what was looked for is not kept"
    );

    // A lock during the update discards the index.
    let another = screen.environment.file_report(&[]);
    screen.open_case(&another).await;
    screen.environment.file_report(&[]);
    screen.post("/search", &[("words", "money")]).await;
    screen.post("/lock", &[]).await;
    assert_eq!(screen.post("/reading", &[]).await.status, StatusCode::UNAUTHORIZED);
    screen.unlock().await;
    assert!(screen.get("/search").await.texts("[data-reading], .hits").is_empty());
}

#[tokio::test]
async fn a_refusal_is_shown_in_the_language_of_the_page() {
    let screen = WorkbenchBrowser::open("lead").await;
    let reporter = screen.environment.file_report(&[]);
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    let in_french = async |method: Method, path: &str, body: &str| {
        let url = screen.url(path).replace("/en/", "/fr/");
        let request = screen.http.request(method, url).header("cookie", &screen.cookie);
        let request = request.header("origin", format!("http://{}", screen.address));
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        TestPage::from_response(request.send().await.unwrap()).await
    };
    for (path, body, reported) in [
        ("act/investigate", "", "ne passe pas de cette étape"),
        ("act/raise", "priority=P4", "ne peut que relever la priorité"),
        ("act/assign", "to=nobody", "nobody n’est pas dans l’annuaire"),
        ("act/link", "other=zz", "quatre premiers caractères"),
    ] {
        let body = format!("{body}&shown={}", screen.shown_event_count(&case).await);
        let page = in_french(Method::POST, &format!("{case}/{path}"), &body).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{path}");
        assert!(page.text.contains(reported), "{path}: {:?}", page.texts("main p"));
        assert_eq!(
            page.texts("[lang=en]:not([hreflang])").len(),
            0,
            "{path}: nothing in another language"
        );
    }
    let shown = format!("shown={}", screen.shown_event_count(&case).await);
    screen.environment.handler.follow_up_before_next_event(
        &screen.environment.installation,
        reporter,
        "One more thing.",
    );
    let late = in_french(Method::POST, &format!("{case}/act/claim"), &shown).await;
    assert!(late.text.contains("Quelqu’un a agi avant vous"), "{}", late.text);
    assert_eq!(late.texts("[lang=en]:not([hreflang])").len(), 0, "{}", late.text);
}

#[tokio::test]
async fn a_search_is_narrowed_by_assignee_and_date_and_names_skipped_cases() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporters = [0; 3].map(|_| screen.environment.file_report(&[]));
    let [mine, others, undeclared] = &reporters;
    let case = screen.open_case(mine).await;
    screen.open_case(others).await;
    screen.submit_case_form(&format!("{case}/act/claim"), &[]).await;
    let id = |reporter: &TestReporter| reporter.case.to_string()[..8].to_owned();
    let found = async |fields: &[(&str, &str)]| {
        let page = screen.post("/search", &[&[("words", "officer")], fields].concat()).await;
        let mut found = page.texts(".hits > li > a code");
        found.sort();
        (found, page)
    };
    let mut both = [id(mine), id(others)].to_vec();
    both.sort();
    let (all, page) = found(&[]).await;
    assert_eq!(all, both);
    let skipped = "One of your cases was not searched";
    assert!(page.texts("section > p.hint").concat().contains(skipped), "{}", page.text);
    assert!(page.texts("#assignee option").contains(&"two".to_owned()));
    assert_eq!(found(&[("assignee", "lead")]).await.0, [id(mine)]);
    assert_eq!(found(&[("assignee", "two")]).await.0, [] as [String; 0]);
    let (tomorrow, yesterday) =
        ((today() + Duration::days(1)).to_string(), (today() - Duration::days(1)).to_string());
    let (later, page) = found(&[("since", &tomorrow)]).await;
    assert_eq!(later, [] as [String; 0]);
    assert_eq!(page.value("#since"), tomorrow, "the form shows the filter");
    assert_eq!(found(&[("since", &yesterday)]).await.0, both);

    let related = screen.get(&format!("{case}/related")).await;
    assert!(related.texts("section > p.hint").concat().contains(skipped), "{}", related.text);
    screen.open_case(undeclared).await;
    let related = screen.get(&format!("{case}/related")).await;
    assert!(!related.text.contains(skipped), "{}", related.text);
}
