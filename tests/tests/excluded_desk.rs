//! An excluded desk sees no row, no count and no gap, and holds no grant. The oversight body gets
//! the report.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use anyhow::Result;
use scenarios::{RunningInstallation, settings_for};
use sea_orm::{ConnectionTrait, Database, Statement};

#[tokio::test]
async fn an_excluded_member_sees_no_row_and_no_gap() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = running.reporter("fr").await?;
    let file = async |story: &str, excluded: &str| {
        let mut typed = vec![("a.story", story)];
        if !excluded.is_empty() {
            typed.push(("a.handlers_involved", excluded));
        }
        visitor.submit_report(&typed, &[]).await?.receipt_code()
    };
    // A report that the desk must not see arrives between two reports for the desk.
    file("premier", "").await?;
    running.wait_for_cases("inspector-1", 1).await?;
    let hidden = file("caché", "internal_affairs").await?;
    let outside = running.wait_for_cases("outside-1", 1).await?;
    file("troisième", "").await?;
    let seen = running.wait_for_cases("inspector-1", 2).await?;

    // The oversight body has the report and can answer.
    assert_eq!(outside.len(), 1);
    let case = outside[0]["id"].as_str().unwrap();
    running.installation.run_as("outside-1", &["claim", case])?;
    let shown = running.installation.run_as("outside-1", &["show", case])?;
    assert_eq!(shown["report"]["story"], "caché");
    running.installation.run_as("outside-1", &["reply", case, "--text", "Nous l’avons."])?;
    let thread = running.wait_for_messages(&visitor, &hidden, 1).await?;
    assert_eq!(thread.messages(), ["Nous l’avons."]);

    // Neither member of the desk has a row. The response for the case equals that for a case that
    // does not exist.
    for handle in ["inspector-1", "inspector-2"] {
        let queue = running.wait_for_cases(handle, 2).await?;
        assert_eq!(queue.len(), 2, "{handle}");
        assert!(queue.iter().all(|row| row["id"] != case), "{handle}");
        let refused = running.installation.run_as(handle, &["show", case]).unwrap_err().to_string();
        let nowhere =
            running.installation.run_as(handle, &["show", "00000000-0000-4000-8000-000000000000"]);
        let nowhere =
            nowhere.unwrap_err().to_string().replace("00000000-0000-4000-8000-000000000000", case);
        let body = |text: &str| text.lines().skip(1).collect::<String>();
        assert_eq!(body(&refused), body(&nowhere), "{handle}");
        running.installation.run_as(handle, &["audit", "verify"])?;
    }
    // Numbers count within one case, so the third report's case shows no trace of the second.
    for row in &seen {
        assert_eq!(row["state"]["next_seq"], 1, "{row}");
    }
    assert_no_grant_stored(&running, case).await
}

async fn assert_no_grant_stored(running: &RunningInstallation, case: &str) -> Result<()> {
    let db = Database::connect(running.installation.case_handler_store_url()).await?;
    let id: uuid::Uuid = case.parse()?;
    let sql = "SELECT member FROM grants WHERE case_id = $1 ORDER BY member";
    let query = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()]);
    let rows = db.query_all_raw(query).await?;
    let members: Vec<String> = rows.iter().map(|row| row.try_get("", "member").unwrap()).collect();
    assert_eq!(members, ["outside-1"]);
    Ok(())
}
