//! A minimal HTTP client: one connection on one thread, with requests prepared beforehand. It uses
//! little processor time, so the service on the same machine gets the rest.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

/// Maximum time for one response.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(2);

/// A connection to a service, opened at the first request.
#[derive(Debug)]
pub struct HttpClient {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// A response with a `content-length`.
#[derive(Debug)]
pub struct HttpResponse<'a> {
    /// The status code, such as 200.
    pub status: u16,
    /// Status line and headers.
    pub head: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl HttpClient {
    /// Returns a client for an address such as `127.0.0.1:8080`. It does not connect yet.
    ///
    /// # Errors
    /// If the address does not parse.
    pub fn new(address: &str) -> Result<Self> {
        Ok(Self { address: address.parse()?, stream: None, buffer: vec![0; 64 * 1024] })
    }

    /// Sends a request. The head ends with `\r\n` after its last header, such as `GET /
    /// HTTP/1.1\r\nhost: x\r\n`.
    ///
    /// # Errors
    /// If the connection fails or the response is malformed.
    pub fn send(&mut self, head: &str, body: &[u8]) -> Result<HttpResponse<'_>> {
        let mut request =
            Vec::with_capacity(head.len() + 32 + if body.len() < 1 << 18 { body.len() } else { 0 });
        write!(request, "{head}content-length: {}\r\n\r\n", body.len())?;
        if body.len() < 1 << 18 {
            request.extend_from_slice(body);
        }
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        stream.write_all(&request)?;
        if body.len() >= 1 << 18 {
            stream.write_all(body)?;
        }
        let (head, end) = read_response(&mut stream, &mut self.buffer)?;
        let answer = HttpResponse::parse(&self.buffer[..end], head)?;
        if !answer.head.to_ascii_lowercase().contains("\r\nconnection: close\r\n") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// Sends a POST request; `kind` is the content type.
    ///
    /// # Errors
    /// If the connection fails or the response is malformed.
    pub fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> Result<HttpResponse<'_>> {
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {kind}\r\n", self.address);
        self.send(&head, body)
    }

    fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
        Ok(stream)
    }
}

impl<'a> HttpResponse<'a> {
    fn parse(bytes: &'a [u8], head: usize) -> Result<Self> {
        let (head, body) = bytes.split_at(head);
        let head = std::str::from_utf8(head)?;
        let status =
            head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
        Ok(Self { status, head, body })
    }
}

/// Returns the length of the head, and the length of head and body together.
fn read_response(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<(usize, usize)> {
    let mut read = 0;
    let head = loop {
        if let Some(end) = buffer[..read].windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        ensure!(read < buffer.len(), "a head that does not end");
        read += read_some(stream, &mut buffer[read..])?;
    };
    let length = content_length(std::str::from_utf8(&buffer[..head])?)?;
    let end = head + length;
    if buffer.len() < end {
        buffer.resize(end, 0);
    }
    while read < end {
        read += read_some(stream, &mut buffer[read..end])?;
    }
    Ok((head, end))
}

fn read_some(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<usize> {
    match stream.read(buffer)? {
        0 => bail!("the connection was closed"),
        some => Ok(some),
    }
}

fn content_length(head: &str) -> Result<usize> {
    for line in head.lines().skip(1) {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            return Ok(value.trim().parse()?);
        }
        ensure!(!name.eq_ignore_ascii_case("transfer-encoding"), "an answer without a length");
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    #[test]
    fn a_response_is_read_to_its_end_and_a_closed_connection_is_reopened() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 1024];
                assert!(stream.read(&mut request).unwrap() > 0);
                stream
                    .write_all(
                        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nconnection: close\r\n\r\n",
                    )
                    .unwrap();
                stream.write_all(&vec![7; 100_000]).unwrap();
            }
        });
        let mut client = HttpClient::new(&address).unwrap();
        for _ in 0..2 {
            let answer = client.post("/", "text/plain", b"hello").unwrap();
            assert_eq!((answer.status, answer.body), (200, &vec![7; 100_000][..]));
        }
        serving.join().unwrap();
    }
}
