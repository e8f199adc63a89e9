//! The pages on which a reporter chooses: first a subject, then the nearest case.

use askama::Template;
use axum::response::Response;
use taxonomy::Pictogram;

use super::{
    Pages,
    fields::{FormError, form_errors, status_for},
    layout::{LanguageSwitch, PageLayout, render_report_page},
};
use crate::form::{FieldError, FormStep, ReportForm, ShownFields};

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoiceTemplate<'a> {
    frame: PageLayout<'a>,
    /// The number of the step.
    step: &'static str,
    heading: String,
    hidden_fields: Vec<(String, String)>,
    errors: Vec<FormError>,
    choices: Vec<ChoiceCard<'a>>,
    /// The pictograms of the choices beside the subjects. The page of the cases has none.
    unsure: Option<Pictogram>,
    advice: Option<Pictogram>,
    /// Whether this is the first page, which also offers advice and states who seals.
    is_first: bool,
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
    let lang = form.lang.code;
    let choices = pages.taxonomy.families.iter().map(|family| ChoiceCard {
        action: format!("family.{}", family.id),
        label: family.label.get(lang),
        example: None,
        pictogram: Pictogram::of_group(&family.id),
        chosen: form.family == family.id,
    });
    render_choice(pages, form, errors, FormStep::Subject, choices.collect())
}

/// Returns the page with the cases of the chosen subject. Advice is no case: the first page offers
/// it.
pub(super) fn case_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let lang = form.lang.code;
    let categories = pages.taxonomy.categories_in_group(&form.family);
    let choices =
        categories.filter(|category| category.id != pages.taxonomy.advice).map(|category| {
            ChoiceCard {
                action: format!("category.{}", category.id),
                label: category.label.get(lang),
                example: Some(category.example.get(lang)),
                pictogram: None,
                chosen: form.category == category.id,
            }
        });
    render_choice(pages, form, errors, FormStep::Case, choices.collect())
}

fn render_choice(
    pages: &Pages,
    form: &ReportForm,
    errors: &[FieldError],
    step: FormStep,
    choices: Vec<ChoiceCard<'_>>,
) -> Response {
    let is_first = step == FormStep::Subject;
    let [number, title, heading] = if is_first {
        ["1", "subject-title", "subject-heading"]
    } else {
        ["2", "case-title", "case-heading"]
    };
    let switch = LanguageSwitch::Form { path: "/report", go: step.as_str(), enter: None };
    let frame = PageLayout::new(pages, form.lang, title, switch).with_visit(form.newest_visit());
    let page = ChoiceTemplate {
        step: number,
        heading: frame.t(heading),
        hidden_fields: form.hidden_fields(ShownFields::default()),
        errors: form_errors(&frame, errors, &pages.taxonomy),
        choices,
        unsure: Pictogram::of_choice("unsure").filter(|_| is_first),
        advice: Pictogram::of_choice("advice").filter(|_| is_first),
        is_first,
        frame,
    };
    render_report_page(pages, status_for(errors), &page)
}
