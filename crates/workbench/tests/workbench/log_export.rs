//! An exported log is verified with only the root keys, and every change of it is detected.

use crate::common::{
    WorkbenchInstallation,
    environment::alert_codes,
    log_builder::{LogBuilder, page_of},
};
use protocol::{
    api::workbench::{AuditLog, CaseLog, EventProof},
    case::event::SignedEvent,
    directory::SignedDirectory,
};
use workbench::{
    alert::AlertCode,
    audit::export::{ExportedLog, LogExport},
};

#[test]
fn an_export_is_verified_with_only_the_root_keys() {
    let builder = LogBuilder::two_cases();
    let trust = &builder.installation.trust;
    let json = serde_json::to_vec(&builder.export()).unwrap();
    let again: LogExport = serde_json::from_slice(&json).unwrap();
    let verified = again.verify(trust, Some(builder.pinned_tree(&builder.log[..7]))).unwrap();
    assert_eq!(verified.alarms, []);
    assert_eq!(verified.checkpoint.unwrap().size, 11 * 256);
    // A directory forged by the operator does not help.
    let other = WorkbenchInstallation::new();
    assert!(builder.export().verify(&other.trust, None).is_err());
    let unsigned =
        SignedDirectory { signatures: Vec::new(), ..builder.installation.signed_directory() };
    let forged = LogExport { directories: vec![unsigned], ..builder.export() };
    assert!(forged.verify(trust, None).is_err());
}

/// The owner of the file has no key, and its checkpoint is signed.
#[test]
fn every_change_of_an_export_is_detected() {
    type Change = fn(&mut AuditLog, &mut Option<String>);
    let changes: [(&str, Change, AlertCode); 7] = [
        ("an event is left out", |log, _| drop(log.events.pop()), AlertCode::LeafDiffers),
        ("all events are left out", |log, _| log.events.clear(), AlertCode::LeafDiffers),
        (
            "an event waits for its leaf",
            |log, _| log.events[10].index = None,
            AlertCode::LeafDiffers,
        ),
        (
            "two events exchange their leaves",
            |log, _| {
                let index = log.events[2].index;
                log.events[2].index = log.events[3].index;
                log.events[3].index = index;
            },
            AlertCode::LeafDiffers,
        ),
        ("another secret", |log, _| log.leaf_secret[0] ^= 1, AlertCode::LeafDiffers),
        ("no checkpoint", |_, checkpoint| *checkpoint = None, AlertCode::LeafDiffers),
        (
            "a checkpoint with another root",
            |_, checkpoint| {
                let note = checkpoint.take().unwrap();
                let root = note.lines().nth(2).unwrap().to_owned();
                let other = format!("{}=", "A".repeat(43));
                *checkpoint = Some(note.replace(&root, &other));
            },
            AlertCode::Forged,
        ),
    ];
    let builder = LogBuilder::two_cases();
    for (what, change, expected) in changes {
        let mut export = builder.export();
        let ExportedLog::Whole { log, checkpoint } = &mut export.log else { unreachable!() };
        change(log, checkpoint);
        let audit = export.verify(&builder.installation.trust, None).unwrap();
        assert!(alert_codes(&audit.alarms).contains(&expected), "{what}: {:?}", audit.alarms);
    }
    // The operator signs a shorter log, which is one that it has shown to another reader.
    let mut export = builder.export();
    let checkpoint = builder.tree(&builder.log[..9]).checkpoint(9).to_string();
    export.log =
        ExportedLog::Whole { log: page_of(&builder.log[..9]), checkpoint: Some(checkpoint) };
    let seen = Some(builder.pinned_tree(&builder.log));
    let audit = export.verify(&builder.installation.trust, seen).unwrap();
    let [older] = &audit.alarms[..] else { panic!("{:?}", audit.alarms) };
    assert!(older.text.contains("older than the log that this computer has seen"), "{older:?}");
}

#[test]
fn an_export_of_own_cases_is_verified_with_only_the_root_keys() {
    let builder = LogBuilder::two_cases();
    let tree = builder.tree(&builder.log);
    let case = builder.log[0].decode_unverified().unwrap().case;
    let of_case = |event: &SignedEvent| event.decode_unverified().unwrap().case == case;
    let own: Vec<_> = builder.log.iter().filter(|event| of_case(event)).cloned().collect();
    let proof = |batch, seq| Some(EventProof { seq, proof: tree.newest_proof(batch).to_string() });
    let newest = u32::try_from(own.len()).unwrap() - 1;
    let proved = CaseLog { events: own, proof: proof(10, newest) };
    for (what, proof, expected) in [
        ("the proof", proved.proof.clone(), vec![]),
        ("that of an event of the other case", proof(6, newest), vec![AlertCode::WrongProof]),
        ("that of another event", proof(10, newest - 1), vec![AlertCode::WrongProof]),
        ("that of an event that does not exist", proof(10, 99), vec![AlertCode::WrongProof]),
        ("none, and the events are of today", None, vec![]),
    ] {
        let log = CaseLog { proof, ..proved.clone() };
        let export = LogExport { log: ExportedLog::OwnCases(vec![log]), ..builder.export() };
        let audit = export.verify(&builder.installation.trust, None).unwrap();
        assert_eq!(alert_codes(&audit.alarms), expected, "{what}");
    }
}
