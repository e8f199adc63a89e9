//! Vectors of signatures, public keys, recipients and receipts.

use ed25519_dalek::SigningKey;
use protocol::{
    keys::{MailboxRecipient, PublicKey},
    receipt::Receipt,
};
use serde_json::{Value, json};

use super::{bytes, encode, secret};

const LABEL: &[u8] = b"burkindi/refusals/v1\0";

pub(super) fn signatures() -> Vec<Value> {
    let honest = SigningKey::from_bytes(&[3; 32]);
    let key = encode(honest.verifying_key().as_bytes());
    // A + T and R + T with a point T of order eight, computed separately. The equation holds only
    // with the cofactor where the signature is refused.
    let with_torsion = "gBgV5w_6YHo5VqUflLpYelh-IDs2JVl0BAxU1ZHJCUk";
    [
        ("honest", true, &*key, "4oC0R7yKv8Ge680q1k46lmyUD9Lapxfd0d8ORyxigP12gmvnLln7A3h06aeMMm2rYJ8DTMO20i0TFetRdQACAw"),
        ("torsion in R", false, &key, "W2HC47k-bAZFDzJ-pyzf64zeaqAg0t2CerP4bnCMg5OVTF1EgTnF63V2imMiNPKBgYPLA3IRLa3PXflWs0n-BA"),
        ("torsion in A, multiplied away", true, with_torsion, "AqylRfCt-gZ4PB2oEN6OMaIZ5rthkIIdb9B69EYSIfOUGx1qbn3zRvMcn0mC_1NgzR6Nr-MrxwshByhY6_VSCA"),
        ("torsion in A", false, with_torsion, "BFORN2Xvnhji2niAEq1_VNwV2fNqXxRjR2tGQc7gI2_OmcjppCq7CzFTz6yy3vQ2OXXSs2RtlIeTPtt_HMjSCg"),
        ("s above the order", false, &key, "4oC0R7yKv8Ge680q1k46lmyUD9Lapxfd0d8ORyxigP1jVmFESbwNXE4R4UprLEzAYJ8DTMO20i0TFetRdQACEw"),
        ("R of small order", false, &key, "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADNEiaYN_024wNVDUC-Wk_cYFHBH4jbsgUQ-wTTszD4Dg"),
        ("too short", false, &key, "AAAA"),
    ]
    .map(|(what, accepted, key, signature)| {
        json!({"what": what, "accepted": accepted, "key": key, "signature": signature})
    })
    .into()
}

pub(super) fn accepts_signature(vector: &Value) -> bool {
    let Ok(key) = serde_json::from_value::<PublicKey>(vector["key"].clone()) else { return false };
    let signature = bytes(&vector["signature"]);
    signature.try_into().is_ok_and(|signature| key.verify(LABEL, b"message", &signature).is_ok())
}

pub(super) fn public_keys() -> Vec<Value> {
    let honest = encode(SigningKey::from_bytes(&[3; 32]).verifying_key().as_bytes());
    [
        ("honest", true, &*honest),
        ("the neutral point", false, "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("of order two", false, "7P_______________________________________38"),
        ("of order four", false, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("of order eight", false, "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU"),
        ("zero in a second encoding", false, "7f_______________________________________38"),
        ("one in a second encoding", false, "7v_______________________________________38"),
        (
            "another point in a second encoding",
            false,
            "8P_______________________________________38",
        ),
        ("no point of the curve", false, "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("too short", false, "AAAA"),
    ]
    .map(|(what, accepted, key)| json!({"what": what, "accepted": accepted, "key": key}))
    .into()
}

pub(super) fn accepts_key(vector: &Value) -> bool {
    serde_json::from_value::<PublicKey>(vector["key"].clone()).is_ok()
}

pub(super) fn recipients() -> Vec<Value> {
    let honest = secret().identity().recipient();
    let raw = |what: &str, accepted: bool, change: fn(&mut [u8; 1216])| {
        let mut bytes = *honest.as_bytes();
        change(&mut bytes);
        json!({"what": what, "accepted": accepted, "raw": encode(&bytes)})
    };
    let text = |what: &str, accepted: bool, text: String| json!({"what": what, "accepted": accepted, "text": text});
    let spelled = honest.to_string();
    vec![
        raw("honest", true, |_| ()),
        raw("the first coefficient is the modulus", false, |bytes| {
            bytes[0] = 0x01;
            bytes[1] = bytes[1] & 0xf0 | 0x0d;
        }),
        raw("the last coefficient is the modulus", false, |bytes| {
            bytes[1150] = bytes[1150] & 0x0f | 0x10;
            bytes[1151] = 0xd0;
        }),
        raw("a share of zero", false, |bytes| bytes[1184..].fill(0)),
        raw("a share of one", false, |bytes| {
            bytes[1184..].fill(0);
            bytes[1184] = 1;
        }),
        raw("a share of the prime", false, |bytes| {
            bytes[1184..].fill(0xff);
            (bytes[1184], bytes[1215]) = (0xed, 0x7f);
        }),
        text("honest, as text", true, spelled.clone()),
        text("upper case", false, spelled.to_uppercase()),
        text("mistyped", false, spelled.replacen("age1pq1", "age1pq1q", 1)),
        text(
            "a classic one",
            false,
            "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj".into(),
        ),
    ]
}

/// Bech32 in upper case is valid, but is not the spelling that is signed.
pub(super) fn accepts_recipient(vector: &Value) -> bool {
    match &vector["text"] {
        Value::String(text) => {
            text.parse::<MailboxRecipient>().is_ok_and(|recipient| recipient.to_string() == *text)
        }
        _ => MailboxRecipient::from_bytes(&bytes(&vector["raw"])).is_ok(),
    }
}

pub(super) fn receipts() -> Vec<Value> {
    let code = Receipt::from_bytes([0; 16]).code();
    let ones = Receipt::from_bytes([8; 16]).code();
    assert!(ones.contains('1'), "{ones}");
    let words = Receipt::from_bytes([0xff; 16]).words("fr");
    [
        ("as it is written", true, code.clone()),
        ("with letters for digits", true, code.replace('0', "o")),
        ("small, with spaces", true, ones.to_lowercase().replace('-', " ")),
        ("I and l for 1", true, ones.replacen('1', "I", 1).replace('1', "l")),
        ("a dotless i for 1", false, ones.replacen('1', "ı", 1)),
        ("a dotted capital i for 1", true, ones.replacen('1', "İ", 1)),
        ("a sharp s", false, code.replacen('0', "ß", 1)),
        ("a sharp s for two", false, code.replacen("00", "ß", 1)),
        ("a ligature", false, code.replacen("00", "ﬁ", 1)),
        ("a long s for 5", false, code.replacen('0', "ſ", 1)),
        ("the sign of kelvin", false, code.replacen('0', "\u{212a}", 1)),
        ("wide digits", true, code.replace('0', "０")),
        ("Arabic digits", true, code.replace('0', "٠")),
        ("a letter of no code", false, code.replacen('0', "U", 1)),
        ("one character short", false, code[1..].to_owned()),
        ("words", true, words.clone()),
        ("words in upper case", true, words.to_uppercase()),
        ("the words twice", true, format!("{words} {words}")),
        ("a word too few", false, words.rsplit_once(' ').unwrap().0.to_owned()),
    ]
    .map(|(what, accepted, typed)| json!({"what": what, "accepted": accepted, "typed": typed}))
    .into()
}

pub(super) fn accepts_receipt(vector: &Value) -> bool {
    Receipt::parse(vector["typed"].as_str().unwrap()).is_ok()
}
