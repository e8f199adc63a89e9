//! The checks that a developer runs before each commit.

use anyhow::{Result, ensure};

use crate::{
    cmd::{cargo, cargo_install, run_step, workspace_root},
    import_cycles,
};

/// Unit tests that need more than Rust: Node.js packages or PostgreSQL.
const NEEDS_MORE_THAN_RUST: &str = "test(typescript) | test(postgres)";

/// Checks format, lints and import cycles, then runs the terminology test and the unit tests that
/// need Rust alone.
pub(crate) fn run() -> Result<()> {
    cargo_install("cargo-nextest")?;
    check_sources()?;
    // One build for both kinds of tests. A selection of packages would build shared dependencies
    // with other features.
    run_step(
        "terminology and unit tests",
        cargo(&[
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--no-fail-fast",
            "--lib",
            "--test",
            "terminology",
            "--filterset",
            &format!("not ({NEEDS_MORE_THAN_RUST})"),
        ]),
    )
}

/// Checks format, import cycles and lints. `cargo xtask test` runs the same checks.
pub(crate) fn check_sources() -> Result<()> {
    run_step("format", cargo(&["fmt", "--all", "--check"]))?;
    check_import_cycles()?;
    run_step(
        "lints",
        cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    )
}

fn check_import_cycles() -> Result<()> {
    println!("\n== import cycles");
    let cycles = import_cycles::find_in_workspace(&workspace_root())?;
    for cycle in &cycles {
        println!("{cycle}");
    }
    ensure!(
        cycles.is_empty(),
        "{} import cycles between the files of a crate: move what both files need to a third one",
        cycles.len()
    );
    println!("== import cycles: none");
    Ok(())
}
