//! Casework against a case handler in memory, first an honest one, then one that cheats.

mod common;

use std::sync::Arc;

use common::{
    House, PASSPHRASE, cheap,
    handler::{self, Handler, Reporter},
    now, passphrase,
};
use envelope::{
    Hash,
    desk_api::{MAX_REPLY, PartKind},
    directory::DirectoryError,
    frame::FrameKind,
    life::{Disposition, Refusal, Stage},
    receipt::Receipt,
};
use investigator::{Note, NoteKind};
use rand::rngs::OsRng;
use taxonomy::Taxonomy;
use workbench::{
    acting::{ActError, Reply},
    alarm::{Alarm, Code, Severity},
    cases::{Case, ReadError},
    client::{Client, ClientError},
    connection::{ConnectError, Connection, pin},
    home::{Home, Settings},
    keyfile::InvestigatorKey,
    view::CaseView,
};

struct Office {
    house: Arc<House>,
    handler: Handler,
}

impl Office {
    async fn open() -> Self {
        let house = Arc::new(House::new());
        let handler = handler::start(&house).await;
        Self { house, handler }
    }

    fn file(&self, excluded: &[&str]) -> Reporter {
        self.handler.file(&self.house, excluded, "An officer asked me for money.")
    }

    async fn connect(&self, handle: &str) -> Connection {
        self.try_connect(handle).await.unwrap()
    }

    async fn try_connect(&self, handle: &str) -> Result<Connection, ConnectError> {
        let home = self.house.home(handle, &self.handler.url);
        let sealed = workbench::files::read(&home.key_path()).unwrap();
        Connection::open(home, InvestigatorKey::open(&sealed, &passphrase()).unwrap(), now()).await
    }

    /// Reads a case afresh and gives its alarms, without notices.
    async fn alarms(&self, handle: &str, reporter: &Reporter) -> Vec<Code> {
        codes(&self.connect(handle).await.read_case(reporter.case).await.unwrap().alarms)
    }
}

fn codes(alarms: &[Alarm]) -> Vec<Code> {
    let mut codes: Vec<_> =
        alarms.iter().filter(|a| a.severity == Severity::Alarm).map(|alarm| alarm.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

async fn claimed(connection: &mut Connection, reporter: &Reporter) -> Case {
    let mut case = connection.read_case(reporter.case).await.unwrap();
    connection.claim(&mut case).await.unwrap();
    case
}

#[tokio::test]
async fn a_report_is_read_answered_and_closed_by_two_persons() {
    let office = Office::open().await;
    let mut reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let (rows, notices) = lead.queue().await.unwrap();
    assert_eq!((rows.len(), notices.len()), (1, 0));
    let id = lead.find_case(&reporter.case.to_string()[..4]).await.unwrap();
    assert_eq!(id, reporter.case);

    let mut case = claimed(&mut lead, &reporter).await;
    assert_eq!(case.alarms, []);
    let view = CaseView::new(&case, &Taxonomy::built_in(), "en");
    let report = view.report.unwrap();
    assert_eq!(report.story, "An officer asked me for money.");
    assert_eq!(report.category_label, "Unofficial payment to speed things up");
    assert_eq!(view.attachments.len(), 1);

    lead.reply(&mut case, Reply { text: "  Thank you. We look into it. ", lang: "en" }).await.unwrap();
    let laid_out = office.handler.with(reporter.case, |kept| kept.replies[0].clone());
    assert_eq!(reporter.open(&laid_out), "Thank you. We look into it.");
    lead.note(&mut case, &Note { kind: NoteKind::Hypothesis, text: "Same office as last year.".into() })
        .await
        .unwrap();
    lead.move_to(&mut case, Stage::Triaged, None).await.unwrap();

    office.handler.follow_up(&office.house, &mut reporter, "It happened again.");
    let mut case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.notes[0].by, "lead");
    assert_eq!(case.notes[0].note.text, "Same office as last year.");
    let view = CaseView::new(&case, &Taxonomy::built_in(), "en");
    let texts: Vec<_> = view.messages.iter().map(|message| message.text.as_str()).collect();
    assert!(
        texts.contains(&"It happened again.") && texts.contains(&"Thank you. We look into it."),
        "{texts:?}"
    );

    lead.propose_close(&mut case, Disposition::Substantiated).await.unwrap();
    let own = lead.approve_close(&mut case, Disposition::Substantiated).await;
    assert!(matches!(own, Err(ActError::Refused(Refusal::SamePerson(_)))));
    let mut two = office.connect("two").await;
    let mut case = two.read_case(reporter.case).await.unwrap();
    two.approve_close(&mut case, Disposition::Substantiated).await.unwrap();
    assert_eq!(office.alarms("lead", &reporter).await, []);
    assert_eq!(office.handler.with(reporter.case, |kept| kept.state.stage), Stage::Closed);
}

#[tokio::test]
async fn texts_that_are_empty_or_too_long_are_not_sent() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    let empty = lead.reply(&mut case, Reply { text: " \n", lang: "fr" }).await;
    assert!(matches!(empty, Err(ActError::Empty)));
    let long = "x".repeat(MAX_REPLY);
    let long = lead.reply(&mut case, Reply { text: &long, lang: "fr" }).await;
    assert!(matches!(long, Err(ActError::TooLong { over }) if over > 0));
    assert!(office.handler.with(reporter.case, |kept| kept.replies.is_empty()));
}

#[tokio::test]
async fn whom_the_reporter_excluded_gets_the_case_from_nobody() {
    let office = Office::open().await;
    let reporter = office.file(&["regional"]);
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    let refused = lead.assign(&mut case, "three").await;
    assert!(matches!(refused, Err(ActError::Excluded(who)) if who == "three"));
    let nobody = lead.assign(&mut case, "nobody").await;
    assert!(matches!(nobody, Err(ActError::NotInDirectory(_))));
    lead.assign(&mut case, "two").await.unwrap();
    assert_eq!(case.state.as_ref().unwrap().assignee.as_deref(), Some("two"));
    // Excluded means no row, and an answer as for a case that does not exist.
    let mut three = office.connect("three").await;
    assert_eq!(three.queue().await.unwrap().0.len(), 0);
    assert!(matches!(three.read_case(reporter.case).await, Err(ReadError::Client(ClientError::Refused(_)))));
}

#[tokio::test]
async fn a_colleague_without_a_grant_gets_one_with_the_case() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    // Somebody new sits at the desk since the report was filed.
    office.handler.with(reporter.case, |kept| {
        kept.holders.retain(|holder| holder != "three");
        kept.grants.retain(|(holder, _)| holder != "three");
    });
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    lead.assign(&mut case, "three").await.unwrap();
    let mut three = office.connect("three").await;
    let case = three.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.report().unwrap().story, "An officer asked me for money.");
}

#[tokio::test]
async fn rotation_leaves_one_out_and_keeps_the_outside_body() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    let outside = lead.rotate(&mut case, &["outside".into()], &mut OsRng).await;
    assert!(matches!(outside, Err(ActError::Oversight(_))));
    let stay = lead.rotate(&mut case, &["two".into()], &mut OsRng).await.unwrap();
    assert_eq!(stay, ["lead", "outside", "three"]);
    let grants = office.handler.with(reporter.case, |kept| {
        kept.grants
            .iter()
            .filter(|(_, grant)| grant.generation == 1)
            .map(|(who, _)| who.clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(grants.len(), 3);
    assert!(grants.contains(&"outside".to_owned()) && !grants.contains(&"two".to_owned()));
    // What comes next is sealed with the new keys, and read with them.
    let mut case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    lead.note(&mut case, &Note { kind: NoteKind::Fact, text: "after".into() }).await.unwrap();
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!((case.alarms.len(), case.notes.len(), case.open.id()), (0, 1, reporter.case));
    let newest = office.handler.with(reporter.case, |kept| kept.parts.last().unwrap().0.clone());
    assert_eq!((newest.kind, newest.generation), (PartKind::Note, 1));
}

#[tokio::test]
async fn who_recuses_sees_the_case_no_more_and_hears_no_notice_of_it() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    let mut two = office.connect("two").await;
    let mut case = two.read_case(reporter.case).await.unwrap();
    two.recuse(&mut case).await.unwrap();
    let again = office.connect("two").await;
    let (rows, notices) = again.queue().await.unwrap();
    assert_eq!((rows.len(), notices.len()), (0, 0));
}

#[tokio::test]
async fn attachments_are_saved_under_safe_names_and_only_when_they_are_the_ones() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let case = lead.read_case(reporter.case).await.unwrap();
    let folder = office.house.dir.path().join("saved");
    let (saved, alarms) = lead.save_attachments(&case, &folder, |_| ()).await.unwrap();
    assert_eq!(alarms, []);
    assert_eq!(saved[0].path, folder.join("photo.jpg"));
    assert_eq!(std::fs::read(&saved[0].path).unwrap(), b"a photograph of a receipt book");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&saved[0].path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Another file, well sealed to the case, in its place: the case handler knows the key to seal to.
    let other = reporter.recipient().seal(b"a harmless picture");
    office.handler.with(reporter.case, |kept| {
        let (part, sealed) =
            kept.parts.iter_mut().find(|(part, _)| part.kind == PartKind::Attachment).unwrap();
        (part.sha256, part.len, *sealed) = (Hash::of(&[&other]), other.len() as u64, other.clone());
    });
    let case = lead.read_case(reporter.case).await.unwrap();
    let (saved, alarms) = lead.save_attachments(&case, &folder, |_| ()).await.unwrap();
    assert_eq!((saved.len(), codes(&alarms)), (0, vec![Code::Damaged]));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[tokio::test]
async fn what_a_case_handler_withholds_is_noticed() {
    let office = Office::open().await;
    let mut reporter = office.file(&[]);
    office.handler.follow_up(&office.house, &mut reporter, "first");
    office.handler.follow_up(&office.house, &mut reporter, "second");
    assert_eq!(office.alarms("lead", &reporter).await, []);
    // A message in the middle.
    let gone = office.handler.with(reporter.case, |kept| {
        let at = kept.parts.iter().position(|(part, _)| part.batch == 1).unwrap();
        kept.parts.remove(at)
    });
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Withheld]);
    office.handler.with(reporter.case, |kept| kept.parts.push(gone));
    // The newest message: nothing refers to it but the log.
    let newest = office.handler.with(reporter.case, |kept| {
        let at = kept.parts.iter().position(|(part, _)| part.batch == 2).unwrap();
        kept.parts.remove(at)
    });
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Withheld]);
    office.handler.with(reporter.case, |kept| kept.parts.push(newest));
    // A file, and the report itself.
    for kind in [PartKind::Attachment, PartKind::Body] {
        let at = office.handler.with(reporter.case, |kept| {
            kept.parts.iter().position(|(part, _)| part.kind == kind && part.batch == 0).unwrap()
        });
        let gone = office.handler.with(reporter.case, |kept| kept.parts.remove(at));
        assert_eq!(office.alarms("lead", &reporter).await, [Code::Withheld], "{kind:?}");
        office.handler.with(reporter.case, |kept| kept.parts.insert(at, gone));
    }
    assert_eq!(office.alarms("lead", &reporter).await, []);
}

#[tokio::test]
async fn a_withheld_note_and_an_invented_one_are_noticed() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    lead.note(&mut case, &Note { kind: NoteKind::Fact, text: "a fact".into() }).await.unwrap();
    // Everybody can seal to `C`; only a signed event makes it a note.
    let invented = serde_json::to_vec(&Note { kind: NoteKind::Fact, text: "no fact".into() }).unwrap();
    let invented = reporter.recipient().seal(&invented);
    let at = office.handler.with(reporter.case, |kept| {
        kept.add(PartKind::Note, 0, 9, invented);
        kept.parts.len() - 1
    });
    let read = office.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(codes(&read.alarms), [Code::Forged]);
    assert_eq!(read.notes.len(), 1);
    office.handler.with(reporter.case, |kept| kept.parts.drain(at - 1..).count());
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Withheld]);
}

#[tokio::test]
async fn forged_and_replayed_messages_are_noticed_and_not_shown() {
    let office = Office::open().await;
    let mut reporter = office.file(&[]);
    let mut stranger = office.file(&[]);
    // Signed by another reporter, sealed to this case, and filed with a matching log.
    let forged = stranger.frame(FrameKind::Message, b"I take it all back.", Vec::new());
    let forged = reporter.recipient().seal(&forged);
    office.handler.follow_up(&office.house, &mut reporter, "true");
    office.handler.with(reporter.case, |kept| {
        let (part, sealed) = kept.parts.last_mut().unwrap();
        (part.sha256, part.len, *sealed) = (Hash::of(&[&forged]), forged.len() as u64, forged.clone());
    });
    let case = office.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(codes(&case.alarms), [Code::Forged]);
    assert_eq!(case.thread.incoming.len(), 1);
    // The report once more, as if it were news.
    office.handler.with(reporter.case, |kept| {
        let (report, sealed) =
            kept.parts.iter().find(|(part, _)| part.kind == PartKind::Body).unwrap().clone();
        let (part, last) = kept.parts.last_mut().unwrap();
        (part.sha256, part.len, *last) = (report.sha256, report.len, sealed);
    });
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Replayed]);
}

#[tokio::test]
async fn damage_on_the_way_is_noticed() {
    let office = Office::open().await;
    let mut reporter = office.file(&[]);
    office.handler.follow_up(&office.house, &mut reporter, "text");
    office.handler.with(reporter.case, |kept| *kept.parts.last_mut().unwrap().1.last_mut().unwrap() ^= 1);
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Damaged]);
}

#[tokio::test]
async fn a_grant_of_another_case_or_for_another_key_does_not_open() {
    let office = Office::open().await;
    let (mine, other) = (office.file(&[]), office.file(&[]));
    let foreign = office.handler.with(other.case, |kept| kept.grants.clone());
    let own = office.handler.with(mine.case, |kept| std::mem::replace(&mut kept.grants, foreign));
    let mut lead = office.connect("lead").await;
    assert!(matches!(lead.read_case(mine.case).await, Err(ReadError::Grants(_))));
    let of_two =
        own.into_iter().filter(|(holder, _)| holder == "two").map(|(_, grant)| ("lead".to_owned(), grant));
    office.handler.with(mine.case, |kept| kept.grants = of_two.collect());
    assert!(matches!(lead.read_case(mine.case).await, Err(ReadError::Grants(_))));
}

#[tokio::test]
async fn another_mailbox_key_is_noticed_and_no_reply_is_sealed_to_it() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    lead.reply(&mut case, Reply { text: "first", lang: "en" }).await.unwrap();
    let handlers_own = Receipt::generate(&mut OsRng).mailbox_identity().recipient();
    office.handler.with(reporter.case, |kept| kept.mailbox = handlers_own);
    let mut case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(codes(&case.alarms), [Code::RecipientChanged]);
    let refused = lead.reply(&mut case, Reply { text: "second", lang: "en" }).await;
    assert!(matches!(refused, Err(ActError::RecipientChanged)));
    // A colleague who reads the case for the first time learns it from the signed reply.
    assert_eq!(office.alarms("two", &reporter).await, [Code::RecipientChanged]);
}

#[tokio::test]
async fn a_case_that_is_rolled_back_or_told_otherwise_is_noticed() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    let before = office.handler.with(reporter.case, |kept| kept.state.clone());
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    lead.move_to(&mut case, Stage::Triaged, None).await.unwrap();
    // Another state than the events tell.
    let after = office.handler.with(reporter.case, |kept| std::mem::replace(&mut kept.state, before.clone()));
    assert_eq!(office.alarms("lead", &reporter).await, [Code::StateDiffers]);
    // An older log that fits an older state.
    office.handler.shelf.lock().unwrap().log.truncate(1);
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Rollback]);
    // The alarm stays until the truth is back: a rolled-back case is not remembered as seen.
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Rollback]);
    assert_ne!(after, before);
}

#[tokio::test]
async fn the_outside_body_audits_the_whole_log_and_remembers_its_end() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    office.file(&["regional"]);
    let mut lead = office.connect("lead").await;
    claimed(&mut lead, &reporter).await;
    let mut outside = office.connect("outside").await;
    let export = outside.export().await.unwrap();
    assert!(export.whole);
    let audit = outside.audit(&export).unwrap();
    assert_eq!((audit.entries, audit.cases.len(), audit.alarms.len()), (3, 2, 0));
    // A member's export is of own cases only.
    let export = lead.export().await.unwrap();
    assert_eq!((export.whole, export.entries.len()), (false, 3));
    assert_eq!(lead.audit(&export).unwrap().alarms, []);
    assert_eq!(office.connect("three").await.export().await.unwrap().entries.len(), 2);
    // The newest entry vanishes, between two audits.
    office.handler.shelf.lock().unwrap().log.pop();
    let mut outside = office.connect("outside").await;
    let export = outside.export().await.unwrap();
    assert_eq!(codes(&outside.audit(&export).unwrap().alarms), [Code::Rollback]);
    let mut lead = office.connect("lead").await;
    let export = lead.export().await.unwrap();
    assert_eq!(codes(&lead.audit(&export).unwrap().alarms), [Code::Rollback]);
}

#[tokio::test]
async fn a_case_that_vanishes_from_the_queue_is_told() {
    let office = Office::open().await;
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    lead.read_case(reporter.case).await.unwrap();
    office.handler.with(reporter.case, |kept| kept.holders.clear());
    let (_, notices) = lead.queue().await.unwrap();
    assert_eq!((notices.len(), notices[0].code), (1, Code::Withheld));
}

#[tokio::test]
async fn a_directory_that_is_rolled_back_unsigned_or_expired_is_refused() {
    let office = Office::open().await;
    let first = office.house.signed();
    let second = office.house.sign();
    office.handler.shelf.lock().unwrap().directories.push(second.clone());
    office.connect("lead").await;
    office.handler.shelf.lock().unwrap().directories.pop();
    let back = office.try_connect("lead").await;
    assert!(matches!(back, Err(ConnectError::Directory(DirectoryError::RolledBack { found: 1, seen: 2 }))));

    let mut unsigned = second;
    unsigned.signatures.truncate(1);
    office.handler.shelf.lock().unwrap().directories.push(unsigned);
    let unsigned = office.try_connect("lead").await;
    assert!(matches!(
        unsigned,
        Err(ConnectError::Directory(DirectoryError::Unsigned { valid: 1, needed: 2 }))
    ));

    office.handler.shelf.lock().unwrap().directories = vec![first];
    let home = office.house.home("two", &office.handler.url);
    let key = office.house.key("two").seal(&passphrase(), cheap());
    let key = InvestigatorKey::open(&key, &passphrase()).unwrap();
    let late = Connection::open(home, key, now() + time::Duration::days(31)).await;
    assert!(matches!(late, Err(ConnectError::Directory(DirectoryError::Expired(_)))));
}

#[tokio::test]
async fn only_the_pinned_authority_and_the_pinned_root_keys_are_believed() {
    let (office, other) = (Office::open().await, House::new());
    let settings = Settings { handler: office.handler.url.clone() };
    let home = Home::at(office.house.dir.path().join("new"));
    let wrong_ca = pin(&home, &settings, &other.ca(), &office.house.trust, now()).await;
    assert!(matches!(wrong_ca, Err(ConnectError::Client(ClientError::Unreachable(_)))));
    let wrong_trust = pin(&home, &settings, &office.house.ca(), &other.trust, now()).await;
    assert!(matches!(wrong_trust, Err(ConnectError::Directory(DirectoryError::Unsigned { .. }))));
    assert!(!home.dir().exists(), "nothing is written before all has been verified");
    pin(&home, &settings, &office.house.ca(), &office.house.trust, now()).await.unwrap();
    assert_eq!(home.settings().unwrap(), settings);
    let plain = Client::new(&settings.handler.replace("https", "http"), &office.house.ca());
    assert!(matches!(plain, Err(ClientError::Address(_))));
}

#[tokio::test]
async fn a_stranger_gets_no_session() {
    let office = Office::open().await;
    let home = office.house.home("lead", &office.handler.url);
    let impostor = InvestigatorKey::generate("lead", &mut OsRng).unwrap();
    let refused = Connection::open(home, impostor, now()).await;
    assert!(matches!(refused, Err(ConnectError::Client(ClientError::Refused(_)))));
    assert_ne!(PASSPHRASE, "");
}
