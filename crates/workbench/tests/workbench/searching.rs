//! Searching all of one's cases.

use std::fs;

use crate::common::office::{Office, claimed, declare};
use envelope::desk_api::PartKind;
use investigator::{Note, NoteKind};
use taxonomy::Taxonomy;
use uuid::Uuid;
use workbench::{
    acting::Reply,
    connection::Connection,
    index::{Filter, Index, IndexError, Tie, Updated},
};

async fn index(connection: &mut Connection) -> (Index, Updated) {
    let mut index = Index::open(connection.home(), connection.key()).await.unwrap();
    let updated = index.update(connection, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    index.save(connection.home(), connection.key()).await.unwrap();
    (index, updated)
}

async fn found(index: &mut Index, words: &str) -> Vec<Uuid> {
    let hits = index.search(words, &Filter::default(), 20).await.unwrap();
    hits.into_iter().map(|hit| hit.case).collect()
}

#[tokio::test]
async fn words_are_found_without_accents_wherever_they_were_written() {
    let office = Office::open();
    let file = |story| office.handler.file(&office.house, &[], story);
    let mut one = file("Au poste de Dakola, l’agent exigeait un « cadeau » à chaque déclaration.");
    let two = file("A la brigade, on m'a demandé de l'argent.");
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &one).await;
    declare(&mut lead, &[&two]).await;
    lead.reply(&mut case, Reply { text: "Était-ce de nuit ?", lang: "fr" }).await.unwrap();
    let note = Note { kind: NoteKind::Hypothesis, text: "Voir le registre du péage.".into() };
    lead.note(&mut case, &note).await.unwrap();
    office.handler.follow_up(&office.house, &mut one, "Toujours le même الجمارك jeudi.");

    let (mut index, updated) = index(&mut lead).await;
    assert_eq!((updated.read, updated.forgotten), (2, 0));
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
        "unofficial payment -brigade",
        "officieux \"a chaque\"",
        "photo dakola",
    ] {
        assert_eq!(found(&mut index, words).await, [one.case], "{words}");
    }
    assert_eq!(found(&mut index, "unofficial").await.len(), 2);
    assert_eq!(found(&mut index, "argent brigade").await, [two.case]);
    for nothing in ["dakola brigade", "\"dakola de poste\"", "akola", "quittance"] {
        assert_eq!(found(&mut index, nothing).await, [] as [Uuid; 0], "{nothing}");
    }
    assert!(matches!(index.search("!! -x", &Filter::default(), 20).await, Err(IndexError::NoWords)));

    let hits = index.search("dakola", &Filter::default(), 20).await.unwrap();
    let around = &hits[0].around;
    assert!(around.iter().any(|piece| piece.found && piece.text == "Dakola"), "{around:?}");

    let mine = Filter { assignee: Some("lead".into()), ..Filter::default() };
    assert_eq!(index.search("unofficial", &mine, 20).await.unwrap().len(), 1);
    let elsewhere = Filter { category: Some("EXT".into()), ..Filter::default() };
    assert_eq!(index.search("unofficial", &elsewhere, 20).await.unwrap(), []);
    assert_eq!(index.search("unofficial", &Filter::default(), 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_second_start_reads_only_what_has_changed_and_the_file_tells_nothing() {
    let office = Office::open();
    let mut one = office.handler.file(&office.house, &[], "Un canari dans la mine.");
    let two = office.handler.file(&office.house, &[], "Rien.");
    let mut lead = office.connect("lead").await;
    declare(&mut lead, &[&one, &two]).await;
    assert_eq!(index(&mut lead).await.1.read, 2);
    assert_eq!(index(&mut lead).await.1.read, 0);
    let path = lead.home().index_path();
    let sealed = fs::read(&path).unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"canari"));
    assert!(sealed.starts_with(b"age-encryption.org/v1"));

    office.handler.follow_up(&office.house, &mut one, "Un second canari.");
    let (mut now, updated) = index(&mut lead).await;
    assert_eq!(updated.read, 1);
    assert_eq!(found(&mut now, "second").await, [one.case]);

    // A case that was taken away is gone, word for word.
    office.handler.with(one.case, |kept| kept.holders.retain(|holder| holder != "lead"));
    let (mut now, updated) = index(&mut lead).await;
    assert_eq!((updated.read, updated.forgotten), (0, 1));
    assert_eq!(found(&mut now, "canari").await, [] as [Uuid; 0]);
    assert_eq!(found(&mut now, "rien").await, [two.case]);
    let plain = lead.key().identity().open(&fs::read(&path).unwrap()).unwrap();
    assert!(!plain.windows(6).any(|window| window == b"canari"), "nothing is left in the pages");
}

#[tokio::test]
async fn an_index_that_is_damaged_or_of_somebody_else_is_made_anew() {
    let office = Office::open();
    let reporter = office.file(&[]);
    let (mut lead, mut two) = (office.connect("lead").await, office.connect("two").await);
    declare(&mut lead, &[&reporter]).await;
    index(&mut lead).await;
    index(&mut two).await;
    let path = lead.home().index_path();
    let own = fs::read(&path).unwrap();

    // Somebody who knows the public key can seal something to it, but not sign it.
    let plain = two.key().identity().open(&fs::read(two.home().index_path()).unwrap()).unwrap();
    let forged = lead.key().identity().recipient().seal(&plain);
    for bad in [own[..own.len() - 1].to_vec(), Vec::new(), b"nothing".to_vec(), forged] {
        fs::write(&path, bad).unwrap();
        let (mut again, updated) = index(&mut lead).await;
        assert_eq!(updated.read, 1);
        assert_eq!(found(&mut again, "money").await.len(), 1);
    }
}

#[tokio::test]
async fn one_case_that_does_not_open_is_an_alarm_and_the_others_are_found() {
    let office = Office::open();
    let (bad, good) = (office.file(&[]), office.file(&[]));
    let mut lead = office.connect("lead").await;
    declare(&mut lead, &[&bad, &good]).await;
    office.handler.with(bad.case, |kept| {
        for (_, grant) in &mut kept.grants {
            grant.grant.sealed[1000] ^= 1;
        }
    });
    let (mut all, updated) = index(&mut lead).await;
    assert_eq!(found(&mut all, "money").await, [good.case]);
    assert_eq!(updated.alarms.len(), 1);
    assert_eq!(updated.alarms[0].case, Some(bad.case));
    // It is tried again, and said again.
    assert_eq!(index(&mut lead).await.1.alarms.len(), 1);
}

#[tokio::test]
async fn cases_that_could_be_about_the_same_are_suggested_with_the_reasons() {
    let office = Office::open();
    let file = |story| office.handler.file(&office.house, &[], story);
    let one = file("Camion 11-GH-4521 bloqué à Dakola, le chef réclamait une enveloppe sous la bâche verte.");
    let same_truck = file("Le véhicule 11 GH 4521 ou 11.GH.4521 est toujours arrêté.");
    let same_words =
        file("Sous la bâche verte, une enveloppe : voilà ce que le chef réclamait, toujours bloqué.");
    let other = file("Rien à voir.");
    // Every report of this test has one file; only these two keep the same one.
    for reporter in [&same_truck, &same_words] {
        office
            .handler
            .with(reporter.case, |kept| kept.parts.retain(|(part, _)| part.kind != PartKind::Attachment));
    }
    let mut lead = office.connect("lead").await;
    declare(&mut lead, &[&one, &same_truck, &same_words, &other]).await;
    let (mut index, _) = index(&mut lead).await;
    let related = index.related(one.case, 10).await.unwrap();
    let of = |id: Uuid| related.iter().find(|other| other.case == id).unwrap();
    let kinds = |id| of(id).reasons.iter().map(|(tie, _)| *tie).collect::<Vec<_>>();
    assert_eq!(kinds(other.case), [Tie::File]);
    assert!(kinds(same_truck.case).contains(&Tie::Number));
    assert!(of(same_truck.case).reasons.contains(&(Tie::Number, vec!["11GH4521".into()])));
    assert!(kinds(same_words.case).contains(&Tie::Words));
    assert!(!kinds(same_truck.case).contains(&Tie::Words));
    assert!(related.iter().all(|other| other.case != one.case));
    assert!(matches!(index.related(Uuid::new_v4(), 10).await, Err(IndexError::NoCase)));
}

#[tokio::test]
async fn nothing_is_known_of_a_case_before_the_declaration() {
    let office = Office::open();
    let file = |story| office.handler.file(&office.house, &[], story);
    let (one, two) = (file("Un canari, camion 11-GH-4521."), file("Un canari, camion 11-GH-4521."));
    let mut lead = office.connect("lead").await;
    declare(&mut lead, &[&one]).await;
    let (mut before, updated) = index(&mut lead).await;
    assert_eq!((updated.read, updated.undeclared), (2, 1));
    assert_eq!(found(&mut before, "canari").await, [one.case]);
    assert_eq!(before.related(one.case, 10).await.unwrap(), []);

    declare(&mut lead, &[&two]).await;
    let (mut after, updated) = index(&mut lead).await;
    assert_eq!((updated.read, updated.undeclared), (1, 0));
    assert_eq!(found(&mut after, "canari").await.len(), 2);
    assert_eq!(after.related(one.case, 10).await.unwrap()[0].case, two.case);
}

#[tokio::test]
async fn one_word_or_number_is_found_in_every_spelling() {
    let office = Office::open();
    let file = |story| office.handler.file(&office.house, &[], story);
    let stories = [
        file("وقال المفتش أحمد إن الجُمْرُكِيُّ أخذ ٥٠٠٠ فرنك في مستشفى المدينة."),
        file("Au cœur du poste, le camion 11 GH 4521 a payé 1 500 000 francs, ex æquo."),
        file("Container MSKU1234567, déclaration C-48213, tél. 70/12/34/56."),
        file("De\u{301}claration d'un camion, plaque 22KL7788."),
    ];
    let mut lead = office.connect("lead").await;
    declare(&mut lead, &stories.iter().collect::<Vec<_>>()).await;
    let (mut index, _) = index(&mut lead).await;
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
        assert_eq!(found(&mut index, words).await, [stories[story].case], "{words}");
    }
    // A filter alone is a question.
    let category = Filter { category: Some("FAC".into()), ..Filter::default() };
    assert_eq!(index.search("", &category, 20).await.unwrap().len(), 4);
    let nothing = index.search("", &Filter::default(), 20).await;
    assert!(matches!(nothing, Err(IndexError::NoWords)));
}

#[tokio::test]
async fn a_filter_alone_finds_nothing_of_what_was_not_declared_on() {
    let office = Office::open();
    office.file(&[]);
    let mut lead = office.connect("lead").await;
    let (mut index, updated) = index(&mut lead).await;
    assert_eq!(updated.undeclared, 1);
    let stage = Filter { stage: Some("received".into()), ..Filter::default() };
    assert_eq!(index.search("", &stage, 20).await.unwrap(), []);
}

#[tokio::test]
async fn words_that_every_report_has_relate_nothing() {
    let office = Office::open();
    let file = |story| office.handler.file(&office.house, &[], story);
    let one = file(
        "Depuis toujours, l’agent demande des francs jusqu’à midi, et personne ne pouvait rien dire pendant ce temps.",
    );
    let two = file(
        "Pendant plusieurs semaines, personne ne pouvait passer sans donner des francs, toujours jusqu’au soir.",
    );
    let mut lead = office.connect("lead").await;
    declare(&mut lead, &[&one, &two]).await;
    let (mut index, _) = index(&mut lead).await;
    let related = index.related(one.case, 5).await.unwrap();
    let mut ties = related.iter().flat_map(|other| &other.reasons).map(|(tie, _)| *tie);
    assert!(ties.all(|tie| tie != Tie::Words), "{related:?}");
}
