//! Checks an installation from the network, as any client could.

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
use taxonomy::Taxonomy;
use time::OffsetDateTime;

use super::{directory_warnings::check_desks, served_program::check_served_program};

/// Maximum length of a page in bytes, so that it arrives in the first round trip.
const MAX_FIRST_PAGE_BYTES: usize = 14_600;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Headers that every page must have, and the required parts of their values.
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
/// Headers that would distinguish visitors, or disclose facts about the machine.
const FORBIDDEN_HEADERS: [&str; 4] = ["set-cookie", "etag", "x-powered-by", "via"];

/// Addresses to check.
#[derive(Debug)]
pub struct CheckEndpoints {
    /// Address of the pages.
    pub intake: Url,
    /// PEM of the certificate authority of the pages. The system's authorities are used if it is
    /// `None`.
    pub intake_ca: Option<String>,
    /// `host:port` of the relay, which only the case handler should reach.
    pub relay: Option<String>,
    /// Address of the case handler and PEM of the installation's authority, if this machine can
    /// reach it.
    pub handler_and_ca: Option<(Url, String)>,
    /// The trusted root keys.
    pub trust: TrustRoots,
}

/// Runs all checks.
pub async fn run_checks(
    endpoints: &CheckEndpoints,
    now: OffsetDateTime,
    rng: &mut (impl RngCore + Send),
) -> DoctorReport {
    let mut report = DoctorReport::default();
    match http_client(endpoints.intake_ca.as_deref()) {
        Ok(http) => {
            let public =
                PublicProbe { http, base: &endpoints.intake, trust: &endpoints.trust, now };
            let directory = public.run_checks(&mut report, rng).await;
            if let Some((url, ca)) = &endpoints.handler_and_ca {
                check_handler(url, ca, directory.as_ref(), now, &mut report).await;
            }
        }
        Err(error) => report.add(Finding::error(
            "certificate authority",
            error,
            "Give the file of the right certificate authority.",
        )),
    }
    if let Some(relay) = &endpoints.relay {
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
        let (probe, response) = match self.http.get(self.url("/fr")).send().await {
            Ok(response) => (self, response),
            Err(error) => {
                // Without a valid certificate, everything else can still be checked, because the
                // directory is signed.
                let insecure = self.accepting_invalid_certificates().await;
                let advice = if insecure.is_some() {
                    "The service answers, but browsers reject its certificate. Get a certificate that they \
                     accept, such as with certbot, and reload the proxy."
                } else {
                    "Check that the proxy and the intake are running (systemctl status). Run intake … \
                     doctor on the machine itself."
                };
                report.add(Finding::error("pages", root_cause(error), advice));
                insecure?
            }
        };
        probe.check_page(response, report).await;
        report.add(probe.check_mailboxes(rng).await);
        let directory = probe.check_directory(report).await;
        let Self { http, base, trust, .. } = &probe;
        if let Some(directory) = &directory {
            report.add(check_desks(&directory.into(), &Taxonomy::built_in()));
        }
        let listed = directory.as_ref().map(|directory| &*directory.programs).unwrap_or_default();
        check_served_program(http, base, trust, listed, report).await;
        directory
    }

    async fn accepting_invalid_certificates(self) -> Option<(Self, Response)> {
        let builder = Client::builder().no_proxy().tls_info(true).timeout(REQUEST_TIMEOUT);
        let builder = builder.redirect(reqwest::redirect::Policy::none());
        let http = builder.tls_danger_accept_invalid_certs(true).build().ok()?;
        let probe = Self { http, ..self };
        let response = probe.http.get(probe.url("/fr")).send().await.ok()?;
        Some((probe, response))
    }

    async fn check_page(&self, response: Response, report: &mut DoctorReport) {
        if let Some(remote) = date_header(&response) {
            report.add(check_clock_skew("clock of the public server", remote, self.now));
        }
        if let Some(der) = peer_certificate(&response) {
            let renew = "Renew it with its issuer, and reload the proxy.";
            report.add(check_certificate("certificate of the pages", &der, self.now, renew));
        } else {
            report.add(Finding::warning(
                "encryption of the pages",
                "none on this address",
                "This is correct for an onion service and on the machine itself. Everywhere else, use a proxy with deploy/nginx/nginx.conf.",
            ));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let page = response.text().await.unwrap_or_default();
        if !status.is_success() || page.len() < 500 {
            let found = format!("the first page answers {status}");
            report.add(Finding::error(
                "pages",
                found,
                "Check the log of the intake and the configuration of the proxy.",
            ));
            return;
        }
        report.add(check_headers(&headers));
        report.add(check_page_size(page.len()));
        report.add(check_origins(&page));
    }

    /// Responses for an existing and an unknown mailbox must be indistinguishable, and so must two
    /// responses for unknown mailboxes.
    async fn check_mailboxes(&self, rng: &mut (impl RngCore + Send)) -> Finding {
        const CHECK: &str = "unknown mailboxes";
        let advice =
            "A device between the visitor and the intake changes or caches responses: remove it.";
        let mut locators = [[0; 32]; 2];
        for locator in &mut locators {
            rng.fill_bytes(locator);
        }
        let mut seen = Vec::new();
        for locator in [locators[0], locators[0], locators[1]] {
            let request = serde_json::json!({ "locator": Hash(locator).to_string() });
            match fetch_response(self.http.post(self.url("/api/mailbox")).json(&request)).await {
                Ok(answer) => seen.push(answer),
                Err(error) => return Finding::error(CHECK, error, advice),
            }
        }
        let [(head, first), (head_again, again), (head_other, other)] = &seen[..] else {
            return Finding::error(CHECK, "no answer", advice);
        };
        let found = if first.len() != MAILBOX_LEN || other.len() != MAILBOX_LEN {
            format!("expected {MAILBOX_LEN} bytes, found {} and {}", first.len(), other.len())
        } else if head != head_again || head != head_other {
            "the headers differ".to_owned()
        } else if first != again {
            "the same receipt gets different bytes each time, unlike a real mailbox".to_owned()
        } else if first == other {
            "two receipts get the same bytes".to_owned()
        } else {
            return Finding::ok(CHECK, "same size and headers, and stable");
        };
        Finding::error(CHECK, found, advice)
    }

    async fn check_directory(&self, report: &mut DoctorReport) -> Option<Directory> {
        const CHECK: &str = "directory for reporters";
        let fetch = async |path| {
            fetch_response(self.http.get(self.url(path))).await.map(|(_, bytes)| bytes)
        };
        let (bytes, signatures) = match (
            fetch("/directory.json").await,
            fetch("/directory.sig").await,
        ) {
            (Ok(bytes), Ok(signatures)) => (bytes, signatures),
            (Err(error), _) | (_, Err(error)) => {
                let advice = "No directory is in force: sign and publish one, then check whether the case handler reaches the intake.";
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
                let advice = "STOP: reporters may be sealing reports to an attacker. Take the pages offline, and inform the keepers of the root keys.";
                report.add(Finding::error(CHECK, error, advice));
                None
            }
        }
    }
}

fn check_headers(headers: &reqwest::header::HeaderMap) -> Finding {
    const CHECK: &str = "headers of the pages";
    let value =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let missing = REQUIRED_HEADERS
        .iter()
        .filter(|(name, parts)| !parts.iter().all(|part| value(name).contains(part)))
        .map(|(name, _)| format!("{name} is missing or too weak"));
    let unwanted = FORBIDDEN_HEADERS
        .iter()
        .filter(|name| headers.contains_key(**name))
        .map(|name| format!("{name} is present"));
    // The name alone reveals little; a version reveals which vulnerabilities to try.
    let version = value("server")
        .contains(char::is_numeric)
        .then(|| "the server header contains a version".to_owned());
    let wrong: Vec<_> = missing.chain(unwanted).chain(version).collect();
    if wrong.is_empty() {
        Finding::ok(CHECK, "unchanged from the intake")
    } else {
        let advice = "The intake sends the right headers: check which ones the proxy adds or removes (deploy/nginx/nginx.conf).";
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
            "Shorten the texts of [branding]: a larger page delays slow connections.",
        )
    }
}

fn check_origins(page: &str) -> Finding {
    const CHECK: &str = "resources of the first page";
    let has_foreign_source =
        page.split(['"', '\'']).zip(page.split(['"', '\'']).skip(1)).any(|(before, value)| {
            before.ends_with("src=") && (value.starts_with("http") || value.starts_with("//"))
        });
    if has_foreign_source {
        let advice = "A device on the path inserts content into the pages. Find and remove it: it can see who reports.";
        Finding::error(CHECK, "some from another origin", advice)
    } else {
        Finding::ok(CHECK, "none from another origin")
    }
}

/// Only the case handler may reach the relay.
async fn check_relay(relay: &str) -> Finding {
    const CHECK: &str = "relay, from this machine";
    let Some(address) = relay.to_socket_addrs().ok().and_then(|mut addresses| addresses.next())
    else {
        return Finding::ok(CHECK, "its name does not resolve here");
    };
    let connecting =
        tokio::time::timeout(REQUEST_TIMEOUT, tokio::net::TcpStream::connect(address)).await;
    if !matches!(connecting, Ok(Ok(_))) {
        return Finding::ok(CHECK, "not reachable");
    }
    // Connects without a client certificate, and accepts any server certificate.
    for scheme in ["http", "https"] {
        let client = Client::builder()
            .no_proxy()
            .timeout(REQUEST_TIMEOUT)
            .tls_danger_accept_invalid_certs(true)
            .build();
        let request = match client {
            Ok(http) => http.get(format!("{scheme}://{relay}{HEALTH_PATH}")).send().await,
            Err(error) => Err(error),
        };
        if request.is_ok() {
            let advice = "STOP: anyone can fetch and delete submissions there. Check that this is the relay listener, with relay.ca set.";
            return Finding::error(CHECK, "it answers clients without a certificate", advice);
        }
    }
    let advice = "It rejects clients without a certificate, but they should not reach it: let a firewall admit only the case handler.";
    Finding::warning(CHECK, "reachable", advice)
}

#[derive(Deserialize)]
struct HandlerHealth {
    directory_epoch: Option<u64>,
    quarantined: bool,
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
            let advice = "Check that it is running and that this is the file of its authority. Run case-handler … doctor on the machine itself.";
            report.add(Finding::error(CHECK, error, advice));
            return;
        }
    };
    if let Some(remote) = date_header(&response) {
        report.add(check_clock_skew("clock of the private server", remote, now));
    }
    if let Some(der) = peer_certificate(&response) {
        let renew = "Renew it: burkindi admin tls renew.";
        report.add(check_certificate("certificate of the case handler", &der, now, renew));
    }
    let Ok(health) = response.json::<HandlerHealth>().await else {
        report.add(Finding::error(
            CHECK,
            "unexpected response",
            "Check the address of the case handler.",
        ));
        return;
    };
    report.add(match (health.directory_epoch, served.map(|directory| directory.epoch)) {
        (Some(remote), Some(served_epoch)) if remote != served_epoch => Finding::warning(
            "directory of the case handler",
            format!("epoch {remote}, but reporters see epoch {served_epoch}"),
            "If this lasts longer than one collection cycle, the case handler does not reach the intake: check its log.",
        ),
        _ => Finding::ok("directory of the case handler", "same as for reporters"),
    });
    report.add(if health.quarantined {
        let advice = "The log of the case handler contains the reasons, such as a missing transport key or invalid data. The bytes are kept.";
        Finding::warning("quarantined submissions", "some", advice)
    } else {
        Finding::ok("quarantined submissions", "none")
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

/// Returns the headers except the date, and the body.
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

/// Returns the innermost cause, which is the most informative.
fn root_cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let causes =
        std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}
