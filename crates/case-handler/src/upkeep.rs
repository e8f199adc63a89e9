//! What operators do with the cases while nobody works on them: back up, try a backup, restore it, move to another engine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Subcommand;
use database::{Backup, Place, Tally};
use migrations_cases::Migrator;
use uuid::Uuid;

use crate::{
    Config,
    current::Current,
    keys::{self, Keys},
    log,
    store::{self, Objects, Store},
};

/// Name of the database in a backup.
const FILE: &str = "cases.sqlite";

/// One of them.
#[derive(Debug, Clone, Subcommand)]
pub enum Task {
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
}

/// Does it, and gives what to say.
pub async fn run(config: &Config, task: Task) -> Result<Vec<String>> {
    let place: Place = config.store.url.parse().context("store.url")?;
    match task {
        Task::Backup { folder } => back_up(config, &place, &folder).await,
        Task::Rehearse { folder } => rehearse(config, &folder).await,
        Task::Restore { folder } => restore(config, &place, &folder).await,
        Task::MoveTo { to } => move_to(&place, &to).await,
    }
}

async fn back_up(config: &Config, place: &Place, folder: &Path) -> Result<Vec<String>> {
    check_there(place)?;
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
    let alone = place.alone().await.context("store.url: is the service stopped?")?;
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
    }
    let copied = database::copy::<Migrator>(&from, place, &store::tables()).await?;
    drop(alone);
    Ok(told(&copied, "restored. Start the service, and run `burkindi audit verify` as the outside body"))
}

async fn move_to(place: &Place, to: &Place) -> Result<Vec<String>> {
    if place.is_shared() {
        bail!("the cases are on PostgreSQL already: stop the service, and use backup and restore");
    }
    check_there(place)?;
    let _alone = place.alone().await.context("store.url: is the service stopped?")?;
    place.prepare::<Migrator>().await?;
    let copied = database::copy::<Migrator>(place, to, &store::tables()).await?;
    Ok(told(
        &copied,
        "moved. Set store.url to it before the next start, and delete the old file once all is well",
    ))
}

fn objects(config: &Config) -> Result<Option<Objects>> {
    let url = config.store.parts_url.as_ref();
    url.map(|url| Objects::open(url, std::env::vars())).transpose().context("store.parts_url")
}

fn url_of(folder: &Path) -> Result<String> {
    Ok(format!("file://{}", fs::canonicalize(folder)?.display()))
}

/// Opening would make one.
fn check_there(place: &Place) -> Result<()> {
    match place {
        Place::Sqlite(path) => ensure!(path.is_file(), "store.url: there is no database {}", path.display()),
        Place::Postgres(_) => {}
    }
    Ok(())
}

fn told(copied: &[(&'static str, Tally)], end: &str) -> Vec<String> {
    let lines = copied.iter().map(|(name, tally)| format!("{name}: {tally}, read again and equal"));
    lines.chain([end.to_owned()]).collect()
}
