//! Digests by webhook: to a chat, a pager or a mail gateway.

use std::fmt;

use reqwest::{Client, Url, redirect::Policy};

use super::{DIGEST_TEXT, NotifyError, is_loopback};

/// A webhook of one member.
pub struct WebhookChannel {
    client: Client,
    url: Url,
}

/// Omits the URL, because it often contains a secret.
impl fmt::Debug for WebhookChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Webhook").finish_non_exhaustive()
    }
}

impl WebhookChannel {
    /// Creates a channel to an `https://` URL, or to an `http://` URL on this machine.
    ///
    /// # Errors
    /// Fails if the URL is invalid.
    pub fn new(url: &str) -> Result<Self, NotifyError> {
        let invalid = NotifyError::InvalidSetting("notify.webhook (https://…)");
        let Ok(url) = url.parse::<Url>() else { return Err(invalid) };
        let is_local = url.host_str().is_some_and(is_loopback);
        if url.scheme() != "https" && !(url.scheme() == "http" && is_local) {
            return Err(invalid);
        }
        // The configuration is checked before the service installs a provider. The call fails only
        // if one is installed already, which is sufficient.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(Policy::none()).build();
        Ok(Self { client: client.map_err(|_| invalid)?, url })
    }

    /// Posts `{"text": …}` with the fixed text.
    ///
    /// # Errors
    /// Fails if the webhook cannot be reached or refuses.
    pub async fn send(&self) -> Result<(), NotifyError> {
        let result = self
            .client
            .post(self.url.clone())
            .json(&serde_json::json!({ "text": DIGEST_TEXT }))
            .send()
            .await;
        match result {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(_) => Err(NotifyError::Webhook("refused")),
            Err(_) => Err(NotifyError::Webhook("cannot be reached")),
        }
    }
}
