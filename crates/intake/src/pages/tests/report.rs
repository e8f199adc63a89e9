//! Tests of the steps of a report.

use super::*;

#[tokio::test]
async fn the_steps_of_a_report_lose_no_field() {
    let path = "/fr/report";
    let go = |page: &str, button: &str| with_fields(filled_fields(page), &[("go", button)]);
    let page = get(path).await.1;
    let page = post(path, &go(&page, "family.money")).await.1;
    let tell = post(path, &go(&page, "category.FAC")).await.1;
    let story = "Ligne \"une\" & <deux>\n\n  trois";
    let beside_story = [("a.story", story), ("a.place", "x"), ("a.payment_status", "paid")];
    let facts =
        [("a.relation", "saw"), ("a.handlers_involved", "regional"), ("audience", "carrier")];
    let typed = [beside_story, facts].concat();
    let page = post(path, &with_fields(go(&tell, "facts"), &beside_story)).await.1;
    let review = post(path, &with_fields(go(&page, "review"), &facts)).await.1;
    let carried = filled_fields(&review);
    for (name, value) in typed.clone() {
        assert!(carried.contains(&(name.to_owned(), value.to_owned())), "{name} in {carried:?}");
    }
    let seed = &carried.iter().find(|(name, _)| name == "seed").unwrap().1;
    assert!(seed.len() == 64 && seed.chars().all(|c| c.is_ascii_hexdigit()));

    let back = post("/en/report", &go(&review, "tell")).await.1;
    assert!(back.contains("lang=\"en\""));
    let back = post("/en/report", &go(&back, "facts")).await.1;
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
    let field = &select_attributes(&html, "#error-1")[0];
    assert_eq!(field["name"], "a.place");
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
    assert!(page.contains("href=\"#error-1\"") && page.contains("id=\"error-1\""));
    assert!(page.contains("href=\"#error-2\"") && page.contains("id=\"error-2\""));
    assert!(page.contains("<title>Error: "));
    assert!(filled_fields(&page).contains(&("a.place".to_owned(), "x".repeat(600))));
    assert!(filled_fields(&page).contains(&("a.frequency".to_owned(), "once".to_owned())));
    let (status, page) =
        post("/en/report", &with_fields(Vec::new(), &[("go", "category.XYZ")])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("no longer available"));
}

#[tokio::test]
async fn a_scene_shows_its_answers_and_leads_to_its_category() {
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
    let (status, tell) =
        post("/fr/report", &with_fields(Vec::new(), &[("category", "LEA"), ("go", "tell")])).await;
    assert!(status == StatusCode::OK && tell.contains("name=\"category\" value=\"LEA\""));
    assert!(tell.contains("a.story"), "the category is already chosen");
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
        assert!(select_attributes(&html, ".q").len() <= 12, "{category} is short");
        // An empty form is a valid report.
        let (status, _) =
            post("/fr/report", &with_fields(filled_fields(&page), &[("go", "review")])).await;
        assert_eq!(status, StatusCode::OK, "{category}");
    }
    let page = post("/fr/report", &with_fields(Vec::new(), &[("go", "category.FAC")])).await.1;
    assert!(!page.contains("gentle"));
}

/// Returns the text of the main part of a page, without the form fields that it carries.
pub(super) fn main_text(page: &str) -> String {
    let html = Html::parse_document(page);
    let main = html.select(&Selector::parse("main").unwrap()).next().unwrap();
    main.text().collect::<String>().to_lowercase()
}

#[tokio::test]
async fn advice_is_a_short_form_that_speaks_of_a_question() {
    for locale in Locale::ALL {
        let lang = locale.code;
        let file = locales::file_path(lang, "test_phrases.toml");
        let phrases: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
        let word = phrases["report"].as_str().unwrap();
        let path = format!("/{lang}/report");
        let tell = post(&path, &with_fields(Vec::new(), &[("go", "advice")])).await.1;
        let fields = select_attributes(&Html::parse_document(&tell), ".q [name^='a.']");
        assert_eq!(fields.len(), 1, "{lang}: the question alone");
        let typed = with_fields(filled_fields(&tell), &[("a.story", "text"), ("go", "review")]);
        let (status, review) = post(&path, &typed).await;
        assert_eq!(status, StatusCode::OK, "{lang}");
        let receipt = Receipt::from_bytes([3; 16]);
        let view = ReceiptView { code: receipt.code().into(), words: receipt.words(lang).into() };
        let receipt = body_text(receipt_page(&test_pages(), locale, &view, &[])).await;
        for (name, page) in [("tell", &tell), ("review", &review), ("receipt", &receipt)] {
            let text = main_text(page);
            assert!(!text.contains(word), "{lang} {name} says {word}: {text}");
        }
        // The control: the review of a report contains the word.
        let report = [("go", "review"), ("category", "FAC"), ("a.story", "text")];
        let report = post(&path, &with_fields(Vec::new(), &report)).await.1;
        assert!(main_text(&report).contains(word), "{lang}");
    }
}

#[tokio::test]
async fn short_lists_are_radio_buttons_and_few_questions_are_beside_the_story() {
    let taxonomy = Taxonomy::built_in();
    let mut long_lists = 0;
    for category in &taxonomy.categories {
        let show = |go: &'static str| {
            let fields = with_fields(Vec::new(), &[("go", go), ("category", &category.id)]);
            async move { Html::parse_document(&post("/fr/report", &fields).await.1) }
        };
        let tell = show("tell").await;
        assert!(select_attributes(&tell, ".quick .q").len() <= 4, "{}", category.id);
        assert_eq!(select_attributes(&tell, "select").len(), 0, "{}", category.id);
        let facts = show("facts").await;
        let lists = select_attributes(&facts, "select").len();
        // The question itself and the three answers that every list has.
        let options = select_attributes(&facts, "select option").len();
        assert!(options >= lists * (8 + 3), "{}: {lists} lists, {options} options", category.id);
        long_lists += lists;
        // Each question is on exactly one of the two pages.
        let mut asked: Vec<String> = [&tell, &facts]
            .into_iter()
            .flat_map(|page| select_attributes(page, ".q [name^='a.']"))
            .map(|field| field["name"]["a.".len()..].to_owned())
            .collect();
        asked.dedup();
        asked.sort();
        let mut expected: Vec<_> =
            taxonomy.questions_for(category).iter().map(|question| question.id.clone()).collect();
        expected.sort();
        assert_eq!(asked, expected, "{}", category.id);
    }
    assert!(long_lists > 10, "{long_lists}");
}

#[tokio::test]
async fn a_dependent_question_states_its_condition_and_its_answer_is_sent_only_with_it() {
    let facts = |status: &str| {
        let fields = [("go", "facts"), ("category", "FAC"), ("a.payment_status", status)];
        with_fields(Vec::new(), &fields)
    };
    let receipt = "[data-depends=receipt_given]";
    let page = post("/fr/report", &facts("refused")).await.1;
    let html = Html::parse_document(&page);
    assert!(select_attributes(&html, receipt)[0].contains_key("hidden"));
    let html = Html::parse_document(&post("/fr/report", &facts("paid")).await.1);
    assert!(!select_attributes(&html, receipt)[0].contains_key("hidden"));
    let hint = Selector::parse(&format!("{receipt} .hint")).unwrap();
    let hint = html.select(&hint).next().unwrap().text().collect::<String>();
    assert!(
        hint.starts_with("Seulement si vous avez répondu") && hint.contains("On a payé"),
        "{hint}"
    );
    let sends = |status: &str| {
        let mut form = ReportForm::new(Locale::FR);
        for (name, value) in [
            ("category", "FAC"),
            ("a.story", "text"),
            ("a.payment_status", status),
            ("a.receipt_given", "false"),
        ] {
            form.set_field(name, value.as_bytes()).unwrap();
        }
        form.validate(&Taxonomy::built_in()).unwrap().answers.contains_key("receipt_given")
    };
    assert!(sends("paid"));
    assert!(!sends("refused"));
    assert!(!sends(""));
}
