//! Panic handling: the visitor gets a fixed page, and the log names only the line of code.

use std::{any::Any, panic};

use axum::{
    Router,
    response::{IntoResponse, Response},
};
use tower_http::catch_panic::CatchPanicLayer;

/// Logs the location of a panic but not its message, because the message could quote a report.
/// Call it once at startup.
pub fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        let location =
            info.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        tracing::error!(location, "bug: panic");
    }));
}

/// Returns the fixed page when a handler panics. The message of the panic is discarded.
pub fn catch_panics<S, P, R>(router: Router<S>, page: P) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    P: Fn() -> R + Clone + Send + Sync + 'static,
    R: IntoResponse,
{
    router.layer(CatchPanicLayer::custom(move |_: Box<dyn Any + Send>| -> Response {
        page().into_response()
    }))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request, routing::get};
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    async fn broken() -> &'static str {
        panic!("the reporter wrote: secret")
    }

    #[tokio::test]
    async fn a_panic_becomes_the_fixed_page() {
        let router = catch_panics(Router::new().route("/", get(broken)), || {
            (StatusCode::INTERNAL_SERVER_ERROR, "something broke")
        });
        let response =
            router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        assert_eq!(&body[..], b"something broke");
    }
}
