//! Checks of every request, against pages of other sites in the same browser and against other
//! users of the machine.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use super::UiState;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RejectReason {
    /// Its `Host` is another server: a domain that resolves to this machine (DNS rebinding), or a
    /// mistake.
    WrongHost,
    /// It comes from a page of another origin.
    CrossOrigin,
    /// It has no valid session cookie.
    NoSession,
}

/// Passes a request on, or rejects it with a fixed answer. The log contains only the rule that it
/// broke.
pub(super) async fn guard_request(
    State(state): State<UiState>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    match validate(&state, &parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(reason) => {
            state.browser_session.count_rejected();
            tracing::warn!(rule = ?reason, "request rejected");
            rejection_response(reason)
        }
    }
}

fn validate(state: &UiState, request: &Parts) -> Result<(), RejectReason> {
    let path = request.uri.path();
    let host = single_header(&request.headers, &header::HOST).ok_or(RejectReason::WrongHost)?;
    if request.uri.authority().is_some() || !state.browser_session.is_own_host(host) {
        return Err(RejectReason::WrongHost);
    }
    let is_read = matches!(request.method, Method::GET | Method::HEAD);
    // A link can be followed from any page or program. Only its secret is checked.
    let is_sign_in = is_read && path.starts_with("/open/");
    if !is_sign_in {
        check_same_origin(&request.headers, host, is_read)?;
    }
    let public = is_sign_in || is_read && path.starts_with("/assets/");
    if public || state.browser_session.has_valid_cookie(&request.headers, state.clock.monotonic()) {
        Ok(())
    } else {
        Err(RejectReason::NoSession)
    }
}

/// Rejects requests of other origins. Browsers send the relation of the origins in
/// `Sec-Fetch-Site`, and the origin itself with every request that can change something. Another
/// port is another origin here, although browsers call it the same site.
fn check_same_origin(headers: &HeaderMap, host: &str, is_read: bool) -> Result<(), RejectReason> {
    let same_origin = headers
        .get_all(SEC_FETCH_SITE)
        .iter()
        .all(|state| matches!(state.as_bytes(), b"same-origin" | b"none"));
    if !same_origin {
        return Err(RejectReason::CrossOrigin);
    }
    let origins = headers.get_all(header::ORIGIN);
    let own_origin = format!("http://{host}");
    match origins.iter().count() {
        0 if is_read => Ok(()),
        1 if origins.iter().all(|origin| origin.as_bytes() == own_origin.as_bytes()) => Ok(()),
        _ => Err(RejectReason::CrossOrigin),
    }
}

/// Returns the value of a header that must occur exactly once.
fn single_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn rejection_response(reason: RejectReason) -> Response {
    let (status, french, english) = match reason {
        RejectReason::WrongHost => (
            StatusCode::MISDIRECTED_REQUEST,
            "Mauvaise adresse. Ouvrez le lien affiché dans le terminal.",
            "This address is not served here. Open the link that the terminal shows.",
        ),
        RejectReason::CrossOrigin => (
            StatusCode::FORBIDDEN,
            "Cette demande vient d’une autre page. Elle a été refusée.",
            "This request came from another page and was refused.",
        ),
        RejectReason::NoSession => (
            StatusCode::FORBIDDEN,
            "Ce navigateur n’a pas été admis, ou ne l’est plus. Ouvrez le lien affiché dans le terminal.",
            "This browser is not signed in, or its session has expired. Open the link that the terminal shows.",
        ),
    };
    let page = format!(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><title>Burkindi</title><p>{french}</p>\
         <p lang=\"en\">{english}</p></html>"
    );
    (status, Html(page)).into_response()
}
