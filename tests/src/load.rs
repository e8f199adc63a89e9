//! An intake under load: one installation, forms that are filled in again and again, and senders side by side.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use envelope::{Hash, directory::Directory, report::ReportBody, submission::Urgency};
use measure::Client;
use rand::{Rng, rngs::OsRng};
use reporter::{Draft, Filing, ReportSealer};
use tempfile::TempDir;
use xtask::{Installation, Running, Settings};

use crate::{File, Office, Visitor};

/// An intake that has its directory, in a folder of its own. Nobody collects from it.
pub struct Target {
    /// How it was made.
    pub installation: Installation,
    /// The intake.
    pub intake: Running,
    /// Somebody in front of its pages.
    pub visitor: Visitor,
    _folder: TempDir,
}

impl Target {
    /// Starts everything, waits until the directory has arrived, and ends the case handler.
    pub async fn open(settings: Settings) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let Office { installation, intake, case_handler } = {
            let office = Office::open(folder.path(), settings)?;
            office.visitor("fr").await?;
            office
        };
        case_handler.stop()?;
        let visitor = Visitor::new(&installation.public_url(), "fr")?;
        Ok(Self { installation, intake, visitor, _folder: folder })
    }

    /// Where its pages are: `127.0.0.1:8080`, say.
    pub fn address(&self) -> &str {
        &self.intake.addresses["public"]
    }

    /// A form ready to be sent, with a story of two kilobytes and perhaps a file.
    pub async fn form(&self, files: &[File<'_>]) -> Result<Form> {
        let story = "Un agent a demandé de l'argent sans reçu. ".repeat(48);
        let review = self.visitor.review(&[("a.story", &story)]).await?;
        // Of no visit: the page with the receipt is the answer itself.
        let bytes = self.visitor.multipart(&review, "/report/send", &[("visit", "")], files)?;
        let begins = memchr::memmem::find(&bytes, b"name=\"seed\"\r\n\r\n").context("a form has a seed")?;
        Ok(Form { bytes, seed: begins + b"name=\"seed\"\r\n\r\n".len() })
    }

    /// The directory as the intake gives it, with the hash of its bytes.
    pub fn directory(&self) -> Result<(Directory, Hash)> {
        let mut client = Client::new(self.address())?;
        let answer = client.ask("GET /directory.json HTTP/1.1\r\nhost: x\r\n", &[])?;
        ensure!(answer.status == 200, "{}", answer.head);
        Ok((serde_json::from_slice(answer.body)?, Hash::of(&[answer.body])))
    }
}

/// The bytes of a form that is sent as another one each time: another seed makes another report.
#[derive(Debug, Clone)]
pub struct Form {
    bytes: Vec<u8>,
    seed: usize,
}

impl Form {
    /// Sends it as a new report; a receipt must come back.
    pub fn send(&mut self, client: &mut Client) -> Result<()> {
        self.renew();
        let answer = client.post("/fr/report/send", Visitor::CONTENT_TYPE, &self.bytes)?;
        ensure!(answer.status == 200, "{}", answer.head);
        let receipt = memchr::memmem::find(answer.body, b"class=\"code\"");
        ensure!(receipt.is_some(), "no receipt on the page");
        Ok(())
    }

    fn renew(&mut self) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for digit in &mut self.bytes[self.seed..self.seed + 64] {
            *digit = DIGITS[OsRng.gen_range(0..16)];
        }
    }
}

/// Reports of two kilobytes, sealed as a browser seals them.
pub fn sealed_reports(directory: &Directory, hash: Hash, count: usize) -> Result<Vec<Vec<u8>>> {
    sealed_stories(directory, hash, &vec![two_kilobytes(); count])
}

/// The same with stories of their own, on all cores.
pub fn sealed_stories(directory: &Directory, hash: Hash, stories: &[String]) -> Result<Vec<Vec<u8>>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = stories.len().div_ceil(threads).max(1);
    let sealed = side_by_side(stories.chunks(share).map(|share| {
        move || share.iter().map(|story| seal(directory, hash, story)).collect::<Result<Vec<_>>>()
    }))?;
    Ok(sealed.concat())
}

/// One report of two kilobytes.
pub fn sealed_report(directory: &Directory, hash: Hash) -> Result<Vec<u8>> {
    seal(directory, hash, &two_kilobytes())
}

fn two_kilobytes() -> String {
    "é".repeat(1024)
}

fn seal(directory: &Directory, hash: Hash, story: &str) -> Result<Vec<u8>> {
    let body = ReportBody {
        category: "FAC".to_owned(),
        audience: "trader".to_owned(),
        answers: std::collections::BTreeMap::new(),
        story: story.to_owned(),
    };
    let (lang, week) = ("fr".to_owned(), "2026-W48".to_owned());
    let draft = Draft { body, lang, urgency: Urgency::P3, excluded: vec![], week };
    let out = Vec::with_capacity(32 * 1024);
    let sealer = ReportSealer::begin(directory, hash, &Filing::generate(&mut OsRng), draft, out, &mut OsRng)?;
    Ok(sealer.finish()?)
}

/// Files sealed reports from so many connections at once.
pub fn file_sealed(address: &str, reports: &[Vec<u8>], at_once: usize) -> Result<()> {
    let share = reports.len().div_ceil(at_once).max(1);
    side_by_side(reports.chunks(share).map(|share| {
        move || {
            let mut client = Client::new(address)?;
            for report in share {
                let answer = client.post("/api/reports", "application/octet-stream", report)?;
                ensure!(answer.status == 201, "{}", answer.head);
            }
            Ok(())
        }
    }))
    .map(drop)
}

/// Runs all at once, each on a thread of its own, and gives what each gave.
pub fn side_by_side<T: Send>(
    each: impl IntoIterator<Item = impl FnOnce() -> Result<T> + Send>,
) -> Result<Vec<T>> {
    thread::scope(|scope| {
        let running: Vec<_> = each.into_iter().map(|one| scope.spawn(one)).collect();
        running.into_iter().map(|one| one.join().expect("measuring does not panic")).collect()
    })
}

/// How many of something so many senders do a second, all at once, for so long. A sender is made for its number and then asked again
/// and again.
pub fn a_second<S>(
    senders: usize,
    long: Duration,
    make: impl Fn(usize) -> Result<S> + Sync,
    again: impl Fn(&mut S) -> Result<()> + Sync,
) -> Result<f64> {
    let start = Instant::now();
    let (make, again) = (&make, &again);
    let counts = side_by_side((0..senders).map(|number| {
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

/// What a file of an installation's administration holds.
pub fn administration(installation: &Installation, name: &str) -> Result<Vec<u8>> {
    let path = installation.root().join("admin").join(name);
    fs::read(&path).with_context(|| path.display().to_string())
}
