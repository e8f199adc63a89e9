//! The shipped configuration of the reverse proxy, run by `nginx` in front of test servers.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use scenarios::{ProxySettings, ReverseProxy, free_address};

/// The head of an upload of two bytes.
const POST: &str = "POST /fr/report/send\r\nContent-Length: 2\r\n\r\n";
const WAIT: Duration = Duration::from_millis(50);
/// Maximum time of a request.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A server that answers each request with its name, after the whole request has arrived.
struct TestServer {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    fn start(address: SocketAddr, name: &'static str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                thread::spawn(move || answer_request(stream.unwrap(), name));
            }
        });
        Self { address, stopping, thread: Some(thread) }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Ends the wait for a connection.
        TcpStream::connect(self.address).ok();
        self.thread.take().map(JoinHandle::join);
    }
}

/// Reads a request and answers it. The client may disconnect at any time.
fn answer_request(stream: TcpStream, name: &str) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", name.len());
    reader.get_mut().write_all(format!("{head}{name}").as_bytes()).ok()
}

/// Starts nginx without TLS in front of two servers.
fn start_proxy(intakes: [SocketAddr; 2], posts_of_one_address: Option<u32>) -> ReverseProxy {
    let settings = ProxySettings { intakes: &intakes, posts_of_one_address, tls: false };
    ReverseProxy::start(settings).unwrap()
}

/// Sends the beginning of a request.
fn send(proxy: &ReverseProxy, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(proxy.address).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let (line, rest) = request.split_once("\r\n").unwrap();
    let head = format!("{line} HTTP/1.1\r\nHost: intake.example\r\nConnection: close\r\n{rest}");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// Sends a request for a page. Returns the status and the body.
fn get_page(proxy: &ReverseProxy) -> (String, String) {
    read_response(send(proxy, "GET /fr\r\n\r\n"))
}

fn read_response(mut stream: TcpStream) -> (String, String) {
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{response:?}"));
    (head[9..12].to_owned(), body.to_owned())
}

/// Many phones share one address. Uploads of one of them must not keep the others from pages.
#[test]
fn pages_do_not_count_as_connections_of_an_address() {
    let servers = ["first", "second"].map(|name| TestServer::start(free_address().unwrap(), name));
    let proxy = start_proxy([servers[0].address, servers[1].address], Some(1));
    let mut upload = send(&proxy, &format!("{POST}x"));
    let refused = (0..100).find(|_| {
        thread::sleep(WAIT);
        read_response(send(&proxy, &format!("{POST}xx"))).0 == "503"
    });
    assert!(refused.is_some(), "the upload counts");
    for _ in 0..3 {
        assert_eq!(get_page(&proxy).0, "200", "a page does not count");
    }
    upload.write_all(b"x").unwrap();
    assert_eq!(read_response(upload).0, "200", "the upload ends");
}

/// The text between two steps is in the memory of one intake. After a restart, its visitors must
/// return to it immediately, and a single intake must not be excluded at all.
#[test]
fn an_intake_gets_the_requests_of_its_visitors_right_after_a_restart() {
    let mut servers = ["first", "second"]
        .map(|name| (name, Some(TestServer::start(free_address().unwrap(), name))));
    let addresses = [0, 1].map(|n: usize| servers[n].1.as_ref().unwrap().address);
    let proxy = start_proxy(addresses, None);
    let own = get_page(&proxy).1;
    assert_eq!(get_page(&proxy), ("200".to_owned(), own.clone()));
    let index = servers.iter().position(|(name, _)| *name == own).unwrap();
    servers[index].1 = None;
    for _ in 0..3 {
        let (status, other) = get_page(&proxy);
        assert!(status == "200" && other != own, "{status} {other}: the other intake answers");
    }
    servers[index].1 = Some(TestServer::start(addresses[index], servers[index].0));
    assert_eq!(get_page(&proxy), ("200".to_owned(), own));
}
