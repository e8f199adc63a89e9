//! `burkindi admin member`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use taxonomy::Taxonomy;
use workbench::{
    admin::directory_warnings::exclusion_options,
    keys::key_file::{MembershipRequest, member_fingerprint_words},
    private_files,
};

use super::{AdminDirArg, CliOutput};

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Add a member from a request of `burkindi key new`.
    Add(MemberAddArgs),
    /// List the members of the draft: desks, units, languages, and the words of their keys.
    List(AdminDirArg),
    /// Remove a member from all desks.
    Remove {
        #[command(flatten)]
        dir: AdminDirArg,
        /// The handle of the member.
        handle: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct MemberAddArgs {
    #[command(flatten)]
    dir: AdminDirArg,
    /// The request, a file of `burkindi key new`.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// Units or functions that the member belongs to, so that a reporter can exclude them. With
    /// --replace, they stay as they are without this option, and an empty list removes them.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    units: Option<Vec<String>>,
    /// Languages that the member reads. With --replace, they stay as they are without this option.
    #[arg(long, value_delimiter = ',', value_name = "LANGS")]
    languages: Option<Vec<String>>,
    /// Replace the keys of an existing handle.
    #[arg(long)]
    replace: bool,
}

/// `{"handle", "words", "units", "languages"}`. `burkindi key show` prints the same words to the
/// owner of the key.
#[derive(Debug, Serialize)]
struct MemberAddOutput {
    handle: String,
    words: String,
    units: Vec<String>,
    languages: Vec<String>,
}

/// `{"handle", "desks"}`: the former desks of the member.
#[derive(Debug, Serialize)]
struct MemberRemoveOutput {
    handle: String,
    desks: Vec<String>,
}

impl MemberCommand {
    pub(crate) fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        match self {
            Self::Add(command) => command.run(screen),
            Self::List(dir) => list(&dir, screen),
            Self::Remove { dir, handle } => remove(&dir, handle, screen),
        }
    }
}

impl MemberAddArgs {
    fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        let units = self.units.map(non_empty_names);
        warn_unknown_units(units.as_deref().unwrap_or_default(), screen)?;
        let request: MembershipRequest = private_files::read_json(&self.request)?;
        let dir = self.dir.admin_dir();
        let mut draft = dir.draft()?;
        draft.add_member(&request, units, self.languages.map(non_empty_names), self.replace)?;
        dir.save_draft(&draft)?;
        let member = draft.member(&request.handle).cloned();
        let (units, languages) =
            member.map(|member| (member.units, member.languages)).unwrap_or_default();
        let view = MemberAddOutput {
            words: request.fingerprint_words("en"),
            handle: request.handle,
            units,
            languages,
        };
        screen.print(&view, |view, page| {
            page.line(&format!("Added {} to the draft.", view.handle));
            page.pairs(&[
                ("words", view.words.clone()),
                ("units", join_or_dash(&view.units)),
                ("languages", join_or_dash(&view.languages)),
            ]);
            page.dim("Before you continue, let the member read these words aloud from: burkindi key show.");
        })
    }
}

/// Returns the names without empty ones. An empty argument means an empty list.
pub(super) fn non_empty_names(list: Vec<String>) -> Vec<String> {
    list.into_iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

fn join_or_dash(list: &[String]) -> String {
    if list.is_empty() { "(none)".to_owned() } else { list.join(" ") }
}

/// A list of `{"handle", "desks", "units", "languages", "words"}`.
#[derive(Debug, Serialize)]
struct MemberOutput {
    handle: String,
    desks: Vec<String>,
    units: Vec<String>,
    languages: Vec<String>,
    words: String,
}

fn list(dir: &AdminDirArg, screen: &mut CliOutput) -> anyhow::Result<()> {
    let draft = dir.admin_dir().draft()?;
    let desks = |handle: &String| {
        let desks = draft.desks.iter().filter(|desk| desk.members.contains(handle));
        desks.map(|desk| desk.id.clone()).collect()
    };
    let line = |member: &protocol::directory::Member| MemberOutput {
        handle: member.handle.clone(),
        desks: desks(&member.handle),
        units: member.units.clone(),
        languages: member.languages.clone(),
        words: member_fingerprint_words(member, "en"),
    };
    let lines: Vec<MemberOutput> = draft.members.iter().map(line).collect();
    screen.print(&lines, |lines, page| {
        let row = |line: &MemberOutput| {
            vec![
                line.handle.clone(),
                join_or_dash(&line.desks),
                join_or_dash(&line.units),
                join_or_dash(&line.languages),
                line.words.clone(),
            ]
        };
        let rows: Vec<_> = lines.iter().map(row).collect();
        page.table(&["member", "desks", "units", "languages", "words"], &rows);
    })
}

fn remove(dir: &AdminDirArg, handle: String, screen: &mut CliOutput) -> anyhow::Result<()> {
    let dir = dir.admin_dir();
    let mut draft = dir.draft()?;
    let desks = draft.remove_member(&handle)?;
    dir.save_draft(&draft)?;
    screen.print(&MemberRemoveOutput { handle, desks }, |view, page| {
        page.line(&format!(
            "Removed {} from the draft (desks: {}).",
            view.handle,
            view.desks.join(", ")
        ));
        page.dim(
            "The removal takes effect when the next directory is signed and published. For cases \
             that the member can already read: burkindi former-readers --rotate.",
        );
    })
}

/// Warns of units that no reporter can select, because they have no effect.
pub(crate) fn warn_unknown_units(units: &[String], screen: &mut CliOutput) -> anyhow::Result<()> {
    let taxonomy = Taxonomy::built_in();
    let options = exclusion_options(&taxonomy);
    for unit in units.iter().filter(|unit| !options.contains(&unit.as_str())) {
        screen.hint(&format!(
            "warning: unit \"{unit}\" is not an option of the built-in questions, so no reporter can select it; options: {}",
            options.join(", ")
        ))?;
    }
    Ok(())
}
