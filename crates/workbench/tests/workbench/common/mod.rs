//! A complete small installation in a temporary folder, created with the same functions as a real
//! one.

pub(crate) mod absences;
pub(crate) mod browser;
pub(crate) mod environment;
pub(crate) mod fake_handler;
pub(crate) mod log_builder;
pub(crate) mod reporter;
pub(crate) mod test_tree;

use std::path::PathBuf;

use ed25519_dalek::SigningKey;
use protocol::directory::{Desk, SignedDirectory, TrustRoots};
use rand::rngs::OsRng;
use secrecy::SecretString;
use tempfile::TempDir;
use time::{Date, OffsetDateTime};
use workbench::{
    admin::{self, AdminDir, init::InstallationPlan, root_keys, signing},
    keys::{key_file::InvestigatorKey, passphrase_encryption::ScryptCost},
    session::profile::{ProfileDir, ProfileSettings},
};

pub(crate) const PASSPHRASE: &str = "a passphrase for tests";

/// Members of the internal desk, the lead first, then the oversight body.
pub(crate) const TEST_MEMBERS: [&str; 4] = ["lead", "two", "three", "outside"];

pub(crate) struct WorkbenchInstallation {
    pub(crate) dir: TempDir,
    pub(crate) admin_dir: AdminDir,
    pub(crate) trust: TrustRoots,
    pub(crate) root_keys: Vec<SigningKey>,
    pub(crate) keys: Vec<InvestigatorKey>,
    pub(crate) log_key: SigningKey,
}

/// Cost 1, so that tests do not spend time on scrypt.
pub(crate) fn cheap_scrypt() -> ScryptCost {
    ScryptCost::new(1).unwrap()
}

pub(crate) fn passphrase() -> SecretString {
    SecretString::from(PASSPHRASE)
}

#[expect(clippy::disallowed_methods, reason = "the edge of the test")]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

pub(crate) fn today() -> Date {
    now().date()
}

impl WorkbenchInstallation {
    /// Creates three root keys with a threshold of two, three members at one desk, one member in
    /// the oversight body, and one signed directory.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("installation");
        let passphrases = [passphrase(), passphrase(), passphrase()];
        let plan = InstallationPlan {
            dir: &place,
            threshold: 2,
            oversight_desk: "external",
            hosts: &[],
            passphrases: &passphrases,
            scrypt_cost: cheap_scrypt(),
        };
        let trust = admin::init::create_installation(&plan, now(), &mut OsRng).unwrap();
        let admin = AdminDir::new(&place);
        let root = |n| {
            root_keys::open_root_key(
                &place.join(format!("roots/root-{n}.age")),
                &passphrase(),
                &trust,
            )
            .unwrap()
        };
        let roots = (1..=3).map(root).collect();
        let keys = TEST_MEMBERS
            .map(|handle| InvestigatorKey::generate(handle, &mut OsRng).unwrap())
            .into();
        let log_key = read_log_key(&place.join("log.key"));
        let installation = Self { dir, admin_dir: admin, trust, root_keys: roots, keys, log_key };
        installation.add_members();
        installation
    }

    fn add_members(&self) {
        let mut draft = self.admin_dir.draft().unwrap();
        for key in &self.keys {
            let covers =
                if key.handle() == "three" { vec!["regional".to_owned()] } else { Vec::new() };
            draft.add_member(&key.request(), covers, vec!["fr".into()], false).unwrap();
        }
        draft
            .add_desk(desk("internal_affairs", &["lead", "two", "three"], &["FAC", "EXT"]), false)
            .unwrap();
        draft.add_desk(desk("external", &["outside"], &[]), false).unwrap();
        self.admin_dir.save_draft(&draft).unwrap();
        self.sign_directory();
    }

    /// Signs the draft with two keys.
    pub(crate) fn sign_directory(&self) -> SignedDirectory {
        signing::sign(&self.admin_dir, &self.root_keys[..2], today()).unwrap().signed_directory
    }

    pub(crate) fn signed_directory(&self) -> SignedDirectory {
        self.admin_dir.signed_directory().unwrap().unwrap()
    }

    pub(crate) fn key_of(&self, handle: &str) -> &InvestigatorKey {
        self.keys.iter().find(|key| key.handle() == handle).unwrap()
    }

    /// Creates the profile of one member, connected to this address.
    pub(crate) fn profile_dir(&self, handle: &str, handler: &str) -> ProfileDir {
        let profile = ProfileDir::new(self.profile_path(handle));
        let settings = ProfileSettings { handler: handler.to_owned() };
        profile.pin_handler(&settings, &self.ca_pem(), &self.trust).unwrap();
        let sealed = self.key_of(handle).seal(&passphrase(), cheap_scrypt());
        workbench::private_files::replace_private(&profile.key_path(), &sealed).unwrap();
        profile
    }

    pub(crate) fn profile_path(&self, handle: &str) -> PathBuf {
        self.dir.path().join(format!("home-{handle}"))
    }

    pub(crate) fn ca_pem(&self) -> String {
        std::fs::read_to_string(self.admin_dir.path("tls/ca.pem")).unwrap()
    }
}

pub(crate) fn desk(id: &str, members: &[&str], categories: &[&str]) -> Desk {
    let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    Desk {
        id: id.to_owned(),
        labels: [("en".to_owned(), id.to_owned())].into(),
        categories: owned(categories),
        audiences: Vec::new(),
        members: owned(members),
        units: Vec::new(),
    }
}

/// Reads the key as the case handler does: 43 characters of base64url.
fn read_log_key(path: &std::path::Path) -> SigningKey {
    let text = std::fs::read_to_string(path).unwrap();
    SigningKey::from_bytes(protocol::Hash::parse(text.trim()).unwrap().as_bytes())
}
