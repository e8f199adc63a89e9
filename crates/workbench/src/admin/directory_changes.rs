//! Lists the changes from one directory to the next, so that the keeper of a root key checks
//! changes and keys before signing.

use protocol::{
    Hash,
    directory::{Desk, Directory, LogWitness, Member},
};

use super::log_settings::{describe_quorum, witness_public_key};
use crate::keys::key_file::member_fingerprint_words;

/// Returns all changes as sentences. Without a previous directory, everything is new.
pub fn directory_changes(previous: Option<&Directory>, now: &Directory) -> Vec<String> {
    let Some(previous) = previous else {
        let members = now.members.iter().map(describe_added_member);
        return members
            .chain(now.desks.iter().map(|desk| format!("new desk {}", desk.id)))
            .chain(now.programs.iter().map(describe_added_program))
            .chain(now.log.witnesses.iter().map(describe_added_witness))
            .collect();
    };
    let mut changes = Vec::new();
    for member in &now.members {
        match previous.member(&member.handle) {
            None => changes.push(describe_added_member(member)),
            Some(old) => changes.extend(member_changes(old, member)),
        }
    }
    let gone = previous.members.iter().filter(|member| now.member(&member.handle).is_none());
    changes.extend(gone.map(|member| format!("member {} is removed", member.handle)));
    for desk in &now.desks {
        match previous.desk(&desk.id) {
            None => changes.push(format!("new desk {}: {}", desk.id, desk.members.join(", "))),
            Some(old) => changes.extend(desk_changes(old, desk)),
        }
    }
    let gone = previous.desks.iter().filter(|desk| now.desk(&desk.id).is_none());
    changes.extend(gone.map(|desk| format!("desk {} is removed", desk.id)));
    if previous.oversight != now.oversight {
        changes.push(format!(
            "the desk of the oversight body changes to {}; before: {}",
            now.oversight, previous.oversight
        ));
    }
    if previous.handler_key != now.handler_key {
        changes.push("the log key of the case handler changes".to_owned());
    }
    if previous.transport != now.transport {
        changes.push("the transport keys change".to_owned());
    }
    let added = now.programs.iter().filter(|program| !previous.programs.contains(program));
    changes.extend(added.map(describe_added_program));
    let gone = previous.programs.iter().filter(|program| !now.programs.contains(program));
    changes.extend(gone.map(|program| {
        format!("program {program} is removed: browsers that still run it do not seal reports")
    }));
    changes.extend(log_changes(previous, now));
    changes
}

fn describe_added_program(program: &Hash) -> String {
    format!("new program {program}: compare this hash with that of the manifest that you signed")
}

fn log_changes(previous: &Directory, now: &Directory) -> Vec<String> {
    let (old, new) = (&previous.log, &now.log);
    let mut changes = Vec::new();
    if old.epoch != new.epoch {
        changes.push(format!(
            "THE TRANSPARENCY LOG BEGINS AGAIN, as log {}; previous: {}. It is right only after a \
             restore of the case handler",
            new.epoch, old.epoch
        ));
    }
    for witness in &new.witnesses {
        match old.witnesses.iter().find(|other| other.name == witness.name) {
            None => changes.push(describe_added_witness(witness)),
            Some(other) if other.key != witness.key => changes.push(format!(
                "NEW KEY of witness {}: ask its operator to confirm: {}",
                witness.name,
                witness_public_key(witness)
            )),
            Some(_) => {}
        }
    }
    let gone = |old: &&LogWitness| new.witnesses.iter().all(|other| other.name != old.name);
    let gone = old.witnesses.iter().filter(gone);
    changes.extend(gone.map(|witness| format!("witness {} is removed", witness.name)));
    if old.quorum != new.quorum {
        changes.push(format!(
            "a checkpoint of the log needs {}; previous: {}",
            describe_quorum(&now.into()),
            describe_quorum(&previous.into())
        ));
    }
    changes
}

fn describe_added_witness(witness: &LogWitness) -> String {
    format!("new witness of the log, with the key: {}", witness_public_key(witness))
}

fn describe_added_member(member: &Member) -> String {
    format!(
        "new member {}, with the fingerprint words: {}",
        member.handle,
        member_fingerprint_words(member, "en")
    )
}

fn member_changes(old: &Member, new: &Member) -> Vec<String> {
    let mut changes = Vec::new();
    if (&old.recipient, &old.device) != (&new.recipient, &new.device) {
        changes.push(format!(
            "NEW KEYS of member {}: ask the member to read these words aloud: {}",
            new.handle,
            member_fingerprint_words(new, "en")
        ));
    }
    changes.extend(list_change(&format!("member {} covers", new.handle), &old.units, &new.units));
    changes.extend(list_change(
        &format!("member {} reads", new.handle),
        &old.languages,
        &new.languages,
    ));
    changes
}

fn desk_changes(old: &Desk, new: &Desk) -> Vec<String> {
    let lists = [
        ("has the members, the lead first", &old.members, &new.members),
        ("serves", &old.categories, &new.categories),
        ("accepts reports from", &old.audiences, &new.audiences),
        ("covers", &old.units, &new.units),
    ];
    let mut changes: Vec<String> = lists
        .into_iter()
        .filter_map(|(what, old, new_list)| {
            list_change(&format!("desk {} {what}", new.id), old, new_list)
        })
        .collect();
    if old.labels != new.labels {
        changes.push(format!("the labels of desk {} change", new.id));
    }
    changes
}

fn list_change(what: &str, old: &[String], new: &[String]) -> Option<String> {
    let shown = |list: &[String]| {
        if list.is_empty() { "(none)".to_owned() } else { list.join(" ") }
    };
    (old != new).then(|| format!("{what}: {}; previous: {}", shown(new), shown(old)))
}
