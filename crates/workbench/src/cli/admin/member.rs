//! `burkindi admin member`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use taxonomy::Taxonomy;
use workbench::{files, keyfile::Request};

use super::{DirArg, Screen};

#[derive(Debug, Subcommand)]
pub(crate) enum Member {
    /// Enter a person from the request that `burkindi key new` made.
    Add(Add),
    /// Take a person off every desk.
    Remove {
        #[command(flatten)]
        dir: DirArg,
        /// Who.
        handle: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    #[command(flatten)]
    dir: DirArg,
    /// Made by `burkindi key new`.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// Units or functions that this person belongs to and a reporter can tick as involved.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    covers: Vec<String>,
    /// Languages that this person reads.
    #[arg(long, value_delimiter = ',', value_name = "LANGS")]
    languages: Vec<String>,
    /// New keys for a handle that is there already.
    #[arg(long)]
    replace: bool,
}

/// `{"handle", "words", "covers", "languages"}`; the words are those that `burkindi key show` gives its owner.
#[derive(Debug, Serialize)]
struct Added {
    handle: String,
    words: String,
    covers: Vec<String>,
    languages: Vec<String>,
}

/// `{"handle", "desks"}`: where the person sat.
#[derive(Debug, Serialize)]
struct Removed {
    handle: String,
    desks: Vec<String>,
}

impl Member {
    pub(crate) fn run(self, screen: &mut Screen) -> anyhow::Result<()> {
        match self {
            Self::Add(command) => command.run(screen),
            Self::Remove { dir, handle } => remove(&dir, handle, screen),
        }
    }
}

impl Add {
    fn run(self, screen: &mut Screen) -> anyhow::Result<()> {
        warn_of_covers(&self.covers, screen)?;
        let request: Request = files::read_json(&self.request)?;
        let dir = self.dir.open();
        let mut draft = dir.draft()?;
        draft.add_member(&request, self.covers.clone(), self.languages.clone(), self.replace)?;
        dir.save_draft(&draft)?;
        let (covers, languages) = (self.covers, self.languages);
        let view = Added { words: request.words("en"), handle: request.handle, covers, languages };
        screen.show(&view, |view, page| {
            page.line(&format!("{} is in the draft.", view.handle));
            page.pairs(&[("words", view.words.clone())]);
            page.dim("Have the person read the words out before you go on: burkindi key show.");
        })
    }
}

fn remove(dir: &DirArg, handle: String, screen: &mut Screen) -> anyhow::Result<()> {
    let dir = dir.open();
    let mut draft = dir.draft()?;
    let desks = draft.remove_member(&handle)?;
    dir.save_draft(&draft)?;
    screen.show(&Removed { handle, desks }, |view, page| {
        page.line(&format!("{} is out of the draft (desks: {}).", view.handle, view.desks.join(", ")));
        page.dim("It counts once the next directory is signed and published. Cases already granted: burkindi rotate.");
    })
}

/// A word that no reporter can tick keeps nobody away.
pub(crate) fn warn_of_covers(covers: &[String], screen: &mut Screen) -> anyhow::Result<()> {
    let taxonomy = Taxonomy::built_in();
    let question = taxonomy.question(envelope::report::EXCLUSIONS);
    let options: Vec<&str> =
        question.map_or_else(Vec::new, |q| q.options.iter().map(|o| o.id.as_str()).collect());
    for cover in covers.iter().filter(|cover| !options.contains(&cover.as_str())) {
        screen.advise(&format!(
            "warning: no reporter can tick \"{cover}\" in the built-in questions; known are: {}",
            options.join(", ")
        ))?;
    }
    Ok(())
}
