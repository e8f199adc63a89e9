//! The pages on which a reporter types: the story with its quick questions, and the page of further
//! facts.

use askama::Template;
use axum::response::Response;
use taxonomy::{Category, Question, QuestionPurpose};

use super::{
    Pages,
    fields::{
        FieldChoice, FormError, FormField, FormSection, Widget, audience_choices, form_errors,
        form_field, form_sections, status_for,
    },
    layout::{LanguageSwitch, PageLayout, render_report_page},
    question_step::step_of,
    subject::subject_page,
};
use crate::form::{FieldError, FormStep, ReportForm, ShownFields};

#[derive(Template)]
#[template(path = "tell.html")]
struct TellTemplate<'a> {
    frame: PageLayout<'a>,
    step: FormSteps,
    heading: String,
    /// The id of the category.
    category: &'a str,
    hidden_fields: Vec<(String, String)>,
    errors: Vec<FormError>,
    /// The question that comes before the story.
    opening: Option<FormField<'a>>,
    story: FormField<'a>,
    quick: Vec<FormField<'a>>,
    is_advice: bool,
    /// Whether the page addresses victims: it says that there is no hurry and no need to answer,
    /// and shows where to find help.
    is_victim_category: bool,
}

#[derive(Template)]
#[template(path = "facts.html")]
struct FactsTemplate<'a> {
    frame: PageLayout<'a>,
    step: FormSteps,
    hidden_fields: Vec<(String, String)>,
    errors: Vec<FormError>,
    sections: Vec<FormSection<'a>>,
    audiences: Vec<FieldChoice<'a>>,
    /// Whether the page opens at the question which audience the reporter belongs to.
    audience_is_focused: bool,
    /// Whether the reporter chose an audience.
    has_audience: bool,
}

/// The numbers of the steps, and the titles of their pages. Advice has no case to choose.
#[derive(Debug, Clone, Copy)]
pub(super) struct FormSteps {
    /// The number of the page with the story.
    pub(super) tell: &'static str,
    /// The number of the review page, which is the last.
    pub(super) last: &'static str,
    tell_title: &'static str,
    /// The key of the title of the review page.
    pub(super) review_title: &'static str,
}

impl FormSteps {
    /// Returns the steps of a category.
    pub(super) fn of(pages: &Pages, category: &Category) -> Self {
        if category.id == pages.taxonomy.advice {
            Self {
                tell: "2",
                last: "3",
                tell_title: "advice-tell-title",
                review_title: "advice-review-title",
            }
        } else {
            Self { tell: "3", last: "4", tell_title: "tell-title", review_title: "review-title" }
        }
    }
}

/// Returns the page with the first of these errors, in the order of the steps.
pub(super) fn answers_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let Some(category) = pages.taxonomy.category(&form.category) else {
        return subject_page(pages, form, errors);
    };
    let (facts, tell): (Vec<FieldError>, Vec<FieldError>) =
        errors.iter().cloned().partition(|error| {
            let field = error.field.split_once('.').map_or("", |(_, field)| field);
            pages.taxonomy.question(field).is_some_and(|question| {
                step_of(&pages.taxonomy, category, question) == FormStep::Facts
            })
        });
    if tell.is_empty() && !facts.is_empty() {
        facts_page(pages, form, &facts)
    } else {
        tell_page(pages, form, &tell)
    }
}

/// Returns the page with the story and the quick questions.
pub(super) fn tell_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let taxonomy = &*pages.taxonomy;
    let Some(category) = taxonomy.category(&form.category) else {
        return subject_page(pages, form, errors);
    };
    let step = FormSteps::of(pages, category);
    let frame = frame_of(pages, form, FormStep::Tell, step);
    let asked = taxonomy.questions_for(category);
    let shown: Vec<&Question> = asked
        .iter()
        .copied()
        .filter(|question| step_of(&pages.taxonomy, category, question) == FormStep::Tell)
        .collect();
    let field = |question| form_field(&frame, taxonomy, (category, question), (form, errors));
    let Some(story) =
        shown.iter().find(|question| question.kind.purpose() == QuestionPurpose::Story)
    else {
        // The check of the data files excludes this.
        return subject_page(pages, form, errors);
    };
    let is_opening =
        |question: &&&Question| category.opening_question.as_ref() == Some(&question.id);
    let quick = taxonomy.quick_questions(category);
    let is_advice = category.id == taxonomy.advice;
    let page = TellTemplate {
        step,
        heading: if is_advice {
            frame.t("tell-heading-advice")
        } else {
            category.label.get(form.lang.code).to_owned()
        },
        category: &category.id,
        hidden_fields: form.hidden_fields(ShownFields { questions: &shown, audience: false }),
        errors: form_errors(&frame, errors, taxonomy),
        opening: shown.iter().find(is_opening).map(|question| field(question)),
        story: FormField { required: category.story_required, ..field(story) },
        quick: quick
            .iter()
            .filter(|one| !is_opening(one))
            .map(|question| field(question))
            .collect(),
        is_advice,
        is_victim_category: category.opening_question.is_some(),
        frame,
    };
    render_report_page(pages, status_for(errors), &page)
}

/// Returns the page with all other questions. None needs an answer.
pub(super) fn facts_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let taxonomy = &*pages.taxonomy;
    let Some(category) = taxonomy.category(&form.category) else {
        return subject_page(pages, form, errors);
    };
    let step = FormSteps::of(pages, category);
    let frame = frame_of(pages, form, FormStep::Facts, step);
    let shown: Vec<&Question> = taxonomy
        .questions_for(category)
        .into_iter()
        .filter(|question| step_of(&pages.taxonomy, category, question) == FormStep::Facts)
        .collect();
    let page = FactsTemplate {
        step,
        hidden_fields: form.hidden_fields(ShownFields { questions: &shown, audience: true }),
        errors: form_errors(&frame, errors, taxonomy),
        sections: form_sections(&frame, taxonomy, category, &shown, (form, errors)),
        audiences: audience_choices(taxonomy, form),
        audience_is_focused: form.focus == "audience",
        has_audience: !form.audience.is_empty(),
        frame,
    };
    render_report_page(pages, status_for(errors), &page)
}

fn frame_of<'a>(
    pages: &'a Pages,
    form: &'a ReportForm,
    shown: FormStep,
    step: FormSteps,
) -> PageLayout<'a> {
    let switch =
        LanguageSwitch::Form { path: "/report", go: shown.as_str(), enter: Some("review") };
    let title = if shown == FormStep::Facts { "facts-title" } else { step.tell_title };
    PageLayout::new(pages, form.lang, title, switch).with_visit(form.newest_visit())
}
