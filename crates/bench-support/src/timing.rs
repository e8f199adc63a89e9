//! Statistics over the times of many runs.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Duration of each measurement.
const MEASURE_FOR: Duration = Duration::from_millis(600);

/// Returns the median time of one run, in seconds.
pub fn median_seconds(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < MEASURE_FOR || times.len() < 20 {
        let once = Instant::now();
        run();
        times.push(once.elapsed().as_secs_f64());
    }
    percentile(&mut times, 50)
}

/// Returns the median time of one run while every processor repeats it, in seconds. Two threads
/// that share a core are slower together than one thread alone.
pub fn median_seconds_on_all_cores(run: impl Fn() + Sync) -> f64 {
    let count = thread::available_parallelism().map_or(1, usize::from);
    let mut times: Vec<f64> = thread::scope(|scope| {
        let running: Vec<_> = (0..count).map(|_| scope.spawn(|| median_seconds(&run))).collect();
        running.into_iter().map(|one| one.join().expect("measuring does not panic")).collect()
    });
    percentile(&mut times, 50)
}

/// Sorts the times and returns the given percentile.
pub fn percentile(times: &mut [f64], of_100: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times[(times.len() * of_100 / 100).min(times.len() - 1)]
}

/// Returns the probability that a time of the first set is longer than one of the second (the
/// statistic of Mann and Whitney), and its margin of error at 95 % confidence. The probability is
/// 0.5 if the two sets cannot be distinguished.
#[expect(clippy::cast_precision_loss, reason = "counts of measurements")]
pub fn mann_whitney(first: &[f64], second: &[f64]) -> (f64, f64) {
    let mut second = second.to_vec();
    second.sort_by(f64::total_cmp);
    let below: f64 = first
        .iter()
        .map(|one| {
            let less = second.partition_point(|other| other < one);
            let not_more = second.partition_point(|other| other <= one);
            (less + not_more) as f64 / 2.0
        })
        .sum();
    let (n, m) = (first.len() as f64, second.len() as f64);
    (below / (n * m), 1.96 * ((n + m + 1.0) / (12.0 * n * m)).sqrt())
}

/// Returns the number of processors that this process may use.
#[expect(clippy::cast_precision_loss, reason = "a few")]
pub fn available_cores() -> f64 {
    thread::available_parallelism().map_or(1, usize::from) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_cannot_be_distinguished_and_longer_ones_can() {
        let times: Vec<f64> = (0..1000).map(f64::from).collect();
        assert!((mann_whitney(&times, &times).0 - 0.5).abs() < 1e-9);
        let later: Vec<f64> = times.iter().map(|time| time + 5000.0).collect();
        assert!(mann_whitney(&later, &times).0 > 0.999);
        assert!(mann_whitney(&times, &later).0 < 0.001);
        assert!(mann_whitney(&times, &times).1 < 0.03);
    }

    #[test]
    fn percentiles_are_computed_from_the_measured_values() {
        let mut times = [5.0, 1.0, 2.0, 4.0, 3.0];
        assert!((percentile(&mut times, 50) - 3.0).abs() < 1e-9);
        assert!((percentile(&mut times, 100) - 5.0).abs() < 1e-9);
    }
}
