//! Passphrases: from the terminal, or from an open file descriptor; never from an argument or the
//! environment.

use std::{
    fs::File,
    io::{self, Read, Write as _},
};

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret, SecretString};
use workbench::keys::{passphrase_encryption::normalize_passphrase, passphrase_strength};
use zeroize::Zeroizing;

/// How often a person may try to give a new passphrase.
const MAX_ATTEMPTS: usize = 5;

/// Where passphrases come from.
pub(crate) enum PassphraseSource {
    /// A person at a terminal.
    Terminal,
    /// Standard input; what follows the last passphrase stays in it, for a text.
    Stdin,
    /// An open descriptor.
    Descriptor(File),
}

impl PassphraseSource {
    /// From a descriptor if one is named.
    pub(crate) fn new(descriptor: Option<u32>) -> anyhow::Result<Self> {
        match descriptor {
            None => Ok(Self::Terminal),
            Some(0) => Ok(Self::Stdin),
            Some(number) => {
                let file = File::open(format!("/dev/fd/{number}"));
                Ok(Self::Descriptor(
                    file.with_context(|| format!("file descriptor {number} cannot be read"))?,
                ))
            }
        }
    }

    /// Asks for a passphrase that exists.
    pub(crate) fn prompt(&mut self, what: &str) -> anyhow::Result<SecretString> {
        let typed = match self {
            Self::Terminal => {
                Zeroizing::new(rpassword::prompt_password(format!("{what}: ")).context(
                    "no terminal to ask for the passphrase; give it with --passphrase-fd N",
                )?)
            }
            Self::Stdin => read_line(&mut io::stdin().lock())?,
            Self::Descriptor(file) => read_line(file)?,
        };
        if typed.is_empty() {
            bail!("{what}: the passphrase is empty");
        }
        Ok(SecretString::from(typed.as_str()))
    }

    /// Asks for a new one; a person types it twice.
    pub(crate) fn prompt_new(&mut self, what: &str) -> anyhow::Result<SecretString> {
        self.prompt_new_checked(what, |_| Ok(()))
    }

    /// Asks for a new one that a check accepts. A person who mistypes it, or chooses a weak one, is
    /// asked again: nothing that others have typed before is lost.
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
                    writeln!(io::stderr(), "{error}. Please try again.")?;
                }
                asked => return asked,
            }
        }
        self.prompt_new_attempt(what, &check)
    }

    fn prompt_new_attempt(
        &mut self,
        what: &str,
        check: impl Fn(&SecretString) -> Result<(), String>,
    ) -> anyhow::Result<SecretString> {
        let refused = |why: String| PassphraseRejected(format!("{what}: {why}"));
        let first = self.prompt(what)?;
        passphrase_strength::check_passphrase(first.expose_secret(), &[])
            .map_err(|weak| refused(weak.to_string()))?;
        check(&first).map_err(refused)?;
        if matches!(self, Self::Terminal) {
            let second = self.prompt(&format!("{what}, once more"))?;
            if normalize_passphrase(first.expose_secret())
                != normalize_passphrase(second.expose_secret())
            {
                return Err(refused("the two passphrases differ".to_owned()).into());
            }
        }
        Ok(first)
    }
}

/// A new passphrase that is not taken; another one may be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct PassphraseRejected(String);

/// One line without its end. Byte by byte, so that nothing after it is taken out of the source.
fn read_line(source: &mut impl Read) -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::with_capacity(256));
    let mut byte = [0];
    while source.read(&mut byte).context("the passphrase cannot be read")? == 1 && byte[0] != b'\n'
    {
        line.push(byte[0]);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    let text = std::str::from_utf8(&line).context("the passphrase is no UTF-8 text")?;
    // A file of passphrases can begin with a mark of byte order.
    Ok(Zeroizing::new(text.trim_start_matches('\u{FEFF}').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_one_passphrase_and_the_rest_stays() {
        let mut source = &b"first one\r\nsecond one\nDear reporter"[..];
        assert_eq!(read_line(&mut source).unwrap().as_str(), "first one");
        assert_eq!(read_line(&mut source).unwrap().as_str(), "second one");
        assert_eq!(source, b"Dear reporter");
    }
}
