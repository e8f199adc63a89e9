//! Crowds that want to lock everybody out: an honest report still gets through, in bounded memory.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use intake::process_hardening::raise_nofile_limit;
use reqwest::StatusCode;
use scenarios::{FormFile, ReporterBrowser, RunningInstallation, settings_for};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet, time::timeout};

/// Longest that an honest visitor may wait for all the pages of a report together, on a slow
/// machine: browsers give up a single request after five minutes.
const REPORT_TIMEOUT: Duration = Duration::from_mins(1);

async fn start_installation() -> Result<(TempDir, RunningInstallation, ReporterBrowser)> {
    raise_nofile_limit(10_000).ok().context("this test needs 10,000 files")?;
    let folder = tempfile::tempdir()?;
    let office =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = office.reporter("fr").await?;
    Ok((folder, office, visitor))
}

/// So many connections, each of which sends these bytes and then nothing more.
async fn open_connections(
    office: &RunningInstallation,
    count: usize,
    bytes: &[u8],
) -> Result<Vec<TcpStream>> {
    /// At a time, or the system's own queue of newcomers would be what is measured.
    const CONNECT_BATCH: usize = 100;
    let address = &office.intake.addresses["public"];
    let mut crowd = Vec::with_capacity(count);
    while crowd.len() < count {
        let mut arriving = JoinSet::new();
        for _ in 0..CONNECT_BATCH.min(count - crowd.len()) {
            let (address, bytes) = (address.clone(), bytes.to_vec());
            arriving.spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                // Who has been turned out meanwhile cannot send the rest, which is what is wanted.
                drop(stream.write_all(&bytes).await);
                Ok::<_, std::io::Error>(stream)
            });
        }
        while let Some(stream) = arriving.join_next().await {
            crowd.push(stream??);
        }
    }
    Ok(crowd)
}

/// A post that announces more than it brings.
fn stalled_post(sent: usize) -> Vec<u8> {
    let mut post =
        b"POST /api/reports HTTP/1.1\r\nhost: x\r\ncontent-length: 524288\r\n\r\n".to_vec();
    post.extend(age_hybrid::decoy_file(sent, 7));
    post
}

/// What the intake holds in memory, in MiB.
fn intake_memory_mib(office: &RunningInstallation) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", office.intake.pid()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? / 1024)
}

async fn assert_report_accepted(visitor: &ReporterBrowser, files: &[FormFile<'_>]) -> Result<()> {
    let receipt = timeout(
        REPORT_TIMEOUT,
        visitor.submit_report(&[("a.story", "il a demandé 5 000 F")], files),
    )
    .await??;
    assert_eq!(receipt.status, StatusCode::OK, "{}", receipt.html);
    assert!(!receipt.receipt_code()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn small_posts_that_stall_take_neither_slots_nor_memory() -> Result<()> {
    let (_folder, office, visitor) = start_installation().await?;
    // Three times as many as are read at once; what they bring together is 557 MiB.
    let crowd = open_connections(&office, 3000, &stalled_post(190 * 1024)).await?;
    assert_report_accepted(&visitor, &[]).await?;
    let memory = intake_memory_mib(&office)?;
    assert!(memory < 512, "{memory} MiB");
    drop(crowd);
    Ok(())
}

#[tokio::test]
async fn uploads_that_stall_are_evicted_for_one_that_comes() -> Result<()> {
    let (_folder, office, visitor) = start_installation().await?;
    // More than there are places for, each well beyond what is read without one.
    let crowd = open_connections(&office, 300, &stalled_post(300 * 1024)).await?;
    let photo = vec![7; 1024 * 1024];
    let file =
        FormFile { name: "photo.bin", media_type: "application/octet-stream", content: &photo };
    assert_report_accepted(&visitor, &[file]).await?;
    drop(crowd);
    Ok(())
}

#[tokio::test]
async fn idle_connections_are_closed_for_who_has_something_to_say() -> Result<()> {
    let (_folder, office, visitor) = start_installation().await?;
    // More than may be open at once; half a request line keeps them as long as any header may take.
    let crowd = open_connections(&office, 5000, b"GET /fr HT").await?;
    assert_report_accepted(&visitor, &[]).await?;
    let descriptors = fs::read_dir(format!("/proc/{}/fd", office.intake.pid()))?.count();
    assert!(descriptors < 4096 + 256, "{descriptors} files are open");
    drop(crowd);
    Ok(())
}
