//! The built-in taxonomy, and data files that do not fit together.

use protocol::Priority;
use std::{fs, path::Path};

use locales::Locale;
use taxonomy::{
    Answer, AnswerError, AnswerFormat, AnswerMap, QuestionPurpose, Taxonomy, TaxonomyLoadError,
    UNKNOWN,
};

#[test]
fn the_built_in_taxonomy_is_complete() {
    let taxonomy = Taxonomy::built_in();
    assert_eq!(taxonomy.categories.len(), 34);
    assert_eq!(taxonomy.questions.len(), 50);
    assert_eq!(taxonomy.factors.len(), 10);
    for category in &taxonomy.categories {
        let questions = taxonomy.questions_for(category);
        assert_eq!(
            questions.iter().filter(|q| q.kind.purpose() == QuestionPurpose::Story).count(),
            1,
            "{}",
            category.id
        );
        assert!(
            questions.iter().any(|q| q.kind.purpose() == QuestionPurpose::Exclusion),
            "{}",
            category.id
        );
    }
}

#[test]
fn every_amount_has_its_currency_and_every_category_its_factors() {
    let taxonomy = Taxonomy::built_in();
    for id in ["amount_band", "loss_band"] {
        let question = taxonomy.question(id).unwrap();
        for (lang, unit) in [("fr", "francs CFA"), ("en", "CFA francs"), ("ar", "فرنك أفريقي")]
        {
            assert!(question.label.get(lang).contains(unit), "{id} {lang}");
        }
    }
    let bribe = taxonomy.category("FAC").unwrap();
    let factors: Vec<&str> =
        taxonomy.factors_of(bribe).map(|factor| factor.label.get("en")).collect();
    assert_eq!(
        factors,
        ["Relationship with the private sector", "Reform and modernization", "Code of conduct"]
    );
}

#[test]
fn a_category_with_its_own_common_questions_begins_with_its_opening_question() {
    let taxonomy = Taxonomy::built_in();
    let category = taxonomy.category("SXT").unwrap();
    let questions = taxonomy.questions_for(category);
    assert_eq!(questions[0].id, "detail_level");
    assert!(questions.len() <= 11, "{} questions", questions.len());
    assert!(!category.story_required);
}

#[test]
fn danger_raises_the_priority_and_no_answer_lowers_it() {
    let taxonomy = Taxonomy::built_in();
    let category = taxonomy.category("FAC").unwrap();
    let with = |question: &str, answer: &str| {
        let answers = AnswerMap::from([(question.to_owned(), Answer::One(answer.to_owned()))]);
        taxonomy.priority(category, &answers)
    };
    assert_eq!(taxonomy.priority(category, &AnswerMap::new()), Priority::P3);
    assert_eq!(with("safety", "me"), Priority::P1);
    assert_eq!(with("safety", "no"), Priority::P3);
    assert_eq!(with("ongoing", "imminent"), Priority::P2);
    let smuggling = taxonomy.category("SMU").unwrap();
    assert_eq!(taxonomy.priority(smuggling, &AnswerMap::new()), Priority::P1);
}

#[test]
fn answers_are_checked_against_the_questions() {
    let taxonomy = Taxonomy::built_in();
    let category = taxonomy.category("FAC").unwrap();
    let check = |question: &str, answer: Answer| {
        taxonomy.validate_answers(category, AnswerMap::from([(question.to_owned(), answer)]))
    };
    let one = |text: &str| Answer::One(text.to_owned());
    assert!(check("frequency", one("once")).is_ok());
    assert!(check("frequency", one(UNKNOWN)).is_ok());
    assert!(check("frequency", one("")).unwrap().is_empty());
    assert_eq!(
        check("frequency", one("sometimes")),
        Err(vec![AnswerError::UnknownOption("frequency".to_owned())])
    );
    assert_eq!(
        check("nonsense", one("x")),
        Err(vec![AnswerError::UnknownQuestion("nonsense".to_owned())])
    );
    assert_eq!(
        check("frequency", Answer::Many(vec!["once".to_owned()])),
        Err(vec![AnswerError::WrongType("frequency".to_owned())])
    );
    assert!(
        check("period", one("month")).is_ok() && check("period", one("Friday, market day")).is_ok()
    );
    assert!(check("handlers_involved", one(UNKNOWN)).is_err(), "an exclusion is said or not said");
    assert!(check("frequency", Answer::Many(vec![])).unwrap().is_empty());
    assert_eq!(
        check("place", one(&"x".repeat(501))),
        Err(vec![AnswerError::TooLong("place".to_owned())])
    );
    let many = check("handlers_involved", one("regional")).unwrap();
    assert_eq!(many["handlers_involved"], Answer::Many(vec!["regional".to_owned()]));
}

#[test]
fn a_text_must_have_the_form_that_its_question_requires() {
    let mut taxonomy = Taxonomy::built_in();
    let place = taxonomy.questions.iter_mut().find(|question| question.id == "place").unwrap();
    place.format = Some(AnswerFormat {
        pattern: "([01][0-9]|2[0-3]):[0-5][0-9]".into(),
        example: "14:30".into(),
    });
    let category = taxonomy.category("FAC").unwrap();
    let check = |text: &str| {
        let answer = Answer::One(text.to_owned());
        taxonomy.validate_answers(category, AnswerMap::from([("place".to_owned(), answer)]))
    };
    assert_eq!(check("23:59").unwrap()["place"], Answer::One("23:59".to_owned()));
    assert!(check(" ").unwrap().is_empty());
    for wrong in ["24:00", "2 pm", "14:30:00", "14:30\n", "at 14:30"] {
        assert_eq!(
            check(wrong),
            Err(vec![AnswerError::WrongFormat("place".to_owned())]),
            "{wrong}"
        );
    }
}

/// A data file, a text in it, the wrong text in its place, and a part of the error.
const WRONG_DATA: &[(&str, &str, &str, &str)] = &[
    ("categories.toml", "family = \"money\"", "family = \"monye\"", "FAC family monye is unknown"),
    ("categories.toml", "desk = \"internal_affairs\"", "desk = \"x\"", "FAC desk x is unknown"),
    (
        "categories.toml",
        "\"process_step\", ",
        "\"process_stpe\", ",
        "FAC question process_stpe is unknown",
    ),
    ("categories.toml", "factor = 10", "factor = 11", "FAC factor 11 is not 1 to 10"),
    (
        "questions.toml",
        "type = \"text\"\n",
        "type = \"text\"\nformat = { pattern = \"[0-9]\", example = \"x\" }\n",
        "place format.example does not match format.pattern",
    ),
    (
        "questions.toml",
        "type = \"text\"\n",
        "type = \"text\"\nformat = { pattern = \"[0-9\", example = \"1\" }\n",
        "place format.pattern: regex parse error",
    ),
    (
        "questions.toml",
        "type = \"period\"\n",
        "type = \"period\"\nformat = { pattern = \"[0-9]\", example = \"1\" }\n",
        "period has a format but its answer is not a line of text",
    ),
    (
        "en/taxonomy.toml",
        "label = \"How do you know about this?\"\n",
        "",
        "relation label has no text in en",
    ),
    (
        "settings.toml",
        "answers = [\"me\"",
        "answers = [\"you\"",
        "priority_rules safety has no option you",
    ),
    (
        "questions.toml",
        "when = { question = \"payment_status\", answers = [\"paid\"] }",
        "when = { question = \"payment_state\", answers = [\"paid\"] }",
        "receipt_given when: payment_state is not a question",
    ),
    (
        "questions.toml",
        "when = { question = \"payment_status\", answers = [\"paid\"] }",
        "when = { question = \"payment_status\", answers = [\"payed\"] }",
        "receipt_given when: payment_status has no option payed",
    ),
    (
        "questions.toml",
        "when = { question = \"payment_status\", answers = [\"paid\"] }",
        "when = { question = \"payment_status\", answers = [] }",
        "receipt_given when has no answers",
    ),
    (
        "questions.toml",
        "when = { question = \"payment_status\", answers = [\"paid\"] }",
        "when = { question = \"place\", answers = [\"paid\"] }",
        "receipt_given when: place has no list of options",
    ),
    (
        "questions.toml",
        "id = \"payment_status\"\n",
        "id = \"payment_status\"\n\
     when = { question = \"receipt_given\", answers = [\"none\"] }\n",
        "payment_status when: payment_status depends on itself",
    ),
    (
        "questions.toml",
        "when = { question = \"payment_status\", answers = [\"paid\"] }",
        "when = { question = \"intermediary\", answers = [\"no\"] }",
        "FAC asks receipt_given before intermediary, which decides whether it applies",
    ),
    (
        "categories.toml",
        "quick = [\"place\", \"period\", \"payment_status\", \"amount_band\"]",
        "quick = [\"place\", \"period\", \"receipt_given\"]",
        "FAC asks receipt_given before payment_status, which decides whether it applies",
    ),
    (
        "categories.toml",
        "quick = [\"place\", \"period\", \"payment_status\", \"amount_band\"]",
        "quick = [\"place\", \"period\", \"story\"]",
        "FAC quick story is not one of its questions with a plain answer",
    ),
    (
        "settings.toml",
        "quick = [\"place\", \"period\", \"ongoing\"]",
        "quick = [\"place\", \"period\", \"ongoing\", \"safety\", \"goods\"]",
        "has more than 4 quick questions",
    ),
    ("settings.toml", "unsure = \"OTH\"", "unsure = \"OHT\"", "unsure OHT is not a category"),
    (
        "audiences.toml",
        "id = \"public\"\n",
        "id = \"public\"\n\n[[audiences]]\nid = \"public\"\nlabel.fr = \"x\"\n",
        "public must occur exactly once",
    ),
    (
        "es/taxonomy.toml",
        "[questions.relation]",
        "[questions.relatoin]",
        "es/taxonomy.toml: questions.relatoin does not match the data files",
    ),
    (
        "desks.toml",
        "id = \"ethics\"\n",
        "id = \"ethics\"\n\n[[desks]]\nid = \"ethics\"\nlabel.fr = \"x\"\n",
        "ethics occurs twice",
    ),
];

#[test]
fn errors_in_the_data_files_are_named() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let changed = |file: &str, from: &str, to: &str| {
        let folder = tempfile::tempdir().unwrap();
        let entries = fs::read_dir(&data).unwrap().map(Result::unwrap);
        // The pictograms are in a folder of their own.
        for entry in entries.filter(|entry| entry.path().is_file()) {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        for Locale { code, .. } in Locale::ALL {
            fs::create_dir(folder.path().join(code)).unwrap();
            let texts = folder.path().join(code).join("taxonomy.toml");
            fs::copy(locales::file_path(code, "taxonomy.toml"), texts).unwrap();
        }
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} holds {from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        Taxonomy::load(folder.path())
    };
    let riels =
        changed("fr/taxonomy.toml", "currency = \"francs CFA\"", "currency = \"riels\"").unwrap();
    let label = |taxonomy: &Taxonomy, lang| {
        taxonomy.question("amount_band").unwrap().label.get(lang).to_owned()
    };
    assert!(label(&riels, "fr").ends_with("(riels)"));
    assert!(label(&riels, "en").ends_with("(CFA francs)"));
    let no_unit =
        changed("pt/taxonomy.toml", "currency = \"francos CFA\"\n", "").unwrap_err().to_string();
    assert!(no_unit.contains("currency has no text in pt"), "{no_unit}");
    for &(file, from, to, expected) in WRONG_DATA {
        let wrong = changed(file, from, to);
        assert!(matches!(&wrong, Err(TaxonomyLoadError::Invalid(_))), "{expected}: {wrong:?}");
        let text = wrong.unwrap_err().to_string();
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let typo = changed("categories.toml", "priority_floor = ", "priorty_floor = ")
        .unwrap_err()
        .to_string();
    assert!(typo.contains("categories.toml") && typo.contains("priorty_floor"), "{typo}");
}

#[test]
fn french_punctuation_and_numbers_do_not_break_across_lines() {
    let texts = fs::read_to_string(locales::file_path("fr", "taxonomy.toml")).unwrap();
    let french: Vec<_> = texts.lines().filter(|line| line.contains(" = \"")).collect();
    assert!(french.len() > 300, "{}", french.len());
    assert_eq!(fluent_lint::unprotected_french_spacing(&french.join("\n")), Vec::<&str>::new());
}

/// Returns the files below a folder that contain the text.
fn files_with(text: &str, folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            files_with(text, &path, found);
        } else if std::fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
        {
            found.push(path);
        }
    }
}

#[test]
fn question_kinds_are_named_only_where_every_kind_has_a_case() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for name in ["taxonomy", "intake", "workbench"] {
        files_with("QuestionKind::", &crates.join(name).join("src"), &mut found);
    }
    // A test may need a question of one kind.
    let is_test = |path: &&str| path.contains("/tests");
    let found: Vec<_> = found
        .iter()
        .map(|path| path.strip_prefix(crates).unwrap().to_str().unwrap())
        .filter(|path| !is_test(path))
        .collect();
    // `widget_for` matches every kind. Code that compares one kind would overlook a new one: it
    // asks `answer_type` or `purpose` instead.
    assert_eq!(
        found,
        ["intake/src/pages/fields.rs"],
        "these files name a kind, in code or comments: write `Self::KIND` in types.rs, and ask \
         `answer_type` or `purpose` elsewhere"
    );
}
