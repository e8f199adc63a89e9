//! When certificates end.

use std::{fs, path::Path};

use time::OffsetDateTime;
use x509_cert::{
    Certificate,
    der::{Decode as _, DecodePem as _},
};

use crate::Finding;

/// Days before its end from which on a certificate wants to be renewed.
const DAYS: i64 = 30;

/// What ends the first certificate of a chain.
const END: &[u8] = b"-----END CERTIFICATE-----";

/// The end of a certificate, in DER or PEM (the first of a chain); `None` if it is none.
pub fn ends(bytes: &[u8]) -> Option<OffsetDateTime> {
    let first = bytes.windows(END.len()).position(|window| window == END).map_or(0, |at| at + END.len());
    let certificate =
        Certificate::from_pem(&bytes[..first]).or_else(|_| Certificate::from_der(bytes)).ok()?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    OffsetDateTime::from_unix_timestamp(i64::try_from(end.as_secs()).ok()?).ok()
}

/// How long a certificate is still good.
pub fn of_certificate(check: &str, bytes: &[u8], now: OffsetDateTime, renew: &str) -> Finding {
    let Some(end) = ends(bytes) else {
        return Finding::bad(check, "is no certificate", renew);
    };
    let date = end.date();
    match (end - now).whole_days() {
        _ if end <= now => Finding::bad(check, format!("expired on {date}"), renew),
        days @ ..=DAYS => Finding::soon(check, format!("good for {days} more days, to {date}"), renew),
        days => Finding::good(check, format!("good for {days} more days")),
    }
}

/// The same for a file.
pub fn of_certificate_file(check: &str, path: &Path, now: OffsetDateTime) -> Finding {
    const RENEW: &str =
        "Renew it: burkindi admin tls renew; copy the new files, and start the service again.";
    match fs::read(path) {
        Ok(bytes) => of_certificate(check, &bytes, now, RENEW),
        Err(error) => Finding::bad(check, format!("{}: {error}", path.display()), RENEW),
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::State;

    #[test]
    fn a_certificate_is_told_before_it_ends_in_either_form() {
        let end = datetime!(2026-12-23 0:00 UTC);
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["intake.example".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (end - Duration::days(90), end);
        let made = params.self_signed(&key).unwrap();
        let chain = made.pem().repeat(2);
        for bytes in [made.pem().as_bytes(), chain.as_bytes(), made.der()] {
            assert_eq!(ends(bytes), Some(end));
            let state = |days| of_certificate("tls", bytes, end - Duration::days(days), "renew").state;
            assert_eq!([state(31), state(30), state(0)], [State::Good, State::Soon, State::Wrong]);
        }
        for nothing in [&b""[..], b"nothing", END] {
            assert_eq!(of_certificate("tls", nothing, end, "renew").state, State::Wrong);
        }
    }
}
