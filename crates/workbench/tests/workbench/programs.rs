//! A message of a program that the directory does not list is a notice.

use protocol::Hash;
use workbench::{
    alert::{AlertCode, AlertSeverity},
    case::ReportProgram,
};

use super::common::{environment::TestEnvironment, reporter::TestReporter};

fn program(name: &str) -> Hash {
    Hash::of(&[name.as_bytes()])
}

/// Publishes the next directory with these programs.
fn publish(environment: &TestEnvironment, programs: &[&str]) {
    let mut draft = environment.installation.admin_dir.draft().unwrap();
    draft.programs = programs.iter().map(|name| program(name)).collect();
    environment.installation.admin_dir.save_draft(&draft).unwrap();
    let signed = environment.installation.sign_directory();
    environment.handler.store.lock().unwrap().directories.push(signed);
}

/// Sends a message that names this program.
fn send(environment: &TestEnvironment, reporter: &mut TestReporter, named: Option<&str>) {
    reporter.next_program = named.map(program);
    environment.handler.follow_up(&environment.installation, reporter, "More.");
}

#[tokio::test]
async fn a_message_of_an_unlisted_program_is_a_notice_and_a_listed_one_is_not() {
    let environment = TestEnvironment::start();
    publish(&environment, &["new", "old"]);
    let mut reporter = environment.file_report(&[]);
    for named in [Some("new"), Some("old"), None] {
        send(&environment, &mut reporter, named);
    }
    let mut lead = environment.connect("lead").await;
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.report_program, Some(ReportProgram::Unstated), "the server sealed it");

    send(&environment, &mut reporter, Some("swapped"));
    let case = lead.read_case(reporter.case).await.unwrap();
    let [notice] = &case.alarms[..] else { panic!("{:?}", case.alarms) };
    assert_eq!((notice.code, notice.severity), (AlertCode::ProgramUnlisted, AlertSeverity::Notice));
    assert!(
        notice.text.starts_with("message 4 from the reporter names a program"),
        "{}",
        notice.text
    );
}

#[tokio::test]
async fn a_program_stays_listed_for_the_messages_of_its_own_directory() {
    let environment = TestEnvironment::start();
    publish(&environment, &["first"]);
    let mut reporter = environment.file_report(&[]);
    send(&environment, &mut reporter, Some("first"));
    publish(&environment, &["second"]);
    // A browser with the directory before runs the program that the newest directory lists.
    send(&environment, &mut reporter, Some("second"));
    let mut lead = environment.connect("lead").await;
    assert_eq!(lead.read_case(reporter.case).await.unwrap().alarms, []);
    let mut later = environment.file_report(&[]);
    send(&environment, &mut later, Some("first"));
    let codes: Vec<_> =
        lead.read_case(later.case).await.unwrap().alarms.iter().map(|alarm| alarm.code).collect();
    assert_eq!(codes, [AlertCode::ProgramUnlisted], "an old program under a new directory");
}

#[tokio::test]
async fn there_is_no_notice_if_the_directory_lists_no_program() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    send(&environment, &mut reporter, Some("any"));
    publish(&environment, &["first"]);
    let mut lead = environment.connect("lead").await;
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.report_program, None);
}
