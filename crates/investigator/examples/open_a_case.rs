//! Opens the case that a sealed report begins, as the member `awa`, and prints the report: `cargo
//! run -p investigator --example open_a_case [FILE]`. The example `seal_a_report` writes the file.

mod sample;

use std::{
    error::Error,
    fs,
    io::{self, Write as _},
};

use investigator::{OpenCase, SealedFrame};
use protocol::{
    api::workbench::GenerationGrant,
    submission::{envelope, frame::FrameDirection, key_grant::grant_tag},
};
use sample::{HANDLES, member_key, sealed_file, transport_key};

fn main() -> Result<(), Box<dyn Error>> {
    let file = sealed_file();
    let sealed = fs::read(&file).map_err(|error| {
        format!("{}: {error}. Run the example seal_a_report first", file.display())
    })?;
    // The case handler opens the outer seal. It sees the routing header and sealed parts.
    let submission = envelope::open(&transport_key(), sealed.as_slice())?;
    let id = submission.header.case.id;
    // The member finds its grant by the tag, and opens the case with it.
    let identity = member_key(0);
    let tag = grant_tag(id, &identity.recipient());
    let grant = submission.grants.iter().find(|grant| grant.tag == tag).cloned();
    let grant = grant.ok_or("the report is not addressed to this member")?;
    let case = OpenCase::open(id, &[GenerationGrant { generation: 0, grant }], &identity)?;
    let thread = case.read_thread([SealedFrame {
        direction: FrameDirection::In,
        generation: 0,
        batch: 0,
        sealed: &submission.body,
    }]);
    if let Some(issue) = thread.issues.first() {
        return Err(format!("the report does not verify: {:?}", issue.kind).into());
    }
    let first = thread.incoming.first().ok_or("the submission contains no report")?;
    let report = first.parse_report().ok_or("the first message is not a report")??;
    let mut out = io::stdout();
    writeln!(out, "desk: {}", submission.header.desk)?;
    writeln!(out, "reader: {}", HANDLES[0])?;
    writeln!(out, "category: {}", report.category)?;
    writeln!(out, "report: {}", report.story)?;
    for attachment in &first.header.attachments {
        writeln!(out, "file: {}", attachment.name)?;
    }
    Ok(())
}
