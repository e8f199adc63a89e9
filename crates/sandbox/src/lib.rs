//! Child processes for code that parses untrusted files.
//!
//! A program starts itself again with one argument (see [`child_command`]). The child reads
//! standard input, writes standard output, and calls [`enter_sandbox`] before it reads the first
//! byte. From then on it cannot open files, use the network or start programs, and its memory and
//! processor time are limited. If the kernel kills the child, the parent continues.
//!
//! The parent must limit how long it waits, because a sandboxed child can still block.

#[cfg(target_os = "linux")]
mod linux;

use std::{
    path::Path,
    process::{Command, Stdio},
};

#[cfg(target_os = "linux")]
pub use linux::{SandboxError, enter_sandbox};

/// The limits of a child process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Address space in bytes, including the program itself.
    pub address_space: u64,
    /// Private memory in bytes: heap and anonymous mappings.
    pub private_memory: u64,
    /// Processor time in seconds.
    pub cpu_seconds: u64,
    /// Whether the child may read standard input. If not, it must have read everything before.
    pub may_read_stdin: bool,
    /// Whether the child yields to the parent: it gets a lower priority, and the kernel kills it
    /// first when memory runs out.
    pub low_priority: bool,
}

/// Returns the command that starts `program` as a child with one argument. The child has no
/// environment, the working directory `/`, and piped input and output. It does not receive Ctrl-C
/// from the terminal, so that the parent decides when it ends.
pub fn child_command(program: &Path, argument: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(argument).env_clear().current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}
