//! Digests, against servers on this machine: a chat and a mail server, which must hear the same.
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
    case::{Calendar, event::Action},
    submission::envelope::Urgency,
};
use time::Duration;
use tokio::net::TcpListener;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

/// Who was told what.
type ReceivedWebhooks = Arc<Mutex<Vec<(String, serde_json::Value)>>>;

async fn start_webhook_server(heard: ReceivedWebhooks) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let take = async |State(heard): State<ReceivedWebhooks>,
                      Path(who): Path<String>,
                      Json(body): Json<serde_json::Value>| {
        heard.lock().unwrap().push((who, body));
    };
    let app = Router::new().route("/{who}", post(take)).with_state(heard);
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
        let heard = ReceivedWebhooks::default();
        let url = start_webhook_server(Arc::clone(&heard)).await;
        let mail = FakeMailServer::start(ServerBehavior::Accepts);
        let mut mails = mail_config(&format!("smtp://127.0.0.1:{}", mail.port), &DESK_MEMBERS)
            .recipients()
            .unwrap();
        let both = |who: &&str| {
            let webhook =
                NotifyChannel::Webhook(WebhookChannel::new(&format!("{url}/{who}")).unwrap());
            ((*who).to_owned(), vec![webhook, NotifyChannel::Mail(mails.remove(*who).unwrap())])
        };
        let ways = DESK_MEMBERS.iter().map(both).collect();
        Self { received: heard, mail, notifier: Notifier::new(Vec::new(), ways) }
    }

    /// Sends, and gives who heard.
    async fn send_and_collect(&self, world: &HandlerFixture) -> Vec<String> {
        send(world, &self.notifier).await.unwrap();
        let heard = std::mem::take(&mut *self.received.lock().unwrap());
        // Whoever it goes to, and whatever it is about: the same words.
        assert!(heard.iter().all(|(_, body)| *body == serde_json::json!({ "text": DIGEST_TEXT })));
        let mut told: Vec<_> = heard.into_iter().map(|(who, _)| who).collect();
        told.sort();
        assert_eq!(
            delivered_messages(&self.mail),
            told.iter().map(|who| address(who)).collect::<Vec<_>>()
        );
        told
    }
}

async fn send(world: &HandlerFixture, notifier: &Notifier) -> Result<u32, NotifyError> {
    let office = HandlerContext {
        store: Arc::clone(&world.store),
        log_key: Arc::new(world.log_key.clone()),
        clock: world.clock.clone(),
        trusted_date: world.trusted_date(),
        calendar: Calendar::new(&["sunday".to_owned()], &[]).unwrap(),
        warn_days: 3,
    };
    let directory = world.directories.latest().unwrap();
    notifier.send_digests(&office, &directory.directory, world.clock.today()).await
}

#[tokio::test]
async fn one_digest_each_without_a_word_of_what_it_is_and_none_once_somebody_has_acted() {
    let mut world = HandlerFixture::new().await;
    let ears = NotifyFixture::start().await;
    let nobody: [&str; 0] = [];
    assert_eq!(ears.send_and_collect(&world).await, nobody, "nothing waits");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (report, _) = world.new_report(&DESK_MEMBERS);
        world.ingest(&report).await.unwrap();
        ids.push(report.header.case.id);
    }
    // P2 is to be triaged within three days: the whole desk is told, once each, and not the outside
    // body, which cannot read it yet.
    assert_eq!(ears.send_and_collect(&world).await, ["awa", "bila", "coumba"]);
    for id in ids {
        world.post_action("bila", id, Action::Claimed).await.unwrap();
        world.post_action("bila", id, Action::MarkedHandled).await.unwrap();
        let (from, to) = (protocol::case::Stage::Received, protocol::case::Stage::Triaged);
        world
            .post_action("bila", id, Action::StageChanged { from, to, reason: None })
            .await
            .unwrap();
    }
    assert_eq!(ears.send_and_collect(&world).await, nobody, "somebody has acted");
    // Four days before the acknowledgement is due nobody is pressed; three days before, who has the
    // cases is.
    world.clock.advance(Duration::days(3));
    assert_eq!(ears.send_and_collect(&world).await, nobody);
    world.clock.advance(Duration::days(1));
    assert_eq!(ears.send_and_collect(&world).await, ["bila"]);
    world.clock.advance(Duration::days(2));
    assert_eq!(ears.send_and_collect(&world).await, nobody, "a Sunday");
    let writing = world.store.begin_write().await.unwrap();
    writing.set_absence("bila", Some(world.clock.today() + Duration::days(1))).await.unwrap();
    writing.commit().await.unwrap();
    world.clock.advance(Duration::days(1));
    assert_eq!(ears.send_and_collect(&world).await, nobody, "on leave");
    world.clock.advance(Duration::days(1));
    assert_eq!(
        ears.send_and_collect(&world).await,
        ["awa", "bila"],
        "late: the lead hears of it too"
    );
}

#[tokio::test]
async fn what_is_most_urgent_is_told_on_a_day_of_rest_too() {
    let mut world = HandlerFixture::new().await;
    let ears = NotifyFixture::start().await;
    let nobody: [&str; 0] = [];
    while world.clock.today().weekday() != time::Weekday::Sunday {
        world.clock.advance(Duration::days(1));
    }
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    assert_eq!(ears.send_and_collect(&world).await, nobody, "P2 waits for Monday");
    let (mut report, _) = world.new_report(&DESK_MEMBERS);
    report.header.urgency = Urgency::P1;
    world.ingest(&report).await.unwrap();
    assert_eq!(ears.send_and_collect(&world).await, ["awa", "bila", "coumba"], "P1 does not");
    let id = report.header.case.id;
    world.post_action("bila", id, Action::Claimed).await.unwrap();
    let (from, to) = (protocol::case::Stage::Received, protocol::case::Stage::Triaged);
    world.post_action("bila", id, Action::StageChanged { from, to, reason: None }).await.unwrap();
    assert_eq!(ears.send_and_collect(&world).await, nobody, "triaged, the rest waits for Monday");
}

#[test]
fn nothing_is_sent_over_a_line_that_others_can_read() {
    for url in ["http://chat.internal/hook", "ftp://chat.internal", "hook"] {
        assert!(WebhookChannel::new(url).is_err(), "{url}");
    }
}
