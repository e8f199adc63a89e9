//! The transparency log in the draft: witnesses, quorum, and the restart with an empty log.

use protocol::directory::{DirectoryError, LogQuorum, LogWitness, MAX_WITNESSES};
use transparency_log::{
    checkpoint::{log_key, witness_key},
    note::{NoteError, SignatureType, VerifierKey},
};

use super::{AdminDir, AdminError, DirectoryDraft};

/// Adds an outside witness to the draft. `key` is the public key that `burkindi witness init`
/// prints.
///
/// # Errors
/// If the key is malformed or no key of a witness, a signer of the draft has this name or key, the
/// draft has the maximum number of witnesses, or a file cannot be read or written.
pub fn add_witness(dir: &AdminDir, key: &str) -> Result<LogWitness, AdminError> {
    let key: VerifierKey = key.parse()?;
    if key.signature_type != SignatureType::CosignatureV1 {
        return Err(NoteError::MalformedKey("it is the key of a log, not of a witness").into());
    }
    let witness = LogWitness { name: key.name.to_string(), key: key.key };
    let mut draft = dir.draft()?;
    let rule = |broken: bool, text: String| {
        if broken { Err(AdminError::Directory(DirectoryError::RuleViolated(text))) } else { Ok(()) }
    };
    let name = &witness.name;
    rule(!LogWitness::is_valid_name(name), format!("invalid name of a witness: {name:?}"))?;
    let known = &draft.log.witnesses;
    if known.iter().any(|other| other.name == *name) {
        return Err(AdminError::AlreadyExists(format!("witness {name}")));
    }
    let mut keys = known.iter().map(|other| other.key);
    let mut devices = draft.members.iter().map(|member| member.device);
    let is_shared = keys.any(|key| key == witness.key)
        || devices.any(|device| device == witness.key)
        || draft.handler_key == witness.key;
    rule(is_shared, format!("witness {name} shares a key with another signer"))?;
    rule(known.len() >= MAX_WITNESSES, format!("more than {MAX_WITNESSES} witnesses"))?;
    draft.log.witnesses.push(witness.clone());
    dir.save_draft(&draft)?;
    Ok(witness)
}

/// Removes a witness from the draft.
///
/// # Errors
/// [`AdminError::UnknownId`] if there is no such witness, [`AdminError::UnreachableQuorum`] if the
/// quorum needs all witnesses. If a file cannot be read or written.
pub fn remove_witness(dir: &AdminDir, name: &str) -> Result<(), AdminError> {
    let mut draft = dir.draft()?;
    let before = draft.log.witnesses.len();
    draft.log.witnesses.retain(|witness| witness.name != name);
    if draft.log.witnesses.len() == before {
        return Err(AdminError::UnknownId(format!("witness {name}")));
    }
    check_quorum(&draft, draft.log.quorum)?;
    dir.save_draft(&draft)
}

/// Sets how many cosigners make a checkpoint countersigned.
///
/// # Errors
/// [`AdminError::UnreachableQuorum`] if the draft does not have so many cosigners,
/// [`DirectoryError::RuleViolated`] if the quorum needs no member of the oversight body. If a file
/// cannot be read or written.
pub fn set_quorum(dir: &AdminDir, quorum: LogQuorum) -> Result<(), AdminError> {
    let mut draft = dir.draft()?;
    if quorum.oversight == 0 {
        // The reporter's page names the oversight body as the one that countersigned.
        let rule = "the quorum of the log needs at least 1 member of the oversight body";
        return Err(DirectoryError::RuleViolated(rule.into()).into());
    }
    check_quorum(&draft, quorum)?;
    draft.log.quorum = quorum;
    dir.save_draft(&draft)
}

/// Raises the epoch of the log in the draft, so that the case handler begins an empty log with the
/// next directory. Returns the new epoch. A second call before that directory is signed changes
/// nothing.
///
/// # Errors
/// [`AdminError::NothingToRestart`] if no directory has been signed, because there is no log then.
/// If a file cannot be read or written, or the signed directory is invalid.
pub fn restart_log(dir: &AdminDir) -> Result<u32, AdminError> {
    let mut draft = dir.draft()?;
    let signed = dir.signed_directory()?.ok_or(AdminError::NothingToRestart)?;
    let present = signed.verify_ignoring_dates(&dir.trust()?)?.log.epoch;
    let next = present
        .checked_add(1)
        .ok_or_else(|| DirectoryError::RuleViolated("the log has the maximum epoch".to_owned()))?;
    draft.log.epoch = next;
    dir.save_draft(&draft)?;
    Ok(next)
}

/// Returns the public key of the log of a draft, as its witnesses need it.
pub fn log_public_key(draft: &DirectoryDraft) -> String {
    log_key(draft.instance, draft.log.epoch, draft.handler_key).to_string()
}

/// Returns the public key of a witness in the form that `burkindi witness init` prints. Returns
/// only the name if no key can have it, which the rules of directories exclude.
pub fn witness_public_key(witness: &LogWitness) -> String {
    witness_key(witness).map_or_else(|_| witness.name.clone(), |key| key.to_string())
}

/// Describes the quorum of a draft, such as "1 of 2 members of the oversight body and 1 of 3
/// witnesses".
pub fn describe_quorum(draft: &DirectoryDraft) -> String {
    let LogQuorum { oversight, witnesses } = draft.log.quorum;
    format!(
        "{oversight} of {} members of the oversight body and {witnesses} of {} witnesses",
        oversight_members(draft),
        draft.log.witnesses.len()
    )
}

fn oversight_members(draft: &DirectoryDraft) -> usize {
    draft.desk(&draft.oversight).map_or(0, |desk| desk.members.len())
}

fn check_quorum(draft: &DirectoryDraft, quorum: LogQuorum) -> Result<(), AdminError> {
    for (cosigners, needed, available) in [
        ("members of the oversight body", quorum.oversight, oversight_members(draft)),
        ("witnesses", quorum.witnesses, draft.log.witnesses.len()),
    ] {
        let needed = usize::from(needed);
        if needed > available {
            return Err(AdminError::UnreachableQuorum { cosigners, needed, available });
        }
    }
    Ok(())
}
