//! Floods of slow clients: an honest report still arrives, and memory stays bounded.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use reqwest::StatusCode;
use scenarios::{FormFile, ReporterBrowser, RunningInstallation, settings_for};
use service_kit::process_hardening::raise_nofile_limit;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet, time::timeout};

/// Maximum time of an honest reporter for all pages of a report together, on a slow machine.
/// Browsers abandon a single request after five minutes.
const REPORT_TIMEOUT: Duration = Duration::from_mins(1);

async fn start_installation() -> Result<(TempDir, RunningInstallation, ReporterBrowser)> {
    raise_nofile_limit(10_000).ok().context("this test needs 10,000 files")?;
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = running.reporter("fr").await?;
    Ok((folder, running, visitor))
}

/// Opens `count` connections. Each sends these bytes and then nothing more.
async fn open_connections(
    running: &RunningInstallation,
    count: usize,
    bytes: &[u8],
) -> Result<Vec<TcpStream>> {
    /// Connections that are opened at the same time. With more, the test would measure the listen
    /// queue of the system.
    const CONNECT_BATCH: usize = 100;
    let address = &running.intake.addresses["public"];
    let mut clients = Vec::with_capacity(count);
    while clients.len() < count {
        let mut arriving = JoinSet::new();
        for _ in 0..CONNECT_BATCH.min(count - clients.len()) {
            let (address, bytes) = (address.clone(), bytes.to_vec());
            arriving.spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                // A client that was evicted meanwhile cannot send the rest, which is expected.
                drop(stream.write_all(&bytes).await);
                Ok::<_, std::io::Error>(stream)
            });
        }
        while let Some(stream) = arriving.join_next().await {
            clients.push(stream??);
        }
    }
    Ok(clients)
}

/// Returns a POST request that sends fewer bytes than it announces.
fn stalled_post(sent: usize) -> Vec<u8> {
    let mut post =
        b"POST /api/reports HTTP/1.1\r\nhost: x\r\ncontent-length: 524288\r\n\r\n".to_vec();
    post.extend(age_hybrid::decoy_file(sent, 7));
    post
}

/// Returns the memory of the intake, in MiB.
fn intake_memory_mib(running: &RunningInstallation) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", running.intake.pid()))?;
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
async fn small_stalled_posts_take_neither_slots_nor_memory() -> Result<()> {
    let (_folder, running, visitor) = start_installation().await?;
    // Three times as many as the intake reads at the same time; together they send 557 MiB.
    let clients = open_connections(&running, 3000, &stalled_post(190 * 1024)).await?;
    assert_report_accepted(&visitor, &[]).await?;
    let memory = intake_memory_mib(&running)?;
    assert!(memory < 512, "{memory} MiB");
    drop(clients);
    Ok(())
}

#[tokio::test]
async fn stalled_uploads_are_evicted_for_a_new_one() -> Result<()> {
    let (_folder, running, visitor) = start_installation().await?;
    // More than the upload slots. Each sends well beyond what the intake reads without a slot.
    let clients = open_connections(&running, 300, &stalled_post(300 * 1024)).await?;
    let photo = vec![7; 1024 * 1024];
    let file =
        FormFile { name: "photo.bin", media_type: "application/octet-stream", content: &photo };
    assert_report_accepted(&visitor, &[file]).await?;
    drop(clients);
    Ok(())
}

#[tokio::test]
async fn idle_connections_are_evicted_for_a_client_that_sends() -> Result<()> {
    let (_folder, running, visitor) = start_installation().await?;
    // More than the maximum number of connections. Half a request line keeps a connection open as
    // long as any header may take.
    let clients = open_connections(&running, 5000, b"GET /fr HT").await?;
    assert_report_accepted(&visitor, &[]).await?;
    let descriptors = fs::read_dir(format!("/proc/{}/fd", running.intake.pid()))?.count();
    assert!(descriptors < 4096 + 256, "{descriptors} files are open");
    drop(clients);
    Ok(())
}
