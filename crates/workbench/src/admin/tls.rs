//! The small private certificate authority of one installation, and its three certificates.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::AdminError;
use crate::files;

/// The authority lasts as long as an installation may.
const CA_DAYS: i64 = 3650;
/// Leaf certificates are renewed with `burkindi admin tls renew`.
const LEAF_DAYS: i64 = 730;
/// Every leaf is valid for these, so that a trial on one machine works.
const LOCAL: [&str; 2] = ["127.0.0.1", "localhost"];

/// File stem and purpose of the three leaves.
const LEAVES: [(&str, ExtendedKeyUsagePurpose); 3] = [
    // What the intake's relay listener shows to the case handler,
    ("intake", ExtendedKeyUsagePurpose::ServerAuth),
    // what the case handler shows to that listener,
    ("handler", ExtendedKeyUsagePurpose::ClientAuth),
    // and what the case handler shows to workbenches.
    ("api", ExtendedKeyUsagePurpose::ServerAuth),
];

/// Makes the authority and the leaves in `folder`.
pub fn create(
    folder: &Path,
    instance: Uuid,
    hosts: &[String],
    now: OffsetDateTime,
) -> Result<(), AdminError> {
    files::create_private_dir(folder)?;
    let key = KeyPair::generate()?;
    let params = ca_params(instance, now);
    let ca = params.self_signed(&key)?;
    files::create_public(&folder.join("ca.pem"), ca.pem().as_bytes())?;
    files::create_private(&folder.join("ca.key"), Zeroizing::new(key.serialize_pem()).as_bytes())?;
    let issuer = Issuer::new(params, key);
    for (name, purpose) in LEAVES {
        let (pem, key) = leaf(&issuer, name, purpose, hosts, now)?;
        files::create_public(&folder.join(format!("{name}.pem")), pem.as_bytes())?;
        files::create_private(&folder.join(format!("{name}.key")), key.as_bytes())?;
    }
    Ok(())
}

/// Makes new leaves with new keys under the same authority; what is pinned anywhere stays good.
pub fn renew(folder: &Path, instance: Uuid, hosts: &[String], now: OffsetDateTime) -> Result<(), AdminError> {
    let pem = Zeroizing::new(files::read_text(&folder.join("ca.key"))?);
    let issuer = Issuer::new(ca_params(instance, now), KeyPair::from_pem(&pem)?);
    for (name, purpose) in LEAVES {
        let (pem, key) = leaf(&issuer, name, purpose, hosts, now)?;
        files::replace_private(&folder.join(format!("{name}.key")), key.as_bytes())?;
        files::replace_private(&folder.join(format!("{name}.pem")), pem.as_bytes())?;
    }
    Ok(())
}

/// The name follows from the installation, so that a later issuer with the same key continues the first.
fn ca_params(instance: Uuid, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, format!("Burkindi {instance}"));
    // Leaves are final: no authority below this one.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(params, now, CA_DAYS)
}

fn leaf(
    issuer: &Issuer<'_, KeyPair>,
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
    hosts: &[String],
    now: OffsetDateTime,
) -> Result<(String, Zeroizing<String>), AdminError> {
    let names: Vec<String> = LOCAL.iter().map(ToString::to_string).chain(hosts.iter().cloned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate()?;
    let certificate = valid(params, now, LEAF_DAYS).signed_by(&key, issuer)?;
    Ok((certificate.pem(), Zeroizing::new(key.serialize_pem())))
}

/// From the day before, as clocks differ.
fn valid(mut params: CertificateParams, now: OffsetDateTime, days: i64) -> CertificateParams {
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(days);
    params
}
