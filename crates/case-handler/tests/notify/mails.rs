//! What stands in a message, and what a mail server must be to be given one.

use std::path::PathBuf;

use confique::Config as _;

use super::*;
use mail_server::tls_identity;

/// The sender, which every message names.
const FROM: &str = "Burkindi <burkindi@customs.example>";

pub(super) fn address(who: &str) -> String {
    format!("{who}@customs.example")
}

/// Messages to these members by way of a server.
pub(super) fn mail_config(server: &str, members: &[&str]) -> MailConfig {
    MailConfig {
        server: server.to_owned(),
        ca: None,
        from: FROM.to_owned(),
        user: None,
        password_file: None,
        to: members.iter().map(|who| ((*who).to_owned(), address(who))).collect(),
    }
}

/// Who was written to since the last time. Each message has one recipient, in the envelope as in
/// the header, and is the same to the byte but for that line and the date.
pub(super) fn delivered_messages(mail: &FakeMailServer) -> Vec<String> {
    let mut to = Vec::new();
    for said in mail.take_transcript().into_iter().filter(|said| said.contains(&"DATA".to_owned()))
    {
        let recipients: Vec<_> =
            said.iter().filter_map(|line| line.strip_prefix("RCPT TO:<")).collect();
        let [recipient] = recipients[..] else { panic!("one recipient, not {recipients:?}") };
        let recipient = recipient.split('>').next().unwrap();
        let (spoken, message) = said.split_at(said.iter().position(|line| line == "DATA").unwrap());
        assert_eq!(spoken[0], "EHLO [127.0.0.1]", "the machine is not named");
        let message: Vec<_> = message[1..].iter().map(String::as_str).collect();
        let (varies, same): (Vec<_>, Vec<_>) = message
            .into_iter()
            .partition(|line| line.starts_with("To: ") || line.starts_with("Date: "));
        assert_eq!(varies.len(), 2);
        assert!(varies.contains(&format!("To: {recipient}").as_str()), "{varies:?}");
        let [first, second] = DIGEST_TEXT.lines().collect::<Vec<_>>()[..] else {
            panic!("two languages")
        };
        let always = [
            "From: Burkindi <burkindi@customs.example>",
            "Subject: Burkindi",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 7bit",
            "",
            first,
            second,
            "",
            ".",
        ];
        assert_eq!(same, always);
        to.push(recipient.to_owned());
    }
    to.sort();
    to
}

/// Members whom a new report waits for, each by a mail server of their own.
async fn fixture_with_pending_case(by: &[(&str, &MailConfig)]) -> (HandlerFixture, Notifier) {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let way = |(who, config): &(&str, &MailConfig)| {
        let mail = config.recipients().unwrap().remove(*who).unwrap();
        ((*who).to_owned(), vec![NotifyChannel::Mail(mail)])
    };
    let ways: BTreeMap<_, _> = by.iter().map(way).collect();
    (world, Notifier::new(Vec::new(), ways))
}

/// What a client said that was not given a chance to hand in a message.
async fn next_transcript(server: &FakeMailServer) -> Vec<String> {
    for _ in 0..600 {
        if let Some(said) = server.take_transcript().pop() {
            return said;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nobody came");
}

#[tokio::test]
async fn a_server_that_refuses_or_stalls_stops_no_other_and_its_words_are_not_repeated() {
    let servers = [ServerBehavior::Rejects, ServerBehavior::Stalls, ServerBehavior::Accepts]
        .map(FakeMailServer::start);
    let offices = [0, 1, 2]
        .map(|n| mail_config(&format!("smtp://127.0.0.1:{}", servers[n].port), &DESK_MEMBERS));
    let (world, mut notifier) = fixture_with_pending_case(&[
        ("awa", &offices[0]),
        ("bila", &offices[1]),
        ("coumba", &offices[2]),
    ])
    .await;
    notifier.send_timeout = std::time::Duration::from_secs(3);
    let sent =
        tokio::time::timeout(std::time::Duration::from_mins(1), send(&world, &notifier)).await;
    let error = sent.expect("bounded").unwrap_err();
    assert_eq!(delivered_messages(&servers[2]), ["coumba@customs.example"]);
    for error in [error, send(&world, &mail_notifier(&offices[0])).await.unwrap_err()] {
        let words = format!("{error} {error:?} {notifier:?} {:?}", offices[0]);
        assert!(!words.contains("customs.example") && !words.contains("who is"), "{words}");
    }
}

fn mail_notifier(office: &MailConfig) -> Notifier {
    let mail = office.recipients().unwrap().remove("awa").unwrap();
    Notifier::new(Vec::new(), [("awa".to_owned(), vec![NotifyChannel::Mail(mail)])].into())
}

/// 0.0.0.0 reaches this machine as any address does, and is not one that is excused from TLS.
#[tokio::test]
async fn nothing_is_said_to_a_server_without_tls() {
    let server = FakeMailServer::start(ServerBehavior::Accepts);
    let office = mail_config(&format!("smtp://0.0.0.0:{}", server.port), &DESK_MEMBERS);
    let (world, notifier) = fixture_with_pending_case(&[("awa", &office)]).await;
    assert!(matches!(send(&world, &notifier).await, Err(NotifyError::Mail(_))));
    let said = next_transcript(&server).await;
    assert!(said.iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{said:?}");
}

#[tokio::test]
async fn a_server_is_believed_by_its_certificate_and_told_the_password_only_then() {
    let (shown, pem) = tls_identity();
    let (_, of_another) = tls_identity();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (ca, other, password) =
        (file("ca.pem", &pem), file("other.pem", &of_another), file("password", "open sesame\n"));
    for (manner, scheme) in [
        (ServerBehavior::ImplicitTls(Arc::clone(&shown)), "smtps://localhost"),
        (ServerBehavior::StartTls(shown), "smtp://0.0.0.0"),
    ] {
        let server = FakeMailServer::start(manner);
        let mut office = mail_config(&format!("{scheme}:{}", server.port), &DESK_MEMBERS);
        (office.user, office.password_file) = (Some("burkindi".to_owned()), Some(password.clone()));
        for (ca, believed) in [(None, false), (Some(&other), false), (Some(&ca), true)] {
            office.ca = ca.cloned();
            let (world, notifier) = fixture_with_pending_case(&[("awa", &office)]).await;
            let sent = send(&world, &notifier).await;
            assert_eq!(sent.is_ok(), believed, "{scheme} {ca:?} {sent:?}");
            let said = next_transcript(&server).await;
            // base64 of "\0burkindi\0open sesame"
            let proved = said.contains(&"AUTH PLAIN AGJ1cmtpbmRpAG9wZW4gc2VzYW1l".to_owned());
            assert_eq!(proved, believed, "{said:?}");
            assert_eq!(said.iter().any(|line| line.contains("awa")), believed, "{said:?}");
        }
    }
}

#[test]
fn a_setting_that_cannot_work_is_refused_at_the_start() {
    let sound = || mail_config("smtps://mail.customs.example", &DESK_MEMBERS);
    assert!(sound().recipients().is_ok());
    let refused = |change: &dyn Fn(&mut MailConfig)| {
        let mut office = sound();
        change(&mut office);
        assert!(matches!(office.recipients(), Err(NotifyError::InvalidSetting(_))));
    };
    for server in [
        "mail.customs.example",
        "http://mail.customs.example",
        "smtps://",
        "smtp://me:secret@mail.internal",
    ] {
        refused(&|office| office.server = server.to_owned());
    }
    refused(&|office| office.from = "nobody".to_owned());
    refused(&|office| office.to.insert("awa".to_owned(), "awa".to_owned()).map_or((), drop));
    refused(&|office| office.user = Some("burkindi".to_owned()));
    refused(&|office| office.password_file = Some(PathBuf::from("/nowhere")));
    refused(&|office| office.ca = Some(PathBuf::from("/nowhere")));
}

/// Takes the comment signs off, as an operator does.
#[test]
fn the_shipped_example_works_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tls")).unwrap();
    std::fs::write(folder.path().join("tls/mail-ca.pem"), tls_identity().1).unwrap();
    std::fs::write(folder.path().join("mail.password"), "open sesame\n").unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/config/case-handler.toml");
    let text = std::fs::read_to_string(shipped).unwrap();
    let (before, rest) = text.split_once("#[notify.webhooks]").unwrap();
    let (example, after) = rest.split_once("\n\n").unwrap();
    let example =
        example.replace("\n#", "\n").replace("\n The", "\n# The").replace("\n this", "\n# this");
    let text = format!("{before}[notify.webhooks]{example}\n\n{after}")
        .replace("times = []", "times = [\"07:30\", \"13:00\"]")
        .replace("/etc/burkindi/", &format!("{}/", folder.path().display()));
    let file = folder.path().join("case-handler.toml");
    std::fs::write(&file, text).unwrap();
    let config = case_handler::Config::builder().file(&file).load().unwrap();
    let notifier = config.notify.notifier().unwrap().unwrap();
    assert!(matches!(
        notifier.channels["inspector-1"][..],
        [NotifyChannel::Webhook(_), NotifyChannel::Mail(_)]
    ));
}
