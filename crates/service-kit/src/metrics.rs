//! Metrics for operators that do not reveal a single report.
//!
//! A counter that changes with each report shows an observer when a report arrived. Rounding does
//! not prevent this: an attacker who sends nine reports makes the tenth one visible. The counts of
//! visitors' actions are therefore published once a day and with noise ([`NoisyCounter`]). All
//! other metrics describe the service itself. They are measured on a fixed schedule, never because
//! of a visitor.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{Router, extract::State, routing::get};
use http::header;
use prometheus_client::{
    encoding::text::encode,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use rand::{Rng, RngCore};
use tokio::{net::TcpListener, sync::watch};

/// The probability 10/11 that a geometric sample continues. With it, one report makes each
/// published number at most a tenth more likely or less likely.
const GEOMETRIC_RATIO: (u32, u32) = (10, 11);

/// Name and value of a label.
pub type Label = (String, String);

/// Counts an action of visitors. [`NoisyCounter::take_noisy`] is the only way to read it, and adds
/// noise.
#[derive(Debug, Default)]
pub struct NoisyCounter(AtomicU64);

impl NoisyCounter {
    /// Adds one.
    pub fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends a day: resets the counter and returns the count with noise. The noise is two-sided and
    /// geometric, about 15 up or down. Any number is therefore almost as likely with a report as
    /// without it (differential privacy with e^ε = 1.1), whatever else an observer knows.
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

/// Returns a fill level in tenths, rounded up or down at random. A report therefore crosses no
/// threshold that an observer could watch.
pub fn noisy_tenths(part: u64, whole: u64, rng: &mut impl RngCore) -> i64 {
    let whole = whole.max(1);
    let part = part.min(whole);
    i64::try_from((part * 10 + rng.gen_range(0..whole)) / whole).unwrap_or(10)
}

/// The metrics of one service. New values are visible only after [`MetricsRegistry::publish`].
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
    /// Registers a metric and returns its gauge.
    pub fn register_gauge(&mut self, name: &str, help: &str) -> Gauge {
        let gauge = Gauge::default();
        self.registry.register(name, help, gauge.clone());
        gauge
    }

    /// Registers a metric with one gauge for each value of a label.
    pub fn register_family(&mut self, name: &str, help: &str) -> Family<Vec<Label>, Gauge> {
        let family = Family::default();
        self.registry.register(name, help, family.clone());
        family
    }

    /// Publishes the current values of all metrics.
    pub fn publish(&self) {
        let mut page = String::new();
        encode(&mut page, &self.registry).expect("writing to a string");
        self.page.send_replace(page);
    }

    /// Returns the route `/metrics`.
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

    /// Returns how often each number is published for a number of events.
    fn published_distribution(events: u64, rng: &mut StdRng) -> BTreeMap<u64, f64> {
        let mut seen = BTreeMap::new();
        for _ in 0..400_000 {
            let counter = NoisyCounter::default();
            (0..events).for_each(|_| counter.increment());
            *seen.entry(counter.take_noisy(rng)).or_default() += 1.0;
        }
        seen
    }

    #[test]
    fn the_published_metrics_do_not_reveal_a_single_report() {
        let mut rng = StdRng::seed_from_u64(1);
        for events in [0, 5, 40] {
            let (without, with) = (
                published_distribution(events, &mut rng),
                published_distribution(events + 1, &mut rng),
            );
            for (number, times) in &without {
                let others = with.get(number).copied().unwrap_or_default();
                // Smaller samples cannot distinguish a tenth from chance.
                if times.min(others) > 3000.0 {
                    let odds = times / others;
                    assert!((0.84..1.19).contains(&odds), "{number} of {events}: {odds}");
                }
            }
        }
    }

    #[test]
    fn the_noise_leaves_large_numbers_useful_and_the_counter_is_reset_each_day() {
        let mut rng = StdRng::seed_from_u64(2);
        let counter = NoisyCounter::default();
        let mut sum = 0;
        for _ in 0..200 {
            (0..500).for_each(|_| counter.increment());
            sum += counter.take_noisy(&mut rng);
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
    fn no_metric_is_visible_before_it_is_published() {
        let mut registry = MetricsRegistry::default();
        let gauge = registry.register_gauge("ready", "1 if the database responds, else 0");
        let page = registry.page.subscribe();
        gauge.set(1);
        assert_eq!(*page.borrow(), "");
        registry.publish();
        gauge.set(0);
        assert!(page.borrow().contains("\nburkindi_ready 1\n"), "{}", *page.borrow());
    }
}
