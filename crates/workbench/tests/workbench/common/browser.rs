//! A running workbench with its pages, and a browser.

use std::{net::SocketAddr, time::Duration};

use rand::rngs::OsRng;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect::Policy};
use scraper::{Html, Selector};
use web::Clock;
use workbench::{
    session::profile::ProfileDir,
    web_ui::{BoundUiServer, LinkIssuer, UiSettings},
};

use super::{PASSPHRASE, cheap_scrypt, environment::TestEnvironment, now, reporter::TestReporter};

pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_mins(10);

/// A member's workbench, and a browser.
pub(crate) struct WorkbenchBrowser {
    pub(crate) environment: TestEnvironment,
    pub(crate) address: SocketAddr,
    pub(crate) link_issuer: LinkIssuer,
    pub(crate) clock: Clock,
    pub(crate) http: Client,
    pub(crate) cookie: String,
    pub(crate) path_secret: String,
}

impl WorkbenchBrowser {
    /// Starts the workbench, with a browser that has followed the sign-in link.
    pub(crate) async fn open(handle: &str) -> Self {
        let environment = TestEnvironment::start();
        let profile = environment.installation.profile_dir(handle, &environment.handler.url);
        Self::start_in(environment, profile).await
    }

    /// As [`Self::open`], with any profile.
    pub(crate) async fn start_in(environment: TestEnvironment, profile: ProfileDir) -> Self {
        Self::start_with_page_timeout(environment, profile, Duration::from_mins(1)).await
    }

    /// As [`Self::start_in`], with a time limit for pages that wait while cases are read.
    pub(crate) async fn start_with_page_timeout(
        environment: TestEnvironment,
        profile: ProfileDir,
        page_timeout: Duration,
    ) -> Self {
        // Fails only if a provider is already installed, which is fine.
        drop(rustls::crypto::ring::default_provider().install_default());
        let clock = Clock::fixed(now());
        let program = env!("CARGO_BIN_EXE_burkindi").into();
        let settings = UiSettings {
            port: 0,
            idle_timeout: IDLE_TIMEOUT,
            page_timeout,
            scrypt_cost: cheap_scrypt(),
            program,
        };
        let bound = BoundUiServer::bind(profile, settings, clock.clone(), &mut OsRng).unwrap();
        let (address, launcher) = (bound.address, bound.link_issuer());
        tokio::spawn(bound.serve(std::future::pending()));
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let mut screen = Self {
            environment,
            address,
            link_issuer: launcher,
            clock,
            http,
            cookie: String::new(),
            path_secret: String::new(),
        };
        screen.follow_login_link().await;
        screen
    }

    /// Follows a new sign-in link.
    pub(crate) async fn follow_login_link(&mut self) {
        let answer = self.http.get(self.link_issuer.issue_link(&mut OsRng)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        let parts: Vec<_> = cookie.split("; ").collect();
        parts[0].clone_into(&mut self.cookie);
        parts[1].strip_prefix("Path=/").unwrap().clone_into(&mut self.path_secret);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{}/en{path}", self.address, self.path_secret)
    }

    /// Returns a request as the browser sends it from one of the pages.
    pub(crate) fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        let own = format!("http://{}", self.address);
        let request =
            self.http.request(method.clone(), self.url(path)).header("cookie", &self.cookie);
        let request = request.header("sec-fetch-site", "same-origin");
        if *method == Method::POST { request.header("origin", own) } else { request }
    }

    pub(crate) async fn get(&self, path: &str) -> TestPage {
        TestPage::from_response(self.request(&Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> TestPage {
        let request = self
            .request(&Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded");
        TestPage::from_response(request.body(encode_form(fields)).send().await.unwrap()).await
    }

    /// Posts a form of a page of the case. Such a form contains how many events the page showed.
    pub(crate) async fn submit_case_form(&self, path: &str, fields: &[(&str, &str)]) -> TestPage {
        let case = path.split('/').take(3).collect::<Vec<_>>().join("/");
        let shown = self.shown_event_count(&case).await;
        self.post(path, &[fields, &[("shown", &*shown)]].concat()).await
    }

    /// Returns how many events the pages of a case report as shown. Before the declaration, the
    /// page that asks for it reports them.
    pub(crate) async fn shown_event_count(&self, case: &str) -> String {
        let mut page = self.get(&format!("{case}/actions")).await;
        if page.redirect.ends_with("/declare") {
            page = self.get(&format!("{case}/declare")).await;
        }
        page.value("[name=shown]")
    }

    /// Declares no conflict of interest in a case, and returns its path.
    pub(crate) async fn open_case(&self, reporter: &TestReporter) -> String {
        let case = format!("/case/{}", reporter.case);
        let declared = self.post(&format!("{case}/act/declare"), &[]).await;
        assert_eq!(declared.status, StatusCode::SEE_OTHER, "{}", declared.text);
        case
    }

    pub(crate) async fn unlock(&self) {
        let page = self.post("/unlock", &[("passphrase", PASSPHRASE), ("to", "/queue/open")]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    }
}

/// A response.
pub(crate) struct TestPage {
    pub(crate) status: StatusCode,
    pub(crate) redirect: String,
    pub(crate) text: String,
}

impl TestPage {
    pub(crate) async fn from_response(answer: Response) -> Self {
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        Self {
            status: answer.status(),
            redirect: to.unwrap_or_default(),
            text: answer.text().await.unwrap(),
        }
    }

    /// Returns the value of the first matching field, or an empty string.
    pub(crate) fn value(&self, selector: &str) -> String {
        let html = Html::parse_document(&self.text);
        let field = html.select(&Selector::parse(selector).unwrap()).next();
        field.and_then(|field| field.value().attr("value")).unwrap_or_default().to_owned()
    }

    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.text);
        html.select(&Selector::parse(selector).unwrap())
            .map(|found| found.text().collect())
            .collect()
    }
}

pub(crate) fn encode_form(fields: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://form").unwrap();
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}
