//! Vectors of frames, rotations, capsules and mailboxes.

use ed25519_dalek::SigningKey;
use protocol::{
    Hash, Priority,
    case::Stage,
    keys::{CaseSecret, PublicKey},
    mailbox::{Mailbox, MailboxHeader},
    rotation::{ConfirmedRotation, RotationStatement},
    submission::{
        facts_body::FactsBody,
        frame::{
            Attachment, Frame, FrameContext, FrameDirection, FrameHeader, FrameKind, FrameRef,
            Routing,
        },
        related_report::RelatedReport,
        reply_capsule::ReplyCapsule,
        treatment::{
            AttachmentTreatment, CleaningExtent, CleaningReport, MetadataCategory, SignatureState,
        },
    },
};
use serde_json::{Value, json};
use time::macros::date;
use uuid::Uuid;

use super::{bytes, encode, mailbox_recipient, receipt, secret, signed, variants};

const CASE: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);
const ID: &str = "12345678-9abc-4def-8123-456789abcdef";
const FRAME_LABEL: &[u8] = b"burkindi/frame/v2\0";
const CLEANED: &str = "\"how\":\"cleaned\",\"removed\":[\"author\",\"place\"],";
const CAPSULE_LABEL: &[u8] = b"burkindi/capsule/v1\0";

fn routing() -> Routing {
    Routing {
        desk: "fraud".into(),
        priority: Priority::P2,
        release_to_oversight: false,
        directory: Hash::of(&[b"directory"]),
    }
}

fn header() -> FrameHeader {
    FrameHeader {
        v: 2,
        case: CASE,
        generation: 0,
        direction: FrameDirection::In,
        seq: 0,
        prev: None,
        ack: Some(FrameRef { seq: 3, hash: Hash::of(&[b"seen"]) }),
        recipient: secret().identity().recipient().hash(),
        kind: FrameKind::Message,
        lang: "fr".into(),
        week: "2026-W48".into(),
        salt: Hash::of(&[b"salt"]),
        routing: Some(routing()),
        program: None,
        attachments: vec![Attachment {
            name: "a.jpg".into(),
            media_type: "image/jpeg".into(),
            len: 3,
            sha256: Hash::of(&[b"abc"]),
            treatment: None,
        }],
        reporter_key: None,
        related: None,
    }
}

pub(super) fn frames() -> Vec<Value> {
    let json = serde_json::to_string(&header()).unwrap();
    let file = serde_json::to_string(&header().attachments[0]).unwrap();
    let one = format!("[{file}]");
    let many = format!("[{}]", vec![file; 33].join(","));
    let mut all = variants(
        &json,
        &[
            ("id in upper case", "9abc", "9ABC"),
            ("id in braces", ID, "{12345678-9abc-4def-8123-456789abcdef}"),
            ("id as a urn", ID, "urn:uuid:12345678-9abc-4def-8123-456789abcdef"),
            ("id without hyphens", ID, "123456789abc4def8123456789abcdef"),
            ("seq as a fraction", "\"seq\":0", "\"seq\":0.0"),
            ("seq with an exponent", "\"seq\":0", "\"seq\":0e0"),
            ("seq below zero", "\"seq\":0", "\"seq\":-0"),
            ("seq in quotes", "\"seq\":0", "\"seq\":\"0\""),
            ("the largest seq", "\"seq\":0", "\"seq\":4294967295"),
            ("seq above its bound", "\"seq\":0", "\"seq\":1000001"),
            ("acknowledged seq above its bound", "\"seq\":3", "\"seq\":4294967295"),
            ("generation above its bound", "\"generation\":0", "\"generation\":101"),
            ("a key twice", "\"seq\":0", "\"seq\":0,\"seq\":0"),
            (
                "a key twice, the last one other",
                "\"lang\":\"fr\"",
                "\"lang\":\"fr\",\"lang\":\"en\"",
            ),
            ("an unknown field", "\"v\":2", "\"v\":2,\"w\":1"),
            ("an unknown field in a part", "\"len\":3", "\"len\":3,\"more\":null"),
            ("a prototype", "\"v\":2", "\"v\":2,\"__proto__\":{}"),
            ("no attachments", &one, "null"),
            ("a missing field", "\"prev\":null,", ""),
            ("no list of attachments", ",\"attachments\":", ",\"attached\":"),
            ("a key of null", "\"kind\"", "\"reporter_key\":null,\"kind\""),
            ("another order", "\"v\":2,\"case\":", "\"case\":"),
            ("a space", "\"v\":2", "\"v\": 1"),
            ("an escaped letter", "\"fr\"", "\"\\u0066r\""),
            ("an escaped slash", "image/jpeg", "image\\/jpeg"),
            ("half a character", "a.jpg", "\\ud83d.jpg"),
            ("another version", "\"v\":2", "\"v\":1"),
            ("a week of no shape", "2026-W48", "x"),
            ("a week with a line end", "2026-W48", "2026-W48\\n"),
            ("week 54", "2026-W48", "2026-W54"),
            ("week 0", "2026-W48", "2026-W00"),
            ("a language with a line end", "\"fr\"", "\"fr\\n\""),
            ("no language", "\"fr\"", "\"\""),
            ("a language too long", "\"fr\"", "\"fr-abcdefghijklmnopqrstuvwxyzabcdefghi\""),
            ("a hash of another length", "\"prev\":null", "\"prev\":\"AAAA\""),
            (
                "a hash with loose bits",
                "\"prev\":null",
                "\"prev\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\"",
            ),
            (
                "a hash with padding",
                "\"prev\":null",
                "\"prev\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
            ),
            ("a salt of another length", "\"salt\":\"", "\"salt\":\"AAAA"),
            ("no salt", "\"salt\"", "\"sal\""),
            ("no routing", "\"routing\"", "\"routed\""),
            ("an unknown priority", "\"P2\"", "\"P5\""),
            (
                "a wish in quotes",
                "\"release_to_oversight\":false",
                "\"release_to_oversight\":\"no\"",
            ),
            ("an unknown field in the routing", "\"desk\":", "\"room\":1,\"desk\":"),
            ("an unknown kind", "\"message\"", "\"note\""),
            ("another direction", "\"in\"", "\"out\""),
            ("33 files", &one, &many),
            ("a file above the largest size class", "\"len\":3", "\"len\":268435457"),
            ("a length that no number holds", "\"len\":3", "\"len\":9007199254740993"),
            (
                "a weak key",
                "\"kind\"",
                "\"reporter_key\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"kind\"",
            ),
        ],
    );
    for (what, accepted, seq) in [
        ("seq at its bound", true, "\"seq\":1000000"),
        ("a number with a zero before it", false, "\"seq\":00"),
    ] {
        all.push((what.to_owned(), accepted, json.replacen("\"seq\":0", seq, 1)));
    }
    let earlier = |proof: usize| {
        let named = RelatedReport { token: Hash::default(), proof: vec![1; proof] };
        serde_json::to_string(&FrameHeader { related: Some(named), ..header() }).unwrap()
    };
    all.push(("another report".to_owned(), true, earlier(64)));
    let with_program = FrameHeader { program: Some(Hash::of(&[b"manifest"])), ..header() };
    let with_program = serde_json::to_string(&with_program).unwrap();
    all.push(("a program".to_owned(), true, with_program.clone()));
    let nulled = json.replacen("\"attachments\"", "\"program\":null,\"attachments\"", 1);
    all.push(("a program of null".to_owned(), false, nulled));
    let outgoing = with_program.replacen("\"in\"", "\"out\"", 1);
    all.push(("a program in the other direction".to_owned(), false, outgoing));
    all.push(("another report with a short proof".to_owned(), false, earlier(63)));
    let facts = json.replacen("\"message\"", "\"facts\"", 1);
    let outgoing = facts.replacen("\"in\"", "\"out\"", 1);
    all.push(("facts".to_owned(), true, facts));
    all.push(("facts in the other direction".to_owned(), false, outgoing));
    all.extend(treatments());
    let key = receipt().signing_key();
    let framed = |(what, accepted, json): (String, bool, String)| {
        let len = u32::try_from(json.len()).unwrap().to_be_bytes();
        let mut bytes = [b"BKF2", &len[..], json.as_bytes(), "Où ?".as_bytes()].concat();
        let signature = signed(FRAME_LABEL, &bytes, &key);
        bytes.extend_from_slice(&signature);
        json!({"what": what, "accepted": accepted, "frame": encode(&bytes)})
    };
    all.into_iter().map(framed).collect()
}

/// Returns frames with a treated file, and frames with invalid treatments.
fn treatments() -> Vec<(String, bool, String)> {
    let with = |treatment| {
        let mut header = header();
        header.attachments[0].treatment = Some(treatment);
        serde_json::to_string(&header).unwrap()
    };
    let cleaned = with(AttachmentTreatment::Cleaned(CleaningReport {
        removed: [MetadataCategory::Author, MetadataCategory::Place].into(),
        left: [].into(),
        reading: CleaningExtent::Whole,
        signature: SignatureState::Kept,
    }));
    let mut all = variants(
        &cleaned,
        &[
            ("a treatment of null", "{\"how\":\"cleaned\",", "null,\"x\":{"),
            ("a treatment in words", "{\"how\":\"cleaned\",", "\"cleaned\",\"x\":{"),
            ("an unknown treatment", "\"cleaned\"", "\"polished\""),
            ("no treatment named", "\"how\":\"cleaned\",", ""),
            ("a treatment named twice", "\"how\"", "\"how\":\"cleaned\",\"how\""),
            (
                "a treatment named last",
                CLEANED,
                "\"removed\":[\"author\",\"place\"],\"how\":\"cleaned\",",
            ),
            ("an unknown kind of metadata", "\"author\"", "\"shoe-size\""),
            ("a kind of metadata in free text", "\"author\"", "\"<b>Awa</b>\""),
            ("a kind of metadata twice", "\"author\",", "\"author\",\"author\","),
            ("kinds of metadata in another order", "\"author\",\"place\"", "\"place\",\"author\""),
            ("a kind of metadata as a number", "\"author\"", "0"),
            ("no list of what is left", "\"left\":[]", "\"left\":null"),
            ("nothing said of what is left", "\"left\":[],", ""),
            ("an unknown reading", "\"whole\"", "\"half\""),
            ("an unknown signature", "\"kept\"", "\"valid\""),
            ("no signature said", ",\"signature\":\"kept\"", ""),
            ("a treatment with an unknown field", "\"how\"", "\"note\":\"x\",\"how\""),
            ("a redrawn picture with metadata", "\"cleaned\"", "\"redrawn\""),
            ("an altered voice with metadata", "\"cleaned\"", "\"voice-altered\""),
            ("a treatment of a treatment", "\"how\":\"cleaned\"", "\"how\":{\"how\":\"cleaned\"}"),
        ],
    );
    "a cleaned file".clone_into(&mut all[0].0);
    for (what, treatment) in [
        ("a redrawn picture", AttachmentTreatment::Redrawn),
        ("a file that was kept", AttachmentTreatment::Kept),
        ("a file that was cut off", AttachmentTreatment::CutOff),
        ("a recording with an altered voice", AttachmentTreatment::VoiceAltered),
    ] {
        all.push((what.to_owned(), true, with(treatment)));
    }
    all
}

pub(super) fn accepts_frame(vector: &Value) -> bool {
    let bytes = bytes(&vector["frame"]);
    let signer = PublicKey::from(&receipt().signing_key());
    let expected = FrameContext {
        case: CASE,
        generation: 0,
        direction: FrameDirection::In,
        recipient: secret().identity().recipient().hash(),
        signer: &signer,
    };
    Frame::verify(&bytes, &expected).is_ok()
}

/// Returns bodies of frames of kind `facts`.
pub(super) fn facts() -> Vec<Value> {
    let json = r#"{"category":"FAC","answers":{"goods":["fuel","food"],"place":"Dakola"}}"#;
    let (answers, long) = (r#"{"goods":["fuel","food"],"place":"Dakola"}"#, "a".repeat(128));
    let too_long = format!("{long}a");
    let mut all = variants(
        json,
        &[
            ("no category", r#""category":"FAC","#, ""),
            ("a category of null", "\"FAC\"", "null"),
            ("an empty category", "\"FAC\"", "\"\""),
            ("a category with a space", "\"FAC\"", "\"F C\""),
            ("a category with an accent", "\"FAC\"", "\"FÀC\""),
            ("a category that begins with a digit", "\"FAC\"", "\"1AC\""),
            ("a category in a list", "\"FAC\"", "[\"FAC\"]"),
            ("a category that is too long", "FAC", &*too_long),
            ("no answer", answers, "{}"),
            ("answers of null", answers, "null"),
            ("answers in a list", answers, "[]"),
            ("no list of answers", r#","answers""#, r#","answered""#),
            ("a story", r#""answers""#, r#""story":"x","answers""#),
            ("a field after the answers", "\"Dakola\"}", "\"Dakola\"},\"story\":\"x\""),
            ("another order of answers", "\"goods\"", "\"zebra\""),
            ("a question twice", "\"place\"", "\"goods\""),
            ("a question without a name", "\"place\"", "\"\""),
            ("a question that is a number", "\"goods\"", "\"12\""),
            ("a question with a space", "\"place\"", "\"pl ce\""),
            ("a question with an accent", "\"place\"", "\"plàce\""),
            ("a prototype", "\"place\"", "\"__proto__\""),
            ("a question that is too long", "place", &*too_long.replace('a', "p")),
            ("an answer of null", "\"Dakola\"", "null"),
            ("an answer that is a number", "\"Dakola\"", "7"),
            ("an answer that is an object", "\"Dakola\"", "{}"),
            ("a list in a list", "\"fuel\"", "[\"fuel\"]"),
            ("an option that is a number", "\"fuel\"", "7"),
            ("a space", "\"category\":", "\"category\": "),
            ("an escaped letter", "Dakola", "\\u0044akola"),
            ("half a character", "Dakola", "\\ud83d"),
        ],
    );
    for (what, from, to) in [
        ("the longest category", "FAC", &*long),
        ("an answer without text", "Dakola", ""),
        ("a list without options", "\"fuel\",\"food\"", ""),
        ("an answer in another script", "Dakola", "داكولا 😀"),
        ("an escaped line end", "Dakola", "a\\nb"),
        ("a question with signs", "goods", "g.o-o:d/s"),
        ("a constructor", "goods", "constructor"),
    ] {
        all.push((what.to_owned(), true, json.replacen(from, to, 1)));
    }
    let reordered = format!(r#"{{"answers":{answers},"category":"FAC"}}"#);
    all.push(("another order of fields".to_owned(), false, reordered));
    all.push(("a text".to_owned(), false, "Où ?".to_owned()));
    all.push(("nothing".to_owned(), false, String::new()));
    let body = |(what, accepted, json): (String, bool, String)| json!({"what": what, "accepted": accepted, "body": encode(json.as_bytes())});
    all.into_iter().map(body).collect()
}

pub(super) fn accepts_facts(vector: &Value) -> bool {
    FactsBody::from_bytes(&bytes(&vector["body"])).is_ok()
}

fn rotation() -> ConfirmedRotation {
    let statement = RotationStatement {
        v: 2,
        case: CASE,
        generation: 1,
        case_recipient: Hash::default(),
        replies_key: (&CaseSecret::from_bytes([8; 32]).replies_key()).into(),
        newest_reply: Some(FrameRef { seq: 4, hash: Hash::of(&[b"reply"]) }),
        previous: None,
    };
    let devices = [1, 2].map(|seed| SigningKey::from_bytes(&[seed; 32]));
    let confirmations = devices.map(|device| statement.confirm(&device)).to_vec();
    ConfirmedRotation { rotation: statement.sign(&secret().replies_key()), confirmations }
}

pub(super) fn rotations() -> Vec<Value> {
    let changes = [
        ("an unknown field", "\"generation\":1", "\"generation\":1,\"w\":1"),
        ("a fraction", "\"generation\":1", "\"generation\":1.0"),
        ("a key twice", "\"generation\":1", "\"generation\":1,\"generation\":1"),
        ("a space", "\"generation\":1", "\"generation\": 1"),
        ("another version", "\"v\":2", "\"v\":3"),
        ("a number above the limit", "\"seq\":4", "\"seq\":1000001"),
        ("no newest reply", "\"newest_reply\":{\"seq\":4", "\"newest\":{\"seq\":4"),
        ("a missing field", ",\"previous\":null", ""),
        ("confirmations of another type", "\"confirmations\":[", "\"confirmations\":[1,"),
        (
            "a weak key",
            "\"replies_key\":\"",
            "\"replies_key\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"x\":\"",
        ),
    ];
    let json = String::from_utf8(rotation().to_bytes()).unwrap();
    variants(&json, &changes)
        .into_iter()
        .map(|(what, accepted, json)| {
            json!({"what": what, "accepted": accepted, "record": encode(json.as_bytes())})
        })
        .collect()
}

pub(super) fn accepts_rotation(vector: &Value) -> bool {
    ConfirmedRotation::from_bytes(&bytes(&vector["record"])).is_some()
}

fn capsule() -> ReplyCapsule {
    ReplyCapsule {
        case: CASE,
        generation: 0,
        case_recipient: secret().identity().recipient().hash(),
        replies_keys: vec![(&secret().replies_key()).into()],
        report: Hash::of(&[b"report"]),
        sent: FrameRef { seq: 1, hash: Hash::of(&[b"sent"]) },
        sent_digest: Hash::of(&[b"sent digest"]),
        seen: None,
    }
}

pub(super) fn capsules() -> Vec<Value> {
    let json = serde_json::to_string(&capsule()).unwrap();
    let changes = [
        ("id in upper case", "9abc", "9ABC"),
        ("an unknown field", "\"generation\":0", "\"generation\":0,\"w\":1"),
        ("a key twice", "\"generation\":0", "\"generation\":0,\"generation\":0"),
        ("another generation than keys", "\"generation\":0", "\"generation\":1"),
        ("a fraction", "\"seq\":1", "\"seq\":1.0"),
        ("seq above its bound", "\"seq\":1", "\"seq\":4294967295"),
        ("a space", "\"seen\":null", "\"seen\": null"),
        ("nothing seen, in no words", ",\"seen\":null", ""),
        ("no digest of the report", "\"report\":", "\"reports\":"),
        ("no digest of the newest message", "\"sent_digest\":", "\"digest\":"),
        ("a digest that is too long", "\"sent_digest\":\"", "\"sent_digest\":\"AAAA"),
        ("two digests of a report", "\"seq\":1", "\"seq\":0"),
        (
            "a weak key",
            "\"replies_keys\":[\"",
            "\"replies_keys\":[\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"",
        ),
    ];
    let key = receipt().signing_key();
    let carried = |what: &str, accepted: bool, json: &str, signature: &[u8]| {
        let plain = [json.as_bytes(), signature].concat();
        json!({"what": what, "accepted": accepted, "plain": encode(&plain)})
    };
    let mut all: Vec<Value> = variants(&json, &changes)
        .into_iter()
        .map(|(what, accepted, json)| {
            carried(&what, accepted, &json, &signed(CAPSULE_LABEL, json.as_bytes(), &key))
        })
        .collect();
    let own = SigningKey::from_bytes(&[9; 32]);
    all.push(carried("not signed", false, &json, &[]));
    all.push(carried(
        "signed by another",
        false,
        &json,
        &signed(CAPSULE_LABEL, json.as_bytes(), &own),
    ));
    let replies = secret().replies_key();
    all.push(carried(
        "signed as a reply",
        false,
        &json,
        &signed(CAPSULE_LABEL, json.as_bytes(), &replies),
    ));
    all.push(carried(
        "signed as a frame",
        false,
        &json,
        &signed(FRAME_LABEL, json.as_bytes(), &key),
    ));
    all.push(carried("signed without a label", false, &json, &signed(b"", json.as_bytes(), &key)));
    all
}

pub(super) fn accepts_capsule(vector: &Value) -> bool {
    let plain = bytes(&vector["plain"]);
    let signer = PublicKey::from(&receipt().signing_key());
    ReplyCapsule::open(&mailbox_recipient().seal(&plain), &receipt().mailbox_identity(), &signer)
        .is_ok()
}

pub(super) fn mailboxes() -> Vec<Value> {
    let header = MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Triaged,
        released_to_oversight: false,
        oversight_asked: false,
        unreadable: false,
        next_update: Some(date!(2028 - 02 - 29)),
        received: 1,
    };
    let changes = [
        ("a week of no shape", "2026-W48", "x"),
        ("a day that is none", "2028-02-29", "2027-02-29"),
        ("a stage that is none", "triaged", "lost"),
        ("an unknown field", "\"v\":1", "\"v\":1,\"w\":1"),
        ("a number below zero", "\"received\":1", "\"received\":-1"),
        ("another version", "\"v\":1", "\"v\":2"),
    ];
    let case_recipient = secret().identity().recipient();
    let mailbox = Mailbox {
        header: header.clone(),
        capsule: vec![1; 9],
        case_recipient,
        rotations: Vec::new(),
        log: None,
        replies: Vec::new(),
    };
    let identity = receipt().mailbox_identity();
    let plain = identity.open(&mailbox.seal(&mailbox_recipient())).unwrap();
    let json = serde_json::to_string(&header).unwrap();
    let records = &plain[8 + json.len()..8 + json.len() + 5 + 9 + 5 + 1216 + 5];
    let mut all: Vec<Value> = variants(&json, &changes)
        .into_iter()
        .map(|(what, accepted, json)| {
            let len = u32::try_from(json.len()).unwrap().to_be_bytes();
            let plain = [b"BKM1", &len[..], json.as_bytes(), records].concat();
            json!({"what": what, "accepted": accepted, "plain": encode(&plain)})
        })
        .collect();
    let head =
        [b"BKM1", &u32::try_from(json.len()).unwrap().to_be_bytes()[..], json.as_bytes()].concat();
    let reply_too_long = [&[9u8, 0, 0, 0x30, 1][..], &vec![1; 12 * 1024 + 1]].concat();
    let log_too_long = [&[10u8, 0, 0, 0x30, 1][..], &vec![1; 12 * 1024 + 1]].concat();
    let (log, reply) = ([10u8, 0, 0, 0, 1, 1], [9u8, 0, 0, 0, 1, 1]);
    let before_end = &records[..records.len() - 5];
    let with_log = [before_end, &log, &reply, &[0; 5]].concat();
    all.push(json!({
        "what": "a log record",
        "accepted": true,
        "plain": encode(&[&head[..], &with_log].concat()),
    }));
    let rotation_record = |bytes: &[u8]| {
        let len = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&[11][..], &len, bytes].concat()
    };
    let rotation_bytes = rotation().to_bytes();
    let sound = rotation_record(&rotation_bytes);
    for (what, accepted, rest) in [
        ("a rotation", true, [before_end, &sound, &reply, &[0; 5]].concat()),
        ("a rotation after a reply", false, [before_end, &reply, &sound, &[0; 5]].concat()),
        ("too many rotations", false, [before_end, &sound.repeat(21), &[0; 5]].concat()),
        (
            "a malformed rotation",
            false,
            [before_end, &rotation_record(&rotation_bytes[1..]), &[0; 5]].concat(),
        ),
        (
            "a rotation too long",
            false,
            [before_end, &rotation_record(&[b' '; 1025]), &[0; 5]].concat(),
        ),
        ("a rotation after the log", false, [before_end, &log, &sound, &[0; 5]].concat()),
        ("a record of type 12", false, [before_end, &[12, 0, 0, 0, 1, 1], &[0; 5]].concat()),
    ] {
        all.push(
            json!({"what": what, "accepted": accepted, "plain": encode(&[&head[..], &rest].concat())}),
        );
    }
    for (what, rest) in [
        ("no records", Vec::new()),
        ("records in another order", [&records[14..], &records[..14]].concat()),
        ("a reply too long", [before_end, &reply_too_long, &[0; 5]].concat()),
        ("a log record too long", [before_end, &log_too_long, &[0; 5]].concat()),
        ("two log records", [before_end, &log, &log, &[0; 5]].concat()),
        ("a log record after a reply", [before_end, &reply, &log, &[0; 5]].concat()),
        ("an end that carries bytes", [before_end, &[0, 0, 0, 0, 1, 0]].concat()),
        ("something in the padding", [records, &[0, 0, 1]].concat()),
    ] {
        all.push(
            json!({"what": what, "accepted": false, "plain": encode(&[&head[..], &rest].concat())}),
        );
    }
    all
}

pub(super) fn accepts_mailbox(vector: &Value) -> bool {
    let plain = bytes(&vector["plain"]);
    Mailbox::open(&mailbox_recipient().seal(&plain), &receipt().mailbox_identity()).is_ok()
}
