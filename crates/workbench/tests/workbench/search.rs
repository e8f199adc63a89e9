//! Search over all of a member's cases.

use std::fs;

use crate::common::environment::{TestEnvironment, claim_case, declare_all};
use http::StatusCode;
use investigator::{Note, NoteKind};
use protocol::api::workbench::PartKind;
use taxonomy::Taxonomy;
use uuid::Uuid;
use workbench::{
    actions::ReplyInput,
    alert::{AlertCode, has_alarm},
    error_kind::ErrorKind,
    search::{Index, IndexError, IndexStats, RelationKind, SearchFilter},
    session::HandlerConnection,
};

async fn updated_index(connection: &mut HandlerConnection) -> (Index, IndexStats) {
    let mut index = Index::open(connection.profile(), connection.key()).await.unwrap();
    let updated = index.update(connection, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    index.save(connection.profile(), connection.key()).await.unwrap();
    (index, updated)
}

async fn search_ids(index: &mut Index, words: &str) -> Vec<Uuid> {
    let hits = index.search(words, &SearchFilter::default(), 20).await.unwrap();
    hits.into_iter().map(|hit| hit.case).collect()
}

#[tokio::test]
async fn words_are_found_without_accents_in_every_text_of_a_case() {
    let environment = TestEnvironment::start();
    let file = |story| environment.handler.file_report(&environment.installation, &[], story);
    let mut one = file("Au poste de Dakola, l’agent exigeait un « cadeau » à chaque déclaration.");
    let two = file("A la brigade, on m'a demandé de l'argent.");
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &one).await;
    declare_all(&mut lead, &[&two]).await;
    lead.send_reply(&mut case, ReplyInput { text: "Était-ce de nuit ?", lang: "fr" })
        .await
        .unwrap();
    let note = Note { kind: NoteKind::Hypothesis, text: "Voir le registre du péage.".into() };
    lead.add_note(&mut case, &note).await.unwrap();
    environment.handler.follow_up(
        &environment.installation,
        &mut one,
        "Toujours le même الجمارك jeudi.",
    );

    let (mut index, updated) = updated_index(&mut lead).await;
    assert_eq!((updated.indexed, updated.removed), (2, 0));
    for words in [
        "dakola",
        "DECLARATION",
        "déclar",
        "cadeau agent",
        "\"poste de dakola\"",
        "etait nuit",
        "registre peage",
        "الجمارك",
        "jeudi -brigade",
        "paying faster -brigade",
        "payer \"a chaque\"",
        "photo dakola",
    ] {
        assert_eq!(search_ids(&mut index, words).await, [one.case], "{words}");
    }
    assert_eq!(search_ids(&mut index, "faster").await.len(), 2);
    assert_eq!(search_ids(&mut index, "argent brigade").await, [two.case]);
    for nothing in ["dakola brigade", "\"dakola de poste\"", "akola", "quittance"] {
        assert_eq!(search_ids(&mut index, nothing).await, [] as [Uuid; 0], "{nothing}");
    }
    assert!(matches!(
        index.search("!! -x", &SearchFilter::default(), 20).await,
        Err(IndexError::EmptyQuery)
    ));

    let hits = index.search("dakola", &SearchFilter::default(), 20).await.unwrap();
    let around = &hits[0].around;
    assert!(around.iter().any(|piece| piece.found && piece.text == "Dakola"), "{around:?}");

    let mine = SearchFilter { assignee: Some("lead".into()), ..SearchFilter::default() };
    assert_eq!(index.search("faster", &mine, 20).await.unwrap().len(), 1);
    let elsewhere = SearchFilter { category: Some("EXT".into()), ..SearchFilter::default() };
    assert_eq!(index.search("faster", &elsewhere, 20).await.unwrap(), []);
    assert_eq!(index.search("faster", &SearchFilter::default(), 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_second_start_reads_only_changes_and_the_file_reveals_nothing() {
    let environment = TestEnvironment::start();
    let mut one =
        environment.handler.file_report(&environment.installation, &[], "Un canari dans la mine.");
    let two = environment.handler.file_report(&environment.installation, &[], "Rien.");
    let mut lead = environment.connect("lead").await;
    declare_all(&mut lead, &[&one, &two]).await;
    assert_eq!(updated_index(&mut lead).await.1.indexed, 2);
    assert_eq!(updated_index(&mut lead).await.1.indexed, 0);
    let path = lead.profile().index_path();
    let sealed = fs::read(&path).unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"canari"));
    assert!(sealed.starts_with(b"age-encryption.org/v1"));

    environment.handler.follow_up(&environment.installation, &mut one, "Un second canari.");
    let (mut now, updated) = updated_index(&mut lead).await;
    assert_eq!(updated.indexed, 1);
    assert_eq!(search_ids(&mut now, "second").await, [one.case]);

    // A case that the member lost is removed completely.
    environment
        .handler
        .with_case(one.case, |stored| stored.holders.retain(|holder| holder != "lead"));
    let (mut now, updated) = updated_index(&mut lead).await;
    assert_eq!((updated.indexed, updated.removed), (0, 1));
    assert_eq!(search_ids(&mut now, "canari").await, [] as [Uuid; 0]);
    assert_eq!(search_ids(&mut now, "rien").await, [two.case]);
    let plain = lead.key().identity().open(&fs::read(&path).unwrap()).unwrap();
    assert!(!plain.windows(6).any(|window| window == b"canari"), "nothing is left in the pages");
}

#[tokio::test]
async fn a_damaged_or_foreign_index_is_rebuilt() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let (mut lead, mut two) = (environment.connect("lead").await, environment.connect("two").await);
    declare_all(&mut lead, &[&reporter]).await;
    updated_index(&mut lead).await;
    updated_index(&mut two).await;
    let path = lead.profile().index_path();
    let own = fs::read(&path).unwrap();

    // Anyone who knows the public key can seal an index to it, but cannot sign it.
    let plain = two.key().identity().open(&fs::read(two.profile().index_path()).unwrap()).unwrap();
    let forged = lead.key().identity().recipient().seal(&plain);
    for bad in [own[..own.len() - 1].to_vec(), Vec::new(), b"nothing".to_vec(), forged] {
        fs::write(&path, bad).unwrap();
        let (mut again, updated) = updated_index(&mut lead).await;
        assert_eq!(updated.indexed, 1);
        assert_eq!(search_ids(&mut again, "money").await.len(), 1);
    }
}

#[tokio::test]
async fn a_case_that_does_not_open_is_an_alarm_and_the_others_are_indexed() {
    let environment = TestEnvironment::start();
    let (bad, good) = (environment.file_report(&[]), environment.file_report(&[]));
    let mut lead = environment.connect("lead").await;
    declare_all(&mut lead, &[&bad, &good]).await;
    environment.handler.with_case(bad.case, |stored| {
        for (_, grant) in &mut stored.grants {
            grant.grant.sealed[1000] ^= 1;
        }
    });
    let (mut all, updated) = updated_index(&mut lead).await;
    assert_eq!(search_ids(&mut all, "money").await, [good.case]);
    assert_eq!(updated.alarms.len(), 1);
    assert_eq!(updated.alarms[0].case, Some(bad.case));
    // The next update tries the case again and reports it again.
    assert_eq!(updated_index(&mut lead).await.1.alarms.len(), 1);
}

#[tokio::test]
async fn related_cases_are_suggested_with_reasons() {
    let environment = TestEnvironment::start();
    let file = |story| environment.handler.file_report(&environment.installation, &[], story);
    let one = file(
        "Camion 11-GH-4521 bloqué à Dakola, le chef réclamait une enveloppe sous la bâche verte.",
    );
    let same_truck = file("Le véhicule 11 GH 4521 ou 11.GH.4521 est toujours arrêté.");
    let same_words = file(
        "Sous la bâche verte, une enveloppe : voilà ce que le chef réclamait, toujours bloqué.",
    );
    let other = file("Rien à voir.");
    // Every report of this test has one file; only these two have the same one.
    for reporter in [&same_truck, &same_words] {
        environment.handler.with_case(reporter.case, |stored| {
            stored.parts.retain(|(part, _)| part.kind != PartKind::Attachment);
        });
    }
    let mut lead = environment.connect("lead").await;
    declare_all(&mut lead, &[&one, &same_truck, &same_words, &other]).await;
    let (mut index, _) = updated_index(&mut lead).await;
    let related = index.related(one.case, 10).await.unwrap();
    let of = |id: Uuid| related.iter().find(|other| other.case == id).unwrap();
    let kinds = |id| of(id).reasons.iter().map(|(kind, _)| *kind).collect::<Vec<_>>();
    assert_eq!(kinds(other.case), [RelationKind::File]);
    assert!(kinds(same_truck.case).contains(&RelationKind::Number));
    assert!(of(same_truck.case).reasons.contains(&(RelationKind::Number, vec!["11GH4521".into()])));
    assert!(kinds(same_words.case).contains(&RelationKind::Words));
    assert!(!kinds(same_truck.case).contains(&RelationKind::Words));
    assert!(related.iter().all(|other| other.case != one.case));
    assert!(matches!(index.related(Uuid::new_v4(), 10).await, Err(IndexError::CaseNotIndexed)));
}

#[tokio::test]
async fn the_index_contains_nothing_of_a_case_before_the_declaration() {
    let environment = TestEnvironment::start();
    let file = |story| environment.handler.file_report(&environment.installation, &[], story);
    let (one, two) = (file("Un canari, camion 11-GH-4521."), file("Un canari, camion 11-GH-4521."));
    let mut lead = environment.connect("lead").await;
    declare_all(&mut lead, &[&one]).await;
    let (mut before, updated) = updated_index(&mut lead).await;
    assert_eq!((updated.indexed, updated.undeclared), (2, 1));
    assert_eq!(search_ids(&mut before, "canari").await, [one.case]);
    assert_eq!(before.related(one.case, 10).await.unwrap(), []);

    declare_all(&mut lead, &[&two]).await;
    let (mut after, updated) = updated_index(&mut lead).await;
    assert_eq!((updated.indexed, updated.undeclared), (1, 0));
    assert_eq!(search_ids(&mut after, "canari").await.len(), 2);
    assert_eq!(after.related(one.case, 10).await.unwrap()[0].case, two.case);
}

#[tokio::test]
async fn one_word_or_number_is_found_in_every_spelling() {
    let environment = TestEnvironment::start();
    let file = |story| environment.handler.file_report(&environment.installation, &[], story);
    let stories = [
        file("وقال المفتش أحمد إن الجُمْرُكِيُّ أخذ ٥٠٠٠ فرنك في مستشفى المدينة."),
        file("Au cœur du poste, le camion 11 GH 4521 a payé 1 500 000 francs, ex æquo."),
        file("Container MSKU1234567, déclaration C-48213, tél. 70/12/34/56."),
        file("De\u{301}claration d'un camion, plaque 22KL7788."),
    ];
    let mut lead = environment.connect("lead").await;
    declare_all(&mut lead, &stories.iter().collect::<Vec<_>>()).await;
    let (mut index, _) = updated_index(&mut lead).await;
    for (words, story) in [
        ("احمد", 0),
        ("أحمد", 0),
        ("الجمركي", 0),
        ("جمركي", 0),
        ("مستشفي", 0),
        ("5000 فرنك", 0),
        ("coeur", 1),
        ("cœur", 1),
        ("aequo", 1),
        ("11GH4521", 1),
        ("11-GH-4521", 1),
        ("11 gh 4521", 1),
        ("le 11GH4521", 1),
        ("1500000", 1),
        ("MSKU 123 456 7", 2),
        ("msku-1234567", 2),
        ("C48213", 2),
        ("C 48213", 2),
        ("70 12 34 56", 2),
        ("70123456", 2),
        ("٧٠١٢٣٤٥٦", 2),
        ("22 KL 7788", 3),
        ("\"22 KL 7788\"", 3),
        ("déclaration plaque", 3),
        ("de\u{301}claration plaque", 3),
        ("camion -11GH4521", 3),
    ] {
        assert_eq!(search_ids(&mut index, words).await, [stories[story].case], "{words}");
    }
    // A filter without words is a valid query.
    let category = SearchFilter { category: Some("FAC".into()), ..SearchFilter::default() };
    assert_eq!(index.search("", &category, 20).await.unwrap().len(), 4);
    let nothing = index.search("", &SearchFilter::default(), 20).await;
    assert!(matches!(nothing, Err(IndexError::EmptyQuery)));
}

#[tokio::test]
async fn a_filter_alone_finds_no_undeclared_case() {
    let environment = TestEnvironment::start();
    environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let (mut index, updated) = updated_index(&mut lead).await;
    assert_eq!(updated.undeclared, 1);
    let stage = SearchFilter { stage: Some("received".into()), ..SearchFilter::default() };
    assert_eq!(index.search("", &stage, 20).await.unwrap(), []);
}

#[tokio::test]
async fn common_words_relate_no_cases() {
    let environment = TestEnvironment::start();
    let file = |story| environment.handler.file_report(&environment.installation, &[], story);
    let one = file(
        "Depuis toujours, l’agent demande des francs jusqu’à midi, et personne ne pouvait rien dire pendant ce temps.",
    );
    let two = file(
        "Pendant plusieurs semaines, personne ne pouvait passer sans donner des francs, toujours jusqu’au soir.",
    );
    let mut lead = environment.connect("lead").await;
    declare_all(&mut lead, &[&one, &two]).await;
    let (mut index, _) = updated_index(&mut lead).await;
    let related = index.related(one.case, 5).await.unwrap();
    let mut kinds = related.iter().flat_map(|other| &other.reasons).map(|(kind, _)| *kind);
    assert!(kinds.all(|kind| kind != RelationKind::Words), "{related:?}");
}

#[tokio::test]
async fn a_part_that_breaks_off_stops_the_index_of_no_other_case_and_is_no_alarm() {
    let environment = TestEnvironment::start();
    let broken = environment.file_report(&[]);
    let others: Vec<_> = (0..5).map(|_| environment.file_report(&[])).collect();
    let mut lead = environment.connect("lead").await;
    declare_all(&mut lead, &[&broken]).await;
    declare_all(&mut lead, &others.iter().collect::<Vec<_>>()).await;
    let (mut index, _) = updated_index(&mut lead).await;
    let mut broken = broken;
    environment.handler.follow_up(&environment.installation, &mut broken, "zanzibar");
    let body = environment.handler.with_case(broken.case, |case| case.parts.last().unwrap().0.id);
    environment.handler.store.lock().unwrap().broken_parts.insert(body);
    for mut other in others {
        environment.handler.follow_up(&environment.installation, &mut other, "mombasa");
    }
    let updated = index.update(&mut lead, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    assert_eq!((updated.indexed, updated.removed), (5, 0));
    assert!(!has_alarm(&updated.alarms), "{:?}", updated.alarms);
    let [notice] = &updated.alarms[..] else { panic!("{:?}", updated.alarms) };
    assert_eq!((notice.case, notice.code), (Some(broken.case), AlertCode::NotRead));
    assert_eq!(search_ids(&mut index, "mombasa").await.len(), 5);
    assert!(search_ids(&mut index, "officer money").await.contains(&broken.case));

    let error = lead.read_case(broken.case).await.err().unwrap();
    assert_eq!(ErrorKind::from(&error), ErrorKind::Incomplete, "{error}");
    assert!(error.to_string().contains("broke off after"), "{error}");
    environment.handler.store.lock().unwrap().broken_parts.clear();
    let updated = index.update(&mut lead, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    assert_eq!((updated.indexed, updated.alarms.len()), (1, 0), "the next update reads it again");
    assert_eq!(search_ids(&mut index, "zanzibar").await, [broken.case]);
}

#[tokio::test]
async fn a_failure_of_the_case_handler_is_no_alarm_and_an_ended_session_stops_the_update() {
    let environment = TestEnvironment::start();
    let mut reports: Vec<_> = (0..3).map(|_| environment.file_report(&[])).collect();
    let mut lead = environment.connect("lead").await;
    declare_all(&mut lead, &reports.iter().collect::<Vec<_>>()).await;
    let (mut index, _) = updated_index(&mut lead).await;
    for report in &mut reports {
        environment.handler.follow_up(&environment.installation, report, "mombasa");
    }
    let failing = reports[1].case;
    let answer_with = |status: Option<StatusCode>| {
        let mut store = environment.handler.store.lock().unwrap();
        store.failing_cases = status.map(|status| (failing, status)).into_iter().collect();
    };
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::REQUEST_TIMEOUT] {
        answer_with(Some(status));
        let updated = index.update(&mut lead, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
        let [notice] = &updated.alarms[..] else { panic!("{status}: {:?}", updated.alarms) };
        assert_eq!((notice.case, notice.code), (Some(failing), AlertCode::NotRead), "{status}");
        assert!(!has_alarm(&updated.alarms), "{status}");
    }
    assert_eq!(search_ids(&mut index, "mombasa").await.len(), 2);
    assert_eq!(search_ids(&mut index, "officer money").await.len(), 3, "the old row stays");

    for status in [StatusCode::UNAUTHORIZED, StatusCode::SERVICE_UNAVAILABLE] {
        answer_with(Some(status));
        let updated = index.update(&mut lead, &Taxonomy::built_in(), |_, _| ()).await;
        assert!(matches!(updated, Err(IndexError::Read(_))), "{status}");
        assert_eq!(search_ids(&mut index, "officer money").await.len(), 3, "{status}");
    }
    answer_with(None);
    let updated = index.update(&mut lead, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    assert_eq!((updated.indexed, updated.alarms.len()), (1, 0));
    assert_eq!(search_ids(&mut index, "mombasa").await.len(), 3);
}
