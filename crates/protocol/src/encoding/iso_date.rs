//! Serde for dates as `YYYY-MM-DD`.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
use time::{Date, format_description::well_known::Iso8601};

/// Writes `YYYY-MM-DD`.
///
/// # Errors
/// Fails only if the serializer fails.
pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}

/// Reads `YYYY-MM-DD`.
///
/// # Errors
/// Fails if the value is not a string, or if the string is not an ISO 8601 date.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    Date::parse(&String::deserialize(deserializer)?, &Iso8601::DATE).map_err(D::Error::custom)
}

/// Serde for an optional date.
pub mod option {
    use super::{Date, Deserialize, Deserializer, Iso8601, Serializer};
    use serde::de::Error as _;

    /// Writes `YYYY-MM-DD` or null.
    ///
    /// # Errors
    /// Fails only if the serializer fails.
    pub fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.collect_str(date),
            None => serializer.serialize_none(),
        }
    }

    /// Reads `YYYY-MM-DD` or null.
    ///
    /// # Errors
    /// Fails if the value is neither null nor a string with an ISO 8601 date.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Date>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| Date::parse(&text, &Iso8601::DATE).map_err(D::Error::custom))
            .transpose()
    }
}
