//! A whole small installation in a temporary folder: made with the same functions as a real one.

pub(crate) mod absences;
pub(crate) mod handler;
pub(crate) mod office;
pub(crate) mod reporter;
pub(crate) mod screen;

use std::path::PathBuf;

use ed25519_dalek::SigningKey;
use envelope::directory::{Desk, SignedDirectory, Trust};
use rand::rngs::OsRng;
use secrecy::SecretString;
use tempfile::TempDir;
use time::{Date, OffsetDateTime};
use workbench::{
    admin::{self, AdminDir, init::Plan, roots, signing},
    home::{Home, Settings},
    keyfile::InvestigatorKey,
    sealed::Work,
};

pub(crate) const PASSPHRASE: &str = "a passphrase for tests";

/// Members of the inner desk, the lead first; then the outside body.
pub(crate) const PEOPLE: [&str; 4] = ["lead", "two", "three", "outside"];

pub(crate) struct House {
    pub(crate) dir: TempDir,
    pub(crate) admin: AdminDir,
    pub(crate) trust: Trust,
    pub(crate) roots: Vec<SigningKey>,
    pub(crate) keys: Vec<InvestigatorKey>,
    pub(crate) log_key: SigningKey,
}

/// Guessing costs nothing in tests.
pub(crate) fn cheap() -> Work {
    Work::new(1).unwrap()
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

impl House {
    /// Three root keys of which two sign, three members at one desk, one in the outside body, one directory.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("installation");
        let passphrases = [passphrase(), passphrase(), passphrase()];
        let plan = Plan {
            dir: &place,
            threshold: 2,
            oversight_desk: "external",
            hosts: &[],
            passphrases: &passphrases,
            work: cheap(),
        };
        let trust = admin::init::init(&plan, now(), &mut OsRng).unwrap();
        let admin = AdminDir::at(&place);
        let root =
            |n| roots::open(&place.join(format!("roots/root-{n}.age")), &passphrase(), &trust).unwrap();
        let roots = (1..=3).map(root).collect();
        let keys = PEOPLE.map(|handle| InvestigatorKey::generate(handle, &mut OsRng).unwrap()).into();
        let log_key = read_log_key(&place.join("log.key"));
        let house = Self { dir, admin, trust, roots, keys, log_key };
        house.seat();
        house
    }

    fn seat(&self) {
        let mut draft = self.admin.draft().unwrap();
        for key in &self.keys {
            let covers = if key.handle() == "three" { vec!["regional".to_owned()] } else { Vec::new() };
            draft.add_member(&key.request(), covers, vec!["fr".into()], false).unwrap();
        }
        draft.add_desk(desk("internal_affairs", &["lead", "two", "three"], &["FAC", "EXT"]), false).unwrap();
        draft.add_desk(desk("external", &["outside"], &[]), false).unwrap();
        self.admin.save_draft(&draft).unwrap();
        self.sign();
    }

    /// Signs the draft with two keys.
    pub(crate) fn sign(&self) -> SignedDirectory {
        signing::sign(&self.admin, &self.roots[..2], today()).unwrap().signed
    }

    pub(crate) fn signed(&self) -> SignedDirectory {
        self.admin.signed().unwrap().unwrap()
    }

    pub(crate) fn key(&self, handle: &str) -> &InvestigatorKey {
        self.keys.iter().find(|key| key.handle() == handle).unwrap()
    }

    /// A home folder for one person, connected to this address.
    pub(crate) fn home(&self, handle: &str, handler: &str) -> Home {
        let home = Home::at(self.home_path(handle));
        let settings = Settings { handler: handler.to_owned() };
        home.connect(&settings, &self.ca(), &self.trust).unwrap();
        let sealed = self.key(handle).seal(&passphrase(), cheap());
        workbench::files::replace_private(&home.key_path(), &sealed).unwrap();
        home
    }

    pub(crate) fn home_path(&self, handle: &str) -> PathBuf {
        self.dir.path().join(format!("home-{handle}"))
    }

    pub(crate) fn ca(&self) -> String {
        std::fs::read_to_string(self.admin.path("tls/ca.pem")).unwrap()
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
        covers: Vec::new(),
    }
}

/// As the case handler reads it: 43 characters of base64url.
fn read_log_key(path: &std::path::Path) -> SigningKey {
    let text = std::fs::read_to_string(path).unwrap();
    SigningKey::from_bytes(envelope::Hash::parse(text.trim()).unwrap().as_bytes())
}
