//! What the command lines of both services share: options, output, error messages and exit codes.

use std::{
    error::Error,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use doctor::DoctorReport;

/// Options of every command of a service.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceArgs {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Check the configuration and the files that it names, print problems, and exit.
    #[arg(long)]
    pub check_config: bool,
}

/// Prints the error that ends a program on standard error, with its causes on the same line:
/// `intake: relay.ca: /etc/burkindi/tls/ca.pem: No such file or directory`. Returns the exit code
/// 1.
pub fn report_failure(program: &str, error: &(dyn Error + 'static)) -> ExitCode {
    // A failure to write this message cannot be reported.
    drop(writeln!(io::stderr(), "{program}: {}", text_with_causes(error)));
    ExitCode::FAILURE
}

/// Prints a warning on standard error: `intake: warning: …`.
///
/// # Errors
/// Fails if standard error cannot be written.
pub fn print_warning(program: &str, warning: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{program}: warning: {warning}")
}

/// Prints the result of a command, or that the service is ready, on standard output.
///
/// # Errors
/// Fails if standard output cannot be written.
pub fn print_output(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// Prints the findings of a doctor, and returns its exit code.
///
/// # Errors
/// Fails if standard output cannot be written.
pub fn print_report(report: &DoctorReport, as_json: bool) -> io::Result<ExitCode> {
    print_output(&if as_json { report.to_json() } else { report.to_string() })?;
    Ok(report.exit_code().into())
}

/// Returns an error and its causes, separated by colons. Many errors contain the text of their
/// cause, which is not repeated.
fn text_with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let cause_text = error.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum ExampleError {
        #[error("relay.ca")]
        WithSource(#[source] io::Error),
        #[error("relay.ca: {0}. Check the file")]
        WithText(#[source] io::Error),
    }

    #[test]
    fn each_cause_is_printed_once_whether_the_error_contains_it_or_not() {
        let cause = || io::Error::new(io::ErrorKind::NotFound, "no such file");
        for (error, expected) in [
            (ExampleError::WithSource(cause()), "relay.ca: no such file"),
            (ExampleError::WithText(cause()), "relay.ca: no such file. Check the file"),
        ] {
            assert_eq!(text_with_causes(&error), expected);
        }
    }
}
