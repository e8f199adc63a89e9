//! Test vectors of the protocol, in one file that implementations in other languages read as well:
//! `crates/protocol/vectors.json`. Bytes are unpadded base64url.
//!
//! `WRITE_VECTORS=1 cargo test -p investigator --test test_vectors` writes the file. An unintended
//! difference breaks the protocol.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use protocol::{
    Hash, Priority,
    case::event::{Action, EVENT_VERSION, Event, midnight},
    directory::TrustRoots,
    encoding::{
        padding::{TEXT_STEP, pad_text, padded_file_len, unpad_file, unpad_text},
        size_classes,
    },
    keys::{CaseSecret, InvestigatorIdentity, PublicKey, TransportIdentity},
    receipt::Receipt,
    submission::{
        commitment::submission_digest,
        envelope::{self},
        facts_body::FactsBody,
        frame::{
            Attachment, Frame, FrameContext, FrameDirection, FrameHeader, FrameKind, FrameRef,
            Routing, follow_up_salt,
        },
        key_grant::{Grant, SealedGrant, grant_tag},
        related_report::RelatedReport,
        report_body::{ReportAnswer, ReportBody},
        treatment::{
            AttachmentTreatment, CleaningExtent, CleaningReport, MetadataCategory, SignatureState,
        },
    },
};
use rand::{SeedableRng, rngs::StdRng};
use reporter::{ReportDraft, ReportSealer, ReportSecrets};
use serde_json::{Value, json};
use time::macros::date;
use uuid::Uuid;

/// The case of the second receipt, which one of the frames names as a related report.
const OTHER_CASE: Uuid = Uuid::from_u128(0x1111_2222_3333_4444_8555_6666_7777_8888);
const CASE: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);

fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

fn vectors_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors.json")
}

fn receipts() -> Value {
    let vector = |raw: [u8; 16]| {
        let receipt = Receipt::from_bytes(raw);
        let words: BTreeMap<_, _> =
            ["fr", "en", "es", "pt"].map(|lang| (lang, receipt.words(lang))).into();
        json!({
            "receipt": b64(raw),
            "code": receipt.code(),
            "words": words,
            "locator": b64(receipt.locator().0),
            "mailbox_id": receipt.locator().mailbox_id(),
            "mailbox_recipient": receipt.mailbox_identity().recipient().to_string(),
            "reporter_key": PublicKey::from(&receipt.signing_key()),
            "sending_tag": receipt.deduplication_tag(&[5; 32], b"body", &[attachment()]),
            "sending_tag_treated": receipt.deduplication_tag(&[5; 32], b"body", &treated_attachments()),
        })
    };
    let ascending: [u8; 16] = std::array::from_fn(|at| u8::try_from(at * 17).unwrap());
    json!([vector([0; 16]), vector([0xff; 16]), vector(ascending)])
}

fn attachment() -> Attachment {
    Attachment {
        name: "photo.jpg".into(),
        media_type: "image/jpeg".into(),
        len: 3,
        sha256: Hash::of(&[b"abc"]),
        treatment: None,
    }
}

/// A file of each treatment.
fn treated_attachments() -> Vec<Attachment> {
    let cleaned = CleaningReport {
        removed: [MetadataCategory::Other, MetadataCategory::Author, MetadataCategory::Place]
            .into(),
        left: [MetadataCategory::History].into(),
        reading: CleaningExtent::Broken,
        signature: SignatureState::Broken,
    };
    let untouched = CleaningReport {
        removed: [].into(),
        left: [].into(),
        reading: CleaningExtent::Whole,
        signature: SignatureState::Absent,
    };
    [
        AttachmentTreatment::Cleaned(cleaned),
        AttachmentTreatment::Cleaned(untouched),
        AttachmentTreatment::Redrawn,
        AttachmentTreatment::Kept,
        AttachmentTreatment::CutOff,
        AttachmentTreatment::VoiceAltered,
    ]
    .map(|treatment| Attachment { treatment: Some(treatment), ..attachment() })
    .into()
}

fn secret() -> CaseSecret {
    CaseSecret::from_bytes([7; 32])
}

fn cases() -> Value {
    let secrets = ReportSecrets::from_seed(&[9; 32], b"content");
    let member = InvestigatorIdentity::from_seed(&[8; 32]).recipient();
    let mailbox = Receipt::from_bytes([0; 16]).mailbox_identity().recipient();
    let (frame, case) = (Hash::of(&[b"frame"]), secret().identity().recipient());
    json!({
        "secret": b64(secret().expose()),
        "case_recipient": secret().identity().recipient().to_string(),
        "replies_key": PublicKey::from(&secret().replies_key()),
        "frame_salt": secret().frame_salt(),
        "sending_token": b64(secret().sending_token()),
        "follow_up": { "token": b64([5; 32]), "salt": follow_up_salt(&[5; 32]) },
        "grant_tag": grant_tag(CASE, &member),
        "grant": grant().seal(&member),
        "grant_seal_seed": b64(*secret().grant_seal_seed(&member)),
        "reply_seal_seed": b64(*secret().reply_seal_seed(&frame, &mailbox)),
        "copy_seal_seed": b64(*secret().copy_seal_seed(&frame, &case)),
        "submission_digest": {
            "generation": 1,
            "parts": [Hash::of(&[b"body"]), Hash::of(&[b"file"])],
            "digest": submission_digest(1, &[Hash::of(&[b"body"]), Hash::of(&[b"file"])]),
        },
        "report_secrets": {
            "seed": b64([9; 32]),
            "content": b64(b"content"),
            "receipt": secrets.receipt().code(),
            "case": secrets.case_id(),
        },
    })
}

fn routing() -> Routing {
    Routing {
        desk: String::new(),
        priority: Priority::P4,
        release_to_oversight: false,
        directory: Hash::of(&[b"directory"]),
    }
}

fn grant() -> Grant {
    Grant {
        case: CASE,
        generation: 0,
        secret: secret(),
        reporter_key: PublicKey::from(&Receipt::from_bytes([0; 16]).signing_key()),
        mailbox_recipient: Hash::of(&[b"M"]),
    }
}

fn frames() -> Value {
    let receipt = Receipt::from_bytes([0; 16]);
    let header = FrameHeader {
        v: 2,
        case: CASE,
        generation: 0,
        direction: FrameDirection::In,
        seq: 1,
        prev: Some(Hash::of(&[b"before"])),
        ack: Some(FrameRef { seq: 0, hash: Hash::of(&[b"seen"]) }),
        recipient: secret().identity().recipient().hash(),
        kind: FrameKind::Message,
        lang: "fr".into(),
        week: "2026-W48".into(),
        salt: Hash::of(&[b"salt"]),
        routing: Some(routing()),
        program: None,
        attachments: vec![attachment()],
        reporter_key: None,
        related: None,
    };
    let signed = |header: &FrameHeader| {
        let frame = Frame::sign(header, "Où et quand ?".as_bytes(), &receipt.signing_key());
        json!({ "header": header, "body": b64("Où et quand ?"), "frame": b64(&*frame), "hash": Frame::hash_of(&frame) })
    };
    let other = Receipt::from_bytes([0xff; 16]);
    let earlier = RelatedReport::sign(OTHER_CASE, CASE, &other.signing_key());
    let mut with_related = signed(&FrameHeader { related: Some(earlier), ..header.clone() });
    with_related["related_case"] = json!(OTHER_CASE);
    let treated = signed(&FrameHeader { attachments: treated_attachments(), ..header.clone() });
    let with_program =
        signed(&FrameHeader { program: Some(Hash::of(&[b"manifest"])), ..header.clone() });
    let facts = added_facts().to_bytes();
    let facts_header =
        FrameHeader { kind: FrameKind::Facts, attachments: Vec::new(), ..header.clone() };
    let frame = Frame::sign(&facts_header, &facts, &receipt.signing_key());
    let with_facts = json!({ "header": facts_header, "body": b64(&facts), "frame": b64(&*frame), "hash": Frame::hash_of(&frame) });
    json!([signed(&header), with_related, treated, with_program, with_facts])
}

fn added_facts() -> FactsBody {
    let answers = [
        ("place", ReportAnswer::One("Dakola".into())),
        ("goods", ReportAnswer::Many(vec!["fuel".into(), "food".into()])),
        ("frequency", ReportAnswer::One("always".into())),
    ];
    let answers = answers.map(|(question, answer)| (question.to_owned(), answer));
    FactsBody { category: "FAC".into(), answers: answers.into() }
}

fn event() -> Value {
    let key = SigningKey::from_bytes(&[6; 32]);
    let action = Action::Claimed;
    let at = midnight(date!(2026 - 11 - 23));
    let event = Event {
        v: EVENT_VERSION,
        case: CASE,
        seq: 1,
        prev: Some(Hash::of(&[b"first"])),
        at,
        actor: "awa".into(),
        action,
    };
    let signed = event.sign(&key);
    json!({ "key": PublicKey::from(&key), "event": event, "signed": signed, "event_hash": signed.hash() })
}

fn trust() -> Value {
    let roots: Vec<_> =
        (1..=3).map(|n| PublicKey::from(&SigningKey::from_bytes(&[n; 32]))).collect();
    let trust = TrustRoots { instance: CASE, threshold: 2, roots };
    let words = Receipt::from_bytes(trust.fingerprint()).words("fr");
    json!({ "trust": trust, "fingerprint": b64(trust.fingerprint()), "words_fr": words })
}

fn padding() -> Value {
    let texts = [(b"text".to_vec(), TEXT_STEP), (vec![7; 4093], TEXT_STEP), (vec![7; 2044], 2048)];
    let texts: Vec<Value> = texts
        .iter()
        .map(|(text, step)| {
            let padded = pad_text(text, *step);
            json!({ "text": b64(text), "step": step, "padded": Hash::of(&[&padded]) })
        })
        .collect();
    let files: Vec<[u64; 2]> = [0, 1, 4096, 4097, 65_537, 1_000_000, 40_000_000]
        .map(|len| [len, padded_file_len(len)])
        .into();
    json!({ "texts": texts, "files": files })
}

fn size_classes() -> Value {
    let plaintexts: Vec<_> = size_classes::SIZE_CLASSES
        .iter()
        .map(|size| size_classes::plaintext_len_for(*size, 1700).unwrap())
        .collect();
    json!({ "sizes": size_classes::SIZE_CLASSES, "header_len": 1700, "plaintext_len": plaintexts })
}

/// Sealed bytes differ on each run. The test opens those in the file.
fn sealed() -> Value {
    let mut inputs = sample_inputs();
    let secrets = ReportSecrets::from_seed(&[9; 32], b"content");
    let mut sealer = ReportSealer::begin(
        &inputs.directory,
        inputs.hash,
        &secrets,
        inputs.draft.clone(),
        Vec::new(),
        &mut inputs.rng,
    )
    .unwrap();
    sealer.attach("photo.jpg", "image/jpeg", &mut &b"abc"[..]).unwrap();
    json!({
        "transport_seed": b64(inputs.transport.seed()),
        "member_seed": b64([8; 32]),
        "submission": b64(sealer.finish().unwrap()),
    })
}

struct SampleInputs {
    rng: StdRng,
    transport: TransportIdentity,
    directory: protocol::directory::Directory,
    hash: Hash,
    draft: ReportDraft,
}

fn sample_inputs() -> SampleInputs {
    use protocol::directory::{Desk, Directory, LogSettings, Member};
    let transport = TransportIdentity::from_seed(&[4; 32]);
    let member = Member {
        handle: "eva".into(),
        recipient: InvestigatorIdentity::from_seed(&[8; 32]).recipient(),
        device: PublicKey::from(&SigningKey::from_bytes(&[6; 32])),
        units: vec![],
        languages: vec!["fr".into()],
    };
    let desk = Desk {
        id: "external".into(),
        labels: BTreeMap::new(),
        categories: vec![],
        audiences: vec![],
        members: vec!["eva".into()],
        units: vec![],
    };
    let directory = Directory {
        v: 1,
        instance: CASE,
        epoch: 1,
        previous: None,
        issued: date!(2026 - 11 - 23),
        expires: date!(2026 - 12 - 23),
        transport: vec![transport.recipient()],
        handler_key: PublicKey::from(&SigningKey::from_bytes(&[7; 32])),
        log: LogSettings::default(),
        members: vec![member],
        desks: vec![desk],
        oversight: "external".into(),
        programs: Vec::new(),
    };
    let body = ReportBody {
        category: "FAC".into(),
        audience: "trader".into(),
        answers: BTreeMap::from([("frequency".into(), ReportAnswer::One("always".into()))]),
        story: "On m’a demandé 5 000 francs.".into(),
    };
    let draft = ReportDraft {
        body,
        lang: "fr".into(),
        priority: Priority::P3,
        excluded: vec![],
        week: "2026-W48".into(),
    };
    let hash = Hash::of(&[&serde_json::to_vec(&directory).unwrap()]);
    SampleInputs { rng: StdRng::seed_from_u64(1), transport, directory, hash, draft }
}

fn compute_vectors() -> Value {
    json!({
        "protocol": "burkindi v2",
        "receipts": receipts(),
        "case": cases(),
        "frames": frames(),
        "event": event(),
        "trust": trust(),
        "size_classes": size_classes(),
        "padding": padding(),
    })
}

#[test]
fn the_test_vectors_have_not_changed() {
    let mut now = compute_vectors();
    if env::var_os("WRITE_VECTORS").is_some() {
        now["sealed"] = sealed();
        fs::write(vectors_path(), serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    }
    let mut stored: Value = serde_json::from_slice(&fs::read(vectors_path()).unwrap()).unwrap();
    let sealed = stored.as_object_mut().unwrap().remove("sealed").unwrap();
    now.as_object_mut().unwrap().remove("sealed");
    assert_eq!(now, stored);
    let grant: SealedGrant = serde_json::from_value(stored["case"]["grant"].clone()).unwrap();
    let member = InvestigatorIdentity::from_seed(&[8; 32]);
    assert_eq!(Grant::open(&grant, &member, CASE, 0).unwrap().secret, secret());
    open_sealed(&sealed);
}

fn open_sealed(sealed: &Value) {
    let seed: [u8; 32] = bytes(&sealed["transport_seed"]).try_into().unwrap();
    let submission = bytes(&sealed["submission"]);
    let opened = envelope::open(&TransportIdentity::from_seed(&seed), &submission[..]).unwrap();
    let secrets = ReportSecrets::from_seed(&[9; 32], b"content");
    assert_eq!(opened.header.case.id, secrets.case_id());
    assert_eq!(opened.header.mailbox, secrets.receipt().locator().mailbox_id());
    let member =
        InvestigatorIdentity::from_seed(&bytes(&sealed["member_seed"]).try_into().unwrap());
    let mine = opened
        .grants
        .iter()
        .find(|g| g.tag == grant_tag(secrets.case_id(), &member.recipient()))
        .unwrap();
    let grant = Grant::open(mine, &member, secrets.case_id(), 0).unwrap();
    let identity = grant.secret.identity();
    let expected = FrameContext {
        case: secrets.case_id(),
        generation: 0,
        direction: FrameDirection::In,
        recipient: identity.recipient().hash(),
        signer: &grant.reporter_key,
    };
    let body = identity.open(&opened.body).unwrap();
    let frame = Frame::verify(unpad_text(&body, TEXT_STEP).unwrap(), &expected).unwrap();
    assert_eq!(ReportBody::from_bytes(&frame.body).unwrap().story, "On m’a demandé 5 000 francs.");
    let file = identity.open(&opened.attachments[0]).unwrap();
    assert_eq!(unpad_file(&file, 3).unwrap(), b"abc");
}
