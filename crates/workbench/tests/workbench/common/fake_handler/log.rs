//! The transparency log of the fake case handler.

use protocol::{
    Hash,
    api::workbench::{AUDIT_PAGE_BATCHES, AuditLog, CaseLog, EventProof, LoggedEvent},
    case::event::SignedEvent,
};
use transparency_log::batch::{batch_of, log_size};
use uuid::Uuid;

use super::FakeStore;
use crate::common::test_tree::{TestTree, index_of, leaf_secret};

/// Changes an answer before it is sent.
type Tampering<T> = Box<dyn Fn(&mut T) + Send>;

/// The transparency log, and what a test changes in it.
#[derive(Default)]
pub(crate) struct TransparencyLog {
    /// The tree. `None`: the log does not exist.
    pub(crate) tree: Option<TestTree>,
    /// Whether the tree no longer grows with the events.
    pub(crate) frozen: bool,
    /// Number of the newest events that get no leaf.
    pub(crate) waiting: usize,
    /// The first batch of each requested page of the whole log.
    pub(crate) requested_pages: Vec<u32>,
    /// Changes the log of a case.
    pub(crate) tamper_case: Option<Tampering<CaseLog>>,
    /// Changes a page of the whole log.
    pub(crate) tamper_audit: Option<Tampering<AuditLog>>,
}

impl FakeStore {
    /// Returns the tree, after every event that does not wait has got its leaf.
    pub(super) fn tree(&mut self) -> Option<&TestTree> {
        let log = &mut self.transparency_log;
        let logged = self.log.len().saturating_sub(log.waiting);
        let events: Vec<Hash> = self.log[..logged].iter().map(SignedEvent::hash).collect();
        if let Some(tree) = log.tree.as_mut().filter(|_| !log.frozen) {
            tree.log(&events);
        }
        log.tree.as_ref()
    }

    /// Returns the batch of each event.
    fn batches_of_events(&mut self) -> Vec<Option<usize>> {
        let logged = self.tree().map_or_else(Vec::new, |tree| tree.events().to_vec());
        let batch = |at: usize, event: Hash| {
            let own = logged.get(at).is_some_and(|known| *known == event);
            if own { Some(at) } else { logged.iter().position(|known| *known == event) }
        };
        self.log.iter().enumerate().map(|(at, event)| batch(at, event.hash())).collect()
    }

    pub(super) fn case_log(&mut self, case: Uuid) -> CaseLog {
        let batches = self.batches_of_events();
        let (mut log, mut newest) = (CaseLog::default(), None);
        for (event, batch) in self.log.iter().zip(batches) {
            if event.decode_unverified().unwrap().case == case {
                let seq = u32::try_from(log.events.len()).unwrap();
                newest = batch.map(|batch| (seq, batch)).or(newest);
                log.events.push(event.clone());
            }
        }
        if let (Some((seq, batch)), Some(tree)) = (newest, &self.transparency_log.tree) {
            log.proof = Some(EventProof { seq, proof: tree.newest_proof(batch).to_string() });
        }
        if let Some(tamper) = &self.transparency_log.tamper_case {
            tamper(&mut log);
        }
        log
    }

    pub(super) fn audit_log(&mut self, from: u32) -> AuditLog {
        self.transparency_log.requested_pages.push(from);
        let indices = self.batches_of_events().into_iter().map(|batch| batch.map(index_of));
        let tree = self.transparency_log.tree.as_ref();
        let batches = tree.map_or(0, |tree| u32::try_from(tree.events().len()).unwrap());
        let end = batches.min(from + AUDIT_PAGE_BATCHES);
        let on_page = |index: Option<u64>| match index {
            Some(index) => (log_size(from)..log_size(end)).contains(&index),
            None => end == batches,
        };
        let events = self.log.iter().zip(indices).filter(|(_, index)| on_page(*index));
        let logged = |(event, index): (&_, _)| LoggedEvent { event: Clone::clone(event), index };
        let mut page = AuditLog {
            leaf_secret: leaf_secret().expose().to_vec(),
            batches,
            events: events.map(logged).collect(),
        };
        if let Some(tamper) = &self.transparency_log.tamper_audit {
            tamper(&mut page);
        }
        assert!(
            page.events.iter().all(|event| event.index.is_none_or(|at| batch_of(at).is_some()))
        );
        page
    }
}
