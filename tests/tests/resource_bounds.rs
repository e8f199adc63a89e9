//! Submissions that are cheap to send and expensive to ingest: the memory of the services stays
//! bounded while they arrive and while a member reads the cases, and the honest reports between
//! them arrive.
//!
//! With `RESOURCE_BOUNDS=full`, the test sends 100 such submissions, and each shape once in the
//! largest size class. The default is each shape once in a small size class.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![expect(
    clippy::print_stdout,
    reason = "the test prints memory and times, whether it passes or not"
)]

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench_support::{HttpClient, peak_mib};
use protocol::{
    Hash, Priority,
    directory::Directory,
    encoding::size_classes,
    keys::{CaseSecret, PublicKey, TransportIdentity},
    receipt::Receipt,
    submission::{
        envelope::{CaseRef, EnvelopeHeader, SubmissionKind},
        key_grant::{self, Grant},
        report_body::ReportBody,
    },
};
use rand::rngs::OsRng;
use reporter::{ReportDraft, ReportSealer, ReportSecrets};
use scenarios::{RunningInstallation, settings_for};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use uuid::Uuid;
use web::Clock;
use workbench::{
    case::CaseReadError,
    keys::key_file::InvestigatorKey,
    session::{HandlerConnection, profile::ProfileDir},
};
use xtask::PASSPHRASE;

/// Maximum memory of the case handler, in MiB.
const MAX_MEMORY_MIB: f64 = 300.0;
/// Maximum memory of the intake, in MiB.
const MAX_INTAKE_MEMORY_MIB: f64 = 96.0;
/// Maximum time until a submission is collected, on a slow machine under load. Half a minute of it
/// passes only if the case handler is blocked.
const COLLECTION_TIMEOUT: Duration = Duration::from_mins(2);
const READER: &str = "inspector-1";
const MIB: u64 = 1024 * 1024;
const CHUNK_LEN: usize = 64 * 1024;

/// How a submission makes ingesting or reading expensive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    /// One attachment of nothing but empty chunks.
    EmptyChunks,
    /// One attachment of chunks of one byte.
    OneByteChunks,
    /// As many attachments of one byte as fit.
    OneByteFiles,
    /// One record again and again, by its type.
    Repeated(u8),
    /// A record that claims the largest length that its header can express.
    EndlessRecord,
    /// 32 attachments that fill the submission, and one bit of the padding set.
    DamagedPadding,
    /// 32 attachments that fill the submission, and a damaged last byte.
    DamagedEnd,
    /// Sealed to a key that the case handler does not have.
    OtherKey,
    /// 32 attachments of one byte. It is accepted.
    MaximumFiles,
    /// 32 attachments that fill the submission. It is accepted.
    LargestFiles,
    /// One attachment that fills the submission. It is accepted.
    LargestFile,
    /// Capsule, grants and body of the maximum length. It is accepted.
    LargestRecords,
}

impl Shape {
    const ALL: [Self; 17] = [
        Self::EmptyChunks,
        Self::OneByteChunks,
        Self::OneByteFiles,
        Self::Repeated(1),
        Self::Repeated(2),
        Self::Repeated(5),
        Self::Repeated(6),
        Self::Repeated(7),
        Self::Repeated(8),
        Self::EndlessRecord,
        Self::DamagedPadding,
        Self::DamagedEnd,
        Self::OtherKey,
        Self::MaximumFiles,
        Self::LargestFiles,
        Self::LargestFile,
        Self::LargestRecords,
    ];

    fn is_accepted(self) -> bool {
        self >= Self::MaximumFiles
    }
}

/// Writes records into an outer seal without the checks of a [`SubmissionWriter`].
///
/// [`SubmissionWriter`]: protocol::submission::envelope::SubmissionWriter
struct RawWriter {
    stream: age_hybrid::SealedWriter<Vec<u8>>,
    /// Bytes of plaintext that are left until the size class.
    left: usize,
}

impl RawWriter {
    fn begin(to: &age_hybrid::Recipient, header: &EnvelopeHeader, size: u64) -> Self {
        let stream = age_hybrid::sealed_writer(to, Vec::new()).unwrap();
        let len = size_classes::plaintext_len_for(size, stream.header_len() as u64).unwrap();
        let mut writer = Self { stream, left: usize::try_from(len).unwrap() };
        let json = serde_json::to_vec(header).unwrap();
        writer.write(b"BKE1");
        writer.write(&u32::try_from(json.len()).unwrap().to_be_bytes());
        writer.write(&json);
        writer
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.left -= bytes.len();
    }

    fn record(&mut self, kind: u8, bytes: &[u8]) {
        self.write(&[kind]);
        self.write(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        self.write(bytes);
    }

    /// Repeats these records until only `reserve` bytes are left.
    fn flood(&mut self, records: &[(u8, &[u8])], reserve: usize) {
        let each: usize = records.iter().map(|(_, bytes)| 5 + bytes.len()).sum();
        for _ in 0..self.left.saturating_sub(reserve) / each {
            for (kind, bytes) in records {
                self.record(*kind, bytes);
            }
        }
    }

    /// Writes `files` attachments of equal length that leave `reserve` bytes.
    fn attachments(&mut self, files: usize, reserve: usize) {
        let each = (self.left - reserve) / files;
        let piece = vec![9; CHUNK_LEN];
        for _ in 0..files {
            // A chunk has a header of 5 bytes, and so has the end of the attachment.
            let mut len = (each - 5) / (CHUNK_LEN + 5) * CHUNK_LEN;
            if len == 0 {
                len = each - 10;
            }
            while len > 0 {
                let chunk = len.min(CHUNK_LEN);
                self.record(3, &piece[..chunk]);
                len -= chunk;
            }
            self.record(4, &[]);
        }
    }

    /// Ends the envelope. `padding` is the last byte of it.
    fn finish(mut self, padding: u8) -> Vec<u8> {
        self.record(0, &[]);
        let zeros = vec![0; self.left - 1];
        self.write(&zeros);
        self.write(&[padding]);
        self.stream.finish().unwrap()
    }
}

/// A sender of hostile reports. Each has true grants for the readers of a desk.
struct Attacker {
    directory: Directory,
    directory_hash: Hash,
}

impl Attacker {
    /// Returns a sealed submission of this size, and the id of its case.
    fn seal(&self, shape: Shape, size: u64) -> (Vec<u8>, Uuid) {
        let receipt = Receipt::generate(&mut OsRng);
        let secret = CaseSecret::generate(&mut OsRng);
        let addressees = self.directory.recipients_for("FAC", "trader", &[]);
        let case = Uuid::new_v4();
        let (mailbox, to) = (receipt.mailbox_identity().recipient(), secret.identity().recipient());
        let grant = Grant {
            case,
            generation: 0,
            secret,
            reporter_key: PublicKey::from(&receipt.signing_key()),
            mailbox_recipient: mailbox.hash(),
        };
        let header = EnvelopeHeader {
            v: 1,
            kind: SubmissionKind::Report,
            desk: addressees.desk.id.clone(),
            lang: "fr".to_owned(),
            priority: Priority::P3,
            mailbox: receipt.locator().mailbox_id(),
            case: CaseRef { id: case, generation: 0 },
            directory: self.directory_hash,
            release_to_oversight: false,
            seq: 0,
        };
        let unknown = TransportIdentity::generate(&mut OsRng).recipient();
        let transport = match shape {
            Shape::OtherKey => unknown.as_recipient(),
            _ => self.directory.transport[0].as_recipient(),
        };
        let mut writer = RawWriter::begin(transport, &header, size);
        // Tag and body follow the attachments.
        let largest = shape == Shape::LargestRecords;
        let (capsule, body) = if largest { (8 * 1024, 256 * 1024) } else { (2_000, 5_000) };
        let reserve = capsule + body + 256;
        if shape == Shape::Repeated(1) {
            // The true grants and the keys follow.
            writer.flood(&[(1, &[])], reserve + 32 * 1024);
        }
        for grant in key_grant::seal_grants(&grant, &addressees.recipient_keys(), &mut OsRng) {
            let mut record = [grant.tag.as_bytes(), &grant.sealed[..]].concat();
            if largest {
                record.resize(4 * 1024, 0);
            }
            writer.record(1, &record);
        }
        writer.record(6, mailbox.as_bytes());
        writer.record(7, to.as_bytes());
        match shape {
            Shape::EmptyChunks => writer.flood(&[(3, &[])], reserve),
            Shape::OneByteChunks => writer.flood(&[(3, &[7])], reserve),
            Shape::OneByteFiles => writer.flood(&[(3, &[7]), (4, &[])], reserve),
            Shape::Repeated(kind) => writer.flood(&[(kind, &[])], reserve),
            Shape::EndlessRecord => {
                writer.write(&[3]);
                writer.write(&u32::MAX.to_be_bytes());
            }
            Shape::MaximumFiles => (0..32).for_each(|_| {
                writer.record(3, &[7]);
                writer.record(4, &[]);
            }),
            Shape::LargestFile => writer.attachments(1, reserve),
            Shape::LargestFiles | Shape::DamagedPadding | Shape::DamagedEnd | Shape::OtherKey => {
                writer.attachments(32, reserve);
            }
            Shape::LargestRecords => {}
        }
        writer.record(2, &vec![1; capsule]);
        writer.record(5, &vec![1; body]);
        writer.record(8, Hash::of(&[case.as_bytes()]).as_bytes());
        let mut sealed = writer.finish(u8::from(shape == Shape::DamagedPadding));
        if shape == Shape::DamagedEnd {
            *sealed.last_mut().unwrap() ^= 1;
        }
        (sealed, case)
    }

    /// Returns an honest report with a file of this length, and the id of its case.
    fn seal_honest(&self, file_len: u64) -> Result<(Vec<u8>, Uuid)> {
        let body = ReportBody {
            category: "FAC".to_owned(),
            audience: "trader".to_owned(),
            answers: BTreeMap::new(),
            story: "Un agent a demandé de l'argent sans reçu.".to_owned(),
        };
        let (lang, week) = ("fr".to_owned(), "2026-W48".to_owned());
        let draft = ReportDraft { body, lang, priority: Priority::P3, excluded: vec![], week };
        let secrets = ReportSecrets::generate(&mut OsRng);
        let (directory, hash) = (&self.directory, self.directory_hash);
        let mut sealer =
            ReportSealer::begin(directory, hash, &secrets, draft, Vec::new(), &mut OsRng)?;
        let mut content = std::io::Read::take(std::io::repeat(7), file_len);
        sealer.attach("photo.jpg", "image/jpeg", &mut content)?;
        Ok((sealer.finish()?, secrets.case_id()))
    }
}

/// The installation under attack, and what it received.
struct Bench<'a> {
    running: &'a RunningInstallation,
    spool: DatabaseConnection,
    slowest: (Duration, String),
}

impl Bench<'_> {
    /// Submits and waits until the intake has deleted it, because the case handler has stored it.
    async fn file(&mut self, what: &str, submission: &[u8]) -> Result<()> {
        // The intake closes a connection that is idle while a large submission is sealed.
        let mut client = HttpClient::new(&self.running.intake.addresses["public"])?;
        let answer = client.post("/api/reports", "application/octet-stream", submission)?;
        ensure!(answer.status == 201, "{what}: {}", answer.head);
        let start = Instant::now();
        while count(&self.spool, "SELECT count(*) AS number FROM submissions").await? > 0 {
            ensure!(start.elapsed() < COLLECTION_TIMEOUT, "{what} was not collected in time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if start.elapsed() > self.slowest.0 {
            self.slowest = (start.elapsed(), what.to_owned());
        }
        let memory = self.memory()?;
        println!("{what}: collected after {:.1?}, peak {memory:.0} MiB", start.elapsed());
        assert!(memory <= MAX_MEMORY_MIB, "{memory:.0} MiB after {what}");
        let intake = peak_mib(self.running.intake.pid())?;
        assert!(intake <= MAX_INTAKE_MEMORY_MIB, "{intake:.0} MiB at the intake after {what}");
        Ok(())
    }

    fn memory(&self) -> Result<f64> {
        peak_mib(self.running.case_handler.pid())
    }
}

async fn count(db: &DatabaseConnection, sql: &str) -> Result<i64> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(row.context("one row")?.try_get("", "number")?)
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_submissions_take_bounded_memory_and_time() -> Result<()> {
    let full = env::var("RESOURCE_BOUNDS").is_ok_and(|value| value == "full");
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    running.reporter("fr").await?;
    let answer =
        reqwest::get(format!("{}/directory.json", running.installation.public_url())).await?;
    let bytes = answer.bytes().await?;
    let attacker = Attacker {
        directory: serde_json::from_slice(&bytes)?,
        directory_hash: Hash::of(&[&bytes]),
    };
    let mut bench = Bench {
        running: &running,
        spool: Database::connect(running.installation.intake_store_url()).await?,
        slowest: (Duration::ZERO, String::new()),
    };

    let largest = if full { size_classes::MAX_SUBMISSION_LEN } else { 2 * MIB };
    let (mut honest, mut hostile, mut refused) = (Vec::new(), Vec::new(), 0);
    for number in 0..if full { 100 } else { Shape::ALL.len() } {
        let shape = Shape::ALL[number % Shape::ALL.len()];
        let size = if number < Shape::ALL.len() { largest } else { 4 * MIB };
        let (submission, case) = attacker.seal(shape, size);
        bench.file(&format!("{shape:?} of {size}"), &submission).await?;
        if shape.is_accepted() {
            hostile.push(case);
        } else {
            refused += 1;
        }
        if number % 4 == 3 {
            let (submission, case) = attacker.seal_honest(2_000)?;
            bench.file("an honest report", &submission).await?;
            honest.push(case);
        }
    }
    // The largest honest report, which a member saves.
    let (submission, with_large_file) = attacker.seal_honest(largest * 7 / 8)?;
    ensure!(submission.len() as u64 == largest, "{} bytes", submission.len());
    bench.file("the largest honest report", &submission).await?;
    honest.push(with_large_file);
    println!("slowest: {:.1?}, {}", bench.slowest.0, bench.slowest.1);
    println!("peak of the intake {:.0} MiB", peak_mib(running.intake.pid())?);

    let cases = Database::connect(running.installation.case_handler_store_url()).await?;
    let quarantined = count(&cases, "SELECT count(*) AS number FROM quarantine").await?;
    assert_eq!(quarantined, refused, "exactly the malformed submissions are quarantined");
    read_all(&running, &honest, &hostile).await?;
    let to = folder.path().join("saved");
    let id = with_large_file.to_string();
    running.installation.run_as(READER, &["declare", &id])?;
    running.installation.run_as(READER, &["save", &id, "--to", to.to_str().unwrap()])?;
    let saved: u64 = fs::read_dir(&to)?
        .map(|entry| Ok(entry?.metadata()?.len()))
        .sum::<std::io::Result<u64>>()?;
    assert!(saved >= largest * 7 / 8, "the file is complete: {saved} bytes");
    let memory = bench.memory()?;
    println!("{} honest reports; peak after reading {memory:.0} MiB", honest.len());
    assert!(memory <= MAX_MEMORY_MIB, "{memory:.0} MiB while a member reads the cases");
    Ok(())
}

/// Reads every case as a member does: the honest ones open, the others are unreadable reports.
async fn read_all(running: &RunningInstallation, honest: &[Uuid], hostile: &[Uuid]) -> Result<()> {
    let profile = ProfileDir::new(running.installation.member_home(READER));
    let key = InvestigatorKey::open(&fs::read(profile.key_path())?, &PASSPHRASE.into())
        .context("the reader's key")?;
    let mut member = HandlerConnection::open(profile, key, Clock::system().now()).await?;
    for case in honest {
        let case = member.read_case(*case).await?;
        assert!(case.alarms.is_empty(), "{:?}", case.alarms.first());
    }
    for case in hostile {
        let read = member.read_case(*case).await;
        assert!(matches!(read, Err(CaseReadError::Unreadable(_))), "{:?}", read.err());
    }
    Ok(())
}
