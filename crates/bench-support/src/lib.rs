//! Support for measuring programs. Each program prints `{"rows": [{"name", "value", "unit",
//! "ceiling", "ratio"}]}` on its standard output and its progress on its standard error. `cargo
//! xtask bench` runs the programs and prints a table.
//!
//! Where the machine sets the ceiling, the same run measures it, so a ratio means the same on every
//! machine. Where the ceiling is a target, a ratio of 1 or more reaches the target.

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

/// Returns `all`, or `little` if `BENCH_QUICK` is set. Developers of a measuring program set it for
/// short runs.
pub fn full_or_quick(all: usize, little: usize) -> usize {
    if std::env::var_os("BENCH_QUICK").is_some() { little } else { all }
}
