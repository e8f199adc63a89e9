//! Database URLs.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use sea_orm::sqlx::postgres::PgConnectOptions;

use crate::server::{self, ServerFileError};

/// The URL of a database. `Display` omits user and password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file on this machine. It is created if it does not exist.
    Sqlite(PathBuf),
    /// A `libpq` URL, `postgres://user@host/database?sslmode=verify-full&sslrootcert=…`. A password
    /// that it does not contain comes from the file that its parameter `password_file` names, or
    /// else from `PGPASSWORD` or the file that `PGPASSFILE` names.
    Postgres(String),
}

/// Why a URL is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Unknown scheme.
    #[error("unsupported scheme (expected sqlite: or postgres:)")]
    UnknownScheme,
    /// No path after the scheme.
    #[error("missing file path")]
    MissingPath,
    /// Not a URL of a PostgreSQL database.
    #[error("invalid PostgreSQL URL")]
    InvalidUrl,
}

impl DatabaseUrl {
    /// Returns the URL with absolute paths: of an `SQLite` file, and of the certificate and
    /// password files that the URL of a server names. Relative ones start at `folder`.
    pub fn with_absolute_paths(url: &str, folder: &Path) -> String {
        match url.parse() {
            Ok(Self::Sqlite(path)) => format!("sqlite://{}", folder.join(path).display()),
            Ok(Self::Postgres(url)) => server::with_absolute_paths(&url, folder),
            Err(_) => url.to_owned(),
        }
    }

    /// Returns the file with the password of the server, if the URL names one.
    pub fn password_file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(url) => server::password_file(url),
        }
    }

    /// Opens each file that the URL of a server names: certificates and the password.
    ///
    /// # Errors
    /// Fails for the first file that is unreadable, with the parameter that names it.
    pub fn check_files(&self) -> Result<(), ServerFileError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(url) => server::check_files(url),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(url: &str) -> Result<Self, DatabaseUrlError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let path = path.split_once('?').map_or(path, |(path, _)| path);
            return if path.is_empty() {
                Err(DatabaseUrlError::MissingPath)
            } else {
                Ok(Self::Sqlite(path.into()))
            };
        }
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let url = format!("postgres://{}", rest.ok_or(DatabaseUrlError::UnknownScheme)?);
        let options: PgConnectOptions = server::without_own_parameters(&url)
            .parse()
            .map_err(|_| DatabaseUrlError::InvalidUrl)?;
        options.get_database().ok_or(DatabaseUrlError::InvalidUrl)?;
        Ok(Self::Postgres(url))
    }
}

impl From<&Path> for DatabaseUrl {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.trim_start_matches("postgres://");
                let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                write!(f, "postgres://{}", rest.split_once('?').map_or(rest, |(host, _)| host))
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files_and_servers() {
        for (url, path) in [
            ("sqlite:cases.sqlite", "cases.sqlite"),
            ("sqlite://cases.sqlite", "cases.sqlite"),
            ("sqlite:///var/lib/cases.sqlite?mode=rwc", "/var/lib/cases.sqlite"),
        ] {
            assert_eq!(url.parse(), Ok(DatabaseUrl::Sqlite(path.into())), "{url}");
        }
        for (url, error) in [
            ("mysql://host/cases", DatabaseUrlError::UnknownScheme),
            ("cases.sqlite", DatabaseUrlError::UnknownScheme),
            ("sqlite:", DatabaseUrlError::MissingPath),
            ("postgres://host", DatabaseUrlError::InvalidUrl),
            ("postgres://host:notaport/cases", DatabaseUrlError::InvalidUrl),
        ] {
            assert_eq!(url.parse::<DatabaseUrl>(), Err(error), "{url}");
        }
    }

    #[test]
    fn a_relative_file_starts_at_the_folder() {
        let folder = Path::new("/etc/burkindi");
        for (url, absolute) in [
            ("sqlite:cases.sqlite", "sqlite:///etc/burkindi/cases.sqlite"),
            ("sqlite://cases.sqlite", "sqlite:///etc/burkindi/cases.sqlite"),
            ("sqlite:///var/lib/cases.sqlite", "sqlite:///var/lib/cases.sqlite"),
            ("postgres://host/cases", "postgres://host/cases"),
            ("cases.sqlite", "cases.sqlite"),
        ] {
            assert_eq!(DatabaseUrl::with_absolute_paths(url, folder), absolute);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url: DatabaseUrl =
            "postgresql://me:se@cret@db.internal/cases?sslpassword=secret".parse().unwrap();
        for shown in [format!("{url}"), format!("{url:?}")] {
            assert_eq!(shown, "postgres://db.internal/cases");
        }
    }
}
