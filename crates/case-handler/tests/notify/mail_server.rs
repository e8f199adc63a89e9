//! A mail server on this machine: a thread for each connection, over in a minute at the latest.

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

/// How it treats its clients.
#[derive(Clone)]
pub(crate) enum ServerBehavior {
    /// Takes everything.
    Accepts,
    /// Knows nobody, and says so with the address.
    Rejects,
    /// Says hello, and nothing more.
    Stalls,
    /// Takes everything after STARTTLS.
    StartTls(Arc<ServerConfig>),
    /// Speaks TLS from the first byte.
    ImplicitTls(Arc<ServerConfig>),
}

/// What clients said, line by line: up to each message, or to the end of a connection without one.
pub(crate) type SmtpTranscript = Arc<Mutex<Vec<Vec<String>>>>;

pub(crate) struct FakeMailServer {
    pub(crate) port: u16,
    pub(crate) transcript: SmtpTranscript,
}

impl FakeMailServer {
    pub(crate) fn start(manner: ServerBehavior) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = SmtpTranscript::default();
        let heard = Arc::clone(&said);
        thread::spawn(move || {
            for stream in listener.incoming().take(64) {
                let (manner, heard) = (manner.clone(), Arc::clone(&heard));
                thread::spawn(move || {
                    let mut lines = Vec::new();
                    // A client that leaves, or believes nothing, is no failure of the server.
                    let served =
                        stream.and_then(|stream| serve(stream, &manner, &mut lines, &heard));
                    if served.is_err() {
                        heard.lock().unwrap().push(lines);
                    }
                });
            }
        });
        Self { port, transcript: said }
    }

    /// What was said since the last time, by those who have had their answer.
    pub(crate) fn take_transcript(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.transcript.lock().unwrap())
    }
}

fn serve(
    stream: TcpStream,
    manner: &ServerBehavior,
    lines: &mut Vec<String>,
    said: &SmtpTranscript,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    stream.set_write_timeout(Some(Duration::from_mins(1)))?;
    let over = |stream: TcpStream, config: &Arc<ServerConfig>| {
        ServerConnection::new(Arc::clone(config))
            .map(|tls| StreamOwned::new(tls, stream))
            .map_err(io::Error::other)
    };
    let mut plain = stream;
    match manner {
        ServerBehavior::ImplicitTls(config) => {
            let mut tls = over(plain, config)?;
            tls.write_all(b"220 here\r\n")?;
            handle_session(&mut tls, &ServerBehavior::Accepts, lines, said)
        }
        ServerBehavior::Stalls => {
            plain.write_all(b"220 here\r\n")?;
            plain.read_to_end(&mut Vec::new()).map(drop)
        }
        _ => {
            plain.write_all(b"220 here\r\n")?;
            handle_session(&mut plain, manner, lines, said)?;
            let ServerBehavior::StartTls(config) = manner else { return Ok(()) };
            handle_session(&mut over(plain, config)?, &ServerBehavior::Accepts, lines, said)
        }
    }
}

/// Until the client leaves, which is an error before it has handed in a message, or asks for TLS.
fn handle_session(
    stream: &mut (impl Read + Write),
    manner: &ServerBehavior,
    lines: &mut Vec<String>,
    said: &SmtpTranscript,
) -> io::Result<()> {
    let upgrades = matches!(manner, ServerBehavior::StartTls(_));
    let (mut message, mut taken) = (false, false);
    loop {
        let line = match read_line(stream) {
            Err(_) if taken => return Ok(()),
            line => line?,
        };
        lines.push(line.clone());
        let verb = line.split_whitespace().next().unwrap_or_default();
        let answer = match verb {
            _ if message && line != "." => continue,
            "." => {
                (message, taken) = (false, true);
                said.lock().unwrap().push(std::mem::take(lines));
                "250 taken\r\n".to_owned()
            }
            "EHLO" if upgrades => "250-here\r\n250 STARTTLS\r\n".to_owned(),
            "EHLO" => "250-here\r\n250 AUTH PLAIN\r\n".to_owned(),
            "STARTTLS" if upgrades => "220 go on\r\n".to_owned(),
            "AUTH" => "235 welcome\r\n".to_owned(),
            "RCPT" if matches!(manner, ServerBehavior::Rejects) => {
                format!("550 who is {line}?\r\n")
            }
            "DATA" => {
                message = true;
                "354 go on\r\n".to_owned()
            }
            _ => "250 well\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes())?;
        if verb == "STARTTLS" && upgrades {
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

/// What a server shows for `localhost` and 0.0.0.0, and the same in PEM, for who is to believe it.
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
