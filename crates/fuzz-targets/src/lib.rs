//! Every parser of bytes that come from outside, as a function that a fuzzer can call: it may refuse its input, and must never
//! panic, hang, or take something for what it is not. What stands behind a seal is sealed here first, or no change would get
//! through to the parser.
//!
//! `cargo nextest run -p fuzz-targets` runs each on a corpus and on random changes of it, which stable Rust can do; `fuzz/` has the
//! same functions for `cargo fuzz`.

mod files;
mod mutate;
mod seeds;

use ed25519_dalek::SigningKey;
use envelope::{
    Hash,
    capsule::Capsule,
    desk_api::{CaseFile, Log, NewEvent},
    directory::{SignedDirectory, Trust},
    event::SignedEvent,
    frame::Frame,
    grant::{Grant, SealedGrant},
    keys::{
        InvestigatorIdentity, InvestigatorRecipient, MailboxIdentity, MailboxRecipient, PublicKey,
        TransportIdentity,
    },
    receipt::Receipt,
    relay,
    report::ReportBody,
    submission,
};
use reporter::Inbox;
use uuid::Uuid;

pub use files::{attachment, office_part};
pub use mutate::Mutator;

/// A parser with bytes to begin from.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder in the corpus.
    pub name: &'static str,
    /// Parses, and checks what must hold of whatever was taken.
    pub run: fn(&[u8]),
    /// What it takes.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many changes a short run tries: fewer where each is sealed first.
    pub rounds: u32,
}

const CHEAP: u32 = 20_000;
const SEALED: u32 = 400;

/// All of them.
pub const TARGETS: [Target; 17] = [
    target("age-file", age_file, seeds::age_file, CHEAP),
    target("attachment", attachment, files::attachments, 1_500),
    target("capsule", capsule, seeds::capsule, SEALED),
    target("certificate", certificate, seeds::certificate, CHEAP),
    target("desk-api", desk_api, seeds::desk_api, CHEAP),
    target("directory", directory, seeds::directory, 4_000),
    target("event", event, seeds::event, CHEAP),
    target("form", form, seeds::form, 4_000),
    target("frame", frame, seeds::frame, CHEAP),
    target("grant", grant, seeds::grant, SEALED),
    target("keys", keys, seeds::keys, CHEAP),
    target("languages", languages, seeds::languages, CHEAP),
    target("mailbox", mailbox, seeds::mailbox, SEALED),
    target("office-part", office_part, files::office_parts, 1_500),
    target("receipt", receipt, seeds::receipt, CHEAP),
    target("relay", relay_records, seeds::relay, CHEAP),
    target("submission", a_submission, seeds::submission, SEALED),
];

const fn target(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>, rounds: u32) -> Target {
    Target { name, run, seeds, rounds }
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

/// An age file of whoever sent it: header, stanza, chunks.
pub fn age_file(bytes: &[u8]) {
    drop(mailbox_identity().open(bytes));
}

/// What stands in a capsule.
pub fn capsule(bytes: &[u8]) {
    let sealed = mailbox_identity().recipient().seal(bytes);
    drop(Capsule::open(&sealed, &mailbox_identity(), &PublicKey::from(&reporter_key())));
}

/// A certificate, in either form.
pub fn certificate(bytes: &[u8]) {
    let _ = doctor::ends(bytes);
}

/// JSON that workbench and case handler say to each other.
pub fn desk_api(bytes: &[u8]) {
    drop(serde_json::from_slice::<CaseFile>(bytes));
    drop(serde_json::from_slice::<Log>(bytes));
    drop(serde_json::from_slice::<NewEvent>(bytes));
    drop(ReportBody::from_bytes(bytes));
}

/// A directory with its signatures. Nothing but what was signed is taken.
pub fn directory(bytes: &[u8]) {
    let Ok(signed) = serde_json::from_slice::<SignedDirectory>(bytes) else { return };
    let key = seeds::root();
    let trust = Trust { instance: Uuid::nil(), threshold: 1, roots: vec![PublicKey::from(&key)] };
    if signed.verify_past(&trust).is_ok() {
        assert!(signed.bytes == seeds::signed_directory().bytes, "a directory that nobody signed");
    }
}

/// An event of the log, unverified.
pub fn event(bytes: &[u8]) {
    let signed = SignedEvent { bytes: bytes.to_vec(), signature: vec![0; 64] };
    drop(signed.peek());
    assert!(signed.verify(&PublicKey::from(&seeds::root())).is_err(), "nobody signed it");
}

/// A form as a browser sends it.
pub fn form(bytes: &[u8]) {
    for (_, value) in intake::form::pairs(bytes) {
        if let Ok(text) = std::str::from_utf8(&value) {
            for (_, found) in intake::form::guard::traces(text) {
                let composed = intake::form::guard::composed(text);
                let stands = |words: &String| composed.contains(words.as_str());
                assert!(found.iter().all(stands), "what the guard points at stands there");
            }
        }
    }
}

/// The frame of a message or file.
pub fn frame(bytes: &[u8]) {
    drop(Frame::peek(bytes));
}

/// What stands in a grant.
pub fn grant(bytes: &[u8]) {
    let sealed = SealedGrant { tag: Hash::default(), sealed: investigator().recipient().seal(bytes) };
    drop(Grant::open(&sealed, &investigator(), Uuid::nil(), 0));
}

/// Keys as text and as bytes.
pub fn keys(bytes: &[u8]) {
    drop(InvestigatorRecipient::from_bytes(bytes));
    drop(MailboxRecipient::from_bytes(bytes));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(InvestigatorIdentity::parse(text));
    if let Ok(recipient) = text.parse::<InvestigatorRecipient>() {
        let again: InvestigatorRecipient = recipient.to_string().parse().expect("what is written is read");
        assert_eq!(again, recipient);
    }
    if let Some(hash) = Hash::parse(text) {
        assert_eq!(hash.to_string(), text, "one spelling");
    }
}

/// `Accept-Language`, and the date of an answer.
pub fn languages(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert!(web::Locale::negotiate(text, &[web::Locale::FR, web::Locale::EN]).is_some());
    let _ = doctor::from_http_date(text);
}

/// What stands in a mailbox, down to the messages that it holds.
pub fn mailbox(bytes: &[u8]) {
    let receipt = seeds::a_receipt();
    drop(Inbox::open(&receipt, &receipt.mailbox_identity().recipient().seal(bytes)));
}

/// A receipt in either spelling. What is read once is read again, however it is written.
pub fn receipt(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(receipt) = Receipt::parse(text) {
        let again = Receipt::parse(&receipt.words("fr")).expect("its words are read");
        assert_eq!(again.words("en"), receipt.words("en"));
    }
}

/// What the relay streams.
pub fn relay_records(mut bytes: &[u8]) {
    if let Some(head) = bytes.first_chunk() {
        drop(relay::read_submission_head(*head));
    }
    drop(relay::read_mailbox_record(&mut bytes));
}

/// What stands behind the outer seal.
pub fn a_submission(bytes: &[u8]) {
    drop(submission::open(&transport(), &transport().recipient().seal(bytes)[..]));
}
