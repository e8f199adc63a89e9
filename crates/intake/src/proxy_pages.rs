//! `intake error-pages`: writes the pages that the reverse proxy shows when the intake does not
//! respond.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
};

use rand::rngs::OsRng;
use taxonomy::Taxonomy;
use web::Clock;

use crate::{
    config::{Config, ConfigError},
    pages::{ErrorKind, Pages, standalone_error_page},
};

/// The pages to which `deploy/nginx/nginx.conf` refers.
const ERROR_PAGES: [(&str, ErrorKind); 4] = [
    ("form", ErrorKind::BadForm),
    ("large", ErrorKind::TooLarge),
    ("busy", ErrorKind::Busy),
    ("broken", ErrorKind::Internal),
];

/// The reasons why the pages are not written.
#[derive(Debug, thiserror::Error)]
pub enum ProxyPagesError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The folder cannot be written.
    #[error("failed to write the error pages: {0}")]
    Folder(#[from] io::Error),
}

/// The folder of the pages for paths that name no language in which the pages are offered.
const DEFAULT_FOLDER: &str = "default";

/// Writes `LANGUAGE/NAME.html` and `default/NAME.html` below `folder`, readable for all accounts of
/// the machine. Returns the number of pages.
///
/// # Errors
/// Returns an error if the configuration is invalid or the folder cannot be written. Some pages may
/// have been written before the error.
pub fn write_error_pages(config: &Config, folder: &Path) -> Result<usize, ProxyPagesError> {
    let pages =
        Pages::new(Arc::new(Taxonomy::built_in()), config.branding.clone(), Clock::system(), OsRng);
    let mut written = 0;
    let languages = config.branding.locales().into_iter().map(|locale| (locale.code, locale));
    for (name, locale) in languages.chain([(DEFAULT_FOLDER, pages.default_locale())]) {
        let language = folder.join(name);
        fs::create_dir_all(&language)?;
        for (name, kind) in ERROR_PAGES {
            let Some(html) = standalone_error_page(&pages, locale, kind) else { continue };
            let file = language.join(format!("{name}.html"));
            fs::write(&file, html)?;
            // The proxy runs under another account, and these pages are public.
            fs::set_permissions(&file, Permissions::from_mode(0o644))?;
            written += 1;
        }
        fs::set_permissions(&language, Permissions::from_mode(0o755))?;
    }
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_exists_in_each_language_and_loads_nothing_from_the_service() {
        let folder = tempfile::tempdir().unwrap();
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/config/intake.toml");
        let config = Config::load(Path::new(example)).unwrap();
        let at = folder.path().join("pages");
        assert_eq!(
            write_error_pages(&config, &at).unwrap(),
            ERROR_PAGES.len() * (config.branding.locales().len() + 1)
        );
        let nginx = include_str!("../../../deploy/nginx/nginx.conf");
        assert!(nginx.contains(&format!("default {DEFAULT_FOLDER};")));
        for (name, _) in ERROR_PAGES {
            assert!(
                nginx.contains(&format!("/burkindi-error-pages/$page_language/{name}.html;")),
                "{name}"
            );
            let default = (DEFAULT_FOLDER, config.branding.locales()[0]);
            let languages = config.branding.locales().into_iter().map(|one| (one.code, one));
            for (language, locale) in languages.chain([default]) {
                let file = at.join(language).join(format!("{name}.html"));
                assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
                let html = fs::read_to_string(&file).unwrap();
                assert!(
                    html.contains("<style>") && html.contains(&format!("lang=\"{}\"", locale.code))
                );
                assert!(!html.contains("/assets/") && !html.contains("<script"), "{html}");
            }
        }
    }
}
