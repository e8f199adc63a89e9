use axum::body::Body;
use tokio::time::{advance, timeout};

use super::*;
use crate::pace::paced;

const HERE: Origin = Origin::LOCAL;

fn at(network: u8, member: u8) -> Origin {
    Origin { network: [network; 16], member: [member; 16], is_counted: true }
}

async fn is_lost(place: &Place) -> bool {
    timeout(Duration::ZERO, place.lost()).await.is_ok()
}

async fn lost(places: &[Place]) -> usize {
    let mut count = 0;
    for place in places {
        count += usize::from(is_lost(place).await);
    }
    count
}

/// The same body, read to its end.
async fn all_of(place: &Arc<Place>, body: Paced) -> usize {
    place.clone().keep(body, Arc::default()).count().await
}

#[tokio::test(start_paused = true)]
async fn whoever_stalls_goes_and_a_slow_phone_stays() {
    let places = Places::new(3);
    let (phone, burst, silent) = (places.take(HERE), places.take(HERE), places.take(HERE));
    burst.progress(190 * 1024);
    // A bad 2G line: 2.5 kB a second.
    for _ in 0..20 {
        advance(Duration::from_secs(1)).await;
        phone.progress(2560);
    }
    let _first = places.take(HERE);
    assert!(is_lost(&silent).await, "it sent nothing at all");
    let _second = places.take(HERE);
    assert!(is_lost(&burst).await, "what it sent at once bought no long silence");
    let third = places.take(HERE);
    assert!(!is_lost(&phone).await);
    drop(third);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_newcomers_turns_out_newcomers() {
    let places = Places::new(64);
    let phone = places.take(HERE);
    let mut flood = Vec::new();
    // Twice a second the phone sends a packet. Until its first one, it must find its slot among the last that came.
    for half_second in 0..120 {
        let newcomers = if half_second == 0 { 60 } else { 300 };
        flood.extend((0..newcomers).map(|_| places.take(HERE)));
        assert!(!is_lost(&phone).await, "{half_second}");
        phone.progress(1400);
        advance(Duration::from_millis(500)).await;
        flood.drain(..flood.len() - 60);
    }
    assert!(places.taken().len() <= 64);
}

#[tokio::test(start_paused = true)]
async fn what_has_come_whole_keeps_its_slot_until_it_is_answered() {
    let places = Places::new(1);
    let place = Arc::new(places.take(HERE));
    assert_eq!(all_of(&place, paced(Body::from("all of it"))).await, 1);
    // Storing may take longer than any sender would be waited for.
    advance(PATIENCE * 3).await;
    assert!(places.wait(at(1, 1), Duration::from_secs(1)).await.is_none());
    drop(place);
    assert!(places.wait(at(1, 1), Duration::from_secs(1)).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn no_network_and_no_address_holds_more_than_its_share() {
    let places = Places::new(4);
    let held: Vec<_> = (0..4).map(|_| places.take(at(1, 1))).collect();
    let at_once = Duration::ZERO;
    let other = [places.wait(at(2, 2), at_once).await, places.wait(at(2, 2), at_once).await];
    assert!(other.iter().all(Option::is_some));
    assert_eq!(lost(&held).await, 2);
    // The same within one network: the phone that shares it is not kept out by the one that holds all of it.
    let neighbour = places.wait(at(1, 9), at_once).await;
    assert!(neighbour.is_some());
    assert_eq!(lost(&held).await, 1, "of the address that held two");
}

/// Uploads that drip at 1.2 KiB/s, each from a circuit of its own, and one of a good line: the newcomer takes the slot of
/// one that drips.
async fn wait_among_circuits_that_drip() {
    let places = Places::new(8);
    let dripping: Vec<_> = (1..8).map(|circuit| places.take(at(circuit, circuit))).collect();
    let good = places.take(at(8, 8));
    let drip = |seconds: u64| {
        let (dripping, good) = (&dripping, &good);
        async move {
            for _ in 0..seconds {
                for place in dripping {
                    place.progress(1229);
                }
                good.progress(20_000);
                advance(Duration::from_secs(1)).await;
            }
        }
    };
    drip(30).await;
    let wait = Duration::from_secs(20);
    let (came, ()) = tokio::join!(places.wait(at(9, 9), wait), drip(25));
    assert!(came.is_some());
    assert_eq!(lost(&dripping).await, 1);
    assert!(!is_lost(&good).await, "of two drawn, the slower one goes");
}

#[tokio::test(start_paused = true)]
async fn who_waits_gets_a_slot_in_the_end_whoever_holds_them() {
    // Victims are drawn, so one run proves nothing.
    for _ in 0..50 {
        wait_among_circuits_that_drip().await;
    }
    let wait = Duration::from_secs(20);
    // One bucket, all from one address: the next one is not kept out either.
    let places = Places::new(4);
    let held: Vec<_> = (0..4).map(|_| places.take(at(1, 1))).collect();
    let busy = async {
        for _ in 0..25 {
            for place in &held {
                place.progress(1229);
            }
            advance(Duration::from_secs(1)).await;
        }
    };
    let (came, ()) = tokio::join!(places.wait(at(1, 1), wait), busy);
    assert!(came.is_some());
    assert_eq!(lost(&held).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_sender_on_many_circuits_takes_from_itself() {
    // r18: 1,024 arrivals that burst 12 KiB and drip 1.2 KiB/s from 64 circuits, and 108 more a second; ten phones at 2.5 kB/s.
    let places = Places::new(1024);
    let circuit = |n: u16| at(u8::try_from(n % 64).unwrap(), 0);
    let mut attack: Vec<_> = (0..1024).map(|n| places.take(circuit(n))).collect();
    for place in &attack {
        place.progress(12 * 1024);
    }
    let phones: Vec<_> = (0..10).map(|n| places.take(at(100 + n, 0))).collect();
    for _second in 0..12 {
        for place in &attack {
            place.progress(1229);
        }
        for phone in &phones {
            phone.progress(2500);
        }
        for n in 0..108 {
            let newcomer = places.take(circuit(n));
            newcomer.progress(12 * 1024);
            attack.push(newcomer);
        }
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(lost(&phones).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_is_left_goes_to_who_waits_and_an_evicted_body_can_be_read_on() {
    let places = Places::new(1);
    let first = places.take(at(1, 1));
    let waiting = tokio::spawn({
        let places = places.clone();
        async move { places.wait(at(2, 2), Duration::from_secs(1)).await.is_some() }
    });
    tokio::task::yield_now().await;
    drop(first);
    assert!(waiting.await.unwrap());

    let place = Arc::new(places.take(at(1, 1)));
    let rest = Arc::new(Mutex::new(None));
    let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"read"))]).chain(stream::pending());
    let mut kept = std::pin::pin!(place.clone().keep(paced(Body::from_stream(body)), Arc::clone(&rest)));
    assert_eq!(kept.next().await, Some(Ok(Bytes::from_static(b"read"))));
    let _other = places.take(at(2, 2));
    assert_eq!(kept.next().await, Some(Err(PaceError::Evicted)));
    assert_eq!(kept.next().await, None);
    assert!(rest.lock().unwrap().is_some());
}
