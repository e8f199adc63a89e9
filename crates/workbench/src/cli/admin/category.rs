//! `burkindi admin category`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use taxonomy::Taxonomy;

use super::{AdminDirArg, CliOutput, CommandContext};

#[derive(Debug, Subcommand)]
pub(crate) enum CategoryCommand {
    /// List all categories with their ids, names, usual desks, and the desks of the draft that
    /// serve them.
    List {
        /// The administrator's folder. Without it, the desks of the draft are omitted.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// A list of `{"id", "label", "usual_desk", "desks"}`. With an empty `desks`, the category goes to
/// the oversight body. Without a draft, `desks` is absent.
#[derive(Debug, Serialize)]
struct CategoryOutput {
    id: String,
    label: String,
    usual_desk: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    desks: Option<Vec<String>>,
}

impl CategoryCommand {
    pub(crate) fn run(
        self,
        context: &CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let Self::List { dir } = self;
        let draft = dir.map(|dir| AdminDirArg { dir }.admin_dir().draft()).transpose()?;
        let taxonomy = Taxonomy::built_in();
        let lines = taxonomy.categories.iter().map(|category| CategoryOutput {
            id: category.id.clone(),
            label: category.label.get(context.label_lang()).to_owned(),
            usual_desk: category.desk.clone(),
            desks: draft.as_ref().map(|draft| {
                let serving = draft.desks.iter().filter(|desk| {
                    desk.id != draft.oversight && desk.categories.contains(&category.id)
                });
                serving.map(|desk| desk.id.clone()).collect()
            }),
        });
        let lines: Vec<CategoryOutput> = lines.collect();
        screen.print(&lines, |lines, page| {
            let row = |line: &CategoryOutput| {
                let mut row = vec![line.id.clone(), line.label.clone(), line.usual_desk.clone()];
                row.extend(line.desks.as_ref().map(|desks| match desks.as_slice() {
                    [] => "-".to_owned(),
                    desks => desks.join(" "),
                }));
                row
            };
            let rows: Vec<_> = lines.iter().map(row).collect();
            let columns = ["category", "name", "usual desk", "desk of the draft"];
            page.table(&columns[..rows.first().map_or(columns.len(), Vec::len)], &rows);
            page.dim(
                "A category without a desk goes to the oversight body. A desk that is added \
                 without --category serves its usual categories.",
            );
        })
    }
}
