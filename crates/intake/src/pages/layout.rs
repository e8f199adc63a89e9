//! The frame around every page.

use askama::Template;
use axum::{
    body::HttpBody,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use tower_http::compression::Predicate;
use web::{Locale, MessageCatalog, SecurityPolicy};

use super::{
    ErrorKind, Pages, error_page,
    phone_links::{self, TextPiece},
};
use crate::config::branding;

/// What the frame shows; every page's template holds one.
pub(super) struct PageLayout<'a> {
    pages: &'a Pages,
    messages: &'a MessageCatalog,
    /// The language of the page.
    pub(super) locale: Locale,
    /// Neutral: it stands in the phone's history.
    pub(super) title: String,
    /// How the other languages are reached.
    pub(super) switch: LanguageSwitch,
    /// The token of the visit that the page belongs to; empty for none.
    visit: &'a str,
}

/// How a page gets into another language without losing one's place.
pub(super) enum LanguageSwitch {
    /// By a link to the same path.
    Link(&'static str),
    /// By sending the form `f` to the same path in the other language; the button says this.
    Form {
        path: &'static str,
        go: &'static str,
        /// The button that the Enter key presses, which must come first in the form.
        enter: Option<&'static str>,
    },
    /// Not at all: the page would be lost.
    None,
}

impl<'a> PageLayout<'a> {
    pub(super) fn new(
        pages: &'a Pages,
        locale: Locale,
        title: &str,
        switch: LanguageSwitch,
    ) -> Self {
        let words = pages.catalogs.catalog(locale);
        Self { pages, messages: words, locale, title: words.get(title), switch, visit: "" }
    }

    /// The frame of a page that belongs to a visit.
    pub(super) fn with_visit(mut self, visit: &'a str) -> Self {
        self.visit = visit;
        self
    }

    /// Where "leave quickly" leads: with the visit, so that it ends.
    pub(super) fn quick_exit_url(&self) -> String {
        match self.visit {
            "" => "/leave".to_owned(),
            visit => format!("/leave/{visit}"),
        }
    }

    /// The token of the page's visit; empty where there is none.
    pub(super) fn visit(&self) -> &str {
        self.visit
    }

    /// A text of the page's language.
    pub(super) fn t(&self, key: &str) -> String {
        self.messages.get(key)
    }

    /// A text with one argument.
    pub(super) fn with(&self, key: &str, name: &'static str, value: &str) -> String {
        self.messages.with(key, &[(name, value)])
    }

    pub(super) fn messages(&self) -> &MessageCatalog {
        self.messages
    }

    /// ISO 639-1.
    pub(super) fn code(&self) -> &'static str {
        self.locale.code
    }

    pub(super) fn other_locales(&self) -> Vec<Locale> {
        self.pages.catalogs.locales().filter(|locale| *locale != self.locale).collect()
    }

    /// Address and integrity of the script, if this build has one.
    pub(super) fn script(&self) -> Option<(String, &str)> {
        self.pages.assets.script()
    }

    /// Address and integrity of the part of the script that cleans files, if this build has one.
    pub(super) fn files_script(&self) -> Option<(String, &str)> {
        self.pages.assets.files_script()
    }

    pub(super) fn asset(&self, stem: &str) -> String {
        self.pages.assets.url(stem)
    }

    pub(super) fn administration(&self) -> &str {
        branding::localized(&self.pages.branding.administration, self.locale)
    }

    pub(super) fn oversight_body(&self) -> &str {
        branding::localized(&self.pages.branding.oversight_body.name, self.locale)
    }

    pub(super) fn oversight_contact(&self) -> &str {
        branding::localized(&self.pages.branding.oversight_body.contact, self.locale)
    }

    /// Name and contact of those who help people to whom something was done.
    pub(super) fn support(&self) -> Vec<(&str, &str)> {
        let contacts = self.pages.branding.support.iter();
        contacts
            .map(|one| {
                (
                    branding::localized(&one.name, self.locale),
                    branding::localized(&one.contact, self.locale),
                )
            })
            .collect()
    }

    /// A text with its telephone numbers as links.
    pub(super) fn contact_with_phone_links(&self, contact: &str) -> Vec<TextPiece> {
        // The number for emergencies is a short one, and is found in contacts only as a whole.
        let short = if contact == self.emergency() { contact } else { "" };
        phone_links::link_phone_numbers(contact, short)
    }

    /// A text about the number for emergencies, with the number as a link.
    pub(super) fn emergency_text_with_phone_links(&self, key: &str) -> Vec<TextPiece> {
        phone_links::link_phone_numbers(
            &self.with(key, "number", self.emergency()),
            self.emergency(),
        )
    }

    pub(super) fn emergency(&self) -> &str {
        &self.pages.branding.emergency_number
    }
}

/// A template as a response.
pub(super) fn render(pages: &Pages, status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "bug: a template does not render");
            error_page(pages, crate::i18n::LOCALES[0], ErrorKind::Internal)
        }
    }
}

/// A page that the script takes over where it can: the one kind of page on which scripts of ours
/// may run.
pub(super) fn render_with_script(
    pages: &Pages,
    status: StatusCode,
    page: &impl Template,
) -> Response {
    let mut response = render(pages, status, page);
    if pages.has_script() {
        let policy = SecurityPolicy { scripts: true, ..SecurityPolicy::default() };
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.header());
    }
    response
}

/// Marks a page that is never compressed.
#[derive(Clone, Copy)]
pub(super) struct NeverCompress;

/// A page that holds what was typed beside something secret of ours. Its compressed length could
/// tell whether the one is like the other, so it goes as it is.
pub(super) fn render_uncompressed(
    pages: &Pages,
    status: StatusCode,
    page: &impl Template,
) -> Response {
    let mut response = render(pages, status, page);
    response.extensions_mut().insert(NeverCompress);
    response
}

/// Pages that may be compressed: a phone on a slow network pays for every byte.
#[derive(Clone, Copy)]
pub(super) struct CompressionPolicy;

impl Predicate for CompressionPolicy {
    fn should_compress<B>(&self, response: &http::Response<B>) -> bool
    where
        B: HttpBody,
    {
        let html = response.headers().get(header::CONTENT_TYPE);
        html.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
            && response.extensions().get::<NeverCompress>().is_none()
    }
}
