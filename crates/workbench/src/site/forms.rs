//! Forms as browsers post them.

use std::collections::BTreeMap;

use axum::{
    Form,
    extract::{FromRequest, Request, rejection::FormRejection},
};
use zeroize::Zeroizing;

use super::Site;

/// What was typed, by field. A field can stand there several times.
#[derive(Default)]
pub(crate) struct Typed(BTreeMap<String, Vec<Zeroizing<String>>>);

impl Typed {
    /// A field's value; empty if it is not there.
    pub(crate) fn get(&self, field: &str) -> &str {
        self.0.get(field).and_then(|values| values.first()).map_or("", |value| value.as_str())
    }

    /// A field's value, if something was typed.
    pub(crate) fn some(&self, field: &str) -> Option<String> {
        Some(self.get(field).trim()).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// The path of one of our own pages, which hold no other characters; empty if it is none.
    pub(crate) fn path(&self, field: &str) -> &str {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-');
        Some(self.get(field)).filter(|to| to.starts_with('/') && to.chars().all(plain)).unwrap_or_default()
    }

    /// Was this ticked?
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// For keeping it.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let plain: BTreeMap<&str, Vec<&str>> = self
            .0
            .iter()
            .map(|(field, all)| (&**field, all.iter().map(|value| value.as_str()).collect()))
            .collect();
        Zeroizing::new(serde_json::to_vec(&plain).expect("texts by name"))
    }

    /// What [`Typed::to_bytes`] made.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let plain: BTreeMap<String, Vec<String>> = serde_json::from_slice(bytes).ok()?;
        let wiped = |all: Vec<String>| all.into_iter().map(Zeroizing::new).collect();
        Some(Self(plain.into_iter().map(|(field, all)| (field, wiped(all))).collect()))
    }

    /// Every value of a field.
    pub(crate) fn all(&self, field: &str) -> Vec<String> {
        self.0.get(field).into_iter().flatten().map(|value| value.to_string()).collect()
    }
}

impl FromRequest<Site> for Typed {
    type Rejection = FormRejection;

    async fn from_request(request: Request, site: &Site) -> Result<Self, FormRejection> {
        let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, site).await?;
        let mut typed = BTreeMap::<_, Vec<_>>::new();
        for (field, value) in pairs {
            // Browsers end lines as letters did.
            typed.entry(field).or_default().push(Zeroizing::new(value.replace("\r\n", "\n")));
        }
        Ok(Self(typed))
    }
}
