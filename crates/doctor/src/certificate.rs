//! Checks of certificates.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
};

use time::OffsetDateTime;
use x509_cert::{
    Certificate,
    der::{Decode as _, DecodePem as _},
    ext::pkix::{BasicConstraints, SubjectAltName, name::GeneralName},
};

use crate::Finding;

/// Number of days before its expiry from which a certificate should be renewed.
const RENEWAL_DAYS: i64 = 30;

/// The last line of the first certificate of a chain.
const CERTIFICATE_END: &[u8] = b"-----END CERTIFICATE-----";

fn first_certificate(bytes: &[u8]) -> Option<Certificate> {
    // Some editors write a byte order mark before a text.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let first = bytes
        .windows(CERTIFICATE_END.len())
        .position(|window| window == CERTIFICATE_END)
        .map_or(0, |at| at + CERTIFICATE_END.len());
    Certificate::from_pem(&bytes[..first]).or_else(|_| Certificate::from_der(bytes)).ok()
}

/// Returns the names and addresses that a certificate is valid for, in DER or PEM (the first of a
/// chain), or `None` if it cannot be parsed.
pub fn subject_names(bytes: &[u8]) -> Option<Vec<String>> {
    let certificate = first_certificate(bytes)?;
    let Some((_, SubjectAltName(names))) = certificate.tbs_certificate.get().ok()? else {
        return Some(Vec::new());
    };
    let name = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(octets) => {
            let octets = octets.as_bytes();
            let v4 = <[u8; 4]>::try_from(octets).map(|octets| IpAddr::from(Ipv4Addr::from(octets)));
            let v6 =
                || <[u8; 16]>::try_from(octets).map(|octets| IpAddr::from(Ipv6Addr::from(octets)));
            v4.or_else(|_| v6()).ok().map(|address| address.to_string())
        }
        _ => None,
    };
    Some(names.iter().filter_map(name).collect())
}

/// Returns true if the authority that `burkindi admin init` creates issued the certificate.
pub fn is_issued_by_own_ca(bytes: &[u8]) -> bool {
    first_certificate(bytes).is_some_and(|certificate| {
        let issuer = certificate.tbs_certificate.issuer.to_string();
        issuer.split(',').any(|part| part.trim_start().starts_with("CN=Burkindi "))
    })
}

/// Returns true if one of the names matches the host. A leading `*.` matches one label.
pub fn matches_host(names: &[String], host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    names.iter().any(|name| match name.strip_prefix("*.") {
        Some(domain) => {
            host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain))
        }
        None => name.eq_ignore_ascii_case(host),
    })
}

/// Checks that a certificate is valid for the host under which clients reach it.
pub fn check_host(check: &str, bytes: &[u8], host: &str) -> Finding {
    let names = subject_names(bytes).unwrap_or_default();
    if matches_host(&names, host) {
        return Finding::ok(check, format!("valid for {host}"));
    }
    let found = format!("not valid for {host}, only for {}", names.join(", "));
    let advice = format!(
        "Run `burkindi admin tls renew --host {host}`, copy the new files, and restart both services. \
         Or correct the address."
    );
    Finding::error(check, found, advice)
}

/// Returns the end of validity of a certificate, in DER or PEM (the first of a chain), or `None` if
/// it cannot be parsed.
pub fn not_after(bytes: &[u8]) -> Option<OffsetDateTime> {
    let certificate = first_certificate(bytes)?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    OffsetDateTime::from_unix_timestamp(i64::try_from(end.as_secs()).ok()?).ok()
}

/// Checks how long a certificate remains valid. `renew` is the advice.
pub fn check_certificate(check: &str, bytes: &[u8], now: OffsetDateTime, renew: &str) -> Finding {
    let Some(end) = not_after(bytes) else {
        return Finding::error(check, "not a certificate", renew);
    };
    let date = end.date();
    match (end - now).whole_days() {
        _ if end <= now => Finding::error(check, format!("expired on {date}"), renew),
        days @ ..=RENEWAL_DAYS => {
            Finding::warning(check, format!("valid for {days} more days, until {date}"), renew)
        }
        days => Finding::ok(check, format!("valid for {days} more days")),
    }
}

/// Checks how long the certificate in a file remains valid.
pub fn check_certificate_file(check: &str, path: &Path, now: OffsetDateTime) -> Finding {
    const RENEWAL_ADVICE: &str =
        "Run `burkindi admin tls renew`, copy the new files, and restart the service.";
    match fs::read(path) {
        Ok(bytes) => check_certificate(check, &bytes, now, RENEWAL_ADVICE),
        Err(error) => Finding::error(check, format!("{}: {error}", path.display()), RENEWAL_ADVICE),
    }
}

/// Checks how long the certificate of an authority remains valid, and that this authority issued
/// the certificate of the service. With another authority, each connection fails.
pub fn check_authority_file(
    check: &str,
    authority: &Path,
    certificate: &Path,
    now: OffsetDateTime,
) -> Finding {
    let (Ok(authority_bytes), Ok(certificate_bytes)) = (fs::read(authority), fs::read(certificate))
    else {
        return check_certificate_file(check, authority, now);
    };
    if is_issued_by(&certificate_bytes, &authority_bytes) {
        return check_certificate_file(check, authority, now);
    }
    let found = format!("{} did not issue {}", authority.display(), certificate.display());
    let advice = "Install tls/ca.pem of the administrator's folder, and the certificate that was \
                  created with it.";
    Finding::error(check, found, advice)
}

/// Returns true if the first certificate names the second, an authority, as its issuer. Does not
/// verify the signature.
fn is_issued_by(certificate: &[u8], authority: &[u8]) -> bool {
    let (Some(certificate), Some(authority)) =
        (first_certificate(certificate), first_certificate(authority))
    else {
        return false;
    };
    let (certificate, authority) = (certificate.tbs_certificate, authority.tbs_certificate);
    let is_authority = authority
        .get::<BasicConstraints>()
        .is_ok_and(|found| found.is_some_and(|(_, constraints)| constraints.ca));
    is_authority && certificate.issuer == authority.subject
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::Severity;

    #[test]
    fn an_expiring_certificate_is_reported_in_either_format() {
        let end = datetime!(2026-12-23 0:00 UTC);
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["intake.example".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (end - Duration::days(90), end);
        let certificate = params.self_signed(&key).unwrap();
        let chain = certificate.pem().repeat(2);
        for bytes in [certificate.pem().as_bytes(), chain.as_bytes(), certificate.der()] {
            assert_eq!(not_after(bytes), Some(end));
            let state =
                |days| check_certificate("tls", bytes, end - Duration::days(days), "renew").state;
            assert_eq!(
                [state(31), state(30), state(0)],
                [Severity::Ok, Severity::Warning, Severity::Error]
            );
        }
        assert_eq!(subject_names(certificate.pem().as_bytes()).unwrap(), ["intake.example"]);
        assert_eq!(
            subject_names(format!("\u{feff}{}", certificate.pem()).as_bytes()).unwrap(),
            ["intake.example"]
        );
        for nothing in [&b""[..], b"nothing", CERTIFICATE_END] {
            assert_eq!(check_certificate("tls", nothing, end, "renew").state, Severity::Error);
        }
    }

    #[test]
    fn a_certificate_for_another_host_is_reported_with_its_names() {
        let hosts = ["intake.example".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(hosts.clone()).unwrap().self_signed(&key).unwrap();
        let pem = certificate.pem();
        assert_eq!(subject_names(pem.as_bytes()).unwrap(), hosts);
        let state = |host| check_host("names", pem.as_bytes(), host).state;
        for host in ["intake.example", "INTAKE.example", "127.0.0.1", "[::1]"] {
            assert_eq!(state(host), Severity::Ok, "{host}");
        }
        let other = check_host("names", pem.as_bytes(), "intake.internal");
        assert_eq!(other.state, Severity::Error);
        assert!(other.found.contains("intake.example"), "{}", other.found);
        assert!(matches_host(&["*.example".to_owned()], "intake.example"));
        assert!(!matches_host(&["*.example".to_owned()], "a.intake.example"));
    }

    #[test]
    fn an_authority_that_did_not_issue_the_certificate_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let now = datetime!(2026-11-23 0:00 UTC);
        let authority = |name: &str| {
            let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            (params.not_before, params.not_after) = (now, now + Duration::days(90));
            rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap())
                .unwrap()
        };
        let (own, other) = (authority("own"), authority("other"));
        let params = rcgen::CertificateParams::new(vec!["intake.example".to_owned()]).unwrap();
        let leaf = params.signed_by(&rcgen::KeyPair::generate().unwrap(), &own).unwrap();
        let file = |name: &str, pem: String| {
            let path = folder.path().join(name);
            fs::write(&path, pem).unwrap();
            path
        };
        let leaf = file("leaf.pem", leaf.pem());
        let (own, other) = (file("own.pem", own.pem()), file("other.pem", other.pem()));
        let state = |authority: &Path| check_authority_file("ca", authority, &leaf, now).state;
        assert_eq!(state(&own), Severity::Ok);
        for wrong in [&other, &leaf, &folder.path().join("missing.pem")] {
            assert_eq!(state(wrong), Severity::Error, "{}", wrong.display());
        }
    }
}
