//! Digests, against a webhook server and a mail server on this machine, which must receive the
//! same.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod doctor_checks;
mod mail_server;
mod mails;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use case_handler::{
    context::HandlerContext,
    notify::{DIGEST_TEXT, MailConfig, Notifier, NotifyChannel, NotifyError, WebhookChannel},
};
use common::HandlerFixture;
use mail_server::{FakeMailServer, ServerBehavior};
use mails::{address, delivered_messages, mail_config};
use protocol::{
    Priority,
    case::{Calendar, Decision, event::Action},
};
use time::Duration;
use tokio::net::TcpListener;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

/// Received webhook bodies with the handle.
type ReceivedWebhooks = Arc<Mutex<Vec<(String, serde_json::Value)>>>;

async fn start_webhook_server(received: ReceivedWebhooks) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let receive = async |State(received): State<ReceivedWebhooks>,
                         Path(handle): Path<String>,
                         Json(body): Json<serde_json::Value>| {
        received.lock().unwrap().push((handle, body));
    };
    let app = Router::new().route("/{handle}", post(receive)).with_state(received);
    let server = axum_server::from_tcp(listener.into_std().unwrap()).unwrap();
    tokio::spawn(server.serve(app.into_make_service()));
    url
}

struct NotifyFixture {
    received: ReceivedWebhooks,
    mail: FakeMailServer,
    notifier: Notifier,
}

impl NotifyFixture {
    async fn start() -> Self {
        let received = ReceivedWebhooks::default();
        let url = start_webhook_server(Arc::clone(&received)).await;
        let mail = FakeMailServer::start(ServerBehavior::Accepts);
        let mut mails = mail_config(&format!("smtp://127.0.0.1:{}", mail.port), &DESK_MEMBERS)
            .recipients()
            .unwrap();
        let both = |handle: &&str| {
            let webhook =
                NotifyChannel::Webhook(WebhookChannel::new(&format!("{url}/{handle}")).unwrap());
            (
                (*handle).to_owned(),
                vec![webhook, NotifyChannel::Mail(mails.remove(*handle).unwrap())],
            )
        };
        let channels = DESK_MEMBERS.iter().map(both).collect();
        Self { received, mail, notifier: Notifier::new(Vec::new(), channels) }
    }

    /// Sends the digests, and returns the handles of the members who received one.
    async fn send_and_collect(&self, handler: &HandlerFixture) -> Vec<String> {
        send(handler, &self.notifier).await.unwrap();
        let received = std::mem::take(&mut *self.received.lock().unwrap());
        // The text is the same for every member and every case.
        assert!(
            received.iter().all(|(_, body)| *body == serde_json::json!({ "text": DIGEST_TEXT }))
        );
        let mut notified: Vec<_> = received.into_iter().map(|(handle, _)| handle).collect();
        notified.sort();
        assert_eq!(
            delivered_messages(&self.mail),
            notified.iter().map(|handle| address(handle)).collect::<Vec<_>>()
        );
        notified
    }
}

async fn send(handler: &HandlerFixture, notifier: &Notifier) -> Result<u32, NotifyError> {
    let context = HandlerContext {
        store: Arc::clone(&handler.store),
        log_keys: Arc::new(handler.log_key.clone().into()),
        clock: handler.clock.clone(),
        trusted_date: handler.trusted_date(),
        calendar: Calendar::new(&["sunday".to_owned()], &[]).unwrap(),
        warn_days: 3,
    };
    let directory = handler.directories.latest().unwrap();
    notifier.send_digests(&context, &directory.directory, handler.clock.today()).await
}

#[tokio::test]
async fn each_member_gets_one_digest_without_details_and_none_after_a_member_acted() {
    let mut handler = HandlerFixture::new().await;
    let channels = NotifyFixture::start().await;
    let none: [&str; 0] = [];
    assert_eq!(channels.send_and_collect(&handler).await, none, "nothing is pending");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (report, _) = handler.new_report(&DESK_MEMBERS);
        handler.ingest(&report).await.unwrap();
        ids.push(report.header.case.id);
    }
    // P2 has a triage deadline of three days: each member of the desk gets one digest. The
    // oversight body gets none, because it cannot read the cases yet.
    assert_eq!(channels.send_and_collect(&handler).await, ["awa", "bila", "coumba"]);
    for id in ids {
        handler.post_action("bila", id, Action::Claimed).await.unwrap();
        handler.post_action("bila", id, Action::MarkedHandled).await.unwrap();
        let (from, to) = (protocol::case::Stage::Received, protocol::case::Stage::Triaged);
        handler
            .post_action("bila", id, Action::StageChanged { from, to, reason: None })
            .await
            .unwrap();
    }
    assert_eq!(channels.send_and_collect(&handler).await, none, "a member has acted");
    // Four days before the deadline of the acknowledgement there is no digest; three days before,
    // the assignee gets one.
    handler.clock.advance(Duration::days(3));
    assert_eq!(channels.send_and_collect(&handler).await, none);
    handler.clock.advance(Duration::days(1));
    assert_eq!(channels.send_and_collect(&handler).await, ["bila"]);
    handler.clock.advance(Duration::days(2));
    assert_eq!(channels.send_and_collect(&handler).await, none, "a Sunday");
    let transaction = handler.store.begin_write().await.unwrap();
    transaction.set_absence("bila", Some(handler.clock.today() + Duration::days(1))).await.unwrap();
    transaction.commit().await.unwrap();
    handler.clock.advance(Duration::days(1));
    assert_eq!(channels.send_and_collect(&handler).await, none, "absent");
    handler.clock.advance(Duration::days(1));
    assert_eq!(
        channels.send_and_collect(&handler).await,
        ["awa", "bila"],
        "overdue: the lead gets a digest too"
    );
}

#[tokio::test]
async fn the_most_urgent_cases_cause_digests_on_weekends_too() {
    let mut handler = HandlerFixture::new().await;
    let channels = NotifyFixture::start().await;
    let none: [&str; 0] = [];
    while handler.clock.today().weekday() != time::Weekday::Sunday {
        handler.clock.advance(Duration::days(1));
    }
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    assert_eq!(channels.send_and_collect(&handler).await, none, "P2 waits for Monday");
    let (mut report, _) = handler.new_report(&DESK_MEMBERS);
    report.header.priority = Priority::P1;
    handler.ingest(&report).await.unwrap();
    assert_eq!(channels.send_and_collect(&handler).await, ["awa", "bila", "coumba"], "P1 does not");
    let id = report.header.case.id;
    handler.post_action("bila", id, Action::Claimed).await.unwrap();
    let (from, to) = (protocol::case::Stage::Received, protocol::case::Stage::Triaged);
    handler.post_action("bila", id, Action::StageChanged { from, to, reason: None }).await.unwrap();
    assert_eq!(
        channels.send_and_collect(&handler).await,
        none,
        "triaged, the rest waits for Monday"
    );
}

#[tokio::test]
async fn each_reader_who_can_approve_an_unreadable_closing_gets_a_digest() {
    let mut handler = HandlerFixture::new().await;
    let channels = NotifyFixture::start().await;
    let (mut report, _) = handler.new_report(&DESK_MEMBERS);
    // The triage is due in 30 days, so the case waits for the suggested member only.
    report.header.priority = Priority::P4;
    handler.ingest(&report).await.unwrap();
    let proposed = Action::Proposed(Decision::CLOSE_AS_UNREADABLE);
    handler.post_action("awa", report.header.case.id, proposed).await.unwrap();
    let notified = channels.send_and_collect(&handler).await;
    for reader in ["bila", "coumba"] {
        assert!(notified.contains(&reader.to_owned()), "{reader} is not in {notified:?}");
    }
}

#[test]
fn an_unencrypted_webhook_url_is_rejected() {
    for url in ["http://chat.internal/hook", "ftp://chat.internal", "hook"] {
        assert!(WebhookChannel::new(url).is_err(), "{url}");
    }
}
