//! Checks that only the machine itself can make: disk, files and reverse proxy.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use rustix::fs::{StatVfsMountFlags, statvfs};

use crate::Finding;

const GIB: u64 = 1 << 30;

/// Checks the free space of the disk of a folder.
pub fn check_disk_space(check: &str, folder: &Path) -> Finding {
    let stat = match statvfs(folder) {
        Ok(stat) => stat,
        Err(error) => {
            let found = format!("{}: {error}", folder.display());
            return Finding::error(
                check,
                found,
                "Create the folder, and make the service's account its owner.",
            );
        }
    };
    let (free, all) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
    let percent = free.saturating_mul(100) / all.max(1);
    let found = format!("{percent} % free, {} GiB", free / GIB);
    if stat.f_flag.contains(StatVfsMountFlags::RDONLY) {
        let advice = "Check the kernel log for disk errors, then mount it read-write again.";
        return Finding::error(check, "mounted read-only: nothing can be acknowledged", advice);
    }
    let advice = "Free space, or use a larger disk: with a full one, reporters are asked to come back later.";
    match (percent, free) {
        (..5, _) | (_, ..GIB) => Finding::error(check, found, advice),
        (..20, _) => Finding::warning(check, found, advice),
        _ => Finding::ok(check, found),
    }
}

/// Checks that no other account can read or change a file with a secret.
pub fn check_permissions(check: &str, path: &Path) -> Finding {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            return Finding::error(
                check,
                format!("{}: {error}", path.display()),
                "Restore it from the offline medium.",
            );
        }
    };
    let mode = metadata.mode() & 0o777;
    let found = format!("{} has mode {mode:04o}", path.display());
    if mode & 0o027 == 0 {
        return Finding::ok(check, found);
    }
    let advice = "chown root:GROUP and chmod 0640, where GROUP is the service's own. If others could read it, renew the key.";
    Finding::error(check, found, advice)
}

/// Checks that the reverse proxy (nginx) does not log visitors.
pub fn check_proxy_logging(check: &str, configuration: &Path) -> Finding {
    const ADVICE: &str = "Use deploy/nginx/nginx.conf unchanged, or set `access_log off;` for all of http, and no other. \
                          Delete the existing logs.";
    let text = match fs::read_to_string(configuration) {
        Ok(text) => text,
        Err(error) => {
            return Finding::error(check, format!("{}: {error}", configuration.display()), ADVICE);
        }
    };
    let directives = |name: &str| nginx_directives(&text, name);
    let (access, errors) = (directives("access_log"), directives("error_log"));
    if access.is_empty() || access.iter().any(|value| value != "off") {
        return Finding::error(check, "it logs every visitor's address (access_log)", ADVICE);
    }
    if errors.is_empty() || errors.iter().any(|value| !value.starts_with("/dev/null")) {
        return Finding::error(check, "its error_log contains visitors' addresses", ADVICE);
    }
    if directives("include").iter().any(|value| !value.ends_with("mime.types")) {
        return Finding::warning(check, "it includes other files, which may enable logs", ADVICE);
    }
    Finding::ok(check, "it logs no visitor")
}

/// Checks that the reverse proxy (nginx) connects to the address of the intake, from an address
/// whose header the intake reads. Returns `None` if the file names no address to compare.
pub fn check_proxy_target(
    check: &str,
    configuration: &Path,
    listen: SocketAddr,
    trusted: &[IpAddr],
) -> Option<Finding> {
    let text = fs::read_to_string(configuration).ok()?;
    let servers = nginx_directives(&text, "server").into_iter();
    let servers = servers.filter_map(|server| server.split_whitespace().next().map(str::to_owned));
    let passed = nginx_directives(&text, "proxy_pass");
    let passed = passed.iter().filter_map(|url| url.strip_prefix("http://").map(str::to_owned));
    let targets: Vec<SocketAddr> = servers
        .chain(passed)
        .filter_map(|target| target.replace("localhost", "127.0.0.1").parse().ok())
        .collect();
    if targets.is_empty() {
        return None;
    }
    let reaches = |target: &SocketAddr| {
        let to_any = listen.ip().is_unspecified() && target.ip().is_loopback();
        target.port() == listen.port() && (to_any || target.ip() == listen.ip())
    };
    if !targets.iter().any(reaches) {
        let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
        let found = format!("it connects to {}, not to {listen}", targets.join(", "));
        let found = format!("{found} (public.listen): visitors get an error page");
        let advice = "Write the same address into public.listen and into the configuration of the \
                      proxy, and restart both.";
        return Some(Finding::error(check, found, advice));
    }
    let source = nginx_directives(&text, "proxy_bind").first().and_then(|ip| ip.parse().ok());
    let source = source.unwrap_or(IpAddr::from([127, 0, 0, 1]));
    if !trusted.contains(&source) {
        let found =
            format!("it connects from {source}, which public.trusted_proxies does not list");
        let found = format!("{found}: all visitors count as one client");
        let advice =
            format!("Set public.trusted_proxies = [\"{source}\"], and restart the intake.");
        return Some(Finding::error(check, found, advice));
    }
    Some(Finding::ok(check, format!("it connects to {listen} from {source}")))
}

/// Returns the values of each directive of this name, without comments.
fn nginx_directives(text: &str, name: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(|line| line.split([';', '{', '}']))
        .filter_map(|directive| directive.trim().strip_prefix(name))
        .filter(|rest| rest.starts_with(char::is_whitespace))
        .map(|rest| rest.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::Severity;

    #[test]
    fn a_key_is_readable_by_its_owner_and_one_group_only() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, state) in [
            (0o600, Severity::Ok),
            (0o640, Severity::Ok),
            (0o644, Severity::Error),
            (0o660, Severity::Error),
        ] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_permissions("key", file.path()).state, state, "{mode:o}");
        }
        assert_eq!(check_permissions("key", Path::new("/nowhere")).state, Severity::Error);
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        assert_eq!(check_disk_space("disk", Path::new("/nowhere")).state, Severity::Error);
        assert!(check_disk_space("disk", &std::env::temp_dir()).found.contains('%'));
    }

    #[test]
    fn the_shipped_proxy_configuration_logs_no_visitor() {
        let shipped = include_str!("../../../deploy/nginx/nginx.conf");
        let file = tempfile::NamedTempFile::new().unwrap();
        let state = |text: &str| {
            fs::write(file.path(), text).unwrap();
            check_proxy_logging("proxy", file.path()).state
        };
        assert_eq!(state(shipped), Severity::Ok);
        assert_eq!(state(&shipped.replace("access_log off;", "")), Severity::Error);
        assert_eq!(state(&shipped.replace("access_log off;", "#access_log off;")), Severity::Error);
        assert_eq!(
            state(&shipped.replace("gzip off;", "gzip off; access_log /tmp/log;")),
            Severity::Error
        );
        assert_eq!(state(&shipped.replace("error_log /dev/null;", "")), Severity::Error);
        assert_eq!(
            state(&shipped.replace("gzip off;", "include conf.d/*.conf;")),
            Severity::Warning
        );
    }

    #[test]
    fn the_shipped_proxy_configuration_reaches_the_intake_from_a_trusted_address() {
        let shipped = include_str!("../../../deploy/nginx/nginx.conf");
        let file = tempfile::NamedTempFile::new().unwrap();
        let state = |text: &str, listen: &str, trusted: &[IpAddr]| {
            fs::write(file.path(), text).unwrap();
            let found = check_proxy_target("proxy", file.path(), listen.parse().unwrap(), trusted);
            found.map(|finding| finding.state)
        };
        let own = [IpAddr::from([127, 0, 0, 2])];
        assert_eq!(state(shipped, "127.0.0.1:8080", &own), Some(Severity::Ok));
        assert_eq!(state(shipped, "0.0.0.0:8080", &own), Some(Severity::Ok));
        assert_eq!(state(shipped, "127.0.0.1:8081", &own), Some(Severity::Error));
        assert_eq!(state(shipped, "127.0.0.1:8080", &[]), Some(Severity::Error));
        let other = [IpAddr::from([127, 0, 0, 1])];
        assert_eq!(state(shipped, "127.0.0.1:8080", &other), Some(Severity::Error));
        let plain = "server { location / { proxy_pass http://localhost:8080; } }";
        assert_eq!(state(plain, "127.0.0.1:8080", &other), Some(Severity::Ok));
        assert_eq!(state("http {}", "127.0.0.1:8080", &own), None);
    }
}
