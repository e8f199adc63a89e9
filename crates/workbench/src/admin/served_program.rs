//! Compares the files that an intake serves with the signed manifest of the browser program. It
//! fetches each file several times, as different browsers, because a server can serve another file
//! to some visitors only.

use std::collections::BTreeSet;

use doctor::{DoctorReport, Finding};
use protocol::{
    Hash,
    directory::TrustRoots,
    program::{MANIFEST_PATH, SignedProgram},
};
use reqwest::{Client, StatusCode, Url, header};

const CHECK: &str = "browser program";
const FILES_CHECK: &str = "files of the browser program";

/// A visitor: the name in findings, the header `User-Agent` and a cookie.
struct VisitorProfile {
    name: &'static str,
    user_agent: &'static str,
    cookie: Option<&'static str>,
}

const VISITORS: [VisitorProfile; 4] = [
    VisitorProfile { name: "a program", user_agent: "burkindi", cookie: None },
    VisitorProfile {
        name: "Tor Browser",
        user_agent: "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
        cookie: None,
    },
    VisitorProfile {
        name: "a phone",
        user_agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/142.0.0.0 Mobile Safari/537.36",
        cookie: None,
    },
    VisitorProfile {
        name: "a phone with a cookie",
        user_agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/142.0.0.0 Mobile Safari/537.36",
        cookie: Some("visited=1"),
    },
];

/// Fetches the manifest and each of its files as several visitors, and adds the findings. `listed`
/// are the programs of the directory. A server that recognises the address of this machine can
/// still serve other files to reporters.
pub async fn check_served_program(
    http: &Client,
    base: &Url,
    trust: &TrustRoots,
    listed: &[Hash],
    report: &mut DoctorReport,
) {
    let mut manifests = BTreeSet::new();
    for visitor in &VISITORS {
        match fetch(http, base, MANIFEST_PATH, visitor).await {
            Ok(found) => drop(manifests.insert(found)),
            Err(error) => {
                let advice = "Check the proxy and the intake, and run the command again.";
                report.add(Finding::error(CHECK, format!("{MANIFEST_PATH}: {error}"), advice));
                return;
            }
        }
    }
    let first = manifests.pop_first().flatten();
    if !manifests.is_empty() {
        let advice = "STOP: the server distinguishes visitors. Take the pages offline, and inform the \
                      keepers of the root keys.";
        report.add(Finding::error(CHECK, "visitors get different manifests", advice));
        return;
    }
    let Some(bytes) = first else {
        report.add(missing_manifest(listed));
        return;
    };
    let verified = SignedProgram::from_bytes(&bytes)
        .and_then(|signed| signed.verify(trust).map(|hash| (signed, hash)));
    let (signed, hash) = match verified {
        Ok(verified) => verified,
        Err(error) => {
            let advice = "Sign the manifest with enough root keys (burkindi admin program sign). If it \
                          was signed before, someone has changed it.";
            report.add(Finding::error(CHECK, error.to_string(), advice));
            return;
        }
    };
    report.add(check_listed(hash, listed));
    let mut wrong = Vec::new();
    for (path, expected) in &signed.manifest.files {
        for visitor in &VISITORS {
            let served = fetch(http, base, path, visitor).await;
            let found = match served {
                Ok(Some(bytes)) if Hash::of(&[&bytes]) == *expected => continue,
                Ok(Some(_)) => "another file".to_owned(),
                Ok(None) => "no file".to_owned(),
                Err(error) => error,
            };
            wrong.push(format!("{path} ({found} for {})", visitor.name));
        }
    }
    report.add(if wrong.is_empty() {
        let (files, times) = (signed.manifest.files.len(), VISITORS.len());
        Finding::ok(FILES_CHECK, format!("{files} files, each fetched {times} times, are as signed"))
    } else {
        let advice = "STOP: browsers may get altered files. Compare the intake with its package, take \
                      the pages offline until they are as signed, and run the check from other networks.";
        Finding::error(FILES_CHECK, wrong.join(", "), advice)
    });
}

fn missing_manifest(listed: &[Hash]) -> Finding {
    if listed.is_empty() {
        let advice = "Sign the manifest of the intake (burkindi admin program sign), so that \
                      investigators see which program sealed a report.";
        Finding::notice(CHECK, "the intake serves no manifest", advice)
    } else {
        let advice = "Set program.manifest of the intake. Browsers with scripts refuse the pages until \
                      then, because the directory lists programs.";
        Finding::error(
            CHECK,
            "the intake serves no manifest, but the directory lists programs",
            advice,
        )
    }
}

fn check_listed(hash: Hash, listed: &[Hash]) -> Finding {
    if listed.contains(&hash) {
        return Finding::ok(CHECK, format!("{hash}, signed by the root keys and listed"));
    }
    if listed.is_empty() {
        let advice = "Add it with burkindi admin program add, and sign and publish the directory.";
        return Finding::warning(
            CHECK,
            format!("{hash} is signed, but no directory lists it"),
            advice,
        );
    }
    let advice = "Browsers with scripts refuse the pages. Add the program (burkindi admin program add), \
                  and sign and publish the directory, or serve the listed program again.";
    Finding::error(
        CHECK,
        format!("{hash} is signed, but the directory lists other programs"),
        advice,
    )
}

/// Returns the content of a file, or `None` if there is no such file.
async fn fetch(
    http: &Client,
    base: &Url,
    path: &str,
    visitor: &VisitorProfile,
) -> Result<Option<Vec<u8>>, String> {
    let mut url = base.clone();
    url.set_path(path);
    let mut request = http.get(url).header(header::USER_AGENT, visitor.user_agent);
    if let Some(cookie) = visitor.cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let failed = |error: reqwest::Error| error.without_url().to_string();
    let response = request.send().await.map_err(failed)?;
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let response = response.error_for_status().map_err(failed)?;
    Ok(Some(response.bytes().await.map_err(failed)?.to_vec()))
}
