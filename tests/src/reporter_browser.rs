//! A reporter's browser without JavaScript: it opens pages, fills forms and presses buttons. It
//! uses nothing but the HTML.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use reqwest::{
    Client, StatusCode,
    header::{HeaderName, HeaderValue},
    redirect::Policy,
};
use scraper::{ElementRef, Html, Selector};

/// A visitor of the reporter's pages.
#[derive(Debug, Clone)]
pub struct ReporterBrowser {
    http: Client,
    base_url: String,
    lang: String,
}

/// A page as received.
#[derive(Debug)]
pub struct ReporterPage {
    /// Status of the response.
    pub status: StatusCode,
    /// The complete HTML.
    pub html: String,
}

/// A file that is chosen in a form.
#[derive(Debug, Clone, Copy)]
pub struct FormFile<'a> {
    /// Its name on the device.
    pub name: &'a str,
    /// Media type, as the browser guesses it.
    pub media_type: &'a str,
    /// Its content.
    pub content: &'a [u8],
}

const MULTIPART_BOUNDARY: &str = "----a-boundary-of-the-scenarios";

impl ReporterBrowser {
    /// Content type of the bytes from [`ReporterBrowser::multipart_body`].
    pub const CONTENT_TYPE: &str = "multipart/form-data; boundary=----a-boundary-of-the-scenarios";

    /// Returns a browser in this language.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub fn new(base: &str, lang: &str) -> Result<Self> {
        // Commands of the workbench block this runtime, so it would not notice that the intake
        // closed an idle connection.
        let http = Client::builder().pool_max_idle_per_host(0).no_proxy().redirect(Policy::none());
        // Browsers send these headers with a request from a page of the service.
        let own =
            (HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static("same-origin"));
        let http = http.default_headers([own].into_iter().collect()).build()?;
        Ok(Self { http, base_url: base.to_owned(), lang: lang.to_owned() })
    }

    /// Opens a page in the visitor's language, such as `/report`.
    ///
    /// # Errors
    /// If the request fails.
    pub async fn get_page(&self, path: &str) -> Result<ReporterPage> {
        let response =
            self.http.get(format!("{}/{}{path}", self.base_url, self.lang)).send().await?;
        ReporterPage::from_response(response).await
    }

    /// Returns what a browser shows for a response. It follows a redirect to a page of the same
    /// service.
    async fn follow_redirect(&self, response: reqwest::Response) -> Result<ReporterPage> {
        let to = response
            .headers()
            .get("location")
            .filter(|_| response.status() == StatusCode::SEE_OTHER);
        let Some(to) = to else { return ReporterPage::from_response(response).await };
        let to = format!("{}{}", self.base_url, to.to_str()?);
        ReporterPage::from_response(self.http.get(to).send().await?).await
    }

    /// Fills these fields of the form with this action and presses a button.
    ///
    /// # Errors
    /// If the page has no such form, or the request fails.
    pub async fn press_button(
        &self,
        page: &ReporterPage,
        action: &str,
        button: &str,
        typed: &[(&str, &str)],
    ) -> Result<ReporterPage> {
        let mut fields = page.form_fields(&self.localized_path(action))?;
        fields.retain(|(name, _)| !typed.iter().any(|(typed, _)| typed == name));
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        if !button.is_empty() {
            fields.push(("go".to_owned(), button.to_owned()));
        }
        let body = fields.iter().fold(String::new(), |mut body, (name, value)| {
            let glue = if body.is_empty() { "" } else { "&" };
            write!(body, "{glue}{}={}", percent_encode(name), percent_encode(value))
                .expect("writing to a string");
            body
        });
        let request = self.http.post(format!("{}{}", self.base_url, self.localized_path(action)));
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(body);
        self.follow_redirect(request.send().await?).await
    }

    /// Fills these fields of the form with this action and sends it with files.
    ///
    /// # Errors
    /// If the page has no such form, or the request fails.
    pub async fn submit_form(
        &self,
        page: &ReporterPage,
        action: &str,
        typed: &[(&str, &str)],
        files: &[FormFile<'_>],
    ) -> Result<ReporterPage> {
        let body = self.multipart_body(page, action, typed, files)?;
        self.post_multipart(action, body).await
    }

    /// Returns the bytes of that form, for callers that send them twice or in pieces.
    ///
    /// # Errors
    /// If the page has no such form.
    pub fn multipart_body(
        &self,
        page: &ReporterPage,
        action: &str,
        typed: &[(&str, &str)],
        files: &[FormFile<'_>],
    ) -> Result<Vec<u8>> {
        let mut fields = page.form_fields(&self.localized_path(action))?;
        fields.retain(|(name, _)| !typed.iter().any(|(typed, _)| typed == name));
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!(
                "--{MULTIPART_BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
        for file in files {
            let head = format!(
                "--{MULTIPART_BOUNDARY}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
                file.name, file.media_type
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(file.content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{MULTIPART_BOUNDARY}--\r\n").as_bytes());
        Ok(body)
    }

    /// Sends the bytes of a form.
    ///
    /// # Errors
    /// If the request fails.
    pub async fn post_multipart(
        &self,
        action: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<ReporterPage> {
        let request = self.http.post(format!("{}{}", self.base_url, self.localized_path(action)));
        self.follow_redirect(
            request.header("content-type", Self::CONTENT_TYPE).body(body).send().await?,
        )
        .await
    }

    /// Goes through the form up to the review page of a report about an unofficial payment.
    ///
    /// # Errors
    /// If a page is missing.
    pub async fn open_review_page(&self, typed: &[(&str, &str)]) -> Result<ReporterPage> {
        let subject = self.get_page("/report").await?;
        let case = self.press_button(&subject, "/report", "family.money", &[]).await?;
        let tell = self.press_button(&case, "/report", "category.FAC", &[]).await?;
        self.press_button(&tell, "/report", "review", typed).await
    }

    /// Submits a report and returns the page with the receipt.
    ///
    /// # Errors
    /// If a page is missing.
    pub async fn submit_report(
        &self,
        typed: &[(&str, &str)],
        files: &[FormFile<'_>],
    ) -> Result<ReporterPage> {
        let review = self.open_review_page(typed).await?;
        self.submit_form(&review, "/report/send", &[], files).await
    }

    /// Opens the mailbox of a receipt.
    ///
    /// # Errors
    /// If the request fails.
    pub async fn open_mailbox(&self, receipt: &str) -> Result<ReporterPage> {
        let page = self.get_page("/return").await?;
        self.press_button(&page, "/return", "", &[("receipt", receipt)]).await
    }

    fn localized_path(&self, action: &str) -> String {
        format!("/{}{action}", self.lang)
    }
}

impl ReporterPage {
    async fn from_response(response: reqwest::Response) -> Result<Self> {
        let status = response.status();
        Ok(Self { status, html: response.text().await? })
    }

    /// Returns the code of the receipt.
    ///
    /// # Errors
    /// If the page shows none.
    pub fn receipt_code(&self) -> Result<String> {
        let groups = self.texts(".code span");
        anyhow::ensure!(groups.len() == 7, "no receipt on this page: {}", self.heading());
        Ok(groups.join(" "))
    }

    /// Returns the words of the receipt.
    ///
    /// # Errors
    /// If the page shows none.
    pub fn receipt_words(&self) -> Result<String> {
        let words = self.texts(".words li");
        anyhow::ensure!(words.len() == 12, "no receipt on this page: {}", self.heading());
        Ok(words.join(" "))
    }

    /// Returns the messages of a thread.
    pub fn messages(&self) -> Vec<String> {
        self.texts(".messages .story")
    }

    /// Returns the number of submissions that a thread states as received, the report included.
    /// Returns `None` if the page is no thread.
    pub fn received_submissions(&self) -> Option<usize> {
        let state = self.texts(".state .hint").concat();
        let mut digits = state.split(|character: char| !character.is_ascii_digit());
        digits.find(|number| !number.is_empty())?.parse().ok()
    }

    /// Returns the heading of the page.
    pub fn heading(&self) -> String {
        self.texts("h1").concat()
    }

    /// Returns the text of every element that matches a selector.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).expect("selectors in tests are valid");
        let page = Html::parse_document(&self.html);
        page.select(&selector)
            .map(|found| found.text().collect::<String>().trim().to_owned())
            .collect()
    }

    /// Returns the fields of the form with this action before the visitor types anything.
    fn form_fields(&self, action: &str) -> Result<Vec<(String, String)>> {
        let page = Html::parse_document(&self.html);
        let form = Selector::parse("form").expect("a selector");
        let form = page
            .select(&form)
            .find(|form| form.attr("action") == Some(action))
            .with_context(|| format!("the page “{}” has no form for {action}", self.heading()))?;
        let field = Selector::parse("input, textarea, select").expect("a selector");
        Ok(form.select(&field).filter_map(field_value).collect())
    }
}

/// Returns the name and value that a browser would send for a field.
fn field_value(field: ElementRef<'_>) -> Option<(String, String)> {
    let name = field.attr("name")?.to_owned();
    let value = match (field.value().name(), field.attr("type")) {
        ("textarea", _) => field.text().collect::<String>().trim_start_matches('\n').to_owned(),
        ("select", _) => {
            let chosen = Selector::parse("option[selected]").expect("a selector");
            field
                .select(&chosen)
                .next()
                .and_then(|option| option.attr("value"))
                .unwrap_or_default()
                .to_owned()
        }
        (_, Some("file")) => return None,
        (_, Some("checkbox" | "radio")) => {
            field.attr("checked")?;
            field.attr("value").unwrap_or("on").to_owned()
        }
        _ => field.attr("value").unwrap_or_default().to_owned(),
    };
    Some((name, value))
}

fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string");
        }
        out
    })
}
