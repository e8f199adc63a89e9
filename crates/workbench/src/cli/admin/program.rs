//! `burkindi admin program`: signs the manifest of the browser program, and lists it in the
//! directory.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use protocol::{
    Hash,
    directory::{MAX_PROGRAMS, TrustRoots},
};
use serde::Serialize;
use workbench::{
    admin::program::{self, ProgramSignatures},
    private_files,
};

use super::{AdminDirArg, CliOutput, CommandContext, directory::open_root};

#[derive(Debug, Subcommand)]
pub(crate) enum ProgramCommand {
    /// Sign a manifest that `intake manifest` printed. Repeat it on another machine if the root
    /// keys are in different places.
    Sign(ProgramSignArgs),
    /// Print version, hash, signatures and files of a manifest.
    Show(ProgramFileArgs),
    /// List the program of a signed manifest first in the draft of the next directory.
    Add(ProgramAddArgs),
    /// Remove a program from the draft of the next directory.
    Remove(ProgramRemoveArgs),
    /// List the programs of the draft, the newest first.
    List(AdminDirArg),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProgramFileArgs {
    /// The manifest, such as program.json.
    #[arg(value_name = "FILE")]
    manifest: PathBuf,
    /// The trusted root keys: trust.json.
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProgramSignArgs {
    #[command(flatten)]
    file: ProgramFileArgs,
    /// A root key file, such as roots/root-1.age. Repeat it for several keys.
    #[arg(long, required = true, value_name = "FILE")]
    root: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProgramAddArgs {
    #[command(flatten)]
    dir: AdminDirArg,
    /// The signed manifest, such as program.json.
    #[arg(value_name = "FILE")]
    manifest: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProgramRemoveArgs {
    #[command(flatten)]
    dir: AdminDirArg,
    /// The hash, as `list` prints it.
    #[arg(value_name = "HASH")]
    program: String,
}

/// `{"program", "version", "signatures", "threshold", "complete", "files": {PATH: HASH}}`.
#[derive(Debug, Serialize)]
struct ProgramOutput {
    program: Hash,
    version: String,
    signatures: usize,
    threshold: usize,
    complete: bool,
    files: std::collections::BTreeMap<String, Hash>,
}

/// `{"programs", "removed"}`.
#[derive(Debug, Serialize)]
struct ProgramListOutput {
    /// The programs of the draft, the newest first.
    programs: Vec<Hash>,
    /// Programs that the draft does not list any more.
    removed: Vec<Hash>,
}

impl ProgramCommand {
    pub(crate) fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        match self {
            Self::Sign(command) => command.run(context, screen),
            Self::Show(file) => {
                let trust = private_files::read_json(&file.trust)?;
                print_program(&program::load(&file.manifest, &trust)?, screen)
            }
            Self::Add(command) => command.run(screen),
            Self::Remove(command) => command.run(screen),
            Self::List(dir) => {
                let draft = dir.admin_dir().draft()?;
                print_list(draft.programs, Vec::new(), screen)
            }
        }
    }
}

impl ProgramSignArgs {
    fn run(self, context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
        let trust: TrustRoots = private_files::read_json(&self.file.trust)?;
        let found = program::load(&self.file.manifest, &trust)?;
        // The holder of the root key sees the hash before the prompt for the passphrase.
        screen.hint(&format!(
            "To be signed: program {} of version {}, with {} files. Compare the hash with the one \
             that another person computed from their own build.",
            found.hash,
            found.signed.manifest.version,
            found.signed.manifest.files.len()
        ))?;
        let beside = self.file.trust.parent().unwrap_or(Path::new("."));
        let keys = self.root.iter().map(|root| open_root(root, beside, &trust, context));
        let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
        let signed = program::sign(&self.file.manifest, found, &keys, &trust)?;
        print_program(&signed, screen)
    }
}

impl ProgramAddArgs {
    fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        let dir = self.dir.admin_dir();
        let trust = dir.trust()?;
        let hash = program::verified_hash(&program::load(&self.manifest, &trust)?, &trust)
            .context("sign the manifest first: burkindi admin program sign")?;
        let mut draft = dir.draft()?;
        let removed = draft.add_program(hash);
        dir.save_draft(&draft)?;
        print_list(draft.programs, removed, screen)
    }
}

impl ProgramRemoveArgs {
    fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        let program = Hash::parse(&self.program)
            .context("not the hash of a program: expected 43 characters of base64url")?;
        let dir = self.dir.admin_dir();
        let mut draft = dir.draft()?;
        draft.remove_program(program)?;
        dir.save_draft(&draft)?;
        print_list(draft.programs, vec![program], screen)
    }
}

fn print_program(program: &ProgramSignatures, screen: &mut CliOutput) -> anyhow::Result<()> {
    let output = ProgramOutput {
        program: program.hash,
        version: program.signed.manifest.version.clone(),
        signatures: program.signatures,
        threshold: program.threshold,
        complete: program.is_complete(),
        files: program.signed.manifest.files.clone(),
    };
    screen.print(&output, |view, page| {
        page.pairs(&[
            ("program", view.program.to_string()),
            ("version", view.version.clone()),
            ("signatures", format!("{} of {} required", view.signatures, view.threshold)),
        ]);
        let row = |(path, hash): (&String, &Hash)| vec![path.clone(), hash.to_string()];
        page.table(&["file", "SHA-256"], &view.files.iter().map(row).collect::<Vec<_>>());
        if view.complete {
            page.dim("Next: burkindi admin program add, then sign and publish the directory.");
        } else {
            page.dim(
                "More signatures are required: carry the file to the next holder of a root key.",
            );
        }
    })
}

fn print_list(
    programs: Vec<Hash>,
    removed: Vec<Hash>,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    screen.print(&ProgramListOutput { programs, removed }, |view, page| {
        page.line(&format!(
            "The draft lists {} of at most {MAX_PROGRAMS} programs, the newest first.",
            view.programs.len()
        ));
        view.programs.iter().for_each(|program| page.line(&format!("  {program}")));
        for program in &view.removed {
            page.line(&format!("  removed: {program}"));
        }
        page.dim("Sign and publish the directory before an intake serves a new program.");
    })
}
