//! Looking at an installation from outside, as anybody on its network could.

use std::{collections::BTreeMap, net::ToSocketAddrs as _, time::Duration};

use doctor::{DoctorReport, Finding, check_certificate, check_clock_skew, check_directory_expiry};
use protocol::{
    Hash,
    api::relay::HEALTH_PATH,
    directory::{Directory, SignedDirectory, TrustRoots},
    mailbox::MAILBOX_LEN,
};
use rand::RngCore;
use reqwest::{Certificate, Client, RequestBuilder, Response, Url, tls::TlsInfo};
use serde::Deserialize;
use time::OffsetDateTime;

/// What one page may weigh, so that it arrives in the first round trip.
const MAX_FIRST_PAGE_BYTES: usize = 14_600;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What every page must say, and how.
const REQUIRED_HEADERS: [(&str, &[&str]); 6] = [
    (
        "content-security-policy",
        &["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"],
    ),
    ("referrer-policy", &["no-referrer"]),
    ("x-content-type-options", &["nosniff"]),
    ("x-frame-options", &["DENY"]),
    ("cross-origin-opener-policy", &["same-origin"]),
    ("cache-control", &["no-store"]),
];
/// What would tell visitors apart, or tell about the machine.
const FORBIDDEN_HEADERS: [&str; 4] = ["set-cookie", "etag", "x-powered-by", "via"];

/// Where to look.
#[derive(Debug)]
pub struct CheckEndpoints {
    /// The pages.
    pub intake: Url,
    /// PEM of who vouches for their certificate; those that the system knows, where it is not
    /// given.
    pub intake_ca: Option<String>,
    /// `host:port` of the relay, which strangers should not reach.
    pub relay: Option<String>,
    /// The case handler with PEM of the installation's authority, for who may reach it.
    pub handler_and_ca: Option<(Url, String)>,
    /// The root keys that are believed.
    pub trust: TrustRoots,
}

/// Looks at everything.
pub async fn run_checks(
    places: &CheckEndpoints,
    now: OffsetDateTime,
    rng: &mut (impl RngCore + Send),
) -> DoctorReport {
    let mut report = DoctorReport::default();
    match http_client(places.intake_ca.as_deref()) {
        Ok(http) => {
            let public = PublicProbe { http, base: &places.intake, trust: &places.trust, now };
            let directory = public.run_checks(&mut report, rng).await;
            if let Some((url, ca)) = &places.handler_and_ca {
                check_handler(url, ca, directory.as_ref(), now, &mut report).await;
            }
        }
        Err(error) => {
            report.add(Finding::error("certificate authority", error, "Give the right file."))
        }
    }
    if let Some(relay) = &places.relay {
        report.add(check_relay(relay).await);
    }
    report
}

struct PublicProbe<'a> {
    http: Client,
    base: &'a Url,
    trust: &'a TrustRoots,
    now: OffsetDateTime,
}

impl PublicProbe<'_> {
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    async fn run_checks(
        self,
        report: &mut DoctorReport,
        rng: &mut (impl RngCore + Send),
    ) -> Option<Directory> {
        let (looking, response) = match self.http.get(self.url("/fr")).send().await {
            Ok(response) => (self, response),
            Err(error) => {
                // With a certificate that nobody believes, everything else can still be looked at:
                // the directory is signed.
                let anyway = self.accepting_invalid_certificates().await;
                let advice = if anyway.is_some() {
                    "The service answers, and browsers refuse its certificate. Get one that they \
                     accept, such as with certbot, and reload the proxy."
                } else {
                    "Is the proxy running, and the intake behind it? systemctl status; intake … \
                     doctor on the machine itself."
                };
                report.add(Finding::error("pages", root_cause(error), advice));
                anyway?
            }
        };
        looking.check_page(response, report).await;
        report.add(looking.check_mailboxes(rng).await);
        looking.check_directory(report).await
    }

    async fn accepting_invalid_certificates(self) -> Option<(Self, Response)> {
        let builder = Client::builder().no_proxy().tls_info(true).timeout(REQUEST_TIMEOUT);
        let builder = builder.redirect(reqwest::redirect::Policy::none());
        let http = builder.tls_danger_accept_invalid_certs(true).build().ok()?;
        let looking = Self { http, ..self };
        let response = looking.http.get(looking.url("/fr")).send().await.ok()?;
        Some((looking, response))
    }

    async fn check_page(&self, response: Response, report: &mut DoctorReport) {
        if let Some(there) = date_header(&response) {
            report.add(check_clock_skew("clock of the public server", there, self.now));
        }
        if let Some(der) = peer_certificate(&response) {
            let renew = "Renew it with whoever issued it, and reload the proxy.";
            report.add(check_certificate("certificate of the pages", &der, self.now, renew));
        } else {
            report.add(Finding::warning(
                "encryption of the pages",
                "none on this address",
                "Right for an onion service and on the machine itself; everywhere else, put deploy/nginx/nginx.conf in front.",
            ));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let page = response.text().await.unwrap_or_default();
        if !status.is_success() || page.len() < 500 {
            let found = format!("the first page answers {status}");
            report.add(Finding::error(
                "pages",
                found,
                "Look at the intake's log, and at the proxy's configuration.",
            ));
            return;
        }
        report.add(check_headers(&headers));
        report.add(check_page_size(page.len()));
        report.add(check_origins(&page));
    }

    /// A mailbox that is there and one that is not look alike, and so do two that are not.
    async fn check_mailboxes(&self, rng: &mut (impl RngCore + Send)) -> Finding {
        const CHECK: &str = "mailboxes that are not there";
        let advice = "Something between the visitor and the intake changes answers, or keeps them: take it out of the way.";
        let mut locators = [[0; 32]; 2];
        for locator in &mut locators {
            rng.fill_bytes(locator);
        }
        let mut seen = Vec::new();
        for locator in [locators[0], locators[0], locators[1]] {
            let asked = serde_json::json!({ "locator": Hash(locator).to_string() });
            match fetch_response(self.http.post(self.url("/api/mailbox")).json(&asked)).await {
                Ok(answer) => seen.push(answer),
                Err(error) => return Finding::error(CHECK, error, advice),
            }
        }
        let [(head, first), (head_again, again), (head_other, other)] = &seen[..] else {
            return Finding::error(CHECK, "no answer", advice);
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
            return Finding::ok(CHECK, "alike in size and headers, and steady");
        };
        Finding::error(CHECK, found, advice)
    }

    async fn check_directory(&self, report: &mut DoctorReport) -> Option<Directory> {
        const CHECK: &str = "directory that reporters seal to";
        let fetch = async |path| {
            fetch_response(self.http.get(self.url(path))).await.map(|(_, bytes)| bytes)
        };
        let (bytes, signatures) = match (
            fetch("/directory.json").await,
            fetch("/directory.sig").await,
        ) {
            (Ok(bytes), Ok(signatures)) => (bytes, signatures),
            (Err(error), _) | (_, Err(error)) => {
                let advice = "None is in force: sign and publish one; then see whether the case handler reaches the intake.";
                report.add(Finding::error(CHECK, error, advice));
                return None;
            }
        };
        let signed = serde_json::from_slice(&signatures)
            .map(|signatures| SignedDirectory { bytes, signatures });
        let verified = signed.map_err(|error| error.to_string()).and_then(|signed| {
            signed.verify_ignoring_dates(self.trust).map_err(|error| error.to_string())
        });
        match verified {
            Ok(directory) => {
                report.add(Finding::ok(CHECK, "signed by the root keys"));
                report.add(check_directory_expiry(directory.expires, self.now.date()));
                Some(directory)
            }
            Err(error) => {
                let advice = "STOP: reporters may be sealing to somebody else. Take the pages down, and tell the keepers of the root keys.";
                report.add(Finding::error(CHECK, error, advice));
                None
            }
        }
    }
}

fn check_headers(headers: &reqwest::header::HeaderMap) -> Finding {
    const CHECK: &str = "headers of the pages";
    let said =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let missing = REQUIRED_HEADERS
        .iter()
        .filter(|(name, parts)| !parts.iter().all(|part| said(name).contains(part)))
        .map(|(name, _)| format!("{name} is missing or weaker"));
    let unwanted = FORBIDDEN_HEADERS
        .iter()
        .filter(|name| headers.contains_key(**name))
        .map(|name| format!("{name} is there"));
    // A name alone says little; a version says which holes to try.
    let version =
        said("server").contains(char::is_numeric).then(|| "server tells a version".to_owned());
    let wrong: Vec<_> = missing.chain(unwanted).chain(version).collect();
    if wrong.is_empty() {
        Finding::ok(CHECK, "as the intake sends them")
    } else {
        let advice = "The intake sends the right ones: see what the proxy adds or takes away (deploy/nginx/nginx.conf).";
        Finding::error(CHECK, wrong.join(", "), advice)
    }
}

fn check_page_size(bytes: usize) -> Finding {
    const CHECK: &str = "size of the first page";
    let found = format!("{bytes} bytes");
    if bytes <= MAX_FIRST_PAGE_BYTES {
        Finding::ok(CHECK, found)
    } else {
        Finding::warning(
            CHECK,
            found,
            "Shorten the texts of [branding]: on a slow line every page comes later.",
        )
    }
}

fn check_origins(page: &str) -> Finding {
    const CHECK: &str = "what the first page loads";
    let foreign =
        page.split(['"', '\'']).zip(page.split(['"', '\'']).skip(1)).any(|(before, value)| {
            before.ends_with("src=") && (value.starts_with("http") || value.starts_with("//"))
        });
    if foreign {
        let advice =
            "Something is put into the pages on the way. Find and remove it: it sees who reports.";
        Finding::error(CHECK, "something of another origin", advice)
    } else {
        Finding::ok(CHECK, "nothing of another origin")
    }
}

/// Nobody but the case handler has business there.
async fn check_relay(relay: &str) -> Finding {
    const CHECK: &str = "relay, seen from here";
    let Some(address) = relay.to_socket_addrs().ok().and_then(|mut addresses| addresses.next())
    else {
        return Finding::ok(CHECK, "its name is not known here");
    };
    let connecting =
        tokio::time::timeout(REQUEST_TIMEOUT, tokio::net::TcpStream::connect(address)).await;
    if !matches!(connecting, Ok(Ok(_))) {
        return Finding::ok(CHECK, "not reachable");
    }
    // With no certificate of ours, and whatever certificate it shows.
    for scheme in ["http", "https"] {
        let trusting = Client::builder()
            .no_proxy()
            .timeout(REQUEST_TIMEOUT)
            .tls_danger_accept_invalid_certs(true)
            .build();
        let asked = match trusting {
            Ok(http) => http.get(format!("{scheme}://{relay}{HEALTH_PATH}")).send().await,
            Err(error) => Err(error),
        };
        if asked.is_ok() {
            let advice = "STOP: anybody may take reports away from there. Is this the relay's listener, with relay.ca set?";
            return Finding::error(CHECK, "it answers somebody without a certificate", advice);
        }
    }
    let advice = "It turns strangers away, but they need not get so far: let a firewall admit the case handler alone.";
    Finding::warning(CHECK, "reachable", advice)
}

#[derive(Deserialize)]
struct HandlerHealth {
    directory_epoch: Option<u64>,
    has_quarantine: bool,
}

async fn check_handler(
    url: &Url,
    ca: &str,
    served: Option<&Directory>,
    now: OffsetDateTime,
    report: &mut DoctorReport,
) {
    const CHECK: &str = "case handler";
    let ask = async {
        let http = http_client(Some(ca))?;
        let mut url = url.clone();
        url.set_path(HEALTH_PATH);
        let response = http
            .get(url)
            .send()
            .await
            .map_err(root_cause)?
            .error_for_status()
            .map_err(root_cause)?;
        Ok::<_, String>(response)
    };
    let response = match ask.await {
        Ok(response) => response,
        Err(error) => {
            let advice = "Is it running, and is this its authority's file? case-handler … doctor on the machine itself.";
            report.add(Finding::error(CHECK, error, advice));
            return;
        }
    };
    if let Some(there) = date_header(&response) {
        report.add(check_clock_skew("clock of the private server", there, now));
    }
    if let Some(der) = peer_certificate(&response) {
        let renew = "Renew it: burkindi admin tls renew.";
        report.add(check_certificate("certificate of the case handler", &der, now, renew));
    }
    let Ok(health) = response.json::<HandlerHealth>().await else {
        report.add(Finding::error(
            CHECK,
            "answers something unexpected",
            "Is this the case handler's address?",
        ));
        return;
    };
    report.add(match (health.directory_epoch, served.map(|directory| directory.epoch)) {
        (Some(there), Some(here)) if there != here => Finding::warning(
            "directory of the case handler",
            format!("number {there}, while reporters see number {here}"),
            "If this lasts longer than one round of collecting, the case handler does not reach the intake: see its log.",
        ),
        _ => Finding::ok("directory of the case handler", "the one that reporters see"),
    });
    report.add(if health.has_quarantine {
        let advice = "See the case handler's log for why: a transport key that is missing, or junk. They are kept whole.";
        Finding::warning("submissions set aside", "some", advice)
    } else {
        Finding::ok("submissions set aside", "none")
    });
}

fn http_client(ca: Option<&str>) -> Result<Client, String> {
    let mut builder = Client::builder()
        .no_proxy()
        .tls_info(true)
        .timeout(REQUEST_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none());
    if let Some(pem) = ca {
        let certificates = Certificate::from_pem_bundle(pem.as_bytes()).map_err(root_cause)?;
        builder = builder.tls_certs_only(certificates);
    }
    builder.build().map_err(root_cause)
}

/// Headers but the date, and the body.
async fn fetch_response(
    request: RequestBuilder,
) -> Result<(BTreeMap<String, Vec<u8>>, Vec<u8>), String> {
    let response =
        request.send().await.map_err(root_cause)?.error_for_status().map_err(root_cause)?;
    let headers = response.headers().iter().filter(|(name, _)| *name != "date");
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    Ok((headers, response.bytes().await.map_err(root_cause)?.to_vec()))
}

fn peer_certificate(response: &Response) -> Option<Vec<u8>> {
    response.extensions().get::<TlsInfo>()?.peer_certificate().map(<[u8]>::to_vec)
}

fn date_header(response: &Response) -> Option<OffsetDateTime> {
    doctor::parse_http_date(response.headers().get("date")?.to_str().ok()?)
}

/// The innermost cause says most.
fn root_cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let causes =
        std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}
