//! Mailboxes and their snapshots.

use super::*;

on_both_databases!(
    mailboxes_are_replaced_all_at_once_or_not_at_all,
    a_later_snapshot_cancels_the_earlier_one,
    a_lookup_never_misses_a_mailbox_while_all_are_replaced,
);

fn mailbox_filled_with(fill: u8) -> Vec<u8> {
    vec![fill; MAILBOX_LEN]
}

async fn mailboxes_are_replaced_all_at_once_or_not_at_all(spool: TestSpool) {
    let id = |n: u8| Hash::of(&[&[n]]);
    let found = |n| {
        let store = spool.store.clone();
        async move { store.find_mailbox(&id(n)).await.unwrap() }
    };
    assert_eq!(found(1).await, (None, 0));
    let mut first = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    for n in 0..20 {
        first.push(&id(n), mailbox_filled_with(n)).await.unwrap();
        assert_eq!(found(n).await, (None, 0));
    }
    first.publish().await.unwrap();
    assert_eq!(found(3).await, (Some(mailbox_filled_with(3)), 1));
    assert_eq!(found(99).await, (None, 1));

    // A dropped snapshot changes nothing.
    let mut dropped = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    for n in 0..17 {
        dropped.push(&id(n), mailbox_filled_with(200)).await.unwrap();
    }
    drop(dropped);
    assert_eq!(found(3).await, (Some(mailbox_filled_with(3)), 1));

    let mut second = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    second.push(&id(3), mailbox_filled_with(77)).await.unwrap();
    second.push(&id(3), mailbox_filled_with(78)).await.unwrap();
    second.publish().await.unwrap();
    assert_eq!(found(3).await, (Some(mailbox_filled_with(78)), 3));
    assert_eq!(found(4).await, (None, 3));

    let seed = *spool.store.decoy_seed();
    let spool = spool.restart().await;
    assert_eq!(spool.store.find_mailbox(&id(3)).await.unwrap(), (Some(mailbox_filled_with(78)), 3));
    assert_eq!(mailbox::Entity::find().count(&spool.store.read_db).await.unwrap(), 2);
    assert_eq!(*spool.store.decoy_seed(), seed);
}

async fn a_later_snapshot_cancels_the_earlier_one(spool: TestSpool) {
    let id = Hash::of(&[b"mine"]);
    let mut first = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    first.push(&id, mailbox_filled_with(1)).await.unwrap();
    let mut second = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    second.push(&id, mailbox_filled_with(2)).await.unwrap();
    assert_eq!(first.publish().await, Err(StoreError::Duplicate));
    assert_eq!(spool.store.find_mailbox(&id).await.unwrap(), (None, 0));
    second.publish().await.unwrap();
    assert_eq!(spool.store.find_mailbox(&id).await.unwrap(), (Some(mailbox_filled_with(2)), 2));
    assert_eq!(mailbox::Entity::find().count(&spool.store.read_db).await.unwrap(), 2);
}

async fn a_lookup_never_misses_a_mailbox_while_all_are_replaced(spool: TestSpool) {
    let id = Hash::of(&[b"mine"]);
    let publish = |fill| {
        let store = spool.store.clone();
        async move {
            let mut snapshot = store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
            for n in 0..40u8 {
                snapshot.push(&Hash::of(&[&[n]]), mailbox_filled_with(fill)).await.unwrap();
            }
            snapshot.push(&id, mailbox_filled_with(fill)).await.unwrap();
            snapshot.publish().await.unwrap();
        }
    };
    publish(0).await;
    let replacing = tokio::spawn({
        let snapshots: Vec<_> = (1..6).map(publish).collect();
        async move {
            for snapshot in snapshots {
                snapshot.await;
            }
        }
    });
    let mut lookups = 0;
    while !replacing.is_finished() || lookups == 0 {
        assert!(spool.store.find_mailbox(&id).await.unwrap().0.is_some());
        lookups += 1;
    }
    replacing.await.unwrap();
}
