//! Somebody's workbench in the browser, and the browser.

use std::{net::SocketAddr, time::Duration};

use rand::rngs::OsRng;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect::Policy};
use scraper::{Html, Selector};
use web::Clock;
use workbench::{
    home::Home,
    site::{Bound, Launcher, Settings},
};

use super::{PASSPHRASE, cheap, now, office::Office, reporter::Reporter};

pub(crate) const IDLE: Duration = Duration::from_mins(10);

/// Somebody's workbench, and a browser.
pub(crate) struct Screen {
    pub(crate) office: Office,
    pub(crate) address: SocketAddr,
    pub(crate) launcher: Launcher,
    pub(crate) clock: Clock,
    pub(crate) http: Client,
    pub(crate) cookie: String,
    pub(crate) room: String,
}

impl Screen {
    /// Started, with a browser that has followed the link.
    pub(crate) async fn open(handle: &str) -> Self {
        let office = Office::open();
        let home = office.house.home(handle, &office.handler.url);
        Self::at(office, home).await
    }

    /// The same in any folder.
    pub(crate) async fn at(office: Office, home: Home) -> Self {
        Self::patient(office, home, Duration::from_mins(1)).await
    }

    /// The same for somebody who waits so long at most while cases are read.
    pub(crate) async fn patient(office: Office, home: Home, patience: Duration) -> Self {
        // Fails only if one was installed before, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let clock = Clock::fixed(now());
        let program = env!("CARGO_BIN_EXE_burkindi").into();
        let settings = Settings { port: 0, idle: IDLE, patience, work: cheap(), program };
        let bound = Bound::bind(home, settings, clock.clone(), &mut OsRng).unwrap();
        let (address, launcher) = (bound.address, bound.launcher());
        tokio::spawn(bound.serve(std::future::pending()));
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let mut screen =
            Self { office, address, launcher, clock, http, cookie: String::new(), room: String::new() };
        screen.enter().await;
        screen
    }

    /// Follows a new link.
    pub(crate) async fn enter(&mut self) {
        let answer = self.http.get(self.launcher.link(&mut OsRng)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        let parts: Vec<_> = cookie.split("; ").collect();
        parts[0].clone_into(&mut self.cookie);
        parts[1].strip_prefix("Path=/").unwrap().clone_into(&mut self.room);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{}/en{path}", self.address, self.room)
    }

    /// A request as the browser makes it from one of the pages.
    pub(crate) fn ask(&self, method: &Method, path: &str) -> RequestBuilder {
        let own = format!("http://{}", self.address);
        let request = self.http.request(method.clone(), self.url(path)).header("cookie", &self.cookie);
        let request = request.header("sec-fetch-site", "same-origin");
        if *method == Method::POST { request.header("origin", own) } else { request }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        Page::of(self.ask(&Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request =
            self.ask(&Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        Page::of(request.body(form(fields)).send().await.unwrap()).await
    }

    /// The same as a form that a page of the case has: it says what the page showed.
    pub(crate) async fn act(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let case = path.split('/').take(3).collect::<Vec<_>>().join("/");
        let shown = self.shown(&case).await;
        self.post(path, &[fields, &[("shown", &*shown)]].concat()).await
    }

    /// What the pages of a case say to have shown; before the declaration, the page that asks for it.
    pub(crate) async fn shown(&self, case: &str) -> String {
        let mut page = self.get(&format!("{case}/actions")).await;
        if page.to.ends_with("/declare") {
            page = self.get(&format!("{case}/declare")).await;
        }
        page.value("[name=shown]")
    }

    /// Declares to have no conflict of interest in a case, and gives its path.
    pub(crate) async fn open_case(&self, reporter: &Reporter) -> String {
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

/// What came back.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) to: String,
    pub(crate) text: String,
}

impl Page {
    pub(crate) async fn of(answer: Response) -> Self {
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        Self { status: answer.status(), to: to.unwrap_or_default(), text: answer.text().await.unwrap() }
    }

    /// Of the first field; nothing, if there is none.
    pub(crate) fn value(&self, selector: &str) -> String {
        let html = Html::parse_document(&self.text);
        let field = html.select(&Selector::parse(selector).unwrap()).next();
        field.and_then(|field| field.value().attr("value")).unwrap_or_default().to_owned()
    }

    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.text);
        html.select(&Selector::parse(selector).unwrap()).map(|found| found.text().collect()).collect()
    }
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://form").unwrap();
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}
