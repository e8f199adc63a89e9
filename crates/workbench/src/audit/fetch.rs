//! Downloads the log and compares it with the pinned state.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    api::workbench::{AUDIT_PAGE_BATCHES, AuditLog},
    case::event::SignedEvent,
};
use transparency_log::{
    batch::{batch_of, log_size},
    witness::{AddCheckpoint, RequestError},
};
use uuid::Uuid;

use super::{
    LogAudit,
    audited::AuditedLog,
    case_proof::verify_case_proof,
    checkpoint::{NewestCheckpoint, VerifiedCheckpoint, policy_of},
    error::AuditError,
    events::audit_events,
    export::{ExportedLog, LOG_EXPORT_VERSION, LogExport},
    leaves::{LeafAudit, LeafAuditor},
};
use crate::{
    alert::{AlertCode, IntegrityAlert, has_alarm},
    private_files::FileError,
    session::{HandlerConnection, client::ClientError, profile::PinnedCaseHead},
};

/// Where an audit of the whole log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditStart {
    /// After the batches that this computer has audited.
    Resume,
    /// With the first batch.
    FirstBatch,
}

/// The events of the member's cases.
#[derive(Debug, Default)]
struct OwnCasesAudit {
    events: u64,
    cases: BTreeSet<Uuid>,
    alarms: Vec<IntegrityAlert>,
}

impl HandlerConnection {
    /// Downloads the whole log for a member of the oversight body, and the events of the member's
    /// own cases otherwise. Verifies nothing.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn export_log(&self) -> Result<LogExport, ClientError> {
        let log = if self.is_oversight() {
            let checkpoint = self.present_checkpoint().await?;
            let size =
                checkpoint.as_ref().map_or(0, |offered| offered.checkpoint.checkpoint().size);
            ExportedLog::Whole {
                log: self.fetch_log(batch_of(size).unwrap_or(u32::MAX)).await?,
                checkpoint: checkpoint.map(|offered| offered.checkpoint.to_string()),
            }
        } else {
            let mut cases = Vec::new();
            for row in self.client.cases().await? {
                cases.push(self.client.case_log(row.id).await?);
            }
            ExportedLog::OwnCases(cases)
        };
        Ok(LogExport {
            v: LOG_EXPORT_VERSION,
            instance: self.trust.instance,
            exported: self.today(),
            directories: self.directories.clone(),
            log,
        })
    }

    async fn present_checkpoint(&self) -> Result<Option<AddCheckpoint>, ClientError> {
        match self.client.checkpoint(0).await {
            Ok(text) => text
                .parse()
                .map(Some)
                .map_err(|error: RequestError| ClientError::Unexpected(error.to_string())),
            Err(ClientError::Refused(problem)) if problem.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Downloads all pages of the first `end` batches. Events of later ones wait for their leaf.
    async fn fetch_log(&self, end: u32) -> Result<AuditLog, ClientError> {
        let mut whole = self.client.log(0).await?;
        let mut from = page_end(0, end);
        while from < end {
            whole.events.extend(self.client.log(from).await?.events);
            from = page_end(from, end);
        }
        whole.batches = end;
        for logged in &mut whole.events {
            logged.index = logged.index.filter(|index| *index < log_size(end));
        }
        Ok(whole)
    }

    /// Audits the log and compares it with the pinned state: the member's own cases, and for a
    /// member of the oversight body every leaf. That member then countersigns the checkpoint,
    /// unless there is an alarm.
    ///
    /// # Errors
    /// If the case handler cannot be reached or answers with something else than a log, or the
    /// profile cannot be read or written.
    pub async fn audit_log(&mut self, start: AuditStart) -> Result<LogAudit, AuditError> {
        let mut alarms = self.accepted_restores()?;
        let followed = self.follow_transparency_log().await?;
        alarms.extend(followed.restarted);
        let checkpoint = match followed.newest {
            NewestCheckpoint::Verified(verified) => Some(*verified),
            NewestCheckpoint::None => None,
            NewestCheckpoint::Refused(alarm) => {
                alarms.push(alarm);
                let own = self.audit_own_cases(false).await?;
                alarms.extend(own.alarms);
                let (events, cases) = (own.events, own.cases.len());
                return Ok(LogAudit { whole: false, events, cases, checkpoint: None, alarms });
            }
        };
        let own = self.audit_own_cases(true).await?;
        alarms.extend(own.alarms);
        let summary = checkpoint.as_ref().map(|verified| (&verified.evidence).into());
        if !self.is_oversight() {
            let (events, cases) = (own.events, own.cases.len());
            return Ok(LogAudit { whole: false, events, cases, checkpoint: summary, alarms });
        }
        let audit = self.audit_leaves(start, checkpoint.as_ref()).await?;
        alarms.extend(audit.alarms);
        let seen = self.trust_state.cases.iter().map(|(case, seen)| (*case, *seen));
        // A log that begins again contains the events of all cases again.
        let audited = self.audited_log()?.cases.into_iter().map(|(id, case)| (id, case.head()));
        let audited = audited.filter(|_| audit.complete);
        let seen: BTreeMap<_, _> = audited.chain(seen).collect();
        for (case, seen) in seen {
            let present = audit.heads.get(&case).copied();
            let contained =
                present.is_some_and(|present| present.events > seen.events || present == seen);
            if !contained && !own.cases.contains(&case) {
                alarms.push(case_rollback_alarm(case, seen, present.map_or(0, |now| now.events)));
            }
        }
        let mut summary = summary;
        if let Some(audited) = audit.audited.filter(|_| !has_alarm(&alarms)) {
            // The saved state of an earlier log is compared first.
            if audit.complete || self.audited_log()?.epoch == audited.epoch {
                audited.save(&self.profile, &self.key, self.trust.instance)?;
            }
            if let Some(checkpoint) = checkpoint {
                summary = Some((&self.countersign(checkpoint).await?).into());
            }
        }
        let (events, cases) = (audit.events, audit.heads.len());
        Ok(LogAudit { whole: true, events, cases, checkpoint: summary, alarms })
    }

    fn audited_log(&self) -> Result<AuditedLog, FileError> {
        AuditedLog::load(&self.profile, &self.key, self.trust.instance)
    }

    /// Opens every leaf of a verified checkpoint, page by page.
    pub(crate) async fn audit_leaves(
        &self,
        start: AuditStart,
        checkpoint: Option<&VerifiedCheckpoint>,
    ) -> Result<LeafAudit, AuditError> {
        let epoch = self.directory().log.epoch;
        let empty = AuditedLog { epoch, ..AuditedLog::default() };
        let from = match start {
            AuditStart::Resume => Some(self.audited_log()?).filter(|saved| saved.epoch == epoch),
            AuditStart::FirstBatch => None,
        };
        let from = from.unwrap_or(empty);
        let present = checkpoint.map(VerifiedCheckpoint::tree);
        let end = present.and_then(|tree| batch_of(tree.size)).unwrap_or(0);
        let mut auditor = LeafAuditor::resume(&self.directory_history, from, None);
        // The last page contains the events that wait, even if there is no new batch.
        loop {
            let from = auditor.batches();
            let page = self.client.log(from).await?;
            let page_end = page_end(from, end);
            auditor.push_page(page, page_end);
            if page_end >= end || auditor.has_alarm() {
                return Ok(auditor.finish(present, self.today()));
            }
        }
    }

    /// Verifies the events of the member's own cases. `follows_log` states whether the log contains
    /// the pinned tree: otherwise only the proofs are verified, and not their trees.
    async fn audit_own_cases(&self, follows_log: bool) -> Result<OwnCasesAudit, AuditError> {
        let policy = policy_of(self.directory())?;
        let mut audit = OwnCasesAudit::default();
        let mut gaps = self.directory_history.gap_alerts().to_vec();
        for row in self.client.cases().await? {
            let log = self.client.case_log(row.id).await?;
            let mut of_case = audit_events(&log.events, &self.directory_history);
            of_case.alarms.drain(..gaps.len());
            audit.events += of_case.checked;
            audit.alarms.extend(of_case.alarms);
            audit.alarms.extend(other_case_alarm(row.id, of_case.cases.keys()));
            audit.alarms.extend(if follows_log {
                self.check_case_log(row.id, &log).await?.alarms
            } else {
                verify_case_proof(row.id, &log, &policy, self.leaf_deadline()).1
            });
            audit.alarms.extend(self.check_pinned_head(row.id, &log.events));
            audit.cases.insert(row.id);
        }
        if !self.is_oversight() {
            let gone = self.trust_state.cases.iter().filter(|(id, _)| !audit.cases.contains(id));
            let gone = gone.map(|(id, seen)| case_rollback_alarm(*id, *seen, 0));
            audit.alarms.extend(gone);
        }
        gaps.append(&mut audit.alarms);
        audit.alarms = gaps;
        Ok(audit)
    }

    /// Compares the events of a case with its pinned head. Returns an alert if they no longer
    /// contain that head.
    pub(crate) fn check_pinned_head(
        &self,
        case: Uuid,
        events: &[SignedEvent],
    ) -> Option<IntegrityAlert> {
        let seen = *self.trust_state.cases.get(&case)?;
        let last = usize::try_from(seen.events).ok()?.checked_sub(1)?;
        let same = events.get(last).is_some_and(|event| event.hash() == seen.head);
        let now = u32::try_from(events.len()).unwrap_or(u32::MAX);
        (!same).then(|| case_rollback_alarm(case, seen, now))
    }
}

/// Returns the batch after the page that begins with the batch `from`.
fn page_end(from: u32, end: u32) -> u32 {
    from.saturating_add(AUDIT_PAGE_BATCHES).min(end).max(from)
}

fn case_rollback_alarm(case: Uuid, seen: PinnedCaseHead, now: u32) -> IntegrityAlert {
    let text = format!(
        "the case was rolled back: at your last visit it had {} events with another latest event, and now it has {now}",
        seen.events
    );
    IntegrityAlert::new(AlertCode::Rollback, text).in_case(case)
}

fn other_case_alarm<'a>(
    case: Uuid,
    mut cases: impl Iterator<Item = &'a Uuid>,
) -> Option<IntegrityAlert> {
    let text = "the log of this case contains events of another case";
    cases
        .any(|other| *other != case)
        .then(|| IntegrityAlert::new(AlertCode::BrokenCase, text).in_case(case))
}
