//! Requests to servers that other parties run: webhooks and witnesses.

use reqwest::{Client, Url, redirect::Policy};

/// Maximum length of a reason of another server in the log, in bytes.
const MAX_REASON_LEN: usize = 200;

/// Returns a client that follows no redirect and uses no proxy, and the parsed URL. Returns `None`
/// unless the URL is `https://`, or `http://` to this machine.
pub(crate) fn outbound_client(url: &str) -> Option<(Client, Url)> {
    let url: Url = url.parse().ok()?;
    let is_local = url.host_str().is_some_and(is_loopback);
    if url.scheme() != "https" && !(url.scheme() == "http" && is_local) {
        return None;
    }
    // The configuration is checked before the service installs a provider. The call fails only if
    // one is installed already, which is sufficient.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().redirect(Policy::none()).build().ok()?;
    Some((client, url))
}

/// Returns true if the host of an address is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// Returns the innermost cause of a failed request.
pub(crate) fn innermost_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Returns the beginning of a text from another server, made safe for one line of the log.
pub(crate) fn single_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(MAX_REASON_LEN)]);
    let printable = |letter: char| if letter.is_ascii_graphic() { letter } else { ' ' };
    text.chars().map(printable).collect::<String>().trim().to_owned()
}
