//! Crowds that want to lock everybody out: an honest report still gets through, in bounded memory.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use intake::hardening::allow_files;
use reqwest::StatusCode;
use scenarios::{File, Office, Visitor, settings};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet, time::timeout};

/// Longest that an honest visitor may wait for all the pages of a report together, on a slow machine: browsers give up a
/// single request after five minutes.
const PATIENCE: Duration = Duration::from_mins(1);

async fn open() -> Result<(TempDir, Office, Visitor)> {
    allow_files(10_000).ok().context("this test needs 10,000 files")?;
    let folder = tempfile::tempdir()?;
    let office = Office::open(folder.path(), settings(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = office.visitor("fr").await?;
    Ok((folder, office, visitor))
}

/// So many connections, each of which sends these bytes and then nothing more.
async fn crowd(office: &Office, count: usize, bytes: &[u8]) -> Result<Vec<TcpStream>> {
    /// At a time, or the system's own queue of newcomers would be what is measured.
    const AT_ONCE: usize = 100;
    let address = &office.intake.addresses["public"];
    let mut crowd = Vec::with_capacity(count);
    while crowd.len() < count {
        let mut arriving = JoinSet::new();
        for _ in 0..AT_ONCE.min(count - crowd.len()) {
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
    let mut post = b"POST /api/reports HTTP/1.1\r\nhost: x\r\ncontent-length: 524288\r\n\r\n".to_vec();
    post.extend(age_hybrid::sealed_looking(sent, 7));
    post
}

/// What the intake holds in memory, in MiB.
fn memory(office: &Office) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", office.intake.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? / 1024)
}

async fn a_report_gets_through(visitor: &Visitor, files: &[File<'_>]) -> Result<()> {
    let receipt = timeout(PATIENCE, visitor.file(&[("a.story", "il a demandé 5 000 F")], files)).await??;
    assert_eq!(receipt.status, StatusCode::OK, "{}", receipt.html);
    assert!(!receipt.code()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn small_posts_that_stall_take_neither_places_nor_memory() -> Result<()> {
    let (_folder, office, visitor) = open().await?;
    // Three times as many as are read at once; what they bring together is 557 MiB.
    let crowd = crowd(&office, 3000, &stalled_post(190 * 1024)).await?;
    a_report_gets_through(&visitor, &[]).await?;
    let memory = memory(&office)?;
    assert!(memory < 512, "{memory} MiB");
    drop(crowd);
    Ok(())
}

#[tokio::test]
async fn uploads_that_stall_make_room_for_one_that_comes() -> Result<()> {
    let (_folder, office, visitor) = open().await?;
    // More than there are places for, each well beyond what is read without one.
    let crowd = crowd(&office, 300, &stalled_post(300 * 1024)).await?;
    let photo = vec![7; 1024 * 1024];
    let file = File { name: "photo.bin", media_type: "application/octet-stream", content: &photo };
    a_report_gets_through(&visitor, &[file]).await?;
    drop(crowd);
    Ok(())
}

#[tokio::test]
async fn idle_connections_are_closed_for_who_has_something_to_say() -> Result<()> {
    let (_folder, office, visitor) = open().await?;
    // More than may be open at once; half a request line keeps them as long as any header may take.
    let crowd = crowd(&office, 5000, b"GET /fr HT").await?;
    a_report_gets_through(&visitor, &[]).await?;
    let descriptors = fs::read_dir(format!("/proc/{}/fd", office.intake.id()))?.count();
    assert!(descriptors < 4096 + 256, "{descriptors} files are open");
    drop(crowd);
    Ok(())
}
