//! Looking at an installation from outside, as anybody on its network could.

use std::{collections::BTreeMap, net::ToSocketAddrs as _, time::Duration};

use doctor::{Finding, Report, of_certificate, of_clock, of_directory};
use envelope::{
    Hash,
    directory::{Directory, SignedDirectory, Trust},
    mailbox::MAILBOX_LEN,
    relay::HEALTH,
};
use rand::RngCore;
use reqwest::{Certificate, Client, RequestBuilder, Response, Url, tls::TlsInfo};
use serde::Deserialize;
use time::OffsetDateTime;

/// What one page may weigh, so that it arrives in the first round trip.
const PAGE_BYTES: usize = 14_600;
const PATIENCE: Duration = Duration::from_secs(10);

/// What every page must say, and how.
const HEADERS: [(&str, &[&str]); 6] = [
    ("content-security-policy", &["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"]),
    ("referrer-policy", &["no-referrer"]),
    ("x-content-type-options", &["nosniff"]),
    ("x-frame-options", &["DENY"]),
    ("cross-origin-opener-policy", &["same-origin"]),
    ("cache-control", &["no-store"]),
];
/// What would tell visitors apart, or tell about the machine.
const UNWANTED: [&str; 4] = ["set-cookie", "etag", "x-powered-by", "via"];

/// Where to look.
#[derive(Debug)]
pub struct Places {
    /// The pages.
    pub intake: Url,
    /// PEM of who vouches for their certificate; those that the system knows, where it is not given.
    pub intake_ca: Option<String>,
    /// `host:port` of the relay, which strangers should not reach.
    pub relay: Option<String>,
    /// The case handler with PEM of the installation's authority, for who may reach it.
    pub handler: Option<(Url, String)>,
    /// The root keys that are believed.
    pub trust: Trust,
}

/// Looks at everything.
pub async fn examine(places: &Places, now: OffsetDateTime, rng: &mut (impl RngCore + Send)) -> Report {
    let mut report = Report::default();
    match client(places.intake_ca.as_deref()) {
        Ok(http) => {
            let public = Public { http, base: &places.intake, trust: &places.trust, now };
            let directory = public.examine(&mut report, rng).await;
            if let Some((url, ca)) = &places.handler {
                handler(url, ca, directory.as_ref(), now, &mut report).await;
            }
        }
        Err(error) => report.add(Finding::bad("certificate authority", error, "Give the right file.")),
    }
    if let Some(relay) = &places.relay {
        report.add(of_relay(relay).await);
    }
    report
}

struct Public<'a> {
    http: Client,
    base: &'a Url,
    trust: &'a Trust,
    now: OffsetDateTime,
}

impl Public<'_> {
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    async fn examine(self, report: &mut Report, rng: &mut (impl RngCore + Send)) -> Option<Directory> {
        let (looking, response) = match self.http.get(self.url("/fr")).send().await {
            Ok(response) => (self, response),
            Err(error) => {
                // With a certificate that nobody believes, everything else can still be looked at:
                // the directory is signed.
                let anyway = self.believing_any_certificate().await;
                let advice = if anyway.is_some() {
                    "The service answers, and browsers refuse its certificate. Get one that they \
                     accept, such as with certbot, and reload the proxy."
                } else {
                    "Is the proxy running, and the intake behind it? systemctl status; intake … \
                     doctor on the machine itself."
                };
                report.add(Finding::bad("pages", cause(error), advice));
                anyway?
            }
        };
        looking.of_page(response, report).await;
        report.add(looking.of_mailboxes(rng).await);
        looking.of_directory(report).await
    }

    async fn believing_any_certificate(self) -> Option<(Self, Response)> {
        let builder = Client::builder().no_proxy().tls_info(true).timeout(PATIENCE);
        let builder = builder.redirect(reqwest::redirect::Policy::none());
        let http = builder.tls_danger_accept_invalid_certs(true).build().ok()?;
        let looking = Self { http, ..self };
        let response = looking.http.get(looking.url("/fr")).send().await.ok()?;
        Some((looking, response))
    }

    async fn of_page(&self, response: Response, report: &mut Report) {
        if let Some(there) = date_of(&response) {
            report.add(of_clock("clock of the public server", there, self.now));
        }
        if let Some(der) = certificate_of(&response) {
            let renew = "Renew it with whoever issued it, and reload the proxy.";
            report.add(of_certificate("certificate of the pages", &der, self.now, renew));
        } else {
            report.add(Finding::soon(
                "encryption of the pages",
                "none on this address",
                "Right for an onion service and on the machine itself; everywhere else, put deploy/nginx/nginx.conf in front.",
            ));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let page = response.text().await.unwrap_or_default();
        if !status.is_success() || page.len() < 500 {
            let found = format!("the first page answers {status}");
            report.add(Finding::bad(
                "pages",
                found,
                "Look at the intake's log, and at the proxy's configuration.",
            ));
            return;
        }
        report.add(of_headers(&headers));
        report.add(of_size(page.len()));
        report.add(of_origins(&page));
    }

    /// A mailbox that is there and one that is not look alike, and so do two that are not.
    async fn of_mailboxes(&self, rng: &mut (impl RngCore + Send)) -> Finding {
        const CHECK: &str = "mailboxes that are not there";
        let advice = "Something between the visitor and the intake changes answers, or keeps them: take it out of the way.";
        let mut locators = [[0; 32]; 2];
        for locator in &mut locators {
            rng.fill_bytes(locator);
        }
        let mut seen = Vec::new();
        for locator in [locators[0], locators[0], locators[1]] {
            let asked = serde_json::json!({ "locator": Hash(locator).to_string() });
            match answer(self.http.post(self.url("/api/mailbox")).json(&asked)).await {
                Ok(answer) => seen.push(answer),
                Err(error) => return Finding::bad(CHECK, error, advice),
            }
        }
        let [(head, first), (head_again, again), (head_other, other)] = &seen[..] else {
            return Finding::bad(CHECK, "no answer", advice);
        };
        let found = if first.len() != MAILBOX_LEN || other.len() != MAILBOX_LEN {
            format!("{} and {} bytes in place of {MAILBOX_LEN}", first.len(), other.len())
        } else if head != head_again || head != head_other {
            "their headers differ".to_owned()
        } else if first != again {
            "the same receipt gets other bytes each time, which no mailbox does".to_owned()
        } else if first == other {
            "two receipts get the same bytes".to_owned()
        } else {
            return Finding::good(CHECK, "alike in size and headers, and steady");
        };
        Finding::bad(CHECK, found, advice)
    }

    async fn of_directory(&self, report: &mut Report) -> Option<Directory> {
        const CHECK: &str = "directory that reporters seal to";
        let fetch = async |path| answer(self.http.get(self.url(path))).await.map(|(_, bytes)| bytes);
        let (bytes, signatures) = match (fetch("/directory.json").await, fetch("/directory.sig").await) {
            (Ok(bytes), Ok(signatures)) => (bytes, signatures),
            (Err(error), _) | (_, Err(error)) => {
                let advice = "None is in force: sign and publish one; then see whether the case handler reaches the intake.";
                report.add(Finding::bad(CHECK, error, advice));
                return None;
            }
        };
        let signed =
            serde_json::from_slice(&signatures).map(|signatures| SignedDirectory { bytes, signatures });
        let verified = signed
            .map_err(|error| error.to_string())
            .and_then(|signed| signed.verify_past(self.trust).map_err(|error| error.to_string()));
        match verified {
            Ok(directory) => {
                report.add(Finding::good(CHECK, "signed by the root keys"));
                report.add(of_directory(directory.expires, self.now.date()));
                Some(directory)
            }
            Err(error) => {
                let advice = "STOP: reporters may be sealing to somebody else. Take the pages down, and tell the keepers of the root keys.";
                report.add(Finding::bad(CHECK, error, advice));
                None
            }
        }
    }
}

fn of_headers(headers: &reqwest::header::HeaderMap) -> Finding {
    const CHECK: &str = "headers of the pages";
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let missing = HEADERS
        .iter()
        .filter(|(name, parts)| !parts.iter().all(|part| said(name).contains(part)))
        .map(|(name, _)| format!("{name} is missing or weaker"));
    let unwanted =
        UNWANTED.iter().filter(|name| headers.contains_key(**name)).map(|name| format!("{name} is there"));
    // A name alone says little; a version says which holes to try.
    let version = said("server").contains(char::is_numeric).then(|| "server tells a version".to_owned());
    let wrong: Vec<_> = missing.chain(unwanted).chain(version).collect();
    if wrong.is_empty() {
        Finding::good(CHECK, "as the intake sends them")
    } else {
        let advice = "The intake sends the right ones: see what the proxy adds or takes away (deploy/nginx/nginx.conf).";
        Finding::bad(CHECK, wrong.join(", "), advice)
    }
}

fn of_size(bytes: usize) -> Finding {
    const CHECK: &str = "size of the first page";
    let found = format!("{bytes} bytes");
    if bytes <= PAGE_BYTES {
        Finding::good(CHECK, found)
    } else {
        Finding::soon(CHECK, found, "Shorten the texts of [branding]: on a slow line every page comes later.")
    }
}

fn of_origins(page: &str) -> Finding {
    const CHECK: &str = "what the first page loads";
    let foreign = page.split(['"', '\'']).zip(page.split(['"', '\'']).skip(1)).any(|(before, value)| {
        before.ends_with("src=") && (value.starts_with("http") || value.starts_with("//"))
    });
    if foreign {
        let advice = "Something is put into the pages on the way. Find and remove it: it sees who reports.";
        Finding::bad(CHECK, "something of another origin", advice)
    } else {
        Finding::good(CHECK, "nothing of another origin")
    }
}

/// Nobody but the case handler has business there.
async fn of_relay(relay: &str) -> Finding {
    const CHECK: &str = "relay, seen from here";
    let Some(address) = relay.to_socket_addrs().ok().and_then(|mut addresses| addresses.next()) else {
        return Finding::good(CHECK, "its name is not known here");
    };
    let connecting = tokio::time::timeout(PATIENCE, tokio::net::TcpStream::connect(address)).await;
    if !matches!(connecting, Ok(Ok(_))) {
        return Finding::good(CHECK, "not reachable");
    }
    // With no certificate of ours, and whatever certificate it shows.
    for scheme in ["http", "https"] {
        let trusting =
            Client::builder().no_proxy().timeout(PATIENCE).tls_danger_accept_invalid_certs(true).build();
        let asked = match trusting {
            Ok(http) => http.get(format!("{scheme}://{relay}{HEALTH}")).send().await,
            Err(error) => Err(error),
        };
        if asked.is_ok() {
            let advice = "STOP: anybody may take reports away from there. Is this the relay's listener, with relay.ca set?";
            return Finding::bad(CHECK, "it answers somebody without a certificate", advice);
        }
    }
    let advice =
        "It turns strangers away, but they need not get so far: let a firewall admit the case handler alone.";
    Finding::soon(CHECK, "reachable", advice)
}

#[derive(Deserialize)]
struct Health {
    directory_epoch: Option<u64>,
    set_aside: bool,
}

async fn handler(url: &Url, ca: &str, served: Option<&Directory>, now: OffsetDateTime, report: &mut Report) {
    const CHECK: &str = "case handler";
    let ask = async {
        let http = client(Some(ca))?;
        let mut url = url.clone();
        url.set_path(HEALTH);
        let response = http.get(url).send().await.map_err(cause)?.error_for_status().map_err(cause)?;
        Ok::<_, String>(response)
    };
    let response = match ask.await {
        Ok(response) => response,
        Err(error) => {
            let advice = "Is it running, and is this its authority's file? case-handler … doctor on the machine itself.";
            report.add(Finding::bad(CHECK, error, advice));
            return;
        }
    };
    if let Some(there) = date_of(&response) {
        report.add(of_clock("clock of the private server", there, now));
    }
    if let Some(der) = certificate_of(&response) {
        let renew = "Renew it: burkindi admin tls renew.";
        report.add(of_certificate("certificate of the case handler", &der, now, renew));
    }
    let Ok(health) = response.json::<Health>().await else {
        report.add(Finding::bad(
            CHECK,
            "answers something unexpected",
            "Is this the case handler's address?",
        ));
        return;
    };
    report.add(match (health.directory_epoch, served.map(|directory| directory.epoch)) {
        (Some(there), Some(here)) if there != here => Finding::soon(
            "directory of the case handler",
            format!("number {there}, while reporters see number {here}"),
            "If this lasts longer than one round of collecting, the case handler does not reach the intake: see its log.",
        ),
        _ => Finding::good("directory of the case handler", "the one that reporters see"),
    });
    report.add(if health.set_aside {
        let advice = "See the case handler's log for why: a transport key that is missing, or junk. They are kept whole.";
        Finding::soon("submissions set aside", "some", advice)
    } else {
        Finding::good("submissions set aside", "none")
    });
}

fn client(ca: Option<&str>) -> Result<Client, String> {
    let mut builder = Client::builder()
        .no_proxy()
        .tls_info(true)
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none());
    if let Some(pem) = ca {
        let certificates = Certificate::from_pem_bundle(pem.as_bytes()).map_err(cause)?;
        builder = builder.tls_certs_only(certificates);
    }
    builder.build().map_err(cause)
}

/// Headers but the date, and the body.
async fn answer(request: RequestBuilder) -> Result<(BTreeMap<String, Vec<u8>>, Vec<u8>), String> {
    let response = request.send().await.map_err(cause)?.error_for_status().map_err(cause)?;
    let headers = response.headers().iter().filter(|(name, _)| *name != "date");
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    Ok((headers, response.bytes().await.map_err(cause)?.to_vec()))
}

fn certificate_of(response: &Response) -> Option<Vec<u8>> {
    response.extensions().get::<TlsInfo>()?.peer_certificate().map(<[u8]>::to_vec)
}

fn date_of(response: &Response) -> Option<OffsetDateTime> {
    doctor::from_http_date(response.headers().get("date")?.to_str().ok()?)
}

/// The innermost cause says most.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}
