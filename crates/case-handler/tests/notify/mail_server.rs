//! A mail server on this machine: one thread for each connection, for at most a minute.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// How the server behaves.
#[derive(Clone)]
pub(crate) enum ServerBehavior {
    /// Accepts everything.
    Accepts,
    /// Rejects every recipient, with the address in its response.
    Rejects,
    /// Sends the greeting and nothing more.
    Stalls,
    /// Accepts everything after STARTTLS.
    StartTls(Arc<ServerConfig>),
    /// Uses TLS from the first byte.
    ImplicitTls(Arc<ServerConfig>),
}

/// The lines that clients sent: up to each message, or to the end of a connection without one.
pub(crate) type SmtpTranscript = Arc<Mutex<Vec<Vec<String>>>>;

pub(crate) struct FakeMailServer {
    pub(crate) port: u16,
    pub(crate) transcript: SmtpTranscript,
}

impl FakeMailServer {
    pub(crate) fn start(behavior: ServerBehavior) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let transcript = SmtpTranscript::default();
        let recorded = Arc::clone(&transcript);
        thread::spawn(move || {
            for stream in listener.incoming().take(64) {
                let (behavior, recorded) = (behavior.clone(), Arc::clone(&recorded));
                thread::spawn(move || {
                    let mut lines = Vec::new();
                    // A client that disconnects or rejects the certificate is no failure of the
                    // server.
                    let result =
                        stream.and_then(|stream| serve(stream, &behavior, &mut lines, &recorded));
                    if result.is_err() {
                        recorded.lock().unwrap().push(lines);
                    }
                });
            }
        });
        Self { port, transcript }
    }

    /// Returns the transcripts since the last call.
    pub(crate) fn take_transcript(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.transcript.lock().unwrap())
    }
}

fn serve(
    stream: TcpStream,
    behavior: &ServerBehavior,
    lines: &mut Vec<String>,
    transcript: &SmtpTranscript,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    stream.set_write_timeout(Some(Duration::from_mins(1)))?;
    let start_tls = |stream: TcpStream, config: &Arc<ServerConfig>| {
        ServerConnection::new(Arc::clone(config))
            .map(|tls| StreamOwned::new(tls, stream))
            .map_err(io::Error::other)
    };
    let mut plain = stream;
    match behavior {
        ServerBehavior::ImplicitTls(config) => {
            let mut tls = start_tls(plain, config)?;
            tls.write_all(b"220 here\r\n")?;
            handle_session(&mut tls, &ServerBehavior::Accepts, lines, transcript)
        }
        ServerBehavior::Stalls => {
            plain.write_all(b"220 here\r\n")?;
            plain.read_to_end(&mut Vec::new()).map(drop)
        }
        _ => {
            plain.write_all(b"220 here\r\n")?;
            handle_session(&mut plain, behavior, lines, transcript)?;
            let ServerBehavior::StartTls(config) = behavior else { return Ok(()) };
            handle_session(
                &mut start_tls(plain, config)?,
                &ServerBehavior::Accepts,
                lines,
                transcript,
            )
        }
    }
}

/// Serves until the client disconnects or requests TLS. A disconnection before a message is an
/// error.
fn handle_session(
    stream: &mut (impl Read + Write),
    behavior: &ServerBehavior,
    lines: &mut Vec<String>,
    transcript: &SmtpTranscript,
) -> io::Result<()> {
    let offers_starttls = matches!(behavior, ServerBehavior::StartTls(_));
    let (mut message, mut accepted) = (false, false);
    loop {
        let line = match read_line(stream) {
            Err(_) if accepted => return Ok(()),
            line => line?,
        };
        lines.push(line.clone());
        let verb = line.split_whitespace().next().unwrap_or_default();
        let answer = match verb {
            _ if message && line != "." => continue,
            "." => {
                (message, accepted) = (false, true);
                transcript.lock().unwrap().push(std::mem::take(lines));
                "250 taken\r\n".to_owned()
            }
            "EHLO" if offers_starttls => "250-here\r\n250 STARTTLS\r\n".to_owned(),
            "EHLO" => "250-here\r\n250 AUTH PLAIN\r\n".to_owned(),
            "STARTTLS" if offers_starttls => "220 go on\r\n".to_owned(),
            "AUTH" => "235 welcome\r\n".to_owned(),
            "RCPT" if matches!(behavior, ServerBehavior::Rejects) => {
                format!("550 who is {line}?\r\n")
            }
            "DATA" => {
                message = true;
                "354 go on\r\n".to_owned()
            }
            _ => "250 well\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes())?;
        if verb == "STARTTLS" && offers_starttls {
            return Ok(());
        }
    }
}

fn read_line(stream: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    line.truncate(line.len() - 2);
    String::from_utf8(line).map_err(io::Error::other)
}

/// Returns a server identity for `localhost` and 0.0.0.0, and its certificate as PEM for clients
/// that should trust it.
pub(crate) fn tls_identity() -> (Arc<ServerConfig>, String) {
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "0.0.0.0".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)
        .unwrap();
    (Arc::new(config), certificate.pem())
}
