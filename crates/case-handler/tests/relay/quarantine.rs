//! A submission that ends the process stops no other: the program itself is killed in the middle of
//! opening it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use case_handler::{
    Config,
    maintenance::{self, MaintenanceCommand, quarantine::QuarantineCommand},
    store::CaseStore,
};
use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use super::{DESK_MEMBERS, RelayFixture, garbage_submission, service::configure};

fn start_service(folder: &Path, pair: &RelayFixture) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_case-handler"));
    command.arg("--config").arg(folder.join("case-handler.toml"));
    // The clock of the world stands in the past.
    command.args(["--confirm-day", &web::Clock::system().today().to_string()]);
    command.env("CASES_STORE_URL", &pair.world.url);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert!(ready.starts_with("ready"), "{ready}");
    child
}

/// Runs the program and kills it as soon as it has asked for the deadly one.
async fn kill_while_opening(pair: &RelayFixture, deadly: Uuid) {
    let pulled = Arc::new(Notify::new());
    pair.intake.state.lock().unwrap().crash_on = Some((deadly, Arc::clone(&pulled)));
    let mut child = start_service(pair.folder.path(), pair);
    let asked = timeout(Duration::from_mins(1), pulled.notified()).await;
    child.kill().unwrap();
    child.wait().unwrap();
    asked.expect("the program asks for the deadly one");
    pair.intake.state.lock().unwrap().crash_on = None;
}

/// Runs the program until the intake is empty or holds no more than so many, and ends it as an
/// operator would.
async fn run_until_left(pair: &RelayFixture, left: usize) {
    let child = start_service(pair.folder.path(), pair);
    for _ in 0..1200 {
        if pair.left_at_intake() <= left {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(pair.left_at_intake(), left);
}

impl RelayFixture {
    fn add_honest_reports(&mut self, reports: usize) {
        for _ in 0..reports {
            let (report, _) = self.world.new_report(&DESK_MEMBERS);
            self.intake.add_submissions([self.seal_submission(&report, &report)]);
        }
    }

    /// What is filed, and what is quarantined.
    async fn store_contents(&self) -> (usize, Vec<(Uuid, u32, bool)>) {
        let store = CaseStore::open(&self.world.url).await.unwrap();
        let filed = store.cases_after(None, 100).await.unwrap().len();
        let quarantined = store.poison_submissions().await.unwrap();
        store.release_writer().await.unwrap();
        (
            filed,
            quarantined
                .into_iter()
                .map(|one| (one.id, one.crashes, one.stored.is_some()))
                .collect(),
        )
    }

    fn config(&self) -> Config {
        configure(&self.world, self.folder.path(), &self.intake.url())
    }

    async fn run_quarantine_command(&self, task: QuarantineCommand) -> anyhow::Result<Vec<String>> {
        maintenance::run(&self.config(), MaintenanceCommand::Quarantine(task)).await
    }
}

#[tokio::test]
async fn what_ends_the_process_twice_is_quarantined_and_all_others_are_filed() {
    let mut pair = RelayFixture::new().await;
    let garbage = garbage_submission(&mut pair.world);
    let deadly = pair.intake.add_submission(garbage);
    pair.add_honest_reports(3);
    pair.config();
    pair.world.store.release_writer().await.unwrap();
    // The first start opens all together, and files none.
    kill_while_opening(&pair, deadly).await;
    assert_eq!(pair.store_contents().await, (0, vec![]));
    // What has come since is filed first; the suspects one by one, up to the deadly one.
    pair.add_honest_reports(2);
    kill_while_opening(&pair, deadly).await;
    let (filed, _) = pair.store_contents().await;
    assert!(filed >= 2, "{filed}");
    // The third goes on by itself.
    run_until_left(&pair, 0).await;
    assert_eq!(pair.store_contents().await, (5, vec![(deadly, 2, true)]));
    let list = pair.run_quarantine_command(QuarantineCommand::List).await.unwrap();
    assert!(list.len() == 1 && list[0].starts_with(&deadly.to_string()), "{list:?}");
    // An operator has it opened again, which sets it aside like any other.
    assert!(
        pair.run_quarantine_command(QuarantineCommand::Retry { id: Uuid::new_v4() }).await.is_err()
    );
    pair.run_quarantine_command(QuarantineCommand::Retry { id: deadly }).await.unwrap();
    run_until_left(&pair, 0).await;
    assert_eq!(pair.store_contents().await, (5, vec![]));
    let store = CaseStore::open(&pair.world.url).await.unwrap();
    assert!(store.is_quarantined(deadly).await.unwrap(), "nothing is lost");
}

#[tokio::test]
async fn what_cannot_even_be_kept_stays_at_the_intake_until_an_operator_drops_it() {
    let mut pair = RelayFixture::new().await;
    let garbage = garbage_submission(&mut pair.world);
    let deadly = pair.intake.add_submission(garbage);
    pair.config();
    pair.world.store.release_writer().await.unwrap();
    for _ in 0..3 {
        pair.add_honest_reports(1);
        kill_while_opening(&pair, deadly).await;
    }
    pair.add_honest_reports(1);
    run_until_left(&pair, 1).await;
    assert_eq!(pair.store_contents().await, (4, vec![(deadly, 3, false)]));
    pair.run_quarantine_command(QuarantineCommand::Drop { id: deadly }).await.unwrap();
    assert_eq!((pair.left_at_intake(), pair.store_contents().await), (0, (4, vec![])));
}

#[tokio::test]
async fn an_ordered_stop_makes_nobody_a_suspect() {
    let mut pair = RelayFixture::new().await;
    let garbage = garbage_submission(&mut pair.world);
    let slow = pair.intake.add_submission(garbage);
    pair.config();
    pair.world.store.release_writer().await.unwrap();
    for _ in 0..3 {
        let pulled = Arc::new(Notify::new());
        pair.intake.state.lock().unwrap().crash_on = Some((slow, Arc::clone(&pulled)));
        let child = start_service(pair.folder.path(), &pair);
        timeout(Duration::from_mins(1), pulled.notified()).await.unwrap();
        let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(pair.store_contents().await, (0, vec![]));
    pair.intake.state.lock().unwrap().crash_on = None;
    let store = CaseStore::open(&pair.world.url).await.unwrap();
    assert!(store.crash_suspects().await.unwrap().is_empty());
}
