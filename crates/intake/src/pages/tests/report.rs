//! Tests of the steps of a report.

use super::*;

#[tokio::test]
async fn the_steps_of_a_report_lose_no_field() {
    let path = "/fr/report";
    let go = |page: &str, button: &str| with_fields(filled_fields(page), &[("go", button)]);
    let page = get(path).await.1;
    let page = post(path, &go(&page, "audience")).await.1;
    let page = post(path, &go(&page, "audience.carrier")).await.1;
    let page = post(path, &go(&page, "family.money")).await.1;
    let questions = post(path, &go(&page, "category.FAC")).await.1;
    let story = "Ligne \"une\" & <deux>\n\n  trois";
    let typed = [
        ("a.story", story),
        ("a.relation", "saw"),
        ("a.handlers_involved", "regional"),
        ("a.place", "x"),
    ];
    let review = post(path, &with_fields(go(&questions, "review"), &typed)).await.1;
    let carried = filled_fields(&review);
    for (name, value) in typed {
        assert!(carried.contains(&(name.to_owned(), value.to_owned())), "{name} in {carried:?}");
    }
    let seed = &carried.iter().find(|(name, _)| name == "seed").unwrap().1;
    assert!(seed.len() == 64 && seed.chars().all(|c| c.is_ascii_hexdigit()));

    let back = post("/en/report", &go(&review, "questions")).await.1;
    assert!(back.contains("lang=\"en\""));
    let again = filled_fields(&post(path, &go(&back, "review")).await.1);
    for (name, value) in typed {
        assert!(again.contains(&(name.to_owned(), value.to_owned())), "{name} in {again:?}");
    }
    let without_seed = |fields: &[(String, String)]| {
        let mut fields: Vec<_> = fields.iter().filter(|(n, _)| n != "seed").cloned().collect();
        fields.sort();
        fields
    };
    assert_eq!(without_seed(&carried), without_seed(&again));
}

#[tokio::test]
async fn a_report_that_was_not_sent_is_shown_again_as_the_same_report() {
    let pages = test_pages();
    let mut form = ReportForm::new(Locale::FR);
    for (name, value) in [("category", "FAC"), ("a.story", "text")] {
        form.set_field(name, value.as_bytes()).unwrap();
    }
    let seed =
        |page: &str| filled_fields(page).into_iter().find(|(name, _)| name == "seed").unwrap().1;
    let first = seed(&body_text(review_page(&pages, &mut form, None)).await);
    let refused = review_page(&pages, &mut form, Some(ErrorKind::Busy));
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    let refused = body_text(refused).await;
    assert_eq!(seed(&refused), first);
    assert!(
        refused.contains("role=\"alert\"")
            && filled_fields(&refused).contains(&("a.story".into(), "text".into()))
    );
    assert_eq!(
        seed(&body_text(review_page(&pages, &mut form, None)).await),
        first,
        "and after a step back"
    );
}

#[tokio::test]
async fn a_field_shows_an_example_of_the_form_that_its_answer_must_have() {
    let mut taxonomy = Taxonomy::built_in();
    let place = taxonomy.questions.iter_mut().find(|question| question.id == "place").unwrap();
    place.format = Some(AnswerFormat { pattern: "[0-9]{2}".into(), example: "42 <".into() });
    let pages = test_pages_of(taxonomy);
    let mut form = ReportForm::new(Locale::FR);
    for (name, value) in [("category", "FAC"), ("a.place", "x"), ("a.story", "text")] {
        form.set_field(name, value.as_bytes()).unwrap();
    }
    let html = Html::parse_document(&body_text(review_page(&pages, &mut form, None)).await);
    let field = &select_attributes(&html, "#q-place")[0];
    assert_eq!(field["aria-describedby"], "x-place e-place");
    assert_eq!(field["value"], "x");
    let text = |selector: &str| {
        let found = html.select(&Selector::parse(selector).unwrap()).next().unwrap();
        found.text().collect::<String>()
    };
    assert_eq!(text("#x-place"), "Exemple\u{a0}: 42 <");
    assert!(text("#e-place").ends_with("Écrivez la réponse comme dans l’exemple."));
}

#[tokio::test]
async fn file_fields_are_last_so_that_the_text_arrives_before_the_files() {
    let fields = with_fields(
        Vec::new(),
        &[("go", "review"), ("category", "FAC"), ("a.story", "text"), ("audience", "trader")],
    );
    let review = Html::parse_document(&post("/fr/report", &fields).await.1);
    let pages = test_pages();
    let reply = Html::parse_document(
        &body_text(conversation_page(&pages, Locale::FR, &sample_conversation(&pages))).await,
    );
    for (html, form) in [(review, "form#f"), (reply, "form[enctype]")] {
        assert_eq!(select_attributes(&html, form)[0]["enctype"], "multipart/form-data");
        let named = select_attributes(&html, &format!("{form} [name]:not(button)"));
        assert_eq!(named.last().unwrap()["type"], "file");
        assert_eq!(select_attributes(&html, &format!("{form} [type=file]")).len(), 1);
        assert_eq!(
            select_attributes(&html, &format!("{form} button:not([name])")).len(),
            1,
            "one button sends"
        );
    }
}

#[tokio::test]
async fn errors_are_listed_first_and_typed_values_are_preserved() {
    let fields = with_fields(
        Vec::new(),
        &[
            ("go", "review"),
            ("category", "FAC"),
            ("a.place", &"x".repeat(600)),
            ("a.frequency", "once"),
        ],
    );
    let (status, page) = post("/en/report", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("href=\"#q-story\"") && page.contains("href=\"#q-place\""));
    assert!(page.contains("<title>Error: "));
    assert!(filled_fields(&page).contains(&("a.place".to_owned(), "x".repeat(600))));
    assert!(filled_fields(&page).contains(&("a.frequency".to_owned(), "once".to_owned())));
    let (status, page) =
        post("/en/report", &with_fields(Vec::new(), &[("go", "category.XYZ")])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("no longer available"));
}

#[tokio::test]
async fn a_scene_shows_its_answers_and_leads_to_its_category_through_the_safety_advice() {
    let page = get("/fr/learn").await.1;
    let html = Html::parse_document(&page);
    assert!(select_attributes(&html, "details.part").len() >= 10);
    assert_eq!(
        select_attributes(&html, "details.try").len(),
        3 * select_attributes(&html, "details.part").len()
    );
    assert_eq!(
        select_attributes(&html, "details.part .sound").len(),
        select_attributes(&html, "details.part").len()
    );
    let (status, before) =
        post("/fr/report", &with_fields(Vec::new(), &[("category", "LEA"), ("go", "before")]))
            .await;
    assert!(status == StatusCode::OK && before.contains("name=\"category\" value=\"LEA\""));
    let audience =
        post("/fr/report", &with_fields(filled_fields(&before), &[("go", "audience.officer")]))
            .await
            .1;
    assert!(audience.contains("a.story"), "the category is already chosen");
    assert!(page.contains("name=\"category\" value=\"LEA\""));
}

#[tokio::test]
async fn a_report_of_danger_shows_the_emergency_number() {
    let fields = [("go", "review"), ("category", "FAC"), ("a.story", "text")];
    let notices =
        |page: &str| select_attributes(&Html::parse_document(page), "p.danger:not([hidden])").len();
    let calm = post("/en/report", &with_fields(Vec::new(), &fields)).await.1;
    assert_eq!(notices(&calm), 0);
    let danger =
        post("/en/report", &with_fields(with_fields(Vec::new(), &fields), &[("a.safety", "me")]))
            .await
            .1;
    assert_eq!(notices(&danger), 1);
    assert!(danger.contains("href=\"tel:112\">112</a>"));
}

#[tokio::test]
async fn without_a_helpline_a_victim_sees_the_contact_of_the_oversight_body() {
    let mut pages = Arc::into_inner(test_pages()).unwrap();
    pages.branding.support.clear();
    let service: Router = routes().with_state(Arc::new(pages));
    let request = Request::post("/fr/report").body(Body::from("go=category.SXT")).unwrap();
    let step = service.clone().oneshot(request).await.unwrap();
    let step = step.headers()[header::LOCATION].to_str().unwrap();
    let request = Request::get(step).body(Body::empty()).unwrap();
    let page = body_text(service.oneshot(request).await.unwrap()).await;
    let html = Html::parse_document(&page);
    let gentle = html.select(&Selector::parse(".gentle").unwrap()).next().unwrap();
    let text = gentle.text().collect::<String>();
    assert!(text.contains("Autorité") && text.contains("00 00 00 00"), "{text}");
}

#[tokio::test]
async fn a_victim_sees_a_short_form_and_a_helpline() {
    for category in ["SXT", "SXH", "VIO"] {
        let page = post(
            "/fr/report",
            &with_fields(Vec::new(), &[("go", &format!("category.{category}"))]),
        )
        .await
        .1;
        let html = Html::parse_document(&page);
        assert_eq!(select_attributes(&html, ".gentle .leave").len(), 1, "{category}");
        assert!(page.contains("11 11 11 11"), "{category}");
        assert_eq!(
            select_attributes(&html, ".q [name]")[0]["name"],
            "a.detail_level",
            "{category}"
        );
        assert!(select_attributes(&html, ".q").len() <= 11, "{category} is short");
        // An empty form is a valid report.
        let (status, _) =
            post("/fr/report", &with_fields(filled_fields(&page), &[("go", "review")])).await;
        assert_eq!(status, StatusCode::OK, "{category}");
    }
    let page = post("/fr/report", &with_fields(Vec::new(), &[("go", "category.FAC")])).await.1;
    assert!(!page.contains("gentle"));
}
