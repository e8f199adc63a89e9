//! Resource limits and a system call filter.

use std::{collections::BTreeMap, fs, io};

use rustix::process::{DumpableBehavior, Resource, Rlimit, nice, set_dumpable_behavior, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, apply_filter};

use crate::SandboxLimits;

/// System calls that stay: memory, writing to what is open already, and ending.
const ALLOWED_SYSCALLS: [i64; 14] = [
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
const NICE_INCREMENT: i32 = 10;

/// Why a process is not confined. It must not read anything then.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A limit of the process.
    #[error("a limit of the process cannot be set: {0}")]
    ResourceLimit(#[from] io::Error),
    /// The filter cannot be built for this processor.
    #[error("the system call filter cannot be built: {0}")]
    BuildFilter(#[from] seccompiler::BackendError),
    /// The kernel does not take the filter.
    #[error("the kernel does not take the system call filter: {0}")]
    ApplyFilter(#[from] seccompiler::Error),
}

/// Confines this process for the rest of its life. Any other system call kills it.
///
/// # Errors
/// Returns what the system refused; the process may be confined in part then, and must end.
pub fn enter_sandbox(limits: &SandboxLimits) -> Result<(), SandboxError> {
    if limits.low_priority {
        // Both only make an attack cheaper to bear, and neither is allowed everywhere.
        nice(NICE_INCREMENT).ok();
        fs::write("/proc/self/oom_score_adj", "1000").ok();
    }
    let at_most = |value| Rlimit { current: Some(value), maximum: Some(value) };
    for (resource, most) in [
        (Resource::As, limits.address_space),
        (Resource::Data, limits.private_memory),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 0),
    ] {
        setrlimit(resource, at_most(most)).map_err(io::Error::from)?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(io::Error::from)?;
    let reading = limits.may_read_stdin.then_some(libc::SYS_read);
    let allowed: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED_SYSCALLS.into_iter().chain(reading).map(|call| (call, Vec::new())).collect();
    let arch = std::env::consts::ARCH.try_into()?;
    let filter =
        SeccompFilter::new(allowed, SeccompAction::KillProcess, SeccompAction::Allow, arch)?;
    let program: BpfProgram = filter.try_into()?;
    Ok(apply_filter(&program)?)
}
