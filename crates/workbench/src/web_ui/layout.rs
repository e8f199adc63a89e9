//! The layout of every page: title, navigation, banners, and templates as responses.

use std::{ops::Deref, sync::atomic::Ordering};

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use time::Date;
use web::Locale;

use super::request::{PageRequest, home_path, page_url};
use crate::l10n::{Localizer, dates};

/// The section of the navigation that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NavSection {
    Queue,
    Search,
    Keys,
    Absence,
    Administration,
    Help,
    None,
}

/// The data of the layout. The template of every page holds one as `frame`.
pub(crate) struct PageFrame {
    request: PageRequest,
    localizer: Localizer,
    /// A neutral title, because browsers store it in their history.
    pub(crate) title: String,
    pub(crate) section: NavSection,
    /// The handle whose keys are unlocked. `None` while the workbench is locked.
    pub(crate) signed_in_as: Option<String>,
    /// Whether there is a session at the case handler, so that the navigation leads to cases.
    pub(crate) is_signed_in: bool,
    /// Days until the directory expires.
    pub(super) days_left: i64,
}

impl Deref for PageFrame {
    type Target = Localizer;

    fn deref(&self) -> &Localizer {
        &self.localizer
    }
}

/// Every page warns from this many days before the directory expires.
const EXPIRY_WARNING_DAYS: i64 = doctor::DIRECTORY_WARNING_DAYS;

impl PageFrame {
    /// Returns the layout of a page without an unlocked key. `title` is the key of a text.
    pub(crate) fn new(request: PageRequest, title: &str, section: NavSection) -> Self {
        let localizer = request.state.localizer(request.locale);
        let title = localizer.t(title);
        Self {
            request,
            localizer,
            title,
            section,
            signed_in_as: None,
            is_signed_in: false,
            days_left: i64::MAX,
        }
    }

    /// Returns the address of a page.
    pub(crate) fn url(&self, path: &str) -> String {
        self.request.url(path)
    }

    /// Returns the address of the page about the member's own keys.
    pub(crate) fn home_url(&self) -> String {
        self.url(home_path(self.is_signed_in))
    }

    /// Returns the address of this page.
    pub(crate) fn current_url(&self) -> String {
        self.request.url(&self.request.path)
    }

    /// Returns the addresses of this page in the other languages.
    pub(crate) fn language_links(&self) -> Vec<(Locale, String)> {
        let others = dates::LOCALES.into_iter().filter(|locale| *locale != self.request.locale);
        others
            .map(|locale| (locale, page_url(&self.request.state, locale, &self.request.path)))
            .collect()
    }

    pub(crate) fn asset(&self, stem: &str) -> String {
        self.request.state.assets.url(stem)
    }

    /// Returns whether `path` is the path of this page.
    pub(crate) fn is_current(&self, path: &str) -> bool {
        self.request.path == path
    }

    /// Returns whether the page belongs to this section, which is named as in its address.
    pub(crate) fn is_in(&self, section: &str) -> bool {
        let name = match self.section {
            NavSection::Queue => "queue",
            NavSection::Search => "search",
            NavSection::Keys => "keys",
            NavSection::Absence => "absence",
            NavSection::Administration => "administration",
            NavSection::Help => "help",
            NavSection::None => return false,
        };
        name == section
    }

    /// Returns the message about what was just done.
    pub(crate) fn flash_message(&self) -> Option<String> {
        let key = format!("done-{}", self.request.flash.as_ref()?);
        self.catalog().contains(&key).then(|| self.t(&key))
    }

    /// Returns the warning that the directory has expired or expires soon.
    pub(crate) fn directory_banner(&self) -> Option<String> {
        match self.days_left {
            ..0 => Some(self.t("directory-expired")),
            days @ 0..=EXPIRY_WARNING_DAYS => {
                Some(self.count("directory-ends", usize::try_from(days).unwrap_or(0)))
            }
            _ => None,
        }
    }

    /// Returns the seconds without activity after which the workbench locks, for the script.
    pub(crate) fn idle_seconds(&self) -> u64 {
        self.request.state.key_session.idle_timeout().as_secs()
    }

    /// Returns the same time in minutes, rounded up, for texts.
    pub(crate) fn idle_minutes(&self) -> usize {
        usize::try_from(self.idle_seconds().div_ceil(60)).unwrap_or(usize::MAX)
    }

    /// Returns whether single keys of the keyboard act as shortcuts.
    pub(crate) fn has_shortcuts(&self) -> bool {
        self.request.state.shortcuts.load(Ordering::Relaxed)
    }

    pub(crate) fn today(&self) -> Date {
        self.request.today()
    }
}

/// Renders a template as a response with this status.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "bug: failed to render a template");
            internal_error_page()
        }
    }
}

/// Renders a template as a response with status 200.
pub(crate) fn render_ok(page: &impl Template) -> Response {
    render(StatusCode::OK, page)
}

/// Returns the page for a bug. It does not show the message of the error, which could quote a
/// report.
pub(crate) fn internal_error_page() -> Response {
    let page = "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><title>Burkindi</title><p>Une erreur du programme. \
                Revenez en arrière et réessayez.</p><p lang=\"en\">Internal error. Go back and try again.</p></html>";
    (StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response()
}
