//! Looking for words in all of one's cases. The words are posted: they must not stand in a browser's history.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use envelope::life::Stage;
use taxonomy::Taxonomy;
use time::{Date, format_description::well_known::Iso8601};
use uuid::Uuid;

use super::{
    case::{Head, Shown, Told, told},
    reading::{self, bring_up_to_date},
};
use crate::{
    index::{Filter, Hit, IndexError, Related, Tie, Updated},
    site::{
        forms::Typed,
        frame::{AtWork, Frame, NotAtWork, Section, show as laid_out},
        trouble::Trouble,
    },
};

/// So many hits stand on the page.
const MOST: u32 = 50;
/// So many related cases are worth a look.
const RELATED: usize = 10;

#[derive(Template)]
#[template(path = "search.html")]
struct Page {
    frame: Frame,
    words: String,
    /// Filed on this day or later.
    since: String,
    choices: Vec<Choices>,
    hits: Option<Vec<Hit>>,
    undeclared: usize,
    alarms: Vec<Told>,
    wrong: Option<String>,
}

/// One way of narrowing.
struct Choices {
    field: &'static str,
    options: Vec<(String, String, bool)>,
}

/// An empty form; or, if something is looked for that still waited for cases to be read, that.
pub(super) async fn show(mut at: AtWork) -> Result<Response, Trouble> {
    let Some(wanted) = at.desk.wanted.take() else {
        return Ok(laid_out(&page(&at, &at.kept().unwrap_or_default())));
    };
    if let Some(updated) = bring_up_to_date(&mut at).await? {
        return find(at, &wanted, &updated).await;
    }
    at.desk.wanted = Some(wanted);
    Ok(reading::page(&at, Section::Search))
}

pub(super) async fn search(at: Result<AtWork, NotAtWork>, typed: Typed) -> Result<Response, Trouble> {
    let mut at = match at {
        Ok(at) => at,
        Err(not) => return not.keeping(&typed),
    };
    let updated = bring_up_to_date(&mut at).await?;
    drop(at.kept());
    if let Some(updated) = updated {
        return find(at, &typed, &updated).await;
    }
    at.desk.wanted = Some(typed);
    Ok(Redirect::to(&at.visit.at("/search")).into_response())
}

async fn find(mut at: AtWork, typed: &Typed, updated: &Updated) -> Result<Response, Trouble> {
    let mut page = page(&at, typed);
    let filter = Filter {
        category: typed.some("category"),
        stage: typed.some("stage"),
        urgency: typed.some("urgency"),
        desk: typed.some("desk"),
        assignee: typed.some("assignee"),
        since: Date::parse(typed.get("since").trim(), &Iso8601::DATE).ok(),
        lang: None,
    };
    page.undeclared = updated.undeclared;
    page.alarms = updated.alarms.iter().map(|alarm| told(&page.frame, alarm)).collect();
    let index = at.desk.index.as_mut().ok_or_else(Trouble::nowhere)?;
    match index.search(typed.get("words"), &filter, MOST).await {
        Ok(hits) => page.hits = Some(hits),
        Err(IndexError::NoWords) => page.wrong = Some(page.frame.t("search-no-words")),
        Err(error) => return Err(error.into()),
    }
    Ok(laid_out(&page))
}

fn page(at: &AtWork, typed: &Typed) -> Page {
    let frame = at.frame("search-title", Section::Search);
    let taxonomy = &at.visit.site.taxonomy;
    let choices = |field: &'static str, options: Vec<(String, String)>| Choices {
        field,
        options: options.into_iter().map(|(id, label)| (id.clone(), label, typed.get(field) == id)).collect(),
    };
    let categories = taxonomy.categories.iter();
    let categories =
        categories.map(|category| (category.id.clone(), category.label.get(frame.code()).to_owned()));
    let stages = Stage::ALL.map(Stage::as_str);
    let stages = stages.into_iter().map(|stage| (stage.to_owned(), frame.one_of("stage", stage)));
    let urgencies = ["P1", "P2", "P3", "P4"].into_iter();
    let urgencies =
        urgencies.map(|word| (word.to_owned(), format!("{word} · {}", frame.one_of("urgency", word))));
    let desks = at.connection().directory().desks.iter().map(|desk| (desk.id.clone(), frame.desk(&desk.id)));
    let members = at.connection().directory().members.iter();
    let members = members.map(|member| (member.handle.clone(), member.handle.clone()));
    let choices = vec![
        choices("category", categories.collect()),
        choices("stage", stages.collect()),
        choices("urgency", urgencies.collect()),
        choices("desk", desks.collect()),
        choices("assignee", members.collect()),
    ];
    let words = typed.get("words").to_owned();
    let since = typed.get("since").to_owned();
    Page { words, since, choices, hits: None, undeclared: 0, alarms: Vec::new(), wrong: None, frame }
}

impl Page {
    fn category(&self, id: &str) -> String {
        let known = self.choices[0].options.iter().find(|(known, ..)| known == id);
        known.map_or(id, |(_, label, _)| label).to_owned()
    }
}

#[derive(Template)]
#[template(path = "related.html")]
struct RelatedPage {
    frame: Frame,
    head: Head,
    related: Vec<Other>,
    /// Cases that were linked with this one.
    linked: Vec<String>,
    /// Cases that were left out, as nothing was declared in them.
    undeclared: usize,
    alarms: Vec<Told>,
}

/// Another case, with the reasons in words.
struct Other {
    id: String,
    category: String,
    stage: String,
    filed: String,
    reasons: Vec<String>,
}

/// Other cases that could be about the same.
pub(super) async fn related(
    mut at: AtWork,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Response, Trouble> {
    let case = at.open(id).await?;
    let Some(updated) = bring_up_to_date(&mut at).await? else {
        return Ok(reading::page(&at, Section::Queue));
    };
    let index = at.desk.index.as_mut().ok_or_else(Trouble::nowhere)?;
    let found = index.related(id, RELATED).await?;
    let Shown { frame, head, view } = Shown::of(&at, &case, "related");
    let linked = view.state.linked.iter().map(ToString::to_string).collect();
    let alarms = updated.alarms.iter().map(|alarm| told(&frame, alarm)).collect();
    let taxonomy = &at.visit.site.taxonomy;
    let other = |other: Related| {
        let category = taxonomy.category(&other.category);
        Other {
            id: other.case.to_string(),
            category: category
                .map_or(other.category.as_str(), |known| known.label.get(frame.code()))
                .to_owned(),
            stage: frame.one_of("stage", &other.stage),
            filed: frame.iso_day(&other.filed),
            reasons: other
                .reasons
                .iter()
                .map(|(tie, values)| reason(&frame, taxonomy, *tie, values))
                .collect(),
        }
    };
    let related = found.into_iter().map(other).collect();
    Ok(laid_out(&RelatedPage { frame, head, related, linked, undeclared: updated.undeclared, alarms }))
}

fn reason(frame: &Frame, taxonomy: &Taxonomy, tie: Tie, values: &[String]) -> String {
    let key = match tie {
        Tie::File => "tie-file",
        Tie::Number => "tie-number",
        Tie::Place => "tie-place",
        Tie::Words => "tie-words",
    };
    // A place is told with the category that it was reported for.
    let named = |value: &String| match value.split_once(' ') {
        Some((id, place)) if tie == Tie::Place => match taxonomy.category(id) {
            Some(category) => format!("{}, {place}", category.label.get(frame.code())),
            None => value.clone(),
        },
        _ => value.clone(),
    };
    frame.with(key, "values", values.iter().map(named).collect::<Vec<_>>().join(", "))
}
