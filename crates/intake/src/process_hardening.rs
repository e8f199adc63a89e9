//! What a process that has secrets in memory asks of the system.

use rustix::process::{self, DumpableBehavior, Resource, Rlimit};

/// No core dump, no debugger of the same user, and new files for nobody else. Call before anything
/// else.
pub fn harden_process() -> std::io::Result<()> {
    process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    Ok(())
}

/// Lets the process open so many files; the error is how many the system allows.
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
    fn a_hardened_process_dumps_nothing() {
        harden_process().unwrap();
        assert_eq!(process::dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(process::getrlimit(Resource::Core).current, Some(0));
    }
}
