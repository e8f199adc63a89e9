//! A member's mailbox, by way of one mail server.

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

use super::{DIGEST_TEXT, NotifyError, is_loopback};

/// The same for everybody, at every time.
const SUBJECT: &str = "Burkindi";

/// `[notify.mail]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// `smtps://host` (TLS from the first byte) or `smtp://host` (STARTTLS, without which nothing
    /// is said), with `:port` if it is not the usual one. Only to this machine itself does
    /// `smtp://` go as it is.
    pub server: String,
    /// PEM file of the authority that signed the server's certificate, where it is none that this
    /// system trusts.
    pub ca: Option<PathBuf>,
    /// The sender, such as `Burkindi <burkindi@customs.example>`.
    pub from: String,
    /// The name that the server asks for.
    pub user: Option<String>,
    /// File of the password that goes with it.
    pub password_file: Option<PathBuf>,
    /// Addresses by handle.
    pub to: BTreeMap<String, String>,
}

/// Where members' messages are handed in.
#[derive(Clone)]
pub struct MailServer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// A member's mailbox.
pub struct MailChannel {
    server: MailServer,
    to: Mailbox,
}

/// Addresses stand in no log.
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
    /// The server, as it is to be spoken to.
    pub fn server(&self) -> Result<MailServer, NotifyError> {
        // A configuration is checked before the service has chosen. Fails only if somebody has,
        // which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let setting =
            || NotifyError::InvalidSetting("notify.mail.server (smtps://host or smtp://host)");
        let url: Url = self.server.parse().map_err(|_| setting())?;
        let nothing_else = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none();
        let host = url.host_str().filter(|_| nothing_else).ok_or_else(setting)?;
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let (tls, usual) = match url.scheme() {
            "smtps" => (Tls::Wrapper(self.tls_parameters(name)?), smtp::SUBMISSIONS_PORT),
            "smtp" if is_loopback(host) => (Tls::None, smtp::SMTP_PORT),
            "smtp" => (Tls::Required(self.tls_parameters(name)?), smtp::SUBMISSION_PORT),
            _ => return Err(setting()),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(name)
            .port(url.port().unwrap_or(usual))
            .tls(tls);
        let builder = match self.credentials()? {
            Some(credentials) => builder.credentials(credentials),
            None => builder,
        };
        let from =
            self.from.parse().map_err(|_| NotifyError::InvalidSetting("notify.mail.from"))?;
        Ok(MailServer { transport: builder.build(), from })
    }

    /// Each member's mailbox.
    pub fn recipients(&self) -> Result<BTreeMap<String, MailChannel>, NotifyError> {
        let server = self.server()?;
        let mail = |(member, address): (&String, &String)| {
            let address: Address = address
                .parse()
                .map_err(|_| NotifyError::InvalidSetting("an address of notify.mail.to"))?;
            Ok((
                member.clone(),
                MailChannel { server: server.clone(), to: Mailbox::new(None, address) },
            ))
        };
        self.to.iter().map(mail).collect()
    }

    /// What the server must show to be believed.
    fn tls_parameters(&self, name: &str) -> Result<TlsParameters, NotifyError> {
        let setting = || NotifyError::InvalidSetting("notify.mail.ca");
        let builder = TlsParameters::builder(name.to_owned());
        let builder = match &self.ca {
            Some(path) => {
                let pem = fs::read(path).map_err(|_| setting())?;
                let authority = Certificate::from_pem(&pem).map_err(|_| setting())?;
                builder.certificate_store(CertificateStore::None).add_root_certificate(authority)
            }
            None => builder,
        };
        builder.build().map_err(|_| setting())
    }

    fn credentials(&self) -> Result<Option<Credentials>, NotifyError> {
        let setting =
            || NotifyError::InvalidSetting("notify.mail.password_file, which goes with user");
        match (&self.user, &self.password_file) {
            (Some(user), Some(path)) => {
                let password = Zeroizing::new(fs::read_to_string(path).map_err(|_| setting())?);
                Ok(Some(Credentials::new(user.clone(), password.trim_end().to_owned())))
            }
            (None, None) => Ok(None),
            _ => Err(setting()),
        }
    }
}

impl MailServer {
    /// Connects, proves who asks, and leaves without a message.
    pub async fn check_connection(&self) -> Result<(), NotifyError> {
        self.transport.test_connection().await.map(drop).map_err(|error| mail_error(&error))
    }
}

impl MailChannel {
    /// Hands one message in. It is the same for everybody, but for the address and the date. It has
    /// no id: one would name a machine, or tell messages apart; the server gives it one.
    pub async fn send(&self, now: OffsetDateTime) -> Result<(), NotifyError> {
        // Nobody's "I am on leave" is to come back.
        let by_a_machine = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        let message = Message::builder()
            .from(self.server.from.clone())
            .to(self.to.clone())
            .subject(SUBJECT)
            .date(now.into())
            .raw_header(by_a_machine)
            .singlepart(SinglePart::plain(DIGEST_TEXT.trim_end().to_owned()))
            .map_err(|_| NotifyError::Mail("cannot be told whom to write to"))?;
        self.server.transport.send(message).await.map(drop).map_err(|error| mail_error(&error))
    }
}

/// In words of our own: those of the server may hold an address.
fn mail_error(error: &smtp::Error) -> NotifyError {
    NotifyError::Mail(if error.is_permanent() || error.is_transient() {
        "refuses"
    } else if error.is_client() {
        "offers no TLS, or no way to say who asks"
    } else {
        "cannot be reached, or shows no certificate that is trusted here"
    })
}
