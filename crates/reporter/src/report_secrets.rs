//! The secrets of a report.

use hkdf::Hkdf;
use protocol::{Hash, keys::CaseSecret, receipt::Receipt};
use rand::{CryptoRng, RngCore};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The receipt, the case id and the case secret of one report. None of them can be derived from
/// another.
pub struct ReportSecrets {
    receipt: Receipt,
    case: Uuid,
    secret: CaseSecret,
}

const SALT: &[u8] = b"burkindi/report-secrets/v1";

impl ReportSecrets {
    /// Generates random secrets.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed, &[])
    }

    /// Derives the secrets from the seed of a form and its content. Sending the same form twice
    /// makes the same report with the same receipt. A changed text makes another one. The caller
    /// draws `seed` once for each form that it shows.
    pub fn from_seed(seed: &[u8; 32], content: &[u8]) -> Self {
        let content = Hash::of(&[content]);
        let ikm = Zeroizing::new([*seed, *content.as_bytes()].concat());
        let hkdf = Hkdf::<Sha256>::new(Some(SALT), &ikm);
        let mut receipt = Zeroizing::new([0; 16]);
        let mut case = [0; 16];
        let mut secret = Zeroizing::new([0; 32]);
        for (info, out) in
            [("receipt", &mut receipt[..]), ("case", &mut case[..]), ("secret", &mut secret[..])]
        {
            hkdf.expand(info.as_bytes(), out).expect("32 bytes are within HKDF's limit");
        }
        Self {
            receipt: Receipt::from_bytes(*receipt),
            case: uuid::Builder::from_random_bytes(case).into_uuid(),
            secret: CaseSecret::from_bytes(*secret),
        }
    }

    /// Returns the receipt that the reporter writes down.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Returns the case id, a UUID version 4.
    pub fn case_id(&self) -> Uuid {
        self.case
    }

    pub(crate) fn case_secret(&self) -> &CaseSecret {
        &self.secret
    }
}
