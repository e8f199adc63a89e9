//! The reverse proxy and the onion service, checked by `nginx` and `tor`.

use std::fs;

use super::{output_text, read_deploy_file, run_program};

#[test]
fn the_proxy_accepts_its_configuration_and_stores_no_visitor_data() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let made = rcgen::generate_simple_self_signed(vec!["intake.example".to_owned()]).unwrap();
    fs::write(at("fullchain.pem"), made.cert.pem()).unwrap();
    fs::write(at("privkey.pem"), made.signing_key.serialize_pem()).unwrap();
    let shipped = read_deploy_file("nginx/nginx.conf");
    let ours = shipped.replace("/etc/burkindi/public/", &at(""));
    assert_ne!(ours, shipped);
    fs::write(at("nginx.conf"), format!("pid {};\n{ours}", at("pid"))).unwrap();
    let tested =
        run_program("nginx", &["-t", "-p", &at(""), "-e", &at("log"), "-c", &at("nginx.conf")]);
    assert!(tested.status.success(), "{}", output_text(&tested));
    for line in [
        "access_log off;",
        "error_log /dev/null;",
        "proxy_request_buffering off;",
        "proxy_max_temp_file_size 0;",
    ] {
        assert_eq!(shipped.matches(line).count(), 1, "{line}");
    }
}

/// The steps of a form without scripts are in the memory of one intake. If a proxy sends the next
/// request of the same visitor to another intake, the visitor loses the text and the receipt of a
/// sent report.
#[test]
fn the_proxy_sends_all_requests_of_a_visitor_to_one_intake() {
    for text in [read_deploy_file("nginx/nginx.conf"), read_deploy_file("../docs/OPERATING.md")] {
        let (_, rest) = text.split_once("upstream intake {").expect("an upstream");
        let (upstream, _) = rest.split_once('}').expect("its end");
        assert!(upstream.trim_start().starts_with("hash $remote_addr consistent;"), "{upstream}");
    }
}

#[test]
fn the_onion_service_takes_its_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = read_deploy_file("tor/torrc");
    assert!(
        shipped.contains("\nHiddenServicePoWDefensesEnabled 1\n")
            && shipped.contains("\nSafeLogging 1\n")
    );
    let ours = shipped.replace("/var/lib/tor", &folder.path().display().to_string());
    let file = folder.path().join("torrc");
    fs::write(&file, ours).unwrap();
    let verified = run_program("tor", &["--verify-config", "-f", file.to_str().unwrap()]);
    assert!(
        output_text(&verified).contains("Configuration was valid"),
        "{}",
        output_text(&verified)
    );
}

/// Returns the number after a word of a shipped file, such as `limit_conn addresses 3072;`.
fn shipped_number(file: &str, word: &str) -> u32 {
    let text = read_deploy_file(file);
    let line = text.lines().find(|line| line.trim_start().starts_with(word)).unwrap();
    let behind = line.trim_start()[word.len()..].trim_start_matches([' ', '=']);
    behind.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn the_proxy_lets_the_intake_choose_whose_posts_are_evicted() {
    let posts = shipped_number("nginx/nginx.conf", "limit_conn addresses");
    let setting = |name| shipped_number("config/intake.toml", name);
    assert!(
        posts > setting("concurrent_reads") + setting("concurrent_uploads"),
        "{posts}: one address could keep itself out"
    );
    assert!(posts < setting("connections"), "{posts}: one address could keep all others out");
}
