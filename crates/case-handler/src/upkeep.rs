//! What operators do with the cases while nobody works on them: back up, try a backup, restore it, move to another engine.

pub mod day;
pub mod quarantine;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Subcommand;
use database::{Backup, CopyError, OpenError, Place, Tally, hand_over_folder};
use migrations_cases::Migrator;
use uuid::Uuid;
use web::Clock;

use crate::{
    Config,
    current::Current,
    keys::{self, Keys},
    log,
    store::{self, Objects, Store},
};
use day::DayTask;
use quarantine::QuarantineTask;

/// Name of the database in a backup.
const FILE: &str = "cases.sqlite";

/// One of them.
#[derive(Debug, Clone, Subcommand)]
pub enum Task {
    /// Make the store, at the first start. Refuses where one is.
    CreateStore,
    /// Copy all cases into a new folder, while the service runs. Everything in it is sealed; the handler's keys are not in it.
    Backup {
        /// A folder that is not there yet.
        folder: PathBuf,
    },
    /// Try a backup without touching anything: would every case come back, with a whole log?
    Rehearse {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Bring a backup back into the configured database, which must be empty. For a service that does not run.
    Restore {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Copy an `SQLite` database into an empty `PostgreSQL` database, row by row, and compare. For a service that does not run.
    MoveTo {
        /// Such as `postgres://burkindi@db.internal/cases?sslmode=verify-full`
        #[arg(value_name = "URL")]
        to: Place,
    },
    /// Show, confirm or take back the day that counts.
    #[command(subcommand)]
    Day(DayTask),
    /// List, retry or delete submissions that ended the process.
    #[command(subcommand)]
    Quarantine(QuarantineTask),
}

/// Does it, and gives what to say.
pub async fn run(config: &Config, task: Task) -> Result<Vec<String>> {
    let place: Place = config.store.url.parse().context("store.url")?;
    place.check_account().context("store.url")?;
    match task {
        Task::CreateStore => create(&place).await,
        Task::Backup { folder } => back_up(config, &place, &folder).await,
        Task::Rehearse { folder } => rehearse(config, &folder).await,
        Task::Restore { folder } => restore(config, &place, &folder).await,
        Task::MoveTo { to } => move_to(&place, &to).await,
        Task::Day(task) => day::run(&place, config.calendar.most_days_off, task, &Clock::system()).await,
        Task::Quarantine(task) => quarantine::run(config, &place, task).await,
    }
}

async fn create(place: &Place) -> Result<Vec<String>> {
    let _alone = locked(place.alone().await)?;
    ensure!(!place.is_there().await?, "{place}: there is a store already. It was left as it is");
    place.prepare::<Migrator>().await?;
    Ok(vec![format!("made {place}")])
}

async fn back_up(config: &Config, place: &Place, folder: &Path) -> Result<Vec<String>> {
    check_there(place).await?;
    let backup = Backup::at(folder, FILE);
    let copied = backup.take::<Migrator>(place, &store::tables()).await?;
    let named = store::objects_named(&backup.database().as_path().into()).await?;
    if !named.is_empty() {
        let objects = objects(config)?.context("store.parts_url: not set, and parts are there")?;
        fs::create_dir(backup.parts())?;
        for object in named {
            let bytes = objects.read(object).await?;
            fs::write(backup.parts().join(object.simple().to_string()), bytes)?;
        }
    }
    backup.finish()?;
    Ok(told(&copied, "backed up. Try it with `rehearse`, and keep it on another machine, away from the keys"))
}

async fn rehearse(config: &Config, folder: &Path) -> Result<Vec<String>> {
    let backup = Backup::at(folder, FILE);
    let files = backup.check()?;
    let trying = tempfile::tempdir()?;
    let place = backup.unpack::<Migrator>(trying.path()).await?;
    let parts = backup.parts();
    let objects = if parts.is_dir() { Some(Objects::open(&url_of(&parts)?, [])?) } else { None };
    let store = Store::open_at(&place).await?.with_objects(objects);
    let entries = log::check(&store).await?;
    let parts = store.check_parts().await?;
    let Keys { trust, transport, log } = Keys::load(config)?;
    let current = Current::load(trust, &store).await.context("the backup is not of this installation")?;
    let mut lines = vec![
        format!("{files} files are as they were written"),
        format!("the log is whole: {entries} entries, each tied to the one before"),
        format!("{parts} sealed parts are there, each as it was filed"),
    ];
    if let Some(accepted) = current.get() {
        let wrong = keys::differences(&accepted.directory, &transport, &log);
        ensure!(wrong.is_empty(), "this backup needs other keys than those here: {}", wrong.join("; "));
        lines.push("the keys here are those that it needs".to_owned());
    }
    lines.push(
        "this backup can be restored. Whether every case opens, readers alone can see: OPERATING, Backups"
            .to_owned(),
    );
    Ok(lines)
}

async fn restore(config: &Config, place: &Place, folder: &Path) -> Result<Vec<String>> {
    let backup = Backup::at(folder, FILE);
    backup.check()?;
    let unpacking = tempfile::tempdir()?;
    let from = backup.unpack::<Migrator>(unpacking.path()).await?;
    let alone = locked(place.lock().await)?;
    let objects = objects(config)?;
    // Before the rows that name them, as ever.
    if backup.parts().is_dir() {
        let objects = objects.context("store.parts_url: not set, and the backup has parts for it")?;
        for entry in fs::read_dir(backup.parts())? {
            let entry = entry?;
            let key = entry.file_name().to_str().and_then(|name| Uuid::try_parse(name).ok());
            let key = key.with_context(|| format!("{}: is no part", entry.path().display()))?;
            objects.write(key, fs::read(entry.path())?).await?;
        }
        if let Some(folder) = config.store.parts_url.as_ref().and_then(|url| url.strip_prefix("file://")) {
            hand_over_folder(Path::new(folder)).context("store.parts_url")?;
        }
    }
    let copied = database::copy::<Migrator>(&from, place, &store::tables()).await?;
    place.unmark_moved()?;
    drop(alone);
    Ok(told(
        &copied,
        &format!(
            "restored into {place}. Start the service, publish the newest directory again, and ask \
             the oversight body and the members to run `burkindi audit verify`, then `burkindi \
             audit accept`: OPERATING, Backups"
        ),
    ))
}

async fn move_to(place: &Place, to: &Place) -> Result<Vec<String>> {
    if place.is_shared() {
        bail!("the cases are on PostgreSQL already: stop the service, and use backup and restore");
    }
    ensure!(place.is_there().await?, "{}", missing(place));
    let copied = locked(database::relocate::<Migrator>(place, to, &store::tables()).await)?;
    Ok(told(
        &copied,
        &format!(
            "moved from {place} to {to}. Set store.url in the configuration file to it, start the \
             service, run `doctor`, and delete the old file. Until then no command opens the old \
             file"
        ),
    ))
}

/// Says what to do where a running service holds the store.
fn locked<T, E: Into<anyhow::Error>>(result: Result<T, E>) -> Result<T> {
    result.map_err(|error| {
        let error = error.into();
        let in_use = matches!(error.downcast_ref(), Some(OpenError::InUse))
            || matches!(error.downcast_ref(), Some(CopyError::Open(OpenError::InUse)));
        if in_use { error.context("store.url: stop the service first") } else { error }
    })
}

fn objects(config: &Config) -> Result<Option<Objects>> {
    let url = config.store.parts_url.as_ref();
    url.map(|url| Objects::open(url, std::env::vars())).transpose().context("store.parts_url")
}

fn url_of(folder: &Path) -> Result<String> {
    Ok(format!("file://{}", fs::canonicalize(folder)?.display()))
}

/// Checks that there is a store that may be used. Opening would silently begin an empty one, and
/// with it a second history.
///
/// # Errors
/// If there is none, it was moved, or it cannot be reached.
pub async fn check_there(place: &Place) -> Result<()> {
    if let Some(to) = place.moved_to()? {
        return Err(OpenError::Moved { from: place.clone(), to }.into());
    }
    ensure!(place.is_there().await?, "{}", missing(place));
    Ok(())
}

fn missing(place: &Place) -> String {
    format!(
        "store.url: there is no store at {place}. If there was one, restore a backup: \
         `case-handler --config … restore FOLDER`. At the very first start, make it: `case-handler \
         --config … create-store`"
    )
}

fn told(copied: &[(&'static str, Tally)], end: &str) -> Vec<String> {
    let lines = copied.iter().map(|(name, tally)| format!("{name}: {tally}, read again and equal"));
    lines.chain([end.to_owned()]).collect()
}
