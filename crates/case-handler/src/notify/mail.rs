//! Digests by mail, through one mail server.

use std::{collections::BTreeMap, fmt, fs, path::PathBuf};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
    },
};
use reqwest::Url;
use serde::Deserialize;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{DIGEST_TEXT, NotifyError};
use crate::outbound::is_loopback;

/// The subject, equal for all members and at all times.
const SUBJECT: &str = "Burkindi";

/// `[notify.mail]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// `smtps://host` (TLS from the first byte) or `smtp://host` (STARTTLS is required), with
    /// `:port` for another port. Only a server on the same machine is used without TLS.
    pub server: String,
    /// PEM file of the authority that signed the server's certificate, if the system does not trust
    /// it.
    pub ca: Option<PathBuf>,
    /// The sender, such as `Burkindi <burkindi@customs.example>`.
    pub from: String,
    /// User name at the server.
    pub user: Option<String>,
    /// File with the password of that user.
    pub password_file: Option<PathBuf>,
    /// Mail addresses by handle.
    pub to: BTreeMap<String, String>,
}

/// A mail server and the sender address.
#[derive(Clone)]
pub struct MailServer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// The mailbox of one member.
pub struct MailChannel {
    server: MailServer,
    to: Mailbox,
}

/// Omits the addresses, so that they are in no log.
impl fmt::Debug for MailConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MailConfig").finish_non_exhaustive()
    }
}

impl fmt::Debug for MailChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mail").finish_non_exhaustive()
    }
}

impl MailConfig {
    /// Returns the files that the section names, with their keys.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &PathBuf)> {
        let files =
            [("notify.mail.ca", &self.ca), ("notify.mail.password_file", &self.password_file)];
        files.into_iter().filter_map(|(key, path)| Some((key, path.as_ref()?)))
    }

    /// Returns the configured server. Does not connect.
    ///
    /// # Errors
    /// Fails if a setting is invalid or a file cannot be read.
    pub fn server(&self) -> Result<MailServer, NotifyError> {
        // The configuration is checked before the service installs a provider. The call fails only
        // if one is installed already, which is sufficient.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let invalid =
            || NotifyError::InvalidSetting("notify.mail.server (smtps://host or smtp://host)");
        let url: Url = self.server.parse().map_err(|_| invalid())?;
        let has_only_host = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none();
        let host = url.host_str().filter(|_| has_only_host).ok_or_else(invalid)?;
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let (tls, default_port) = match url.scheme() {
            "smtps" => (Tls::Wrapper(self.tls_parameters(name)?), smtp::SUBMISSIONS_PORT),
            "smtp" if is_loopback(host) => (Tls::None, smtp::SMTP_PORT),
            "smtp" => (Tls::Required(self.tls_parameters(name)?), smtp::SUBMISSION_PORT),
            _ => return Err(invalid()),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(name)
            .port(url.port().unwrap_or(default_port))
            .tls(tls);
        let builder = match self.credentials()? {
            Some(credentials) => builder.credentials(credentials),
            None => builder,
        };
        let from =
            self.from.parse().map_err(|_| NotifyError::InvalidSetting("notify.mail.from"))?;
        Ok(MailServer { transport: builder.build(), from })
    }

    /// Returns the mailbox of each member.
    ///
    /// # Errors
    /// Fails if a setting or an address is invalid.
    pub fn recipients(&self) -> Result<BTreeMap<String, MailChannel>, NotifyError> {
        let server = self.server()?;
        let mail = |(member, address): (&String, &String)| {
            let address: Address = address
                .parse()
                .map_err(|_| NotifyError::InvalidSetting("address in notify.mail.to"))?;
            Ok((
                member.clone(),
                MailChannel { server: server.clone(), to: Mailbox::new(None, address) },
            ))
        };
        self.to.iter().map(mail).collect()
    }

    /// Returns the TLS parameters with which the server's certificate is verified.
    fn tls_parameters(&self, name: &str) -> Result<TlsParameters, NotifyError> {
        let invalid = || NotifyError::InvalidSetting("notify.mail.ca");
        let builder = TlsParameters::builder(name.to_owned());
        let builder = match &self.ca {
            Some(path) => {
                let pem = fs::read(path).map_err(|_| invalid())?;
                let authority = Certificate::from_pem(&pem).map_err(|_| invalid())?;
                builder.certificate_store(CertificateStore::None).add_root_certificate(authority)
            }
            None => builder,
        };
        builder.build().map_err(|_| invalid())
    }

    fn credentials(&self) -> Result<Option<Credentials>, NotifyError> {
        let invalid =
            || NotifyError::InvalidSetting("notify.mail.password_file (set it together with user)");
        match (&self.user, &self.password_file) {
            (Some(user), Some(path)) => {
                let password = Zeroizing::new(fs::read_to_string(path).map_err(|_| invalid())?);
                Ok(Some(Credentials::new(user.clone(), password.trim_end().to_owned())))
            }
            (None, None) => Ok(None),
            _ => Err(invalid()),
        }
    }
}

impl MailServer {
    /// Connects and authenticates, without sending a message.
    ///
    /// # Errors
    /// Fails if the server cannot be reached or refuses.
    pub async fn check_connection(&self) -> Result<(), NotifyError> {
        self.transport.test_connection().await.map(drop).map_err(|error| mail_error(&error))
    }
}

impl MailChannel {
    /// Sends one message. It is equal for all members except for address and date. It has no
    /// message id, which would name a machine or distinguish messages; the server adds one.
    ///
    /// # Errors
    /// Fails if the server cannot be reached or refuses.
    pub async fn send(&self, now: OffsetDateTime) -> Result<(), NotifyError> {
        // Prevents automatic replies, such as holiday notices.
        let auto_submitted = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        let message = Message::builder()
            .from(self.server.from.clone())
            .to(self.to.clone())
            .subject(SUBJECT)
            .date(now.into())
            .raw_header(auto_submitted)
            .singlepart(SinglePart::plain(DIGEST_TEXT.trim_end().to_owned()))
            .map_err(|_| NotifyError::Mail("rejected the message: invalid recipient"))?;
        self.server.transport.send(message).await.map(drop).map_err(|error| mail_error(&error))
    }
}

/// Describes the error in our own words, because the server's text may contain an address.
fn mail_error(error: &smtp::Error) -> NotifyError {
    NotifyError::Mail(if error.is_permanent() || error.is_transient() {
        "refused"
    } else if error.is_client() {
        "offers no TLS or no authentication"
    } else {
        "cannot be reached, or its certificate is not trusted"
    })
}
