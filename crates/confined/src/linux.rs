//! Resource limits and a system call filter.

use std::{collections::BTreeMap, fs, io};

use rustix::process::{DumpableBehavior, Resource, Rlimit, nice, set_dumpable_behavior, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, apply_filter};

use crate::Limits;

/// System calls that stay: memory, writing to what is open already, and ending.
const ALLOWED: [i64; 14] = [
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_write,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigreturn,
    libc::SYS_exit_group,
];

/// How far the priority falls of a child that yields.
const NICE: i32 = 10;

/// Why a process is not confined. It must not read anything then.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// A limit of the process.
    #[error("a limit of the process cannot be set: {0}")]
    Limit(#[from] io::Error),
    /// The filter cannot be built for this processor.
    #[error("the system call filter cannot be built: {0}")]
    Filter(#[from] seccompiler::BackendError),
    /// The kernel does not take the filter.
    #[error("the kernel does not take the system call filter: {0}")]
    Apply(#[from] seccompiler::Error),
}

/// Confines this process for the rest of its life. Any other system call kills it.
///
/// # Errors
/// Returns what the system refused; the process may be confined in part then, and must end.
pub fn confine(limits: &Limits) -> Result<(), ConfineError> {
    if limits.yields {
        // Both only make an attack cheaper to bear, and neither is allowed everywhere.
        nice(NICE).ok();
        fs::write("/proc/self/oom_score_adj", "1000").ok();
    }
    let at_most = |value| Rlimit { current: Some(value), maximum: Some(value) };
    for (resource, most) in [
        (Resource::As, limits.address_space),
        (Resource::Data, limits.memory),
        (Resource::Cpu, limits.seconds),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 0),
    ] {
        setrlimit(resource, at_most(most)).map_err(io::Error::from)?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(io::Error::from)?;
    let reading = limits.reads.then_some(libc::SYS_read);
    let allowed: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.into_iter().chain(reading).map(|call| (call, Vec::new())).collect();
    let arch = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(allowed, SeccompAction::KillProcess, SeccompAction::Allow, arch)?;
    let program: BpfProgram = filter.try_into()?;
    Ok(apply_filter(&program)?)
}
