//! Digests, against servers on this machine: a chat and a mail server, which must hear the same.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod examined;
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
    notify::{MailConfig, Notifier, NotifyError, TEXT, Way, Webhook},
    office::Office,
};
use common::World;
use envelope::{event::Action, life::Calendar, submission::Urgency};
use mail_server::{MailServer, Manner};
use mails::{address, letters, post_office};
use time::Duration;
use tokio::net::TcpListener;

const DESK: [&str; 4] = ["awa", "bila", "coumba", "eva"];

/// Who was told what.
type Heard = Arc<Mutex<Vec<(String, serde_json::Value)>>>;

async fn listen(heard: Heard) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let take =
        async |State(heard): State<Heard>, Path(who): Path<String>, Json(body): Json<serde_json::Value>| {
            heard.lock().unwrap().push((who, body));
        };
    let app = Router::new().route("/{who}", post(take)).with_state(heard);
    let server = axum_server::from_tcp(listener.into_std().unwrap()).unwrap();
    tokio::spawn(server.serve(app.into_make_service()));
    url
}

struct Ears {
    heard: Heard,
    mail: MailServer,
    notifier: Notifier,
}

impl Ears {
    async fn open() -> Self {
        let heard = Heard::default();
        let url = listen(Arc::clone(&heard)).await;
        let mail = MailServer::start(Manner::Takes);
        let mut mails = post_office(&format!("smtp://127.0.0.1:{}", mail.port), &DESK).mails().unwrap();
        let both = |who: &&str| {
            let webhook = Way::Webhook(Webhook::new(&format!("{url}/{who}")).unwrap());
            ((*who).to_owned(), vec![webhook, Way::Mail(mails.remove(*who).unwrap())])
        };
        let ways = DESK.iter().map(both).collect();
        Self { heard, mail, notifier: Notifier::new(Vec::new(), ways) }
    }

    /// Sends, and gives who heard.
    async fn hear(&self, world: &World) -> Vec<String> {
        send(world, &self.notifier).await.unwrap();
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        // Whoever it goes to, and whatever it is about: the same words.
        assert!(heard.iter().all(|(_, body)| *body == serde_json::json!({ "text": TEXT })));
        let mut told: Vec<_> = heard.into_iter().map(|(who, _)| who).collect();
        told.sort();
        assert_eq!(letters(&self.mail), told.iter().map(|who| address(who)).collect::<Vec<_>>());
        told
    }
}

async fn send(world: &World, notifier: &Notifier) -> Result<u32, NotifyError> {
    let office = Office {
        store: Arc::clone(&world.store),
        log_key: Arc::new(world.log_key.clone()),
        clock: world.clock.clone(),
        today: world.today(),
        calendar: Calendar::new(&["sunday".to_owned()], &[]).unwrap(),
        warn_days: 3,
    };
    let directory = world.current.get().unwrap();
    notifier.send(&office, &directory.directory, world.clock.today()).await
}

#[tokio::test]
async fn one_digest_each_without_a_word_of_what_it_is_and_none_once_somebody_has_acted() {
    let mut world = World::new().await;
    let ears = Ears::open().await;
    let nobody: [&str; 0] = [];
    assert_eq!(ears.hear(&world).await, nobody, "nothing waits");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (report, _) = world.report(&DESK);
        world.file(&report).await.unwrap();
        ids.push(report.header.case.id);
    }
    // P2 is to be triaged within three days: the whole desk is told, once each, and not the outside body, which cannot read it yet.
    assert_eq!(ears.hear(&world).await, ["awa", "bila", "coumba"]);
    for id in ids {
        world.act("bila", id, Action::Claimed).await.unwrap();
        world.act("bila", id, Action::Read).await.unwrap();
        let (from, to) = (envelope::life::Stage::Received, envelope::life::Stage::Triaged);
        world.act("bila", id, Action::Moved { from, to, reason: None }).await.unwrap();
    }
    assert_eq!(ears.hear(&world).await, nobody, "somebody has acted");
    // Four days before the acknowledgement is due nobody is pressed; three days before, who has the cases is.
    world.clock.advance(Duration::days(3));
    assert_eq!(ears.hear(&world).await, nobody);
    world.clock.advance(Duration::days(1));
    assert_eq!(ears.hear(&world).await, ["bila"]);
    world.clock.advance(Duration::days(2));
    assert_eq!(ears.hear(&world).await, nobody, "a Sunday");
    let writing = world.store.write().await.unwrap();
    writing.set_away("bila", Some(world.clock.today() + Duration::days(1))).await.unwrap();
    writing.commit().await.unwrap();
    world.clock.advance(Duration::days(1));
    assert_eq!(ears.hear(&world).await, nobody, "on leave");
    world.clock.advance(Duration::days(1));
    assert_eq!(ears.hear(&world).await, ["awa", "bila"], "late: the lead hears of it too");
}

#[tokio::test]
async fn what_is_most_urgent_is_told_on_a_day_of_rest_too() {
    let mut world = World::new().await;
    let ears = Ears::open().await;
    let nobody: [&str; 0] = [];
    while world.clock.today().weekday() != time::Weekday::Sunday {
        world.clock.advance(Duration::days(1));
    }
    let (report, _) = world.report(&DESK);
    world.file(&report).await.unwrap();
    assert_eq!(ears.hear(&world).await, nobody, "P2 waits for Monday");
    let (mut report, _) = world.report(&DESK);
    report.header.urgency = Urgency::P1;
    world.file(&report).await.unwrap();
    assert_eq!(ears.hear(&world).await, ["awa", "bila", "coumba"], "P1 does not");
    let id = report.header.case.id;
    world.act("bila", id, Action::Claimed).await.unwrap();
    let (from, to) = (envelope::life::Stage::Received, envelope::life::Stage::Triaged);
    world.act("bila", id, Action::Moved { from, to, reason: None }).await.unwrap();
    assert_eq!(ears.hear(&world).await, nobody, "triaged, the rest waits for Monday");
}

#[test]
fn nothing_is_sent_over_a_line_that_others_can_read() {
    for url in ["http://chat.internal/hook", "ftp://chat.internal", "hook"] {
        assert!(Webhook::new(url).is_err(), "{url}");
    }
}
