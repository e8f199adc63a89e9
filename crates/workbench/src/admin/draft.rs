//! The draft of the next directory: its content without dates, epoch and signatures.

use std::collections::BTreeMap;

use protocol::{
    Hash,
    directory::{Desk, Directory, LogSettings, MAX_PROGRAMS, Member, VALID_DAYS},
    keys::{PublicKey, TransportRecipient},
};
use serde::{Deserialize, Serialize};
use taxonomy::Taxonomy;
use time::{Date, Duration};
use uuid::Uuid;

use super::AdminError;
use crate::keys::key_file::MembershipRequest;

/// Content of `draft.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryDraft {
    /// Id of the installation.
    pub instance: Uuid,
    /// Recipients of the outer seal, the newest first.
    pub transport: Vec<TransportRecipient>,
    /// Verifies the events of the case handler.
    pub handler_key: PublicKey,
    /// The transparency log and its cosigners.
    pub log: LogSettings,
    /// All members, with or without a desk.
    pub members: Vec<Member>,
    /// All desks.
    pub desks: Vec<Desk>,
    /// Id of the oversight body's desk.
    pub oversight: String,
    /// The hashes of the manifests of the browser programs, the newest first.
    #[serde(default)]
    pub programs: Vec<Hash>,
}

/// The desk of the taxonomy whose label a new desk of the oversight body has.
const OVERSIGHT_DESK: &str = "external";

impl DirectoryDraft {
    /// Returns a draft with only the empty desk of the oversight body.
    pub fn new(
        instance: Uuid,
        transport: TransportRecipient,
        handler_key: PublicKey,
        oversight: &str,
    ) -> Self {
        let taxonomy = Taxonomy::built_in();
        let label = taxonomy.desk(OVERSIGHT_DESK).map(|desk| &desk.label);
        let labels = label.into_iter().flat_map(|label| {
            taxonomy.languages.iter().map(|lang| (lang.clone(), label.get(lang).to_owned()))
        });
        let desk = Desk {
            id: oversight.to_owned(),
            labels: labels.collect(),
            categories: Vec::new(),
            audiences: Vec::new(),
            members: Vec::new(),
            units: Vec::new(),
        };
        Self {
            instance,
            transport: vec![transport],
            handler_key,
            log: LogSettings::default(),
            members: Vec::new(),
            desks: vec![desk],
            oversight: oversight.to_owned(),
            programs: Vec::new(),
        }
    }

    /// Adds a member. `replace` is for new keys under an existing handle. Units and languages that
    /// are `None` keep their present values, so that new keys do not give the member access to
    /// reports that the units exclude.
    ///
    /// # Errors
    /// If the request was altered, or the handle exists and `replace` is not set.
    pub fn add_member(
        &mut self,
        request: &MembershipRequest,
        units: impl Into<Option<Vec<String>>>,
        languages: impl Into<Option<Vec<String>>>,
        replace: bool,
    ) -> Result<(), AdminError> {
        request.verify()?;
        let existing = self.member(&request.handle);
        let from_existing =
            |list: fn(&Member) -> &Vec<String>| existing.map(list).cloned().unwrap_or_default();
        let member = Member {
            handle: request.handle.clone(),
            recipient: request.recipient.clone(),
            device: request.device,
            units: units.into().unwrap_or_else(|| from_existing(|member| &member.units)),
            languages: languages
                .into()
                .unwrap_or_else(|| from_existing(|member| &member.languages)),
        };
        match self.members.iter_mut().find(|existing| existing.handle == member.handle) {
            Some(_) if !replace => {
                return Err(AdminError::AlreadyExists(format!("member {}", member.handle)));
            }
            Some(existing) => *existing = member,
            None => self.members.push(member),
        }
        Ok(())
    }

    /// Returns the member with this handle.
    pub fn member(&self, handle: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.handle == handle)
    }

    /// Returns the desk with this id.
    pub fn desk(&self, id: &str) -> Option<&Desk> {
        self.desks.iter().find(|desk| desk.id == id)
    }

    /// Removes a member from all desks and from the directory. Returns the desks that the member
    /// belonged to.
    ///
    /// # Errors
    /// [`AdminError::UnknownId`] if there is no such member.
    pub fn remove_member(&mut self, handle: &str) -> Result<Vec<String>, AdminError> {
        let before = self.members.len();
        self.members.retain(|member| member.handle != handle);
        if self.members.len() == before {
            return Err(AdminError::UnknownId(format!("member {handle}")));
        }
        let desks_of_member =
            self.desks.iter_mut().filter(|desk| desk.members.iter().any(|member| member == handle));
        Ok(desks_of_member
            .map(|desk| {
                desk.members.retain(|member| member != handle);
                desk.id.clone()
            })
            .collect())
    }

    /// Adds a desk, or fills the desk of the oversight body, which exists from the start. `replace`
    /// changes an existing desk.
    ///
    /// # Errors
    /// If a member is unknown, or the desk exists and `replace` is not set.
    pub fn add_desk(&mut self, mut desk: Desk, replace: bool) -> Result<(), AdminError> {
        let is_member =
            |handle: &&String| self.members.iter().any(|member| member.handle == **handle);
        if let Some(unknown) = desk.members.iter().find(|handle| !is_member(handle)) {
            return Err(AdminError::UnknownId(format!("member {unknown}: add the member first")));
        }
        match self.desks.iter_mut().find(|existing| existing.id == desk.id) {
            Some(existing) if !replace && !existing.members.is_empty() => {
                return Err(AdminError::AlreadyExists(format!("desk {}", existing.id)));
            }
            Some(existing) => {
                let labels = std::mem::take(&mut existing.labels);
                desk.labels = merge_labels(labels, desk.labels);
                *existing = desk;
            }
            None => self.desks.push(desk),
        }
        Ok(())
    }

    /// Removes a desk. The desk of the oversight body cannot be removed.
    ///
    /// # Errors
    /// [`AdminError::UnknownId`] if there is no such desk.
    pub fn remove_desk(&mut self, id: &str) -> Result<(), AdminError> {
        let before = self.desks.len();
        self.desks.retain(|desk| desk.id != id || desk.id == self.oversight);
        if self.desks.len() < before {
            Ok(())
        } else {
            Err(AdminError::UnknownId(format!("desk {id} to remove")))
        }
    }

    /// Makes this the newest program. Removes the oldest beyond [`MAX_PROGRAMS`]. Returns the
    /// removed programs.
    pub fn add_program(&mut self, program: Hash) -> Vec<Hash> {
        self.programs.retain(|listed| *listed != program);
        self.programs.insert(0, program);
        self.programs.split_off(self.programs.len().min(MAX_PROGRAMS))
    }

    /// Removes a program.
    ///
    /// # Errors
    /// [`AdminError::UnknownId`] if the draft does not list it.
    pub fn remove_program(&mut self, program: Hash) -> Result<(), AdminError> {
        let before = self.programs.len();
        self.programs.retain(|listed| *listed != program);
        if self.programs.len() < before {
            Ok(())
        } else {
            Err(AdminError::UnknownId(format!("program {program}")))
        }
    }

    /// Returns the directory that would be signed on this date.
    ///
    /// # Errors
    /// If the directory violates a rule.
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
            log: draft.log,
            members: draft.members,
            desks: draft.desks,
            oversight: draft.oversight,
            programs: draft.programs,
        };
        directory.check_rules()?;
        Ok(directory)
    }
}

/// The content of a directory, to display it like a draft.
impl From<&Directory> for DirectoryDraft {
    fn from(directory: &Directory) -> Self {
        let directory = directory.clone();
        Self {
            instance: directory.instance,
            transport: directory.transport,
            handler_key: directory.handler_key,
            log: directory.log,
            members: directory.members,
            desks: directory.desks,
            oversight: directory.oversight,
            programs: directory.programs,
        }
    }
}

fn merge_labels(
    mut labels: BTreeMap<String, String>,
    new: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    labels.extend(new);
    labels
}
