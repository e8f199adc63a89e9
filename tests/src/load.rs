//! Load on an intake: one installation, forms that are sent repeatedly, and parallel clients.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench_support::HttpClient;
use protocol::{Hash, Priority, directory::Directory, submission::report_body::ReportBody};
use rand::{Rng, rngs::OsRng};
use reporter::{ReportDraft, ReportSealer, ReportSecrets};
use tempfile::TempDir;
use xtask::{ChildService, Installation, InstallationSettings};

use crate::{FormFile, ReporterBrowser, RunningInstallation};

/// An intake with its directory, in its own folder. No case handler collects from it.
pub struct LoadTarget {
    /// The installation.
    pub installation: Installation,
    /// The running intake.
    pub intake: ChildService,
    /// A reporter's browser.
    pub reporter: ReporterBrowser,
    _folder: TempDir,
}

impl LoadTarget {
    /// Starts both services, waits until the directory has arrived at the intake, and stops the
    /// case handler.
    ///
    /// # Errors
    /// If a service does not start or the directory does not arrive.
    pub async fn start(settings: InstallationSettings) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let RunningInstallation { installation, intake, case_handler } = {
            let running = RunningInstallation::start(folder.path(), settings)?;
            running.reporter("fr").await?;
            running
        };
        case_handler.stop()?;
        let visitor = ReporterBrowser::new(&installation.public_url(), "fr")?;
        Ok(Self { installation, intake, reporter: visitor, _folder: folder })
    }

    /// Returns the address of the pages, such as `127.0.0.1:8080`.
    pub fn public_address(&self) -> &str {
        &self.intake.addresses["public"]
    }

    /// Returns a complete form with a story of 2 kB and the given files.
    ///
    /// # Errors
    /// If the pages cannot be opened.
    pub async fn prepare_form(&self, files: &[FormFile<'_>]) -> Result<RepeatableForm> {
        let story = "Un agent a demandé de l'argent sans reçu. ".repeat(48);
        let review = self.reporter.open_review_page(&[("a.story", &story)]).await?;
        // Without a visit id, the response to the form is the page with the receipt.
        let bytes =
            self.reporter.multipart_body(&review, "/report/send", &[("visit", "")], files)?;
        let begins = memchr::memmem::find(&bytes, b"name=\"seed\"\r\n\r\n")
            .context("the form has no seed")?;
        Ok(RepeatableForm { bytes, seed_offset: begins + b"name=\"seed\"\r\n\r\n".len() })
    }

    /// Returns the directory of the intake, with the hash of its bytes.
    ///
    /// # Errors
    /// If the intake does not return a valid directory.
    pub fn fetch_directory(&self) -> Result<(Directory, Hash)> {
        let mut client = HttpClient::new(self.public_address())?;
        let answer = client.send("GET /directory.json HTTP/1.1\r\nhost: x\r\n", &[])?;
        ensure!(answer.status == 200, "{}", answer.head);
        Ok((serde_json::from_slice(answer.body)?, Hash::of(&[answer.body])))
    }
}

/// The bytes of a form. Each sending has another seed, which makes it another report.
#[derive(Debug, Clone)]
pub struct RepeatableForm {
    bytes: Vec<u8>,
    seed_offset: usize,
}

impl RepeatableForm {
    /// Sends the form as a new report.
    ///
    /// # Errors
    /// If the response contains no receipt.
    pub fn send(&mut self, client: &mut HttpClient) -> Result<()> {
        self.randomize_seed();
        let answer = client.post("/fr/report/send", ReporterBrowser::CONTENT_TYPE, &self.bytes)?;
        ensure!(answer.status == 200, "{}", answer.head);
        let receipt = memchr::memmem::find(answer.body, b"class=\"code\"");
        ensure!(receipt.is_some(), "no receipt on the page");
        Ok(())
    }

    fn randomize_seed(&mut self) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for digit in &mut self.bytes[self.seed_offset..self.seed_offset + 64] {
            *digit = DIGITS[OsRng.gen_range(0..16)];
        }
    }
}

/// Seals reports of 2 kB as a browser seals them.
///
/// # Errors
/// If sealing fails.
pub fn seal_reports(directory: &Directory, hash: Hash, count: usize) -> Result<Vec<Vec<u8>>> {
    seal_stories(directory, hash, &vec![two_kilobyte_story(); count])
}

/// Seals the given stories on all cores.
///
/// # Errors
/// If sealing fails.
pub fn seal_stories(directory: &Directory, hash: Hash, stories: &[String]) -> Result<Vec<Vec<u8>>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = stories.len().div_ceil(threads).max(1);
    let sealed = run_in_parallel(stories.chunks(share).map(|share| {
        move || {
            share.iter().map(|story| seal_story(directory, hash, story)).collect::<Result<Vec<_>>>()
        }
    }))?;
    Ok(sealed.concat())
}

/// Seals one report of 2 kB.
///
/// # Errors
/// If sealing fails.
pub fn seal_report(directory: &Directory, hash: Hash) -> Result<Vec<u8>> {
    seal_story(directory, hash, &two_kilobyte_story())
}

fn two_kilobyte_story() -> String {
    "é".repeat(1024)
}

fn seal_story(directory: &Directory, hash: Hash, story: &str) -> Result<Vec<u8>> {
    let body = ReportBody {
        category: "FAC".to_owned(),
        audience: "trader".to_owned(),
        answers: std::collections::BTreeMap::new(),
        story: story.to_owned(),
    };
    let (lang, week) = ("fr".to_owned(), "2026-W48".to_owned());
    let draft = ReportDraft { body, lang, priority: Priority::P3, excluded: vec![], week };
    let out = Vec::with_capacity(32 * 1024);
    let sealer = ReportSealer::begin(
        directory,
        hash,
        &ReportSecrets::generate(&mut OsRng),
        draft,
        out,
        &mut OsRng,
    )?;
    Ok(sealer.finish()?)
}

/// Submits sealed reports over `at_once` connections.
///
/// # Errors
/// If the intake does not acknowledge a report.
pub fn submit_sealed(address: &str, reports: &[Vec<u8>], at_once: usize) -> Result<()> {
    let share = reports.len().div_ceil(at_once).max(1);
    run_in_parallel(reports.chunks(share).map(|share| {
        move || {
            let mut client = HttpClient::new(address)?;
            for report in share {
                let answer = client.post("/api/reports", "application/octet-stream", report)?;
                ensure!(answer.status == 201, "{}", answer.head);
            }
            Ok(())
        }
    }))
    .map(drop)
}

/// Runs all closures at the same time, each on its own thread, and returns their results.
///
/// # Errors
/// If one of them fails.
pub fn run_in_parallel<T: Send>(
    each: impl IntoIterator<Item = impl FnOnce() -> Result<T> + Send>,
) -> Result<Vec<T>> {
    thread::scope(|scope| {
        let running: Vec<_> = each.into_iter().map(|one| scope.spawn(one)).collect();
        running.into_iter().map(|one| one.join().expect("no sender panics")).collect()
    })
}

/// Returns how many operations per second the senders complete, all at the same time, for the given
/// duration. Each sender is created from its number and then called repeatedly.
///
/// # Errors
/// If a sender fails.
pub fn rate_per_second<S>(
    senders: usize,
    long: Duration,
    make: impl Fn(usize) -> Result<S> + Sync,
    again: impl Fn(&mut S) -> Result<()> + Sync,
) -> Result<f64> {
    let start = Instant::now();
    let (make, again) = (&make, &again);
    let counts = run_in_parallel((0..senders).map(|number| {
        move || {
            let mut sender = make(number)?;
            let mut count = 0_u32;
            while start.elapsed() < long {
                again(&mut sender)?;
                count += 1;
            }
            Ok(f64::from(count))
        }
    }))?;
    Ok(counts.iter().sum::<f64>() / start.elapsed().as_secs_f64())
}

/// Returns a file of the administration folder of an installation.
///
/// # Errors
/// If the file cannot be read.
pub fn read_admin_file(installation: &Installation, name: &str) -> Result<Vec<u8>> {
    let path = installation.root().join("admin").join(name);
    fs::read(&path).with_context(|| path.display().to_string())
}
