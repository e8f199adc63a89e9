use axum::body::Body;
use tokio::time::{advance, timeout};

use super::*;
use crate::admission::body_timeout::with_min_rate;

const LOCAL_ORIGIN: ClientOrigin = ClientOrigin::LOCAL;

fn origin(network: u8, member: u8) -> ClientOrigin {
    ClientOrigin::numbered(network, member)
}

async fn is_evicted(place: &Slot) -> bool {
    timeout(Duration::ZERO, place.evicted()).await.is_ok()
}

async fn count_evicted(places: &[Slot]) -> usize {
    let mut count = 0;
    for place in places {
        count += usize::from(is_evicted(place).await);
    }
    count
}

/// The same body, read to its end.
async fn count_chunks(place: &Arc<Slot>, body: TimedBody) -> usize {
    place.clone().into_stream(body, Arc::default()).count().await
}

#[tokio::test(start_paused = true)]
async fn whoever_stalls_goes_and_a_slow_phone_stays() {
    let places = SlotPool::new(3);
    let (phone, burst, silent) = (
        places.acquire_or_evict(LOCAL_ORIGIN),
        places.acquire_or_evict(LOCAL_ORIGIN),
        places.acquire_or_evict(LOCAL_ORIGIN),
    );
    burst.record_progress(190 * 1024);
    // A bad 2G line: 2.5 kB a second.
    for _ in 0..20 {
        advance(Duration::from_secs(1)).await;
        phone.record_progress(2560);
    }
    let _first = places.acquire_or_evict(LOCAL_ORIGIN);
    assert!(is_evicted(&silent).await, "it sent nothing at all");
    let _second = places.acquire_or_evict(LOCAL_ORIGIN);
    assert!(is_evicted(&burst).await, "what it sent at once bought no long silence");
    let third = places.acquire_or_evict(LOCAL_ORIGIN);
    assert!(!is_evicted(&phone).await);
    drop(third);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_newcomers_evicts_newcomers() {
    let places = SlotPool::new(64);
    let phone = places.acquire_or_evict(LOCAL_ORIGIN);
    let mut flood = Vec::new();
    // Twice a second the phone sends a packet. Until its first one, it must find its slot among the
    // last that came.
    for half_second in 0..120 {
        let newcomers = if half_second == 0 { 60 } else { 300 };
        flood.extend((0..newcomers).map(|_| places.acquire_or_evict(LOCAL_ORIGIN)));
        assert!(!is_evicted(&phone).await, "{half_second}");
        phone.record_progress(1400);
        advance(Duration::from_millis(500)).await;
        flood.drain(..flood.len() - 60);
    }
    assert!(places.lock_holders().len() <= 64);
}

#[tokio::test(start_paused = true)]
async fn what_has_come_whole_keeps_its_slot_until_it_is_answered() {
    let places = SlotPool::new(1);
    let place = Arc::new(places.acquire_or_evict(LOCAL_ORIGIN));
    assert_eq!(count_chunks(&place, with_min_rate(Body::from("all of it"))).await, 1);
    // Storing may take longer than any sender would be waited for.
    advance(IDLE_TIMEOUT * 3).await;
    assert!(places.acquire_timeout(origin(1, 1), Duration::from_secs(1)).await.is_none());
    drop(place);
    assert!(places.acquire_timeout(origin(1, 1), Duration::from_secs(1)).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn no_network_and_no_address_holds_more_than_its_share() {
    let places = SlotPool::new(4);
    let held: Vec<_> = (0..4).map(|_| places.acquire_or_evict(origin(1, 1))).collect();
    let at_once = Duration::ZERO;
    let other = [
        places.acquire_timeout(origin(2, 2), at_once).await,
        places.acquire_timeout(origin(2, 2), at_once).await,
    ];
    assert!(other.iter().all(Option::is_some));
    assert_eq!(count_evicted(&held).await, 2);
    // The same within one network: the phone that shares it is not kept out by the one that holds
    // all of it.
    let neighbour = places.acquire_timeout(origin(1, 9), at_once).await;
    assert!(neighbour.is_some());
    assert_eq!(count_evicted(&held).await, 1, "of the address that held two");
}

/// Uploads that drip at 1.2 KiB/s, each from a circuit of its own, and one of a good line: the
/// newcomer takes the slot of one that drips.
async fn evict_one_of_dripping_circuits() {
    let places = SlotPool::new(8);
    let dripping: Vec<_> =
        (1..8).map(|circuit| places.acquire_or_evict(origin(circuit, circuit))).collect();
    let good = places.acquire_or_evict(origin(8, 8));
    let drip = |seconds: u64| {
        let (dripping, good) = (&dripping, &good);
        async move {
            for _ in 0..seconds {
                for place in dripping {
                    place.record_progress(1229);
                }
                good.record_progress(20_000);
                advance(Duration::from_secs(1)).await;
            }
        }
    };
    drip(30).await;
    let wait = Duration::from_secs(20);
    let (came, ()) = tokio::join!(places.acquire_timeout(origin(9, 9), wait), drip(25));
    assert!(came.is_some());
    assert_eq!(count_evicted(&dripping).await, 1);
    assert!(!is_evicted(&good).await, "of two drawn, the slower one goes");
}

#[tokio::test(start_paused = true)]
async fn who_waits_gets_a_slot_in_the_end_whoever_holds_them() {
    // Victims are drawn, so one run proves nothing.
    for _ in 0..50 {
        evict_one_of_dripping_circuits().await;
    }
    let wait = Duration::from_secs(20);
    // One bucket, all from one address: the next one is not kept out either.
    let places = SlotPool::new(4);
    let held: Vec<_> = (0..4).map(|_| places.acquire_or_evict(origin(1, 1))).collect();
    let busy = async {
        for _ in 0..25 {
            for place in &held {
                place.record_progress(1229);
            }
            advance(Duration::from_secs(1)).await;
        }
    };
    let (came, ()) = tokio::join!(places.acquire_timeout(origin(1, 1), wait), busy);
    assert!(came.is_some());
    assert_eq!(count_evicted(&held).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_sender_on_many_circuits_takes_from_itself() {
    // r18: 1,024 arrivals that burst 12 KiB and drip 1.2 KiB/s from 64 circuits, and 108 more a
    // second; ten phones at 2.5 kB/s.
    let places = SlotPool::new(1024);
    let circuit = |n: u16| origin(u8::try_from(n % 64).unwrap(), 0);
    let mut attack: Vec<_> = (0..1024).map(|n| places.acquire_or_evict(circuit(n))).collect();
    for place in &attack {
        place.record_progress(12 * 1024);
    }
    let phones: Vec<_> = (0..10).map(|n| places.acquire_or_evict(origin(100 + n, 0))).collect();
    for _second in 0..12 {
        for place in &attack {
            place.record_progress(1229);
        }
        for phone in &phones {
            phone.record_progress(2500);
        }
        for n in 0..108 {
            let newcomer = places.acquire_or_evict(circuit(n));
            newcomer.record_progress(12 * 1024);
            attack.push(newcomer);
        }
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(count_evicted(&phones).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_is_left_goes_to_who_waits_and_an_evicted_body_can_be_read_on() {
    let places = SlotPool::new(1);
    let first = places.acquire_or_evict(origin(1, 1));
    let waiting = tokio::spawn({
        let places = places.clone();
        async move { places.acquire_timeout(origin(2, 2), Duration::from_secs(1)).await.is_some() }
    });
    tokio::task::yield_now().await;
    drop(first);
    assert!(waiting.await.unwrap());

    let place = Arc::new(places.acquire_or_evict(origin(1, 1)));
    let rest = Arc::new(Mutex::new(None));
    let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"read"))])
        .chain(stream::pending());
    let mut kept = std::pin::pin!(
        place.clone().into_stream(with_min_rate(Body::from_stream(body)), Arc::clone(&rest))
    );
    assert_eq!(kept.next().await, Some(Ok(Bytes::from_static(b"read"))));
    let _other = places.acquire_or_evict(origin(2, 2));
    assert_eq!(kept.next().await, Some(Err(BodyReadError::Evicted)));
    assert_eq!(kept.next().await, None);
    assert!(rest.lock().unwrap().is_some());
}
