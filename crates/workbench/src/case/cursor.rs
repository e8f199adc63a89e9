//! Position in the queue from which the next page continues.

use protocol::api::workbench::CaseSummary;
use time::Date;
use uuid::Uuid;

/// The last case of a page. The next page begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseQueueCursor {
    /// Id of the case.
    pub case: Uuid,
    /// Its first running deadline, as the events set it: before a day off postpones it.
    pub due: Option<Date>,
}

impl CaseQueueCursor {
    /// Returns the cursor that continues after this case.
    pub(crate) fn from_row(row: &CaseSummary) -> Self {
        Self { case: row.id, due: row.state.next_deadline().map(|next| next.due) }
    }
}
