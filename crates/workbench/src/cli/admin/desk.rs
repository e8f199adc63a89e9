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
    /// Add a desk, or set the members of the oversight body's desk.
    Add(DeskAddArgs),
    /// Remove a desk.
    Remove {
        #[command(flatten)]
        dir: AdminDirArg,
        /// The id of the desk.
        id: String,
    },
    /// List the desks of the draft.
    List {
        /// The administrator's folder.
        #[arg(long, value_name = "DIR", required_unless_present = "built_in")]
        dir: Option<PathBuf>,
        /// List the built-in desks with their names and categories instead.
        #[arg(long)]
        built_in: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct DeskAddArgs {
    #[command(flatten)]
    dir: AdminDirArg,
    /// The id of the desk, such as `internal_affairs`.
    id: String,
    /// The name in a language, such as fr=Inspection [default: the built-in names].
    #[arg(long, value_name = "LANG=NAME")]
    label: Vec<String>,
    /// Handles of the members, the lead first.
    #[arg(
        long,
        required_unless_present = "replace",
        value_delimiter = ',',
        value_name = "HANDLES"
    )]
    member: Option<Vec<String>>,
    /// Categories that the desk serves [default: its usual categories].
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    category: Option<Vec<String>>,
    /// Units or functions whose exclusion excludes the whole desk.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    units: Option<Vec<String>>,
    /// Audiences that the desk serves [default: all].
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    audience: Option<Vec<String>>,
    /// Change an existing desk. Without an option, its value stays; an empty list removes the
    /// value.
    #[arg(long)]
    replace: bool,
}

/// A list of desks as in the directory, each with `"oversight"`.
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
            bail!("category {unknown} not found; burkindi admin category list prints all");
        }
        if let Some(unknown) =
            audience.iter().flatten().find(|word| Audience::parse(word).is_none())
        {
            bail!(
                "audience {unknown} not found; audiences: {}",
                Audience::ALL.map(Audience::as_str).join(", ")
            );
        }
        let admin = dir.admin_dir();
        let mut draft = admin.draft()?;
        let oversight = draft.oversight == id;
        // A change of one value must not reset the others.
        let old = draft.desk(&id).filter(|_| replace).cloned();
        let usual_categories = || {
            let of_desk = taxonomy.categories.iter().filter(|category| category.desk == id);
            of_desk.map(|category| category.id.clone()).collect()
        };
        let categories = match (category, &old) {
            (Some(named), _) => named,
            (None, Some(old)) => old.categories.clone(),
            // The oversight body takes what no desk serves; it needs no list.
            (None, None) if oversight => Vec::new(),
            (None, None) => usual_categories(),
        };
        // The draft keeps the existing names.
        let mut labels =
            if old.is_some() { BTreeMap::new() } else { built_in_labels(&taxonomy, &id) };
        for label in &label {
            let (lang, name) = label
                .split_once('=')
                .context("--label expects LANG=NAME, such as fr=Inspection")?;
            labels.insert(lang.to_owned(), name.to_owned());
        }
        if labels.is_empty() && old.is_none() && !oversight {
            bail!(
                "desk {id} has no built-in name; name it with --label fr=… --label en=…, or use a desk of \
                 `burkindi admin desk list --built-in`"
            );
        }
        if categories.is_empty() && !oversight {
            screen
                .hint(&format!("warning: desk {id} serves no category, so it gets no reports"))?;
        }
        let old_list = |list: fn(&protocol::directory::Desk) -> &Vec<String>| {
            old.as_ref().map(list).cloned().unwrap_or_default()
        };
        let desk = protocol::directory::Desk {
            labels,
            categories,
            audiences: audience.unwrap_or_else(|| old_list(|old| &old.audiences)),
            members: member.unwrap_or_else(|| old_list(|old| &old.members)),
            units: units.unwrap_or_else(|| old_list(|old| &old.units)),
            id,
        };
        let id = desk.id.clone();
        draft.add_desk(desk, replace)?;
        admin.save_draft(&draft)?;
        for warning in directory_warnings::desk_warnings(&draft, &taxonomy, &id) {
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
            &["desk", "name", "usual categories"],
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
                "(categories without a desk)".to_owned()
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
