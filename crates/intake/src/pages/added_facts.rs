//! The pages on which a returning reporter adds facts to a report: the choice of a subject and a
//! case, and the questions of that case. They are answers to a receipt, so they have its length and
//! run no scripts.

use askama::Template;
use axum::response::Response;
use taxonomy::{Question, Taxonomy};

use super::{
    Pages,
    added_layout::{FittingPage, frame_of, remove_own_copy, render_added},
    fields::{FormError, FormSection, Widget, form_errors, form_sections, status_for},
    layout::{LanguageSwitch, PageLayout},
    review::detail_text_key,
    subject::added_choice_page,
};
use crate::form::{
    FieldError, FormStep, ReplyForm, ReportForm, ShownFields, can_be_added, identifying_details,
};

#[derive(Template)]
#[template(path = "added.html")]
struct AddedFactsTemplate<'a> {
    frame: PageLayout<'a>,
    /// The label of the category.
    case: &'a str,
    hidden_fields: Vec<(String, String)>,
    errors: Vec<FormError>,
    sections: Vec<FormSection<'a>>,
    warnings: Vec<DetailRow>,
    /// Digest of the facts, if the page shows their identifying details.
    acknowledged: String,
    /// Whether the sealed own copy has no room on the page.
    lacks_copy: bool,
}

/// An identifying detail in an answer.
struct DetailRow {
    text: String,
    found: Vec<String>,
    /// The value of the button that redacts it.
    redact: String,
}

impl FittingPage for AddedFactsTemplate<'_> {
    fn leave_out_copy(&mut self) -> bool {
        self.lacks_copy = remove_own_copy(&mut self.hidden_fields);
        self.lacks_copy
    }
}

/// Returns the page of a step. `shows_details` adds the identifying details in the answers.
pub fn added_facts_page(
    pages: &Pages,
    reply: &ReplyForm,
    (form, errors): (&ReportForm, &[FieldError]),
    (step, shows_details): (FormStep, bool),
) -> Response {
    let mut fields = reply.message_fields();
    if reply.files_not_sent {
        // The page of the conversation says that the files must be chosen again.
        fields.push(("files".to_owned(), "again".to_owned()));
    }
    match step {
        FormStep::Subject | FormStep::Case => {
            added_choice_page(pages, (form, errors), step, (fields, &reply.visit))
        }
        FormStep::Tell | FormStep::Facts | FormStep::Review => {
            let acknowledged = if shows_details { reply.facts_digest() } else { String::new() };
            questions_page(pages, (form, errors), (fields, &reply.visit), acknowledged)
        }
    }
}

/// Returns the page with the questions of the chosen category.
fn questions_page(
    pages: &Pages,
    (form, errors): (&ReportForm, &[FieldError]),
    (fields, visit): (Vec<(String, String)>, &str),
    acknowledged: String,
) -> Response {
    let taxonomy = &*pages.taxonomy;
    let Some(category) = taxonomy.category(&form.category) else {
        return added_choice_page(pages, (form, errors), FormStep::Subject, (fields, visit));
    };
    let frame = frame_of(pages, form.lang, FormStep::Facts, visit);
    let asked = taxonomy.questions_for(category).into_iter();
    let shown: Vec<&Question> = asked.filter(|question| can_be_added(question)).collect();
    let mut sections = form_sections(&frame, taxonomy, category, &shown, (form, errors));
    // All questions are on one page, so the page states each condition and hides no question.
    let conditions = sections.iter_mut().flat_map(|section| &mut section.fields);
    conditions.filter_map(|field| field.condition.as_mut()).for_each(|one| one.is_hidden = false);
    let shown = ShownFields { questions: &shown, audience: false };
    let page = AddedFactsTemplate {
        case: category.label.get(form.lang.code),
        hidden_fields: [fields, form.hidden_fields(shown)].concat(),
        errors: form_errors(&frame, errors, taxonomy),
        sections,
        warnings: if acknowledged.is_empty() {
            Vec::new()
        } else {
            detail_rows(&frame, form, taxonomy)
        },
        acknowledged,
        lacks_copy: false,
        frame,
    };
    render_added(pages, status_for(errors), page)
}

fn detail_rows(frame: &PageLayout<'_>, form: &ReportForm, taxonomy: &Taxonomy) -> Vec<DetailRow> {
    let details = identifying_details::find_in_form(form, taxonomy).into_iter();
    let row = |detail: identifying_details::IdentifyingDetail| DetailRow {
        text: frame.t(detail_text_key(detail.kind)),
        redact: format!("cover.{}.{}", detail.kind.as_str(), detail.question),
        found: detail.matches,
    };
    details.map(row).collect()
}
