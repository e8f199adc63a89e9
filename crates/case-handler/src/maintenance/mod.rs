//! What operators do with the cases while nobody works on them: back up, try a backup, restore it,
//! move to another engine.

pub mod day;
pub mod quarantine;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Subcommand;
use database::{
    BackupFolder, CopyError, DatabaseUrl, OpenError, TableDigest, chown_folder_to_parent_owner,
};
use migrations_cases::Migrator;
use uuid::Uuid;
use web::Clock;

use crate::{
    Config,
    directory_cache::DirectoryCache,
    event_log,
    keys::{self, HandlerKeys},
    store::{self, CaseStore, PartObjectStore},
};
use day::DayCommand;
use quarantine::QuarantineCommand;

/// Name of the database in a backup.
const BACKUP_DATABASE_FILE: &str = "cases.sqlite";

/// One of them.
#[derive(Debug, Clone, Subcommand)]
pub enum MaintenanceCommand {
    /// Make the store, at the first start. Refuses where one is.
    CreateStore,
    /// Copy all cases into a new folder, while the service runs. Everything in it is sealed; the
    /// handler's keys are not in it.
    Backup {
        /// A folder that is not there yet.
        folder: PathBuf,
    },
    /// Try a backup without touching anything: would every case come back, with a whole log?
    VerifyBackup {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Bring a backup back into the configured database, which must be empty. For a service that
    /// does not run.
    Restore {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Copy an `SQLite` database into an empty `PostgreSQL` database, row by row, and compare. For
    /// a service that does not run.
    MigrateTo {
        /// Such as `postgres://burkindi@db.internal/cases?sslmode=verify-full`
        #[arg(value_name = "URL")]
        to: DatabaseUrl,
    },
    /// Show, confirm or take back the day that counts.
    #[command(subcommand)]
    Day(DayCommand),
    /// List, retry or delete submissions that ended the process.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
}

/// Does it, and gives what to say.
pub async fn run(config: &Config, task: MaintenanceCommand) -> Result<Vec<String>> {
    let place: DatabaseUrl = config.store.url.parse().context("store.url")?;
    place.check_account().context("store.url")?;
    match task {
        MaintenanceCommand::CreateStore => create_store(&place).await,
        MaintenanceCommand::Backup { folder } => back_up(config, &place, &folder).await,
        MaintenanceCommand::VerifyBackup { folder } => verify_backup(config, &folder).await,
        MaintenanceCommand::Restore { folder } => restore(config, &place, &folder).await,
        MaintenanceCommand::MigrateTo { to } => migrate_to(&place, &to).await,
        MaintenanceCommand::Day(task) => {
            day::run(&place, config.calendar.max_clock_jump_days, task, &Clock::system()).await
        }
        MaintenanceCommand::Quarantine(task) => quarantine::run(config, &place, task).await,
    }
}

async fn create_store(place: &DatabaseUrl) -> Result<Vec<String>> {
    let _alone = explain_locked(place.acquire_writer_lock().await)?;
    ensure!(!place.exists().await?, "{place}: there is a store already. It was left as it is");
    place.migrate::<Migrator>().await?;
    Ok(vec![format!("made {place}")])
}

async fn back_up(config: &Config, place: &DatabaseUrl, folder: &Path) -> Result<Vec<String>> {
    ensure_exists(place).await?;
    let backup = BackupFolder::new(folder, BACKUP_DATABASE_FILE);
    let copied = backup.create::<Migrator>(place, &store::tables()).await?;
    let named = store::referenced_object_keys(&backup.database_path().as_path().into()).await?;
    if !named.is_empty() {
        let objects =
            open_object_store(config)?.context("store.parts_url: not set, and parts are there")?;
        fs::create_dir(backup.parts_folder())?;
        for object in named {
            let bytes = objects.read(object).await?;
            fs::write(backup.parts_folder().join(object.simple().to_string()), bytes)?;
        }
    }
    backup.finalize()?;
    Ok(copy_summary(
        &copied,
        "backed up. Try it with `rehearse`, and keep it on another machine, away from the keys",
    ))
}

async fn verify_backup(config: &Config, folder: &Path) -> Result<Vec<String>> {
    let backup = BackupFolder::new(folder, BACKUP_DATABASE_FILE);
    let files = backup.verify()?;
    let trying = tempfile::tempdir()?;
    let place = backup.unpack::<Migrator>(trying.path()).await?;
    let parts = backup.parts_folder();
    let objects =
        if parts.is_dir() { Some(PartObjectStore::open(&backup_url(&parts)?, [])?) } else { None };
    let store = CaseStore::open_at(&place).await?.with_object_store(objects);
    let entries = event_log::verify_chain(&store).await?;
    let parts = store.verify_parts().await?;
    let HandlerKeys { trust, transport, log } = HandlerKeys::load(config)?;
    let current = DirectoryCache::load(trust, &store)
        .await
        .context("the backup is not of this installation")?;
    let mut lines = vec![
        format!("{files} files are as they were written"),
        format!("the log is whole: {entries} entries, each tied to the one before"),
        format!("{parts} sealed parts are there, each as it was filed"),
    ];
    if let Some(accepted) = current.latest() {
        let wrong = keys::mismatches(&accepted.directory, &transport, &log);
        ensure!(
            wrong.is_empty(),
            "this backup needs other keys than those here: {}",
            wrong.join("; ")
        );
        lines.push("the keys here are those that it needs".to_owned());
    }
    lines.push(
        "this backup can be restored. Whether every case opens, readers alone can see: OPERATING, Backups"
            .to_owned(),
    );
    Ok(lines)
}

async fn restore(config: &Config, place: &DatabaseUrl, folder: &Path) -> Result<Vec<String>> {
    let backup = BackupFolder::new(folder, BACKUP_DATABASE_FILE);
    backup.verify()?;
    let unpacking = tempfile::tempdir()?;
    let from = backup.unpack::<Migrator>(unpacking.path()).await?;
    let alone = explain_locked(place.acquire_lock_even_if_moved().await)?;
    let objects = open_object_store(config)?;
    // Before the rows that name them, as ever.
    if backup.parts_folder().is_dir() {
        let objects =
            objects.context("store.parts_url: not set, and the backup has parts for it")?;
        for entry in fs::read_dir(backup.parts_folder())? {
            let entry = entry?;
            let key = entry.file_name().to_str().and_then(|name| Uuid::try_parse(name).ok());
            let key = key.with_context(|| format!("{}: is no part", entry.path().display()))?;
            objects.write(key, fs::read(entry.path())?).await?;
        }
        if let Some(folder) =
            config.store.parts_url.as_ref().and_then(|url| url.strip_prefix("file://"))
        {
            chown_folder_to_parent_owner(Path::new(folder)).context("store.parts_url")?;
        }
    }
    let copied = database::copy::<Migrator>(&from, place, &store::tables()).await?;
    place.remove_moved_marker()?;
    drop(alone);
    Ok(copy_summary(
        &copied,
        &format!(
            "restored into {place}. Start the service, publish the newest directory again, and ask \
             the oversight body and the members to run `burkindi audit verify`, then `burkindi \
             audit accept`: OPERATING, Backups"
        ),
    ))
}

async fn migrate_to(place: &DatabaseUrl, to: &DatabaseUrl) -> Result<Vec<String>> {
    if place.is_shared() {
        bail!("the cases are on PostgreSQL already: stop the service, and use backup and restore");
    }
    ensure!(place.exists().await?, "{}", missing_store_message(place));
    let copied =
        explain_locked(database::move_rows::<Migrator>(place, to, &store::tables()).await)?;
    Ok(copy_summary(
        &copied,
        &format!(
            "moved from {place} to {to}. Set store.url in the configuration file to it, start the \
             service, run `doctor`, and delete the old file. Until then no command opens the old \
             file"
        ),
    ))
}

/// Says what to do where a running service holds the store.
fn explain_locked<T, E: Into<anyhow::Error>>(result: Result<T, E>) -> Result<T> {
    result.map_err(|error| {
        let error = error.into();
        let in_use = matches!(error.downcast_ref(), Some(OpenError::InUse))
            || matches!(error.downcast_ref(), Some(CopyError::Open(OpenError::InUse)));
        if in_use { error.context("store.url: stop the service first") } else { error }
    })
}

fn open_object_store(config: &Config) -> Result<Option<PartObjectStore>> {
    let url = config.store.parts_url.as_ref();
    url.map(|url| PartObjectStore::open(url, std::env::vars()))
        .transpose()
        .context("store.parts_url")
}

fn backup_url(folder: &Path) -> Result<String> {
    Ok(format!("file://{}", fs::canonicalize(folder)?.display()))
}

/// Checks that there is a store that may be used. Opening would silently begin an empty one, and
/// with it a second history.
///
/// # Errors
/// If there is none, it was moved, or it cannot be reached.
pub async fn ensure_exists(place: &DatabaseUrl) -> Result<()> {
    if let Some(to) = place.read_moved_marker()? {
        return Err(OpenError::Moved { from: place.clone(), to }.into());
    }
    ensure!(place.exists().await?, "{}", missing_store_message(place));
    Ok(())
}

fn missing_store_message(place: &DatabaseUrl) -> String {
    format!(
        "store.url: there is no store at {place}. If there was one, restore a backup: \
         `case-handler --config … restore FOLDER`. At the very first start, make it: `case-handler \
         --config … create-store`"
    )
}

fn copy_summary(copied: &[(&'static str, TableDigest)], end: &str) -> Vec<String> {
    let lines = copied.iter().map(|(name, tally)| format!("{name}: {tally}, read again and equal"));
    lines.chain([end.to_owned()]).collect()
}
