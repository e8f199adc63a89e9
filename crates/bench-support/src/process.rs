//! Memory and processor time of a process, from `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// Clock ticks per second in `/proc`: 100 on every Linux.
const CLOCK_TICKS_PER_SECOND: f64 = 100.0;

/// Returns the memory that a process uses now, in MiB.
///
/// # Errors
/// If the process does not exist.
pub fn resident_mib(process: u32) -> Result<f64> {
    proc_status_mib(process, "VmRSS:")
}

/// Returns the maximum memory that a process has used, in MiB.
///
/// # Errors
/// If the process does not exist.
pub fn peak_mib(process: u32) -> Result<f64> {
    proc_status_mib(process, "VmHWM:")
}

fn proc_status_mib(process: u32, what: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kib = status.lines().find_map(|line| line.strip_prefix(what)?.trim().strip_suffix(" kB"));
    Ok(kib.with_context(|| format!("no {what}"))?.parse::<f64>()? / 1024.0)
}

/// Returns the processor time of a process since its start, in seconds.
///
/// # Errors
/// If the process does not exist.
pub fn processor_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses can contain spaces. User time and system time are fields 14 and 15.
    let behind_name = stat.rsplit_once(')').context("no name")?.1;
    let fields: Vec<_> = behind_name.split_whitespace().collect();
    let ticks =
        |field: usize| -> Result<f64> { Ok(fields.get(field - 3).context("too short")?.parse()?) };
    Ok((ticks(14)? + ticks(15)?) / CLOCK_TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_memory_and_time() {
        let me = std::process::id();
        assert!(resident_mib(me).unwrap() > 0.5);
        assert!(peak_mib(me).unwrap() >= resident_mib(me).unwrap());
        let before = processor_seconds(me).unwrap();
        let start = std::time::Instant::now();
        while start.elapsed().as_millis() < 100 {}
        assert!(processor_seconds(me).unwrap() > before);
    }
}
