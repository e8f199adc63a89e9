//! Vectors of directories.

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    directory::{Directory, LogQuorum, LogSettings, LogWitness, SignedDirectory, TrustRoots},
    keys::PublicKey,
};
use serde_json::{Value, json};

use super::{
    bytes,
    common::{self, TODAY},
    encode, signed, variants, vector,
};

const LABEL: &[u8] = b"burkindi/directory/v1\0";

pub(super) fn roots() -> [SigningKey; 3] {
    [1u8, 2, 3].map(|seed| SigningKey::from_bytes(&[seed; 32]))
}

fn signature_by(root: &SigningKey, json: &str) -> Value {
    let signature = encode(&signed(LABEL, json.as_bytes(), root));
    json!({"key": PublicKey::from(root), "signature": signature})
}

pub(super) fn trust() -> TrustRoots {
    let instance = common::fixture().directory.instance;
    TrustRoots { instance, threshold: 2, roots: roots().iter().map(PublicKey::from).collect() }
}

/// Returns a directory with three members, which keeps the file small.
pub(super) fn minimal_directory() -> Directory {
    let mut directory = common::fixture().directory;
    directory.members.retain(|member| ["awa", "bila", "eva"].contains(&&*member.handle));
    directory.desks.retain(|desk| desk.id != "hr_integrity");
    for desk in &mut directory.desks {
        desk.members.retain(|handle| ["awa", "bila", "eva"].contains(&&**handle));
    }
    let witness = |(name, seed): (&str, u8)| LogWitness {
        name: format!("witness.example/{name}"),
        key: PublicKey::from(&SigningKey::from_bytes(&[seed; 32])),
    };
    directory.log = LogSettings {
        epoch: 2,
        witnesses: [("a", 31), ("b", 32)].map(witness).into(),
        quorum: LogQuorum { oversight: 1, witnesses: 1 },
    };
    directory
}

pub(super) fn directories() -> Vec<Value> {
    let directory = minimal_directory();
    let text = serde_json::to_string(&directory).unwrap();
    let quoted = |key: &PublicKey| json!(key).to_string();
    let [first, second] = [0, 1].map(|at| quoted(&directory.members[at].device));
    let handler = quoted(&directory.handler_key);
    let [witness, other_witness] = [0, 1].map(|at| quoted(&directory.log.witnesses[at].key));
    let weak = "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
    let recipient = directory.members[0].recipient.to_string();
    let programs = |count: u8| {
        let programs: Vec<Hash> = (0..count).map(|at| Hash([at; 32])).collect();
        format!("\"programs\":{}", json!(programs))
    };
    let (five, twice) = (programs(5), json!([Hash::default(), Hash::default()]));
    let twice = format!("\"programs\":{twice}");
    let changes = [
        ("a key twice", "\"epoch\":1", "\"epoch\":1,\"epoch\":1"),
        ("a key twice in a member", "\"handle\":\"awa\"", "\"handle\":\"awa\",\"handle\":\"awa\""),
        ("an unknown field", "\"epoch\":1", "\"epoch\":1,\"w\":1"),
        ("an unknown field in a desk", "\"audiences\":[]", "\"audiences\":[],\"w\":1"),
        ("a missing list", "\"audiences\":[],", ""),
        ("a space", "\"epoch\":1", "\"epoch\": 1"),
        ("a fraction", "\"epoch\":1", "\"epoch\":1.0"),
        ("an epoch that no number holds", "\"epoch\":1", "\"epoch\":9007199254740993"),
        ("an id in upper case", "00000000-0000", "urn:uuid:00000000-0000"),
        ("a day that is none", "2026-12-23", "2026-11-31"),
        ("a day in another form", "2026-12-23", "20261223"),
        ("a label in no language", "\"labels\":{}", "\"labels\":{\"1\":\"x\"}"),
        ("labels in another order", "\"labels\":{}", "\"labels\":{\"fr\":\"x\",\"en\":\"x\"}"),
        ("one device key for two", &*second, &*first),
        ("the handler's key for a member", &*first, &*handler),
        ("a weak device key", &*first, weak),
        ("a weak key of the handler", &*handler, weak),
        ("five programs", "\"programs\":[]", &*five),
        ("a program twice", "\"programs\":[]", &*twice),
        ("no list of programs", ",\"programs\":[]", ""),
        ("a log without an epoch", "\"log\":{\"epoch\":2,", "\"log\":{"),
        ("an unknown field of the log", "\"log\":{\"epoch\":2", "\"log\":{\"epoch\":2,\"w\":1"),
        ("an unknown field of a witness", "/a\",\"key\"", "/a\",\"w\":1,\"key\""),
        ("an unknown field of the quorum", "\"witnesses\":1}", "\"witnesses\":1,\"w\":1}"),
        ("the log of epoch 0", "\"log\":{\"epoch\":2", "\"log\":{\"epoch\":0"),
        ("an epoch of the log that no u32 holds", "{\"epoch\":2", "{\"epoch\":4294967296"),
        ("two witnesses of one name", "witness.example/b", "witness.example/a"),
        ("one key for two witnesses", &*other_witness, &*witness),
        ("the log key for a witness", &*witness, &*handler),
        ("the device key of a member for a witness", &*witness, &*second),
        ("a weak key of a witness", &*witness, weak),
        ("a witness without a name", "witness.example/a", ""),
        ("a witness with a name that is too long", "witness.example/a", &*"a".repeat(129)),
        ("a witness with a space", "witness.example/a", "witness example/a"),
        ("a witness with a plus sign", "witness.example/a", "witness+example/a"),
        ("a witness with a control character", "witness.example/a", "witness.example/a\\n"),
        ("a witness with a letter beyond ASCII", "witness.example/a", "témoin.example/a"),
        ("a witness with a member's name", "witness.example/a", "burkindi/member/1/eva"),
        (
            "an empty quorum",
            "{\"oversight\":1,\"witnesses\":1}",
            "{\"oversight\":0,\"witnesses\":0}",
        ),
        ("a quorum of more witnesses than there are", "\"witnesses\":1}", "\"witnesses\":3}"),
        ("a quorum of more members than there are", "{\"oversight\":1,", "{\"oversight\":2,"),
        ("a recipient in upper case", &*recipient, &*recipient.to_uppercase()),
    ]
    .map(|(what, from, to)| (what, from.to_owned(), to.to_owned()));
    let allowed = [
        ("the last epoch of the log", "\"log\":{\"epoch\":2", "\"log\":{\"epoch\":4294967295"),
        ("a witness with a long name", "witness.example/a", &*"a".repeat(128)),
        ("a witness with every sign", "witness.example/a", "!#$%&'()*,-./09:;<=>?@AZ[]^_`az{|}~"),
        ("a quorum without witnesses", "\"witnesses\":1}", "\"witnesses\":0}"),
        ("a quorum of witnesses only", "{\"oversight\":1,", "{\"oversight\":0,"),
    ]
    .map(|(what, from, to)| (what.to_owned(), true, text.replacen(from, to, 1)));
    let [a, b, c] = roots();
    let mut all: Vec<Value> = variants(&text, &changes)
        .into_iter()
        .chain(allowed)
        .map(|(what, accepted, text)| {
            vector(
                &what,
                accepted,
                &[
                    ("bytes", json!(encode(text.as_bytes()))),
                    ("signatures", json!([signature_by(&a, &text), signature_by(&b, &text)])),
                ],
            )
        })
        .collect();
    let unknown_root = SigningKey::from_bytes(&[99; 32]);
    let junk = |seed: u8| json!({"key": PublicKey::from(&SigningKey::from_bytes(&[seed; 32])), "signature": "AAAA"});
    let sound = [signature_by(&a, &text), signature_by(&b, &text)];
    let with = |more: Vec<Value>| json!(sound.iter().cloned().chain(more).collect::<Vec<_>>());
    let moved =
        json!({"key": PublicKey::from(&b), "signature": signature_by(&a, &text)["signature"]});
    for (what, accepted, signatures) in [
        ("three signatures", true, with(vec![signature_by(&c, &text)])),
        ("one signature", false, json!([signature_by(&a, &text)])),
        (
            "one root and an unknown key",
            false,
            json!([signature_by(&a, &text), signature_by(&unknown_root, &text)]),
        ),
        ("one root twice", false, json!([signature_by(&a, &text), signature_by(&a, &text)])),
        ("two roots, one of them twice", false, with(vec![signature_by(&a, &text)])),
        ("a signature under another key", false, json!([signature_by(&a, &text), moved])),
        ("sixteen signatures", true, with((10..24).map(junk).collect())),
        ("seventeen signatures", false, with((10..25).map(junk).collect())),
        (
            "a signature by no key",
            false,
            with(vec![json!({"key": weak.trim_matches('"'), "signature": "AAAA"})]),
        ),
        (
            "a signature that is no base64",
            false,
            with(vec![json!({"key": PublicKey::from(&c), "signature": "A"})]),
        ),
    ] {
        all.push(vector(
            what,
            accepted,
            &[("bytes", json!(encode(text.as_bytes()))), ("signatures", signatures)],
        ));
    }
    all
}

pub(super) fn accepts_directory(vector: &Value) -> bool {
    let carried = json!({"bytes": vector["bytes"], "signatures": vector["signatures"]});
    let Ok(signed) = serde_json::from_value::<SignedDirectory>(carried) else { return false };
    assert_eq!(signed.bytes, bytes(&vector["bytes"]));
    signed.verify(&trust(), TODAY, None).is_ok()
}
