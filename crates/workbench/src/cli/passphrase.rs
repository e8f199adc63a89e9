//! Passphrases, from the terminal or from an open file descriptor. Never from an argument or from
//! the environment, which other processes could read.

use std::{
    fs::File,
    io::{self, Read, Write as _},
};

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret, SecretString};
use workbench::keys::{passphrase_encryption::normalize_passphrase, passphrase_strength};
use zeroize::Zeroizing;

/// Maximum attempts to type a new passphrase.
const MAX_ATTEMPTS: usize = 5;

/// The source of passphrases.
pub(crate) enum PassphraseSource {
    /// A prompt at the terminal.
    Terminal,
    /// Standard input. Bytes after the last passphrase are not consumed, so that a text can follow.
    Stdin,
    /// An open file descriptor.
    Descriptor(File),
}

impl PassphraseSource {
    /// Returns the source: the file descriptor, or the terminal without one.
    ///
    /// # Errors
    /// Returns an error if the file descriptor cannot be opened.
    pub(crate) fn new(descriptor: Option<u32>) -> anyhow::Result<Self> {
        match descriptor {
            None => Ok(Self::Terminal),
            Some(0) => Ok(Self::Stdin),
            Some(number) => {
                let file = File::open(format!("/dev/fd/{number}"));
                Ok(Self::Descriptor(
                    file.with_context(|| format!("failed to open file descriptor {number}"))?,
                ))
            }
        }
    }

    /// Prompts for an existing passphrase.
    ///
    /// # Errors
    /// Returns an error if it is empty or cannot be read.
    pub(crate) fn prompt(&mut self, what: &str) -> anyhow::Result<SecretString> {
        let typed = match self {
            Self::Terminal => Zeroizing::new(
                rpassword::prompt_password(format!("{what}: "))
                    .context("no terminal for the passphrase prompt; use --passphrase-fd N")?,
            ),
            Self::Stdin => read_line(&mut io::stdin().lock())?,
            Self::Descriptor(file) => read_line(file)?,
        };
        if typed.is_empty() {
            bail!("{what}: empty passphrase");
        }
        Ok(SecretString::from(typed.as_str()))
    }

    /// Prompts for a new passphrase, at a terminal twice.
    ///
    /// # Errors
    /// Returns an error if it is weak, if the two differ, or if it cannot be read.
    pub(crate) fn prompt_new(&mut self, what: &str) -> anyhow::Result<SecretString> {
        self.prompt_new_checked(what, |_| Ok(()))
    }

    /// Prompts for a new passphrase that a check accepts. At a terminal it prompts again after a
    /// rejection, so that earlier input of other people is not lost.
    ///
    /// # Errors
    /// As [`Self::prompt_new`], and if the check rejects the passphrase.
    pub(crate) fn prompt_new_checked(
        &mut self,
        what: &str,
        check: impl Fn(&SecretString) -> Result<(), String>,
    ) -> anyhow::Result<SecretString> {
        for _ in 1..MAX_ATTEMPTS {
            match self.prompt_new_attempt(what, &check) {
                Err(error)
                    if matches!(self, Self::Terminal) && error.is::<PassphraseRejected>() =>
                {
                    writeln!(io::stderr(), "{error}. Try again.")?;
                }
                result => return result,
            }
        }
        self.prompt_new_attempt(what, &check)
    }

    fn prompt_new_attempt(
        &mut self,
        what: &str,
        check: impl Fn(&SecretString) -> Result<(), String>,
    ) -> anyhow::Result<SecretString> {
        let rejected = |why: String| PassphraseRejected(format!("{what}: {why}"));
        let first = self.prompt(what)?;
        passphrase_strength::check_passphrase(first.expose_secret(), &[])
            .map_err(|weak| rejected(weak.to_string()))?;
        check(&first).map_err(rejected)?;
        if matches!(self, Self::Terminal) {
            let second = self.prompt(&format!("{what}, again"))?;
            if normalize_passphrase(first.expose_secret())
                != normalize_passphrase(second.expose_secret())
            {
                return Err(rejected("the two passphrases differ".to_owned()).into());
            }
        }
        Ok(first)
    }
}

/// A new passphrase was rejected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct PassphraseRejected(String);

/// Reads one line without its end. It reads single bytes, so that later bytes stay in the source.
fn read_line(source: &mut impl Read) -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::with_capacity(256));
    let mut byte = [0];
    while source.read(&mut byte).context("failed to read the passphrase")? == 1 && byte[0] != b'\n'
    {
        line.push(byte[0]);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    let text = std::str::from_utf8(&line).context("the passphrase is not valid UTF-8")?;
    // A file with passphrases can begin with a byte order mark.
    Ok(Zeroizing::new(text.trim_start_matches('\u{FEFF}').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_one_passphrase_and_later_bytes_stay() {
        let mut source = &b"first one\r\nsecond one\nDear reporter"[..];
        assert_eq!(read_line(&mut source).unwrap().as_str(), "first one");
        assert_eq!(read_line(&mut source).unwrap().as_str(), "second one");
        assert_eq!(source, b"Dear reporter");
    }
}
