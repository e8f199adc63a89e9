//! A submission that terminates the process does not block others. The service itself is killed
//! while it opens the submission.

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

fn start_service(folder: &Path, fixture: &RelayFixture) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_case-handler"));
    command.arg("--config").arg(folder.join("case-handler.toml"));
    // The clock of the fixture is in the past.
    command.args(["--confirm-date", &web::Clock::system().today().to_string()]);
    command.env("CASE_HANDLER_STORE_URL", &fixture.handler.url);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert!(ready.starts_with("ready"), "{ready}");
    child
}

/// Runs the service and kills it as soon as it has pulled the crashing submission.
async fn kill_while_opening(fixture: &RelayFixture, crashing: Uuid) {
    let pulled = Arc::new(Notify::new());
    fixture.intake.state.lock().unwrap().crash_on = Some((crashing, Arc::clone(&pulled)));
    let mut child = start_service(fixture.folder.path(), fixture);
    let pull_seen = timeout(Duration::from_mins(1), pulled.notified()).await;
    child.kill().unwrap();
    child.wait().unwrap();
    pull_seen.expect("the service pulls the crashing submission");
    fixture.intake.state.lock().unwrap().crash_on = None;
}

/// Runs the service until the intake has at most this number of submissions, and stops it as an
/// operator would.
async fn run_until_left(fixture: &RelayFixture, left: usize) {
    let child = start_service(fixture.folder.path(), fixture);
    for _ in 0..1200 {
        if fixture.left_at_intake() <= left {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(fixture.left_at_intake(), left);
}

impl RelayFixture {
    fn add_honest_reports(&mut self, reports: usize) {
        for _ in 0..reports {
            let (report, _) = self.handler.new_report(&DESK_MEMBERS);
            self.intake.add_submissions([self.seal_submission(&report, &report)]);
        }
    }

    /// Returns the number of cases, and the submissions that are quarantined unopened.
    async fn store_contents(&self) -> (usize, Vec<(Uuid, u32, bool)>) {
        let store = CaseStore::open(&self.handler.url).await.unwrap();
        let ingested = store.cases_after(None, 100).await.unwrap().len();
        let quarantined = store.poison_submissions().await.unwrap();
        store.release_writer().await.unwrap();
        (
            ingested,
            quarantined
                .into_iter()
                .map(|poison| (poison.id, poison.crashes, poison.stored.is_some()))
                .collect(),
        )
    }

    fn config(&self) -> Config {
        configure(&self.handler, self.folder.path(), &self.intake.url())
    }

    async fn run_quarantine_command(
        &self,
        command: QuarantineCommand,
    ) -> anyhow::Result<Vec<String>> {
        maintenance::run(&self.config(), MaintenanceCommand::Quarantine(command)).await
    }
}

#[tokio::test]
async fn a_submission_that_terminates_the_process_twice_is_quarantined_and_others_are_ingested() {
    let mut fixture = RelayFixture::new().await;
    let garbage = garbage_submission(&mut fixture.handler);
    let crashing = fixture.intake.add_submission(garbage);
    fixture.add_honest_reports(3);
    fixture.config();
    fixture.handler.store.release_writer().await.unwrap();
    // The first start opens all together, and ingests none.
    kill_while_opening(&fixture, crashing).await;
    assert_eq!(fixture.store_contents().await, (0, vec![]));
    // Submissions that arrived since are ingested first; then the suspects one by one, up to the
    // crashing one.
    fixture.add_honest_reports(2);
    kill_while_opening(&fixture, crashing).await;
    let (ingested, _) = fixture.store_contents().await;
    assert!(ingested >= 2, "{ingested}");
    // The third start recovers by itself.
    run_until_left(&fixture, 0).await;
    assert_eq!(fixture.store_contents().await, (5, vec![(crashing, 2, true)]));
    let list = fixture.run_quarantine_command(QuarantineCommand::List).await.unwrap();
    assert!(list.len() == 1 && list[0].starts_with(&crashing.to_string()), "{list:?}");
    // An operator has it opened again. It is then quarantined like any other garbage.
    assert!(
        fixture
            .run_quarantine_command(QuarantineCommand::Retry { id: Uuid::new_v4() })
            .await
            .is_err()
    );
    fixture.run_quarantine_command(QuarantineCommand::Retry { id: crashing }).await.unwrap();
    run_until_left(&fixture, 0).await;
    assert_eq!(fixture.store_contents().await, (5, vec![]));
    let store = CaseStore::open(&fixture.handler.url).await.unwrap();
    assert!(store.is_quarantined(crashing).await.unwrap(), "nothing is lost");
}

#[tokio::test]
async fn a_submission_that_cannot_be_stored_stays_at_the_intake_until_an_operator_drops_it() {
    let mut fixture = RelayFixture::new().await;
    let garbage = garbage_submission(&mut fixture.handler);
    let crashing = fixture.intake.add_submission(garbage);
    fixture.config();
    fixture.handler.store.release_writer().await.unwrap();
    for _ in 0..3 {
        fixture.add_honest_reports(1);
        kill_while_opening(&fixture, crashing).await;
    }
    fixture.add_honest_reports(1);
    run_until_left(&fixture, 1).await;
    assert_eq!(fixture.store_contents().await, (4, vec![(crashing, 3, false)]));
    fixture.run_quarantine_command(QuarantineCommand::Drop { id: crashing }).await.unwrap();
    assert_eq!((fixture.left_at_intake(), fixture.store_contents().await), (0, (4, vec![])));
}

#[tokio::test]
async fn a_regular_stop_creates_no_suspects() {
    let mut fixture = RelayFixture::new().await;
    let garbage = garbage_submission(&mut fixture.handler);
    let slow = fixture.intake.add_submission(garbage);
    fixture.config();
    fixture.handler.store.release_writer().await.unwrap();
    for _ in 0..3 {
        let pulled = Arc::new(Notify::new());
        fixture.intake.state.lock().unwrap().crash_on = Some((slow, Arc::clone(&pulled)));
        let child = start_service(fixture.folder.path(), &fixture);
        timeout(Duration::from_mins(1), pulled.notified()).await.unwrap();
        let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(fixture.store_contents().await, (0, vec![]));
    fixture.intake.state.lock().unwrap().crash_on = None;
    let store = CaseStore::open(&fixture.handler.url).await.unwrap();
    assert!(store.crash_suspects().await.unwrap().is_empty());
}
