//! Settings of the operating system for a process with secrets in memory.

use rustix::process::{self, DumpableBehavior, Resource, Rlimit};

/// Disables core dumps, prevents other processes of the same account from reading the memory, and
/// makes new files accessible to this account only. A service calls this before anything else.
///
/// # Errors
/// Fails if the system refuses a setting.
pub fn harden_process() -> std::io::Result<()> {
    process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    Ok(())
}

/// Raises the limit of open files of this process to `needed`, unless it is that high already.
///
/// # Errors
/// Fails if the system does not allow that many. The error is the number that it allows.
pub fn raise_nofile_limit(needed: usize) -> Result<(), u64> {
    let needed = needed as u64;
    let limit = process::getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(needed), maximum: limit.maximum };
    process::setrlimit(Resource::Nofile, raised)
        .map_err(|_| limit.maximum.or(limit.current).unwrap_or(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hardened_process_writes_no_core_dump_and_no_readable_file() {
        harden_process().unwrap();
        assert_eq!(process::dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(process::getrlimit(Resource::Core).current, Some(0));
        assert_eq!(process::umask(rustix::fs::Mode::from_raw_mode(0o077)).as_raw_mode(), 0o077);
    }
}
