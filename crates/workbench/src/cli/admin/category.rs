//! `burkindi admin category`.

use clap::Subcommand;
use serde::Serialize;
use taxonomy::Taxonomy;

use super::{Context, DirArg, Screen};

#[derive(Debug, Subcommand)]
pub(crate) enum Category {
    /// All categories with their ids and names, the desk that usually serves each, and the desks of
    /// the draft that do.
    List(DirArg),
}

/// A list of `{"id", "label", "usual_desk", "desks"}`; no `desks` means that it goes to the
/// oversight body.
#[derive(Debug, Serialize)]
struct CategoryLine {
    id: String,
    label: String,
    usual_desk: String,
    desks: Vec<String>,
}

impl Category {
    pub(crate) fn run(self, context: &Context, screen: &mut Screen) -> anyhow::Result<()> {
        let Self::List(dir) = self;
        let draft = dir.open().draft()?;
        let taxonomy = Taxonomy::built_in();
        let lines = taxonomy.categories.iter().map(|category| CategoryLine {
            id: category.id.clone(),
            label: category.label.get(context.labels()).to_owned(),
            usual_desk: category.desk.clone(),
            desks: draft
                .desks
                .iter()
                .filter(|desk| desk.id != draft.oversight && desk.categories.contains(&category.id))
                .map(|desk| desk.id.clone())
                .collect(),
        });
        let lines: Vec<CategoryLine> = lines.collect();
        screen.show(&lines, |lines, page| {
            let row = |line: &CategoryLine| {
                let desks = if line.desks.is_empty() {
                    "-".to_owned()
                } else {
                    line.desks.join(
                        " \
                    ",
                    )
                };
                vec![line.id.clone(), line.label.clone(), line.usual_desk.clone(), desks]
            };
            let rows: Vec<_> = lines.iter().map(row).collect();
            page.table(&["category", "name", "usual desk", "desk of the draft"], &rows);
            page.dim(
                "A category without a desk goes to the oversight body. A desk that is added \
                without --category serves its usual ones.",
            );
        })
    }
}
