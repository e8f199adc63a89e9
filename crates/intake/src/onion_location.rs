//! The header `Onion-Location`, with which Tor Browser offers the onion service to a visitor of the
//! site.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{admission::rate_limit::OnionCircuit, pages::Pages};

const ONION_LOCATION: HeaderName = HeaderName::from_static("onion-location");

/// The pages that a visitor can open on the onion service instead, after the language. Their paths
/// contain no secret, and they show nothing that a new request would lose. Other pages contain the
/// token of a visit in their path, or a secret code.
const OFFERED_PAGES: [&str; 5] = ["", "/report", "/return", "/learn", "/protect"];

/// Adds the header to the responses of the site, for the pages that can be opened there instead.
/// The onion service itself never sends it.
pub(crate) async fn onion_location_middleware(
    State(pages): State<Arc<Pages>>,
    request: Request,
    next: Next,
) -> Response {
    let location = offered_location(&pages, &request);
    let mut response = next.run(request).await;
    if let Some(location) = location.filter(|_| response.status() == StatusCode::OK) {
        response.headers_mut().insert(ONION_LOCATION, location);
    }
    response
}

/// Returns the address of the requested page on the onion service, without a query.
fn offered_location<T>(pages: &Pages, request: &http::Request<T>) -> Option<HeaderValue> {
    let address = pages.onion_address()?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) || came_by_onion_service(request) {
        return None;
    }
    let path = request.uri().path();
    let (lang, page) = path.strip_prefix('/')?.split_at_checked(2)?;
    let offered = pages.locale(lang).is_some() && OFFERED_PAGES.contains(&page);
    offered.then(|| HeaderValue::from_str(&address.url(path)).ok())?
}

/// Returns whether the request came through the onion service. One that names no circuits is
/// recognised by the address that the visitor requested.
fn came_by_onion_service<T>(request: &http::Request<T>) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().host()).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default().trim_end_matches('.');
    request.extensions().get::<OnionCircuit>().is_some()
        || name.to_ascii_lowercase().ends_with(".onion")
}
