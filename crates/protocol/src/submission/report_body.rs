//! The content of a report: the body of frame 0.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::Error as _};

use crate::encoding::canonical::is_id;

/// The question that asks which desks and units a report must not reach. Its answers are the
/// exclusions.
pub const EXCLUSION_QUESTION: &str = "handlers_involved";

/// The question that asks if the oversight body may read a report.
pub const OVERSIGHT_QUESTION: &str = "oversight_consent";
/// The answer to [`OVERSIGHT_QUESTION`] with which the oversight body gets a grant, as it does if
/// the question is not answered. With any other answer it gets none.
pub const OVERSIGHT_ALLOWED: &str = "yes";

/// The question that asks if the reporter prefers to talk to a woman or to a man.
pub const PREFERENCE_QUESTION: &str = "handler_preference";
/// The answers to [`PREFERENCE_QUESTION`] that decide who gets a report. They are also units of
/// members.
pub const PREFERENCES: [&str; 2] = ["woman", "man"];

/// Returns whether the answer to a question decides who gets a report. Facts that are added later
/// cannot change the readers any more.
pub fn decides_readers(question: &str) -> bool {
    [EXCLUSION_QUESTION, OVERSIGHT_QUESTION, PREFERENCE_QUESTION].contains(&question)
}

/// Category, answers and story, as the reporter entered them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportBody {
    /// The category id of the taxonomy, such as `FAC`.
    pub category: String,
    /// The audience, such as `trader` or `officer`.
    pub audience: String,
    /// The answers by question id.
    pub answers: BTreeMap<String, ReportAnswer>,
    /// The story in the reporter's words. It may be empty if the category allows it.
    pub story: String,
}

/// One answer: the id of an option, free text, or the ids of several options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ReportAnswer {
    /// The id of an option, or text.
    One(String),
    /// The ids of several options.
    Many(Vec<String>),
}

impl ReportBody {
    /// Returns the ids of the desks, units and functions that the reporter excluded.
    pub fn exclusions(&self) -> Vec<String> {
        match self.answers.get(EXCLUSION_QUESTION) {
            None => Vec::new(),
            Some(ReportAnswer::One(one)) => vec![one.clone()],
            Some(ReportAnswer::Many(many)) => many.clone(),
        }
    }

    /// Returns the unit of the members whom the reporter prefers.
    pub fn preference(&self) -> Option<&'static str> {
        let answer = self.answers.get(PREFERENCE_QUESTION)?;
        PREFERENCES.into_iter().find(|unit| *answer == ReportAnswer::One((*unit).to_owned()))
    }

    /// Returns whether the reporter refused that the oversight body reads the report. It gets no
    /// grant then.
    pub fn refuses_oversight(&self) -> bool {
        let refused =
            |answer: &ReportAnswer| *answer != ReportAnswer::One(OVERSIGHT_ALLOWED.into());
        self.answers.get(OVERSIGHT_QUESTION).is_some_and(refused)
    }

    /// Returns the bytes that are signed and sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a report holds strings only")
    }

    /// Parses the body of frame 0.
    ///
    /// # Errors
    /// If the bytes are not a report, or one of its ids is not an id by [`is_id`].
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
