//! Where a member is told: a chat, a pager, a gateway that sends mail.

use std::fmt;

use reqwest::{Client, Url, redirect::Policy};

use super::{DIGEST_TEXT, NotifyError, is_loopback};

/// Where to.
pub struct WebhookChannel {
    client: Client,
    url: Url,
}

/// Such addresses often hold a secret.
impl fmt::Debug for WebhookChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Webhook").finish_non_exhaustive()
    }
}

impl WebhookChannel {
    /// An `https://` address, or one of this machine.
    pub fn new(url: &str) -> Result<Self, NotifyError> {
        let setting = NotifyError::InvalidSetting("notify.webhook (https://…)");
        let Ok(url) = url.parse::<Url>() else { return Err(setting) };
        let here = url.host_str().is_some_and(is_loopback);
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            return Err(setting);
        }
        // A configuration is checked before the service has chosen. Fails only if somebody has,
        // which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(Policy::none()).build();
        Ok(Self { client: client.map_err(|_| setting)?, url })
    }

    /// Posts `{"text": …}`, which is always the same.
    pub async fn send(&self) -> Result<(), NotifyError> {
        let posted = self
            .client
            .post(self.url.clone())
            .json(&serde_json::json!({ "text": DIGEST_TEXT }))
            .send()
            .await;
        match posted {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(_) => Err(NotifyError::Webhook("refuses")),
            Err(_) => Err(NotifyError::Webhook("cannot be reached")),
        }
    }
}
