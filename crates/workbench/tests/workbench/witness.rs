//! Runs `burkindi witness`: what it answers, what it refuses, and what it knows after it was
//! killed.

use std::{
    collections::HashMap,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use ed25519_dalek::SigningKey;
use protocol::Hash;
use rand::rngs::OsRng;
use serde_json::Value;
use transparency_log::{
    batch::{Batch, LoggedEvent, consistency_plan, log_size},
    checkpoint::{Checkpoint, SignedCheckpoint, log_key, log_origin},
    leaf::LeafSecret,
    merkle::{TreePlan, completed_nodes, empty_root},
    note::{NoteSignature, VerifierKey},
    witness::AddCheckpoint,
};
use uuid::Uuid;
use workbench::witness::{
    server::{MAX_CONNECTIONS, MAX_REQUEST_LEN, READ_TIMEOUT},
    store::{CosignError, WitnessDir, WitnessError},
};

use super::cli::{code, json, run};

const INSTANCE: Uuid = Uuid::from_u128(7);

/// Returns a log of batches with one event each. Logs with another `event` differ in every batch.
fn request(old_batches: u32, batches: u32, event: u8) -> AddCheckpoint {
    request_by(&SigningKey::from_bytes(&[1; 32]), old_batches, batches, event)
}

fn request_by(key: &SigningKey, old_batches: u32, batches: u32, event: u8) -> AddCheckpoint {
    let secret = LeafSecret::from_bytes([9; 32]);
    let mut nodes = HashMap::new();
    for number in 0..batches {
        let logged = LoggedEvent { index: log_size(number), event: Hash([event; 32]) };
        let root = Batch::build(number, &[logged], &secret).unwrap().root();
        let completed =
            completed_nodes(number.into(), root, |node| nodes.get(&node).copied()).unwrap();
        nodes.extend(completed);
    }
    let lookup = |node| nodes.get(&node).copied();
    let root = TreePlan::root(batches.into()).hashes(lookup).unwrap();
    let head = Checkpoint {
        origin: log_origin(INSTANCE, 1).to_string(),
        size: log_size(batches),
        root: root.first().copied().unwrap_or_else(empty_root),
    };
    AddCheckpoint {
        old_size: log_size(old_batches),
        proof: consistency_plan(old_batches, batches).unwrap().hashes(lookup).unwrap(),
        checkpoint: SignedCheckpoint::sign(head, key).unwrap(),
    }
}

fn log_vkey() -> String {
    log_key(INSTANCE, 1, (&SigningKey::from_bytes(&[1; 32])).into()).to_string()
}

/// Creates a witness that trusts the log of the tests.
fn new_witness(home: &Path) -> VerifierKey {
    let dir = WitnessDir::new(home);
    let key = dir.create("witness.example/w1", &mut OsRng).unwrap();
    assert_eq!(dir.add_log(&log_vkey()).unwrap().size, 0);
    key
}

/// A running `burkindi witness serve`. It is killed when it is dropped.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(home: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_burkindi"))
            .args(["--json", "--home"])
            .arg(home)
            .args(["witness", "serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::from(
                fs::File::options().create(true).append(true).open(home.join("stderr")).unwrap(),
            ))
            .spawn()
            .unwrap();
        let mut output = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        while !output.contains('}') {
            let mut byte = [0];
            assert_eq!(stdout.read(&mut byte).unwrap(), 1, "it ended: {}", stderr(home));
            output.push(char::from(byte[0]));
        }
        let output: Value = serde_json::from_str(&output).unwrap();
        Self { child, address: output["address"].as_str().unwrap().parse().unwrap() }
    }

    /// Sends a request. Returns status, content type and body of the answer.
    fn post(&self, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        answer(&mut stream)
    }

    fn add(&self, request: &AddCheckpoint) -> (u16, String, String) {
        self.post(&request.to_string())
    }

    /// Kills the process as a power cut would, without any handler.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer(stream: &mut TcpStream) -> (u16, String, String) {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let content_type = head
        .lines()
        .find_map(|line| line.strip_prefix("content-type: "))
        .unwrap_or_default()
        .to_owned();
    (status, content_type, body.to_owned())
}

fn stderr(home: &Path) -> String {
    fs::read_to_string(home.join("stderr")).unwrap()
}

/// Verifies the cosignature of an answer.
fn assert_cosigned(
    request: &AddCheckpoint,
    (status, _, body): &(u16, String, String),
    by: &VerifierKey,
) {
    assert_eq!(*status, 200, "{body}");
    let mut checkpoint = request.checkpoint.clone();
    let line = body.strip_suffix('\n').unwrap();
    checkpoint.add_signature(line.parse::<NoteSignature>().unwrap()).unwrap();
    assert!(checkpoint.cosigned_at(by).unwrap().is_some());
}

fn assert_size(answer: &(u16, String, String), size: u64) {
    assert_eq!(*answer, (409, "text/x.tlog.size".to_owned(), format!("{size}\n")));
}

#[test]
fn the_commands_create_a_witness_and_print_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let at = |args: &[&str]| run(folder.path(), "", &[&["--home", "w", "--json"], args].concat());
    let made = json(&at(&["witness", "init", "--name", "witness.example/w1"]));
    let key: VerifierKey = made["key"].as_str().unwrap().parse().unwrap();
    assert_eq!(key.to_string(), made["key"].as_str().unwrap());
    assert_eq!(made["name"], "witness.example/w1");
    assert_eq!(code(&at(&["witness", "init", "--name", "other"])), 1, "never overwritten");
    assert_eq!(code(&at(&["witness", "serve", "--listen", "127.0.0.1:0"])), 1, "no log");
    let added = json(&at(&["witness", "add-log", &log_vkey()]));
    assert_eq!((&added["log"], &added["size"]), (&made_origin(), &Value::from(0)));
    assert_eq!(code(&at(&["witness", "add-log", &log_vkey()])), 1, "known");
    // The log begins again after a restore, with the same key.
    let restarted = log_key(INSTANCE, 2, (&SigningKey::from_bytes(&[1; 32])).into()).to_string();
    let added = json(&at(&["witness", "add-log", &restarted]));
    assert_eq!((&added["key"], &added["size"]), (&Value::from(restarted), &Value::from(0)));
    let own_key = made["key"].as_str().unwrap();
    assert_eq!(code(&at(&["witness", "add-log", own_key])), 1, "the witness's own key");
    let malformed = at(&["witness", "add-log", "burkindi/log/x+00000000+AAAA"]);
    assert_eq!(code(&malformed), 1);
    let shown = json(&at(&["witness", "show"]));
    assert_eq!(shown["key"], made["key"]);
    assert_eq!(shown["logs"][0]["key"], log_vkey());
    assert_eq!(code(&at(&["witness", "init", "--name", "a name"])), 1, "a space");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = fs::metadata(folder.path().join("w/witness/witness.json")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}

fn made_origin() -> Value {
    Value::from(log_origin(INSTANCE, 1).to_string())
}

#[test]
fn a_witness_cosigns_a_growing_log_and_refuses_everything_else() {
    let home = tempfile::tempdir().unwrap();
    let key = new_witness(home.path());
    let witness = Running::start(home.path());
    let first = request(0, 1, 1);
    assert_cosigned(&first, &witness.add(&first), &key);
    let third = request(1, 3, 1);
    assert_cosigned(&third, &witness.add(&third), &key);
    // The same again, and a request from an outdated size.
    let again = request(3, 3, 1);
    assert_cosigned(&again, &witness.add(&again), &key);
    assert_size(&witness.add(&third), 768);
    assert_size(&witness.add(&request(0, 5, 1)), 768);
    // A rollback from the size of the witness, and one from a smaller size.
    let rollback = AddCheckpoint { old_size: 768, ..request(0, 2, 1) };
    assert_eq!(witness.add(&rollback).0, 400);
    assert_size(&witness.add(&request(1, 2, 1)), 768);
    // Another tree of the same size, and of a larger size.
    let (status, content_type, body) = witness.add(&request(3, 3, 2));
    assert_eq!((status, content_type.starts_with("text/plain")), (409, true));
    assert_eq!(body, "this witness has cosigned another tree of size 768 of this log\n");
    let (status, _, body) = witness.add(&request(3, 4, 2));
    assert_eq!(status, 422);
    assert!(body.contains("is not shown to contain the tree of size 768"), "{body}");
    // A proof that does not belong.
    let no_proof = AddCheckpoint { proof: Vec::new(), ..request(3, 4, 1) };
    assert_eq!(witness.add(&no_proof).0, 422);
    // Other keys and logs.
    let other_key = request_by(&SigningKey::from_bytes(&[2; 32]), 3, 4, 1);
    assert_eq!(witness.add(&other_key).0, 403);
    let text = request(3, 4, 1).to_string();
    let changed = text.replacen("\n1024\n", "\n1280\n", 1);
    assert_eq!(witness.post(&changed).0, 403);
    let unknown = text.replace("burkindi/log/", "burkindi/other/");
    assert_eq!(witness.post(&unknown).0, 404);
    for malformed in ["", "old 768\n", "old 768\n\n\n", &text.replace("old ", "old 0")] {
        assert_eq!(witness.post(malformed).0, 400, "{malformed:?}");
    }
    // After all of that it follows the log.
    let fourth = request(3, 4, 1);
    assert_cosigned(&fourth, &witness.add(&fourth), &key);

    let log = stderr(home.path());
    for (status, reason) in [
        (409, "ALARM: checkpoint refused: the log has signed two different trees"),
        (422, "is not shown to contain the tree of size 768"),
        (403, "no known key of the log burkindi/log/"),
        (404, "this witness does not know the log burkindi/other/"),
        (400, "the old size 768 is larger than the size 512"),
    ] {
        let found =
            log.lines().any(|line| line.contains(&format!("{status}")) && line.contains(reason));
        assert!(found, "{status} {reason}: {log}");
    }
    let evidence: Vec<String> = fs::read_dir(home.path().join("witness/refused"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let fork = request(3, 3, 2).checkpoint.to_string();
    let cosigned = third.checkpoint.to_string();
    assert!(evidence.iter().any(|file| file.contains(&fork) && file.contains(&cosigned)));
}

#[test]
fn a_killed_witness_knows_what_it_has_cosigned() {
    let home = tempfile::tempdir().unwrap();
    let key = new_witness(home.path());
    for batches in 1..6_u32 {
        let witness = Running::start(home.path());
        let honest = request(batches - 1, batches, 1);
        assert_cosigned(&honest, &witness.add(&honest), &key);
        witness.kill();
        let witness = Running::start(home.path());
        let fork = request(batches - 1, batches, 2);
        assert_size(&witness.add(&fork), log_size(batches));
        assert_eq!(witness.add(&request(batches, batches, 2)).0, 409, "the same size");
        assert_eq!(witness.add(&request(batches, batches + 1, 2)).0, 422);
        witness.kill();
    }
}

/// Kills the witness at various moments of a request. It may have stored the tree without an answer
/// that arrives. Then the log asks again from the size that the witness names.
#[test]
fn a_kill_between_storing_and_answering_loses_no_tree() {
    let home = tempfile::tempdir().unwrap();
    let key = new_witness(home.path());
    let (mut cosigned, mut stored_without_answer) = (0_u32, 0);
    // After the last delay the tree is stored in any case, and its answer is not read.
    for delay in [0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 1_000_000] {
        let witness = Running::start(home.path());
        let next = request(cosigned, cosigned + 1, 1);
        let mut stream = TcpStream::connect(witness.address).unwrap();
        let body = next.to_string();
        write!(
            stream,
            "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        std::thread::sleep(Duration::from_micros(delay));
        witness.kill();
        let witness = Running::start(home.path());
        // A fork is refused whether the tree was stored or not, once the honest one is cosigned.
        let (status, content_type, size) = witness.add(&next);
        if status == 409 {
            assert_eq!(content_type, "text/x.tlog.size");
            assert_eq!(size, format!("{}\n", log_size(cosigned + 1)));
            stored_without_answer += 1;
            let again = request(cosigned + 1, cosigned + 1, 1);
            assert_cosigned(&again, &witness.add(&again), &key);
        } else {
            assert_eq!(status, 200);
        }
        cosigned += 1;
        assert_eq!(witness.add(&request(cosigned, cosigned, 2)).0, 409);
    }
    assert!(stored_without_answer > 0, "no kill hit the moment after storing");
}

/// The store without its server: the tree is on the disk before the caller has the cosignature.
#[test]
fn a_tree_is_stored_before_its_cosignature_is_returned() {
    let home = tempfile::tempdir().unwrap();
    new_witness(home.path());
    let dir = WitnessDir::new(home.path());
    let store = dir.open().unwrap();
    assert!(matches!(dir.open(), Err(WitnessError::InUse(_))), "one process at a time");
    assert!(matches!(dir.add_log(&log_vkey()), Err(WitnessError::InUse(_))));
    drop(store.cosign(&request(0, 2, 1), 5));
    drop(store);
    let store = dir.open().unwrap();
    assert_eq!(store.logs()[0].size, 512);
    let refused = store.cosign(&request(0, 2, 2), 6).unwrap_err();
    assert!(matches!(refused, CosignError::Refused(_)));
    // A folder that cannot be written: no cosignature, and the old tree remains.
    drop(store);
    let tree = fs::read_dir(home.path().join("witness"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("tree-"))
        .unwrap();
    let store = dir.open().unwrap();
    fs::remove_file(&tree).unwrap();
    fs::create_dir(&tree).unwrap();
    let failed = store.cosign(&request(2, 3, 1), 7).unwrap_err();
    assert!(matches!(failed, CosignError::NotStored(_)), "{failed}");
    assert_eq!(store.logs()[0].size, 512);
    drop(store);
    // A missing tree is no empty tree.
    fs::remove_dir(&tree).unwrap();
    assert!(matches!(dir.open(), Err(WitnessError::File(_))));
}

/// Requests of several connections at once: one of them is cosigned, and no tree is rolled back.
#[test]
fn concurrent_requests_cannot_roll_back() {
    let home = tempfile::tempdir().unwrap();
    new_witness(home.path());
    let witness = Running::start(home.path());
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..9_u32)
            .map(|batches| {
                let witness = &witness;
                scope.spawn(move || witness.add(&request(0, batches, 1)).0)
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 7, "{answers:?}");
    let cosigned = 1 + u32::try_from(answers.iter().position(|s| *s == 200).unwrap()).unwrap();
    assert_size(&witness.add(&request(0, 9, 1)), log_size(cosigned));
}

#[test]
fn a_witness_bounds_length_time_and_connections() {
    let home = tempfile::tempdir().unwrap();
    let key = new_witness(home.path());
    let witness = Running::start(home.path());
    assert_eq!(witness.post(&"x".repeat(MAX_REQUEST_LEN)).0, 400);
    let mut stream = TcpStream::connect(witness.address).unwrap();
    write!(
        stream,
        "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        MAX_REQUEST_LEN + 1
    )
    .unwrap();
    assert_eq!(answer(&mut stream).0, 413, "refused by its length, before it is sent");

    let begun = Instant::now();
    let mut half = TcpStream::connect(witness.address).unwrap();
    write!(half, "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 50\r\n\r\nold")
        .unwrap();
    let silent: Vec<TcpStream> =
        (0..MAX_CONNECTIONS - 1).map(|_| TcpStream::connect(witness.address).unwrap()).collect();
    // All connections are taken: one more is closed without an answer.
    let closed = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(20));
        let mut stream = TcpStream::connect(witness.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        stream.read(&mut [0]).is_ok_and(|read| read == 0)
    })
    .take(50)
    .any(|closed| closed);
    assert!(closed, "a connection above the limit");
    let mut text = String::new();
    half.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    for mut stream in silent {
        stream.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    }
    assert!(begun.elapsed() < 2 * READ_TIMEOUT + Duration::from_secs(5), "{:?}", begun.elapsed());
    let first = request(0, 1, 1);
    assert_cosigned(&first, &witness.add(&first), &key);
}
