//! The child process that decodes files of untrusted senders.

use std::{
    fs,
    io::{Read, Write},
    process::{Command, Stdio},
    time::Duration,
};

/// Lets a worker decode a file, and checks which permissions it has left. Returns its output, which
/// must be larger than a pipe: the process blocks while its output is not read, and meanwhile the
/// system shows its permissions.
pub(crate) fn decode_without_permissions(worker_arg: &str, file: &[u8]) -> Vec<u8> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_burkindi"))
        .arg(worker_arg)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(file).unwrap();
    let proc = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap();
    let mut waited = 0;
    while !proc("status").contains("Seccomp:\t2") {
        waited += 1;
        assert!(waited < 600, "{}", proc("status"));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(proc("status").contains("NoNewPrivs:\t1"));
    let limits = proc("limits");
    for name in ["Max open files", "Max file size", "Max core file size"] {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(
            line[name.len()..].split_whitespace().take(2).collect::<Vec<_>>(),
            ["0", "0"],
            "{name}"
        );
    }
    let mut output = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
    assert!(child.wait().unwrap().success());
    output
}
