//! Texts that were being written when it was locked. They wait for the passphrase sealed to the
//! keys' owner: a locked workbench holds nothing that can be read, neither in memory nor on the
//! screen.

use std::sync::{Mutex, PoisonError};

use protocol::keys::InvestigatorRecipient;

use super::forms::FormInput;
use crate::keys::key_file::InvestigatorKey;

/// So many pages' texts are kept; the oldest goes first.
const MAX_DRAFTS: usize = 8;

/// What people write by hand in forms that are kept (`data-keep`); the rest of such a form was
/// chosen, and goes along.
const TEXT_FIELDS: [&str; 3] = ["text", "words", "until"];

/// What was being written, by page.
#[derive(Default)]
pub(super) struct DraftStore(Mutex<DraftStoreState>);

#[derive(Default)]
struct DraftStoreState {
    /// To whom they are sealed: known from the first time that it was unlocked on.
    owner: Option<InvestigatorRecipient>,
    /// Paths of pages, with what is kept of them.
    sealed_drafts: Vec<(String, Vec<u8>)>,
}

impl DraftStore {
    /// From now on they are sealed to this key.
    pub(super) fn set_owner(&self, key: &InvestigatorKey) {
        self.lock_state().owner = Some(key.identity().recipient());
    }

    /// Keeps what was typed on a page, in the place of what was kept of it before. Nothing, if
    /// nothing was written.
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
        state.sealed_drafts.retain(|(kept, _)| kept != page);
        state.sealed_drafts.push((page.to_owned(), sealed));
        if state.sealed_drafts.len() > MAX_DRAFTS {
            state.sealed_drafts.remove(0);
        }
    }

    /// Is something kept of this page?
    pub(super) fn contains(&self, page: &str) -> bool {
        self.lock_state().sealed_drafts.iter().any(|(kept, _)| kept == page)
    }

    /// Gives back what is kept of a page, once.
    pub(crate) fn take(&self, page: &str, key: &InvestigatorKey) -> Option<FormInput> {
        let mut state = self.lock_state();
        let place = state.sealed_drafts.iter().position(|(kept, _)| kept == page)?;
        let (_, sealed) = state.sealed_drafts.remove(place);
        FormInput::from_bytes(&key.identity().open(&sealed).ok()?)
    }

    fn lock_state(&self) -> std::sync::MutexGuard<'_, DraftStoreState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
