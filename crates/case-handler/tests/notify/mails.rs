//! The content of a mail, and the requirements for a mail server.

use std::path::PathBuf;

use confique::Config as _;

use super::*;
use mail_server::tls_identity;

/// The sender of every message.
const FROM: &str = "Burkindi <burkindi@customs.example>";

pub(super) fn address(handle: &str) -> String {
    format!("{handle}@customs.example")
}

/// Returns the configuration for mails to these members through a server.
pub(super) fn mail_config(server: &str, members: &[&str]) -> MailConfig {
    MailConfig {
        server: server.to_owned(),
        ca: None,
        from: FROM.to_owned(),
        user: None,
        password_file: None,
        to: members.iter().map(|handle| ((*handle).to_owned(), address(handle))).collect(),
    }
}

/// Returns the recipients of messages since the last call. Each message has one recipient, in the
/// envelope and in the header, and differs from the others only in that line and the date.
pub(super) fn delivered_messages(mail: &FakeMailServer) -> Vec<String> {
    let mut to = Vec::new();
    for transcript in mail
        .take_transcript()
        .into_iter()
        .filter(|transcript| transcript.contains(&"DATA".to_owned()))
    {
        let recipients: Vec<_> =
            transcript.iter().filter_map(|line| line.strip_prefix("RCPT TO:<")).collect();
        let [recipient] = recipients[..] else { panic!("one recipient, not {recipients:?}") };
        let recipient = recipient.split('>').next().unwrap();
        let (commands, message) =
            transcript.split_at(transcript.iter().position(|line| line == "DATA").unwrap());
        assert_eq!(commands[0], "EHLO [127.0.0.1]", "the machine name is not sent");
        let message: Vec<_> = message[1..].iter().map(String::as_str).collect();
        let (variable_lines, fixed_lines): (Vec<_>, Vec<_>) = message
            .into_iter()
            .partition(|line| line.starts_with("To: ") || line.starts_with("Date: "));
        assert_eq!(variable_lines.len(), 2);
        assert!(
            variable_lines.contains(&format!("To: {recipient}").as_str()),
            "{variable_lines:?}"
        );
        let [first, second] = DIGEST_TEXT.lines().collect::<Vec<_>>()[..] else {
            panic!("two languages")
        };
        let expected = [
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
        assert_eq!(fixed_lines, expected);
        to.push(recipient.to_owned());
    }
    to.sort();
    to
}

/// Returns members for whom a new report is pending, each with a separate mail server.
async fn fixture_with_pending_case(by: &[(&str, &MailConfig)]) -> (HandlerFixture, Notifier) {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let channel = |(handle, config): &(&str, &MailConfig)| {
        let mail = config.recipients().unwrap().remove(*handle).unwrap();
        ((*handle).to_owned(), vec![NotifyChannel::Mail(mail)])
    };
    let channels: BTreeMap<_, _> = by.iter().map(channel).collect();
    (handler, Notifier::new(Vec::new(), channels))
}

/// Returns the lines of a client that could not deliver a message.
async fn next_transcript(server: &FakeMailServer) -> Vec<String> {
    for _ in 0..600 {
        if let Some(transcript) = server.take_transcript().pop() {
            return transcript;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no client connected");
}

#[tokio::test]
async fn a_server_that_refuses_or_stalls_does_not_stop_others_and_its_text_is_not_repeated() {
    let servers = [ServerBehavior::Rejects, ServerBehavior::Stalls, ServerBehavior::Accepts]
        .map(FakeMailServer::start);
    let configs = [0, 1, 2]
        .map(|n| mail_config(&format!("smtp://127.0.0.1:{}", servers[n].port), &DESK_MEMBERS));
    let (handler, mut notifier) = fixture_with_pending_case(&[
        ("awa", &configs[0]),
        ("bila", &configs[1]),
        ("coumba", &configs[2]),
    ])
    .await;
    notifier.send_timeout = std::time::Duration::from_secs(3);
    let sent =
        tokio::time::timeout(std::time::Duration::from_mins(1), send(&handler, &notifier)).await;
    let error = sent.expect("bounded").unwrap_err();
    assert_eq!(delivered_messages(&servers[2]), ["coumba@customs.example"]);
    for error in [error, send(&handler, &mail_notifier(&configs[0])).await.unwrap_err()] {
        let text = format!("{error} {error:?} {notifier:?} {:?}", configs[0]);
        assert!(!text.contains("customs.example") && !text.contains("who is"), "{text}");
    }
}

fn mail_notifier(config: &MailConfig) -> Notifier {
    let mail = config.recipients().unwrap().remove("awa").unwrap();
    Notifier::new(Vec::new(), [("awa".to_owned(), vec![NotifyChannel::Mail(mail)])].into())
}

/// 0.0.0.0 reaches this machine as any address does, and is not exempt from TLS.
#[tokio::test]
async fn the_notifier_sends_no_mail_to_a_server_without_tls() {
    let server = FakeMailServer::start(ServerBehavior::Accepts);
    let config = mail_config(&format!("smtp://0.0.0.0:{}", server.port), &DESK_MEMBERS);
    let (handler, notifier) = fixture_with_pending_case(&[("awa", &config)]).await;
    assert!(matches!(send(&handler, &notifier).await, Err(NotifyError::Mail(_))));
    let transcript = next_transcript(&server).await;
    assert!(
        transcript.iter().all(|line| line.starts_with("EHLO") || line == "QUIT"),
        "{transcript:?}"
    );
}

#[tokio::test]
async fn the_password_is_sent_only_to_a_server_with_a_trusted_certificate() {
    let (identity, pem) = tls_identity();
    let (_, other_pem) = tls_identity();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (ca, other, password) =
        (file("ca.pem", &pem), file("other.pem", &other_pem), file("password", "open sesame\n"));
    for (behavior, scheme) in [
        (ServerBehavior::ImplicitTls(Arc::clone(&identity)), "smtps://localhost"),
        (ServerBehavior::StartTls(identity), "smtp://0.0.0.0"),
    ] {
        let server = FakeMailServer::start(behavior);
        let mut config = mail_config(&format!("{scheme}:{}", server.port), &DESK_MEMBERS);
        (config.user, config.password_file) = (Some("burkindi".to_owned()), Some(password.clone()));
        for (ca, trusted) in [(None, false), (Some(&other), false), (Some(&ca), true)] {
            config.ca = ca.cloned();
            let (handler, notifier) = fixture_with_pending_case(&[("awa", &config)]).await;
            let sent = send(&handler, &notifier).await;
            assert_eq!(sent.is_ok(), trusted, "{scheme} {ca:?} {sent:?}");
            let transcript = next_transcript(&server).await;
            // base64 of "\0burkindi\0open sesame"
            let authenticated =
                transcript.contains(&"AUTH PLAIN AGJ1cmtpbmRpAG9wZW4gc2VzYW1l".to_owned());
            assert_eq!(authenticated, trusted, "{transcript:?}");
            assert_eq!(
                transcript.iter().any(|line| line.contains("awa")),
                trusted,
                "{transcript:?}"
            );
        }
    }
}

#[test]
fn an_invalid_setting_is_rejected_at_the_start() {
    let valid_config = || mail_config("smtps://mail.customs.example", &DESK_MEMBERS);
    assert!(valid_config().recipients().is_ok());
    let assert_rejected = |change: &dyn Fn(&mut MailConfig)| {
        let mut config = valid_config();
        change(&mut config);
        assert!(matches!(config.recipients(), Err(NotifyError::InvalidSetting(_))));
    };
    for server in [
        "mail.customs.example",
        "http://mail.customs.example",
        "smtps://",
        "smtp://me:secret@mail.internal",
    ] {
        assert_rejected(&|config| config.server = server.to_owned());
    }
    assert_rejected(&|config| config.from = "nobody".to_owned());
    assert_rejected(&|config| {
        drop(config.to.insert("awa".to_owned(), "awa".to_owned()));
    });
    assert_rejected(&|config| config.user = Some("burkindi".to_owned()));
    assert_rejected(&|config| config.password_file = Some(PathBuf::from("/nowhere")));
    assert_rejected(&|config| config.ca = Some(PathBuf::from("/nowhere")));
}

/// Uncomments the example, as an operator does.
#[test]
fn the_shipped_example_works_without_changes() {
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
