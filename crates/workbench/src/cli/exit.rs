//! Exit codes, and what to do next.

use anyhow::Error;
use workbench::{
    acting::ActError, admin::AdminError, backup::BackupError, cases::ReadError, client::ClientError,
    connection::ConnectError, files::FileError, index::IndexError, keyfile::KeyError, logbook::LogError,
    roll::RollError, sealed::OpenError,
};

use super::{screen::Screen, write::Exposing};

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
  7  doctor: something wants attention soon
  8  doctor: something is wrong";

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

/// Says what went wrong and what to do next, and gives the exit code.
pub(crate) fn report(error: &Error, screen: &mut Screen) -> u8 {
    let code = code(error);
    screen.error(&words(error), code == ALARM, advice(error, code));
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
    if let Some(Unwell(code)) = error.downcast_ref() {
        return *code;
    }
    let on_paper = error.downcast_ref::<BackupError>().and_then(|error| match error {
        BackupError::Key(error) => Some(error),
        _ => None,
    });
    if let Some(error) = error.downcast_ref::<KeyError>().or(on_paper) {
        return if matches!(error, KeyError::Sealed(OpenError::WrongPassphrase)) {
            PASSPHRASE
        } else {
            FAILED
        };
    }
    if let Some(error) = error.downcast_ref::<AdminError>() {
        return admin(error);
    }
    if let Some(error) = error.downcast_ref::<ClientError>() {
        return client(error);
    }
    if let Some(error) = error.downcast_ref::<ConnectError>() {
        return connect(error);
    }
    if let Some(error) = error.downcast_ref::<ReadError>() {
        return read(error);
    }
    if let Some(error) = error.downcast_ref::<IndexError>() {
        return match error {
            IndexError::Connect(error) => connect(error),
            IndexError::Read(error) => read(error),
            IndexError::NoWords | IndexError::NoCase => REFUSED,
            IndexError::Database(_) | IndexError::File(_) => FAILED,
        };
    }
    if error.is::<Exposing>() {
        return REFUSED;
    }
    if let Some(error) = error.downcast_ref::<LogError>() {
        return match error {
            LogError::Client(error) => client(error),
            LogError::Roll(_) => ALARM,
            LogError::File(_) => FAILED,
        };
    }
    if error.is::<RollError>() {
        return ALARM;
    }
    match error.downcast_ref::<ActError>() {
        Some(ActError::Client(error)) => client(error),
        Some(ActError::Read(error)) => read(error),
        Some(ActError::File(_)) | None => FAILED,
        Some(ActError::Sealing(_) | ActError::NotFiled | ActError::Unverified) => ALARM,
        Some(_) => REFUSED,
    }
}

fn connect(error: &ConnectError) -> u8 {
    match error {
        ConnectError::Client(error) => client(error),
        ConnectError::Directory(_) | ConnectError::Roll(_) | ConnectError::TwoNewest => ALARM,
        ConnectError::NoCase(_) | ConnectError::Ambiguous { .. } | ConnectError::Prefix => REFUSED,
        ConnectError::File(_) => FAILED,
    }
}

fn read(error: &ReadError) -> u8 {
    match error {
        ReadError::Client(error) => client(error),
        ReadError::Grants(_) | ReadError::OtherCase | ReadError::NotPurged => ALARM,
        ReadError::Purged(_) => REFUSED,
        ReadError::File(_) => FAILED,
    }
}

fn admin(error: &AdminError) -> u8 {
    match error {
        AdminError::Root { source: OpenError::WrongPassphrase, .. } => PASSPHRASE,
        AdminError::Exists(_)
        | AdminError::Unknown(_)
        | AdminError::NotEmpty(_)
        | AdminError::Directory(_) => REFUSED,
        _ => FAILED,
    }
}

fn client(error: &ClientError) -> u8 {
    match error {
        // It failed there; that is no answer about what is allowed.
        ClientError::Refused(problem) if problem.status >= 500 => FAILED,
        ClientError::Refused(_) => REFUSED,
        ClientError::Unreachable(_) => UNREACHABLE,
        ClientError::Address(_) | ClientError::Authority(_) | ClientError::Unexpected(_) => FAILED,
    }
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
