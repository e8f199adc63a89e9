//! Creates an installation: root keys, keys of the services, certificates, and an empty draft of
//! the directory.

use std::path::Path;

use ed25519_dalek::SigningKey;
use protocol::directory::TrustRoots;
use rand::{CryptoRng, RngCore};
use secrecy::SecretString;
use time::OffsetDateTime;

use super::{AdminDir, AdminError, DirectoryDraft, root_keys, service_keys, tls};
use crate::{keys::passphrase_encryption::ScryptCost, private_files};

/// Maximum number of root keys.
const MAX_ROOT_KEYS: usize = 16;

/// Parameters of a new installation.
#[derive(Debug)]
pub struct InstallationPlan<'a> {
    /// The folder, which must not exist or must be empty.
    pub dir: &'a Path,
    /// Number of root keys that must sign a directory.
    pub threshold: usize,
    /// Id of the oversight body's desk.
    pub oversight_desk: &'a str,
    /// Names in the certificates, besides 127.0.0.1 and localhost.
    pub hosts: &'a [String],
    /// One passphrase for each root key, because different people keep them.
    pub passphrases: &'a [SecretString],
    /// Cost of the passphrase encryption of the root key files.
    pub scrypt_cost: ScryptCost,
}

/// Creates the installation completely, or leaves nothing behind.
///
/// # Errors
/// [`AdminError::InvalidThreshold`], [`AdminError::NotEmpty`], or if a file or certificate cannot
/// be created.
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
    // Everything is created in a temporary folder, which is then renamed. An interruption leaves no
    // incomplete installation.
    let temporary =
        tempfile::Builder::new().prefix(".burkindi-").tempdir_in(parent).map_err(io("create"))?;
    private_files::restrict_to_owner(temporary.path())?;
    let trust = write_installation(plan, temporary.path(), now, rng)?;
    std::fs::rename(temporary.path(), plan.dir).map_err(io("create"))?;
    // The folder was renamed, so there is nothing to clean up.
    let _moved = temporary.keep();
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
    for (index, (key, passphrase)) in root_keys.iter().zip(plan.passphrases).enumerate() {
        let path = dir.join("roots").join(format!("root-{}.age", index + 1));
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
            Err(private_files::FileError::Io { verb: "read", path: dir.to_owned(), source }.into())
        }
    }
}
