//! Maintenance of the store: create it, back it up, verify a backup, restore it, migrate it to
//! another database, and handle clock jumps, the quarantine and the log after a restore.

pub mod day;
pub mod log;
pub mod quarantine;

use std::{fs, io::Write as _, path::Path};

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;
use database::{BackupFolder, DatabaseUrl, OpenError, chown_folder_to_parent_owner};
use futures_util::TryStreamExt as _;
use migrations_cases::Migrator;
use service_kit::store_commands::{self, StoreCommand, StoreCommandError, copy_summary};
use uuid::Uuid;
use web::Clock;

use crate::{
    Config,
    directory_cache::DirectoryCache,
    event_log,
    keys::{self, HandlerKeys},
    sealed_bytes::SealedBytes,
    store::{self, CaseStore, PartObjectStore, StoreError},
};
use day::DayCommand;
use log::LogCommand;
use quarantine::QuarantineCommand;

/// Name of the database file in a backup.
const BACKUP_DATABASE_FILE: &str = "cases.sqlite";
/// The program that messages name.
pub(crate) const PROGRAM: &str = "case-handler";

/// The maintenance commands.
#[derive(Debug, Clone, Subcommand)]
pub enum MaintenanceCommand {
    /// A command on the store.
    #[command(flatten)]
    Store(StoreCommand),
    /// Show, confirm or take back the date that counts.
    #[command(subcommand)]
    Day(DayCommand),
    /// Continue the transparency log after a restore that lost nothing.
    #[command(subcommand)]
    Log(LogCommand),
    /// List, retry or delete submissions that terminated the process.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
}

/// Runs the command and returns the lines to print.
///
/// # Errors
/// Fails if the command runs as an account that must not write the store, or if the command itself
/// fails.
pub async fn run(config: &Config, command: MaintenanceCommand) -> Result<Vec<String>> {
    let url: DatabaseUrl = config.store.url.parse().context("store.url")?;
    url.check_account().context("store.url")?;
    match command {
        MaintenanceCommand::Store(command) => run_store_command(config, &url, command).await,
        MaintenanceCommand::Day(command) => {
            day::run(&url, config.calendar.max_clock_jump_days, command, &Clock::system()).await
        }
        MaintenanceCommand::Log(command) => log::run(&url, command).await,
        MaintenanceCommand::Quarantine(command) => quarantine::run(config, &url, command).await,
    }
}

/// Opens the store for a command that writes to it.
///
/// # Errors
/// Fails if the service runs, or if the store does not open.
async fn open_store(url: &DatabaseUrl) -> Result<CaseStore> {
    CaseStore::open_at(url).await.map_err(|error| {
        let is_in_use = matches!(error, StoreError::Open(OpenError::InUse));
        let hint = if is_in_use { " (stop the service first)" } else { "" };
        anyhow::Error::new(error).context(format!("store.url{hint}"))
    })
}

async fn run_store_command(
    config: &Config,
    url: &DatabaseUrl,
    command: StoreCommand,
) -> Result<Vec<String>> {
    match command {
        StoreCommand::CreateStore => Ok(store_commands::create_store::<Migrator>(url).await?),
        StoreCommand::Backup { folder } => back_up(config, url, &folder).await,
        StoreCommand::VerifyBackup { folder } => verify_backup(config, &folder).await,
        StoreCommand::Restore { folder } => restore(config, url, &folder).await,
        StoreCommand::MigrateTo { to } => {
            let tables = store::tables();
            Ok(store_commands::migrate_to::<Migrator>(url, &to, &tables, PROGRAM).await?)
        }
    }
}

async fn back_up(config: &Config, url: &DatabaseUrl, folder: &Path) -> Result<Vec<String>> {
    ensure_exists(url).await?;
    let backup = BackupFolder::new(folder, BACKUP_DATABASE_FILE);
    let tables = backup.create::<Migrator>(url, &store::tables()).await?;
    let object_keys =
        store::referenced_object_keys(&backup.database_path().as_path().into()).await?;
    if !object_keys.is_empty() {
        let objects = open_object_store(config)?
            .context("store.parts_url is not set, but the database refers to parts")?;
        fs::create_dir(backup.parts_folder())?;
        for object in object_keys {
            let path = backup.parts_folder().join(object.simple().to_string());
            let mut file = fs::File::create_new(path)?;
            let mut bytes = objects.get(object).await?;
            while let Some(bytes) = bytes.try_next().await? {
                file.write_all(&bytes)?;
            }
        }
    }
    backup.finalize()?;
    Ok(copy_summary(
        &tables,
        "backup complete. Verify it with `verify-backup`, and store it on another machine, away from the keys",
    ))
}

async fn verify_backup(config: &Config, folder: &Path) -> Result<Vec<String>> {
    let backup = BackupFolder::new(folder, BACKUP_DATABASE_FILE);
    let files = backup.verify()?;
    let temporary = tempfile::tempdir()?;
    let url = backup.unpack::<Migrator>(temporary.path()).await?;
    let parts = backup.parts_folder();
    let objects =
        if parts.is_dir() { Some(PartObjectStore::open(&backup_url(&parts)?, [])?) } else { None };
    let store = CaseStore::open_at(&url).await?.with_object_store(objects);
    let events = event_log::verify_chains(&store).await?;
    let parts = store.verify_parts().await?;
    let HandlerKeys { trust, transport, log } = HandlerKeys::load(config)?;
    let directories = DirectoryCache::load(trust, &store)
        .await
        .context("the backup belongs to another installation")?;
    let mut lines = vec![
        format!("{files} files match their checksums"),
        format!("log verified: {events} events in the hash chains of their cases"),
        format!("{parts} sealed parts are present and unchanged"),
    ];
    if let Some(accepted) = directories.latest() {
        let mismatches = keys::mismatches(&accepted.directory, &transport, &log);
        ensure!(
            mismatches.is_empty(),
            "the backup needs keys other than the configured ones: {}",
            mismatches.join("; ")
        );
        lines.push("the configured keys match the backup".to_owned());
    }
    lines.push(
        "this backup can be restored. Only readers can check whether every case opens: OPERATING, Backups"
            .to_owned(),
    );
    Ok(lines)
}

async fn restore(config: &Config, url: &DatabaseUrl, folder: &Path) -> Result<Vec<String>> {
    let backup = BackupFolder::new(folder, BACKUP_DATABASE_FILE);
    backup.verify()?;
    let temporary = tempfile::tempdir()?;
    let from = backup.unpack::<Migrator>(temporary.path()).await?;
    pause_log(&from).await?;
    let lock = url.acquire_lock_even_if_moved().await.map_err(StoreCommandError::from)?;
    let objects = open_object_store(config)?;
    // The parts come first, because the rows refer to them.
    if backup.parts_folder().is_dir() {
        let objects =
            objects.context("store.parts_url is not set, but the backup contains parts")?;
        for entry in fs::read_dir(backup.parts_folder())? {
            let entry = entry?;
            let key = entry.file_name().to_str().and_then(|name| Uuid::try_parse(name).ok());
            let key = key.with_context(|| {
                format!("unexpected file in the backup: {}", entry.path().display())
            })?;
            let part = SealedBytes::from_file(fs::File::open(entry.path())?)?;
            objects.put(key, &part).await?;
        }
        if let Some(folder) =
            config.store.parts_url.as_ref().and_then(|url| url.strip_prefix("file://"))
        {
            chown_folder_to_parent_owner(Path::new(folder)).context("store.parts_url")?;
        }
    }
    let tables = database::copy::<Migrator>(&from, url, &store::tables())
        .await
        .map_err(StoreCommandError::from)?;
    url.remove_moved_marker()?;
    drop(lock);
    Ok(copy_summary(
        &tables,
        &format!(
            "restored into {url}. The service signs no checkpoint of the transparency log until you \
             publish a directory that begins an empty one (`burkindi admin log restart`). Start the \
             service, publish that directory, and ask the oversight body and the members to run \
             `burkindi audit verify`, then `burkindi audit accept`: OPERATING, Backups. Only if \
             the service stored nothing after this backup, run `case-handler log continue` instead"
        ),
    ))
}

/// Pauses the log in the unpacked backup. So the pause is written in the same transaction as the
/// restored rows, and no store exists that would continue the log without it.
async fn pause_log(unpacked: &DatabaseUrl) -> Result<(), StoreError> {
    let store = CaseStore::open_at(unpacked).await?;
    let writing = store.begin_write().await?;
    writing.pause_log(Clock::system().today()).await?;
    writing.commit().await?;
    store.release_writer().await
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

/// Checks that the store exists and may be used. Opening a missing store would silently create an
/// empty one, and with it a second history.
///
/// # Errors
/// Fails if the store does not exist, was migrated elsewhere, or cannot be reached.
pub async fn ensure_exists(url: &DatabaseUrl) -> Result<(), StoreCommandError> {
    store_commands::ensure_exists(url, PROGRAM).await
}
