//! Another report that a reporter says to have written, recognised only by those who can read both.

use investigator::{OpenCase, Thread};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::{HandlerConnection, client::ClientError},
};

/// A message that names another report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RelatedReportLink {
    /// The number of the reporter's message.
    pub message: u32,
    /// The case, proven to be by the same person; `None` if it is not one's own to read.
    pub case: Option<Uuid>,
}

impl HandlerConnection {
    /// The other reports that the messages of a case name. One that is named, and was not written
    /// by the same person, is an alarm and not among them.
    pub(crate) async fn related_report_links(
        &self,
        case: Uuid,
        thread: &Thread,
    ) -> Result<(Vec<RelatedReportLink>, Vec<IntegrityAlert>), ClientError> {
        let (mut named, mut alarms) = (Vec::new(), Vec::new());
        let incoming = thread.incoming.iter();
        let naming: Vec<_> = incoming
            .filter_map(|entry| Some((entry.reference.seq, entry.header.earlier.as_ref()?)))
            .collect();
        if naming.is_empty() {
            return Ok((named, alarms));
        }
        let rows = self.client.cases().await?;
        for (message, earlier) in naming {
            let Some(other) =
                rows.iter().map(|row| row.id).find(|other| earlier.refers_to(*other, case))
            else {
                named.push(RelatedReportLink { message, case: None });
                continue;
            };
            let file = self.client.case(other).await?;
            let open = OpenCase::open(other, &file.grants, self.key.identity());
            if open.is_ok_and(|open| earlier.verify_author(other, case, open.reporter_key())) {
                named.push(RelatedReportLink { message, case: Some(other) });
            } else {
                let text = format!(
                    "message {message} names case {other} as by the same person, which its writer did not sign"
                );
                alarms.push(IntegrityAlert::new(AlertCode::Forged, text));
            }
        }
        Ok((named, alarms))
    }
}
