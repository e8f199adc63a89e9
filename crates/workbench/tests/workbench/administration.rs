//! Making an installation, seating people, signing, and the question who would read a report.

use crate::common::{House, PEOPLE, cheap, desk, now, passphrase, today};
use envelope::directory::{DirectoryError, SignedDirectory, VALID_DAYS};
use rand::rngs::OsRng;
use secrecy::SecretString;
use workbench::{
    admin::{
        self, AdminError,
        init::Plan,
        roots,
        routing::{Case, Decision, Reason, explain},
        signing,
    },
    keyfile::InvestigatorKey,
    sealed::OpenError,
};

fn plan<'a>(dir: &'a std::path::Path, passphrases: &'a [SecretString], threshold: usize) -> Plan<'a> {
    Plan { dir, threshold, oversight_desk: "external", hosts: &[], passphrases, work: cheap() }
}

#[test]
fn an_installation_is_never_overwritten() {
    let house = House::new();
    let before = std::fs::read(house.admin.path("trust.json")).unwrap();
    let passphrases = [passphrase()];
    let place = house.admin.path("");
    let again = admin::init::init(&plan(&place, &passphrases, 1), now(), &mut OsRng);
    assert!(matches!(again, Err(AdminError::NotEmpty(_))));
    assert_eq!(std::fs::read(house.admin.path("trust.json")).unwrap(), before);
}

#[test]
fn a_threshold_that_cannot_be_met_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let passphrases = [passphrase(), passphrase()];
    for threshold in [0, 3] {
        let made =
            admin::init::init(&plan(&folder.path().join("x"), &passphrases, threshold), now(), &mut OsRng);
        assert!(matches!(made, Err(AdminError::Threshold(2))));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
#[cfg(unix)]
fn secret_files_are_their_owners_alone_and_root_keys_are_sealed() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    for name in ["transport.key", "log.key", "tls/ca.key", "tls/api.key", "roots/root-1.age"] {
        let mode = std::fs::metadata(house.admin.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let folder = std::fs::metadata(house.admin.path("")).unwrap().permissions().mode();
    assert_eq!(folder & 0o777, 0o700);
    for (at, root) in house.roots.iter().enumerate() {
        let file = std::fs::read(house.admin.path(format!("roots/root-{}.age", at + 1))).unwrap();
        assert!(!file.windows(32).any(|window| window == root.as_bytes()));
    }
}

#[test]
fn a_root_key_needs_its_passphrase_and_its_installation() {
    let (house, other) = (House::new(), House::new());
    let file = house.admin.path("roots/root-1.age");
    let wrong = roots::open(&file, &SecretString::from("something else"), &house.trust);
    assert!(matches!(wrong, Err(AdminError::Root { source: OpenError::WrongPassphrase, .. })));
    assert!(matches!(roots::open(&file, &passphrase(), &other.trust), Err(AdminError::NotARoot(_))));
}

#[test]
fn the_transport_key_opens_what_is_sealed_to_the_directory() {
    let house = House::new();
    let text = std::fs::read_to_string(house.admin.path("transport.key")).unwrap();
    let identity: age_hybrid::Identity = text.trim().parse().unwrap();
    let directory = house.signed().verify_past(&house.trust).unwrap();
    let sealed = directory.transport[0].seal(b"outer seal");
    assert_eq!(&age_hybrid::open(&identity, &sealed).unwrap()[..], b"outer seal");
    assert_eq!(directory.handler_key, (&house.log_key).into());
    assert_eq!((directory.expires - directory.issued).whole_days(), VALID_DAYS);
}

#[test]
fn directories_follow_each_other() {
    let house = House::new();
    let first = house.signed();
    let second = house.sign().verify(&house.trust, today(), None).unwrap();
    assert_eq!((second.epoch, second.previous), (2, Some(first.hash())));
}

#[test]
fn one_signature_is_not_enough_and_the_second_may_come_from_elsewhere() {
    let house = House::new();
    let first = house.signed();
    let waiting = signing::sign(&house.admin, &house.roots[..1], today()).unwrap();
    assert!(!waiting.is_complete());
    // Nothing has taken the place of the newest yet.
    assert_eq!(house.signed(), first);
    // The second keeper has the file and the trust, no more.
    let elsewhere = tempfile::tempdir().unwrap();
    let pending = elsewhere.path().join("directory.pending.json");
    std::fs::copy(house.admin.pending_path(), &pending).unwrap();
    let waiting = signing::pending(&pending, &house.trust, today()).unwrap();
    assert_eq!(waiting.directory.epoch, 2);
    let twice = signing::cosign(
        &pending,
        signing::pending(&pending, &house.trust, today()).unwrap(),
        &house.roots[0],
        &house.trust,
    );
    assert!(matches!(twice, Err(AdminError::Exists(_))));
    let done = signing::cosign(&pending, waiting, &house.roots[2], &house.trust).unwrap();
    assert!(done.is_complete() && !pending.exists());
    let signed: SignedDirectory =
        workbench::files::read_json(&elsewhere.path().join("directory.signed.json")).unwrap();
    assert_eq!(signed.verify(&house.trust, today(), None).unwrap().epoch, 2);
}

#[test]
fn the_same_root_key_twice_counts_once() {
    let house = House::new();
    let twice = [house.roots[0].clone(), house.roots[0].clone()];
    let signed = signing::sign(&house.admin, &twice, today()).unwrap();
    assert_eq!((signed.signatures, signed.is_complete()), (1, false));
    assert!(matches!(
        signed.signed.verify_past(&house.trust),
        Err(DirectoryError::Unsigned { valid: 1, needed: 2 })
    ));
}

#[test]
fn a_draft_that_breaks_a_rule_is_not_signed() {
    let house = House::new();
    let mut draft = house.admin.draft().unwrap();
    assert_eq!(draft.remove_member("outside").unwrap(), ["external"]);
    house.admin.save_draft(&draft).unwrap();
    let refused = signing::sign(&house.admin, &house.roots, today());
    assert!(matches!(refused, Err(AdminError::Directory(DirectoryError::Rule(_)))));
}

#[test]
fn seats_and_handles_are_not_taken_by_mistake() {
    let house = House::new();
    let mut draft = house.admin.draft().unwrap();
    let other = InvestigatorKey::generate("lead", &mut OsRng).unwrap().request();
    assert!(matches!(draft.add_member(&other, vec![], vec![], false), Err(AdminError::Exists(_))));
    draft.add_member(&other, vec![], vec![], true).unwrap();
    let nobody = desk("audit", &["nobody"], &[]);
    assert!(matches!(draft.add_desk(nobody, false), Err(AdminError::Unknown(_))));
    let taken = desk("internal_affairs", &["two"], &[]);
    assert!(matches!(draft.add_desk(taken, false), Err(AdminError::Exists(_))));
    assert!(matches!(draft.remove_desk("external"), Err(AdminError::Unknown(_))));
}

fn decide(house: &House, category: &str, excluded: &[&str]) -> Decision {
    let directory = house.signed().verify_past(&house.trust).unwrap();
    let excluded = excluded.iter().map(ToString::to_string).collect();
    explain(&directory, Case { category: category.into(), audience: "trader".into(), excluded })
}

#[test]
fn the_routing_test_says_who_reads_and_why_the_others_do_not() {
    let house = House::new();
    let all = decide(&house, "FAC", &[]);
    assert_eq!((all.desk.as_str(), all.fallback), ("internal_affairs", false));
    assert_eq!(all.readers, ["lead", "two", "three"]);
    assert_eq!(all.oversight, ["outside"]);
    assert!(all.without.is_empty());

    let less = decide(&house, "FAC", &["regional", "nowhere"]);
    assert_eq!(less.readers, ["lead", "two"]);
    assert_eq!(less.without.len(), 1);
    assert_eq!(less.without[0].handle, "three");
    assert_eq!(less.without[0].reason, Reason::Unit("regional".to_owned()));
    assert_eq!(less.idle_exclusions, ["nowhere"]);
    assert!(
        less.steps.iter().any(|step| step.to_string().contains("keep away three; 2 members are left")),
        "{:?}",
        less.steps
    );
}

#[test]
fn an_excluded_desk_and_an_unserved_category_go_to_the_outside_body() {
    let house = House::new();
    for (category, excluded) in [("FAC", "internal_affairs"), ("FAC", "unsure_all"), ("GIF", "general")] {
        let decision = decide(&house, category, &[excluded]);
        assert!(decision.fallback);
        assert_eq!(decision.readers, ["outside"]);
        let without: Vec<_> = decision.without.iter().map(|without| without.handle.as_str()).collect();
        assert_eq!(without, PEOPLE[..3]);
    }
}

#[test]
fn renewed_certificates_continue_the_pinned_authority_and_keep_every_name() {
    let house = House::new();
    let tls = house.admin.path("tls");
    let renew = |add: &[&str], drop: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        admin::tls::renew(&tls, house.trust.instance, (&owned(add), &owned(drop)), now())
    };
    let read = |name: &str| std::fs::read(tls.join(name)).unwrap();
    let (ca, api) = (house.ca(), read("api.pem"));
    let first = renew(&["cases.example", "intake.example"], &[]).unwrap();
    assert_eq!(house.ca(), ca);
    assert_ne!(read("api.pem"), api);
    assert_eq!(
        std::fs::read(first.replaced.join("api.pem")).unwrap(),
        api,
        "the old files are \
        kept"
    );
    assert!(first.replaced.join("api.key").exists());

    let second = renew(&[], &[]).unwrap();
    assert_eq!(second.names, ["127.0.0.1", "localhost", "cases.example", "intake.example"]);
    for leaf in ["intake.pem", "handler.pem", "api.pem"] {
        assert!(doctor::covers(&doctor::names(&read(leaf)).unwrap(), "intake.example"), "{leaf}");
    }
    let before = read("api.pem");
    assert!(matches!(renew(&[], &["nowhere.example"]), Err(AdminError::NoSuchName(_))));
    assert_eq!(read("api.pem"), before, "nothing has changed");
    let third = renew(&["new.example"], &["cases.example"]).unwrap();
    assert_eq!(third.names, ["127.0.0.1", "localhost", "intake.example", "new.example"]);
    for leaf in ["intake.pem", "handler.pem", "api.pem"] {
        std::fs::write(tls.join(leaf), "damaged").unwrap();
    }
    assert!(matches!(renew(&[], &[]), Err(AdminError::NoNames(_))), "nothing tells the names");
    renew(&["intake.example"], &[]).unwrap();
}

#[test]
fn new_keys_of_a_member_keep_what_was_not_named() {
    let house = House::new();
    let mut draft = house.admin.draft().unwrap();
    let renewed = InvestigatorKey::generate("three", &mut OsRng).unwrap().request();
    draft.add_member(&renewed, None, None, true).unwrap();
    let three = draft.member("three").unwrap();
    assert_eq!((&three.covers, &three.languages), (&vec!["regional".to_owned()], &vec!["fr".to_owned()]));
    assert_eq!(three.device, renewed.device);
    draft.add_member(&renewed, Vec::new(), None, true).unwrap();
    assert!(draft.member("three").unwrap().covers.is_empty(), "what is named is taken");
}

#[test]
fn keys_of_the_case_handler_follow_each_other_without_a_gap() {
    use envelope::keys::{PublicKey, TransportIdentity};
    use workbench::admin::service_keys::{renew_log, renew_transport, retire_transport};
    let house = House::new();
    let before = house.admin.draft().unwrap();
    let file = renew_transport(&house.admin, &mut OsRng).unwrap();
    assert!(file.ends_with("transport-2.key"));
    let next = TransportIdentity::parse(std::fs::read_to_string(&file).unwrap().trim()).unwrap();
    let both = house.admin.draft().unwrap().transport;
    assert_eq!(
        both,
        [next.recipient(), before.transport[0].clone()],
        "the newest first, the old one still there"
    );
    assert!(renew_transport(&house.admin, &mut OsRng).unwrap().ends_with("transport-3.key"));
    assert_eq!(retire_transport(&house.admin).unwrap(), 2);
    assert_eq!(house.admin.draft().unwrap().transport.len(), 1);
    assert_eq!(retire_transport(&house.admin).unwrap(), 0, "one always stays");

    let file = renew_log(&house.admin, &mut OsRng).unwrap();
    assert!(file.ends_with("log-2.key"));
    let seed = envelope::Hash::parse(std::fs::read_to_string(&file).unwrap().trim()).unwrap();
    let key = PublicKey::from(&ed25519_dalek::SigningKey::from_bytes(seed.as_bytes()));
    assert_eq!(house.admin.draft().unwrap().handler_key, key);
}
