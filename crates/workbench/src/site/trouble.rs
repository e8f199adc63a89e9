//! Pages for what goes wrong: what it means, what to do, and the program's own words for whoever helps.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};

use super::{
    Site,
    frame::{Frame, Section, Visit, render},
    i18n,
};
use crate::{
    acting::ActError, cases::ReadError, client::ClientError, connection::ConnectError, files::FileError,
    index::IndexError, logbook::LogError, outcome::Outcome,
};

/// Something went wrong. As a response it is only a mark: [`lay_out`] makes a page of it, in the visitor's language.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    outcome: Outcome,
    /// In the program's own language.
    words: String,
    /// Something else must be done first, there.
    elsewhere: Option<String>,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Makes a page of whatever went wrong.
pub(super) async fn lay_out(State(site): State<Site>, request: Request, next: Next) -> Response {
    let visit = Visit::of(&site, request.uri());
    let mut response = next.run(request).await;
    match (response.extensions_mut().remove::<Trouble>(), visit) {
        (Some(Trouble { elsewhere: Some(to), .. }), _) => Redirect::to(&to).into_response(),
        (Some(trouble), Some(visit)) => trouble.page(&visit),
        (Some(_), None) => nowhere(&site),
        (None, _) => response,
    }
}

macro_rules! troubles {
    ($($error:ty),*) => {$(
        impl From<$error> for Trouble {
            fn from(error: $error) -> Self {
                Self { outcome: Outcome::from(&error), words: error.to_string(), elsewhere: None }
            }
        }
    )*};
}
troubles!(ConnectError, ReadError, ActError, ClientError, FileError, IndexError, LogError);

#[derive(Template)]
#[template(path = "trouble.html")]
struct Page<'a> {
    frame: Frame,
    heading: String,
    what: String,
    words: &'a str,
}

impl Trouble {
    /// No such page, case or file.
    pub(crate) fn nowhere() -> Self {
        Self { outcome: Outcome::NotThere, words: String::new(), elsewhere: None }
    }

    /// No trouble yet: something must be done first, on the page with this address.
    pub(crate) fn lead(to: String) -> Self {
        Self { elsewhere: Some(to), ..Self::nowhere() }
    }

    /// As a page.
    pub(crate) fn page(&self, visit: &Visit) -> Response {
        let (status, word) = match self.outcome {
            Outcome::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
            Outcome::Passphrase => (StatusCode::FORBIDDEN, "passphrase"),
            Outcome::Refused => (StatusCode::CONFLICT, "refused"),
            Outcome::NotThere => (StatusCode::NOT_FOUND, "nowhere"),
            Outcome::Unreachable => (StatusCode::BAD_GATEWAY, "unreachable"),
            Outcome::Alarm => (StatusCode::BAD_GATEWAY, "alarm"),
        };
        let frame = Frame::new(visit.clone(), "trouble-title", Section::Nowhere);
        let heading = frame.one_of("trouble", word);
        let what = frame.one_of("trouble-do", word);
        render(status, &Page { frame, heading, what, words: &self.words })
    }
}

/// An address that is none of ours.
pub(crate) fn nowhere(site: &Site) -> Response {
    let uri = format!("/{}/{}", site.door.room(), i18n::LOCALES[0].code);
    match uri.parse().ok().and_then(|uri| Visit::of(site, &uri)) {
        Some(visit) => Trouble::nowhere().page(&visit),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A bug. What it said could quote a report, so nobody is shown it.
pub(crate) fn broken() -> Response {
    let page = "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><title>Burkindi</title><p>Une erreur du programme. \
                Revenez en arrière et réessayez.</p><p lang=\"en\">A bug. Go back and try again.</p></html>";
    (StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response()
}
