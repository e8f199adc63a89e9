//! Rate at which the form of an intake accepts attachments of 16 MiB: sealed by the intake, stored
//! durably, four at the same time, client included. Also the memory of the intake meanwhile.
//!
//! One ceiling is the rate at which the processors seal twice, one `age` file within another, and
//! do nothing else. The other ceiling is the rate at which the disk durably stores files of the
//! size of a sealed attachment.

use std::{
    fs::{File as DiskFile, remove_file},
    io::{Write, sink},
    time::{Duration, Instant},
};

use age_hybrid::{Identity, Recipient, sealed_writer};
use anyhow::{Result, ensure};
use bench_support::{
    BenchRow, HttpClient, available_cores, full_or_quick, peak_mib, print_rows, progress,
};
use rand::{RngCore, rngs::OsRng};
use scenarios::{
    FormFile,
    load::{LoadTarget, rate_per_second, run_in_parallel},
};
use xtask::InstallationSettings;

const CONCURRENCY: usize = 4;
const ATTACHMENT_MIB: usize = 16;
/// The size class of a report with such a file.
const SEALED_MIB: usize = 32;
/// Memory of the intake on a small machine, in MiB.
const MAX_MEMORY_MIB: f64 = 96.0;

#[tokio::main]
async fn main() -> Result<()> {
    let target = LoadTarget::start(InstallationSettings::default()).await?;
    let mut content = vec![0; ATTACHMENT_MIB * 1024 * 1024];
    OsRng.fill_bytes(&mut content);
    let duration = Duration::from_secs(full_or_quick(12, 4) as u64);
    progress("one age file within another …");
    let ceiling = seal_mib_per_second(&content, duration / 3)?;
    progress("files of 32 MiB, 4 at once …");
    let disk = disk_mib_per_second(&content, duration / 3)?;
    let photo = FormFile { name: "photo.jpg", media_type: "image/jpeg", content: &content };
    let form = target.prepare_form(&[photo]).await?;
    progress("attachments of 16 MiB by the form, 4 at once …");
    let a_second = rate_per_second(
        CONCURRENCY,
        duration,
        |_| Ok((HttpClient::new(target.public_address())?, form.clone())),
        |(client, form)| form.send(client),
    )?;
    let memory = peak_mib(target.intake.pid())?;
    print_rows(&[
        BenchRow::higher_is_better(
            "attachment: 16 MiB by the form, 4 at once",
            "MiB/s",
            a_second * 16.0,
            ceiling,
        ),
        BenchRow::higher_is_better(
            "attachment: the same, sealed, against the disk",
            "MiB/s",
            a_second * 32.0,
            disk,
        ),
        BenchRow::lower_is_better(
            "attachment: memory of the intake meanwhile",
            "MiB",
            memory,
            MAX_MEMORY_MIB,
        ),
    ]);
    Ok(())
}

/// Returns the MiB per second that all cores together seal twice.
fn seal_mib_per_second(content: &[u8], duration: Duration) -> Result<f64> {
    let (one, other) = (
        Identity::generate(&mut OsRng).to_recipient(),
        Identity::generate(&mut OsRng).to_recipient(),
    );
    let start = Instant::now();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few cores")]
    let threads = available_cores() as usize;
    let times = run_in_parallel((0..threads).map(|_| {
        let (one, other) = (&one, &other);
        move || {
            let mut times = 0_u32;
            while start.elapsed() < duration {
                seal_twice(content, one, other)?;
                times += 1;
            }
            Ok(f64::from(times))
        }
    }))?;
    ensure!(times.iter().all(|times| *times > 0.0), "too short to measure anything");
    Ok(times.iter().sum::<f64>() * 16.0 / start.elapsed().as_secs_f64())
}

/// Returns the MiB per second that the disk stores durably.
fn disk_mib_per_second(content: &[u8], duration: Duration) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let start = Instant::now();
    let times = run_in_parallel((0..CONCURRENCY).map(|number| {
        let path = folder.path().join(number.to_string());
        move || {
            let mut times = 0_u32;
            while start.elapsed() < duration {
                let mut file = DiskFile::create_new(&path)?;
                for _ in 0..SEALED_MIB / ATTACHMENT_MIB {
                    file.write_all(content)?;
                }
                file.sync_all()?;
                remove_file(&path)?;
                times += 1;
            }
            Ok(f64::from(times))
        }
    }))?;
    Ok(times.iter().sum::<f64>() * 32.0 / start.elapsed().as_secs_f64())
}

fn seal_twice(content: &[u8], one: &Recipient, other: &Recipient) -> Result<()> {
    let mut writer = sealed_writer(one, sealed_writer(other, sink())?)?;
    for piece in content.chunks(64 * 1024) {
        writer.write_all(piece)?;
    }
    writer.finish()?.finish()?;
    Ok(())
}
