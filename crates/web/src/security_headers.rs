//! The security headers of every response.

use axum::{Router, middleware, response::Response};
use http::{
    HeaderValue,
    header::{self, HeaderMap, HeaderName},
};

/// The resources that pages may load. The browser blocks all others.
#[expect(clippy::struct_excessive_bools, reason = "each permission is independent of the others")]
#[derive(Debug, Clone, Default)]
pub struct SecurityPolicy {
    /// Whether pages may run the service's own scripts, and the scripts may send requests to the
    /// service. If false, no script runs.
    pub scripts: bool,
    /// Whether scripts may compile WebAssembly.
    pub wasm: bool,
    /// Whether pages may play the service's own recordings.
    pub media: bool,
    /// Whether browsers send the service a referrer from its own pages. Only then do they send the
    /// origin of a posted form. Other sites never get a referrer.
    pub own_referrer: bool,
}

impl SecurityPolicy {
    /// Returns the value of the header `Content-Security-Policy`.
    pub fn header(&self) -> HeaderValue {
        HeaderValue::try_from(self.content_security_policy()).expect("made of ASCII")
    }

    fn content_security_policy(&self) -> String {
        let mut policy = String::from(
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'",
        );
        policy += match (self.scripts, self.wasm) {
            (false, _) => "; script-src 'none'",
            (true, false) => "; script-src 'self'; connect-src 'self'; worker-src 'self'",
            (true, true) => {
                "; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'"
            }
        };
        if self.media {
            policy += "; media-src 'self'";
        }
        policy
    }
}

/// The other features that no page uses, switched off.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), midi=(), payment=(), usb=(), browsing-topics=()";

/// The header that switches off browser features.
pub const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Returns the value of [`PERMISSIONS_POLICY`]. With `microphone`, the page may ask the visitor for
/// the microphone.
pub fn permissions_policy(microphone: bool) -> HeaderValue {
    let allowed = if microphone { "self" } else { "" };
    HeaderValue::try_from(format!("microphone=({allowed}), {PERMISSIONS}")).expect("made of ASCII")
}

/// Adds the headers to every response of a router. A response keeps its own content policy, its own
/// permissions policy and its own caching rule. Responses without a caching rule are never stored.
pub fn with_security_headers<S>(router: Router<S>, policy: &SecurityPolicy) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let csp = policy.header();
    let referrer = if policy.own_referrer { "same-origin" } else { "no-referrer" };
    router.layer(middleware::map_response(move |mut response: Response| {
        apply_headers(response.headers_mut(), &csp, referrer);
        std::future::ready(response)
    }))
}

fn apply_headers(headers: &mut HeaderMap, csp: &HeaderValue, referrer: &'static str) {
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::REFERRER_POLICY, referrer),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(csp.clone());
    headers.entry(PERMISSIONS_POLICY).or_insert_with(|| permissions_policy(false));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.remove(header::SERVER);
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request, routing::get};
    use tower::ServiceExt;

    use super::*;

    async fn headers(policy: SecurityPolicy, path: &str) -> HeaderMap {
        let router = Router::new()
            .route("/", get(|| async { ([("server", "x")], "page") }))
            .route("/asset", get(|| async { ([("cache-control", "max-age=1")], "asset") }));
        let request = Request::get(path).body(Body::empty()).unwrap();
        with_security_headers(router, &policy).oneshot(request).await.unwrap().headers().clone()
    }

    #[tokio::test]
    async fn a_page_may_load_nothing_but_its_own_style() {
        let headers = headers(SecurityPolicy::default(), "/").await;
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
             base-uri 'none'; script-src 'none'"
        );
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cache-control"], "no-store");
        assert!(headers["permissions-policy"].to_str().unwrap().starts_with("microphone=(), "));
        assert!(!headers.contains_key("server"));
    }

    #[tokio::test]
    async fn an_asset_keeps_its_own_caching() {
        assert_eq!(
            headers(SecurityPolicy::default(), "/asset").await["cache-control"],
            "max-age=1"
        );
    }

    #[test]
    fn only_the_page_itself_may_use_the_microphone() {
        let policy = permissions_policy(true);
        assert!(policy.to_str().unwrap().starts_with("microphone=(self), accelerometer=(), "));
    }

    #[test]
    fn recordings_are_our_own_or_none() {
        let policy = |media| SecurityPolicy { media, ..SecurityPolicy::default() }.header();
        assert!(policy(true).to_str().unwrap().ends_with("; media-src 'self'"));
        assert!(!policy(false).to_str().unwrap().contains("media-src"));
    }

    #[tokio::test]
    async fn scripts_are_our_own_or_none() {
        let headers =
            headers(SecurityPolicy { scripts: true, ..SecurityPolicy::default() }, "/").await;
        let csp = headers["content-security-policy"].to_str().unwrap();
        assert!(csp.contains("script-src 'self'; connect-src 'self'") && !csp.contains("unsafe"));
    }
}
