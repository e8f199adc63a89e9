//! TLS of the relay listener. It accepts only clients with a certificate of the administration's
//! own CA.

use std::{fs, path::Path, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use service_kit::strip_bom;
use zeroize::Zeroizing;

use crate::config::{ConfigError, RelayConfig};

/// Returns the TLS configuration of the listener from the files that `[relay]` names.
///
/// # Errors
/// Fails if a file cannot be read or parsed, or if the key does not belong to the certificate. The
/// error names the configuration key.
pub fn server_config(relay: &RelayConfig) -> Result<ServerConfig, ConfigError> {
    let provider = Arc::new(ring::default_provider());
    let wrong_ca = |error: &dyn ToString| ConfigError::invalid_value("relay.ca", error.to_string());
    let wrong_own =
        |error: &dyn ToString| ConfigError::invalid_value("relay.certificate", error.to_string());
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates("relay.ca", &relay.ca)? {
        roots.add(certificate).map_err(|error| wrong_ca(&error))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
        .build()
        .map_err(|error| wrong_ca(&error))?;
    let chain = read_certificates("relay.certificate", &relay.certificate)?;
    let key = Zeroizing::new(read_pem("relay.key", &relay.key)?);
    let key = PrivateKeyDer::from_pem_slice(strip_bom(&key)).map_err(|error| {
        ConfigError::invalid_value("relay.key", format!("{}: {error}", relay.key.display()))
    })?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong_own(&error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| wrong_own(&error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn read_certificates(
    key: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let wrong = |error: &dyn ToString| {
        ConfigError::invalid_value(key, format!("{}: {}", path.display(), error.to_string()))
    };
    let pem = read_pem(key, path)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(strip_bom(&pem))
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(&error))?;
    if chain.is_empty() { Err(wrong(&"contains no certificate")) } else { Ok(chain) }
}

fn read_pem(key: &'static str, path: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(path)
        .map_err(|error| ConfigError::invalid_value(key, format!("{}: {error}", path.display())))
}
