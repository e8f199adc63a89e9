//! `burkindi admin desk`.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde::Serialize;
use taxonomy::{Audience, Taxonomy};

use super::{DirArg, Screen, member::warn_of_covers};

#[derive(Debug, Subcommand)]
pub(crate) enum Desk {
    /// Add a desk, or seat the outside body's.
    Add(Add),
    /// Take a desk away.
    Remove {
        #[command(flatten)]
        dir: DirArg,
        /// Its id.
        id: String,
    },
    /// The desks of the draft.
    List(DirArg),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    #[command(flatten)]
    dir: DirArg,
    /// Such as `internal_affairs`.
    id: String,
    /// Its name in a language, such as fr=Inspection [default: the built-in names].
    #[arg(long, value_name = "LANG=NAME")]
    label: Vec<String>,
    /// Who sits there, the lead first.
    #[arg(long, required = true, value_delimiter = ',', value_name = "HANDLES")]
    member: Vec<String>,
    /// Categories served [default: those that the built-in categories give to this desk].
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    category: Vec<String>,
    /// Units or functions whose exclusion excludes the whole desk.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    covers: Vec<String>,
    /// Serve only these audiences.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    audience: Vec<String>,
    /// Change a desk that is there already.
    #[arg(long)]
    replace: bool,
}

/// A list of desks as they stand in the directory, each with `"oversight"`.
#[derive(Debug, Serialize)]
struct DeskLine {
    #[serde(flatten)]
    desk: envelope::directory::Desk,
    oversight: bool,
}

impl Desk {
    pub(crate) fn run(self, screen: &mut Screen) -> anyhow::Result<()> {
        match self {
            Self::Add(command) => command.run(screen),
            Self::Remove { dir, id } => {
                let admin = dir.open();
                let mut draft = admin.draft()?;
                draft.remove_desk(&id)?;
                admin.save_draft(&draft)?;
                list(&dir, screen)
            }
            Self::List(dir) => list(&dir, screen),
        }
    }
}

impl Add {
    fn run(self, screen: &mut Screen) -> anyhow::Result<()> {
        let taxonomy = Taxonomy::built_in();
        warn_of_covers(&self.covers, screen)?;
        if let Some(unknown) = self.category.iter().find(|id| taxonomy.category(id).is_none()) {
            bail!("there is no category {unknown}");
        }
        if let Some(unknown) = self.audience.iter().find(|word| Audience::parse(word).is_none()) {
            bail!("there is no audience {unknown}: {}", Audience::ALL.map(Audience::as_str).join(", "));
        }
        let admin = self.dir.open();
        let mut draft = admin.draft()?;
        let oversight = draft.oversight == self.id;
        let categories = match self.category {
            // The outside body takes what no desk serves; it needs no list.
            given if !given.is_empty() || oversight => given,
            _ => {
                let of_desk = taxonomy.categories.iter().filter(|category| category.desk == self.id);
                of_desk.map(|category| category.id.clone()).collect()
            }
        };
        let mut labels = built_in_labels(&taxonomy, &self.id);
        for label in &self.label {
            let (lang, name) =
                label.split_once('=').context("a label is LANG=NAME, such as fr=Inspection")?;
            labels.insert(lang.to_owned(), name.to_owned());
        }
        if labels.is_empty() && !oversight {
            bail!("desk {} has no built-in name: give --label fr=… --label en=…", self.id);
        }
        if categories.is_empty() && !oversight {
            screen.advise(&format!("warning: desk {} serves no category, so nothing goes there", self.id))?;
        }
        let desk = envelope::directory::Desk {
            id: self.id,
            labels,
            categories,
            audiences: self.audience,
            members: self.member,
            covers: self.covers,
        };
        draft.add_desk(desk, self.replace)?;
        admin.save_draft(&draft)?;
        list(&self.dir, screen)
    }
}

fn built_in_labels(taxonomy: &Taxonomy, id: &str) -> BTreeMap<String, String> {
    let desk = taxonomy.desk(id);
    let label = |lang: &String| Some((lang.clone(), desk?.label.get(lang).to_owned()));
    taxonomy.languages.iter().filter_map(label).collect()
}

fn list(dir: &DirArg, screen: &mut Screen) -> anyhow::Result<()> {
    let draft = dir.open().draft()?;
    let line = |desk: envelope::directory::Desk| DeskLine { oversight: desk.id == draft.oversight, desk };
    let desks: Vec<DeskLine> = draft.desks.into_iter().map(line).collect();
    screen.show(&desks, |desks, page| {
        let row = |line: &DeskLine| {
            let desk = &line.desk;
            let served = if line.oversight {
                "(all that no desk serves)".to_owned()
            } else {
                desk.categories.join(" ")
            };
            let audiences =
                if desk.audiences.is_empty() { "all".to_owned() } else { desk.audiences.join(" ") };
            vec![desk.id.clone(), desk.members.join(" "), audiences, desk.covers.join(" "), served]
        };
        let rows: Vec<_> = desks.iter().map(row).collect();
        page.table(&["desk", "members, lead first", "audiences", "covers", "categories"], &rows);
    })
}
