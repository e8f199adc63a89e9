//! Every parser of untrusted bytes, as a function that a fuzzer can call. A parser may reject its
//! input. It must not panic, hang, or accept forged input. The functions seal what is behind a seal
//! themselves, because no mutation would pass the seal.
//!
//! `cargo nextest run -p fuzz-targets` runs each target with its corpus and random mutations on
//! stable Rust. The folder `fuzz/` has the same targets for `cargo fuzz`.

mod files;
mod mutate;
mod seeds;

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    api::{
        relay,
        workbench::{AuditLog, CaseDetail, NewEvent},
    },
    case::event::SignedEvent,
    directory::{SignedDirectory, TrustRoots},
    keys::{
        InvestigatorIdentity, InvestigatorRecipient, MailboxIdentity, MailboxRecipient, PublicKey,
        TransportIdentity,
    },
    receipt::Receipt,
    submission::{
        envelope,
        frame::Frame,
        key_grant::{Grant, SealedGrant},
        reply_capsule::ReplyCapsule,
        report_body::ReportBody,
    },
};
use reporter::Inbox;
use transparency_log::{
    checkpoint::SignedCheckpoint, note::VerifierKey, proof::LogProof, witness::AddCheckpoint,
};
use uuid::Uuid;

pub use files::{attachment, office_part, sample_files};
pub use mutate::Mutator;

/// A parser and its seeds.
#[derive(Debug, Clone, Copy)]
pub struct FuzzTarget {
    /// The name of the target, and of its folder in the corpus.
    pub name: &'static str,
    /// Parses the input, and asserts what must be true of accepted input.
    pub run: fn(&[u8]),
    /// Returns inputs that the parser accepts.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Number of mutations in a short run. Targets that seal each input run fewer.
    pub iterations: u32,
}

const CHEAP_ITERATIONS: u32 = 20_000;
const SEALED_ITERATIONS: u32 = 400;

/// All targets.
pub const TARGETS: [FuzzTarget; 18] = [
    fuzz_target("age-file", age_file, seeds::age_file, CHEAP_ITERATIONS),
    fuzz_target("attachment", attachment, files::attachments, 1_500),
    fuzz_target("capsule", capsule, seeds::capsule, SEALED_ITERATIONS),
    fuzz_target("certificate", certificate, seeds::certificate, CHEAP_ITERATIONS),
    fuzz_target("desk-api", desk_api, seeds::desk_api, CHEAP_ITERATIONS),
    fuzz_target("directory", directory, seeds::directory, 4_000),
    fuzz_target("event", event, seeds::event, CHEAP_ITERATIONS),
    fuzz_target("form", form, seeds::form, 4_000),
    fuzz_target("frame", frame, seeds::frame, CHEAP_ITERATIONS),
    fuzz_target("grant", grant, seeds::grant, SEALED_ITERATIONS),
    fuzz_target("keys", keys, seeds::keys, CHEAP_ITERATIONS),
    fuzz_target("languages", languages, seeds::languages, CHEAP_ITERATIONS),
    fuzz_target("log-texts", log_texts, seeds::log_texts, CHEAP_ITERATIONS),
    fuzz_target("mailbox", mailbox, seeds::mailbox, SEALED_ITERATIONS),
    fuzz_target("office-part", office_part, files::office_parts, 1_500),
    fuzz_target("receipt", receipt, seeds::receipt, 5_000),
    fuzz_target("relay", relay_records, seeds::relay, CHEAP_ITERATIONS),
    fuzz_target("submission", opened_submission, seeds::submission, SEALED_ITERATIONS),
];

const fn fuzz_target(
    name: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
    iterations: u32,
) -> FuzzTarget {
    FuzzTarget { name, run, seeds, iterations }
}

fn mailbox_identity() -> MailboxIdentity {
    MailboxIdentity::from_seed(&[1; 32])
}

fn reporter_key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn investigator() -> InvestigatorIdentity {
    InvestigatorIdentity::from_seed(&[2; 32])
}

fn transport() -> TransportIdentity {
    TransportIdentity::from_seed(&[3; 32])
}

/// An age file of an unknown sender: header, stanza, chunks.
pub fn age_file(bytes: &[u8]) {
    drop(mailbox_identity().open(bytes));
}

/// The content of a reply capsule.
pub fn capsule(bytes: &[u8]) {
    let sealed = mailbox_identity().recipient().seal(bytes);
    drop(ReplyCapsule::open(&sealed, &mailbox_identity(), &PublicKey::from(&reporter_key())));
}

/// A certificate as PEM or DER.
pub fn certificate(bytes: &[u8]) {
    let _ = doctor::not_after(bytes);
}

/// The JSON between workbench and case handler.
pub fn desk_api(bytes: &[u8]) {
    drop(serde_json::from_slice::<CaseDetail>(bytes));
    drop(serde_json::from_slice::<AuditLog>(bytes));
    drop(serde_json::from_slice::<NewEvent>(bytes));
    drop(ReportBody::from_bytes(bytes));
}

/// A directory with its signatures. Only the signed bytes may be accepted.
pub fn directory(bytes: &[u8]) {
    let Ok(signed) = serde_json::from_slice::<SignedDirectory>(bytes) else { return };
    let key = seeds::root_key();
    let trust =
        TrustRoots { instance: Uuid::nil(), threshold: 1, roots: vec![PublicKey::from(&key)] };
    if signed.verify_ignoring_dates(&trust).is_ok() {
        assert!(
            signed.bytes == seeds::signed_directory().bytes,
            "an unsigned directory was accepted"
        );
    }
}

/// Checkpoints, proofs, requests to a witness, and keys. Each has one spelling, and only the signed
/// checkpoint may be accepted.
pub fn log_texts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(proof) = text.parse::<LogProof>() {
        assert_eq!(proof.to_string(), text);
    }
    if let Ok(request) = text.parse::<AddCheckpoint>() {
        assert_eq!(request.to_string(), text);
    }
    if let Ok(checkpoint) = SignedCheckpoint::parse(text) {
        assert_eq!(checkpoint.to_string(), text);
        if let Ok(evidence) = seeds::log_policy().verify_checkpoint(&checkpoint) {
            let head = seeds::log_head();
            assert!(
                evidence.size == head.size && evidence.root == head.root,
                "an unsigned checkpoint was accepted"
            );
        }
    }
}

/// An event of the log, without verification.
pub fn event(bytes: &[u8]) {
    let signed = SignedEvent { bytes: bytes.to_vec(), signature: vec![0; 64] };
    drop(signed.decode_unverified());
    assert!(
        signed.verify(&PublicKey::from(&seeds::root_key())).is_err(),
        "an unsigned event was accepted"
    );
}

/// A form as a browser sends it.
pub fn form(bytes: &[u8]) {
    for (_, value) in intake::form::parse_urlencoded(bytes) {
        if let Ok(text) = std::str::from_utf8(&value) {
            for (_, found) in intake::form::identifying_details::find_details(text) {
                let composed = intake::form::identifying_details::to_nfc(text);
                let is_contained = |words: &String| composed.contains(words.as_str());
                assert!(found.iter().all(is_contained), "a detail is not in the text");
            }
        }
    }
}

/// The frame of a message or file.
pub fn frame(bytes: &[u8]) {
    drop(Frame::decode_unverified(bytes));
}

/// The content of a grant.
pub fn grant(bytes: &[u8]) {
    let sealed =
        SealedGrant { tag: Hash::default(), sealed: investigator().recipient().seal(bytes) };
    drop(Grant::open(&sealed, &investigator(), Uuid::nil(), 0));
}

/// Keys as text and as bytes.
pub fn keys(bytes: &[u8]) {
    drop(InvestigatorRecipient::from_bytes(bytes));
    drop(MailboxRecipient::from_bytes(bytes));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(InvestigatorIdentity::parse(text));
    if let Ok(recipient) = text.parse::<InvestigatorRecipient>() {
        let again: InvestigatorRecipient =
            recipient.to_string().parse().expect("a written key can be parsed");
        assert_eq!(again, recipient);
    }
    if let Some(hash) = Hash::parse(text) {
        assert_eq!(hash.to_string(), text, "a hash has a second spelling");
    }
}

/// `Accept-Language`, and the `Date` header of a response.
pub fn languages(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert!(web::Locale::negotiate(text, &[web::Locale::FR, web::Locale::EN]).is_some());
    let _ = doctor::parse_http_date(text);
}

/// The content of a mailbox with its messages and its log record.
pub fn mailbox(bytes: &[u8]) {
    let receipt = seeds::sample_receipt();
    let sealed = receipt.mailbox_identity().recipient().seal(bytes);
    drop(Inbox::open(&receipt, &sealed, Some(seeds::directory_document())));
}

/// A receipt in either spelling. A parsed receipt must survive being written and parsed again.
pub fn receipt(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(receipt) = Receipt::parse(text) {
        let again = Receipt::parse(&receipt.words("fr")).expect("written words can be parsed");
        assert_eq!(again.words("en"), receipt.words("en"));
    }
}

/// The records that the relay streams.
pub fn relay_records(mut bytes: &[u8]) {
    if let Some(head) = bytes.first_chunk() {
        drop(relay::read_submission_header(*head));
    }
    drop(relay::read_mailbox_record(&mut bytes));
}

/// The content of the outer seal.
pub fn opened_submission(bytes: &[u8]) {
    drop(envelope::open(&transport(), &transport().recipient().seal(bytes)[..]));
}
