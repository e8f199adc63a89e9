//! The layout of every page.

use askama::Template;
use axum::{
    body::HttpBody,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use protocol::program::MANIFEST_PATH;
use tower_http::compression::Predicate;
use web::{Locale, MessageCatalog, PERMISSIONS_POLICY, SecurityPolicy, permissions_policy};

use super::{
    ErrorKind, Pages, error_page,
    phone_links::{self, TextPiece},
    spoken_help::OfferedPack,
};
use crate::config::branding;

/// The data of the layout. The template of every page contains it.
pub(super) struct PageLayout<'a> {
    pages: &'a Pages,
    messages: &'a MessageCatalog,
    /// The language of the page.
    pub(super) locale: Locale,
    /// The title. It is neutral, because the history of the phone shows it.
    pub(super) title: String,
    /// How the page changes to another language.
    pub(super) switch: LanguageSwitch,
    /// The token of the visit of the page; empty for none.
    visit: &'a str,
}

/// How a page changes to another language without losing its state.
pub(super) enum LanguageSwitch {
    /// A link to the same path.
    Link(&'static str),
    /// A button that sends the form `f` to the same path in the other language, with this value.
    Form {
        path: &'static str,
        go: &'static str,
        /// The button that the Enter key presses, which must come first in the form.
        enter: Option<&'static str>,
    },
    /// No language change, because it would lose the page.
    None,
}

impl<'a> PageLayout<'a> {
    pub(super) fn new(
        pages: &'a Pages,
        locale: Locale,
        title: &'static str,
        switch: LanguageSwitch,
    ) -> Self {
        let messages = pages.catalogs.catalog(locale);
        let title = messages.get(title);
        Self { pages, messages, locale, title, switch, visit: "" }
    }

    /// Sets the visit of the page.
    pub(super) fn with_visit(mut self, visit: &'a str) -> Self {
        self.visit = visit;
        self
    }

    /// Returns the target of "leave quickly". It contains the visit, so that leaving ends it.
    pub(super) fn quick_exit_url(&self) -> String {
        match self.visit {
            "" => "/leave".to_owned(),
            visit => format!("/leave/{visit}"),
        }
    }

    /// Returns the token of the visit of the page; empty for none.
    pub(super) fn visit(&self) -> &str {
        self.visit
    }

    /// Returns a text in the language of the page.
    pub(super) fn t(&self, key: &str) -> String {
        self.messages.get(key)
    }

    /// Returns a text with one argument.
    pub(super) fn with(&self, key: &str, name: &'static str, value: &str) -> String {
        self.messages.with(key, &[(name, value)])
    }

    /// Returns the number of a step of the form, among all steps.
    pub(super) fn step(&self, number: &str, last: &str) -> String {
        self.messages.with("step", &[("number", number), ("last", last)])
    }

    /// Returns the condition of a question in words.
    pub(super) fn condition(&self, question: &str, answers: &str) -> String {
        self.messages.with("only-if", &[("question", question), ("answers", answers)])
    }

    pub(super) fn messages(&self) -> &MessageCatalog {
        self.messages
    }

    /// Returns the language code (ISO 639-1).
    pub(super) fn code(&self) -> &'static str {
        self.locale.code
    }

    pub(super) fn other_locales(&self) -> Vec<Locale> {
        self.pages.catalogs.locales().filter(|locale| *locale != self.locale).collect()
    }

    /// Returns whether this build has a script with which browsers seal reports.
    pub(super) fn has_script(&self) -> bool {
        self.pages.has_script()
    }

    /// Returns URL and integrity hash of the script, if this build has one.
    pub(super) fn script(&self) -> Option<(String, &str)> {
        self.pages.assets.script()
    }

    /// Returns what the script fetches before it takes over a page. Pages name it, so that browsers
    /// fetch it beside the script and not after it.
    pub(super) fn form_files(&self) -> Vec<String> {
        let directory = ["/directory.json", "/directory.sig", "/directory.trust", MANIFEST_PATH];
        [self.form_start()].into_iter().chain(directory.map(str::to_owned)).collect()
    }

    /// Returns the paths of what the form needs until a report is sealed, in the order of its use.
    /// The script of the home page loads them, for all visitors alike.
    pub(super) fn report_files(&self) -> String {
        let script = self.script().map(|(url, _)| url);
        let directory = "/directory.json".to_owned();
        let first = [directory, self.form_start(), MANIFEST_PATH.to_owned()];
        let modules = [self.module_url("form"), Some(self.form_rest()), self.module_url("seal")];
        let files = script.into_iter().chain(first).chain(modules.into_iter().flatten());
        files.collect::<Vec<_>>().join(" ")
    }

    /// Returns URL and integrity hash of the script that loads them, if this build has one.
    pub(super) fn prefetch_script(&self) -> Option<(String, &str)> {
        self.pages.assets.prefetch_script()
    }

    /// Returns what the script also fetches before it takes over the page of a returning reporter.
    /// Empty if this build has no script.
    pub(super) fn return_files(&self) -> Vec<String> {
        self.module_url("return").map(|url| vec![url, self.form_rest()]).unwrap_or_default()
    }

    fn form_start(&self) -> String {
        format!("/{}/form.json", self.code())
    }

    fn form_rest(&self) -> String {
        format!("/{}/form-rest.json", self.code())
    }

    fn module_url(&self, name: &str) -> Option<String> {
        self.script_modules()
            .into_iter()
            .find(|(module, ..)| *module == name)
            .map(|(_, url, _)| url)
    }

    /// Returns name, URL and integrity hash of each module that the script loads.
    pub(super) fn script_modules(&self) -> Vec<(&'static str, String, &str)> {
        self.pages.assets.script_modules()
    }

    /// Returns URL and integrity hash of the script of the quick exit, if this build has one.
    pub(super) fn quick_exit_script(&self) -> Option<(String, &str)> {
        self.pages.assets.quick_exit_script()
    }

    /// Returns the audio packs that the page offers. The script plays them.
    pub(super) fn offered_packs(&self) -> Vec<&OfferedPack> {
        if self.pages.has_script() { self.pages.offered_packs(self.locale) } else { Vec::new() }
    }

    /// Returns the size of an audio pack in words.
    pub(super) fn pack_size(&self, pack: &OfferedPack) -> String {
        self.messages.with("listen-size", &[("size", pack.megabytes.as_str())])
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

    /// Returns name and contact of the organisations that help victims.
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

    /// Returns a contact with its telephone numbers as links.
    pub(super) fn contact_with_phone_links(&self, contact: &str) -> Vec<TextPiece> {
        // The emergency number is short, so it is a link only if it is the whole contact.
        let short = if contact == self.emergency() { contact } else { "" };
        phone_links::link_phone_numbers(contact, short)
    }

    /// Returns a text with the emergency number as a link.
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

/// Renders a template into a response.
pub(super) fn render(pages: &Pages, status: StatusCode, page: &impl Template) -> Response {
    html_response(pages, status, page.render())
}

fn html_response(
    pages: &Pages,
    status: StatusCode,
    rendered: Result<String, askama::Error>,
) -> Response {
    match rendered {
        Ok(html) => {
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "bug: failed to render a template");
            error_page(pages, pages.default_locale(), ErrorKind::Internal)
        }
    }
}

/// Renders a page of the report. It may run our scripts, if this build has them, and the script may
/// ask for the microphone, because it shows the page with the recorder without another request.
pub(super) fn render_report_page(
    pages: &Pages,
    status: StatusCode,
    page: &impl Template,
) -> Response {
    let mut response = render_with_script(pages, status, page);
    if pages.has_script() {
        response.headers_mut().insert(PERMISSIONS_POLICY, permissions_policy(true));
    }
    response
}

/// Renders a page that may run our scripts, if this build has them.
pub(super) fn render_with_script(
    pages: &Pages,
    status: StatusCode,
    page: &impl Template,
) -> Response {
    let mut response = render(pages, status, page);
    if pages.has_script() {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, script_policy(pages).header());
    }
    response
}

/// Returns the content policy of pages that may run our scripts. They run none if this build has
/// none.
pub(super) fn script_policy(pages: &Pages) -> SecurityPolicy {
    SecurityPolicy { scripts: pages.has_script(), ..SecurityPolicy::default() }
}

/// Marks a page that is never compressed.
#[derive(Clone, Copy)]
pub(super) struct NeverCompress;

/// Renders a page that contains typed text beside a secret of the service. It is not compressed,
/// because its compressed length could reveal whether the two are alike.
pub(super) fn render_uncompressed(
    pages: &Pages,
    status: StatusCode,
    page: &impl Template,
) -> Response {
    let mut response = render(pages, status, page);
    response.extensions_mut().insert(NeverCompress);
    response
}

/// The length of every answer of the return page in bytes, whatever the mailbox contains, and
/// whether or not an own copy is open. The largest page with a full mailbox and no draft is
/// shorter. A longer page, with a long draft or with a long own copy to save, is padded to a
/// multiple.
pub(super) const RETURN_ANSWER_LEN: usize = 48 * 1024;
const PADDING_START: &str = "<!--";
const PADDING_END: &str = "-->\n";

/// Renders an answer of the return page. All answers have one length and no compression, so that
/// their length on the wire does not reveal whether a mailbox exists or contains an answer. They
/// run no scripts, so that their headers have one length too.
pub(super) fn render_return_answer(
    pages: &Pages,
    status: StatusCode,
    page: &impl Template,
) -> Response {
    return_answer(pages, status, page.render())
}

/// Returns an answer of the return page that is rendered and not padded yet.
pub(super) fn return_answer(
    pages: &Pages,
    status: StatusCode,
    rendered: Result<String, askama::Error>,
) -> Response {
    let padded = rendered.map(|html| pad_to_multiple(html, RETURN_ANSWER_LEN));
    let mut response = html_response(pages, status, padded);
    response.extensions_mut().insert(NeverCompress);
    response
}

/// Returns by how many bytes a page without its padding is longer than one answer.
pub(super) fn surplus_bytes(html: &str) -> usize {
    (html.len() + PADDING_START.len() + PADDING_END.len()).saturating_sub(RETURN_ANSWER_LEN)
}

/// Appends a comment of spaces, so that the length is a multiple of `step`. A browser shows the
/// page before the comment has arrived.
fn pad_to_multiple(mut html: String, step: usize) -> String {
    let unpadded = html.len() + PADDING_START.len() + PADDING_END.len();
    let spaces = unpadded.next_multiple_of(step) - unpadded;
    html.reserve_exact(PADDING_START.len() + spaces + PADDING_END.len());
    html.push_str(PADDING_START);
    html.extend(std::iter::repeat_n(' ', spaces));
    html.push_str(PADDING_END);
    html
}

/// Compresses HTML pages, to save bytes on slow networks, except those marked [`NeverCompress`].
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
