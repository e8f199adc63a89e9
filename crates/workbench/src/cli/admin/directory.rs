//! `burkindi admin directory`: sign, cosign, publish, show.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use ed25519_dalek::SigningKey;
use envelope::{
    Hash,
    directory::{SignedDirectory, Trust},
};
use serde::Serialize;
use taxonomy::Taxonomy;
use time::Date;
use workbench::{
    admin::{AdminDir, changes, roots, signing, warnings},
    client::Client,
    connection::fingerprint,
    files,
    keyfile::words_of,
};

use super::{Context, DirArg, Screen};

#[derive(Debug, Subcommand)]
pub(crate) enum Directory {
    /// Make the next directory from the draft and sign it with the root keys at hand. With too few it waits in
    /// directory.pending.json for `cosign`.
    Sign(Sign),
    /// Add one signature to a directory that waits, here or at another place.
    Cosign(Cosign),
    /// Give the newest signed directory to the case handler.
    Publish(Publish),
    /// The newest signed directory.
    Show(DirArg),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sign {
    #[command(flatten)]
    dir: DirArg,
    /// A root key file, such as roots/root-1.age; several times for several keys.
    #[arg(long, required = true, value_name = "FILE")]
    root: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Cosign {
    /// The directory that waits: directory.pending.json.
    #[arg(long, value_name = "FILE")]
    pending: PathBuf,
    /// The root keys that are believed: trust.json.
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The directory before it, to see what changes [default: directory.signed.json beside the one
    /// that waits].
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// A root key file.
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    dir: DirArg,
    /// The case handler's address: https://…
    #[arg(long, value_name = "URL")]
    handler: String,
    /// The certificate authority: tls/ca.pem.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
}

/// `{"epoch", "hash", "issued", "expires", "signatures", "threshold", "complete", "fingerprint", "oversight", "desks":
/// [{"id", "members", "categories"}], "members": [{"handle", "covers", "languages", "words"}],
/// "unserved", "warnings"}`.
#[derive(Debug, Serialize)]
struct DirectoryView {
    epoch: u64,
    hash: Hash,
    #[serde(with = "envelope::iso_date")]
    issued: Date,
    #[serde(with = "envelope::iso_date")]
    expires: Date,
    signatures: usize,
    threshold: usize,
    complete: bool,
    fingerprint: String,
    oversight: String,
    desks: Vec<DeskView>,
    members: Vec<MemberView>,
    /// Categories that no desk serves: they go to the oversight body.
    unserved: Vec<String>,
    /// What is allowed and seldom meant.
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct DeskView {
    id: String,
    members: Vec<String>,
    categories: Vec<String>,
}

#[derive(Debug, Serialize)]
struct MemberView {
    handle: String,
    covers: Vec<String>,
    languages: Vec<String>,
    /// Those that `burkindi key show` gives the owner.
    words: String,
}

impl Directory {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        match self {
            Self::Sign(command) => command.run(context, screen),
            Self::Cosign(command) => command.run(context, screen),
            Self::Publish(command) => command.run(screen).await,
            Self::Show(dir) => show(&dir.open(), context, screen),
        }
    }
}

impl Sign {
    fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let dir = self.dir.open();
        let trust = dir.trust()?;
        // A draft that breaks a rule is refused before anybody types a passphrase.
        let next = dir.draft()?.to_directory(1, None, context.now.date())?;
        let before = dir.signed()?.map(|signed| signed.verify_past(&trust)).transpose()?;
        tell_changes(before.as_ref(), &next, screen)?;
        let keys = self.root.iter().map(|root| open_root(root, &self.dir.dir, &trust, context));
        let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
        let signed = signing::sign(&dir, &keys, context.now.date())?;
        lay(&view(&signed, &trust), screen)
    }
}

impl Cosign {
    fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let trust: Trust = files::read_json(&self.trust)?;
        let waiting = signing::pending(&self.pending, &trust, context.now.date())?;
        // The keeper sees what is to be signed before giving the passphrase.
        screen.advise(&summary(&waiting.directory))?;
        let before = self.before(&waiting.directory, &trust)?;
        if before.is_none() && waiting.directory.previous.is_some() {
            screen.advise(
                "The directory before it is not here, so everybody is shown as new. Name it with \
                 --previous to see what changes.",
            )?;
        }
        tell_changes(before.as_ref(), &waiting.directory, screen)?;
        let key = open_root(&self.root, Path::new("."), &trust, context)?;
        let signed = signing::cosign(&self.pending, waiting, &key, &trust)?;
        lay(&view(&signed, &trust), screen)
    }
}

impl Cosign {
    /// The directory before the one that waits: only the one that it continues will do.
    fn before(
        &self,
        next: &envelope::directory::Directory,
        trust: &Trust,
    ) -> anyhow::Result<Option<envelope::directory::Directory>> {
        let beside = self.pending.with_file_name("directory.signed.json");
        let path = self.previous.as_ref().unwrap_or(&beside);
        let signed: Option<SignedDirectory> = files::read_json_if_there(path)?;
        match signed {
            Some(signed) if Some(signed.hash()) == next.previous => Ok(Some(signed.verify_past(trust)?)),
            None if self.previous.is_some() => Err(files::FileError::Missing(path.clone()).into()),
            Some(_) if self.previous.is_some() => {
                bail!("{} is not the directory that this one continues", path.display())
            }
            _ => Ok(None),
        }
    }
}

impl Publish {
    async fn run(self, screen: &mut Screen) -> anyhow::Result<()> {
        let dir = self.dir.open();
        let signed = dir.signed()?.context("nothing is signed yet: burkindi admin directory sign")?;
        let directory = signed.verify_past(&dir.trust()?)?;
        let client = Client::new(&self.handler, &files::read_text(&self.ca)?)?;
        client.put_directory(&signed).await?;
        let published = Published { epoch: directory.epoch, hash: signed.hash(), handler: self.handler };
        screen.show(&published, |view, page| {
            page.line(&format!("Directory {} is published at {}.", view.epoch, view.handler));
            page.dim(
                "The intake gets it with the next collection: after relay.collect_seconds, 15 minutes as \
                 shipped.",
            );
        })
    }
}

/// `{"epoch", "hash", "handler"}`.
#[derive(Debug, Serialize)]
struct Published {
    epoch: u64,
    hash: Hash,
    handler: String,
}

fn show(dir: &AdminDir, context: &Context, screen: &mut Screen) -> anyhow::Result<()> {
    let trust = dir.trust()?;
    let Some(signed) = dir.signed()? else { bail!("nothing is signed yet: burkindi admin directory sign") };
    let directory = signed.verify_past(&trust)?;
    if directory.expires < context.now.date() {
        screen.advise("warning: this directory has expired; nobody accepts it. Sign a new one.")?;
    }
    let signatures = signed.signatures.len();
    let signed = signing::Signed { directory, signed, signatures, threshold: trust.threshold };
    lay(&view(&signed, &trust), screen)
}

/// A path as given, or within the administrator's folder.
fn open_root(root: &Path, dir: &Path, trust: &Trust, context: &mut Context) -> anyhow::Result<SigningKey> {
    let path = if root.exists() { root.to_owned() } else { dir.join(root) };
    if !path.exists() {
        return Err(files::FileError::Missing(root.to_owned()).into());
    }
    let passphrase = context.passphrases.ask(&format!("Passphrase of {}", root.display()))?;
    Ok(roots::open(&path, &passphrase, trust)?)
}

/// Says what is about to be signed, before any passphrase is asked for.
fn tell_changes(
    before: Option<&envelope::directory::Directory>,
    next: &envelope::directory::Directory,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let changes = changes::between(before, next);
    let against = before.map_or_else(
        || "nothing before it".to_owned(),
        |before| {
            format!(
                "directory \
            {}",
                before.epoch
            )
        },
    );
    screen.advise(&format!("Changes against {against}:"))?;
    if changes.is_empty() {
        screen.advise("  none but the dates")?;
    }
    for change in changes {
        screen.advise(&format!("  {change}"))?;
    }
    for warning in warnings::all(&next.into(), &Taxonomy::built_in()) {
        screen.advise(&format!("warning: {warning}"))?;
    }
    Ok(())
}

fn summary(directory: &envelope::directory::Directory) -> String {
    let desks = directory.desks.iter().map(|desk| format!("  {}: {}", desk.id, desk.members.join(", ")));
    let desks = desks.collect::<Vec<_>>().join("\n");
    format!(
        "To be signed: directory {}, good until {}, with these desks:\n{desks}",
        directory.epoch, directory.expires
    )
}

fn view(signed: &signing::Signed, trust: &Trust) -> DirectoryView {
    let directory = &signed.directory;
    let (taxonomy, draft) = (Taxonomy::built_in(), directory.into());
    let unserved = warnings::unserved(&draft, &taxonomy);
    let warnings = warnings::all(&draft, &taxonomy);
    let desk = |desk: &envelope::directory::Desk| DeskView {
        id: desk.id.clone(),
        members: desk.members.clone(),
        categories: desk.categories.clone(),
    };
    let member = |member: &envelope::directory::Member| MemberView {
        handle: member.handle.clone(),
        covers: member.covers.clone(),
        languages: member.languages.clone(),
        words: words_of(member, "en"),
    };
    DirectoryView {
        epoch: directory.epoch,
        hash: signed.signed.hash(),
        issued: directory.issued,
        expires: directory.expires,
        signatures: signed.signatures,
        threshold: signed.threshold,
        complete: signed.is_complete(),
        fingerprint: fingerprint(trust, "en"),
        oversight: directory.oversight.clone(),
        desks: directory.desks.iter().map(desk).collect(),
        members: directory.members.iter().map(member).collect(),
        unserved,
        warnings,
    }
}

fn lay(view: &DirectoryView, screen: &mut Screen) -> anyhow::Result<()> {
    screen.show(view, |view, page| {
        page.pairs(&[
            ("directory", format!("{}, from {} until {}", view.epoch, view.issued, view.expires)),
            ("signatures", format!("{} of {} that are needed", view.signatures, view.threshold)),
            ("hash", view.hash.to_string()),
            ("fingerprint", view.fingerprint.clone()),
        ]);
        page.heading("Desks");
        let row = |desk: &DeskView| {
            let served = if desk.id == view.oversight { "the oversight \
                body".to_owned() } else { desk.categories.join(" ") };
            vec![desk.id.clone(), desk.members.join(" "), served]
        };
        page.table(&[], &view.desks.iter().map(row).collect::<Vec<_>>());
        if !view.unserved.is_empty() {
            page.dim(&format!("No desk serves {}: they go to the oversight \
                body.", view.unserved.join(" ")));
        }
        page.heading("Members, and the words of their keys");
        let row = |member: &MemberView| vec![member.handle.clone(), member.covers.join(" \
            "), member.words.clone()];
        page.table(&["member", "covers", "words"], &view.members.iter().map(row).collect::<Vec<_>>());
        page.heading(if view.complete { "Next: burkindi admin directory publish" } else { "Next" });
        if view.complete {
            page.dim("Signed elsewhere, carry directory.signed.json back into the administrator's \
                folder first.");
        } else {
            page.block(
                "Too few signatures. Take directory.pending.json, directory.signed.json and \
                 trust.json to the next keeper:\n\
                 burkindi admin directory cosign --pending directory.pending.json --trust trust.json --root FILE",
            );
        }
    })
}
