//! The round trip of a report over real processes: submit, seal, collect, route, open, reply, read,
//! follow up, audit.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{fs, process::Stdio};

use anyhow::Result;
use scenarios::{FormFile, RunningInstallation, settings_for};
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::Value;
use xtask::PASSPHRASE;

/// 2 kB of French, with every character that an encoding could damage.
fn story() -> String {
    let sentence = "Au poste, l’agent m’a demandé « quelque chose » : 5 000 francs, sans quittance… & <rien> d’autre ! ";
    let mut story = "Depuis des mois, à chaque passage :\n\n".to_owned();
    while story.len() < 2048 {
        story.push_str(sentence);
    }
    story.trim_end().to_owned()
}

/// Bytes that look like a photo and contain every value and form boundaries.
fn photo_like_bytes() -> Vec<u8> {
    let mut photo = b"\xff\xd8\xff\xe0\r\n------a-boundary\r\n".to_vec();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    while photo.len() < 5 * 1024 * 1024 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        photo.extend_from_slice(&state.to_be_bytes());
    }
    photo
}

fn read_saved_file(answer: &Value) -> Vec<u8> {
    let path = answer["saved"][0]["path"].as_str().unwrap();
    fs::read(path).unwrap()
}

#[tokio::test]
async fn a_report_makes_the_round_trip() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = running.reporter("fr").await?;
    let (story, photo) = (story(), photo_like_bytes());

    // A trader submits a report with a photo.
    let image = FormFile { name: "photo.jpg", media_type: "image/jpeg", content: &photo };
    let typed = [("a.story", story.as_str()), ("a.frequency", "always")];
    // The photo is sent without scrubbing. `crates/metadata-scrubber` tests the scrubbing of files.
    let review = visitor.open_review_page(&typed).await?;
    let receipt =
        visitor.submit_form(&review, "/report/send", &[("keep", "files")], &[image]).await?;
    let (code, words) = (receipt.receipt_code()?, receipt.receipt_words()?);
    assert!(!receipt.html.contains("quittance…"), "the receipt page repeats nothing of the report");

    // An investigator sees the case in the queue, opens it, and saves the photo.
    let queue = running.wait_for_cases("inspector-1", 1).await?;
    assert_eq!(queue.len(), 1);
    let case = queue[0]["id"].as_str().unwrap().to_owned();
    let installation = &running.installation;
    let face = installation.run_as("inspector-1", &["show", &case])?;
    assert!(face["report"].is_null(), "no content is shown before the declaration");
    installation.run_as("inspector-1", &["declare", &case])?;
    let shown = installation.run_as("inspector-1", &["show", &case])?;
    assert_eq!(shown["report"]["story"].as_str().unwrap(), story);
    assert_eq!(shown["alarms"], serde_json::json!([]));
    let to = folder.path().join("saved");
    let to = to.to_str().unwrap();
    let answer = installation.run_as("inspector-1", &["save", &case, "--to", to])?;
    assert!(read_saved_file(&answer) == photo, "the photo is identical");

    // Either spelling of the receipt opens the answer.
    installation.run_as("inspector-1", &["claim", &case])?;
    installation
        .run_as("inspector-1", &["reply", &case, "--text", "Merci. C’était où, et quand ?"])?;
    for spelling in
        [code.clone(), code.to_lowercase().replace(' ', ""), words.clone(), words.to_uppercase()]
    {
        let thread = running.wait_for_messages(&visitor, &spelling, 1).await?;
        assert_eq!(thread.messages(), ["Merci. C’était où, et quand ?"], "{}", thread.heading());
        assert!(thread.texts("[role=alert]").is_empty(), "{:?}", thread.texts("[role=alert]"));
    }

    // The reporter replies with a file.
    let thread = running.wait_for_messages(&visitor, &code, 1).await?;
    let paper = FormFile {
        name: "quittance.pdf",
        media_type: "application/pdf",
        content: b"%PDF-1.4 une page",
    };
    let sent = visitor
        .submit_form(&thread, "/return/send", &[("message", "À Dakola, lundi.")], &[paper])
        .await?;
    assert!(sent.status.is_success(), "{}: {:?}", sent.status, sent.texts("main"));
    let shown = running
        .wait_for_output("inspector-1", &["show", &case], |shown| {
            let messages = shown["messages"].as_array()?;
            messages
                .iter()
                .any(|message| message["text"] == "À Dakola, lundi.")
                .then(|| shown.clone())
        })
        .await?;
    assert_eq!(shown["alarms"], serde_json::json!([]));
    let later = folder.path().join("saved later");
    let answer =
        installation.run_as("inspector-1", &["save", &case, "--to", later.to_str().unwrap()])?;
    let names: Vec<_> =
        answer["saved"].as_array().unwrap().iter().map(|file| file["path"].to_string()).collect();
    assert!(names.iter().any(|name| name.contains("document-1.pdf")), "{names:?}");

    // The audit passes, and fails after any row is altered.
    installation.run_as("outside-1", &["audit", "verify"])?;
    installation.run_as("inspector-1", &["audit", "verify"])?;
    assert_every_altered_row_is_detected(&running).await
}

/// Alters each row of the log in the database and restores it, one row after the other.
async fn assert_every_altered_row_is_detected(running: &RunningInstallation) -> Result<()> {
    let db = Database::connect(running.installation.case_handler_store_url()).await?;
    let engine = db.get_database_backend();
    let query = |sql: &str| Statement::from_string(engine, sql.to_owned());
    let rows = db
        .query_all_raw(query("SELECT position, bytes, signature FROM events ORDER BY position"))
        .await?;
    assert!(rows.len() >= 4, "received, claimed, replied, followed up");
    for row in rows {
        let position: i64 = row.try_get("", "position")?;
        let (bytes, signature): (Vec<u8>, Vec<u8>) =
            (row.try_get("", "bytes")?, row.try_get("", "signature")?);
        let mut altered = bytes.clone();
        *altered.last_mut().unwrap() ^= 1;
        for (column, good, bad) in
            [("bytes", &bytes, altered), ("signature", &signature, vec![0; signature.len()])]
        {
            let set = |value: Vec<u8>| {
                let sql = format!("UPDATE events SET {column} = $1 WHERE position = $2");
                Statement::from_sql_and_values(engine, sql, [value.into(), position.into()])
            };
            db.execute_raw(set(bad)).await?;
            assert!(!audit_passes(running), "{column} of row {position} was altered");
            db.execute_raw(set(good.clone())).await?;
        }
    }
    assert!(audit_passes(running), "every row is restored");
    Ok(())
}

fn audit_passes(running: &RunningInstallation) -> bool {
    use std::io::Write as _;
    let mut command =
        running.installation.workbench_command("outside-1", &["audit", "verify", "--full"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    drop(writeln!(child.stdin.take().unwrap(), "{PASSPHRASE}"));
    child.wait().unwrap().success()
}
