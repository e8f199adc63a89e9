//! `burkindi admin member`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use taxonomy::Taxonomy;
use workbench::{
    admin::warnings::exclusions,
    files,
    keyfile::{Request, words_of},
};

use super::{DirArg, Screen};

#[derive(Debug, Subcommand)]
pub(crate) enum Member {
    /// Enter a person from the request that `burkindi key new` made.
    Add(Add),
    /// Everybody in the draft: desks, covers, languages, and the words of each one's keys.
    List(DirArg),
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
    /// Units or functions that this person belongs to and a reporter can tick as involved. With
    /// --replace, those of before stay if this is left out; an empty one removes them.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    covers: Option<Vec<String>>,
    /// Languages that this person reads. With --replace, those of before stay if this is left out.
    #[arg(long, value_delimiter = ',', value_name = "LANGS")]
    languages: Option<Vec<String>>,
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
            Self::List(dir) => list(&dir, screen),
            Self::Remove { dir, handle } => remove(&dir, handle, screen),
        }
    }
}

impl Add {
    fn run(self, screen: &mut Screen) -> anyhow::Result<()> {
        let covers = self.covers.map(named);
        warn_of_covers(covers.as_deref().unwrap_or_default(), screen)?;
        let request: Request = files::read_json(&self.request)?;
        let dir = self.dir.open();
        let mut draft = dir.draft()?;
        draft.add_member(&request, covers, self.languages.map(named), self.replace)?;
        dir.save_draft(&draft)?;
        let member = draft.member(&request.handle).cloned();
        let (covers, languages) = member.map(|member| (member.covers, member.languages)).unwrap_or_default();
        let view = Added { words: request.words("en"), handle: request.handle, covers, languages };
        screen.show(&view, |view, page| {
            page.line(&format!("{} is in the draft.", view.handle));
            page.pairs(&[
                ("words", view.words.clone()),
                ("covers", shown(&view.covers)),
                ("languages", shown(&view.languages)),
            ]);
            page.dim("Have the person read the words out before you go on: burkindi key show.");
        })
    }
}

/// What was named: an empty word only says that a list was meant.
pub(super) fn named(list: Vec<String>) -> Vec<String> {
    list.into_iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

fn shown(list: &[String]) -> String {
    if list.is_empty() { "(none)".to_owned() } else { list.join(" ") }
}

/// A list of `{"handle", "desks", "covers", "languages", "words"}`.
#[derive(Debug, Serialize)]
struct MemberLine {
    handle: String,
    desks: Vec<String>,
    covers: Vec<String>,
    languages: Vec<String>,
    words: String,
}

fn list(dir: &DirArg, screen: &mut Screen) -> anyhow::Result<()> {
    let draft = dir.open().draft()?;
    let desks = |handle: &String| {
        let desks = draft.desks.iter().filter(|desk| desk.members.contains(handle));
        desks.map(|desk| desk.id.clone()).collect()
    };
    let line = |member: &envelope::directory::Member| MemberLine {
        handle: member.handle.clone(),
        desks: desks(&member.handle),
        covers: member.covers.clone(),
        languages: member.languages.clone(),
        words: words_of(member, "en"),
    };
    let lines: Vec<MemberLine> = draft.members.iter().map(line).collect();
    screen.show(&lines, |lines, page| {
        let row = |line: &MemberLine| {
            vec![
                line.handle.clone(),
                shown(&line.desks),
                shown(&line.covers),
                shown(&line.languages),
                line.words.clone(),
            ]
        };
        let rows: Vec<_> = lines.iter().map(row).collect();
        page.table(&["member", "desks", "covers", "languages", "words"], &rows);
    })
}

fn remove(dir: &DirArg, handle: String, screen: &mut Screen) -> anyhow::Result<()> {
    let dir = dir.open();
    let mut draft = dir.draft()?;
    let desks = draft.remove_member(&handle)?;
    dir.save_draft(&draft)?;
    screen.show(&Removed { handle, desks }, |view, page| {
        page.line(&format!("{} is out of the draft (desks: {}).", view.handle, view.desks.join(", ")));
        page.dim(
            "It counts once the next directory is signed and published. Cases already \
            granted: burkindi former-readers --rotate.",
        );
    })
}

/// A word that no reporter can tick keeps nobody away.
pub(crate) fn warn_of_covers(covers: &[String], screen: &mut Screen) -> anyhow::Result<()> {
    let taxonomy = Taxonomy::built_in();
    let options = exclusions(&taxonomy);
    for cover in covers.iter().filter(|cover| !options.contains(&cover.as_str())) {
        screen.advise(&format!(
            "warning: no reporter can tick \"{cover}\" in the built-in questions; known are: {}",
            options.join(", ")
        ))?;
    }
    Ok(())
}
