//! Loads the TLS configuration of a listener from the files that the configuration names.

use std::{fmt::Display, fs, path::Path, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use zeroize::Zeroizing;

use crate::strip_bom;

/// A file, and the key of the configuration that names it.
#[derive(Debug, Clone, Copy)]
pub struct TlsFile<'a> {
    /// The key, such as `relay.ca`.
    pub key: &'static str,
    /// The path.
    pub path: &'a Path,
}

/// Why a TLS configuration cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct TlsError {
    /// The key of the configuration that names the file. If the private key does not belong to the
    /// certificate, it is the key of the certificate.
    pub key: &'static str,
    /// The reason.
    pub problem: String,
}

impl TlsFile<'_> {
    fn error(&self, problem: impl Display) -> TlsError {
        TlsError { key: self.key, problem: format!("{}: {problem}", self.path.display()) }
    }

    fn read(&self) -> Result<Zeroizing<Vec<u8>>, TlsError> {
        fs::read(self.path).map(Zeroizing::new).map_err(|error| self.error(error))
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let pem = self.read()?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(strip_bom(&pem))
            .collect::<Result<_, _>>()
            .map_err(|error| self.error(error))?;
        if chain.is_empty() { Err(self.error("no certificate found")) } else { Ok(chain) }
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let pem = self.read()?;
        PrivateKeyDer::from_pem_slice(strip_bom(&pem)).map_err(|error| self.error(error))
    }
}

/// Returns the configuration of a listener. It speaks HTTP/1.1 only: if it offered HTTP/2, a client
/// would choose that. With `client_ca`, only clients with a certificate of this authority can
/// connect.
///
/// # Errors
/// Fails if a file cannot be read or parsed, or if the key does not belong to the certificate.
pub fn server_config(
    certificate: TlsFile<'_>,
    key: TlsFile<'_>,
    client_ca: Option<TlsFile<'_>>,
) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate.error(error))?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            for authority in ca.certificates()? {
                roots.add(authority).map_err(|error| ca.error(error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                .build()
                .map_err(|error| ca.error(error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(certificate.certificates()?, key.private_key()?)
        .map_err(|error| certificate.error(error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_certificate_and_a_file_without_a_certificate_are_errors_with_their_key() {
        let folder = tempfile::tempdir().unwrap();
        let [pem, key, other, empty] =
            ["a.pem", "a.key", "b.key", "empty.pem"].map(|name| folder.path().join(name));
        let own = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["intake.example".to_owned()]).unwrap();
        let certificate = params.self_signed(&own).unwrap();
        // Some editors write a byte order mark before a text.
        fs::write(&pem, format!("\u{feff}{}", certificate.pem())).unwrap();
        fs::write(&key, own.serialize_pem()).unwrap();
        fs::write(&other, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
        fs::write(&empty, "").unwrap();
        let load = |certificate: &Path, key: &Path, ca: Option<&Path>| {
            let certificate = TlsFile { key: "relay.certificate", path: certificate };
            let ca = ca.map(|path| TlsFile { key: "relay.ca", path });
            server_config(certificate, TlsFile { key: "relay.key", path: key }, ca)
        };
        let loaded = load(&pem, &key, Some(&pem)).unwrap();
        assert_eq!(loaded.alpn_protocols, [b"http/1.1"]);
        load(&pem, &key, None).unwrap();
        for (files, wrong) in [
            ((&pem, &other, None), "relay.certificate"),
            ((&empty, &key, None), "relay.certificate"),
            ((&pem, &empty, None), "relay.key"),
            ((&pem, &key, Some(empty.as_path())), "relay.ca"),
        ] {
            assert_eq!(load(files.0, files.1, files.2).unwrap_err().key, wrong);
        }
    }
}
