//! Drafts: texts that a member was writing when the workbench locked. They are sealed to the
//! member's key, so that a locked workbench holds no readable text in memory.

use std::sync::{Mutex, PoisonError};

use protocol::keys::InvestigatorRecipient;

use super::forms::FormInput;
use crate::keys::key_file::InvestigatorKey;

/// Maximum number of drafts. The oldest one is deleted first.
const MAX_DRAFTS: usize = 8;

/// The text fields of forms that are stored as drafts (`data-keep`). A draft also contains the
/// other fields of its form, which the member chose.
const TEXT_FIELDS: [&str; 3] = ["text", "words", "until"];

/// The drafts, by page.
#[derive(Default)]
pub(super) struct DraftStore(Mutex<DraftStoreState>);

#[derive(Default)]
struct DraftStoreState {
    /// The recipient of the drafts, known since the keys were first unlocked.
    owner: Option<InvestigatorRecipient>,
    /// Paths of pages, with the sealed drafts.
    sealed_drafts: Vec<(String, Vec<u8>)>,
}

impl DraftStore {
    /// Seals drafts to this key from now on.
    pub(super) fn set_owner(&self, key: &InvestigatorKey) {
        self.lock_state().owner = Some(key.identity().recipient());
    }

    /// Stores the form of a page and replaces its previous draft. A form without text is not
    /// stored.
    pub(crate) fn store(&self, page: &str, form: &FormInput) {
        let mut state = self.lock_state();
        let Some(owner) = state
            .owner
            .as_ref()
            .filter(|_| TEXT_FIELDS.iter().any(|field| form.non_empty(field).is_some()))
        else {
            return;
        };
        let sealed = owner.seal(&form.to_bytes());
        state.sealed_drafts.retain(|(path, _)| path != page);
        state.sealed_drafts.push((page.to_owned(), sealed));
        if state.sealed_drafts.len() > MAX_DRAFTS {
            state.sealed_drafts.remove(0);
        }
    }

    /// Returns whether there is a draft of this page.
    pub(super) fn contains(&self, page: &str) -> bool {
        self.lock_state().sealed_drafts.iter().any(|(path, _)| path == page)
    }

    /// Returns the draft of a page, and deletes it.
    pub(crate) fn take(&self, page: &str, key: &InvestigatorKey) -> Option<FormInput> {
        let mut state = self.lock_state();
        let index = state.sealed_drafts.iter().position(|(path, _)| path == page)?;
        let (_, sealed) = state.sealed_drafts.remove(index);
        FormInput::from_bytes(&key.identity().open(&sealed).ok()?)
    }

    fn lock_state(&self) -> std::sync::MutexGuard<'_, DraftStoreState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
