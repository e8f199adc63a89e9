//! Creating an installation, adding members, signing, and the explanation of the routing.

use crate::common::{
    TEST_MEMBERS, WorkbenchInstallation, cheap_scrypt, desk, now, passphrase, today,
};
use protocol::{
    directory::{DirectoryError, Member, SignedDirectory, VALID_DAYS},
    submission::report_body::{
        EXCLUSION_QUESTION, OVERSIGHT_QUESTION, PREFERENCE_QUESTION, ReportAnswer, ReportBody,
    },
};
use rand::rngs::OsRng;
use secrecy::SecretString;
use std::collections::BTreeMap;
use workbench::{
    admin::{
        self, AdminError,
        init::InstallationPlan,
        root_keys,
        route_explanation::{ExclusionReason, ReportProfile, RoutingDecision, explain_routing},
        signing,
    },
    keys::{key_file::InvestigatorKey, passphrase_encryption::PassphraseDecryptError},
};

fn test_plan<'a>(
    dir: &'a std::path::Path,
    passphrases: &'a [SecretString],
    threshold: usize,
) -> InstallationPlan<'a> {
    InstallationPlan {
        dir,
        threshold,
        oversight_desk: "external",
        hosts: &[],
        passphrases,
        scrypt_cost: cheap_scrypt(),
    }
}

#[test]
fn an_installation_is_never_overwritten() {
    let installation = WorkbenchInstallation::new();
    let before = std::fs::read(installation.admin_dir.path("trust.json")).unwrap();
    let passphrases = [passphrase()];
    let place = installation.admin_dir.path("");
    let again =
        admin::init::create_installation(&test_plan(&place, &passphrases, 1), now(), &mut OsRng);
    assert!(matches!(again, Err(AdminError::NotEmpty(_))));
    assert_eq!(std::fs::read(installation.admin_dir.path("trust.json")).unwrap(), before);
}

#[test]
fn an_invalid_threshold_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let passphrases = [passphrase(), passphrase()];
    for threshold in [0, 3] {
        let made = admin::init::create_installation(
            &test_plan(&folder.path().join("x"), &passphrases, threshold),
            now(),
            &mut OsRng,
        );
        assert!(matches!(made, Err(AdminError::InvalidThreshold(2))));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
#[cfg(unix)]
fn secret_files_are_private_and_root_keys_are_encrypted() {
    use std::os::unix::fs::PermissionsExt;
    let installation = WorkbenchInstallation::new();
    for name in ["transport.key", "log.key", "tls/ca.key", "tls/api.key", "roots/root-1.age"] {
        let mode =
            std::fs::metadata(installation.admin_dir.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let folder = std::fs::metadata(installation.admin_dir.path("")).unwrap().permissions().mode();
    assert_eq!(folder & 0o777, 0o700);
    for (at, root) in installation.root_keys.iter().enumerate() {
        let file = std::fs::read(installation.admin_dir.path(format!("roots/root-{}.age", at + 1)))
            .unwrap();
        assert!(!file.windows(32).any(|window| window == root.as_bytes()));
    }
}

#[test]
fn a_root_key_needs_its_passphrase_and_its_installation() {
    let (installation, other) = (WorkbenchInstallation::new(), WorkbenchInstallation::new());
    let file = installation.admin_dir.path("roots/root-1.age");
    let wrong =
        root_keys::open_root_key(&file, &SecretString::from("something else"), &installation.trust);
    assert!(matches!(
        wrong,
        Err(AdminError::RootKey { source: PassphraseDecryptError::WrongPassphrase, .. })
    ));
    assert!(matches!(
        root_keys::open_root_key(&file, &passphrase(), &other.trust),
        Err(AdminError::NotARootKey(_))
    ));
}

#[test]
fn the_transport_key_opens_what_is_sealed_to_the_directory() {
    let installation = WorkbenchInstallation::new();
    let text = std::fs::read_to_string(installation.admin_dir.path("transport.key")).unwrap();
    let identity: age_hybrid::Identity = text.trim().parse().unwrap();
    let directory =
        installation.signed_directory().verify_ignoring_dates(&installation.trust).unwrap();
    let sealed = directory.transport[0].seal(b"outer seal");
    assert_eq!(&age_hybrid::open(&identity, &sealed).unwrap()[..], b"outer seal");
    assert_eq!(directory.handler_key, (&installation.log_key).into());
    assert_eq!((directory.expires - directory.issued).whole_days(), VALID_DAYS);
}

#[test]
fn directories_form_a_chain() {
    let installation = WorkbenchInstallation::new();
    let first = installation.signed_directory();
    let second = installation.sign_directory().verify(&installation.trust, today(), None).unwrap();
    assert_eq!((second.epoch, second.previous), (2, Some(first.hash())));
}

#[test]
fn a_second_signature_can_be_added_on_another_machine() {
    let installation = WorkbenchInstallation::new();
    let first = installation.signed_directory();
    let waiting =
        signing::sign(&installation.admin_dir, &installation.root_keys[..1], today()).unwrap();
    assert!(!waiting.is_complete());
    // The newest directory has not been replaced yet.
    assert_eq!(installation.signed_directory(), first);
    // The second keeper has only the file and the trust file.
    let elsewhere = tempfile::tempdir().unwrap();
    let pending = elsewhere.path().join("directory.pending.json");
    std::fs::copy(installation.admin_dir.pending_path(), &pending).unwrap();
    let waiting = signing::load_pending(&pending, &installation.trust, today()).unwrap();
    assert_eq!(waiting.directory.epoch, 2);
    let twice = signing::cosign(
        &pending,
        signing::load_pending(&pending, &installation.trust, today()).unwrap(),
        &installation.root_keys[0],
        &installation.trust,
    );
    assert!(matches!(twice, Err(AdminError::AlreadyExists(_))));
    let done = signing::cosign(&pending, waiting, &installation.root_keys[2], &installation.trust)
        .unwrap();
    assert!(done.is_complete() && !pending.exists());
    let signed: SignedDirectory =
        workbench::private_files::read_json(&elsewhere.path().join("directory.signed.json"))
            .unwrap();
    assert_eq!(signed.verify(&installation.trust, today(), None).unwrap().epoch, 2);
}

#[test]
fn the_same_root_key_twice_counts_once() {
    let installation = WorkbenchInstallation::new();
    let twice = [installation.root_keys[0].clone(), installation.root_keys[0].clone()];
    let signed = signing::sign(&installation.admin_dir, &twice, today()).unwrap();
    assert_eq!((signed.signatures, signed.is_complete()), (1, false));
    assert!(matches!(
        signed.signed_directory.verify_ignoring_dates(&installation.trust),
        Err(DirectoryError::ThresholdNotMet { valid: 1, needed: 2 })
    ));
}

#[test]
fn an_invalid_draft_is_not_signed() {
    let installation = WorkbenchInstallation::new();
    let mut draft = installation.admin_dir.draft().unwrap();
    assert_eq!(draft.remove_member("outside").unwrap(), ["external"]);
    installation.admin_dir.save_draft(&draft).unwrap();
    let refused = signing::sign(&installation.admin_dir, &installation.root_keys, today());
    assert!(matches!(refused, Err(AdminError::Directory(DirectoryError::RuleViolated(_)))));
}

#[test]
fn existing_members_and_desks_are_not_replaced_by_mistake() {
    let installation = WorkbenchInstallation::new();
    let mut draft = installation.admin_dir.draft().unwrap();
    let other = InvestigatorKey::generate("lead", &mut OsRng).unwrap().request();
    assert!(matches!(
        draft.add_member(&other, vec![], vec![], false),
        Err(AdminError::AlreadyExists(_))
    ));
    draft.add_member(&other, vec![], vec![], true).unwrap();
    let unknown = desk("audit", &["nobody"], &[]);
    assert!(matches!(draft.add_desk(unknown, false), Err(AdminError::UnknownId(_))));
    let taken = desk("internal_affairs", &["two"], &[]);
    assert!(matches!(draft.add_desk(taken, false), Err(AdminError::AlreadyExists(_))));
    assert!(matches!(draft.remove_desk("external"), Err(AdminError::UnknownId(_))));
}

fn routing_decision(
    installation: &WorkbenchInstallation,
    category: &str,
    excluded: &[&str],
) -> RoutingDecision {
    let directory =
        installation.signed_directory().verify_ignoring_dates(&installation.trust).unwrap();
    explain_routing(&directory, report_profile(category, excluded))
}

fn report_profile(category: &str, excluded: &[&str]) -> ReportProfile {
    ReportProfile {
        category: category.into(),
        audience: "trader".into(),
        excluded: excluded.iter().map(ToString::to_string).collect(),
        preference: None,
        oversight_refused: false,
    }
}

/// Returns the decision with the step about a wish, for a desk with these units of its members.
fn decision_with_wishes(
    units: [&str; 3],
    excluded: &[&str],
    (preference, oversight_refused): (Option<&str>, bool),
) -> (RoutingDecision, String) {
    let installation = WorkbenchInstallation::new();
    let mut directory =
        installation.signed_directory().verify_ignoring_dates(&installation.trust).unwrap();
    for (handle, unit) in TEST_MEMBERS.iter().zip(units) {
        let member = directory.members.iter_mut().find(|member| member.handle == *handle);
        member.unwrap().units = vec![unit.to_owned()];
    }
    let case = ReportProfile {
        preference: preference.map(str::to_owned),
        oversight_refused,
        ..report_profile("FAC", excluded)
    };
    // The readers are those to whom the reporter's side seals.
    let answer = |text: &str| ReportAnswer::One(text.to_owned());
    let mut answers = BTreeMap::from([(
        EXCLUSION_QUESTION.to_owned(),
        ReportAnswer::Many(case.excluded.clone()),
    )]);
    answers.extend(preference.map(|unit| (PREFERENCE_QUESTION.to_owned(), answer(unit))));
    answers.extend(oversight_refused.then(|| (OVERSIGHT_QUESTION.to_owned(), answer("no"))));
    let (category, audience) = (case.category.clone(), case.audience.clone());
    let body = ReportBody { category, audience, answers, story: String::new() };
    let decision = explain_routing(&directory, case);
    let handles = |members: &[&Member]| {
        members.iter().map(|member| member.handle.clone()).collect::<Vec<_>>()
    };
    match directory.recipients_of(&body) {
        Some(sealed) => assert_eq!(
            (&decision.desk, &decision.readers, &decision.oversight),
            (&sealed.desk.id, &handles(&sealed.members), &handles(&sealed.oversight))
        ),
        None => assert_eq!((&*decision.desk, &*decision.readers), ("", &[][..])),
    }
    let steps: Vec<String> = decision.steps.iter().map(ToString::to_string).collect();
    (decision, steps.join("\n"))
}

fn reasons(decision: &RoutingDecision) -> Vec<(&str, ExclusionReason)> {
    decision.excluded_members.iter().map(|one| (&*one.handle, one.reason.clone())).collect()
}

#[test]
fn the_routing_explanation_shows_what_a_wish_for_a_woman_or_a_man_decides() {
    let units = ["woman", "woman", "man"];
    let (two, steps) = decision_with_wishes(units, &[], (Some("woman"), false));
    assert_eq!(two.readers, ["lead", "two"]);
    assert!(steps.contains("wishes for a woman: only lead, two get it"), "{steps}");
    assert!(steps.contains("suggested as assignee"), "{steps}");
    assert_eq!(reasons(&two), [("three", ExclusionReason::NotPreferred("woman".to_owned()))]);

    let (one, steps) = decision_with_wishes(units, &[], (Some("man"), false));
    assert_eq!(one.readers, ["lead", "two", "three"]);
    assert!(steps.contains("but 1 of these members belong"), "{steps}");
    assert_eq!(reasons(&one), []);

    let (outside, steps) = decision_with_wishes(units, &["unsure_all"], (Some("woman"), false));
    assert_eq!(outside.readers, ["outside"]);
    assert!(steps.contains("changes nothing, because the oversight body gets it"), "{steps}");
}

#[test]
fn the_routing_explanation_shows_what_a_refusal_of_the_oversight_body_decides() {
    let units = ["woman", "woman", "man"];
    let (desk, steps) = decision_with_wishes(units, &[], (None, true));
    assert_eq!((desk.readers.len(), desk.oversight.len()), (3, 0));
    assert!(steps.contains("it gets no grant") && !steps.contains("are withheld"), "{steps}");
    assert_eq!(reasons(&desk), [("outside", ExclusionReason::OversightRefused)]);

    let (none, steps) = decision_with_wishes(units, &["unsure_all"], (None, true));
    assert!(none.fallback && none.readers.is_empty());
    assert!(steps.contains("no reader is left"), "{steps}");
    assert_eq!(reasons(&none)[3], ("outside", ExclusionReason::OversightRefused));

    let (both, _) = decision_with_wishes(units, &[], (Some("woman"), true));
    assert_eq!((both.readers, both.oversight.len()), (vec!["lead".into(), "two".into()], 0));
}

#[test]
fn the_routing_explanation_lists_readers_and_reasons_for_the_others() {
    let installation = WorkbenchInstallation::new();
    let all = routing_decision(&installation, "FAC", &[]);
    assert_eq!((all.desk.as_str(), all.fallback), ("internal_affairs", false));
    assert_eq!(all.readers, ["lead", "two", "three"]);
    assert_eq!(all.oversight, ["outside"]);
    assert!(all.excluded_members.is_empty());

    let less = routing_decision(&installation, "FAC", &["regional", "nowhere"]);
    assert_eq!(less.readers, ["lead", "two"]);
    assert_eq!(less.excluded_members.len(), 1);
    assert_eq!(less.excluded_members[0].handle, "three");
    assert_eq!(less.excluded_members[0].reason, ExclusionReason::Unit("regional".to_owned()));
    assert_eq!(less.ineffective_exclusions, ["nowhere"]);
    assert!(
        less.steps.iter().any(|step| step.to_string().contains("excluded three; 2 members remain")),
        "{:?}",
        less.steps
    );
}

#[test]
fn an_excluded_desk_and_an_unserved_category_go_to_the_oversight_body() {
    let installation = WorkbenchInstallation::new();
    for (category, excluded) in
        [("FAC", "internal_affairs"), ("FAC", "unsure_all"), ("GIF", "general")]
    {
        let decision = routing_decision(&installation, category, &[excluded]);
        assert!(decision.fallback);
        assert_eq!(decision.readers, ["outside"]);
        let without: Vec<_> =
            decision.excluded_members.iter().map(|without| without.handle.as_str()).collect();
        assert_eq!(without, TEST_MEMBERS[..3]);
    }
}

#[test]
fn renewed_certificates_continue_the_pinned_authority_and_keep_every_name() {
    let installation = WorkbenchInstallation::new();
    let tls = installation.admin_dir.path("tls");
    let renew = |add: &[&str], drop: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        admin::tls::renew_certificates(
            &tls,
            installation.trust.instance,
            (&owned(add), &owned(drop)),
            now(),
        )
    };
    let read = |name: &str| std::fs::read(tls.join(name)).unwrap();
    let (ca, api) = (installation.ca_pem(), read("api.pem"));
    let first = renew(&["cases.example", "intake.example"], &[]).unwrap();
    assert_eq!(installation.ca_pem(), ca);
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
        assert!(
            doctor::matches_host(&doctor::subject_names(&read(leaf)).unwrap(), "intake.example"),
            "{leaf}"
        );
    }
    let before = read("api.pem");
    assert!(matches!(renew(&[], &["nowhere.example"]), Err(AdminError::UnknownCertificateName(_))));
    assert_eq!(read("api.pem"), before, "nothing has changed");
    let third = renew(&["new.example"], &["cases.example"]).unwrap();
    assert_eq!(third.names, ["127.0.0.1", "localhost", "intake.example", "new.example"]);
    for leaf in ["intake.pem", "handler.pem", "api.pem"] {
        std::fs::write(tls.join(leaf), "damaged").unwrap();
    }
    assert!(
        matches!(renew(&[], &[]), Err(AdminError::NoCertificateNames(_))),
        "nothing tells the names"
    );
    renew(&["intake.example"], &[]).unwrap();
}

#[test]
fn new_keys_of_a_member_keep_units_and_languages() {
    let installation = WorkbenchInstallation::new();
    let mut draft = installation.admin_dir.draft().unwrap();
    let renewed = InvestigatorKey::generate("three", &mut OsRng).unwrap().request();
    draft.add_member(&renewed, None, None, true).unwrap();
    let three = draft.member("three").unwrap();
    assert_eq!(
        (&three.units, &three.languages),
        (&vec!["regional".to_owned()], &vec!["fr".to_owned()])
    );
    assert_eq!(three.device, renewed.device);
    draft.add_member(&renewed, Vec::new(), None, true).unwrap();
    assert!(draft.member("three").unwrap().units.is_empty(), "what is named is taken");
}

#[test]
fn keys_of_the_case_handler_are_replaced_without_a_gap() {
    use protocol::keys::{PublicKey, TransportIdentity};
    use workbench::admin::service_keys::{
        retire_transport_keys, rotate_log_key, rotate_transport_key,
    };
    let installation = WorkbenchInstallation::new();
    let before = installation.admin_dir.draft().unwrap();
    let file = rotate_transport_key(&installation.admin_dir, &mut OsRng).unwrap();
    assert!(file.ends_with("transport-2.key"));
    let next = TransportIdentity::parse(std::fs::read_to_string(&file).unwrap().trim()).unwrap();
    let both = installation.admin_dir.draft().unwrap().transport;
    assert_eq!(
        both,
        [next.recipient(), before.transport[0].clone()],
        "the newest first, the old one still there"
    );
    assert!(
        rotate_transport_key(&installation.admin_dir, &mut OsRng)
            .unwrap()
            .ends_with("transport-3.key")
    );
    assert_eq!(retire_transport_keys(&installation.admin_dir).unwrap(), 2);
    assert_eq!(installation.admin_dir.draft().unwrap().transport.len(), 1);
    assert_eq!(retire_transport_keys(&installation.admin_dir).unwrap(), 0, "one always stays");

    let file = rotate_log_key(&installation.admin_dir, &mut OsRng).unwrap();
    assert!(file.ends_with("log-2.key"));
    let seed = protocol::Hash::parse(std::fs::read_to_string(&file).unwrap().trim()).unwrap();
    let key = PublicKey::from(&ed25519_dalek::SigningKey::from_bytes(seed.as_bytes()));
    assert_eq!(installation.admin_dir.draft().unwrap().handler_key, key);
}
