//! Tests of the report form.

use protocol::Priority;
use taxonomy::{Answer, AnswerFormat, Taxonomy};
use web::Locale;

use super::{FieldError, FieldProblem, FormStep, ReportForm, ShownFields, parse_urlencoded};

fn form(fields: &[(&str, &str)]) -> ReportForm {
    let mut form = ReportForm::new(Locale::FR);
    for (name, value) in fields {
        form.set_field(name, value.as_bytes()).unwrap();
    }
    form
}

/// Returns the form as the next page would send it: the hidden fields and a button.
fn press_button(form: &ReportForm, go: &str) -> ReportForm {
    let mut next = ReportForm::new(form.lang);
    for (name, value) in form.hidden_fields(ShownFields::default()) {
        next.set_field(&name, value.as_bytes()).unwrap();
    }
    next.set_field("go", go.as_bytes()).unwrap();
    next
}

const FILLED_FIELDS: [(&str, &str); 9] = [
    ("audience", "carrier"),
    ("family", "money"),
    ("category", "FAC"),
    ("a.frequency", "always"),
    ("a.ongoing", "imminent"),
    ("a.handlers_involved", "regional"),
    ("a.handlers_involved", "hr_integrity"),
    ("d.period", "début mai"),
    ("a.story", "Première ligne\r\n\r\n\"deuxième\" <ligne>"),
];

#[test]
fn answers_survive_navigation_in_both_directions() {
    let taxonomy = Taxonomy::built_in();
    let start = form(&FILLED_FIELDS);
    let before = start.validate(&taxonomy).unwrap();
    let mut navigated = start;
    for (button, step) in [
        ("review", FormStep::Review),
        ("facts", FormStep::Facts),
        ("tell", FormStep::Tell),
        ("case", FormStep::Case),
        ("subject", FormStep::Subject),
        ("family.money", FormStep::Case),
        ("category.FAC", FormStep::Tell),
        ("facts", FormStep::Facts),
        ("review", FormStep::Review),
    ] {
        navigated = press_button(&navigated, button);
        assert_eq!(navigated.advance(&taxonomy), step, "{button}");
    }
    assert_eq!(navigated.validate(&taxonomy).unwrap(), before);
    assert_eq!(before.story, "Première ligne\n\n\"deuxième\" <ligne>");
    assert_eq!(before.excluded, ["regional", "hr_integrity"]);
    assert_eq!(before.answers["period"], Answer::One("début mai".to_owned()));
    assert_eq!(before.priority, Priority::P2);
    assert!(!before.answers.contains_key("story"));
}

#[test]
fn answers_to_questions_of_another_category_stay_in_the_form_and_are_not_sent() {
    let taxonomy = Taxonomy::built_in();
    let mut other = press_button(&form(&FILLED_FIELDS), "category.SXT");
    assert_eq!(other.advance(&taxonomy), FormStep::Tell);
    assert_eq!(other.family, "respect", "the family of the new category");
    let report = other.validate(&taxonomy).unwrap();
    assert!(!report.answers.contains_key("frequency"));
    assert_eq!(report.priority, Priority::P1);
    let mut back = press_button(&other, "category.FAC");
    back.advance(&taxonomy);
    assert!(back.validate(&taxonomy).unwrap().answers.contains_key("frequency"));
}

#[test]
fn the_choice_of_a_category_cannot_be_skipped() {
    let taxonomy = Taxonomy::built_in();
    let reach = |fields: &[(&str, &str)]| form(fields).advance(&taxonomy);
    assert_eq!(reach(&[("go", "review")]), FormStep::Subject);
    assert_eq!(reach(&[("go", "tell"), ("family", "money")]), FormStep::Case);
    assert_eq!(reach(&[("go", "facts"), ("family", "money")]), FormStep::Case);
    assert_eq!(reach(&[("go", "case"), ("family", "x")]), FormStep::Subject);
    assert_eq!(reach(&[("go", "unsure")]), FormStep::Tell);
    assert_eq!(reach(&[("go", "advice")]), FormStep::Tell);
}

#[test]
fn an_unknown_button_leads_to_the_story_with_all_answers() {
    let taxonomy = Taxonomy::built_in();
    for go in [None, Some("advice.x"), Some("send"), Some("Relire"), Some("ok")] {
        let mut form = form(&FILLED_FIELDS);
        if let Some(go) = go {
            form.set_field("go", go.as_bytes()).unwrap();
        }
        assert_eq!(form.advance(&taxonomy), FormStep::Tell, "{go:?}");
        assert!(form.value("story").starts_with("Première"));
    }
    assert_eq!(ReportForm::new(Locale::FR).advance(&taxonomy), FormStep::Subject);
}

#[test]
fn an_unknown_category_is_an_error_of_its_field() {
    let taxonomy = Taxonomy::built_in();
    let unknown = form(&[("category", "XYZ"), ("a.story", "text")]);
    assert_eq!(
        unknown.validate(&taxonomy).unwrap_err(),
        [FieldError::new("category", FieldProblem::UnknownOption)]
    );
    assert_eq!(
        form(&[]).validate(&taxonomy).unwrap_err(),
        [FieldError::new("category", FieldProblem::Missing)]
    );
}

#[test]
fn errors_are_in_the_order_of_the_questions() {
    let taxonomy = Taxonomy::built_in();
    let invalid = form(&[
        ("category", "FAC"),
        ("a.safety", "perhaps"),
        ("a.relation", "x"),
        ("a.place", &"x".repeat(501)),
        ("a.story", " \n"),
    ]);
    let errors = invalid.validate(&taxonomy).unwrap_err();
    let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["a.relation", "a.place", "a.safety", "a.story"]);
    assert_eq!(errors[1].problem, FieldProblem::TooLong(500));
    assert_eq!(errors[3].problem, FieldProblem::Missing);
}

#[test]
fn an_answer_without_the_required_form_is_an_error_of_its_field() {
    let mut taxonomy = Taxonomy::built_in();
    let place = taxonomy.questions.iter_mut().find(|question| question.id == "place").unwrap();
    place.format = Some(AnswerFormat { pattern: "[0-9]+".into(), example: "12".into() });
    let fields = |place| form(&[("category", "FAC"), ("a.place", place), ("a.story", "text")]);
    assert_eq!(
        fields("twelve").validate(&taxonomy).unwrap_err(),
        [FieldError::new("a.place", FieldProblem::WrongFormat)]
    );
    assert_eq!(
        fields(" 12 ").validate(&taxonomy).unwrap().answers["place"],
        Answer::One("12".to_owned())
    );
}

#[test]
fn the_story_may_be_empty_if_the_category_allows_it() {
    let taxonomy = Taxonomy::built_in();
    let report =
        form(&[("category", "SXT"), ("a.detail_level", "signal")]).validate(&taxonomy).unwrap();
    assert_eq!((report.story.as_str(), report.audience.as_str()), ("", "public"));
}

#[test]
fn an_answer_to_a_removed_question_does_not_prevent_sending() {
    let taxonomy = Taxonomy::built_in();
    let old =
        form(&[("category", "FAC"), ("a.story", "x"), ("a.nonsense", "x"), ("d.nonsense", "x")]);
    assert!(old.validate(&taxonomy).unwrap().answers.is_empty());
    assert!(
        old.hidden_fields(ShownFields::default())
            .contains(&("a.nonsense".to_owned(), "x".to_owned()))
    );
}

#[test]
fn unknown_fields_are_ignored() {
    let mut form = form(&[("category", "FAC"), ("a.story", "x")]);
    for name in ["utf8", "_charset_", "gtranslate", "password", "", "a", "files[]"] {
        form.set_field(name, "✓".as_bytes()).unwrap();
    }
    assert!(form.validate(&Taxonomy::built_in()).is_ok());
}

#[test]
fn invalid_utf8_is_returned_and_oversized_forms_are_rejected_on_arrival() {
    let taxonomy = Taxonomy::built_in();
    let mut form = ReportForm::new(Locale::FR);
    form.set_field("category", b"FAC").unwrap();
    form.set_field("a.story", b"caf\xe9 noir").unwrap();
    assert_eq!(
        form.validate(&taxonomy).unwrap_err(),
        [FieldError::new("a.story", FieldProblem::InvalidUtf8)]
    );
    assert_eq!(form.value("story"), "caf\u{fffd} noir");
    let flood =
        |set: &mut dyn FnMut(usize) -> Result<(), FieldError>| (0..1000).find_map(|n| set(n).err());
    let much =
        |flood: Option<FieldError>| assert_eq!(flood.unwrap().problem, FieldProblem::FormTooLarge);
    let mut many = ReportForm::new(Locale::FR);
    much(flood(&mut |n| many.set_field(&format!("a.q{n}"), b"x")));
    let mut options = ReportForm::new(Locale::FR);
    much(flood(&mut |_| options.set_field("a.documents", b"x")));
    let mut large = ReportForm::new(Locale::FR);
    much(flood(&mut |n| large.set_field(&format!("a.q{n}"), "x".repeat(60_000).as_bytes())));
}

#[test]
fn a_blank_story_is_missing() {
    let taxonomy = Taxonomy::built_in();
    for blank in ["\u{200b}", "\u{3164}\n\u{3164}", "\u{2800}", "\u{ad}", "\u{b}\u{c}\u{85}"] {
        let errors =
            form(&[("category", "FAC"), ("a.story", blank)]).validate(&taxonomy).unwrap_err();
        assert_eq!(errors, [FieldError::new("a.story", FieldProblem::Missing)], "{blank:?}");
    }
    let report = form(&[
        ("category", "FAC"),
        ("a.story", "x"),
        ("a.place", "\u{200b}"),
        ("d.period", "\u{2800}"),
    ]);
    assert!(report.validate(&taxonomy).unwrap().answers.is_empty());
}

#[test]
fn a_story_beyond_the_limit_can_still_be_shown_and_shortened() {
    let taxonomy = Taxonomy::built_in();
    for length in [12_001, 33_000, 100_000] {
        let long = form(&[("category", "FAC"), ("a.story", &"س".repeat(length))]);
        let errors = long.validate(&taxonomy).unwrap_err();
        assert_eq!(errors, [FieldError::new("a.story", FieldProblem::TooLong(12_000))]);
        assert_eq!(long.value("story").chars().count(), length);
    }
}

#[test]
fn a_body_of_bytes_never_breaks_the_form() {
    let taxonomy = Taxonomy::built_in();
    for body in
        [&b"go=%FF"[..], b"=&=&&go", b"a.=x&d.=y&go=review", b"go=review&category=%00", b"%=%&%2"]
    {
        let mut form = ReportForm::new(Locale::EN);
        for (name, value) in parse_urlencoded(body) {
            drop(form.set_field(&name, &value));
        }
        form.advance(&taxonomy);
        drop(form.validate(&taxonomy));
    }
}

#[test]
fn the_seed_is_32_bytes_in_hexadecimal() {
    assert_eq!(form(&[("seed", &"0f".repeat(32))]).seed_bytes().unwrap(), [0x0f; 32]);
    for invalid in ["", "0f", "zz", &"0f".repeat(33)] {
        assert!(form(&[("seed", invalid)]).seed_bytes().is_err());
    }
}

#[test]
fn the_story_may_be_empty_if_it_is_in_a_file() {
    let taxonomy = Taxonomy::built_in();
    let missing = form(&[("category", "FAC"), ("a.story", " ")]).validate(&taxonomy).unwrap_err();
    assert_eq!(missing, [FieldError::new("a.story", FieldProblem::Missing)]);
    let in_file = form(&[("category", "FAC"), ("a.story", " "), ("story_in_file", "file")]);
    let report = in_file.validate(&taxonomy).unwrap();
    assert_eq!((&*report.story, report.needs_file), ("", true));
    // The choice remains on the next page, and a typed story needs no file.
    let next = press_button(&in_file, "review");
    assert_eq!(next.validate(&taxonomy).unwrap(), report);
    let typed = form(&[("category", "FAC"), ("a.story", "text"), ("story_in_file", "file")]);
    assert!(!typed.validate(&taxonomy).unwrap().needs_file);
}
