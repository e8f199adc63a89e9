//! Figures for operators that show no single report.
//!
//! Whoever watches a counter that moves when somebody reports learns when somebody reported, and
//! sees it still if the counter is rounded: sending nine reports of one's own makes the tenth
//! visible. So what visitors do is published once a day and with noise ([`NoisyCounter`]), and
//! everything else is about the service itself: looked at on a schedule of its own, never because
//! of a visitor.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{Router, extract::State, routing::get};
use http::header;
use prometheus_client::{encoding::text::encode, metrics::gauge::Gauge, registry::Registry};
use rand::{Rng, RngCore};
use tokio::{net::TcpListener, sync::watch};

/// Of 11 coins, 10 say "one more": each report makes any published number at most a tenth more
/// likely, or less likely.
const GEOMETRIC_RATIO: (u32, u32) = (10, 11);

/// Counts what visitors do. Only [`NoisyCounter::take_noisy`] tells how often, and never exactly.
#[derive(Debug, Default)]
pub struct NoisyCounter(AtomicU64);

impl NoisyCounter {
    /// It happened once more.
    pub fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends a day: about how often it happened. The noise is two-sided and geometric, about 15 up
    /// or down, so that any number is almost as likely with a report as without it (differential
    /// privacy with e^ε = 1.1), whatever else is known.
    pub fn take_noisy(&self, rng: &mut impl RngCore) -> u64 {
        let count = self.0.swap(0, Ordering::Relaxed);
        count.saturating_add(sample_geometric(rng)).saturating_sub(sample_geometric(rng))
    }
}

fn sample_geometric(rng: &mut impl RngCore) -> u64 {
    let mut more = 0;
    while rng.gen_ratio(GEOMETRIC_RATIO.0, GEOMETRIC_RATIO.1) {
        more += 1;
    }
    more
}

/// How full something is, in tenths, rounded up or down by chance: what a report adds moves no
/// threshold that could be watched for.
pub fn noisy_tenths(part: u64, whole: u64, rng: &mut impl RngCore) -> i64 {
    let whole = whole.max(1);
    let part = part.min(whole);
    i64::try_from((part * 10 + rng.gen_range(0..whole)) / whole).unwrap_or(10)
}

/// The figures of one service. What is set is seen by nobody before [`MetricsRegistry::publish`].
#[derive(Debug)]
pub struct MetricsRegistry {
    registry: Registry,
    page: watch::Sender<String>,
}

impl Default for MetricsRegistry {
    fn default() -> Self {
        Self {
            registry: Registry::with_prefix("burkindi"),
            page: watch::Sender::new(String::new()),
        }
    }
}

impl MetricsRegistry {
    /// A new figure.
    pub fn register_gauge(&mut self, name: &str, help: &str) -> Gauge {
        let gauge = Gauge::default();
        self.registry.register(name, help, gauge.clone());
        gauge
    }

    /// Shows all figures as they are now.
    pub fn publish(&self) {
        let mut page = String::new();
        encode(&mut page, &self.registry).expect("writing to a string");
        self.page.send_replace(page);
    }

    /// Where the page is: `/metrics`.
    pub fn routes(&self) -> Router {
        Router::new().route("/metrics", get(serve_page)).with_state(self.page.subscribe())
    }

    /// Binds the listener of the page. Returns its address, and the future that serves the page
    /// until it is dropped. The caller checks that the address is a loopback address.
    ///
    /// # Errors
    /// Fails if the address cannot be bound.
    pub async fn listen(
        &self,
        at: SocketAddr,
    ) -> std::io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
        let (listener, routes) = (TcpListener::bind(at).await?, self.routes());
        let address = listener.local_addr()?;
        Ok((address, async move { drop(axum::serve(listener, routes).await) }))
    }
}

async fn serve_page(
    State(page): State<watch::Receiver<String>>,
) -> ([(header::HeaderName, &'static str); 1], String) {
    const OPENMETRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let page = page.borrow().clone();
    ([(header::CONTENT_TYPE, OPENMETRICS_TYPE)], page)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    /// How often each number is published for so many events.
    fn published_distribution(events: u64, rng: &mut StdRng) -> BTreeMap<u64, f64> {
        let mut seen = BTreeMap::new();
        for _ in 0..400_000 {
            let tally = NoisyCounter::default();
            (0..events).for_each(|_| tally.increment());
            *seen.entry(tally.take_noisy(rng)).or_default() += 1.0;
        }
        seen
    }

    #[test]
    fn no_published_number_tells_whether_there_was_one_report_more() {
        let mut rng = StdRng::seed_from_u64(1);
        for events in [0, 5, 40] {
            let (without, with) = (
                published_distribution(events, &mut rng),
                published_distribution(events + 1, &mut rng),
            );
            for (number, times) in &without {
                let others = with.get(number).copied().unwrap_or_default();
                // Enough of them to tell a tenth from chance.
                if times.min(others) > 3000.0 {
                    let odds = times / others;
                    assert!((0.84..1.19).contains(&odds), "{number} of {events}: {odds}");
                }
            }
        }
    }

    #[test]
    fn the_noise_leaves_large_numbers_useful_and_begins_anew_each_day() {
        let mut rng = StdRng::seed_from_u64(2);
        let tally = NoisyCounter::default();
        let mut sum = 0;
        for _ in 0..200 {
            (0..500).for_each(|_| tally.increment());
            sum += tally.take_noisy(&mut rng);
        }
        let mean = sum / 200;
        assert!((490..=510).contains(&mean), "{mean}");
    }

    #[test]
    fn tenths_are_right_in_the_mean_and_have_no_edge() {
        let mut rng = StdRng::seed_from_u64(3);
        let sum: i64 = (0..10_000).map(|_| noisy_tenths(349, 1000, &mut rng)).sum();
        assert!((34_700..=35_100).contains(&sum), "{sum}");
        assert_eq!(
            (
                noisy_tenths(0, 7, &mut rng),
                noisy_tenths(7, 7, &mut rng),
                noisy_tenths(9, 7, &mut rng)
            ),
            (0, 10, 10)
        );
    }

    #[test]
    fn nothing_shows_before_it_is_published() {
        let mut board = MetricsRegistry::default();
        let figure = board.register_gauge("ready", "Does the database answer?");
        let page = board.page.subscribe();
        figure.set(1);
        assert_eq!(*page.borrow(), "");
        board.publish();
        figure.set(0);
        assert!(page.borrow().contains("\nburkindi_ready 1\n"), "{}", *page.borrow());
    }
}
