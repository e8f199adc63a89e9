//! Serves the two parts of the offline form.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use tokio::sync::Mutex;
use web::Locale;

use super::{
    Pages,
    offline_form::{FormParts, build_form},
};
use crate::precompressed::Precompressed;

/// `GET /fr/form.json`
pub(super) async fn show_start(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
    headers: HeaderMap,
) -> Response {
    match pages.offline_form(&lang).await {
        Ok(form) => form.start.response(&headers, CACHED).await,
        Err(status) => status.into_response(),
    }
}

/// `GET /fr/form-rest.json`
pub(super) async fn show_rest(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
    headers: HeaderMap,
) -> Response {
    match pages.offline_form(&lang).await {
        Ok(form) => form.rest.response(&headers, CACHED).await,
        Err(status) => status.into_response(),
    }
}

/// A browser that uses an older form fetches it again, because its hash is not in the manifest.
const CACHED: &str = "public, max-age=3600";

/// The offline forms by language. They are static: each is built once.
#[derive(Default)]
pub(super) struct OfflineForms(Mutex<BTreeMap<&'static str, Arc<FormParts<Precompressed>>>>);

impl Pages {
    async fn offline_form(&self, lang: &str) -> Result<Arc<FormParts<Precompressed>>, StatusCode> {
        let locale = self.locale(lang).ok_or(StatusCode::NOT_FOUND)?;
        self.offline_forms.get(self, locale).await.ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl OfflineForms {
    /// Returns the form of a language, or `None` if a page cannot be rendered.
    pub(super) async fn get(
        &self,
        pages: &Pages,
        locale: Locale,
    ) -> Option<Arc<FormParts<Precompressed>>> {
        let mut forms = self.0.lock().await;
        if let Some(form) = forms.get(locale.code) {
            return Some(Arc::clone(form));
        }
        let FormParts { start, rest } = build_form(pages, locale).await?;
        let served = |part: Vec<u8>| Precompressed::new("application/json", part);
        let form = Arc::new(FormParts { start: served(start), rest: served(rest) });
        forms.insert(locale.code, Arc::clone(&form));
        Some(form)
    }
}
