//! Large parts in an object store: a folder, or an S3 bucket.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use case_handler::{
    doctor::check_parts,
    ingest::{IngestError, IngestOutcome},
    store::PartObjectStore,
};
use common::{HandlerFixture, submissions::follow_up};
use doctor::{DoctorReport, Severity};
use http::StatusCode;
use protocol::{api::workbench::PartKind, submission::envelope::OpenedSubmission};
use uuid::Uuid;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];
const LARGE_PART_LEN: usize = 700_000;

/// The objects of a bucket. While it is down, every request fails.
#[derive(Clone, Default)]
struct FakeBucket(Arc<Mutex<BucketState>>);

#[derive(Default)]
struct BucketState {
    objects: BTreeMap<String, Bytes>,
    /// The pieces of multipart uploads that have not ended.
    uploads: BTreeMap<String, BTreeMap<usize, Bytes>>,
    is_down: bool,
    /// Refuses this piece of a multipart upload.
    refused_piece: Option<usize>,
    /// Returns other bytes than were stored.
    is_damaged: bool,
}

impl FakeBucket {
    async fn serve(&self) -> String {
        let routes = Router::new()
            .route("/bucket", get(list))
            .route("/bucket/{*key}", put(store).post(multipart).get(fetch).delete(delete))
            .layer(DefaultBodyLimit::disable())
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        endpoint
    }

    fn respond(&self, respond: impl FnOnce(&mut BucketState) -> Response) -> Response {
        let mut state = self.0.lock().unwrap();
        if state.is_down {
            let body = "<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>user</AWSAccessKeyId></Error>";
            (StatusCode::FORBIDDEN, body).into_response()
        } else {
            respond(&mut state)
        }
    }
}

type Parameters = Query<BTreeMap<String, String>>;

async fn store(
    State(bucket): State<FakeBucket>,
    Path(key): Path<String>,
    Query(parameters): Parameters,
    body: Bytes,
) -> Response {
    bucket.respond(|state| {
        if let Some(number) = parameters.get("partNumber") {
            let number = number.parse().unwrap();
            if state.refused_piece == Some(number) {
                return StatusCode::FORBIDDEN.into_response();
            }
            state.uploads.get_mut(&key).unwrap().insert(number, body);
        } else {
            state.objects.insert(key, body);
        }
        [("etag", "\"1\"")].into_response()
    })
}

/// Begins or completes a multipart upload.
async fn multipart(
    State(bucket): State<FakeBucket>,
    Path(key): Path<String>,
    Query(parameters): Parameters,
) -> Response {
    bucket.respond(|state| {
        if parameters.contains_key("uploadId") {
            let pieces: Vec<_> = state.uploads.remove(&key).unwrap().into_values().collect();
            state.objects.insert(key, pieces.concat().into());
            return "<CompleteMultipartUploadResult><ETag>\"1\"</ETag></CompleteMultipartUploadResult>"
                .into_response();
        }
        state.uploads.insert(key, BTreeMap::new());
        "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
            .into_response()
    })
}

async fn fetch(State(bucket): State<FakeBucket>, Path(key): Path<String>) -> Response {
    if bucket.0.lock().unwrap().is_damaged {
        let headers = [("etag", "\"1\""), ("last-modified", "Mon, 23 Nov 2026 10:00:00 GMT")];
        return (headers, "other bytes").into_response();
    }
    bucket.respond(|state| match state.objects.get(&key) {
        Some(bytes) => {
            let headers = [("etag", "\"1\""), ("last-modified", "Mon, 23 Nov 2026 10:00:00 GMT")];
            (headers, bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

async fn delete(
    State(bucket): State<FakeBucket>,
    Path(key): Path<String>,
    Query(parameters): Parameters,
) -> Response {
    bucket.respond(|state| {
        if parameters.contains_key("uploadId") {
            state.uploads.remove(&key);
        } else {
            state.objects.remove(&key);
        }
        StatusCode::NO_CONTENT.into_response()
    })
}

/// `ListObjectsV2`, with all objects in one response.
async fn list(State(bucket): State<FakeBucket>) -> Response {
    bucket.respond(|state| {
        {
            let mut xml = "<ListBucketResult><IsTruncated>false</IsTruncated>".to_owned();
            for (key, bytes) in &state.objects {
                let size = bytes.len();
                write!(
                    xml,
                    "<Contents><Key>{key}</Key><LastModified>2026-11-23T10:00:00.000Z</LastModified>\
                 <ETag>\"1\"</ETag><Size>{size}</Size></Contents>"
                )
                .unwrap();
            }
            xml + "</ListBucketResult>"
        }
        .into_response()
    })
}

/// An object store, as the test inspects it.
enum ObjectBackend {
    Folder(PathBuf),
    Bucket(FakeBucket),
}

impl ObjectBackend {
    fn count(&self) -> usize {
        match self {
            Self::Folder(folder) => fs::read_dir(folder).unwrap().count(),
            Self::Bucket(bucket) => bucket.0.lock().unwrap().objects.len(),
        }
    }

    fn plant_orphan(&self) {
        let name = Uuid::new_v4().simple().to_string();
        match self {
            Self::Folder(folder) => fs::write(folder.join(name), "left over").unwrap(),
            Self::Bucket(bucket) => {
                let key = format!("parts/{name}");
                bucket.0.lock().unwrap().objects.insert(key, Bytes::from_static(b"left over"));
            }
        }
    }

    /// Changes one byte of every object.
    fn damage_objects(&self) {
        match self {
            Self::Folder(folder) => {
                for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                    let mut bytes = fs::read(entry.path()).unwrap();
                    bytes[5] ^= 1;
                    fs::write(entry.path(), bytes).unwrap();
                }
            }
            Self::Bucket(bucket) => {
                for bytes in bucket.0.lock().unwrap().objects.values_mut() {
                    let mut damaged = bytes.to_vec();
                    damaged[5] ^= 1;
                    *bytes = damaged.into();
                }
            }
        }
    }
}

fn folder_backend(handler: &HandlerFixture) -> (ObjectBackend, PartObjectStore) {
    let folder = handler.folder.path().join("parts");
    let objects = PartObjectStore::open(&format!("file://{}", folder.display()), []).unwrap();
    (ObjectBackend::Folder(folder), objects)
}

fn s3_settings(endpoint: String) -> [(String, String); 5] {
    drop(rustls::crypto::ring::default_provider().install_default());
    [
        ("AWS_ENDPOINT", endpoint),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "here".to_owned()),
        ("AWS_ACCESS_KEY_ID", "user".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

async fn bucket_backend() -> (ObjectBackend, PartObjectStore) {
    let bucket = FakeBucket::default();
    let settings = s3_settings(bucket.serve().await);
    let objects = PartObjectStore::open("s3://bucket/parts", settings).unwrap();
    (ObjectBackend::Bucket(bucket), objects)
}

fn large_report(handler: &mut HandlerFixture) -> OpenedSubmission {
    let (mut report, _) = handler.new_report(&DESK_MEMBERS);
    let bytes = (0..LARGE_PART_LEN).map(|n| u8::try_from(n % 251).unwrap()).collect();
    report.attachments = vec![vec![1; 1000], bytes];
    report
}

/// Returns the attachments of a case as a reader gets them.
async fn attachments(
    handler: &HandlerFixture,
    report: &OpenedSubmission,
) -> Vec<Result<Vec<u8>, String>> {
    let id = report.header.case.id;
    let mut found = Vec::new();
    for part in handler.case("awa", id).await.unwrap().parts {
        if part.kind == PartKind::Attachment {
            let (sender, mut receiver) = tokio::sync::mpsc::channel(100);
            let part = handler.store.visible_part("awa", id, part.id).await.unwrap().unwrap();
            let send = async {
                let streamed = handler.store.stream_part(&part, &sender).await;
                drop(sender);
                streamed
            };
            let receive = async {
                let mut bytes = Vec::new();
                while let Some(chunk) = receiver.recv().await {
                    bytes.extend(chunk.unwrap());
                }
                bytes
            };
            let (streamed, bytes) = tokio::join!(send, receive);
            found.push(streamed.map(|()| bytes).map_err(|error| error.to_string()));
        }
    }
    found
}

async fn large_parts_are_objects(handler: &mut HandlerFixture, backend: &ObjectBackend) {
    let report = large_report(handler);
    assert_eq!(handler.ingest(&report).await.unwrap(), IngestOutcome::NewCase);
    assert_eq!(backend.count(), 1, "the small part is a row");
    let read: Vec<_> =
        attachments(handler, &report).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(read, report.attachments);

    // A duplicate or an orphan leaves no object.
    assert_eq!(handler.ingest(&report).await.unwrap(), IngestOutcome::Duplicate);
    let other = large_report(handler);
    let mut orphan = follow_up(&other, "no report");
    orphan.attachments = vec![vec![2; LARGE_PART_LEN]];
    assert!(matches!(handler.ingest(&orphan).await, Err(IngestError::Orphan)));
    assert_eq!(backend.count(), 1);

    // Objects that a crashed process left are deleted, but not those that are referenced or in
    // progress.
    backend.plant_orphan();
    let in_flight = handler.store.stage_objects(&[vec![3; LARGE_PART_LEN]]).await.unwrap();
    assert_eq!(handler.store.delete_orphaned_objects().await.unwrap(), 1);
    assert_eq!(backend.count(), 2);
    drop(in_flight);
    assert_eq!(handler.store.delete_orphaned_objects().await.unwrap(), 1);
    assert_eq!(backend.count(), 1);

    // A damaged object causes an error, and all other parts are readable.
    backend.damage_objects();
    let read = attachments(handler, &report).await;
    assert_eq!(read[0].as_ref().unwrap(), &report.attachments[0]);
    assert!(read[1].as_ref().unwrap_err().contains("was altered"), "{read:?}");
}

/// Ingests a part that is written in three pieces.
async fn a_very_large_part_is_read_again(handler: &mut HandlerFixture, backend: &ObjectBackend) {
    let (mut report, _) = handler.new_report(&DESK_MEMBERS);
    let bytes = (0..17 << 20).map(|n| u8::try_from(n % 251).unwrap()).collect();
    report.attachments = vec![bytes];
    assert_eq!(handler.ingest(&report).await.unwrap(), IngestOutcome::NewCase);
    assert_eq!(backend.count(), 1);
    assert!(attachments(handler, &report).await[0].as_ref().unwrap() == &report.attachments[0]);
}

#[tokio::test]
async fn a_very_large_part_of_a_folder_is_written_in_pieces() {
    let mut handler = HandlerFixture::new().await;
    let (backend, objects) = folder_backend(&handler);
    handler.set_object_store(objects).await;
    a_very_large_part_is_read_again(&mut handler, &backend).await;

    // A killed process leaves what it was writing under another name.
    let ObjectBackend::Folder(folder) = &backend else { unreachable!() };
    let unfinished = folder.join(format!("{}#1", Uuid::new_v4().simple()));
    fs::write(&unfinished, "a piece").unwrap();
    fs::write(folder.join("notes#1"), "a file of the operator").unwrap();
    assert_eq!(handler.store.delete_orphaned_objects().await.unwrap(), 1);
    assert!(!unfinished.exists());
    assert_eq!(backend.count(), 2, "the part, and the file that is none of ours");
}

#[tokio::test]
async fn a_very_large_part_of_a_bucket_is_written_in_pieces_that_do_not_stay() {
    let mut handler = HandlerFixture::new().await;
    let (backend, objects) = bucket_backend().await;
    handler.set_object_store(objects).await;
    a_very_large_part_is_read_again(&mut handler, &backend).await;

    let ObjectBackend::Bucket(bucket) = &backend else { unreachable!() };
    bucket.0.lock().unwrap().refused_piece = Some(2);
    let (mut report, _) = handler.new_report(&DESK_MEMBERS);
    report.attachments = vec![vec![7; 17 << 20]];
    assert!(matches!(handler.ingest(&report).await, Err(IngestError::Store(_))));
    let state = bucket.0.lock().unwrap();
    assert_eq!((state.objects.len(), state.uploads.len()), (1, 0), "the pieces are deleted");
}

#[tokio::test]
async fn a_folder_contains_only_large_parts() {
    let mut handler = HandlerFixture::new().await;
    let (backend, objects) = folder_backend(&handler);
    handler.set_object_store(objects).await;
    large_parts_are_objects(&mut handler, &backend).await;
}

#[tokio::test]
async fn a_bucket_contains_only_large_parts() {
    let mut handler = HandlerFixture::new().await;
    let (backend, objects) = bucket_backend().await;
    handler.set_object_store(objects).await;
    large_parts_are_objects(&mut handler, &backend).await;
    let ObjectBackend::Bucket(bucket) = &backend else { unreachable!() };
    assert!(bucket.0.lock().unwrap().objects.keys().all(|key| key.starts_with("parts/")));

    // While the bucket is down, no submission with a large part is ingested, but all others are.
    bucket.0.lock().unwrap().is_down = true;
    let report = large_report(&mut handler);
    assert!(matches!(handler.ingest(&report).await, Err(IngestError::Store(_))));
    let (small, _) = handler.new_report(&DESK_MEMBERS);
    let small = OpenedSubmission { attachments: Vec::new(), ..small };
    assert_eq!(handler.ingest(&small).await.unwrap(), IngestOutcome::NewCase);
    bucket.0.lock().unwrap().is_down = false;
    assert_eq!(handler.ingest(&report).await.unwrap(), IngestOutcome::NewCase);
}

#[test]
fn an_invalid_url_is_reported() {
    for url in ["ftp://here/parts", "parts", "file://parts"] {
        let error = PartObjectStore::open(url, []).unwrap_err().to_string();
        assert!(error.contains("file:/// or s3://"), "{error}");
    }
}

/// Returns the severity and the text of the doctor's finding for `store.parts_url`.
async fn checked(
    url: &str,
    settings: impl IntoIterator<Item = (String, String)>,
) -> (Severity, String) {
    let mut report = DoctorReport::default();
    check_parts(url, settings, &mut report).await;
    let finding = report.findings.pop().unwrap();
    let text = format!("{} {}", finding.found, finding.advice.unwrap_or_default());
    (finding.state, text)
}

#[tokio::test]
async fn the_doctor_writes_reads_and_deletes_an_object_and_names_each_failure() {
    const URL: &str = "s3://bucket/parts";
    let bucket = FakeBucket::default();
    let settings = s3_settings(bucket.serve().await);
    let (state, text) = checked(URL, settings.clone()).await;
    assert_eq!(state, Severity::Ok, "{text}");
    assert!(bucket.0.lock().unwrap().objects.is_empty(), "the check leaves no object");

    let fails = async |url: &str, settings: [(String, String); 5], expected: &[&str]| {
        let (state, text) = checked(url, settings).await;
        assert_eq!(state, Severity::Error, "{text}");
        assert!(expected.iter().all(|part| text.contains(part)), "{text}");
        assert!(!text.contains("secret") && !text.contains('<'), "{text}");
    };
    fails("s3://other/parts", settings.clone(), &["bucket not found", "Create the bucket"]).await;
    bucket.0.lock().unwrap().is_down = true;
    let refused = ["refused to write", "403 Forbidden", "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"];
    fails(URL, settings.clone(), &refused).await;
    *bucket.0.lock().unwrap() = BucketState { is_damaged: true, ..BucketState::default() };
    fails(URL, settings.clone(), &["had other bytes", "would lose"]).await;
    assert!(bucket.0.lock().unwrap().objects.is_empty(), "deleted after the failure too");
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let unreachable = ["cannot be reached", "Connection refused", "AWS_ENDPOINT"];
    fails(URL, s3_settings(format!("http://{closed}")), &unreachable).await;
    let mut without_credentials = settings;
    without_credentials[3] = ("AWS_METADATA_ENDPOINT".to_owned(), format!("http://{closed}"));
    without_credentials[4] = ("AWS_SKIP_SIGNATURE".to_owned(), "false".to_owned());
    fails(URL, without_credentials, &["no credentials", "for its doctor"]).await;
}

#[tokio::test]
async fn the_doctor_checks_a_folder_and_creates_none() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().display());
    assert_eq!(checked(&url, []).await.0, Severity::Ok);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "the check leaves no object");
    let missing = folder.path().join("missing");
    assert_eq!(checked(&format!("file://{}", missing.display()), []).await.0, Severity::Error);
    assert!(!missing.exists());
    assert_eq!(checked("ftp://here/parts", []).await.0, Severity::Error);
}
