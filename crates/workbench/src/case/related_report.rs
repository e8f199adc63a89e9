//! Related reports: another report of the same reporter, which a message refers to. Only readers of
//! both cases recognise it.

use investigator::{OpenCase, Thread};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::{HandlerConnection, client::ClientError},
};

/// A reference of a message to another report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RelatedReportLink {
    /// Sequence number of the reporter's message.
    pub message: u32,
    /// The case of the other report, with proof of the same reporter. `None` if the member cannot
    /// read that case.
    pub case: Option<Uuid>,
}

impl HandlerConnection {
    /// Returns the references in the messages of a case. A reference without proof of the same
    /// reporter is left out and becomes an alert.
    pub(crate) async fn related_report_links(
        &self,
        case: Uuid,
        thread: &Thread,
    ) -> Result<(Vec<RelatedReportLink>, Vec<IntegrityAlert>), ClientError> {
        let (mut links, mut alarms) = (Vec::new(), Vec::new());
        let incoming = thread.incoming.iter();
        let references: Vec<_> = incoming
            .filter_map(|entry| Some((entry.reference.seq, entry.header.related.as_ref()?)))
            .collect();
        if references.is_empty() {
            return Ok((links, alarms));
        }
        let rows = self.client.cases().await?;
        for (message, reference) in references {
            let Some(other) =
                rows.iter().map(|row| row.id).find(|other| reference.refers_to(*other, case))
            else {
                links.push(RelatedReportLink { message, case: None });
                continue;
            };
            let file = self.client.case(other).await?;
            let open = OpenCase::open(other, &file.grants, self.key.identity());
            if open.is_ok_and(|open| reference.verify_author(other, case, open.reporter_key())) {
                links.push(RelatedReportLink { message, case: Some(other) });
            } else {
                let text = format!(
                    "message {message} refers to case {other} as by the same reporter, but the reporter of that case did not sign the reference"
                );
                alarms.push(IntegrityAlert::new(AlertCode::Forged, text));
            }
        }
        Ok((links, alarms))
    }
}
