//! A case handler without network: a database in a temporary folder, direct calls of the API, and
//! hand-made submissions.
#![expect(dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod calls;
pub(crate) mod cases;
pub(crate) mod log_capture;
pub(crate) mod rotations;
pub(crate) mod submissions;

use std::{collections::BTreeMap, path::Path, slice, sync::Arc, time::Duration};

use axum::Router;
use bytes::Bytes;
use case_handler::{
    api::{ApiState, SessionRegistry, routes},
    directory_cache::DirectoryCache,
    event_log::HandlerSigner,
    ingest::{IngestError, IngestOutcome, SubmissionIngester},
    store::{CaseStore, PartObjectStore},
    trusted_date::TrustedDateSource,
};
use ed25519_dalek::SigningKey;
use protocol::{
    case::Calendar,
    directory::{Desk, Directory, LogSettings, Member, SignedDirectory, TrustRoots},
    keys::{InvestigatorIdentity, InvestigatorRecipient, PublicKey, TransportIdentity},
    submission::envelope::OpenedSubmission,
};
use rand::{SeedableRng, rngs::StdRng};
use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;
use time::{Date, macros::datetime};
use uuid::Uuid;
use web::Clock;

/// Every test runs on both databases: once in its own binary, once as a part of `on_postgres.rs`.
pub(crate) fn on_postgres() -> bool {
    env!("CARGO_CRATE_NAME") == "on_postgres"
}

pub(crate) struct HandlerFixture {
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    pub(crate) store: Arc<CaseStore>,
    pub(crate) directories: Arc<DirectoryCache>,
    pub(crate) directory: Directory,
    pub(crate) members: BTreeMap<&'static str, (InvestigatorIdentity, SigningKey)>,
    pub(crate) log_key: SigningKey,
    pub(crate) root: SigningKey,
    pub(crate) transport: TransportIdentity,
    pub(crate) clock: Clock,
    pub(crate) app: Router,
    pub(crate) rng: StdRng,
}

fn new_database(folder: &Path) -> String {
    if on_postgres() {
        test_postgres::shared_cluster().unwrap().create_database().unwrap()
    } else {
        format!("sqlite://{}", folder.join("cases.sqlite").display())
    }
}

async fn open_store(url: &str, trust: TrustRoots) -> (Arc<CaseStore>, Arc<DirectoryCache>) {
    let store = Arc::new(CaseStore::open(url).await.unwrap());
    let directories = Arc::new(DirectoryCache::load(trust, &store).await.unwrap());
    (store, directories)
}

fn build_app(
    store: &Arc<CaseStore>,
    directories: &Arc<DirectoryCache>,
    log_key: &SigningKey,
    clock: &Clock,
) -> Router {
    routes(ApiState {
        store: Arc::clone(store),
        directories: Arc::clone(directories),
        log_keys: Arc::new(log_key.clone().into()),
        sessions: Arc::new(SessionRegistry::default()),
        trusted_date: TrustedDateSource::new(
            clock.clone(),
            Arc::clone(store),
            u16::MAX,
            None,
            Duration::ZERO,
        ),
        calendar: Calendar::default(),
        clock: clock.clone(),
    })
}

impl HandlerFixture {
    pub(crate) async fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(3);
        let members: BTreeMap<_, _> = ["awa", "bila", "coumba", "eva"]
            .into_iter()
            .map(|handle| {
                (handle, (InvestigatorIdentity::generate(&mut rng), SigningKey::generate(&mut rng)))
            })
            .collect();
        let log_key = SigningKey::generate(&mut rng);
        let root = SigningKey::generate(&mut rng);
        let transport = TransportIdentity::generate(&mut rng);
        let clock = Clock::fixed(datetime!(2026-11-23 10:00 UTC));
        let directory = sample_directory(&members, &log_key, &transport);
        let trust = TrustRoots {
            instance: directory.instance,
            threshold: 1,
            roots: vec![PublicKey::from(&root)],
        };
        let folder = tempfile::tempdir().unwrap();
        let url = new_database(folder.path());
        let (store, directories) = open_store(&url, trust).await;
        let signed = SignedDirectory::sign(&directory, slice::from_ref(&root)).unwrap();
        directories.publish(request_body(&signed), clock.today(), &store).await.unwrap();
        let app = build_app(&store, &directories, &log_key, &clock);
        Self {
            folder,
            url,
            store,
            directories,
            directory,
            members,
            log_key,
            root,
            transport,
            clock,
            app,
            rng,
        }
    }

    /// Opens the database again, with a quarantine of this size in MiB.
    pub(crate) async fn set_quarantine_limit(&mut self, max_mib: u32) {
        self.reopen_with(|store| store.with_quarantine_limit(max_mib)).await;
    }

    /// Opens the database again, with an object store.
    pub(crate) async fn set_object_store(&mut self, objects: PartObjectStore) {
        self.reopen_with(|store| store.with_object_store(Some(objects))).await;
    }

    async fn reopen_with(&mut self, set: impl FnOnce(CaseStore) -> CaseStore) {
        self.store.release_writer().await.unwrap();
        self.store = Arc::new(set(CaseStore::open(&self.url).await.unwrap()));
        self.app = build_app(&self.store, &self.directories, &self.log_key, &self.clock);
    }

    /// Runs SQL without the case handler, as an attacker with access to the database could. Written
    /// for `SQLite`.
    pub(crate) async fn execute_sql(&self, sql: &str) {
        let raw = Database::connect(&self.url).await.unwrap();
        let sql = if on_postgres() { to_postgres_sql(sql) } else { sql.to_owned() };
        raw.execute_unprepared(&sql).await.unwrap();
        raw.close().await.unwrap();
    }

    /// Ends the process and starts another one on the same database.
    pub(crate) async fn restart(&mut self) {
        let trust = TrustRoots {
            instance: self.directory.instance,
            threshold: 1,
            roots: vec![PublicKey::from(&self.root)],
        };
        self.store.release_writer().await.unwrap();
        (self.store, self.directories) = open_store(&self.url, trust).await;
        self.app = build_app(&self.store, &self.directories, &self.log_key, &self.clock);
    }

    /// Returns the next directory, signed but not published.
    pub(crate) fn next_directory(
        &mut self,
        change: impl FnOnce(&mut Directory),
    ) -> SignedDirectory {
        self.directory.epoch += 1;
        change(&mut self.directory);
        SignedDirectory::sign(&self.directory, slice::from_ref(&self.root)).unwrap()
    }

    /// Publishes the next directory.
    pub(crate) async fn publish(&mut self, change: impl FnOnce(&mut Directory)) {
        let signed = self.next_directory(change);
        self.directories
            .publish(request_body(&signed), self.clock.today(), &self.store)
            .await
            .unwrap();
    }

    /// Publishes a new key for a member. Returns the old one.
    pub(crate) async fn renew_keys(
        &mut self,
        handle: &'static str,
    ) -> (InvestigatorIdentity, SigningKey) {
        let new =
            (InvestigatorIdentity::generate(&mut self.rng), SigningKey::generate(&mut self.rng));
        let (recipient, device) = (new.0.recipient(), PublicKey::from(&new.1));
        self.publish(|directory| {
            let member =
                directory.members.iter_mut().find(|member| member.handle == handle).unwrap();
            (member.recipient, member.device) = (recipient, device);
        })
        .await;
        self.members.insert(handle, new).unwrap()
    }

    pub(crate) fn recipient(&self, handle: &str) -> InvestigatorRecipient {
        self.members[handle].0.recipient()
    }

    pub(crate) async fn ingest(
        &self,
        opened: &OpenedSubmission,
    ) -> Result<IngestOutcome, IngestError> {
        self.ingest_batch(std::slice::from_ref(opened)).await?.pop().unwrap()
    }

    /// Ingests one submission on a date.
    pub(crate) async fn ingest_on(
        &self,
        opened: &OpenedSubmission,
        today: Date,
    ) -> Result<IngestOutcome, IngestError> {
        let signer = HandlerSigner { key: &self.log_key, today };
        self.ingest_batch_signed_by(slice::from_ref(opened), signer).await?.pop().unwrap()
    }

    /// Ingests submissions in one transaction. All must name the same directory.
    pub(crate) async fn ingest_batch(
        &self,
        batch: &[OpenedSubmission],
    ) -> Result<Vec<Result<IngestOutcome, IngestError>>, IngestError> {
        self.ingest_batch_signed_by(batch, self.signer()).await
    }

    async fn ingest_batch_signed_by(
        &self,
        batch: &[OpenedSubmission],
        signer: HandlerSigner<'_>,
    ) -> Result<Vec<Result<IngestOutcome, IngestError>>, IngestError> {
        let accepted = self.directories.latest().unwrap();
        let submission_directory = self.directories.by_hash(&batch[0].header.directory);
        let ingester = SubmissionIngester {
            directory: &accepted.directory,
            submission_directory: submission_directory.as_ref().map(|named| &named.directory),
            signer,
            absent_members: &[],
            retention_months: 60,
        };
        ingester
            .ingest_batch(&self.store, batch, &mut self.store.workload_by_readers().await.unwrap())
            .await
    }

    pub(crate) fn trusted_date(&self) -> TrustedDateSource {
        TrustedDateSource::new(
            self.clock.clone(),
            Arc::clone(&self.store),
            u16::MAX,
            None,
            Duration::ZERO,
        )
    }

    pub(crate) fn signer(&self) -> HandlerSigner<'_> {
        HandlerSigner { key: &self.log_key, today: self.clock.today() }
    }
}

fn to_postgres_sql(sql: &str) -> String {
    sql.replace("x'7b7d'", "'\\x7b7d'")
        .replace("zeroblob(64)", "decode(repeat('00', 64), 'hex')")
        .replace("zeroblob(32)", "decode(repeat('00', 32), 'hex')")
        .replace("randomblob(16)", "gen_random_uuid()")
}

fn sample_directory(
    members: &BTreeMap<&'static str, (InvestigatorIdentity, SigningKey)>,
    log_key: &SigningKey,
    transport: &TransportIdentity,
) -> Directory {
    let members = members
        .iter()
        .map(|(handle, (identity, device))| Member {
            handle: (*handle).into(),
            recipient: identity.recipient(),
            device: device.into(),
            units: vec![],
            languages: vec!["fr".into()],
        })
        .collect();
    let desk = |id: &str, members: &[&str]| Desk {
        id: id.into(),
        labels: BTreeMap::new(),
        categories: vec![],
        audiences: vec![],
        members: members.iter().map(|member| (*member).into()).collect(),
        units: vec![],
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
        log: LogSettings::default(),
        members,
        desks: vec![desk("audit", &["awa", "bila", "coumba"]), desk("external", &["eva"])],
        oversight: "external".into(),
        programs: Vec::new(),
    }
}

/// Returns the request body that publishes a directory.
pub(crate) fn request_body(signed: &SignedDirectory) -> Bytes {
    serde_json::to_vec(signed).unwrap().into()
}
