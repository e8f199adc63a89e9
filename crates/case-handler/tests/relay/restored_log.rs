//! After a restore, no checkpoint of the old log is signed: it could contradict one that members
//! and witnesses have seen. Everything else continues.

use std::sync::Arc;

use case_handler::{
    Config,
    checkpoints::prove_event,
    doctor::check_log_pause,
    maintenance::{self, MaintenanceCommand, log::LogCommand},
    store::read_log_pause,
};
use doctor::Severity;
use protocol::directory::LogQuorum;
use service_kit::StoreCommand;
use transparency_log::checkpoint::SignedCheckpoint;
use uuid::Uuid;

use super::{
    DESK_MEMBERS, RelayFixture,
    common::log_capture::LogCapture,
    fake_witness::FakeWitness,
    intake::FakeIntake,
    maintenance::{empty_config, run_maintenance},
    service::configure,
};

/// Runs `case-handler log continue`.
pub(super) async fn continue_log(config: &Config) -> String {
    let command = MaintenanceCommand::Log(LogCommand::Continue);
    maintenance::run(config, command).await.unwrap().join("\n")
}

impl RelayFixture {
    /// Backs the store up, lets `lose` change it, and restores the backup into an empty store.
    async fn restore(&mut self, lose: impl AsyncFnOnce(&mut Self)) -> Config {
        let config = configure(&self.handler, self.folder.path(), &self.intake.url());
        let backup = || self.folder.path().join("backup");
        run_maintenance(&config, StoreCommand::Backup { folder: backup() }).await.unwrap();
        lose(self).await;
        let backup = self.folder.path().join("backup");
        let empty = empty_config(&config, self.folder.path());
        let output = run_maintenance(&empty, StoreCommand::Restore { folder: backup }).await;
        assert!(output.unwrap().contains("signs no checkpoint of the transparency log until"));
        empty
    }

    /// Starts the case handler with a restored store.
    async fn start_restored(&mut self, config: &Config) {
        self.handler.url.clone_from(&config.store.url);
        self.handler.restart().await;
        let store = Arc::clone(&self.handler.store);
        // The command used the clock of the machine.
        let writing = store.begin_write().await.unwrap();
        if writing.log_paused_since().await.unwrap().is_some() {
            writing.pause_log(self.handler.clock.today()).await.unwrap();
            writing.commit().await.unwrap();
        } else {
            drop(writing);
        }
        self.intake = FakeIntake::start(self.folder.path(), store).await;
    }

    /// Returns the size of the newest checkpoint, or 0.
    async fn log_size(&self) -> u64 {
        let note = self.handler.store.newest_checkpoint().await.unwrap();
        note.map_or(0, |note| SignedCheckpoint::parse(&note).unwrap().checkpoint().size)
    }

    async fn is_logged(&self, case: Uuid) -> bool {
        prove_event(&self.handler.store, case, 0).await.unwrap().is_some()
    }

    /// Adds a report to the intake and returns its case.
    fn send_report(&mut self) -> Uuid {
        let (report, _) = self.handler.new_report(&DESK_MEMBERS);
        self.intake.add_submissions([self.seal_submission(&report, &report)]);
        report.header.case.id
    }
}

#[tokio::test]
async fn a_restored_case_handler_signs_no_checkpoint_until_the_log_begins_again() {
    let mut fixture = RelayFixture::new().await;
    let witness = FakeWitness::start(vec![]).await;
    let entry = witness.entry();
    fixture
        .handler
        .publish(|directory| {
            directory.log.witnesses = vec![entry];
            directory.log.quorum = LogQuorum { oversight: 0, witnesses: 1 };
        })
        .await;
    let first = fixture.send_report();
    fixture.collector().run_cycle().await.unwrap();
    assert_eq!(fixture.log_size().await, 256);
    let config = fixture
        .restore(async |fixture| {
            fixture.send_report();
            fixture.collector().run_cycle().await.unwrap();
            assert_eq!(fixture.log_size().await, 512, "this checkpoint is lost");
        })
        .await;
    fixture.start_restored(&config).await;

    let log = LogCapture::default();
    let _guard = log.start();
    let mut collector = fixture.collector();
    let second = fixture.send_report();
    for _ in 0..3 {
        collector.run_cycle().await.unwrap();
        fixture.handler.clock.advance(time::Duration::minutes(15));
    }
    assert_eq!(fixture.log_size().await, 256, "no checkpoint is signed");
    assert_eq!(fixture.left_at_intake(), 0, "collection continues");
    assert!(fixture.intake.state.lock().unwrap().mailboxes.is_some(), "mailboxes are published");
    let logged = log.text();
    assert_eq!(logged.matches("ERROR").count(), 1, "logged once: {logged}");
    assert!(logged.contains("burkindi admin log restart"), "{logged}");
    let finding =
        check_log_pause(read_log_pause(&config.store.url.parse().unwrap()).await.unwrap());
    assert_eq!(finding.state, Severity::Error);
    assert!(finding.found.contains("signs no checkpoint"), "{finding:?}");
    let page = fixture.handler.metrics_page(&config).await;
    assert!(page.contains("burkindi_handler_log_signing 0\n"), "{page}");
    // A witness would answer with a refusal, because it has seen more.
    fixture.handler.client(&witness.url).ask().await.unwrap();
    assert_eq!(witness.take_requests(), [0; 0], "no witness is asked");

    // A directory of the same log changes nothing. Neither does another start.
    fixture.handler.publish(|directory| directory.desks[0].units.push("port".to_owned())).await;
    fixture.handler.restart().await;
    fixture.start_restored(&config).await;
    let mut collector = fixture.collector();
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.log_size().await, 256);

    fixture.handler.publish(|directory| directory.log.epoch = 2).await;
    assert_eq!(fixture.log_size().await, 0, "the old log is cleared");
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.log_size().await, 256 * 256, "the new log is signed in the next cycle");
    for case in [first, second] {
        assert!(fixture.is_logged(case).await);
    }
    assert!(log.text().contains("are signed again"), "{}", log.text());
    let since = read_log_pause(&config.store.url.parse().unwrap()).await.unwrap();
    assert_eq!(check_log_pause(since).state, Severity::Ok);
    let page = fixture.handler.metrics_page(&config).await;
    assert!(page.contains("burkindi_handler_log_signing 1\n"), "{page}");
}

/// A restored store can lack the newest directory. If the administrator publishes that one again,
/// the log that it began may have checkpoints that this store lacks.
#[tokio::test]
async fn a_directory_from_before_the_restore_does_not_end_the_pause() {
    let mut fixture = RelayFixture::new().await;
    fixture.send_report();
    fixture.collector().run_cycle().await.unwrap();
    let config = fixture.restore(async |_| ()).await;
    fixture.start_restored(&config).await;
    let log = LogCapture::default();
    let _guard = log.start();
    let mut collector = fixture.collector();
    fixture
        .handler
        .publish(|directory| {
            directory.log.epoch = 2;
            directory.issued -= time::Duration::DAY;
            directory.expires -= time::Duration::DAY;
        })
        .await;
    assert!(log.text().contains("signed before the restore"), "{}", log.text());
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.log_size().await, 0, "no checkpoint of log 2");

    fixture
        .handler
        .publish(|directory| {
            directory.log.epoch = 3;
            directory.issued += time::Duration::DAY;
        })
        .await;
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.log_size().await, 256 * 256);
}

#[tokio::test]
async fn the_log_continues_after_a_move_that_lost_nothing() {
    let mut fixture = RelayFixture::new().await;
    fixture.send_report();
    fixture.collector().run_cycle().await.unwrap();
    let config = fixture.restore(async |_| ()).await;
    fixture.start_restored(&config).await;
    fixture.collector().run_cycle().await.unwrap();
    assert_eq!(fixture.log_size().await, 256);
    let running = maintenance::run(&config, MaintenanceCommand::Log(LogCommand::Continue)).await;
    let refused = format!("{:#}", running.unwrap_err());
    assert!(refused.contains("stop the service first"), "{refused}");
    fixture.handler.store.release_writer().await.unwrap();
    assert!(continue_log(&config).await.contains("the transparency log continues"));
    assert!(continue_log(&config).await.contains("is not paused"), "a second time");
    fixture.start_restored(&config).await;
    let third = fixture.send_report();
    fixture.collector().run_cycle().await.unwrap();
    assert_eq!(fixture.log_size().await, 512, "one batch more of the same log");
    assert!(fixture.is_logged(third).await);
}
