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

    /// Was this ticked?
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
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
