//! What every request must look like. A browser is full of other people's pages, and a machine may
//! have other people on it.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use super::UiState;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is not looked at any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RejectReason {
    /// It was meant for another server: somebody's domain that leads to this machine (DNS
    /// rebinding), or a mistake.
    WrongHost,
    /// It comes from a page that is none of ours.
    CrossOrigin,
    /// It does not bring what a link was exchanged for.
    NoSession,
}

/// Lets a request through, or refuses it with a fixed answer. Nothing about it is logged but which
/// rule it broke.
pub(super) async fn guard_request(
    State(state): State<UiState>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    match validate(&state, &parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refused) => {
            state.browser_session.count_rejected();
            tracing::warn!(rule = ?refused, "a request was refused");
            rejection_response(refused)
        }
    }
}

fn validate(state: &UiState, request: &Parts) -> Result<(), RejectReason> {
    let path = request.uri.path();
    let host = single_header(&request.headers, &header::HOST).ok_or(RejectReason::WrongHost)?;
    if request.uri.authority().is_some() || !state.browser_session.is_own_host(host) {
        return Err(RejectReason::WrongHost);
    }
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    // A link is followed from wherever it was read, and its secret is all that counts.
    let opens = reads && path.starts_with("/open/");
    if !opens {
        check_same_origin(&request.headers, host, reads)?;
    }
    let public = opens || reads && path.starts_with("/assets/");
    if public || state.browser_session.has_valid_cookie(&request.headers, state.clock.now()) {
        Ok(())
    } else {
        Err(RejectReason::NoSession)
    }
}

/// Browsers say where a request comes from: whether it is a page of the same origin in
/// `Sec-Fetch-Site`, and for everything that could change something the origin itself. Another port
/// is another site's for us, although browsers call it the same.
fn check_same_origin(headers: &HeaderMap, host: &str, reads: bool) -> Result<(), RejectReason> {
    let own = headers
        .get_all(SEC_FETCH_SITE)
        .iter()
        .all(|state| matches!(state.as_bytes(), b"same-origin" | b"none"));
    if !own {
        return Err(RejectReason::CrossOrigin);
    }
    let origins = headers.get_all(header::ORIGIN);
    let ours = format!("http://{host}");
    match origins.iter().count() {
        0 if reads => Ok(()),
        1 if origins.iter().all(|origin| origin.as_bytes() == ours.as_bytes()) => Ok(()),
        _ => Err(RejectReason::CrossOrigin),
    }
}

/// The value of a header that must stand there exactly once.
fn single_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn rejection_response(refused: RejectReason) -> Response {
    let (status, french, english) = match refused {
        RejectReason::WrongHost => {
            (StatusCode::MISDIRECTED_REQUEST, "Mauvaise adresse.", "This is not the address.")
        }
        RejectReason::CrossOrigin => (
            StatusCode::FORBIDDEN,
            "Cette demande vient d’une autre page. Elle a été refusée.",
            "This request comes from another page. It was refused.",
        ),
        RejectReason::NoSession => (
            StatusCode::FORBIDDEN,
            "Ce navigateur n’a pas été admis, ou ne l’est plus. Ouvrez le lien affiché dans le terminal.",
            "This browser was not let in, or no longer is. Open the link that stands in the terminal.",
        ),
    };
    let page = format!(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><title>Burkindi</title><p>{french}</p>\
         <p lang=\"en\">{english}</p></html>"
    );
    (status, Html(page)).into_response()
}
