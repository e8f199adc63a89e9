//! A log under construction, with everything that its operator can compute and sign.

use protocol::{
    Hash, Priority,
    api::workbench::{AuditLog, LoggedEvent},
    case::{
        CaseState, ClosingReason, Decision, Disposition, Role, Stage,
        event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, SignedEvent, midnight},
        next_event,
    },
    submission::commitment::ReportCommitment,
};
use time::OffsetDateTime;
use uuid::Uuid;
use workbench::{
    alert::AlertCode,
    audit::{
        export::{ExportedLog, LOG_EXPORT_VERSION, LogExport},
        leaves::{LeafAudit, LeafAuditor},
    },
    session::{directory_history::DirectoryHistory, profile::PinnedTree},
};

use super::{
    WorkbenchInstallation,
    environment::alert_codes,
    test_tree::{TestTree, index_of, leaf_secret},
    today,
};

fn out_of_scope() -> Decision {
    Decision::Close {
        disposition: Disposition::OutOfScope,
        reason: ClosingReason::NotIntegrity,
        duplicate_of: None,
    }
}

/// A log under construction.
pub(crate) struct LogBuilder {
    pub(crate) installation: WorkbenchInstallation,
    pub(crate) log: Vec<SignedEvent>,
}

pub(crate) fn start_time() -> OffsetDateTime {
    midnight(today())
}

impl LogBuilder {
    /// Creates two cases with interleaved events.
    pub(crate) fn two_cases() -> Self {
        let mut builder = Self { installation: WorkbenchInstallation::new(), log: Vec::new() };
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        let mut a = builder.push_received(a);
        let mut b = builder.push_received(b);
        builder.push_event(&mut a, "lead", Action::Claimed);
        builder.push_event(&mut b, "two", Action::Claimed);
        builder.push_event(&mut a, "lead", Action::NoteAdded { note: Hash([1; 32]) });
        builder.push_event(
            &mut a,
            "lead",
            Action::StageChanged { from: Stage::Received, to: Stage::Triaged, reason: None },
        );
        builder.push_event(&mut b, "two", Action::NoteAdded { note: Hash([2; 32]) });
        let (reply, copy) = (Hash([3; 32]), Hash([4; 32]));
        builder.push_event(&mut a, "lead", Action::Replied { reply, copy, feedback: false });
        builder.push_event(&mut a, "two", Action::Declared);
        builder.push_event(&mut a, "lead", Action::Proposed(out_of_scope()));
        builder.push_event(&mut a, "two", Action::Approved(out_of_scope()));
        builder
    }

    fn push_received(&mut self, case: Uuid) -> (Uuid, CaseState) {
        let action = Action::Received {
            desk: "internal_affairs".into(),
            priority: Priority::P3,
            retention_months: 60,
            commitment: ReportCommitment::default(),
            oversight_refused: false,
        };
        let event = Event {
            v: EVENT_VERSION,
            case,
            seq: 0,
            prev: None,
            at: start_time(),
            actor: HANDLER_ACTOR.into(),
            action,
        };
        let signed = event.sign(&self.installation.log_key);
        let state = CaseState::from_first_event(&event, signed.hash()).unwrap();
        self.log.push(signed);
        (case, state)
    }

    fn push_event(&mut self, (case, state): &mut (Uuid, CaseState), actor: &str, action: Action) {
        let event = next_event(*case, state, actor, start_time(), action);
        let signed = event.sign(self.installation.key_of(actor).device());
        let role = Role { desk: true, lead: actor == "lead", oversight: false };
        state.apply(&event, signed.hash(), role).unwrap();
        self.log.push(signed);
    }

    pub(crate) fn directory_history(&self) -> DirectoryHistory {
        DirectoryHistory::verify_chain(
            &[self.installation.signed_directory()],
            &self.installation.trust,
        )
        .unwrap()
    }

    /// Builds the transparency log of these events, and signs it.
    pub(crate) fn tree(&self, log: &[SignedEvent]) -> TestTree {
        let hashes: Vec<Hash> = log.iter().map(SignedEvent::hash).collect();
        TestTree::new(self.installation.trust.instance, &self.installation.log_key, &hashes)
    }

    pub(crate) fn pinned_tree(&self, log: &[SignedEvent]) -> PinnedTree {
        let checkpoint = self.tree(log).checkpoint(u32::try_from(log.len()).unwrap());
        let head = checkpoint.checkpoint();
        PinnedTree { epoch: 1, size: head.size, root: head.root }
    }

    /// Audits these events in a transparency log of exactly them.
    pub(crate) fn audit(&self, log: &[SignedEvent]) -> LeafAudit {
        self.audit_after(log, None)
    }

    pub(crate) fn audit_after(&self, log: &[SignedEvent], seen: Option<PinnedTree>) -> LeafAudit {
        let history = self.directory_history();
        let mut auditor = LeafAuditor::from_start(&history, seen);
        let page = page_of(log);
        let batches = page.batches;
        auditor.push_page(page, batches);
        auditor.finish(Some(self.pinned_tree(log)), today())
    }

    pub(crate) fn alert_codes(&self, log: &[SignedEvent]) -> Vec<AlertCode> {
        alert_codes(&self.audit(log).alarms)
    }

    pub(crate) fn export(&self) -> LogExport {
        let checkpoint = self.tree(&self.log).checkpoint(11).to_string();
        LogExport {
            v: LOG_EXPORT_VERSION,
            instance: self.installation.trust.instance,
            exported: today(),
            directories: vec![self.installation.signed_directory()],
            log: ExportedLog::Whole { log: page_of(&self.log), checkpoint: Some(checkpoint) },
        }
    }
}

/// Returns the page that an auditor gets.
pub(crate) fn page_of(log: &[SignedEvent]) -> AuditLog {
    let logged = |(at, event): (usize, &SignedEvent)| LoggedEvent {
        event: event.clone(),
        index: Some(index_of(at)),
    };
    AuditLog {
        leaf_secret: leaf_secret().expose().to_vec(),
        batches: u32::try_from(log.len()).unwrap(),
        events: log.iter().enumerate().map(logged).collect(),
    }
}
