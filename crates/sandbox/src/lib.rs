//! Child processes for code that reads files of strangers.
//!
//! A program starts itself again with one argument (see [`command`]). The child reads standard
//! input, writes standard output, and calls [`enter_sandbox`] before it looks at the first byte:
//! from then on it opens no file, reaches no network, starts no program, and has little memory and
//! processor time. A child that is killed takes nothing else with it.
//!
//! The parent must bound how long it waits: a confined child can still block.

#[cfg(target_os = "linux")]
mod linux;

use std::{
    path::Path,
    process::{Command, Stdio},
};

#[cfg(target_os = "linux")]
pub use linux::{SandboxError, enter_sandbox};

/// What a child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Address space in bytes. It includes the program itself.
    pub address_space: u64,
    /// Private memory in bytes: heap and anonymous mappings.
    pub private_memory: u64,
    /// Processor time in seconds.
    pub cpu_seconds: u64,
    /// May it go on reading standard input? If not, everything must have been read before.
    pub may_read_stdin: bool,
    /// Give way to the parent: a lower priority, and the first to be killed when memory runs out.
    pub low_priority: bool,
}

/// The command that starts `program` as a child: without environment, in `/`, with piped input and
/// output, and out of reach of the terminal's Ctrl-C, so that the parent decides when it ends.
pub fn child_command(program: &Path, argument: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(argument).env_clear().current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}
