//! Digests by webhook: to a chat, a pager or a mail gateway.

use std::fmt;

use reqwest::{Client, Url};

use super::{DIGEST_TEXT, NotifyError};
use crate::outbound::outbound_client;

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
        let (client, url) = outbound_client(url)
            .ok_or(NotifyError::InvalidSetting("notify.webhook (https://…)"))?;
        Ok(Self { client, url })
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
