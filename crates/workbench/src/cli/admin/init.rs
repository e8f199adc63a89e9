//! `burkindi admin init`.

use std::path::PathBuf;

use anyhow::Context as _;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use workbench::{
    admin::init::{InstallationPlan, create_installation},
    keys::passphrase_encryption::normalize_passphrase,
    session::fingerprint,
};

use super::{CliOutput, CommandContext};
use crate::cli::key::ScryptCostArg;

#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// A new or empty folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Number of root keys. The holder of each one types its passphrase.
    #[arg(long, default_value_t = 3, value_name = "N")]
    roots: usize,
    /// Number of root keys that must sign a directory.
    #[arg(long, default_value_t = 2, value_name = "M")]
    threshold: usize,
    /// Id of the desk of the oversight body.
    #[arg(long, default_value = "external", value_name = "ID")]
    oversight_desk: String,
    /// A host name or address of the services, in addition to 127.0.0.1 and localhost.
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    #[command(flatten)]
    scrypt_cost: ScryptCostArg,
}

/// `{"dir", "instance", "roots", "threshold", "oversight", "fingerprint"}`. The fingerprint has 12
/// words.
#[derive(Debug, Serialize)]
struct InitOutput {
    dir: PathBuf,
    instance: uuid::Uuid,
    roots: usize,
    threshold: usize,
    oversight: String,
    fingerprint: String,
}

impl InitArgs {
    pub(crate) fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let scrypt_cost = self.scrypt_cost.scrypt_cost(screen)?;
        if std::fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(workbench::admin::AdminError::NotEmpty(self.dir).into());
        }
        let mut passphrases: Vec<SecretString> = Vec::new();
        for root in 1..=self.roots {
            let what = format!("New passphrase for root key {root} of {}", self.roots);
            // With a shared passphrase, one holder could use several root keys.
            let other = |new: &SecretString| {
                let same = passphrases.iter().any(|old| {
                    normalize_passphrase(old.expose_secret())
                        == normalize_passphrase(new.expose_secret())
                });
                if same {
                    Err("already used for another root key; choose another one".to_owned())
                } else {
                    Ok(())
                }
            };
            let new = context.passphrases.prompt_new_checked(&what, other)?;
            passphrases.push(new);
        }
        let plan = InstallationPlan {
            dir: &self.dir,
            threshold: self.threshold,
            oversight_desk: &self.oversight_desk,
            hosts: &self.host,
            passphrases: &passphrases,
            scrypt_cost,
        };
        if self.threshold == self.roots && self.roots > 1 {
            screen.hint(&format!(
                "warning: all {} root keys must sign, so one forgotten passphrase or lost file ends \
                 this installation; create more keys than the threshold",
                self.roots
            ))?;
        }
        let trust = create_installation(&plan, context.now, &mut OsRng)?;
        let view = InitOutput {
            dir: self.dir.canonicalize().context("failed to read the new folder")?,
            instance: trust.instance,
            roots: self.roots,
            threshold: self.threshold,
            oversight: self.oversight_desk,
            fingerprint: fingerprint(&trust, "en"),
        };
        screen.print(&view, |view, page| {
            page.line(&format!("Created a new installation in {}.", view.dir.display()));
            page.pairs(&[
                ("installation", view.instance.to_string()),
                ("root keys", format!("{}, of which {} must sign", view.roots, view.threshold)),
                ("oversight body", format!("desk {}", view.oversight)),
                ("fingerprint", view.fingerprint.clone()),
            ]);
            page.heading("Next");
            page.block(
                "Print the fingerprint for posters and for investigators, who compare it.\n\
                 Move each file of roots/ to an offline medium of its holder, and tls/ca.key to another one.\n\
                 Give trust.json, transport.key, log.key, tls/handler.*, tls/api.* and tls/ca.pem to the case handler.\n\
                 Give trust.json, tls/intake.* and tls/ca.pem to the intake.\n\
                 Then add members and desks, and sign: burkindi admin member add, desk add, directory sign.",
            );
        })
    }
}
