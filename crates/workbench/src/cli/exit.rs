//! Exit codes, and what to do next.

use anyhow::Error;
use workbench::{
    accepted::AcceptError, acting::ActError, admin::AdminError, backup::BackupError, cases::ReadError,
    client::ClientError, connection::ConnectError, files::FileError, index::IndexError, keyfile::KeyError,
    logbook::LogError, outcome::Outcome, roll::RollError,
};

use super::{
    former::Left,
    screen::{Screen, Unconfirmed},
    write::{Displacing, Exposing},
};

/// Shown below the help.
pub(crate) const CODES: &str = "\
Exit codes:
  0  done
  1  failed for another reason
  2  wrong usage
  3  the passphrase is wrong
  4  not allowed, or not there
  5  the case handler cannot be reached
  6  ALARM: something is forged, replayed, withheld, rolled back, or does not open
  7  done in part: something is left to do; doctor: something wants attention soon
  8  doctor, key health: something is wrong
  9  done, but the directory has expired: the administrator must sign a new one";

/// Verification found something; it has been told already.
#[derive(Debug, thiserror::Error)]
#[error("verification failed: see the alarms above")]
pub(crate) struct Alarmed;

/// A doctor found something, with this exit code; it has been told already.
#[derive(Debug, thiserror::Error)]
#[error("not all is well: see above")]
pub(crate) struct Unwell(pub(crate) u8);

const FAILED: u8 = 1;
const PASSPHRASE: u8 = 3;
const REFUSED: u8 = 4;
const UNREACHABLE: u8 = 5;
const ALARM: u8 = 6;
const SOON: u8 = 7;
const EXPIRED: u8 = 9;

/// The command did what it should; nobody can report, and nobody gets a new grant, until there is a new directory.
#[derive(Debug, thiserror::Error)]
#[error(
    "the directory expired on {0}: nobody can report, and nobody gets a new grant, until the administrator signs a new one"
)]
pub(crate) struct Expired(pub(crate) time::Date);

/// Says what went wrong and what to do next, and gives the exit code.
pub(crate) fn report(error: &Error, screen: &mut Screen) -> u8 {
    let code = code(error);
    if code == EXPIRED {
        screen.notice(&words(error));
    } else {
        screen.error(&words(error), code == ALARM, advice(error, code));
    }
    code
}

/// The error and its causes; a cause that the words before it already tell is not told twice.
fn words(error: &Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told {
        told if told.is_empty() => cause,
        told if told.contains(&cause) => told,
        told => format!("{told}: {cause}"),
    })
}

fn code(error: &Error) -> u8 {
    if error.is::<Alarmed>() {
        return ALARM;
    }
    if error.is::<Left>() {
        return SOON;
    }
    if error.is::<Expired>() {
        return EXPIRED;
    }
    if let Some(Unwell(code)) = error.downcast_ref() {
        return *code;
    }
    if error.is::<Exposing>() || error.is::<Displacing>() || error.is::<Unconfirmed>() {
        return REFUSED;
    }
    match outcome(error) {
        Outcome::Failed => FAILED,
        Outcome::Passphrase => PASSPHRASE,
        Outcome::Refused | Outcome::NotThere => REFUSED,
        Outcome::Unreachable => UNREACHABLE,
        Outcome::Alarm => ALARM,
    }
}

fn outcome(error: &Error) -> Outcome {
    macro_rules! first_of {
        ($($kind:ty),*) => {
            None$(.or_else(|| error.downcast_ref::<$kind>().map(Outcome::from)))*
        };
    }
    let known: Option<Outcome> = first_of!(
        KeyError,
        BackupError,
        AdminError,
        ClientError,
        ConnectError,
        ReadError,
        IndexError,
        LogError,
        RollError,
        ActError,
        AcceptError
    );
    known.unwrap_or(Outcome::Failed)
}

fn advice(error: &Error, code: u8) -> Option<&'static str> {
    let missing = match (error.downcast_ref(), error.downcast_ref()) {
        (Some(FileError::Missing(path)), _) | (_, Some(ConnectError::File(FileError::Missing(path)))) => {
            Some(path)
        }
        _ => None,
    };
    if let Some(name) = missing.and_then(|path| path.file_name()) {
        return match name.to_str() {
            Some("key.age") => Some("Make your keys first: burkindi key new --handle HANDLE"),
            Some("settings.toml" | "ca.pem" | "trust.json") => {
                Some("Connect first: burkindi connect --handler URL --ca FILE --trust FILE")
            }
            _ => None,
        };
    }
    if error.is::<Alarmed>() {
        return Some("Do not act on what is in doubt. Tell the outside body and the administrator.");
    }
    if error.is::<Left>() {
        return Some(
            "The lead of the desk, or the oversight body for a case that is released to it, can make them. If the lead has new keys, the administrator names another lead first: burkindi admin desk add.",
        );
    }
    if let Some(ReadError::FormerKey(_) | ReadError::Unreadable(_)) = error.downcast_ref() {
        return None;
    }
    if error.is::<Displacing>() {
        return Some(
            "Wait until the reporter has been there, or write less. To send it all the same: --displace",
        );
    }
    if error.is::<Unconfirmed>() {
        return Some("This cannot be undone. To do it: --yes");
    }
    if let Some(ActError::Unshown(_)) = error.downcast_ref() {
        return Some("Look at it first: burkindi show CASE");
    }
    if error.is::<Exposing>() {
        return Some("Ask for the facts in other words. To send it all the same: --despite");
    }
    match code {
        PASSPHRASE => {
            Some("Try again. Nobody can recover a passphrase; new keys need a new seat in the directory.")
        }
        UNREACHABLE => {
            Some("Check the address, the network, and that the certificate authority file is the right one.")
        }
        ALARM => Some("Do not go on. Tell the outside body and the administrator, and keep this message."),
        _ => None,
    }
}
