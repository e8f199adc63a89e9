//! The signed manifest of the browser program of an installation.

use std::fs;

use anyhow::{Result, bail};

use super::{Installation, ROOT_PASSPHRASES};

impl Installation {
    /// Lets two root keys sign the manifest of the intake's program, and lists the program in the
    /// draft of the directory.
    ///
    /// # Errors
    /// If a command fails, such as for an intake without a browser script.
    pub(super) fn sign_program(&self) -> Result<()> {
        let mut intake = self.intake_command()?;
        intake.env_remove(super::PROGRAM_VARIABLE);
        let printed = intake.arg("manifest").output()?;
        if !printed.status.success() {
            bail!("{intake:?}: {}", String::from_utf8_lossy(&printed.stderr));
        }
        let file = self.path("program.json");
        fs::write(&file, printed.stdout)?;
        let (admin, trust) = (self.path("admin"), self.path("admin/trust.json"));
        let (one, two) = (self.path("admin/roots/root-1.age"), self.path("admin/roots/root-2.age"));
        self.run_admin_with_passphrases(
            &["program", "sign", &file, "--trust", &trust, "--root", &one, "--root", &two],
            &ROOT_PASSPHRASES[..2],
        )?;
        self.run_admin(&["program", "add", "--dir", &admin, &file]).map(drop)
    }
}
