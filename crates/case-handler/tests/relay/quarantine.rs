//! A submission that ends the process stops no other: the program itself is killed in the middle of opening it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use case_handler::{
    Config,
    store::Store,
    upkeep::{self, Task, quarantine::QuarantineTask},
};
use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use super::{DESK, Pair, garbage, service::configure};

fn start(folder: &Path, pair: &Pair) -> Child {
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
async fn killed_at(pair: &Pair, deadly: Uuid) {
    let pulled = Arc::new(Notify::new());
    pair.intake.held.lock().unwrap().deadly = Some((deadly, Arc::clone(&pulled)));
    let mut child = start(pair.folder.path(), pair);
    let asked = timeout(Duration::from_mins(1), pulled.notified()).await;
    child.kill().unwrap();
    child.wait().unwrap();
    asked.expect("the program asks for the deadly one");
    pair.intake.held.lock().unwrap().deadly = None;
}

/// Runs the program until the intake is empty or holds no more than so many, and ends it as an operator would.
async fn runs_until(pair: &Pair, left: usize) {
    let child = start(pair.folder.path(), pair);
    for _ in 0..1200 {
        if pair.left() <= left {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(pair.left(), left);
}

impl Pair {
    fn holds_honest(&mut self, reports: usize) {
        for _ in 0..reports {
            let (report, _) = self.world.report(&DESK);
            self.intake.holds([self.sealed(&report, &report)]);
        }
    }

    /// What is filed, and what is quarantined.
    async fn found(&self) -> (usize, Vec<(Uuid, u32, bool)>) {
        let store = Store::open(&self.world.url).await.unwrap();
        let filed = store.cases_behind(None, 100).await.unwrap().len();
        let quarantined = store.quarantined().await.unwrap();
        store.stop_writing().await.unwrap();
        (filed, quarantined.into_iter().map(|one| (one.id, one.ends, one.kept.is_some())).collect())
    }

    fn config(&self) -> Config {
        configure(&self.world, self.folder.path(), &self.intake.url())
    }

    async fn task(&self, task: QuarantineTask) -> anyhow::Result<Vec<String>> {
        upkeep::run(&self.config(), Task::Quarantine(task)).await
    }
}

#[tokio::test]
async fn what_ends_the_process_twice_is_quarantined_and_all_others_are_filed() {
    let mut pair = Pair::new().await;
    let garbage = garbage(&mut pair.world);
    let deadly = pair.intake.holds_one(garbage);
    pair.holds_honest(3);
    pair.config();
    pair.world.store.stop_writing().await.unwrap();
    // The first start opens all together, and files none.
    killed_at(&pair, deadly).await;
    assert_eq!(pair.found().await, (0, vec![]));
    // What has come since is filed first; the suspects one by one, up to the deadly one.
    pair.holds_honest(2);
    killed_at(&pair, deadly).await;
    let (filed, _) = pair.found().await;
    assert!(filed >= 2, "{filed}");
    // The third goes on by itself.
    runs_until(&pair, 0).await;
    assert_eq!(pair.found().await, (5, vec![(deadly, 2, true)]));
    let list = pair.task(QuarantineTask::List).await.unwrap();
    assert!(list.len() == 1 && list[0].starts_with(&deadly.to_string()), "{list:?}");
    // An operator has it opened again, which sets it aside like any other.
    assert!(pair.task(QuarantineTask::Retry { id: Uuid::new_v4() }).await.is_err());
    pair.task(QuarantineTask::Retry { id: deadly }).await.unwrap();
    runs_until(&pair, 0).await;
    assert_eq!(pair.found().await, (5, vec![]));
    let store = Store::open(&pair.world.url).await.unwrap();
    assert!(store.is_set_aside(deadly).await.unwrap(), "nothing is lost");
}

#[tokio::test]
async fn what_cannot_even_be_kept_stays_at_the_intake_until_an_operator_drops_it() {
    let mut pair = Pair::new().await;
    let garbage = garbage(&mut pair.world);
    let deadly = pair.intake.holds_one(garbage);
    pair.config();
    pair.world.store.stop_writing().await.unwrap();
    for _ in 0..3 {
        pair.holds_honest(1);
        killed_at(&pair, deadly).await;
    }
    pair.holds_honest(1);
    runs_until(&pair, 1).await;
    assert_eq!(pair.found().await, (4, vec![(deadly, 3, false)]));
    pair.task(QuarantineTask::Drop { id: deadly }).await.unwrap();
    assert_eq!((pair.left(), pair.found().await), (0, (4, vec![])));
}

#[tokio::test]
async fn an_ordered_stop_makes_nobody_a_suspect() {
    let mut pair = Pair::new().await;
    let garbage = garbage(&mut pair.world);
    let slow = pair.intake.holds_one(garbage);
    pair.config();
    pair.world.store.stop_writing().await.unwrap();
    for _ in 0..3 {
        let pulled = Arc::new(Notify::new());
        pair.intake.held.lock().unwrap().deadly = Some((slow, Arc::clone(&pulled)));
        let child = start(pair.folder.path(), &pair);
        timeout(Duration::from_mins(1), pulled.notified()).await.unwrap();
        let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(pair.found().await, (0, vec![]));
    pair.intake.held.lock().unwrap().deadly = None;
    let store = Store::open(&pair.world.url).await.unwrap();
    assert!(store.suspects().await.unwrap().is_empty());
}
