//! `burkindi search` and `burkindi related`: search in all cases that the member can read, on this
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

/// Maximum number of related cases.
const MAX_RELATED: usize = 10;

#[derive(Debug, clap::Args)]
pub(crate) struct SearchArgs {
    /// Prefixes of words that must all occur; "words in quotes" must occur together. Without words,
    /// all cases that match the options are listed.
    words: Vec<String>,
    /// A word that must not occur. `-word` means the same.
    #[arg(long, value_name = "WORD")]
    without: Vec<String>,
    /// Only cases of this category, such as FAC.
    #[arg(long, value_name = "ID")]
    category: Option<String>,
    /// Only cases at this stage, such as assessing.
    #[arg(long)]
    stage: Option<String>,
    /// Only reports in this language.
    #[arg(long, value_name = "LANG")]
    written_in: Option<String>,
    /// Only cases of this desk.
    #[arg(long, value_name = "ID")]
    desk: Option<String>,
    /// Only cases of this priority: P1, P2, P3 or P4.
    #[arg(long)]
    priority: Option<String>,
    /// Only cases with this assignee.
    #[arg(long, value_name = "HANDLE")]
    assignee: Option<String>,
    /// Only cases received on this day or later.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    since: Option<Date>,
    /// Maximum number of cases.
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

/// `{"hits", "undeclared", "alarms"}`. `undeclared` is the number of cases that are not searched,
/// because the member has not declared to have no conflict of interest in them.
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
            priority: self.priority,
            assignee: self.assignee,
            since: self.since,
        };
        let without = self.without.iter().map(|word| format!("-{word}"));
        let words: Vec<String> = self.words.into_iter().chain(without).collect();
        let hits = index.search(&words.join(" "), &filter, self.limit).await?;
        let (taxonomy, lang) = (Taxonomy::built_in(), context.label_lang());
        let has_alarm = has_alarm(&alarms);
        screen.print(&SearchOutput { hits, undeclared, alarms }, |view, page| {
            if view.hits.is_empty() {
                page.line("No match in the cases that you can read.");
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
        if has_alarm { Err(VerificationFailed.into()) } else { Ok(()) }
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
    let has_alarm = has_alarm(&alarms);
    screen.print(&RelatedOutput { case: id, related, undeclared, alarms }, |view, page| {
        if view.related.is_empty() {
            page.line("No related case among the cases that you can read.");
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
            for (kind, values) in &other.reasons {
                page.block(&terminal_text::sanitize_line(&relation_text(*kind, values)));
            }
        }
        write_undeclared_count(view.undeclared, page);
    })?;
    if has_alarm { Err(VerificationFailed.into()) } else { Ok(()) }
}

/// Prints how many cases were not searched, and why. A missing match may be in them.
fn write_undeclared_count(undeclared: usize, page: &mut TextBuilder) {
    if undeclared > 0 {
        page.dim(&format!(
            "Not searched: {undeclared} of your cases, because you have not declared to have no conflict of interest in them."
        ));
    }
}

/// Rewrites `search … -word` to `search … --without=word`, because the parser of the command line
/// would read `-word` as options.
pub(crate) fn split_exclusions(
    arguments: impl Iterator<Item = OsString>,
) -> impl Iterator<Item = OsString> {
    let (mut is_search, mut literal) = (false, false);
    arguments.map(move |argument| {
        is_search |= argument == "search";
        literal |= argument == "--";
        let word = argument.to_str().and_then(|word| word.strip_prefix('-'));
        match word {
            Some(word)
                if is_search && !literal && !word.starts_with('-') && word.chars().count() > 1 =>
            {
                OsString::from(format!("--without={word}"))
            }
            _ => argument,
        }
    })
}

fn relation_text(kind: RelationKind, values: &[String]) -> String {
    let values = values.join(", ");
    match kind {
        RelationKind::File => "the same file is attached".to_owned(),
        RelationKind::Number => format!("the same number: {values}"),
        RelationKind::Place => format!("the same subject at the same place: {values}"),
        RelationKind::Words => format!("rare words: {values}"),
    }
}

/// Opens the key file, signs in and updates the index. On a terminal it shows a progress bar.
async fn open_index(
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<(HandlerConnection, Index, IndexStats)> {
    let mut connection = context.connect(screen).await?;
    let mut index = Index::open(connection.profile(), connection.key()).await?;
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
        index.save(connection.profile(), connection.key()).await?;
    }
    screen.print_alerts(&updated.alarms)?;
    Ok((connection, index, updated))
}

fn parse_date(text: &str) -> Result<Date, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| "expected YYYY-MM-DD".to_owned())
}
