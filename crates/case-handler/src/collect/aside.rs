//! What cannot be filed: set aside whole, said in the log, and looked at again where that can help.

use std::sync::Arc;

use envelope::submission::{OpenError, Opened};
use time::Date;
use tokio::task::JoinError;
use uuid::Uuid;

use super::{Collector, TickError};
use crate::{
    arrivals::{self, Arrival},
    current::Accepted,
    filing::FilingError,
    keys,
    routing::Load,
    store::{QUARANTINED_AFTER, Retry, SetAside},
};

/// Submissions that are looked at again under one note in the journal.
const RETRIED: usize = 128;

/// Why a submission is set aside. The words are ours: what a stranger sent must not get into a log.
pub(super) struct Unfiled {
    reason: String,
    retry: bool,
    case: Option<Uuid>,
    /// It can be filed as soon as its case is there.
    orphan: bool,
}

impl Unfiled {
    fn at_opening(error: &OpenError) -> Self {
        let (reason, retry) = match error {
            // Another transport key may be put in place, or a newer build.
            OpenError::Unopenable(_) => ("no transport key opens its outer seal", true),
            OpenError::Version(_) => ("its version is not known here", true),
            OpenError::Wire(_) => ("the envelope is malformed or damaged", false),
            OpenError::Records(_) => ("the envelope's records are not those of its kind", false),
            OpenError::Key => ("a public key in the envelope is malformed", false),
        };
        Self { reason: reason.to_owned(), retry, case: None, orphan: false }
    }

    /// One on which opening panicked must not hold up all others.
    fn at_opening_failed() -> Self {
        let reason = "opening it failed: this is a bug, please report it".to_owned();
        Self { reason, retry: true, case: None, orphan: false }
    }

    pub(super) fn at_filing(error: &FilingError, case: Uuid) -> Self {
        let orphan = matches!(error, FilingError::Orphan);
        Self { reason: error.to_string(), retry: error.may_pass(), case: Some(case), orphan }
    }

    fn aside(self, id: Uuid, day: Date, bytes: Vec<u8>) -> SetAside {
        let Self { reason, retry, case, orphan: _ } = self;
        SetAside { id, day, reason, retry, case, bytes }
    }
}

/// The inner error is the submission's, the outer one is ours.
pub(super) fn look_into(
    opened: Result<Result<Opened, OpenError>, JoinError>,
) -> Result<Result<Opened, Unfiled>, TickError> {
    match opened {
        Ok(result) => Ok(result.map_err(|error| Unfiled::at_opening(&error))),
        Err(error) if error.is_panic() => Ok(Err(Unfiled::at_opening_failed())),
        Err(_) => Err(TickError::Task),
    }
}

impl Collector {
    /// Sets submissions aside, as long as there is room. Those that find none stay at the intake.
    pub(super) async fn set_aside_all(
        &mut self,
        unfiled: Vec<(Arrival, Unfiled)>,
        done: &mut Vec<Uuid>,
    ) -> Result<(), TickError> {
        if unfiled.is_empty() {
            return Ok(());
        }
        let mut room = self.store.room_aside().await?;
        let (mut kept, today) = (Vec::new(), self.day());
        let writing = self.store.write().await?;
        for (Arrival { id, bytes, .. }, unfiled) in unfiled {
            let Some(left) = room.checked_sub(bytes.len() as u64) else {
                self.progress.newly_left += 1;
                self.progress.room_when_left = room;
                self.progress.left.insert(id, unfiled.case.filter(|_| unfiled.orphan));
                continue;
            };
            room = left;
            kept.push((id, unfiled.reason.clone()));
            writing.set_aside(unfiled.aside(id, today, bytes.to_vec())).await?;
        }
        writing.commit().await?;
        done.extend(kept.iter().map(|(id, _)| *id));
        self.progress.fresh.extend(kept);
        Ok(())
    }

    /// Looks again at what may be fileable by now.
    pub(super) async fn retry_set_aside(&mut self) -> Result<(), TickError> {
        let Some(accepted) = self.current.get() else { return Ok(()) };
        let all = self.progress.retried_for != Some(accepted.hash);
        if all {
            // What this process has left so far was looked at with this directory, if it is the first.
            if self.progress.retried_for.is_some() {
                self.progress.left.clear();
                self.progress.unsent.clear();
            }
            for difference in keys::differences(&accepted.directory, &self.transport, &self.log_key) {
                tracing::error!("{difference}");
            }
        }
        let which = if all { Retry::Everything } else { Retry::WithCase };
        let waiting = self.store.to_retry(which).await?;
        if !waiting.is_empty() {
            let (mut load, suspects) = (self.store.load().await?, self.store.suspects().await?);
            let (alone, together): (Vec<Uuid>, Vec<Uuid>) =
                waiting.into_iter().partition(|id| suspects.contains_key(id));
            for ids in together.chunks(RETRIED) {
                self.retry_all(ids, &accepted, &mut load).await?;
            }
            for id in alone {
                if suspects.get(&id).is_some_and(|ends| *ends >= QUARANTINED_AFTER) {
                    self.quarantine_aside(id).await?;
                } else {
                    self.retry_all(&[id], &accepted, &mut load).await?;
                }
            }
        }
        self.progress.retried_for = Some(accepted.hash);
        Ok(())
    }

    /// Looks at some again, under a note in the journal.
    async fn retry_all(
        &mut self,
        ids: &[Uuid],
        accepted: &Accepted,
        load: &mut Load,
    ) -> Result<(), TickError> {
        self.store.begin_openings(ids).await?;
        let mut retried = Ok(());
        for id in ids {
            retried = self.retry(*id, accepted, load).await;
            if retried.is_err() {
                break;
            }
        }
        self.store.end_openings(ids).await?;
        retried
    }

    async fn retry(&mut self, id: Uuid, accepted: &Accepted, load: &mut Load) -> Result<(), TickError> {
        let Some(bytes) = self.store.set_aside(id).await? else { return Ok(()) };
        let opening = arrivals::open(Arc::clone(&self.transport), bytes.clone().into(), ());
        let Ok(opened) = look_into(opening.await)? else { return Ok(()) };
        let case = opened.header.case.id;
        let filed = self.file(&[opened], accepted, load).await.pop().ok_or(TickError::Task)?;
        if let Err(error) = filed.as_ref()
            && !error.is_final()
        {
            return filed.map(drop).map_err(TickError::Filing);
        }
        let writing = self.store.write().await?;
        match filed {
            Ok(_) => {
                writing.unset_aside(id).await?;
                writing.commit().await?;
                self.progress.fresh.remove(&id);
            }
            Err(error) => {
                let unfiled = Unfiled::at_filing(&error, case);
                writing.set_aside(unfiled.aside(id, self.day(), bytes)).await?;
                writing.commit().await?;
            }
        }
        Ok(())
    }
}
