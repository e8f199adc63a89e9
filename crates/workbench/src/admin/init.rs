//! A new installation: root keys, services' keys, certificates and an empty draft of the directory.

use std::path::Path;

use ed25519_dalek::SigningKey;
use protocol::directory::TrustRoots;
use rand::{CryptoRng, RngCore};
use secrecy::SecretString;
use time::OffsetDateTime;

use super::{AdminDir, AdminError, DirectoryDraft, root_keys, service_keys, tls};
use crate::{keys::passphrase_encryption::ScryptCost, private_files};

/// More root keys than this help nobody.
const MAX_ROOT_KEYS: usize = 16;

/// What a new installation shall be.
#[derive(Debug)]
pub struct InstallationPlan<'a> {
    /// Where: a folder that is not there yet, or empty.
    pub dir: &'a Path,
    /// How many root keys must sign a directory.
    pub threshold: usize,
    /// Id of the outside body's desk.
    pub oversight_desk: &'a str,
    /// Names that the certificates are valid for, besides 127.0.0.1 and localhost.
    pub hosts: &'a [String],
    /// One for each root key: they are different people's.
    pub passphrases: &'a [SecretString],
    /// Of the root key files.
    pub scrypt_cost: ScryptCost,
}

/// Makes the installation whole, or leaves nothing behind.
pub fn create_installation(
    plan: &InstallationPlan<'_>,
    now: OffsetDateTime,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<TrustRoots, AdminError> {
    let roots = plan.passphrases.len();
    if plan.threshold == 0 || plan.threshold > roots || roots > MAX_ROOT_KEYS {
        return Err(AdminError::InvalidThreshold(roots));
    }
    check_dir_free(plan.dir)?;
    let parent =
        plan.dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let io = |verb: &'static str| {
        let path = plan.dir.to_owned();
        move |source| private_files::FileError::Io { verb, path, source }
    };
    // Built beside its place and moved there whole: an interruption leaves no half installation to
    // sign with.
    let building =
        tempfile::Builder::new().prefix(".burkindi-").tempdir_in(parent).map_err(io("create"))?;
    private_files::restrict_to_owner(building.path())?;
    let trust = write_installation(plan, building.path(), now, rng)?;
    std::fs::rename(building.path(), plan.dir).map_err(io("create"))?;
    // It has moved away: there is nothing left to clean up.
    let _moved = building.keep();
    Ok(trust)
}

fn write_installation(
    plan: &InstallationPlan<'_>,
    dir: &Path,
    now: OffsetDateTime,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<TrustRoots, AdminError> {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    let instance = uuid::Builder::from_random_bytes(bytes).into_uuid();

    let root_keys: Vec<SigningKey> =
        plan.passphrases.iter().map(|_| SigningKey::generate(rng)).collect();
    private_files::create_private_dir(&dir.join("roots"))?;
    for (at, (key, passphrase)) in root_keys.iter().zip(plan.passphrases).enumerate() {
        let path = dir.join("roots").join(format!("root-{}.age", at + 1));
        private_files::create_private(
            &path,
            &root_keys::seal_root_key(key, passphrase, plan.scrypt_cost),
        )?;
    }
    let trust = TrustRoots {
        instance,
        threshold: plan.threshold,
        roots: root_keys.iter().map(Into::into).collect(),
    };
    private_files::create_public(&dir.join("trust.json"), &private_files::to_pretty_json(&trust))?;

    let folder = AdminDir::new(dir);
    let (_, transport) = service_keys::generate_transport_key(&folder, rng)?;
    let (_, log) = service_keys::generate_log_key(&folder, rng)?;
    folder.save_draft(&DirectoryDraft::new(
        instance,
        transport,
        (&log).into(),
        plan.oversight_desk,
    ))?;
    tls::create_certificates(&dir.join("tls"), instance, plan.hosts, now)?;
    Ok(trust)
}

fn check_dir_free(dir: &Path) -> Result<(), AdminError> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(AdminError::NotEmpty(dir.to_owned())),
            None => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => {
            Err(private_files::FileError::Io { verb: "look into", path: dir.to_owned(), source }
                .into())
        }
    }
}
