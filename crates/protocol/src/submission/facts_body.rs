//! Facts that a reporter adds to a report: the body of a frame of kind `facts`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    encoding::canonical::{CanonicalError, is_id, parse_canonical},
    submission::report_body::ReportAnswer,
};

/// Answers to questions of a category, sent after the report. The category can differ from that of
/// the report, because the service that shows the questions does not know that one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactsBody {
    /// The category id of the taxonomy, such as `FAC`.
    pub category: String,
    /// The answers by question id.
    pub answers: BTreeMap<String, ReportAnswer>,
}

/// Why the body of a frame of kind `facts` is refused.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// The bytes are not the canonical JSON of facts.
    #[error("malformed facts: {0}")]
    Malformed(#[from] CanonicalError),
    /// An id has a character or a length that no id of a taxonomy has.
    #[error("malformed facts: an id of another shape")]
    InvalidId,
    /// There is no answer.
    #[error("malformed facts: no answer")]
    NoAnswer,
}

impl FactsBody {
    /// Returns the bytes that are signed and sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("facts hold strings only")
    }

    /// Parses the body of a frame of kind `facts`.
    ///
    /// # Errors
    /// If the bytes are not the canonical JSON of facts with an answer, or one of the ids is not an
    /// ASCII id by [`is_id`] that begins with a letter. JavaScript keeps the order of such ids.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FactsError> {
        let facts: Self = parse_canonical(bytes)?;
        let is_named = |id: &String| {
            is_id(id) && id.is_ascii() && id.starts_with(|first: char| first.is_ascii_alphabetic())
        };
        if !is_named(&facts.category) || !facts.answers.keys().all(is_named) {
            return Err(FactsError::InvalidId);
        }
        if facts.answers.is_empty() {
            return Err(FactsError::NoAnswer);
        }
        Ok(facts)
    }
}
