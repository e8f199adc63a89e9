//! The connection to a `PostgreSQL` server: its URL, and the files that the URL names.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use percent_encoding::percent_decode_str;
use sea_orm::sqlx::{self, postgres::PgConnectOptions};

/// The URL parameter that names the file with the password. It is specific to this project.
const PASSWORD_FILE_PARAMETER: &str = "password_file";
/// URL parameters that name files.
const FILE_PARAMETERS: [&str; 4] = [PASSWORD_FILE_PARAMETER, "sslrootcert", "sslcert", "sslkey"];

/// A file that a URL names is unreadable.
#[derive(Debug, thiserror::Error)]
#[error("{parameter}={}: {error}", path.display())]
pub struct ServerFileError {
    parameter: &'static str,
    path: PathBuf,
    error: io::Error,
}

/// Returns the URL without the parameters that `sqlx` does not know.
pub(crate) fn without_own_parameters(url: &str) -> String {
    rewrite_parameters(url, |name, value| {
        (name != PASSWORD_FILE_PARAMETER).then(|| format!("{name}={value}"))
    })
}

/// Returns the URL with absolute paths of its files. Relative ones start at `folder`.
pub(crate) fn with_absolute_paths(url: &str, folder: &Path) -> String {
    rewrite_parameters(url, |name, value| {
        let path = Path::new(value);
        // A path that begins with % is percent-encoded, and stays unchanged.
        let relative =
            FILE_PARAMETERS.contains(&name) && path.is_relative() && !value.starts_with('%');
        Some(if relative {
            format!("{name}={}", folder.join(path).display())
        } else {
            format!("{name}={value}")
        })
    })
}

/// Returns the file with the password, if the URL names one.
pub(crate) fn password_file(url: &str) -> Option<PathBuf> {
    file_parameters(url).find_map(|(name, path)| (name == PASSWORD_FILE_PARAMETER).then_some(path))
}

/// Opens each file that the URL names.
pub(crate) fn check_files(url: &str) -> Result<(), ServerFileError> {
    file_parameters(url).try_for_each(|(parameter, path)| match fs::File::open(&path) {
        Ok(_) => Ok(()),
        Err(error) => Err(ServerFileError { parameter, path, error }),
    })
}

/// Returns the connection options, with the password from the file that the URL names.
///
/// # Errors
/// Fails if the URL is invalid, or if the file is unreadable.
pub(crate) fn connect_options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = without_own_parameters(url).parse()?;
    let Some(path) = password_file(url) else { return Ok(options) };
    let text = fs::read_to_string(&path).map_err(|error| {
        sqlx::Error::Configuration(Box::new(ServerFileError {
            parameter: PASSWORD_FILE_PARAMETER,
            path,
            error,
        }))
    })?;
    // An editor may add a line end.
    Ok(options.password(text.trim_end_matches(['\r', '\n'])))
}

fn rewrite_parameters(url: &str, rewrite: impl Fn(&str, &str) -> Option<String>) -> String {
    let Some((server, query)) = url.split_once('?') else { return url.to_owned() };
    let parameters: Vec<String> =
        query_parameters(query).filter_map(|(name, value)| rewrite(name, value)).collect();
    if parameters.is_empty() {
        server.to_owned()
    } else {
        format!("{server}?{}", parameters.join("&"))
    }
}

fn query_parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn file_parameters(url: &str) -> impl Iterator<Item = (&'static str, PathBuf)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query_parameters(query).filter_map(|(name, value)| {
        let name = FILE_PARAMETERS.into_iter().find(|file| *file == name)?;
        Some((name, percent_decode_str(value).decode_utf8_lossy().into_owned().into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "postgres://me@db.internal/cases?sslmode=verify-full&sslrootcert=db-ca.pem&password_file=db.password";

    #[test]
    fn files_of_a_url_start_at_the_folder_of_the_configuration() {
        let absolute = with_absolute_paths(URL, Path::new("/etc/burkindi"));
        assert_eq!(
            absolute,
            "postgres://me@db.internal/cases?sslmode=verify-full&sslrootcert=/etc/burkindi/db-ca.pem\
             &password_file=/etc/burkindi/db.password"
        );
        assert_eq!(super::with_absolute_paths(&absolute, Path::new("/elsewhere")), absolute);
        assert_eq!(password_file(&absolute), Some("/etc/burkindi/db.password".into()));
    }

    #[test]
    fn the_url_for_sqlx_contains_no_own_parameters() {
        assert_eq!(
            without_own_parameters(URL),
            "postgres://me@db.internal/cases?sslmode=verify-full&sslrootcert=db-ca.pem"
        );
        for url in ["postgres://h/d?password_file=/x", "postgres://h/d"] {
            assert_eq!(without_own_parameters(url), "postgres://h/d");
        }
    }

    #[test]
    fn a_missing_file_is_named_with_its_parameter() {
        let folder = tempfile::tempdir().unwrap();
        let [ca, password] = ["ca.pem", "a word"].map(|name| folder.path().join(name));
        let url = format!(
            "postgres://me@h/d?sslrootcert={}&password_file={}",
            ca.display(),
            password.display().to_string().replace(' ', "%20")
        );
        let missing = |parameter: &str| {
            let error = check_files(&url).unwrap_err().to_string();
            assert!(error.starts_with(parameter) && error.contains("No such file"), "{error}");
        };
        missing("sslrootcert=");
        fs::write(&ca, "").unwrap();
        missing("password_file=");
        assert!(
            connect_options(&url).unwrap_err().to_string().contains("a word"),
            "the path is in the error"
        );
        fs::write(&password, "secret \n").unwrap();
        check_files(&url).unwrap();
        connect_options(&url).unwrap();
    }
}
