//! Search in all cases of the member. The form is posted, so that its words are not in the history
//! of the browser.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use protocol::{Priority, case::Stage};
use taxonomy::Taxonomy;
use time::{Date, format_description::well_known::Iso8601};
use uuid::Uuid;

use super::{
    case_header::{AlertView, CaseHeader, CasePageContext, alert_view},
    index_progress::{self, update_index},
};
use crate::{
    case::view::serde_word,
    search::{IndexError, IndexStats, RelatedCase, RelationKind, SearchFilter, SearchHit},
    web_ui::{
        error_page::PageError,
        extract::{SessionRejection, SignedInSession},
        forms::FormInput,
        layout::{NavSection, PageFrame, render_ok},
    },
};

/// Maximum number of hits on the page.
const MAX_HITS: u32 = 50;
/// Maximum number of related cases.
const MAX_RELATED: usize = 10;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchTemplate {
    frame: PageFrame,
    words: String,
    /// Only cases received on this day or later.
    since: String,
    choices: Vec<FilterOptions>,
    hits: Option<Vec<SearchHit>>,
    undeclared: usize,
    alarms: Vec<AlertView>,
    wrong: Option<String>,
}

/// The options of a filter.
struct FilterOptions {
    field: &'static str,
    options: Vec<(String, String, bool)>,
}

/// Shows the form, or the result of a search that waited for the update of the index.
pub(super) async fn show(mut session: SignedInSession) -> Result<Response, PageError> {
    let Some(wanted) = session.signed_in.pending_search.take() else {
        return Ok(render_ok(&search_page(&session, &session.take_draft().unwrap_or_default())));
    };
    if let Some(updated) = update_index(&mut session).await? {
        return render_hits(session, &wanted, &updated).await;
    }
    session.signed_in.pending_search = Some(wanted);
    Ok(index_progress::progress_page(&session, NavSection::Search))
}

pub(super) async fn search(
    session: Result<SignedInSession, SessionRejection>,
    form: FormInput,
) -> Result<Response, PageError> {
    let mut session = match session {
        Ok(session) => session,
        Err(rejection) => return rejection.keep_draft(&form),
    };
    let updated = update_index(&mut session).await?;
    drop(session.take_draft());
    if let Some(updated) = updated {
        return render_hits(session, &form, &updated).await;
    }
    session.signed_in.pending_search = Some(form);
    Ok(Redirect::to(&session.request.url("/search")).into_response())
}

async fn render_hits(
    mut session: SignedInSession,
    form: &FormInput,
    updated: &IndexStats,
) -> Result<Response, PageError> {
    let mut page = search_page(&session, form);
    let filter = SearchFilter {
        category: form.non_empty("category"),
        stage: form.non_empty("stage"),
        priority: form.non_empty("priority"),
        desk: form.non_empty("desk"),
        assignee: form.non_empty("assignee"),
        since: Date::parse(form.get("since").trim(), &Iso8601::DATE).ok(),
        lang: None,
    };
    page.undeclared = updated.undeclared;
    page.alarms = updated.alarms.iter().map(|alarm| alert_view(&page.frame, alarm)).collect();
    let index = session.signed_in.index.as_mut().ok_or_else(PageError::not_found)?;
    match index.search(form.get("words"), &filter, MAX_HITS).await {
        Ok(hits) => page.hits = Some(hits),
        Err(IndexError::EmptyQuery) => page.wrong = Some(page.frame.t("search-no-words")),
        Err(error) => return Err(error.into()),
    }
    Ok(render_ok(&page))
}

fn search_page(session: &SignedInSession, form: &FormInput) -> SearchTemplate {
    let frame = session.frame("search-title", NavSection::Search);
    let taxonomy = &session.request.state.taxonomy;
    let choices = |field: &'static str, options: Vec<(String, String)>| FilterOptions {
        field,
        options: options
            .into_iter()
            .map(|(id, label)| (id.clone(), label, form.get(field) == id))
            .collect(),
    };
    let categories = taxonomy.categories.iter();
    let categories = categories
        .map(|category| (category.id.clone(), category.label.get(frame.code()).to_owned()));
    let stages = Stage::ALL.map(Stage::as_str);
    let stages =
        stages.into_iter().map(|stage| (stage.to_owned(), frame.t_variant("stage", stage)));
    let priorities = Priority::ALL.iter().map(serde_word);
    let priorities = priorities
        .map(|word| (word.clone(), format!("{word} · {}", frame.t_variant("priority", &word))));
    let desks = session
        .connection()
        .directory()
        .desks
        .iter()
        .map(|desk| (desk.id.clone(), frame.desk_label(&desk.id)));
    let members = session.connection().directory().members.iter();
    let members = members.map(|member| (member.handle.clone(), member.handle.clone()));
    let choices = vec![
        choices("category", categories.collect()),
        choices("stage", stages.collect()),
        choices("priority", priorities.collect()),
        choices("desk", desks.collect()),
        choices("assignee", members.collect()),
    ];
    let words = form.get("words").to_owned();
    let since = form.get("since").to_owned();
    SearchTemplate {
        words,
        since,
        choices,
        hits: None,
        undeclared: 0,
        alarms: Vec::new(),
        wrong: None,
        frame,
    }
}

impl SearchTemplate {
    fn category_label(&self, id: &str) -> String {
        let known = self.choices[0].options.iter().find(|(known, ..)| known == id);
        known.map_or(id, |(_, label, _)| label).to_owned()
    }
}

#[derive(Template)]
#[template(path = "related-cases.html")]
struct RelatedCasesTemplate {
    frame: PageFrame,
    head: CaseHeader,
    related: Vec<RelatedCaseRow>,
    /// Cases that are linked with this one.
    linked: Vec<String>,
    /// The number of cases that were not searched, because the member has not declared in them.
    undeclared: usize,
    alarms: Vec<AlertView>,
}

/// A related case, with the reasons.
struct RelatedCaseRow {
    id: String,
    category: String,
    stage: String,
    filed: String,
    reasons: Vec<String>,
}

/// Shows cases that could be about the same matter.
pub(super) async fn related(
    mut session: SignedInSession,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    let Some(updated) = update_index(&mut session).await? else {
        return Ok(index_progress::progress_page(&session, NavSection::Queue));
    };
    let index = session.signed_in.index.as_mut().ok_or_else(PageError::not_found)?;
    let found = index.related(id, MAX_RELATED).await?;
    let CasePageContext { frame, head, view } = CasePageContext::new(&session, &case, "related");
    let linked = view.state.linked_cases.iter().map(ToString::to_string).collect();
    let alarms = updated.alarms.iter().map(|alarm| alert_view(&frame, alarm)).collect();
    let taxonomy = &session.request.state.taxonomy;
    let other = |other: RelatedCase| {
        let category = taxonomy.category(&other.category);
        RelatedCaseRow {
            id: other.case.to_string(),
            category: category
                .map_or(other.category.as_str(), |known| known.label.get(frame.code()))
                .to_owned(),
            stage: frame.t_variant("stage", &other.stage),
            filed: frame.format_iso_date(&other.filed),
            reasons: other
                .reasons
                .iter()
                .map(|(kind, values)| relation_text(&frame, taxonomy, *kind, values))
                .collect(),
        }
    };
    let related = found.into_iter().map(other).collect();
    Ok(render_ok(&RelatedCasesTemplate {
        frame,
        head,
        related,
        linked,
        undeclared: updated.undeclared,
        alarms,
    }))
}

fn relation_text(
    frame: &PageFrame,
    taxonomy: &Taxonomy,
    kind: RelationKind,
    values: &[String],
) -> String {
    let key = match kind {
        RelationKind::File => "relation-file",
        RelationKind::Number => "relation-number",
        RelationKind::Place => "relation-place",
        RelationKind::Words => "relation-words",
    };
    // A place has the category of its report before it.
    let named = |value: &String| match value.split_once(' ') {
        Some((id, place)) if kind == RelationKind::Place => match taxonomy.category(id) {
            Some(category) => format!("{}, {place}", category.label.get(frame.code())),
            None => value.clone(),
        },
        _ => value.clone(),
    };
    frame.with(key, "values", values.iter().map(named).collect::<Vec<_>>().join(", "))
}
