//! Authenticates the single browser that may use the workbench.
//!
//! The terminal shows a sign-in link, which works once and for a few minutes. The browser exchanges
//! it for a session cookie. Browsers do not isolate cookies by port: they would also send the
//! cookie to a server of another user of this machine. So the cookie is scoped to a random path of
//! 256 bits, and all pages are below it. See `docs/adr/0016`.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use protocol::Hash;
use rand::{CryptoRng, RngCore};

/// Name of the session cookie.
const COOKIE_NAME: &str = "burkindi";
/// Lifetime of a sign-in link.
const LINK_TTL: Duration = Duration::from_mins(10);
/// Lifetime of a session cookie, about a working day.
const COOKIE_TTL: Duration = Duration::from_hours(12);

/// The present link and cookie. Secrets are stored as hashes and compared as hashes, so that the
/// time of a comparison reveals nothing about them.
pub(super) struct BrowserSession {
    port: u16,
    hosts: [String; 2],
    path_secret: String,
    state: Mutex<BrowserSessionState>,
    rejected: AtomicU32,
}

#[derive(Default)]
struct BrowserSessionState {
    login_link: Option<ExpiringSecret>,
    cookie: Option<ExpiringSecret>,
}

/// A secret with its expiry, as a time of [`web::Clock::monotonic`]: setting the clock does not
/// extend it.
struct ExpiringSecret {
    hash: Hash,
    until: Duration,
}

impl ExpiringSecret {
    fn new(secret: &str, until: Duration) -> Self {
        Self { hash: hash_secret(secret), until }
    }

    fn matches(&self, secret: &str, now: Duration) -> bool {
        now < self.until && self.hash == hash_secret(secret)
    }
}

impl BrowserSession {
    pub(super) fn new(port: u16, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self {
            port,
            hosts: ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}")),
            path_secret: random_secret(rng),
            state: Mutex::default(),
            rejected: AtomicU32::new(0),
        }
    }

    /// Returns the random first segment of the path of every page.
    pub(super) fn path_secret(&self) -> &str {
        &self.path_secret
    }

    /// Returns whether a `Host` header names this server.
    pub(super) fn is_own_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own == host)
    }

    /// Returns a new sign-in link. The previous one becomes invalid.
    pub(super) fn issue_login_link(
        &self,
        now: Duration,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> String {
        let secret = random_secret(rng);
        self.lock_state().login_link = Some(ExpiringSecret::new(&secret, now + LINK_TTL));
        format!("http://127.0.0.1:{}/open/{secret}", self.port)
    }

    /// Exchanges the secret of a link for the value of `Set-Cookie`. This invalidates the link and
    /// the previous cookie. Returns `None` if the link is unknown, used or expired.
    pub(super) fn redeem_link(
        &self,
        link: &str,
        now: Duration,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Option<HeaderValue> {
        let mut state = self.lock_state();
        if !state.login_link.as_ref()?.matches(link, now) {
            return None;
        }
        state.login_link = None;
        let secret = random_secret(rng);
        state.cookie = Some(ExpiringSecret::new(&secret, now + COOKIE_TTL));
        let path = &self.path_secret;
        let cookie = format!("{COOKIE_NAME}={secret}; Path=/{path}; HttpOnly; SameSite=Strict");
        HeaderValue::try_from(cookie).ok()
    }

    /// Returns whether a request carries the present cookie. It can also carry cookies of the same
    /// name from other servers of this machine.
    pub(super) fn has_valid_cookie(&self, headers: &HeaderMap, now: Duration) -> bool {
        let state = self.lock_state();
        let Some(cookie) = &state.cookie else { return false };
        let cookies =
            headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut named = cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='));
        named.any(|secret| cookie.matches(secret, now))
    }

    /// Counts a rejected request. The page of the keys shows the number.
    pub(super) fn count_rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of requests that were rejected since the start.
    pub(super) fn rejected_count(&self) -> u32 {
        self.rejected.load(Ordering::Relaxed)
    }

    fn lock_state(&self) -> std::sync::MutexGuard<'_, BrowserSessionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns 256 random bits as text for an address or a header.
fn random_secret(rng: &mut (impl RngCore + CryptoRng)) -> String {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn hash_secret(secret: &str) -> Hash {
    Hash::of(&[secret.as_bytes()])
}

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;

    use super::*;

    const NOW: Duration = Duration::from_hours(1);

    fn link_token(link: &str) -> &str {
        link.rsplit('/').next().unwrap()
    }

    fn cookie_headers(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let cookies = format!("other=1; burkindi=set-by-another-server; {pair}");
        [(header::COOKIE, HeaderValue::try_from(cookies).unwrap())].into_iter().collect()
    }

    #[test]
    fn a_link_works_once_and_expires() {
        let browser_session = BrowserSession::new(4000, &mut OsRng);
        let link = browser_session.issue_login_link(NOW, &mut OsRng);
        assert!(browser_session.redeem_link("guessed", NOW, &mut OsRng).is_none());
        let cookie = browser_session.redeem_link(link_token(&link), NOW, &mut OsRng).unwrap();
        assert!(
            browser_session.redeem_link(link_token(&link), NOW, &mut OsRng).is_none(),
            "used up"
        );
        assert!(browser_session.has_valid_cookie(&cookie_headers(&cookie), NOW));
        assert!(!browser_session.has_valid_cookie(&HeaderMap::new(), NOW));
        let late = browser_session.issue_login_link(NOW, &mut OsRng);
        assert!(
            browser_session.redeem_link(link_token(&late), NOW + LINK_TTL, &mut OsRng).is_none(),
            "too late"
        );
    }

    #[test]
    fn a_new_link_invalidates_the_old_link_and_the_old_cookie() {
        let browser_session = BrowserSession::new(4000, &mut OsRng);
        let cookie = browser_session
            .redeem_link(
                link_token(&browser_session.issue_login_link(NOW, &mut OsRng)),
                NOW,
                &mut OsRng,
            )
            .unwrap();
        let (old, new) = (
            browser_session.issue_login_link(NOW, &mut OsRng),
            browser_session.issue_login_link(NOW, &mut OsRng),
        );
        assert!(browser_session.redeem_link(link_token(&old), NOW, &mut OsRng).is_none());
        assert!(
            browser_session.has_valid_cookie(&cookie_headers(&cookie), NOW),
            "an unused link does not invalidate the cookie"
        );
        browser_session.redeem_link(link_token(&new), NOW, &mut OsRng).unwrap();
        assert!(!browser_session.has_valid_cookie(&cookie_headers(&cookie), NOW));
    }

    #[test]
    fn a_cookie_expires_and_is_scoped_to_the_path() {
        let browser_session = BrowserSession::new(4000, &mut OsRng);
        let cookie = browser_session
            .redeem_link(
                link_token(&browser_session.issue_login_link(NOW, &mut OsRng)),
                NOW,
                &mut OsRng,
            )
            .unwrap();
        assert!(!browser_session.has_valid_cookie(&cookie_headers(&cookie), NOW + COOKIE_TTL));
        let text = cookie.to_str().unwrap();
        assert!(text.ends_with(&format!(
            "; Path=/{}; HttpOnly; SameSite=Strict",
            browser_session.path_secret()
        )));
    }

    #[test]
    fn only_the_two_names_of_this_server_are_accepted() {
        let browser_session = BrowserSession::new(4000, &mut OsRng);
        assert!(
            browser_session.is_own_host("127.0.0.1:4000")
                && browser_session.is_own_host("localhost:4000")
        );
        for host in
            ["localhost", "127.0.0.1:4001", "evil.example:4000", "127.0.0.1.evil.example:4000", ""]
        {
            assert!(!browser_session.is_own_host(host), "{host}");
        }
    }
}
