//! A signal right after the ready line stops the program in order.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use common::TestInstallation;
use rustix::process::{Pid, Signal, kill_process};

/// The handlers were missing for some microseconds: several starts, so that one of them meets the
/// moment.
const START_COUNT: usize = 30;

#[test]
fn a_signal_right_after_the_ready_line_stops_the_program_gracefully() {
    let installation = TestInstallation::new();
    let config = &installation.config;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config/intake.toml");
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_intake"));
        command.arg("--config").arg(&example).stdin(Stdio::null()).stdout(Stdio::piped());
        // The contacts of the example are fictitious: only a demonstration starts with them.
        command.env("INTAKE_DEMO", "true");
        for (name, value) in [
            ("INTAKE_PUBLIC_LISTEN", Path::new("127.0.0.1:0")),
            ("INTAKE_RELAY_LISTEN", Path::new("127.0.0.1:0")),
            ("INTAKE_RELAY_CA", &config.relay.ca),
            ("INTAKE_RELAY_CERTIFICATE", &config.relay.certificate),
            ("INTAKE_RELAY_KEY", &config.relay.key),
            ("INTAKE_STORE_URL", Path::new(&config.store.url)),
            ("INTAKE_DIRECTORY_TRUST", &config.directory.trust),
        ] {
            command.env(name, value);
        }
        command
    };
    assert!(program().arg("create-store").status().unwrap().success());
    for start in 0..START_COUNT {
        let mut child = program().spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("ready public="), "{line}");
        let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        kill_process(pid, [Signal::TERM, Signal::INT][start % 2]).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "start {start} ended with {status}");
    }
}
