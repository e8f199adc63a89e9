//! `burkindi admin desk`.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde::Serialize;
use taxonomy::{Audience, Taxonomy};
use workbench::admin::directory_warnings;

use super::{
    AdminDirArg, CliOutput, CommandContext,
    member::{non_empty_names, warn_unknown_units},
};

#[derive(Debug, Subcommand)]
pub(crate) enum DeskCommand {
    /// Add a desk, or seat the outside body's.
    Add(DeskAddArgs),
    /// Take a desk away.
    Remove {
        #[command(flatten)]
        dir: AdminDirArg,
        /// Its id.
        id: String,
    },
    /// The desks of the draft.
    List {
        /// The administrator's folder.
        #[arg(long, value_name = "DIR", required_unless_present = "built_in")]
        dir: Option<PathBuf>,
        /// All desks that have built-in names and categories, by id, instead of those of the draft.
        #[arg(long)]
        built_in: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct DeskAddArgs {
    #[command(flatten)]
    dir: AdminDirArg,
    /// Such as `internal_affairs`.
    id: String,
    /// Its name in a language, such as fr=Inspection [default: the built-in names].
    #[arg(long, value_name = "LANG=NAME")]
    label: Vec<String>,
    /// Who sits there, the lead first.
    #[arg(
        long,
        required_unless_present = "replace",
        value_delimiter = ',',
        value_name = "HANDLES"
    )]
    member: Option<Vec<String>>,
    /// Categories served [default: those that the built-in categories give to this desk].
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    category: Option<Vec<String>>,
    /// Units or functions whose exclusion excludes the whole desk.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    units: Option<Vec<String>>,
    /// Serve only these audiences.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    audience: Option<Vec<String>>,
    /// Change a desk that is there already. What is not named stays as it was; an empty list
    /// removes what was there.
    #[arg(long)]
    replace: bool,
}

/// A list of desks as they stand in the directory, each with `"oversight"`.
#[derive(Debug, Serialize)]
struct DeskOutput {
    #[serde(flatten)]
    desk: protocol::directory::Desk,
    oversight: bool,
}

impl DeskCommand {
    pub(crate) fn run(
        self,
        context: &CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        match self {
            Self::Add(command) => command.run(screen),
            Self::Remove { dir, id } => {
                let admin = dir.admin_dir();
                let mut draft = admin.draft()?;
                draft.remove_desk(&id)?;
                admin.save_draft(&draft)?;
                list(&dir, screen)
            }
            Self::List { dir: Some(dir), built_in: false } => list(&AdminDirArg { dir }, screen),
            Self::List { .. } => list_built_in(context, screen),
        }
    }
}

impl DeskAddArgs {
    fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        let taxonomy = Taxonomy::built_in();
        let Self { dir, id, label, member, category, units, audience, replace } = self;
        let [member, category, units, audience] =
            [member, category, units, audience].map(|list| list.map(non_empty_names));
        warn_unknown_units(units.as_deref().unwrap_or_default(), screen)?;
        if let Some(unknown) = category.iter().flatten().find(|id| taxonomy.category(id).is_none())
        {
            bail!("there is no category {unknown}: burkindi admin category list");
        }
        if let Some(unknown) =
            audience.iter().flatten().find(|word| Audience::parse(word).is_none())
        {
            bail!(
                "there is no audience {unknown}: {}",
                Audience::ALL.map(Audience::as_str).join(", ")
            );
        }
        let admin = dir.admin_dir();
        let mut draft = admin.draft()?;
        let oversight = draft.oversight == id;
        // Changing one thing of a desk must not reset the others.
        let old = draft.desk(&id).filter(|_| replace).cloned();
        let usual = || {
            let of_desk = taxonomy.categories.iter().filter(|category| category.desk == id);
            of_desk.map(|category| category.id.clone()).collect()
        };
        let categories = match (category, &old) {
            (Some(named), _) => named,
            (None, Some(old)) => old.categories.clone(),
            // The oversight body takes what no desk serves; it needs no list.
            (None, None) if oversight => Vec::new(),
            (None, None) => usual(),
        };
        // The names of before are kept by the draft.
        let mut labels =
            if old.is_some() { BTreeMap::new() } else { built_in_labels(&taxonomy, &id) };
        for label in &label {
            let (lang, name) =
                label.split_once('=').context("a label is LANG=NAME, such as fr=Inspection")?;
            labels.insert(lang.to_owned(), name.to_owned());
        }
        if labels.is_empty() && old.is_none() && !oversight {
            bail!(
                "desk {id} has no built-in name: give --label fr=… --label en=…, or see `burkindi \
                 admin desk list --built-in` for those that have one"
            );
        }
        if categories.is_empty() && !oversight {
            screen.hint(&format!(
                "warning: desk {id} serves no category, so nothing goes \
                there"
            ))?;
        }
        let of_old = |list: fn(&protocol::directory::Desk) -> &Vec<String>| {
            old.as_ref().map(list).cloned().unwrap_or_default()
        };
        let desk = protocol::directory::Desk {
            labels,
            categories,
            audiences: audience.unwrap_or_else(|| of_old(|old| &old.audiences)),
            members: member.unwrap_or_else(|| of_old(|old| &old.members)),
            units: units.unwrap_or_else(|| of_old(|old| &old.units)),
            id,
        };
        let id = desk.id.clone();
        draft.add_desk(desk, replace)?;
        admin.save_draft(&draft)?;
        for warning in directory_warnings::desk_warnings(&draft, &id) {
            screen.hint(&format!("warning: {warning}"))?;
        }
        list(&dir, screen)
    }
}

fn built_in_labels(taxonomy: &Taxonomy, id: &str) -> BTreeMap<String, String> {
    let desk = taxonomy.desk(id);
    let label = |lang: &String| Some((lang.clone(), desk?.label.get(lang).to_owned()));
    taxonomy.languages.iter().filter_map(label).collect()
}

/// A list of `{"id", "label", "categories"}`.
#[derive(Debug, Serialize)]
struct BuiltInDeskOutput {
    id: String,
    label: String,
    categories: Vec<String>,
}

fn list_built_in(context: &CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
    let taxonomy = Taxonomy::built_in();
    let line = |desk: &taxonomy::DeskLabel| BuiltInDeskOutput {
        id: desk.id.clone(),
        label: desk.label.get(context.label_lang()).to_owned(),
        categories: taxonomy
            .categories
            .iter()
            .filter(|category| category.desk == desk.id)
            .map(|category| category.id.clone())
            .collect(),
    };
    let desks: Vec<BuiltInDeskOutput> = taxonomy.desks.iter().map(line).collect();
    screen.print(&desks, |desks, page| {
        let row = |desk: &BuiltInDeskOutput| {
            vec![desk.id.clone(), desk.label.clone(), desk.categories.join(" ")]
        };
        page.table(
            &[
                "desk",
                "name",
                "usual \
            categories",
            ],
            &desks.iter().map(row).collect::<Vec<_>>(),
        );
        page.dim(&format!(
            "Values of --units that reporters can select: {}",
            directory_warnings::exclusion_options(&taxonomy).join(", ")
        ));
    })
}

fn list(dir: &AdminDirArg, screen: &mut CliOutput) -> anyhow::Result<()> {
    let draft = dir.admin_dir().draft()?;
    let line = |desk: protocol::directory::Desk| DeskOutput {
        oversight: desk.id == draft.oversight,
        desk,
    };
    let desks: Vec<DeskOutput> = draft.desks.into_iter().map(line).collect();
    screen.print(&desks, |desks, page| {
        let row = |line: &DeskOutput| {
            let desk = &line.desk;
            let served = if line.oversight {
                "(all that no desk serves)".to_owned()
            } else {
                desk.categories.join(" ")
            };
            let audiences =
                if desk.audiences.is_empty() { "all".to_owned() } else { desk.audiences.join(" ") };
            vec![desk.id.clone(), desk.members.join(" "), audiences, desk.units.join(" "), served]
        };
        let rows: Vec<_> = desks.iter().map(row).collect();
        page.table(&["desk", "members, lead first", "audiences", "units", "categories"], &rows);
    })
}
