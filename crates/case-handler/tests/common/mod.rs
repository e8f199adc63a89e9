//! A case handler without network: a database in a temporary folder, the API called directly, submissions made by hand.
#![expect(dead_code, reason = "each test file uses a part")]
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod calls;
pub(crate) mod submissions;

use std::{collections::BTreeMap, path::Path, slice, sync::Arc, time::Duration};

use axum::Router;
use bytes::Bytes;
use case_handler::{
    api::{Api, Sessions, routes},
    current::Current,
    filing::{Filed, Filing, FilingError},
    log::Author,
    store::{Objects, Store},
    today::Today,
};
use ed25519_dalek::SigningKey;
use envelope::{
    directory::{Desk, Directory, Member, SignedDirectory, Trust},
    keys::{InvestigatorIdentity, InvestigatorRecipient, PublicKey, TransportIdentity},
    life::Calendar,
    submission::Opened,
};
use rand::{SeedableRng, rngs::StdRng};
use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;
use time::{Date, macros::datetime};
use uuid::Uuid;
use web::Clock;

/// Everything runs on each engine: once as it stands here, once as a part of `on_postgres.rs`.
pub(crate) fn on_postgres() -> bool {
    env!("CARGO_CRATE_NAME") == "on_postgres"
}

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    pub(crate) store: Arc<Store>,
    pub(crate) current: Arc<Current>,
    pub(crate) directory: Directory,
    pub(crate) people: BTreeMap<&'static str, (InvestigatorIdentity, SigningKey)>,
    pub(crate) log_key: SigningKey,
    pub(crate) root: SigningKey,
    pub(crate) transport: TransportIdentity,
    pub(crate) clock: Clock,
    pub(crate) app: Router,
    pub(crate) rng: StdRng,
}

fn new_database(folder: &Path) -> String {
    if on_postgres() {
        throwaway_postgres::shared().unwrap().database().unwrap()
    } else {
        format!("sqlite://{}", folder.join("cases.sqlite").display())
    }
}

async fn open(url: &str, trust: Trust) -> (Arc<Store>, Arc<Current>) {
    let store = Arc::new(Store::open(url).await.unwrap());
    let current = Arc::new(Current::load(trust, &store).await.unwrap());
    (store, current)
}

fn app(store: &Arc<Store>, current: &Arc<Current>, log_key: &SigningKey, clock: &Clock) -> Router {
    routes(Api {
        store: Arc::clone(store),
        current: Arc::clone(current),
        log_key: Arc::new(log_key.clone()),
        sessions: Arc::new(Sessions::default()),
        today: Today::new(clock.clone(), Arc::clone(store), u16::MAX, None, Duration::ZERO),
        calendar: Calendar::default(),
        clock: clock.clone(),
    })
}

impl World {
    pub(crate) async fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(3);
        let people: BTreeMap<_, _> = ["awa", "bila", "coumba", "eva"]
            .into_iter()
            .map(|handle| {
                (handle, (InvestigatorIdentity::generate(&mut rng), SigningKey::generate(&mut rng)))
            })
            .collect();
        let log_key = SigningKey::generate(&mut rng);
        let root = SigningKey::generate(&mut rng);
        let transport = TransportIdentity::generate(&mut rng);
        let clock = Clock::fixed(datetime!(2026-11-23 10:00 UTC));
        let directory = directory(&people, &log_key, &transport);
        let trust = Trust { instance: directory.instance, threshold: 1, roots: vec![PublicKey::from(&root)] };
        let folder = tempfile::tempdir().unwrap();
        let url = new_database(folder.path());
        let (store, current) = open(&url, trust).await;
        let signed = SignedDirectory::sign(&directory, slice::from_ref(&root)).unwrap();
        current.publish(carried(&signed), clock.today(), &store).await.unwrap();
        let app = app(&store, &current, &log_key, &clock);
        Self { folder, url, store, current, directory, people, log_key, root, transport, clock, app, rng }
    }

    /// Opens the database again, with so many MiB for what cannot be filed.
    pub(crate) async fn keep_aside(&mut self, most_mib: u32) {
        self.open_with(|store| store.keeping_aside(most_mib)).await;
    }

    /// Opens the database again, with an object store.
    pub(crate) async fn with_objects(&mut self, objects: Objects) {
        self.open_with(|store| store.with_objects(Some(objects))).await;
    }

    async fn open_with(&mut self, set: impl FnOnce(Store) -> Store) {
        self.store.stop_writing().await.unwrap();
        self.store = Arc::new(set(Store::open(&self.url).await.unwrap()));
        self.app = app(&self.store, &self.current, &self.log_key, &self.clock);
    }

    /// Past the handler, as somebody would who has the database. Written for `SQLite`.
    pub(crate) async fn tamper(&self, sql: &str) {
        let raw = Database::connect(&self.url).await.unwrap();
        let sql = if on_postgres() { for_postgres(sql) } else { sql.to_owned() };
        raw.execute_unprepared(&sql).await.unwrap();
        raw.close().await.unwrap();
    }

    /// Ends the process and begins another on the same database.
    pub(crate) async fn restart(&mut self) {
        let trust = Trust {
            instance: self.directory.instance,
            threshold: 1,
            roots: vec![PublicKey::from(&self.root)],
        };
        self.store.stop_writing().await.unwrap();
        (self.store, self.current) = open(&self.url, trust).await;
        self.app = app(&self.store, &self.current, &self.log_key, &self.clock);
    }

    /// The next directory, signed but not published.
    pub(crate) fn next_directory(&mut self, change: impl FnOnce(&mut Directory)) -> SignedDirectory {
        self.directory.epoch += 1;
        change(&mut self.directory);
        SignedDirectory::sign(&self.directory, slice::from_ref(&self.root)).unwrap()
    }

    /// Publishes the next directory.
    pub(crate) async fn publish(&mut self, change: impl FnOnce(&mut Directory)) {
        let signed = self.next_directory(change);
        self.current.publish(carried(&signed), self.clock.today(), &self.store).await.unwrap();
    }

    /// A new key for a member. Gives the old one.
    pub(crate) async fn renew(&mut self, handle: &'static str) -> (InvestigatorIdentity, SigningKey) {
        let new = (InvestigatorIdentity::generate(&mut self.rng), SigningKey::generate(&mut self.rng));
        let (recipient, device) = (new.0.recipient(), PublicKey::from(&new.1));
        self.publish(|directory| {
            let member = directory.members.iter_mut().find(|member| member.handle == handle).unwrap();
            (member.recipient, member.device) = (recipient, device);
        })
        .await;
        self.people.insert(handle, new).unwrap()
    }

    pub(crate) fn recipient(&self, handle: &str) -> InvestigatorRecipient {
        self.people[handle].0.recipient()
    }

    pub(crate) async fn file(&self, opened: &Opened) -> Result<Filed, FilingError> {
        self.file_all(std::slice::from_ref(opened)).await?.pop().unwrap()
    }

    /// The same on a day.
    pub(crate) async fn file_on(&self, opened: &Opened, today: Date) -> Result<Filed, FilingError> {
        let author = Author { key: &self.log_key, today };
        self.file_all_by(slice::from_ref(opened), author).await?.pop().unwrap()
    }

    /// In one transaction. All name the directory that the first one names.
    pub(crate) async fn file_all(
        &self,
        group: &[Opened],
    ) -> Result<Vec<Result<Filed, FilingError>>, FilingError> {
        self.file_all_by(group, self.author()).await
    }

    async fn file_all_by(
        &self,
        group: &[Opened],
        author: Author<'_>,
    ) -> Result<Vec<Result<Filed, FilingError>>, FilingError> {
        let accepted = self.current.get().unwrap();
        let named = self.current.named(&group[0].header.directory);
        let filing = Filing {
            directory: &accepted.directory,
            named: named.as_ref().map(|named| &named.directory),
            author,
            absent: &[],
            retention_months: 60,
        };
        filing.file_all(&self.store, group, &mut self.store.load().await.unwrap()).await
    }

    pub(crate) fn today(&self) -> Today {
        Today::new(self.clock.clone(), Arc::clone(&self.store), u16::MAX, None, Duration::ZERO)
    }

    pub(crate) fn author(&self) -> Author<'_> {
        Author { key: &self.log_key, today: self.clock.today() }
    }
}

fn for_postgres(sql: &str) -> String {
    sql.replace("x'7b7d'", "'\\x7b7d'")
        .replace("zeroblob(64)", "decode(repeat('00', 64), 'hex')")
        .replace("zeroblob(32)", "decode(repeat('00', 32), 'hex')")
        .replace("randomblob(16)", "gen_random_uuid()")
}

fn directory(
    people: &BTreeMap<&'static str, (InvestigatorIdentity, SigningKey)>,
    log_key: &SigningKey,
    transport: &TransportIdentity,
) -> Directory {
    let members = people
        .iter()
        .map(|(handle, (identity, device))| Member {
            handle: (*handle).into(),
            recipient: identity.recipient(),
            device: device.into(),
            covers: vec![],
            languages: vec!["fr".into()],
        })
        .collect();
    let desk = |id: &str, members: &[&str]| Desk {
        id: id.into(),
        labels: BTreeMap::new(),
        categories: vec![],
        audiences: vec![],
        members: members.iter().map(|member| (*member).into()).collect(),
        covers: vec![],
    };
    Directory {
        v: 1,
        instance: Uuid::from_u128(1),
        epoch: 1,
        previous: None,
        issued: time::macros::date!(2026 - 11 - 23),
        expires: time::macros::date!(2026 - 12 - 23),
        transport: vec![transport.recipient()],
        handler_key: log_key.into(),
        members,
        desks: vec![desk("audit", &["awa", "bila", "coumba"]), desk("external", &["eva"])],
        oversight: "external".into(),
    }
}

/// A directory as it comes over the line.
pub(crate) fn carried(signed: &SignedDirectory) -> Bytes {
    serde_json::to_vec(signed).unwrap().into()
}
