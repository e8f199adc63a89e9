//! The pages on which a reporter chooses: first a subject, then the nearest case.

use askama::Template;
use axum::response::Response;
use taxonomy::{Category, CategoryGroup, Pictogram};

use super::{
    Pages,
    added_layout::{FittingPage, frame_of, remove_own_copy, render_added},
    fields::{FormError, form_errors, status_for},
    layout::{LanguageSwitch, PageLayout, render_report_page},
};
use crate::form::{FieldError, FormStep, ReportForm, ShownFields};

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoiceTemplate<'a> {
    frame: PageLayout<'a>,
    /// The number of the step. `None` if the reporter adds facts to a report that was sent.
    step: Option<&'static str>,
    heading: String,
    hidden_fields: Vec<(String, String)>,
    errors: Vec<FormError>,
    choices: Vec<ChoiceCard<'a>>,
    /// The pictograms of the choices beside the subjects. The page of the cases has none.
    unsure: Option<Pictogram>,
    advice: Option<Pictogram>,
    /// Whether this is the first page, which also offers advice and states who seals.
    is_first: bool,
    /// Whether the sealed own copy has no room on the page.
    lacks_copy: bool,
}

impl FittingPage for ChoiceTemplate<'_> {
    fn leave_out_copy(&mut self) -> bool {
        self.lacks_copy = remove_own_copy(&mut self.hidden_fields);
        self.lacks_copy
    }
}

/// A button of a choice page.
struct ChoiceCard<'a> {
    action: String,
    label: &'a str,
    example: Option<&'a str>,
    pictogram: Option<Pictogram>,
    chosen: bool,
}

/// Returns the first page of the form: the subjects.
pub(super) fn subject_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    render_choice(pages, form, errors, FormStep::Subject)
}

/// Returns the page with the cases of the chosen subject. Advice is no case: the first page offers
/// it.
pub(super) fn case_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    render_choice(pages, form, errors, FormStep::Case)
}

fn render_choice(
    pages: &Pages,
    form: &ReportForm,
    errors: &[FieldError],
    step: FormStep,
) -> Response {
    let is_first = step == FormStep::Subject;
    let [number, title] = if is_first { ["1", "subject-title"] } else { ["2", "case-title"] };
    let switch = LanguageSwitch::Form { path: "/report", go: step.as_str(), enter: None };
    let frame = PageLayout::new(pages, form.lang, title, switch).with_visit(form.newest_visit());
    let hidden_fields = form.hidden_fields(ShownFields::default());
    let page = choice(pages, (form, errors), step, (frame, hidden_fields, Some(number)));
    render_report_page(pages, status_for(errors), &page)
}

/// Returns the page of the subjects or cases for facts that are added to a report. `fields` are
/// the fields of the message, which the page keeps.
pub(super) fn added_choice_page(
    pages: &Pages,
    (form, errors): (&ReportForm, &[FieldError]),
    step: FormStep,
    (fields, visit): (Vec<(String, String)>, &str),
) -> Response {
    let frame = frame_of(pages, form.lang, step, visit);
    let hidden_fields = [fields, form.hidden_fields(ShownFields::default())].concat();
    let page = choice(pages, (form, errors), step, (frame, hidden_fields, None));
    render_added(pages, status_for(errors), page)
}

fn choice<'a>(
    pages: &'a Pages,
    (form, errors): (&'a ReportForm, &[FieldError]),
    step: FormStep,
    (frame, hidden_fields, number): (PageLayout<'a>, Vec<(String, String)>, Option<&'static str>),
) -> ChoiceTemplate<'a> {
    let is_first = step == FormStep::Subject;
    ChoiceTemplate {
        step: number,
        heading: frame.t(if is_first { "subject-heading" } else { "case-heading" }),
        hidden_fields,
        errors: form_errors(&frame, errors, &pages.taxonomy),
        choices: if is_first { subjects(pages, form) } else { cases(pages, form) },
        unsure: Pictogram::of_choice("unsure").filter(|_| is_first),
        advice: Pictogram::of_choice("advice").filter(|_| is_first),
        is_first,
        lacks_copy: false,
        frame,
    }
}

fn subjects<'a>(pages: &'a Pages, form: &ReportForm) -> Vec<ChoiceCard<'a>> {
    let card = |family: &'a CategoryGroup| ChoiceCard {
        action: format!("family.{}", family.id),
        label: family.label.get(form.lang.code),
        example: None,
        pictogram: Pictogram::of_group(&family.id),
        chosen: form.family == family.id,
    };
    pages.taxonomy.families.iter().map(card).collect()
}

fn cases<'a>(pages: &'a Pages, form: &'a ReportForm) -> Vec<ChoiceCard<'a>> {
    let card = |category: &'a Category| ChoiceCard {
        action: format!("category.{}", category.id),
        label: category.label.get(form.lang.code),
        example: Some(category.example.get(form.lang.code)),
        pictogram: None,
        chosen: form.category == category.id,
    };
    let categories = pages.taxonomy.categories_in_group(&form.family);
    categories.filter(|category| category.id != pages.taxonomy.advice).map(card).collect()
}
