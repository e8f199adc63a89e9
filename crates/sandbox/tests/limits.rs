//! A sandboxed child that exceeds a limit is ended by the kernel, and its parent goes on. This
//! program is its own child, so it has no test harness: a child has one thread.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        env, hint,
        io::{Read as _, Write as _},
        os::unix::process::ExitStatusExt as _,
        process::ExitStatus,
        time::{Duration, Instant},
    };

    use sandbox::{SandboxLimits, child_command, enter_sandbox};

    const NAME: &str = "a_child_that_exceeds_a_limit_is_ended";
    const LIMITS: SandboxLimits = SandboxLimits {
        address_space: 512 * 1024 * 1024,
        private_memory: 64 * 1024 * 1024,
        cpu_seconds: 1,
        may_read_stdin: false,
        low_priority: true,
    };
    const MEBIBYTE: usize = 1024 * 1024;

    pub(super) fn main() {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let first = arguments.first().map(String::as_str);
        match first {
            Some("allocate-32-mebibytes") => run_child(|| allocate(32)),
            Some("allocate-80-mebibytes") => run_child(|| allocate(80)),
            Some("compute") => run_child(|| {
                loop {
                    hint::spin_loop();
                }
            }),
            // The commands of `cargo nextest`.
            Some("--list") => {
                if !arguments.iter().any(|argument| argument == "--ignored") {
                    std::io::stdout().write_all(format!("{NAME}: test\n").as_bytes()).unwrap();
                }
            }
            _ => run_test(),
        }
    }

    /// Enters the sandbox, and writes a byte if the work ends.
    fn run_child(work: impl FnOnce()) {
        enter_sandbox(&LIMITS).unwrap();
        work();
        std::io::stdout().write_all(b"!").unwrap();
    }

    fn allocate(mebibytes: usize) {
        let blocks: Vec<Vec<u8>> = (0..mebibytes).map(|_| vec![1; MEBIBYTE]).collect();
        hint::black_box(blocks);
    }

    /// Runs a child to its end. Returns how it ended, and whether its work ended.
    fn end_of_child(argument: &str) -> (ExitStatus, bool) {
        let mut child = child_command(&env::current_exe().unwrap(), argument).spawn().unwrap();
        let mut written = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut written).unwrap();
        (child.wait().unwrap(), written == b"!")
    }

    fn run_test() {
        let (ended, complete) = end_of_child("allocate-32-mebibytes");
        assert!(ended.success() && complete, "below the limit: {ended}");
        let (ended, complete) = end_of_child("allocate-80-mebibytes");
        assert!(!ended.success() && !complete, "above the limit of memory: {ended}");
        let started = Instant::now();
        let (ended, complete) = end_of_child("compute");
        assert!(ended.signal().is_some() && !complete, "above the limit of time: {ended}");
        assert!(started.elapsed() < Duration::from_mins(1), "the processor time is limited");
    }
}
