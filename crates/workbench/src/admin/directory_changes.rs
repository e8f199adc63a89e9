//! What a directory changes against the one before it, so that a keeper signs changes and keys, not
//! names alone.

use protocol::directory::{Desk, Directory, Member};

use crate::keys::key_file::member_fingerprint_words;

/// Every change, in sentences. Without a directory before, everything is new.
pub fn directory_changes(before: Option<&Directory>, now: &Directory) -> Vec<String> {
    let Some(before) = before else {
        let members = now.members.iter().map(describe_added_member);
        return members
            .chain(now.desks.iter().map(|desk| {
                format!(
                    "new desk \
            {}",
                    desk.id
                )
            }))
            .collect();
    };
    let mut changes = Vec::new();
    for member in &now.members {
        match before.member(&member.handle) {
            None => changes.push(describe_added_member(member)),
            Some(old) => changes.extend(member_changes(old, member)),
        }
    }
    let gone = before.members.iter().filter(|member| now.member(&member.handle).is_none());
    changes.extend(gone.map(|member| format!("member {} is removed", member.handle)));
    for desk in &now.desks {
        match before.desk(&desk.id) {
            None => changes.push(format!("new desk {}: {}", desk.id, desk.members.join(", "))),
            Some(old) => changes.extend(desk_changes(old, desk)),
        }
    }
    let gone = before.desks.iter().filter(|desk| now.desk(&desk.id).is_none());
    changes.extend(gone.map(|desk| format!("desk {} is removed", desk.id)));
    if before.oversight != now.oversight {
        changes.push(format!(
            "the oversight body's desk is {}, and was \
            {}",
            now.oversight, before.oversight
        ));
    }
    if before.handler_key != now.handler_key {
        changes.push("the case handler's log key is another one".to_owned());
    }
    if before.transport != now.transport {
        changes.push("the transport keys are others".to_owned());
    }
    changes
}

fn describe_added_member(member: &Member) -> String {
    format!(
        "new member {}, with the words: {}",
        member.handle,
        member_fingerprint_words(member, "en")
    )
}

fn member_changes(old: &Member, new: &Member) -> Vec<String> {
    let mut changes = Vec::new();
    if (&old.recipient, &old.device) != (&new.recipient, &new.device) {
        changes.push(format!(
            "NEW KEYS of member {}: have the person read these words out: {}",
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
        ("takes reports from", &old.audiences, &new.audiences),
        ("covers", &old.units, &new.units),
    ];
    let mut changes: Vec<String> = lists
        .into_iter()
        .filter_map(|(what, old, new_list)| {
            list_change(&format!("desk {} {what}", new.id), old, new_list)
        })
        .collect();
    if old.labels != new.labels {
        changes.push(format!("desk {} has other names", new.id));
    }
    changes
}

fn list_change(what: &str, old: &[String], new: &[String]) -> Option<String> {
    let shown = |list: &[String]| {
        if list.is_empty() {
            "(none)".to_owned()
        } else {
            list.join(
                " \
        ",
            )
        }
    };
    (old != new).then(|| format!("{what}: {}; before: {}", shown(new), shown(old)))
}
