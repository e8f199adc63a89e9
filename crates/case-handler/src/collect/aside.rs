//! What cannot be filed: set aside whole, said in the log, and looked at again where that can help.

use std::{collections::BTreeMap, sync::Arc};

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
    store::{Retry, SetAside},
};

/// Why a submission is set aside. The words are ours: what a stranger sent must not get into a log.
pub(super) struct Unfiled {
    reason: String,
    retry: bool,
    case: Option<Uuid>,
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
        Self { reason: reason.to_owned(), retry, case: None }
    }

    /// One on which opening panicked must not hold up all others.
    fn at_opening_failed() -> Self {
        let reason = "opening it failed: this is a bug, please report it".to_owned();
        Self { reason, retry: true, case: None }
    }

    pub(super) fn at_filing(error: &FilingError, case: Uuid) -> Self {
        Self { reason: error.to_string(), retry: error.may_pass(), case: Some(case) }
    }

    fn aside(self, id: Uuid, day: Date, bytes: Vec<u8>) -> SetAside {
        let Self { reason, retry, case } = self;
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
        let (mut kept, today) = (Vec::new(), self.clock.today());
        let writing = self.store.write().await?;
        for (Arrival { id, bytes, .. }, unfiled) in unfiled {
            let Some(left) = room.checked_sub(bytes.len() as u64) else {
                self.progress.left += 1;
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
            for difference in keys::differences(&accepted.directory, &self.transport, &self.log_key) {
                tracing::error!("{difference}");
            }
        }
        let which = if all { Retry::Everything } else { Retry::WithCase };
        let waiting = self.store.to_retry(which).await?;
        if !waiting.is_empty() {
            let mut load = self.store.load().await?;
            for id in waiting {
                self.retry(id, &accepted, &mut load).await?;
            }
        }
        self.progress.retried_for = Some(accepted.hash);
        Ok(())
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
                writing.set_aside(unfiled.aside(id, self.clock.today(), bytes)).await?;
                writing.commit().await?;
            }
        }
        Ok(())
    }

    /// Once a round, so that a flood of garbage does not become a flood of lines.
    pub(super) async fn say_what_was_set_aside(&mut self) -> Result<(), TickError> {
        let left = std::mem::take(&mut self.progress.left);
        if left > 0 {
            tracing::error!(
                "what cannot be filed has reached store.most_aside_mib, and {left} more stay at the intake: see whether a \
                 transport key is missing, or raise it"
            );
        }
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for reason in std::mem::take(&mut self.progress.fresh).into_values() {
            *counts.entry(reason).or_default() += 1;
        }
        if !counts.is_empty() {
            let all = self.store.set_aside_count().await?;
            for (reason, times) in counts {
                tracing::warn!(
                    "a submission was set aside: {reason} ({times} in this round; {all} are kept)"
                );
            }
        }
        Ok(())
    }
}
