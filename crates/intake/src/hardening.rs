//! What a process that has secrets in memory asks of the system.

use rustix::process::{self, DumpableBehavior, Resource, Rlimit};

/// No core dump, no debugger of the same user, and new files for nobody else. Call before anything else.
pub fn harden() -> std::io::Result<()> {
    process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hardened_process_dumps_nothing() {
        harden().unwrap();
        assert_eq!(process::dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(process::getrlimit(Resource::Core).current, Some(0));
    }
}
