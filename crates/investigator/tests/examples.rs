//! Runs the examples as a reader does: one seals a report, the other opens it.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    path::Path,
    process::{Command, Output},
};

/// Runs an example with the file of the sealed report.
fn run_example(name: &str, file: &Path) -> Output {
    let program = std::env::current_exe().unwrap();
    // The test program is in `deps`, beside the folder of the examples.
    let program = program.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(
        program.is_file(),
        "{} is not built: run `cargo build -p investigator --examples`",
        program.display()
    );
    Command::new(program).arg(file).output().unwrap()
}

#[test]
fn a_report_that_one_example_seals_is_opened_by_the_other() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("report.sealed");
    std::fs::remove_file(&file).ok();
    let missing = run_example("open_a_case", &file);
    assert!(!missing.status.success());
    let error = String::from_utf8(missing.stderr).unwrap();
    assert!(error.contains("Run the example seal_a_report first"), "{error}");

    let sealed = run_example("seal_a_report", &file);
    assert!(sealed.status.success(), "{sealed:?}");
    let receipt = String::from_utf8(sealed.stdout).unwrap();
    assert!(receipt.contains("receipt: ") && receipt.contains("receipt in words: "), "{receipt}");
    let story = "An officer asks for 5,000 francs for each stamp.";
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(story.len()).any(|window| window == story.as_bytes()));

    let opened = run_example("open_a_case", &file);
    assert!(opened.status.success(), "{opened:?}");
    let text = String::from_utf8(opened.stdout).unwrap();
    for line in ["desk: internal_affairs", "category: FAC", story, "file: stamp.txt"] {
        assert!(text.contains(line), "{text}");
    }
}
