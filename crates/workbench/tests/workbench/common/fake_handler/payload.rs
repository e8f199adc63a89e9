//! How the fake case handler applies the payload of an event.

use protocol::{
    api::workbench::{EventPayload, GenerationGrant, GenerationRecipient, PartKind},
    case::event::{Action, Event},
    directory::{Directory, Member},
    submission::key_grant::grant_tag,
};

use super::{PendingKeys, StoredCase};

impl StoredCase {
    /// Applies the payload of an event as a real case handler does.
    pub(crate) fn apply_payload(
        &mut self,
        event: &Event,
        payload: EventPayload,
        directory: &Directory,
    ) {
        let generation = self.state.generation;
        self.replies.extend(payload.reply.map(|sealed| sealed.0));
        if let Some(copy) = payload.copy {
            self.add_part(PartKind::ReplyCopy, generation, event.seq, copy.0);
        }
        if let Some(note) = payload.note {
            self.add_part(PartKind::Note, generation, event.seq, note.0);
        }
        let owned = payload.grants.into_iter().map(|grant| {
            let of = |m: &&Member| grant_tag(event.case, &m.recipient) == grant.grant.tag;
            let member = directory.members.iter().find(of).unwrap();
            (member.handle.clone(), grant)
        });
        let owned: Vec<(String, GenerationGrant)> = owned.collect();
        match (payload.case_recipient, payload.confirmation) {
            (Some(recipient), Some(confirmation)) => {
                // Who joined the oversight body gets earlier generations at once.
                let is_new = |(handle, grant): &&(String, GenerationGrant)| {
                    grant.generation <= generation
                        && !self.grants.iter().any(|(holder, _)| holder == handle)
                };
                let joined: Vec<_> = owned.iter().filter(is_new).cloned().collect();
                self.store_grants(joined, directory);
                self.pending = Some(PendingKeys { grants: owned, recipient, confirmation });
            }
            (None, Some(confirmation)) => {
                let pending = self.pending.take().unwrap();
                let recipient = pending.recipient;
                self.recipients.push(GenerationRecipient { generation, recipient });
                self.holders.clear();
                self.store_grants(pending.grants, directory);
                self.confirmations = vec![pending.confirmation, confirmation];
            }
            _ => self.store_grants(owned, directory),
        }
        if self.state.pending_rotation.is_none() {
            self.pending = None;
        }
        if event.action == Action::Recused {
            self.holders.retain(|holder| *holder != event.actor);
        }
        if self.state.released.is_some() {
            let oversight = self.grants.iter().map(|(holder, _)| holder.clone());
            let oversight: Vec<_> =
                oversight.filter(|holder| directory.is_oversight(holder)).collect();
            for holder in oversight {
                if !self.holders.contains(&holder) {
                    self.holders.push(holder);
                }
            }
        }
    }

    fn store_grants(&mut self, grants: Vec<(String, GenerationGrant)>, directory: &Directory) {
        for (handle, grant) in grants {
            let is_oversight = directory.is_oversight(&handle);
            if !self.holders.contains(&handle) && (!is_oversight || self.state.released.is_some()) {
                self.holders.push(handle.clone());
            }
            let has_grant = |(holder, stored): &(String, GenerationGrant)| {
                *holder == handle && stored.generation == grant.generation
            };
            // A grant for another key replaces the earlier one, except of the oversight body.
            if is_oversight && self.grants.iter().any(has_grant) {
                continue;
            }
            self.grants.retain(|stored| !has_grant(stored));
            self.grants.push((handle, grant));
        }
    }
}
