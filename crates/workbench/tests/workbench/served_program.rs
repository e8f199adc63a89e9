//! `burkindi admin doctor` compares what an intake serves with the signed manifest, as several
//! visitors.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use doctor::{DoctorReport, Severity};
use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    directory::TrustRoots,
    keys::PublicKey,
    program::{MANIFEST_PATH, ProgramManifest, SignedProgram},
};
use reqwest::{Client, Url};
use uuid::Uuid;
use workbench::admin::served_program::check_served_program;

/// A server of files, which serves others to some visitors.
#[derive(Clone, Default)]
struct FileServer {
    files: BTreeMap<String, Vec<u8>>,
    /// Files for visitors whose headers contain this text.
    for_some: Option<(&'static str, String, Vec<u8>)>,
}

async fn serve(State(server): State<Arc<FileServer>>, uri: Uri, headers: HeaderMap) -> Response {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let visitor = format!("{} {}", value(header::USER_AGENT), value(header::COOKIE));
    if let Some((mark, path, bytes)) = &server.for_some
        && visitor.contains(mark)
        && *path == uri.path()
    {
        return bytes.clone().into_response();
    }
    match server.files.get(uri.path()) {
        Some(bytes) => bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

struct ServedProgram {
    server: FileServer,
    trust: TrustRoots,
    /// The programs of the directory.
    listed: Vec<Hash>,
}

impl ServedProgram {
    /// Returns a server of a signed program that the directory lists.
    fn new() -> Self {
        let roots = [1, 2, 3].map(|seed| SigningKey::from_bytes(&[seed; 32]));
        let keys = roots.iter().map(PublicKey::from).collect();
        let trust = TrustRoots { instance: Uuid::from_u128(1), threshold: 2, roots: keys };
        let contents = [("/fr", b"home".to_vec()), ("/fr/form.json", b"form".to_vec())];
        let mut files: BTreeMap<String, Vec<u8>> =
            contents.map(|(path, content)| (path.to_owned(), content)).into();
        let hashes = files.iter().map(|(path, content)| (path.clone(), Hash::of(&[content])));
        let mut signed = SignedProgram::unsigned(ProgramManifest {
            app: "Burkindi".into(),
            default_csp: "default-src 'none'".into(),
            default_fallback: "/fr".into(),
            default_index: "fr".into(),
            extra_csp: BTreeMap::new(),
            files: hashes.collect(),
            timestamp: None,
            version: "1".into(),
            wasm: Vec::new(),
        });
        roots[..2].iter().for_each(|root| signed.add_signature(root));
        let listed = vec![signed.manifest.hash()];
        files.insert(MANIFEST_PATH.to_owned(), signed.to_bytes());
        Self { server: FileServer { files, for_some: None }, trust, listed }
    }

    /// Returns the worst severity and the text of the findings.
    async fn findings(&self) -> (Severity, String) {
        let router = Router::new().fallback(serve).with_state(Arc::new(self.server.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let running = tokio::spawn(async move { axum::serve(listener, router).await });
        let base = Url::parse(&format!("http://{address}")).unwrap();
        // Fails only if a provider was installed before, which has the same effect.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().no_proxy().build().unwrap();
        let mut report = DoctorReport::default();
        check_served_program(&http, &base, &self.trust, &self.listed, &mut report).await;
        running.abort();
        (report.worst(), report.to_string())
    }
}

#[tokio::test]
async fn a_program_as_signed_and_listed_passes() {
    let (worst, text) = ServedProgram::new().findings().await;
    assert_eq!(worst, Severity::Ok, "{text}");
    assert!(text.contains("2 files, each fetched 4 times"), "{text}");
}

#[tokio::test]
async fn a_file_that_differs_for_some_visitors_is_named() {
    for (mark, name) in [
        ("Firefox", "another file for Tor Browser"),
        ("visited=1", "another file for a phone with a cookie"),
    ] {
        let mut served = ServedProgram::new();
        served.server.for_some = Some((mark, "/fr/form.json".into(), b"altered".to_vec()));
        let (worst, text) = served.findings().await;
        assert_eq!(worst, Severity::Error);
        assert!(text.contains(&format!("/fr/form.json ({name})")), "{text}");
        assert!(!text.contains("/fr (another"), "{text}");
    }
    let mut served = ServedProgram::new();
    served.server.files.remove("/fr");
    assert!(served.findings().await.1.contains("/fr (no file for a program)"));
}

#[tokio::test]
async fn a_manifest_that_is_altered_unsigned_missing_or_old_is_an_error() {
    let manifest = |served: &ServedProgram| served.server.files[MANIFEST_PATH].clone();
    let mut other_for_some = ServedProgram::new();
    let altered = String::from_utf8(manifest(&other_for_some)).unwrap().replace("'none'", "'self'");
    other_for_some.server.for_some =
        Some(("Android", MANIFEST_PATH.into(), altered.clone().into_bytes()));
    let mut changed = ServedProgram::new();
    changed.server.files.insert(MANIFEST_PATH.into(), altered.into_bytes());
    let mut one_signature = ServedProgram::new();
    let mut signed = SignedProgram::from_bytes(&manifest(&one_signature)).unwrap();
    signed.root_signatures.pop();
    one_signature.server.files.insert(MANIFEST_PATH.into(), signed.to_bytes());
    let mut dropped = ServedProgram::new();
    dropped.server.files.remove(MANIFEST_PATH);
    let mut replayed = ServedProgram::new();
    replayed.listed = vec![Hash::of(&[b"the program of the next version"])];
    for (served, found) in [
        (other_for_some, "visitors get different manifests"),
        (changed, "0 of 2"),
        (one_signature, "1 of 2"),
        (dropped, "the intake serves no manifest, but the directory lists programs"),
        (replayed, "is signed, but the directory lists other programs"),
    ] {
        let (worst, text) = served.findings().await;
        assert_eq!(worst, Severity::Error, "{text}");
        assert!(text.contains(found), "{text}");
    }
    let mut without = ServedProgram::new();
    without.server.files.remove(MANIFEST_PATH);
    without.listed.clear();
    assert_eq!(without.findings().await.0, Severity::Notice);
}
