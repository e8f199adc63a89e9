//! Copies of the keys in the memory of the workbench after the lock.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _, Seek as _, SeekFrom},
    process::Command,
};

use reqwest::StatusCode;
use workbench::session::profile::ProfileDir;
use zeroize::{Zeroize as _, Zeroizing};

use crate::common::{browser::WorkbenchBrowser, environment::TestEnvironment};

const TEST_NAME: &str = "web_ui::key_memory::a_locked_workbench_has_no_copy_of_the_secret_keys";
/// Names the profile of the process that is examined.
const PROFILE_VARIABLE: &str = "BURKINDI_TEST_PROFILE";
/// The masked secrets for that process.
const SECRETS_VARIABLE: &str = "BURKINDI_TEST_MASKED_SECRETS";
const SECRET_LEN: usize = 32;
/// Keeps the secrets out of the memory in which the test searches for them.
const MASK: u8 = 0x5A;
const CHUNK: usize = 256 * 1024;

/// The workbench runs in another process than the one that created the keys.
#[tokio::test]
async fn a_locked_workbench_has_no_copy_of_the_secret_keys() {
    if let Some(profile) = std::env::var_os(PROFILE_VARIABLE) {
        examine_workbench(ProfileDir::new(profile)).await;
        return;
    }
    let environment = TestEnvironment::start();
    let profile = environment.installation.profile_dir("lead", &environment.handler.url);
    let key = environment.installation.key_of("lead");
    let secrets = [&key.identity().seed()[..], &key.device().as_bytes()[..]].concat();
    let masked: Vec<String> = secrets.iter().map(|byte| (byte ^ MASK).to_string()).collect();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", TEST_NAME, "--nocapture"]);
    command.env(PROFILE_VARIABLE, profile.dir()).env(SECRETS_VARIABLE, masked.join(" "));
    let examined = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let output = String::from_utf8_lossy(&examined.stdout);
    assert!(
        examined.status.success() && output.contains("1 passed"),
        "{output}{}",
        String::from_utf8_lossy(&examined.stderr)
    );
}

/// Unlocks and locks a workbench in this process, and counts copies of the secrets.
async fn examine_workbench(profile: ProfileDir) {
    let masked = std::env::var(SECRETS_VARIABLE).unwrap();
    let masked: Vec<u8> = masked.split(' ').map(|byte| byte.parse().unwrap()).collect();
    let masked: Vec<[u8; SECRET_LEN]> = masked.as_chunks().0.to_vec();
    assert_eq!(masked.len(), 2);
    let screen = WorkbenchBrowser::start_in(TestEnvironment::start(), profile).await;
    for round in 1..=3 {
        screen.unlock().await;
        assert_eq!(screen.get("/keys").await.status, StatusCode::OK);
        let unlocked = count_copies(&masked);
        assert!(unlocked.iter().all(|count| *count > 0), "the search finds nothing: {unlocked:?}");
        assert_eq!(screen.post("/lock", &[]).await.status, StatusCode::OK);
        assert_eq!(count_copies(&masked), [0, 0], "identity and device key, round {round}");
    }
}

/// Returns how often each secret is in the memory of this process that can be written.
fn count_copies(masked: &[[u8; SECRET_LEN]]) -> Vec<usize> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let mut counts = vec![0; masked.len()];
    // Cleared after every read, because it is part of the memory that is searched.
    let mut chunk = Zeroizing::new(vec![0; CHUNK + SECRET_LEN - 1]);
    for mapping in maps.lines() {
        let mut words = mapping.split_whitespace();
        let (from, to) = words.next().unwrap().split_once('-').unwrap();
        if !words.next().unwrap().starts_with("rw") {
            continue;
        }
        let (from, to) =
            (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        for start in (from..to).step_by(CHUNK) {
            memory.seek(SeekFrom::Start(start)).unwrap();
            let len = usize::try_from(to - start).unwrap().min(chunk.len());
            let read = read_up_to(&mut memory, &mut chunk[..len]);
            for (masked, count) in masked.iter().zip(&mut counts) {
                let first = masked[0] ^ MASK;
                let is_secret = |window: &&[u8]| {
                    window[0] == first
                        && window.iter().zip(masked).all(|(byte, masked)| byte ^ MASK == *masked)
                };
                *count += chunk[..read].windows(SECRET_LEN).filter(is_secret).count();
            }
            chunk.zeroize();
            chunk.resize(CHUNK + SECRET_LEN - 1, 0);
        }
    }
    counts
}

/// Reads until the buffer is full or the rest cannot be read, as in mappings of the kernel.
fn read_up_to(memory: &mut File, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    while filled < buffer.len() {
        match memory.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    filled
}
