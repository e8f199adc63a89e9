//! Forms that browsers post.

use std::collections::BTreeMap;

use axum::{
    Form,
    extract::{FromRequest, Multipart, Request},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use zeroize::Zeroizing;

use super::UiState;
use crate::terminal_text;

/// The first invalid field of a form, with the message for it.
#[derive(Default)]
pub(crate) struct InvalidField(Option<(&'static str, String)>);

impl InvalidField {
    pub(crate) fn new(field: &'static str, text: String) -> Self {
        Self(Some((field, text)))
    }

    /// Returns the message for a field if it is the invalid one.
    pub(crate) fn message_for(&self, field: &str) -> Option<&str> {
        self.0.as_ref().filter(|(wrong, _)| *wrong == field).map(|(_, text)| &**text)
    }

    /// Returns the status of the page that shows the form.
    pub(crate) fn status(&self) -> StatusCode {
        if self.0.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

/// The values of a form, by field. A field can have several values.
#[derive(Default)]
pub(crate) struct FormInput(BTreeMap<String, Vec<Zeroizing<String>>>);

impl FormInput {
    /// Returns the value of a field, or an empty text without one.
    pub(crate) fn get(&self, field: &str) -> &str {
        self.0.get(field).and_then(|values| values.first()).map_or("", |value| value.as_str())
    }

    /// Returns the trimmed value of a field if it is not empty.
    pub(crate) fn non_empty(&self, field: &str) -> Option<String> {
        Some(self.get(field).trim()).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// Returns the path of an own page, or an empty text if the value is another address. Paths of
    /// own pages contain only letters, digits, slashes and hyphens.
    pub(crate) fn local_path(&self, field: &str) -> &str {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-');
        Some(self.get(field))
            .filter(|to| to.starts_with('/') && to.chars().all(plain))
            .unwrap_or_default()
    }

    /// Returns the number of events that the page of this form showed, or 0 without it.
    pub(crate) fn shown_event_count(&self) -> u32 {
        self.get("shown").parse().unwrap_or(0)
    }

    /// Returns whether the form has this field, such as a ticked checkbox.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Returns every field with each of its values.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let pairs =
            self.0.iter().flat_map(|(field, all)| all.iter().map(move |value| (field, value)));
        pairs.map(|(field, value)| (field.clone(), value.to_string())).collect()
    }

    /// Serializes the form for a draft.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let plain: BTreeMap<&str, Vec<&str>> = self
            .0
            .iter()
            .map(|(field, all)| (&**field, all.iter().map(|value| value.as_str()).collect()))
            .collect();
        Zeroizing::new(serde_json::to_vec(&plain).expect("texts by name"))
    }

    /// Reads the output of [`FormInput::to_bytes`].
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let plain: BTreeMap<String, Vec<String>> = serde_json::from_slice(bytes).ok()?;
        let wiped = |all: Vec<String>| all.into_iter().map(Zeroizing::new).collect();
        Some(Self(plain.into_iter().map(|(field, all)| (field, wiped(all))).collect()))
    }

    /// Returns all values of a field.
    pub(crate) fn values(&self, field: &str) -> Vec<String> {
        self.0.get(field).into_iter().flatten().map(|value| value.to_string()).collect()
    }
}

impl FromRequest<UiState> for FormInput {
    type Rejection = Response;

    async fn from_request(request: Request, state: &UiState) -> Result<Self, Response> {
        let media_type =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let pairs =
            if media_type.is_some_and(|media_type| media_type.starts_with("multipart/form-data")) {
                parse_multipart(request, state).await?
            } else {
                let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, state)
                    .await
                    .map_err(IntoResponse::into_response)?;
                pairs
            };
        let mut form = BTreeMap::<_, Vec<_>>::new();
        for (field, value) in pairs {
            // Browsers end lines with CRLF, and text that was pasted from a file can begin with a
            // byte order mark.
            let value = value.trim_start_matches('\u{FEFF}').replace("\r\n", "\n");
            form.entry(field).or_default().push(Zeroizing::new(value));
        }
        Ok(Self(form))
    }
}

/// Reads the fields of a form with files. The pages ask only for text files, so bytes that are not
/// text are replaced.
async fn parse_multipart(
    request: Request,
    state: &UiState,
) -> Result<Vec<(String, String)>, Response> {
    let mut form =
        Multipart::from_request(request, state).await.map_err(IntoResponse::into_response)?;
    let mut pairs = Vec::new();
    while let Some(field) = form.next_field().await.map_err(IntoResponse::into_response)? {
        let name = field.name().ok_or(StatusCode::BAD_REQUEST.into_response())?.to_owned();
        let bytes =
            Zeroizing::new(Vec::from(field.bytes().await.map_err(IntoResponse::into_response)?));
        let text = terminal_text::decode_text(&bytes)
            .unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
        pairs.push((name, text));
    }
    Ok(pairs)
}
