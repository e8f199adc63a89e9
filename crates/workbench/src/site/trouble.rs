//! Pages for what goes wrong: what it means, what to do, and the system's own words for whoever helps.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use uuid::Uuid;

use super::{
    Site,
    frame::{Frame, Section, Visit, locked, render},
    i18n,
    refusals::{Said, Tell as _},
};
use crate::{
    acting::ActError, backup::BackupError, cases::ReadError, client::ClientError, connection::ConnectError,
    files::FileError, index::IndexError, keyfile::KeyError, logbook::LogError, outcome::Outcome,
};

/// Something went wrong. As a response it is only a mark: [`lay_out`] makes a page of it, in the visitor's language.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    outcome: Outcome,
    said: Box<Said>,
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

/// Cancels a request that works with the keys as soon as the place is locked, wherever it waits.
pub(super) async fn until_locked(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (visit, method) = (Visit::of(&site, request.uri()), request.method().clone());
    match site.seat.until_locked(next.run(request)).await {
        Some(response) => response,
        None => visit.map_or_else(|| nowhere(&site), |visit| locked(&visit, &method)),
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
                Self { outcome: Outcome::from(&error), said: error.said().into(), elsewhere: None }
            }
        }
    )*};
}
troubles!(
    ConnectError,
    ReadError,
    ActError,
    ClientError,
    FileError,
    IndexError,
    KeyError,
    BackupError,
    LogError
);

#[derive(Template)]
#[template(path = "trouble.html")]
struct Page {
    frame: Frame,
    told: Told,
}

/// What went wrong, for a page.
pub(crate) struct Told {
    pub(crate) heading: String,
    pub(crate) what: String,
    pub(crate) words: String,
    /// The system's own words, in English.
    pub(crate) detail: String,
    /// The case that came unreadable and can be closed as that.
    pub(crate) closable: Option<Uuid>,
}

impl Trouble {
    /// No such page, case or file.
    pub(crate) fn nowhere() -> Self {
        Self { outcome: Outcome::NotThere, said: Box::default(), elsewhere: None }
    }

    /// A bug.
    pub(crate) fn broken() -> Self {
        Self { outcome: Outcome::Failed, ..Self::nowhere() }
    }

    /// No trouble yet: something must be done first, on the page with this address.
    pub(crate) fn lead(to: String) -> Self {
        Self { elsewhere: Some(to), ..Self::nowhere() }
    }

    /// Is something forged, withheld or rolled back?
    pub(crate) fn is_alarm(&self) -> bool {
        self.outcome == Outcome::Alarm
    }

    /// Was it only led elsewhere?
    pub(crate) fn leads_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// The status of a page about it.
    pub(crate) fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// A heading, what to do, and what was refused.
    pub(crate) fn told(&self, frame: &Frame) -> Told {
        let (_, word) = self.kind();
        Told {
            heading: frame.one_of("trouble", word),
            what: frame.one_of("trouble-do", word),
            words: self.said.words(frame),
            detail: self.said.behind().to_owned(),
            closable: self.said.closable(),
        }
    }

    /// The status of a page about it, and its word.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self.outcome {
            Outcome::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
            Outcome::Passphrase => (StatusCode::FORBIDDEN, "passphrase"),
            Outcome::Refused if self.said.is_of_a_stranger() => (StatusCode::FORBIDDEN, "stranger"),
            Outcome::Refused => (StatusCode::CONFLICT, "refused"),
            Outcome::NotThere if self.said.is_of_a_purged_case() => (StatusCode::GONE, "purged"),
            Outcome::NotThere if self.said.is_of_an_unreadable_case() => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unreadable")
            }
            Outcome::NotThere => (StatusCode::NOT_FOUND, "nowhere"),
            Outcome::Unreachable => (StatusCode::BAD_GATEWAY, "unreachable"),
            Outcome::Alarm => (StatusCode::BAD_GATEWAY, "alarm"),
        }
    }

    /// As a page.
    pub(crate) fn page(&self, visit: &Visit) -> Response {
        let frame = Frame::new(visit.clone(), "trouble-title", Section::Nowhere);
        let told = self.told(&frame);
        render(self.status(), &Page { frame, told })
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
