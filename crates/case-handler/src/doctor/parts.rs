//! Checks of the object store for large sealed parts.

use std::path::Path;

use doctor::{DoctorReport, Finding, check_disk_space};

use crate::store::{ObjectCheckError, PartObjectStore};

/// Checks that the object store at `store.parts_url` stores, returns and deletes an object.
/// `settings` are the variables that name an S3 server and its credentials.
pub async fn check_parts(
    url: &str,
    settings: impl IntoIterator<Item = (String, String)>,
    report: &mut DoctorReport,
) {
    const CHECK: &str = "store.parts_url";
    let folder = url.strip_prefix("file://").map(Path::new);
    if let Some(folder) = folder {
        report.add(check_disk_space("disk of store.parts_url", folder));
        // Opening a missing folder creates it, under the account of this command.
        if !folder.is_dir() {
            return;
        }
    }
    report.add(match PartObjectStore::check(url, settings).await {
        Ok(()) => Finding::ok(CHECK, "it stores, returns and deletes an object"),
        Err(error) => {
            let advice = advice_for(&error, folder.is_some());
            Finding::error(CHECK, format!("{url}: {error}"), advice)
        }
    });
}

fn advice_for(error: &ObjectCheckError, is_folder: bool) -> &'static str {
    match error {
        ObjectCheckError::InvalidUrl(_) => {
            "Correct the key: file:///folder or s3://bucket/folder, with the variables AWS_ENDPOINT, AWS_REGION and the credentials."
        }
        ObjectCheckError::NotStored(_) => {
            "Do not use this object store: it would lose sealed files. Check the server and its disks."
        }
        _ if is_folder => {
            "Check that the account of the service owns the folder, that the unit may write it, and the kernel log for disk errors."
        }
        ObjectCheckError::NoCredentials => {
            "Set them for the unit of the service, for its backup, for its doctor, and for this command."
        }
        ObjectCheckError::Denied { .. } => {
            "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, and that they permit to put, get, delete and list objects in this bucket."
        }
        ObjectCheckError::NoBucket(_) => {
            "Check the name of the bucket in store.parts_url, AWS_ENDPOINT and AWS_REGION. Create the bucket if it is missing."
        }
        ObjectCheckError::Unreachable(_) => {
            "Check that the server runs, AWS_ENDPOINT, and the network. Submissions with large files stay at the intake meanwhile."
        }
        ObjectCheckError::Failed { .. } => {
            "Check AWS_ENDPOINT and AWS_REGION, and the log of the server."
        }
    }
}
