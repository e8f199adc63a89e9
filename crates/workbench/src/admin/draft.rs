//! The directory in the making: what stands in it but dates, number and signatures.

use std::collections::BTreeMap;

use protocol::{
    Hash,
    directory::{Desk, Directory, Member, VALID_DAYS},
    keys::{PublicKey, TransportRecipient},
};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use uuid::Uuid;

use super::AdminError;
use crate::keys::key_file::MembershipRequest;

/// `draft.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryDraft {
    /// Which installation.
    pub instance: Uuid,
    /// Takes the outer seal; the newest first.
    pub transport: Vec<TransportRecipient>,
    /// Verifies what the case handler writes into the log.
    pub handler_key: PublicKey,
    /// Everyone who holds a seat, or shall.
    pub members: Vec<Member>,
    /// Where reports go.
    pub desks: Vec<Desk>,
    /// Id of the outside body's desk.
    pub oversight: String,
}

impl DirectoryDraft {
    /// Nobody and nothing but the outside body's empty desk.
    pub fn new(
        instance: Uuid,
        transport: TransportRecipient,
        handler_key: PublicKey,
        oversight: &str,
    ) -> Self {
        let labels = [
            ("en", "Outside oversight body"),
            ("fr", "Organe de contrôle externe"),
            ("es", "Órgano de supervisión externo"),
            ("pt", "Órgão de supervisão externo"),
            ("ar", "هيئة الرقابة الخارجية"),
        ];
        let desk = Desk {
            id: oversight.to_owned(),
            labels: labels.map(|(lang, label)| (lang.to_owned(), label.to_owned())).into(),
            categories: Vec::new(),
            audiences: Vec::new(),
            members: Vec::new(),
            units: Vec::new(),
        };
        Self {
            instance,
            transport: vec![transport],
            handler_key,
            members: Vec::new(),
            desks: vec![desk],
            oversight: oversight.to_owned(),
        }
    }

    /// Enters a person. `replace` is for new keys under an old handle: covers and languages that
    /// are `None` stay as they were, so that nobody who was kept away from a report reads the next
    /// one because of a new key.
    ///
    /// # Errors
    /// If the request was altered, or the handle is there and is not to be replaced.
    pub fn add_member(
        &mut self,
        request: &MembershipRequest,
        covers: impl Into<Option<Vec<String>>>,
        languages: impl Into<Option<Vec<String>>>,
        replace: bool,
    ) -> Result<(), AdminError> {
        request.verify()?;
        let old = self.member(&request.handle);
        let of_old = |list: fn(&Member) -> &Vec<String>| old.map(list).cloned().unwrap_or_default();
        let member = Member {
            handle: request.handle.clone(),
            recipient: request.recipient.clone(),
            device: request.device,
            units: covers.into().unwrap_or_else(|| of_old(|old| &old.units)),
            languages: languages.into().unwrap_or_else(|| of_old(|old| &old.languages)),
        };
        match self.members.iter_mut().find(|known| known.handle == member.handle) {
            Some(_) if !replace => {
                return Err(AdminError::AlreadyExists(format!("member {}", member.handle)));
            }
            Some(known) => *known = member,
            None => self.members.push(member),
        }
        Ok(())
    }

    /// A member by the handle.
    pub fn member(&self, handle: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.handle == handle)
    }

    /// A desk by its id.
    pub fn desk(&self, id: &str) -> Option<&Desk> {
        self.desks.iter().find(|desk| desk.id == id)
    }

    /// Takes a person off every desk and out of the directory. Gives the desks that they sat at.
    pub fn remove_member(&mut self, handle: &str) -> Result<Vec<String>, AdminError> {
        let before = self.members.len();
        self.members.retain(|member| member.handle != handle);
        if self.members.len() == before {
            return Err(AdminError::UnknownId(format!("member {handle}")));
        }
        let seated =
            self.desks.iter_mut().filter(|desk| desk.members.iter().any(|seat| seat == handle));
        Ok(seated
            .map(|desk| {
                desk.members.retain(|seat| seat != handle);
                desk.id.clone()
            })
            .collect())
    }

    /// Adds a desk, or fills the one of the outside body, which is there from the start. `replace`
    /// changes an old one.
    pub fn add_desk(&mut self, mut desk: Desk, replace: bool) -> Result<(), AdminError> {
        let known = |handle: &&String| self.members.iter().any(|member| member.handle == **handle);
        if let Some(unknown) = desk.members.iter().find(|handle| !known(handle)) {
            return Err(AdminError::UnknownId(format!("member {unknown}: add the member first")));
        }
        match self.desks.iter_mut().find(|old| old.id == desk.id) {
            Some(old) if !replace && !old.members.is_empty() => {
                return Err(AdminError::AlreadyExists(format!("desk {}", old.id)));
            }
            Some(old) => {
                let labels = std::mem::take(&mut old.labels);
                desk.labels = merge_labels(labels, desk.labels);
                *old = desk;
            }
            None => self.desks.push(desk),
        }
        Ok(())
    }

    /// Takes a desk away; never the outside body's.
    pub fn remove_desk(&mut self, id: &str) -> Result<(), AdminError> {
        let before = self.desks.len();
        self.desks.retain(|desk| desk.id != id || desk.id == self.oversight);
        if self.desks.len() < before {
            Ok(())
        } else {
            Err(AdminError::UnknownId(format!("desk {id} to remove")))
        }
    }

    /// The directory of a day, as it would be signed. Broken rules are refused.
    pub fn to_directory(
        &self,
        epoch: u64,
        previous: Option<Hash>,
        today: Date,
    ) -> Result<Directory, AdminError> {
        let draft = self.clone();
        let directory = Directory {
            v: 1,
            instance: draft.instance,
            epoch,
            previous,
            issued: today,
            expires: today + Duration::days(VALID_DAYS),
            transport: draft.transport,
            handler_key: draft.handler_key,
            members: draft.members,
            desks: draft.desks,
            oversight: draft.oversight,
        };
        directory.check_rules()?;
        Ok(directory)
    }
}

/// What a directory holds, to be looked at as a draft is.
impl From<&Directory> for DirectoryDraft {
    fn from(directory: &Directory) -> Self {
        let directory = directory.clone();
        Self {
            instance: directory.instance,
            transport: directory.transport,
            handler_key: directory.handler_key,
            members: directory.members,
            desks: directory.desks,
            oversight: directory.oversight,
        }
    }
}

fn merge_labels(
    mut old: BTreeMap<String, String>,
    new: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    old.extend(new);
    old
}
