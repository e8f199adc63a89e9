//! `burkindi admin route-test` and `burkindi who-reads`: who would read a report.

use std::collections::BTreeSet;

use anyhow::bail;
use protocol::{
    directory::Directory,
    submission::report_body::{OVERSIGHT_QUESTION, PREFERENCE_QUESTION, PREFERENCES},
};
use serde::Serialize;
use taxonomy::{Audience, Category, Taxonomy};
use workbench::admin::{
    directory_warnings::{self, exclusion_options},
    route_explanation::{ReportProfile, RoutingDecision, explain_routing},
};

use super::{AdminDirArg, CliOutput, CommandContext};

#[derive(Debug, clap::Args)]
pub(crate) struct RouteTestArgs {
    #[command(flatten)]
    dir: AdminDirArg,
    #[command(flatten)]
    report: WhoReadsArgs,
}

/// The properties of a sample report.
#[derive(Debug, clap::Args)]
pub(crate) struct WhoReadsArgs {
    /// The id of the category, such as FAC.
    #[arg(long, value_name = "ID", required_unless_present = "all")]
    category: Option<String>,
    /// The audience, such as trader or officer [default: the usual audience of the category].
    #[arg(long, value_name = "ID")]
    audience: Option<String>,
    /// The exclusions of the reporter. Repeat it for several.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    exclude: Vec<String>,
    /// The wish of the reporter for a woman or a man.
    #[arg(long, value_name = "UNIT", value_parser = PREFERENCES)]
    prefer: Option<String>,
    /// The reporter refuses that the oversight body reads the report.
    #[arg(long)]
    refuse_oversight: bool,
    /// Print a table of all categories.
    #[arg(long, conflicts_with = "category")]
    all: bool,
}

/// A decision of [`workbench::admin::route_explanation`], with the name of the category.
#[derive(Debug, Serialize)]
struct RouteTestOutput {
    label: String,
    /// The questions of the given wishes that the form of the category does not ask.
    unasked: Vec<&'static str>,
    #[serde(flatten)]
    decision: RoutingDecision,
}

impl RouteTestArgs {
    /// Explains the routing with the next directory, which is not signed yet.
    pub(crate) fn run(
        self,
        context: &CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let directory = self.dir.admin_dir().draft()?.to_directory(1, None, context.now.date())?;
        self.report.show(&directory, context, screen)
    }
}

impl WhoReadsArgs {
    /// Explains the routing with the directory in force.
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let connection = context.connect(screen).await?;
        self.show(connection.directory(), context, screen)
    }

    fn show(
        self,
        directory: &Directory,
        context: &CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let taxonomy = Taxonomy::built_in();
        if let Some(audience) = &self.audience
            && Audience::parse(audience).is_none()
        {
            bail!(
                "audience {audience} not found; audiences: {}",
                Audience::ALL.map(Audience::as_str).join(", ")
            );
        }
        check_exclusions(&self.exclude, directory, &taxonomy)?;
        let wanted = |id: &String| self.all || self.category.as_ref() == Some(id);
        let rows =
            taxonomy.categories.iter().filter(|category| wanted(&category.id)).map(|category| {
                let usual =
                    category.audience.first().map_or("public", |audience| audience.as_str());
                let audience = self.audience.clone().unwrap_or_else(|| usual.to_owned());
                let case = ReportProfile {
                    category: category.id.clone(),
                    audience,
                    excluded: self.exclude.clone(),
                    preference: self.prefer.clone(),
                    oversight_refused: self.refuse_oversight,
                };
                RouteTestOutput {
                    unasked: self.unasked(&taxonomy, category),
                    label: category.label.get(context.label_lang()).to_owned(),
                    decision: explain_routing(directory, case),
                }
            });
        let mut rows: Vec<RouteTestOutput> = rows.collect();
        if self.all {
            for warning in directory_warnings::all_warnings(&directory.into(), &taxonomy) {
                screen.hint(&format!("warning: {warning}"))?;
            }
            return screen.print(&rows, |rows, page| {
                let row = |row: &RouteTestOutput| {
                    let d = &row.decision;
                    let desk = if d.desk.is_empty() {
                        "cannot be sent".to_owned()
                    } else if d.fallback {
                        format!("{} (oversight body)", d.desk)
                    } else {
                        d.desk.clone()
                    };
                    vec![
                        d.case.category.clone(),
                        row.label.clone(),
                        d.case.audience.clone(),
                        desk,
                        d.readers.join(" "),
                        d.oversight.join(" "),
                    ]
                };
                let heads = ["", "category", "audience", "desk", "readers", "grant withheld"];
                page.table(&heads, &rows.iter().map(row).collect::<Vec<_>>());
            });
        }
        let Some(row) = rows.pop() else {
            bail!("category {} not found", self.category.unwrap_or_default())
        };
        screen.print(&row, |row, page| {
            let d = &row.decision;
            page.heading(&format!(
                "{} ({}), reported by {}",
                row.label, d.case.category, d.case.audience
            ));
            d.steps.iter().for_each(|step| page.line(&step.to_string()));
            if !row.unasked.is_empty() {
                page.warn(&format!(
                    "The form of {} does not ask {}: a reporter cannot answer so.",
                    d.case.category,
                    row.unasked.join(" and ")
                ));
            }
            if !d.ineffective_exclusions.is_empty() {
                page.warn(&format!(
                    "Exclusions without effect: {}.",
                    d.ineffective_exclusions.join(", ")
                ));
            }
            if !d.excluded_members.is_empty() {
                page.heading("Members without a grant, and why");
                let without =
                    d.excluded_members.iter().map(|w| vec![w.handle.clone(), w.reason.to_string()]);
                page.table(&[], &without.collect::<Vec<_>>());
            }
        })
    }
}

impl WhoReadsArgs {
    /// Returns the questions of the given wishes that the form of a category does not ask.
    fn unasked(&self, taxonomy: &Taxonomy, category: &Category) -> Vec<&'static str> {
        let asked = taxonomy.questions_for(category);
        let is_asked = |id: &str| asked.iter().any(|question| question.id == id);
        let wishes = [
            (self.prefer.is_some(), PREFERENCE_QUESTION),
            (self.refuse_oversight, OVERSIGHT_QUESTION),
        ];
        wishes.into_iter().filter(|(wish, id)| *wish && !is_asked(id)).map(|(_, id)| id).collect()
    }
}

/// Refuses an unknown exclusion, because the result would look as if it had been applied.
fn check_exclusions(
    exclude: &[String],
    directory: &Directory,
    taxonomy: &Taxonomy,
) -> anyhow::Result<()> {
    let known: BTreeSet<&str> = exclusion_options(taxonomy)
        .into_iter()
        .chain(directory.desks.iter().map(|desk| desk.id.as_str()))
        .chain(directory.desks.iter().flat_map(|desk| desk.units.iter().map(String::as_str)))
        .chain(directory.members.iter().flat_map(|member| member.units.iter().map(String::as_str)))
        .collect();
    match exclude.iter().find(|word| !known.contains(word.as_str())) {
        Some(unknown) => bail!(
            "exclusion {unknown} not found; exclusions: {}",
            known.into_iter().collect::<Vec<_>>().join(", ")
        ),
        None => Ok(()),
    }
}
