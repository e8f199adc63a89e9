//! What measuring programs share. Each of them prints `{"rows": [{"name", "value", "unit",
//! "ceiling", "ratio"}]}` on its standard output and its progress on the other; `cargo xtask bench`
//! runs them and makes a table.
//!
//! The ceiling is measured in the same run where a machine sets it, so that a ratio says the same
//! on any machine. Where the ceiling is what is wanted, its name in the issue or the README, the
//! ratio is such that 1 or more is good enough.

mod http;
mod process;
mod report;
mod timing;

pub use http::{HttpClient, HttpResponse};
pub use process::{peak_mib, processor_seconds, resident_mib};
pub use report::{BenchRow, print_rows, progress};
pub use timing::{
    available_cores, mann_whitney, median_seconds, median_seconds_on_all_cores, percentile,
};

/// How much of something to do: all of it, or little where `BENCH_QUICK` is set, for whoever works
/// on the program itself.
pub fn full_or_quick(all: usize, little: usize) -> usize {
    if std::env::var_os("BENCH_QUICK").is_some() { little } else { all }
}
