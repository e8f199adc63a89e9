//! The case handler returns genuine sealed parts in another place: a note twice or in another
//! order, a copy twice, a part of another case. Each part has a valid seal and a signed event.

use crate::common::{
    environment::{TestEnvironment, alert_codes, claim_case},
    fake_handler::StoredCase,
    reporter::TestReporter,
};
use investigator::{Note, NoteKind};
use protocol::api::workbench::{CasePart, PartKind};
use uuid::Uuid;
use workbench::{
    actions::ReplyInput, alert::AlertCode, case::VerifiedCase, session::HandlerConnection,
};

type StoredPart = (CasePart, Vec<u8>);

async fn add_notes(lead: &mut HandlerConnection, reporter: &TestReporter, texts: &[&str]) {
    for text in texts {
        let mut case = lead.read_case(reporter.case).await.unwrap();
        let note = Note { kind: NoteKind::Fact, text: (*text).to_owned() };
        lead.add_note(&mut case, &note).await.unwrap();
    }
}

fn positions(stored: &StoredCase, kind: PartKind) -> Vec<usize> {
    let all = stored.parts.iter().enumerate();
    all.filter(|(_, (part, _))| part.kind == kind).map(|(at, _)| at).collect()
}

/// Returns the same bytes under another id, as a part of its own.
fn duplicate((part, sealed): &StoredPart) -> StoredPart {
    (CasePart { id: Uuid::new_v4(), ..part.clone() }, sealed.clone())
}

fn note_texts(case: &VerifiedCase) -> Vec<&str> {
    case.notes.iter().map(|note| &*note.note.text).collect()
}

#[tokio::test]
async fn a_note_is_shown_once_and_in_the_order_of_the_signed_events() {
    let environment = TestEnvironment::start();
    let (reporter, other) = (environment.file_report(&[]), environment.file_report(&[]));
    let mut lead = environment.connect("lead").await;
    for case in [&reporter, &other] {
        claim_case(&mut lead, case).await;
    }
    add_notes(&mut lead, &reporter, &["first", "second"]).await;
    add_notes(&mut lead, &other, &["elsewhere"]).await;
    let honest = environment.handler.with_case(reporter.case, |stored| stored.parts.clone());
    let foreign = environment
        .handler
        .with_case(other.case, |stored| stored.parts[positions(stored, PartKind::Note)[0]].clone());
    let read = async |change: &dyn Fn(&mut StoredCase, &[usize])| {
        environment.handler.with_case(reporter.case, |stored| {
            stored.parts.clone_from(&honest);
            change(stored, &positions(stored, PartKind::Note));
        });
        environment.connect("lead").await.read_case(reporter.case).await.unwrap()
    };

    let case = read(&|_, _| ()).await;
    assert_eq!((note_texts(&case), alert_codes(&case.alarms)), (vec!["first", "second"], vec![]));
    // The order of parts is not signed. The order of events is.
    let case = read(&|stored, notes| stored.parts.swap(notes[0], notes[1])).await;
    assert_eq!((note_texts(&case), alert_codes(&case.alarms)), (vec!["first", "second"], vec![]));
    let case = read(&|stored, notes| stored.parts.push(duplicate(&stored.parts[notes[0]]))).await;
    assert_eq!(note_texts(&case), ["first", "second"], "a note that is returned twice");
    assert_eq!(alert_codes(&case.alarms), [AlertCode::Replayed]);
    let case = read(&|stored, notes| stored.parts[notes[0]] = foreign.clone()).await;
    assert_eq!(note_texts(&case), ["second"], "a note of another case");
    assert_eq!(alert_codes(&case.alarms), [AlertCode::Forged, AlertCode::Withheld]);
    let case = read(&|stored, notes| *stored.parts[notes[0]].1.last_mut().unwrap() ^= 1).await;
    assert_eq!(note_texts(&case), ["second"], "a changed note");
    assert_eq!(alert_codes(&case.alarms), [AlertCode::Damaged]);
}

#[tokio::test]
async fn a_copy_of_a_reply_is_shown_once_and_only_in_its_case() {
    let environment = TestEnvironment::start();
    let (reporter, other) = (environment.file_report(&[]), environment.file_report(&[]));
    let mut lead = environment.connect("lead").await;
    for case in [&reporter, &other] {
        let mut claimed = claim_case(&mut lead, case).await;
        let reply = ReplyInput { text: "We look into it.", lang: "en" };
        lead.send_reply(&mut claimed, reply).await.unwrap();
    }
    let honest = environment.handler.with_case(reporter.case, |stored| stored.parts.clone());
    let foreign = environment.handler.with_case(other.case, |stored| {
        stored.parts[positions(stored, PartKind::ReplyCopy)[0]].clone()
    });
    let read = async |change: &dyn Fn(&mut StoredCase, usize)| {
        environment.handler.with_case(reporter.case, |stored| {
            stored.parts.clone_from(&honest);
            let copies = positions(stored, PartKind::ReplyCopy);
            change(stored, copies[0]);
        });
        let case = environment.connect("lead").await.read_case(reporter.case).await.unwrap();
        (case.thread.outgoing.len(), alert_codes(&case.alarms))
    };
    assert_eq!(read(&|_, _| ()).await, (1, vec![]));
    let twice = |stored: &mut StoredCase, at: usize| {
        stored.parts.push(duplicate(&stored.parts[at]));
    };
    assert_eq!(read(&twice).await, (1, vec![AlertCode::Replayed]));
    let moved = |stored: &mut StoredCase, at: usize| stored.parts[at] = foreign.clone();
    assert_eq!(read(&moved).await, (0, vec![AlertCode::Forged, AlertCode::Withheld]));
    let changed = |stored: &mut StoredCase, at: usize| *stored.parts[at].1.last_mut().unwrap() ^= 1;
    assert_eq!(read(&changed).await, (0, vec![AlertCode::Damaged]));
    let dropped = |stored: &mut StoredCase, at: usize| drop(stored.parts.remove(at));
    assert_eq!(read(&dropped).await, (0, vec![AlertCode::Withheld]));
}

#[tokio::test]
async fn a_file_of_another_case_or_a_second_copy_of_a_file_is_not_saved() {
    let environment = TestEnvironment::start();
    let (reporter, other) = (environment.file_report(&[]), environment.file_report(&[]));
    let lead = &mut environment.connect("lead").await;
    let honest = environment.handler.with_case(reporter.case, |stored| stored.parts.clone());
    let foreign = environment.handler.with_case(other.case, |stored| {
        stored.parts[positions(stored, PartKind::Attachment)[0]].clone()
    });
    let folder = environment.installation.dir.path();
    let mut saved_files = async |name: &str, change: &dyn Fn(&mut StoredCase, usize)| {
        environment.handler.with_case(reporter.case, |stored| {
            stored.parts.clone_from(&honest);
            let files = positions(stored, PartKind::Attachment);
            change(stored, files[0]);
        });
        let case = lead.read_case(reporter.case).await.unwrap();
        let (saved, alarms) =
            lead.save_attachments(&case, &folder.join(name), |_| ()).await.unwrap();
        (saved.len(), alert_codes(&alarms))
    };
    assert_eq!(saved_files("honest", &|_, _| ()).await, (1, vec![]));
    let moved = |stored: &mut StoredCase, at: usize| stored.parts[at] = foreign.clone();
    assert_eq!(saved_files("moved", &moved).await, (0, vec![AlertCode::Damaged]));
    let twice = |stored: &mut StoredCase, at: usize| {
        stored.parts.insert(at, duplicate(&stored.parts[at]));
    };
    assert_eq!(saved_files("twice", &twice).await, (1, vec![]));
}
