//! Texts that were being written when it was locked. They wait for the passphrase sealed to the keys' owner: a locked workbench holds
//! nothing that can be read, neither in memory nor on the screen.

use std::sync::{Mutex, PoisonError};

use envelope::keys::InvestigatorRecipient;

use super::forms::Typed;
use crate::keyfile::InvestigatorKey;

/// So many pages' texts are kept; the oldest goes first.
const MOST: usize = 8;

/// What people write by hand in forms that are kept (`data-keep`); the rest of such a form was chosen, and goes along.
const WRITTEN: [&str; 3] = ["text", "words", "until"];

/// What was being written, by page.
#[derive(Default)]
pub(super) struct Drafts(Mutex<State>);

#[derive(Default)]
struct State {
    /// To whom they are sealed: known from the first time that it was unlocked on.
    owner: Option<InvestigatorRecipient>,
    /// Paths of pages, with what is kept of them.
    sealed: Vec<(String, Vec<u8>)>,
}

impl Drafts {
    /// From now on they are sealed to this key.
    pub(super) fn belong_to(&self, key: &InvestigatorKey) {
        self.state().owner = Some(key.identity().recipient());
    }

    /// Keeps what was typed on a page, in the place of what was kept of it before. Nothing, if nothing was written.
    pub(crate) fn keep(&self, page: &str, typed: &Typed) {
        let mut state = self.state();
        let Some(owner) =
            state.owner.as_ref().filter(|_| WRITTEN.iter().any(|field| typed.some(field).is_some()))
        else {
            return;
        };
        let sealed = owner.seal(&typed.to_bytes());
        state.sealed.retain(|(kept, _)| kept != page);
        state.sealed.push((page.to_owned(), sealed));
        if state.sealed.len() > MOST {
            state.sealed.remove(0);
        }
    }

    /// Is something kept of this page?
    pub(super) fn has(&self, page: &str) -> bool {
        self.state().sealed.iter().any(|(kept, _)| kept == page)
    }

    /// Gives back what is kept of a page, once.
    pub(crate) fn take(&self, page: &str, key: &InvestigatorKey) -> Option<Typed> {
        let mut state = self.state();
        let place = state.sealed.iter().position(|(kept, _)| kept == page)?;
        let (_, sealed) = state.sealed.remove(place);
        Typed::from_bytes(&key.identity().open(&sealed).ok()?)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
