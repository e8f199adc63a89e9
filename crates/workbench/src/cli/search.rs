//! `burkindi search` and `burkindi related`: looking through all cases that one can read, on this
//! machine.

use std::{ffi::OsString, io::IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use taxonomy::Taxonomy;
use time::Date;
use uuid::Uuid;
use workbench::{
    alert::{IntegrityAlert, has_alarm},
    case::queue::short_ids,
    search::{Index, IndexStats, RelatedCase, RelationKind, SearchFilter, SearchHit},
    session::HandlerConnection,
    terminal_text,
};

use super::{
    CaseArg, CliOutput, CommandContext, exit_code::VerificationFailed, output::TextBuilder,
};

/// So many related cases are worth a look.
const MAX_RELATED: usize = 10;

#[derive(Debug, clap::Args)]
pub(crate) struct SearchArgs {
    /// Beginnings of words that must all be there; "words in quotes" stand together. Without any,
    /// everything that the options leave.
    words: Vec<String>,
    /// A word that must not be there. `-word` says the same.
    #[arg(long, value_name = "WORD")]
    without: Vec<String>,
    /// Only this category, such as FAC.
    #[arg(long, value_name = "ID")]
    category: Option<String>,
    /// Only this stage, such as assessing.
    #[arg(long)]
    stage: Option<String>,
    /// Only reports in this language.
    #[arg(long, value_name = "LANG")]
    written_in: Option<String>,
    /// Only this desk.
    #[arg(long, value_name = "ID")]
    desk: Option<String>,
    /// Only P1, P2, P3 or P4.
    #[arg(long)]
    urgency: Option<String>,
    /// Only cases of this colleague.
    #[arg(long, value_name = "HANDLE")]
    assignee: Option<String>,
    /// Only cases filed on this day or later.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    since: Option<Date>,
    /// At most so many.
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

/// `{"hits", "undeclared", "alarms"}`: in so many cases more nothing is looked for before one has
/// declared to have no conflict of interest.
#[derive(Debug, Serialize)]
struct SearchOutput {
    hits: Vec<SearchHit>,
    undeclared: usize,
    alarms: Vec<IntegrityAlert>,
}

/// `{"case", "related", "undeclared", "alarms"}`.
#[derive(Debug, Serialize)]
struct RelatedOutput {
    case: Uuid,
    related: Vec<RelatedCase>,
    undeclared: usize,
    alarms: Vec<IntegrityAlert>,
}

impl SearchArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (_, mut index, IndexStats { undeclared, alarms, .. }) =
            open_index(context, screen).await?;
        let filter = SearchFilter {
            category: self.category,
            stage: self.stage,
            lang: self.written_in,
            desk: self.desk,
            urgency: self.urgency,
            assignee: self.assignee,
            since: self.since,
        };
        let without = self.without.iter().map(|word| format!("-{word}"));
        let words: Vec<String> = self.words.into_iter().chain(without).collect();
        let hits = index.search(&words.join(" "), &filter, self.limit).await?;
        let (taxonomy, lang) = (Taxonomy::built_in(), context.label_lang());
        let alarmed = has_alarm(&alarms);
        screen.print(&SearchOutput { hits, undeclared, alarms }, |view, page| {
            if view.hits.is_empty() {
                page.line("Nothing was found in the cases that you can read.");
            }
            let ids = short_ids(view.hits.iter().map(|hit| hit.case));
            for hit in &view.hits {
                let label = taxonomy.category(&hit.category).map_or_else(
                    || format!("? {}", terminal_text::display_code(&hit.category)),
                    |found| found.label.get(lang).to_owned(),
                );
                page.heading(&format!("{}  {}  {}  {label}", ids[&hit.case], hit.filed, hit.stage));
                let around: String =
                    hit.around
                        .iter()
                        .map(|piece| {
                            if piece.found {
                                format!("[{}]", piece.text)
                            } else {
                                piece.text.clone()
                            }
                        })
                        .collect();
                page.quote(&around);
            }
            write_undeclared_count(view.undeclared, page);
        })?;
        if alarmed { Err(VerificationFailed.into()) } else { Ok(()) }
    }
}

pub(crate) async fn related(
    arg: &CaseArg,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, mut index, IndexStats { undeclared, alarms, .. }) =
        open_index(context, screen).await?;
    let id = connection.find_case(&arg.case).await?;
    let case = connection.read_case(id).await?;
    connection.check_declared(&case)?;
    let related = index.related(id, MAX_RELATED).await?;
    let alarmed = has_alarm(&alarms);
    screen.print(&RelatedOutput { case: id, related, undeclared, alarms }, |view, page| {
        if view.related.is_empty() {
            page.line("No other case that you can read has something telling in common with it.");
        }
        let ids = short_ids(view.related.iter().map(|other| other.case));
        for other in &view.related {
            page.heading(&format!(
                "{}  {}  {}  {}",
                ids[&other.case],
                other.filed,
                other.stage,
                terminal_text::display_code(&other.category)
            ));
            for (tie, values) in &other.reasons {
                page.block(&terminal_text::sanitize_line(&relation_text(*tie, values)));
            }
        }
        write_undeclared_count(view.undeclared, page);
    })?;
    if alarmed { Err(VerificationFailed.into()) } else { Ok(()) }
}

/// Says that some cases were left out, and why: what was not found may be in them.
fn write_undeclared_count(undeclared: usize, page: &mut TextBuilder) {
    if undeclared > 0 {
        page.dim(&format!(
            "Not looked through: {undeclared} of your cases, in which you have not declared to have no conflict of interest."
        ));
    }
}

/// `search … -word` as `search … --without=word`. An option of the command would else be taken for
/// a word, or a word for an option.
pub(crate) fn split_exclusions(
    arguments: impl Iterator<Item = OsString>,
) -> impl Iterator<Item = OsString> {
    let (mut searching, mut literal) = (false, false);
    arguments.map(move |argument| {
        searching |= argument == "search";
        literal |= argument == "--";
        let word = argument.to_str().and_then(|word| word.strip_prefix('-'));
        match word {
            Some(word)
                if searching && !literal && !word.starts_with('-') && word.chars().count() > 1 =>
            {
                OsString::from(format!("--without={word}"))
            }
            _ => argument,
        }
    })
}

fn relation_text(tie: RelationKind, values: &[String]) -> String {
    let values = values.join(", ");
    match tie {
        RelationKind::File => "the same file is attached".to_owned(),
        RelationKind::Number => format!("the same number: {values}"),
        RelationKind::Place => format!("the same concern at the same place: {values}"),
        RelationKind::Words => format!("words that few cases have: {values}"),
    }
}

/// Unlocks, signs in, and brings the index up to date, with a bar where somebody is watching.
async fn open_index(
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<(HandlerConnection, Index, IndexStats)> {
    let mut connection = context.connect(screen).await?;
    let mut index = Index::open(connection.home(), connection.key()).await?;
    let bar = ProgressBar::hidden();
    if std::io::stderr().is_terminal() {
        bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
    }
    bar.set_style(ProgressStyle::with_template("reading cases {wide_bar} {pos}/{len}")?);
    let updated = index
        .update(&mut connection, &Taxonomy::built_in(), |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        })
        .await?;
    bar.finish_and_clear();
    if updated.indexed + updated.removed > 0 {
        index.save(connection.home(), connection.key()).await?;
    }
    screen.print_alerts(&updated.alarms)?;
    Ok((connection, index, updated))
}

fn parse_date(text: &str) -> Result<Date, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| "a day is written like 2026-11-23".to_owned())
}
