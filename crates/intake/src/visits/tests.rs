//! Tests of the visits.

use rand::rngs::OsRng;
use tokio::time::advance;

use super::*;

fn form_visit(story: &str) -> VisitState {
    VisitState::Writing(vec![("a.story".to_owned(), story.to_owned())])
}

#[tokio::test(start_paused = true)]
async fn a_visit_expires_after_its_last_use() {
    let (visits, token) = (VisitStore::default(), VisitToken::random(&mut OsRng));
    visits.put(&token, &form_visit("one"), &mut OsRng);
    for _ in 0..3 {
        advance(Duration::from_mins(59)).await;
        assert_eq!(visits.get(&token), Some(form_visit("one")));
    }
    visits.put(&token, &form_visit("two"), &mut OsRng);
    assert_eq!(
        visits.get(&VisitToken::parse(&token.to_string()).unwrap()),
        Some(form_visit("two"))
    );
    advance(FORM_TTL).await;
    assert_eq!(visits.get(&token), None);
    visits.remove_expired();
    let table = visits.lock_table();
    assert_eq!((table.forms.bytes(), table.visits.len()), (0, 0));
}

#[test]
fn neither_memory_alone_nor_another_token_decrypts_a_visit() {
    let (visits, token) = (VisitStore::default(), VisitToken::random(&mut OsRng));
    visits.put(&token, &form_visit("CANARY-OF-A-STORY"), &mut OsRng);
    assert_eq!(visits.get(&VisitToken::random(&mut OsRng)), None);
    let table = visits.lock_table();
    for (id, visit) in &table.visits {
        assert!(!visit.sealed.windows(6).any(|bytes| bytes == b"CANARY"));
        assert!(
            !id.starts_with(&token.0) && !visit.sealed.windows(16).any(|bytes| bytes == token.0)
        );
    }
    drop(table);
    // A state that was modified in memory cannot be decrypted.
    for visit in visits.lock_table().visits.values_mut() {
        visit.sealed[NONCE_BYTES] ^= 1;
    }
    assert_eq!(visits.get(&token), None);
    for invalid in ["", "0f", "zz", &"0f".repeat(17), "../../../../etc/passwd"] {
        assert!(VisitToken::parse(invalid).is_none(), "{invalid}");
    }
}

#[test]
fn a_flood_evicts_its_own_visits_first() {
    let (visits, phone) = (VisitStore::new(1024 * 1024, 0, 0), VisitToken::random(&mut OsRng));
    visits.put(&phone, &form_visit("a page of text"), &mut OsRng);
    let flood = |length, count| {
        let junk = form_visit(&"x".repeat(length));
        for _ in 0..count {
            visits.put(&VisitToken::random(&mut OsRng), &junk, &mut OsRng);
        }
        assert!(visits.lock_table().forms.bytes() <= 1024 * 1024);
    };
    for (length, count) in [(100_000, 20), (0, 1_000), (5_000, 400)] {
        flood(length, count);
        assert!(visits.get(&phone).is_some(), "{count} of {length}");
    }
    // Among visits of the same size class, the least recently used one is evicted first.
    flood(0, 1_000);
    assert!(visits.get(&phone).is_some());
    flood(0, 1_000);
    assert!(visits.get(&phone).is_some());
    flood(0, 8_000);
    assert!(visits.get(&phone).is_none());
}

#[test]
fn a_flood_of_forms_evicts_no_receipt() {
    let (visits, phone) = (VisitStore::new(64 * 1024, 1024, 0), VisitToken::random(&mut OsRng));
    let flood = || {
        for _ in 0..1_000 {
            visits.put(&VisitToken::random(&mut OsRng), &form_visit(""), &mut OsRng);
            visits.put(&VisitToken::random(&mut OsRng), &VisitState::Left, &mut OsRng);
        }
    };
    flood();
    visits.put(
        &phone,
        &VisitState::Sent {
            code: "0".repeat(34),
            files: Vec::new(),
            answer_date: None,
            own_copy: Vec::new(),
        },
        &mut OsRng,
    );
    flood();
    assert!(visits.get(&phone).is_some());
    assert!(visits.lock_table().forms.bytes() <= 64 * 1024);
}

#[test]
fn floods_of_answers_and_of_forms_do_not_evict_other_kinds() {
    let visits = VisitStore::new(64 * 1024, 1024, 64 * 1024);
    let [form, receipt, answer] = [(); 3].map(|()| VisitToken::random(&mut OsRng));
    let answered = |size| VisitState::Answered {
        status: 200,
        of: None,
        request: 0,
        retry_later: false,
        scripts: false,
        packed: vec![7; size],
    };
    visits.put(&form, &form_visit("a page of text"), &mut OsRng);
    visits.put(
        &receipt,
        &VisitState::Sent {
            code: "0".repeat(34),
            files: Vec::new(),
            answer_date: None,
            own_copy: Vec::new(),
        },
        &mut OsRng,
    );
    // Also answers that are as small as the form.
    for size in [0, 2_000] {
        for _ in 0..1_000 {
            visits.put(&VisitToken::random(&mut OsRng), &answered(size), &mut OsRng);
        }
    }
    assert!(visits.get(&form).is_some());
    assert!(visits.get(&receipt).is_some());
    visits.put(&answer, &answered(2_000), &mut OsRng);
    for _ in 0..1_000 {
        visits.put(&VisitToken::random(&mut OsRng), &form_visit(&"x".repeat(2_000)), &mut OsRng);
    }
    assert!(visits.get(&answer).is_some());
    assert!(visits.lock_table().answers.bytes() <= 64 * 1024);
}

#[tokio::test(start_paused = true)]
async fn an_answer_expires_after_a_quarter_of_an_hour_or_is_removed_before() {
    let (visits, token) = (VisitStore::default(), VisitToken::random(&mut OsRng));
    let answer = VisitState::Answered {
        status: 200,
        of: None,
        request: 0,
        retry_later: false,
        scripts: false,
        packed: vec![7],
    };
    visits.put(&token, &answer, &mut OsRng);
    advance(Duration::from_mins(14)).await;
    assert_eq!(visits.get(&token), Some(answer.clone()));
    advance(Duration::from_mins(16)).await;
    assert_eq!(visits.get(&token), None);
    visits.put(&token, &answer, &mut OsRng);
    visits.remove(&token);
    assert_eq!(visits.get(&token), None);
    assert_eq!(visits.lock_table().answers.bytes(), 0);
}
