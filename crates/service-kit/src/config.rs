//! Loads the configuration of both services: rejects unknown keys and suggests the nearest known
//! one, parses lists, and resolves relative paths against the folder of the file.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use confique::meta::{FieldKind, Meta};

/// Returns the folder of a configuration file. Its relative paths are resolved against this folder.
///
/// # Errors
/// Returns an error if the file does not exist, is a folder, or is not readable by the account.
pub fn config_folder(file: &Path) -> io::Result<PathBuf> {
    let file = fs::canonicalize(file)?;
    // Opening the file distinguishes a missing permission from a missing file.
    if fs::File::open(&file)?.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder, not a file"));
    }
    Ok(file.parent().map_or_else(PathBuf::new, Path::to_owned))
}

/// Makes a path absolute. An absolute path is unchanged.
pub fn make_absolute(folder: &Path, path: &mut PathBuf) {
    *path = folder.join(&*path);
}

/// Parses a comma-separated list from an environment variable. Spaces around items and empty items
/// are ignored.
///
/// # Errors
/// Returns the error of the first item that cannot be parsed.
pub fn parse_list<T: FromStr>(text: &str) -> Result<Vec<T>, T::Err> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::parse).collect()
}

/// Returns the text of an error with all its causes. If a key is unknown, the text suggests the
/// nearest known one.
pub fn explain_error(error: &confique::Error) -> String {
    let text = format!("{error:#}").trim_end().to_owned();
    match suggest_known_name(&text) {
        Some(name) => format!("{text}\nDid you mean `{name}`?"),
        None => text,
    }
}

/// Parses serde's "unknown field `x`, expected one of `a`, `b`".
fn suggest_known_name(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("unknown field `")?;
    let mut names = rest.lines().next()?.split('`');
    let unknown = names.next()?;
    // Commas separate the names.
    nearest_name(unknown, names.skip(1).step_by(2))
}

/// Returns the known name with the smallest edit distance, if it is small enough to be a typing
/// error.
fn nearest_name<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let max_distance = 2.max(unknown.chars().count() / 3);
    let distance = |name: &&str| strsim::damerau_levenshtein(unknown, name);
    known.min_by_key(distance).filter(|name| distance(name) <= max_distance)
}

/// Checks that the configuration reads every environment variable with this prefix. A mistyped
/// variable would otherwise be ignored silently.
///
/// # Errors
/// Returns a text with the first unknown variable and the nearest known one.
pub fn check_variables(
    prefix: &str,
    meta: &Meta,
    variables: impl IntoIterator<Item = OsString>,
) -> Result<(), String> {
    let known = variable_names(meta);
    for variable in variables {
        let variable = variable.to_string_lossy();
        if !variable.starts_with(prefix) || known.contains(&&*variable) {
            continue;
        }
        let unknown = format!("unknown environment variable {variable}");
        return Err(match nearest_name(&variable, known.into_iter()) {
            Some(name) => format!("{unknown} (did you mean {name}?)"),
            None => format!("{unknown} (remove it, or use a name from the configuration file)"),
        });
    }
    Ok(())
}

fn variable_names(meta: &Meta) -> Vec<&'static str> {
    let of_field = |field: &confique::meta::Field| match field.kind {
        FieldKind::Leaf { env, .. } => env.into_iter().collect(),
        FieldKind::Nested { meta } => variable_names(meta),
    };
    meta.fields.iter().flat_map(of_field).collect()
}

/// Removes the byte order mark that some editors write before a text.
pub fn strip_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use confique::Config as _;

    use super::*;

    #[derive(Debug, confique::Config)]
    #[config(layer_attr(serde(deny_unknown_fields)))]
    struct ExampleConfig {
        #[config(nested)]
        #[expect(dead_code, reason = "only its keys matter")]
        retention: RetentionConfig,
    }

    #[derive(Debug, confique::Config)]
    #[config(layer_attr(serde(deny_unknown_fields)))]
    struct RetentionConfig {
        #[config(env = "EXAMPLE_MONTHS", default = 60)]
        #[expect(dead_code, reason = "only its keys matter")]
        months: u16,
        #[config(env = "EXAMPLE_DAYS", default = [], parse_env = parse_list)]
        #[expect(dead_code, reason = "only its keys matter")]
        days: Vec<String>,
    }

    fn load(text: &str) -> Result<ExampleConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("example.toml");
        fs::write(&file, text).unwrap();
        ExampleConfig::builder().file(&file).load().map_err(|error| explain_error(&error))
    }

    #[test]
    fn an_unknown_key_or_section_is_rejected_with_its_line_and_the_nearest_known_one() {
        for (text, line, name, near) in [
            ("[retention]\nmonth = 12\n", "line 2", "`month`", "`months`"),
            ("\n[retentions]\nmonths = 12\n", "line 2", "`retentions`", "`retention`"),
            ("[retention]\nmonths = 1\ndasy = []\n", "line 3", "`dasy`", "`days`"),
        ] {
            let error = load(text).unwrap_err();
            for part in [line, name, &format!("Did you mean {near}?")] {
                assert!(error.contains(part), "{error} lacks {part}");
            }
        }
        let far = load("[retention]\nsomething_else = 12\n").unwrap_err();
        assert!(far.contains("something_else") && !far.contains("Did you mean"), "{far}");
        load("\u{feff}[retention]\nmonths = 12\n").unwrap();
    }

    #[test]
    fn a_mistyped_variable_is_rejected() {
        let check =
            |name: &str| check_variables("EXAMPLE_", &ExampleConfig::META, [OsString::from(name)]);
        check("EXAMPLE_MONTHS").unwrap();
        check("EXAMPLES").unwrap();
        assert!(check("EXAMPLE_MONTH").unwrap_err().contains("did you mean EXAMPLE_MONTHS?"));
        assert!(
            check("EXAMPLE_PASSWORD_FILE").unwrap_err().contains("unknown environment variable")
        );
    }

    #[test]
    fn a_list_ignores_spaces_and_empty_items() {
        assert_eq!(parse_list::<String>("01-01, 12-25 ,").unwrap(), ["01-01", "12-25"]);
        assert_eq!(parse_list::<u16>("").unwrap(), Vec::<u16>::new());
        assert!(parse_list::<u16>("1,x").is_err());
    }

    #[test]
    fn relative_paths_start_at_the_folder_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("example.toml");
        assert_eq!(config_folder(&file).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&file, "").unwrap();
        let base = config_folder(&file).unwrap();
        let (mut relative, mut absolute) =
            (PathBuf::from("tls/ca.pem"), PathBuf::from("/etc/ca.pem"));
        make_absolute(&base, &mut relative);
        make_absolute(&base, &mut absolute);
        assert_eq!(relative, base.join("tls/ca.pem"));
        assert_eq!(absolute, Path::new("/etc/ca.pem"));
        assert!(config_folder(folder.path()).is_err());
    }
}
