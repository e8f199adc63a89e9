//! What a report says: the body of frame 0.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::Error as _};

use crate::encoding::canonical::is_id;

/// The question that asks whom a report must not reach. Its answers are the exclusions.
pub const EXCLUSION_QUESTION: &str = "handlers_involved";

/// Category, answers and story, as the reporter gave them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportBody {
    /// Category id of the taxonomy, such as `FAC`.
    pub category: String,
    /// Such as `trader` or `officer`.
    pub audience: String,
    /// Question id → answer.
    pub answers: BTreeMap<String, ReportAnswer>,
    /// In the reporter's own words; may be empty where the category allows it.
    pub story: String,
}

/// One answer: an option's id or free text, or several option ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ReportAnswer {
    /// An option's id, or text.
    One(String),
    /// Option ids.
    Many(Vec<String>),
}

impl ReportBody {
    /// Whom the reporter excluded: ids of desks, units or functions.
    pub fn exclusions(&self) -> Vec<String> {
        match self.answers.get(EXCLUSION_QUESTION) {
            None => Vec::new(),
            Some(ReportAnswer::One(one)) => vec![one.clone()],
            Some(ReportAnswer::Many(many)) => many.clone(),
        }
    }

    /// The bytes that are signed and sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a report holds strings only")
    }

    /// Reads the body of frame 0.
    ///
    /// # Errors
    /// For bytes that are not a report, and for one whose ids have another shape than [`is_id`]
    /// asks for.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let report: Self = serde_json::from_slice(bytes)?;
        let named = |id: &String| is_id(id);
        if ![&report.category, &report.audience].into_iter().all(named)
            || !report.answers.keys().all(named)
        {
            return Err(serde_json::Error::custom("an id of another shape"));
        }
        Ok(report)
    }
}
