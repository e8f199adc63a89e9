//! The private certificate authority of one installation, and its three leaf certificates.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::AdminError;
use crate::private_files;

/// Validity of the authority, as long as an installation may exist.
const CA_VALIDITY_DAYS: i64 = 3650;
/// Validity of leaf certificates, which `burkindi admin tls renew` renews.
const LEAF_VALIDITY_DAYS: i64 = 730;
/// Names in every leaf certificate, so that a trial on one machine works.
const LOCAL_HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

/// File stem and purpose of the leaf certificates.
const LEAF_CERTIFICATES: [(&str, ExtendedKeyUsagePurpose); 3] = [
    // The intake's relay listener presents it to the case handler.
    ("intake", ExtendedKeyUsagePurpose::ServerAuth),
    // The case handler presents it to the relay listener.
    ("handler", ExtendedKeyUsagePurpose::ClientAuth),
    // The case handler presents it to workbenches.
    ("api", ExtendedKeyUsagePurpose::ServerAuth),
];

/// Creates the authority and the leaf certificates in `folder`.
///
/// # Errors
/// If a certificate cannot be generated or a file cannot be written.
pub fn create_certificates(
    folder: &Path,
    instance: Uuid,
    hosts: &[String],
    now: OffsetDateTime,
) -> Result<(), AdminError> {
    private_files::create_private_dir(folder)?;
    let key = KeyPair::generate()?;
    let params = ca_params(instance, now);
    let ca = params.self_signed(&key)?;
    private_files::create_public(&folder.join("ca.pem"), ca.pem().as_bytes())?;
    private_files::create_private(
        &folder.join("ca.key"),
        Zeroizing::new(key.serialize_pem()).as_bytes(),
    )?;
    let issuer = Issuer::new(params, key);
    for (name, purpose) in LEAF_CERTIFICATES {
        let (pem, key) = issue_leaf(&issuer, name, purpose, hosts, now)?;
        private_files::create_public(&folder.join(format!("{name}.pem")), pem.as_bytes())?;
        private_files::create_private(&folder.join(format!("{name}.key")), key.as_bytes())?;
    }
    Ok(())
}

/// Result of a renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsRenewal {
    /// Names in the new leaf certificates.
    pub names: Vec<String>,
    /// Folder with the replaced leaf certificates.
    pub replaced: PathBuf,
}

/// Issues new leaf certificates with new keys from the same authority, so that pinned authorities
/// stay valid. The new certificates have every name of the old ones and of `add`, except those of
/// `drop`. The old files are moved to a separate folder.
///
/// # Errors
/// If the names of the old certificates are unknown and none are given, or a name of `drop` is in
/// none of them. Nothing is changed in these cases.
pub fn renew_certificates(
    folder: &Path,
    instance: Uuid,
    (add, drop): (&[String], &[String]),
    now: OffsetDateTime,
) -> Result<TlsRenewal, AdminError> {
    let pem = Zeroizing::new(private_files::read_text(&folder.join("ca.key"))?);
    let issuer = Issuer::new(ca_params(instance, now), KeyPair::from_pem(&pem)?);
    let names = certificate_names(folder, add, drop)?;
    let mut certificates = Vec::new();
    for (name, purpose) in LEAF_CERTIFICATES {
        let (pem, key) = issue_leaf(&issuer, name, purpose, &names, now)?;
        certificates.push((format!("{name}.key"), key));
        certificates.push((format!("{name}.pem"), Zeroizing::new(pem)));
    }
    let replaced = archive_certificates(folder, &certificates, now)?;
    for (name, content) in certificates {
        private_files::replace_private(&folder.join(name), content.as_bytes())?;
    }
    let local = LOCAL_HOSTS.iter().map(ToString::to_string);
    Ok(TlsRenewal { names: local.chain(names).collect(), replaced })
}

/// Returns the names of the new leaf certificates, except the local ones.
fn certificate_names(
    folder: &Path,
    add: &[String],
    drop: &[String],
) -> Result<Vec<String>, AdminError> {
    let old = LEAF_CERTIFICATES
        .iter()
        .filter_map(|(name, _)| private_files::read(&folder.join(format!("{name}.pem"))).ok());
    let old: Vec<Vec<String>> = old.filter_map(|pem| doctor::subject_names(&pem)).collect();
    if old.is_empty() && add.is_empty() {
        return Err(AdminError::NoCertificateNames(folder.to_owned()));
    }
    let mut names: Vec<String> = Vec::new();
    for name in old.iter().flatten().chain(add) {
        if !LOCAL_HOSTS.contains(&name.as_str()) && !names.contains(name) {
            names.push(name.clone());
        }
    }
    if let Some(unknown) = drop.iter().find(|name| !names.contains(name)) {
        return Err(AdminError::UnknownCertificateName(unknown.clone()));
    }
    names.retain(|name| !drop.contains(name));
    Ok(names)
}

/// Copies the files that are about to be replaced into a new folder, named after the date.
fn archive_certificates(
    folder: &Path,
    issued: &[(String, Zeroizing<String>)],
    now: OffsetDateTime,
) -> Result<PathBuf, AdminError> {
    let named = |number: u32| folder.join(format!("replaced-{}-{number}", now.date()));
    let mut number = 1;
    while named(number).exists() {
        number += 1;
    }
    let replaced = named(number);
    private_files::create_private_dir(&replaced)?;
    for (name, _) in issued {
        match private_files::read(&folder.join(name)) {
            Ok(old) => private_files::create_private(&replaced.join(name), &Zeroizing::new(old))?,
            Err(private_files::FileError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(replaced)
}

/// The name is derived from the installation, so that a later issuer with the same key continues
/// the first one.
fn ca_params(instance: Uuid, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, format!("Burkindi {instance}"));
    // No subordinate authorities are allowed.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    with_validity(params, now, CA_VALIDITY_DAYS)
}

fn issue_leaf(
    issuer: &Issuer<'_, KeyPair>,
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
    hosts: &[String],
    now: OffsetDateTime,
) -> Result<(String, Zeroizing<String>), AdminError> {
    let names: Vec<String> =
        LOCAL_HOSTS.iter().map(ToString::to_string).chain(hosts.iter().cloned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate()?;
    let certificate = with_validity(params, now, LEAF_VALIDITY_DAYS).signed_by(&key, issuer)?;
    Ok((certificate.pem(), Zeroizing::new(key.serialize_pem())))
}

/// Valid from the previous day, because clocks differ.
fn with_validity(
    mut params: CertificateParams,
    now: OffsetDateTime,
    days: i64,
) -> CertificateParams {
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(days);
    params
}
