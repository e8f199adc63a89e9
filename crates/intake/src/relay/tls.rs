//! The TLS configuration of the relay. Only clients with a certificate of the installation's own
//! authority can connect.

use rustls::ServerConfig;
use service_kit::tls::{self, TlsFile};

use crate::config::{ConfigError, RelayConfig};

/// Returns the TLS configuration of the listener from the files that `[relay]` names.
///
/// # Errors
/// Fails if a file cannot be read or parsed, or if the key does not belong to the certificate. The
/// error names the configuration key.
pub fn server_config(relay: &RelayConfig) -> Result<ServerConfig, ConfigError> {
    tls::server_config(
        TlsFile { key: "relay.certificate", path: &relay.certificate },
        TlsFile { key: "relay.key", path: &relay.key },
        Some(TlsFile { key: "relay.ca", path: &relay.ca }),
    )
    .map_err(|error| ConfigError::invalid_value(error.key, error.problem))
}
