//! Resource limits and a system call filter.

use std::{collections::BTreeMap, fs, io};

use rustix::process::{DumpableBehavior, Resource, Rlimit, nice, set_dumpable_behavior, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, apply_filter};

use crate::SandboxLimits;

/// The system calls that stay allowed: memory, writing to open files, and exit.
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

/// Nice increment of a child with a low priority.
const NICE_INCREMENT: i32 = 10;

/// The process could not be sandboxed. It must not read untrusted input.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A resource limit could not be set.
    #[error("failed to set a resource limit: {0}")]
    ResourceLimit(#[from] io::Error),
    /// The filter could not be built for this processor.
    #[error("failed to build the system call filter: {0}")]
    BuildFilter(#[from] seccompiler::BackendError),
    /// The kernel rejected the filter.
    #[error("failed to apply the system call filter: {0}")]
    ApplyFilter(#[from] seccompiler::Error),
}

/// Puts this process into the sandbox until it ends. The kernel kills it at any other system call.
///
/// # Errors
/// Returns an error if the system rejects a restriction. Some restrictions may then be in force,
/// and the process must end.
pub fn enter_sandbox(limits: &SandboxLimits) -> Result<(), SandboxError> {
    if limits.low_priority {
        // Both only reduce the effect of an attack, and not every system permits them.
        nice(NICE_INCREMENT).ok();
        fs::write("/proc/self/oom_score_adj", "1000").ok();
    }
    let at_most = |value| Rlimit { current: Some(value), maximum: Some(value) };
    for (resource, limit) in [
        (Resource::As, limits.address_space),
        (Resource::Data, limits.private_memory),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 0),
    ] {
        setrlimit(resource, at_most(limit)).map_err(io::Error::from)?;
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
