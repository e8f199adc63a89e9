//! nginx with the shipped configuration, in front of intakes of this machine.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

const START_TIMEOUT: Duration = Duration::from_secs(20);
const START_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Returns an address of this machine with a free port.
///
/// # Errors
/// If the system has none.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// What differs from the shipped configuration.
#[derive(Debug, Clone, Copy)]
pub struct ProxySettings<'a> {
    /// The addresses of the intakes: one or two.
    pub intakes: &'a [SocketAddr],
    /// Maximum number of POST requests of one address; `None` for the shipped number.
    pub posts_of_one_address: Option<u32>,
    /// Whether clients connect with TLS. The certificate is signed by itself, so browsers reject
    /// it.
    pub tls: bool,
}

/// A running nginx.
#[derive(Debug)]
pub struct ReverseProxy {
    child: Child,
    /// Where clients connect.
    pub address: SocketAddr,
    _folder: TempDir,
}

impl ReverseProxy {
    /// Starts nginx.
    ///
    /// # Errors
    /// If nginx is not installed or rejects the configuration, or if the shipped configuration has
    /// changed so that its addresses are not found.
    pub fn start(settings: ProxySettings<'_>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name).display().to_string();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        fs::write(at("fullchain.pem"), made.cert.pem())?;
        fs::write(at("privkey.pem"), made.signing_key.serialize_pem())?;
        // The pages that nginx shows instead of its own.
        fs::create_dir_all(at("burkindi-error-pages/fr"))?;
        for name in ["form", "large", "busy", "broken"] {
            fs::write(at(&format!("burkindi-error-pages/fr/{name}.html")), name)?;
        }
        let address = free_address()?;
        let config = format!(
            "daemon off;\nmaster_process off;\npid {};\n{}",
            at("pid"),
            adapt_config(&settings, address, &at(""))?
        );
        fs::write(at("nginx.conf"), config)?;
        let child = Command::new("nginx")
            .args(["-p", &at(""), "-e", &at("log"), "-c", &at("nginx.conf")])
            .stdin(Stdio::null())
            .spawn()
            .context("nginx; `cargo xtask test` installs it on Debian")?;
        let proxy = Self { child, address, _folder: folder };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            ensure!(started.elapsed() < START_TIMEOUT, "nginx does not listen on {address}");
            std::thread::sleep(START_POLL_INTERVAL);
        }
        Ok(proxy)
    }
}

impl Drop for ReverseProxy {
    fn drop(&mut self) {
        // `kill` fails only if nginx has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Returns the shipped configuration with the addresses of a test.
fn adapt_config(settings: &ProxySettings<'_>, address: SocketAddr, folder: &str) -> Result<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/nginx/nginx.conf");
    let mut config = fs::read_to_string(file)?;
    let tls = if settings.tls { "ssl" } else { "" };
    let posts = settings.posts_of_one_address.map_or("3072".to_owned(), |posts| posts.to_string());
    let mut changes = vec![
        ("/etc/burkindi/public/fullchain.pem", format!("{folder}/fullchain.pem")),
        ("/etc/burkindi/public/privkey.pem", format!("{folder}/privkey.pem")),
        ("root /var/lib;", format!("root {folder};")),
        ("listen 443 ssl http2 default_server;", format!("listen {address} {tls} default_server;")),
        ("listen [::]:443 ssl http2 default_server;", String::new()),
        ("listen 80 default_server;", format!("listen {};", free_address()?)),
        ("listen [::]:80 default_server;", String::new()),
        ("limit_conn addresses 3072;", format!("limit_conn addresses {posts};")),
    ];
    let lines = ["server 127.0.0.1:8080 ", "#server 127.0.0.1:8090 "];
    ensure!((1..=lines.len()).contains(&settings.intakes.len()), "one intake, or two");
    changes.extend(
        lines.into_iter().zip(settings.intakes).map(|(line, to)| (line, format!("server {to} "))),
    );
    for (shipped, own) in changes {
        ensure!(config.matches(shipped).count() == 1, "nginx.conf does not contain {shipped} once");
        config = config.replace(shipped, &own);
    }
    Ok(config)
}
