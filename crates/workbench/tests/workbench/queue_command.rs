//! The command `queue`: its order, members who left, an expired directory and a damaged profile.

use std::process::Output;

use protocol::Priority;
use time::Duration;
use uuid::Uuid;
use workbench::admin::signing;

use crate::{
    cli::{code, json, run},
    common::{
        PASSPHRASE,
        browser::WorkbenchBrowser,
        environment::{TestEnvironment, claim_case},
        today,
    },
    former_readers::remove_two_and_rekey_three,
};

/// Runs a command as a member. Returns standard output and standard error as one line as well.
fn run_as(environment: &TestEnvironment, handle: &str, args: &[&str]) -> (Output, String) {
    let home = format!("home-{handle}");
    let all = [&["--home", &home, "--passphrase-fd", "0"], args].concat();
    let output = run(environment.installation.dir.path(), &format!("{PASSPHRASE}\n"), &all);
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    let printed = String::from_utf8(printed).unwrap();
    let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    (output, printed)
}

fn publish(environment: &TestEnvironment) {
    let newest = environment.installation.signed_directory();
    environment.handler.store.lock().unwrap().directories.push(newest);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_sorted_by_age_priority_or_desk() {
    let environment = TestEnvironment::start();
    environment.installation.profile_dir("lead", &environment.handler.url);
    // Days since the report, priority, desk and days until the deadline of each case.
    let cases = [
        (3, Priority::P3, "external", 9),
        (1, Priority::P2, "internal_affairs", 1),
        (2, Priority::P1, "audit", 5),
        (9, Priority::P2, "internal_affairs", 7),
    ]
    .map(|(age, priority, desk, due)| {
        let case = environment.file_report(&[]).case;
        environment.handler.with_case(case, |stored| {
            stored.state.filed = today() - Duration::days(age);
            stored.state.priority = priority;
            desk.clone_into(&mut stored.state.desk);
            stored.state.deadlines.truncate(1);
            stored.state.deadlines[0].due = today() + Duration::days(due);
        });
        case
    });
    let order = |sort: &[&str]| -> Vec<usize> {
        let listed = json(&run_as(&environment, "lead", &[&["queue", "--json"], sort].concat()).0);
        let ids = listed["cases"].as_array().unwrap().iter();
        let ids = ids.map(|case| case["id"].as_str().unwrap().parse::<Uuid>().unwrap());
        ids.map(|id| cases.iter().position(|case| *case == id).unwrap()).collect()
    };
    assert_eq!(order(&[]), [1, 2, 3, 0], "the earliest deadline");
    assert_eq!(order(&["--sort", "age"]), [3, 0, 2, 1]);
    assert_eq!(order(&["--sort", "priority"]), [2, 3, 1, 0], "then the oldest");
    assert_eq!(order(&["--sort", "desk"]), [2, 0, 1, 3], "then the earliest deadline");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_left_gets_advice_and_colleagues_see_who_has_left() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    claim_case(&mut environment.connect("two").await, &reporter).await;
    environment.connect("lead").await;
    remove_two_and_rekey_three(&environment.installation);
    publish(&environment);
    let (output, printed) = run_as(&environment, "two", &["queue"]);
    assert_eq!(code(&output), 4, "{printed}");
    assert!(printed.contains("administrator must sign and publish a directory"), "{printed}");
    assert!(printed.contains("If you have left, you have no access any more."), "{printed}");
    // The former key of another member gets the same advice.
    environment.installation.profile_dir("three", &environment.handler.url);
    let (_, printed) = run_as(&environment, "three", &["queue"]);
    assert!(printed.contains("administrator must sign and publish a directory"), "{printed}");

    let (output, printed) = run_as(&environment, "lead", &["queue"]);
    assert_eq!(code(&output), 0, "{printed}");
    assert!(printed.contains("two (has left)"), "{printed}");
    let home = environment.installation.profile_dir("lead", &environment.handler.url);
    let screen = WorkbenchBrowser::start_in(environment, home).await;
    screen.unlock().await;
    let row = screen.get("/queue/open").await.texts("tbody tr").concat();
    assert!(row.contains("two has left"), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_directory_is_a_notice_with_its_own_exit_code() {
    let environment = TestEnvironment::start();
    environment.file_report(&[]);
    let installation = &environment.installation;
    for handle in ["lead", "two"] {
        installation.profile_dir(handle, &environment.handler.url);
    }
    let (output, printed) = run_as(&environment, "two", &["queue"]);
    assert!(code(&output) == 0 && !printed.contains("expire"), "{printed}");

    // The first directory of the installation, as if it had been signed 40 days ago.
    std::fs::remove_file(installation.admin_dir.path("directory.signed.json")).unwrap();
    let signed = signing::sign(
        &installation.admin_dir,
        &installation.root_keys[..2],
        today() - Duration::days(40),
    );
    let expires = signed.unwrap().directory.expires;
    assert!(expires < today());
    environment.handler.store.lock().unwrap().directories.clear();
    publish(&environment);
    for args in [&["queue"][..], &["queue", "--json"], &["members"]] {
        let (output, printed) = run_as(&environment, "lead", args);
        assert_eq!(code(&output), 9, "{args:?}: {printed}");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!printed.contains("ALARM") && !printed.contains("error:"), "{args:?}: {printed}");
        assert!(
            stderr.contains("notice") && stderr.contains(&format!("expired on {expires}")),
            "{args:?}: {stderr}"
        );
        assert!(!output.stdout.is_empty(), "{args:?}: the command is done");
    }
    // An error of the command itself has its own exit code.
    assert_eq!(code(&run_as(&environment, "lead", &["show", "ffffffff"]).0), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_of_earlier_states_is_named_with_the_way_out() {
    let environment = TestEnvironment::start();
    environment.file_report(&[]);
    environment.connect("lead").await;
    let record = environment.installation.profile_path("lead").join("seen.json");
    let whole = std::fs::read(&record).unwrap();
    for damaged in [&whole[..whole.len() / 2], b""] {
        std::fs::write(&record, damaged).unwrap();
        let (output, printed) = run_as(&environment, "lead", &["queue"]);
        assert_eq!(code(&output), 1, "{printed}");
        for expected in [
            "seen.json is damaged (",
            "After a power cut: move the file to another folder and continue.",
            "If there was no power cut, inform the administration first",
        ] {
            assert!(printed.contains(expected), "{expected}: {printed}");
        }
        assert_eq!(std::fs::read(&record).unwrap(), damaged, "the file is not replaced");
    }
    std::fs::rename(&record, record.with_file_name("seen-damaged.json")).unwrap();
    let (output, printed) = run_as(&environment, "lead", &["queue"]);
    assert_eq!(code(&output), 0, "{printed}");
    assert!(record.exists(), "the next connection creates a new file");
}
