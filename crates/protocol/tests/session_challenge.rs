//! The answer to a challenge is valid for one installation, one handle and one nonce.

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    api::workbench::{sign_session, verify_session_signature},
    keys::{PublicKey, sign},
};
use uuid::Uuid;

#[test]
fn an_answer_is_invalid_for_another_challenge() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let (device, other) =
        (PublicKey::from(&key), PublicKey::from(&SigningKey::from_bytes(&[2; 32])));
    let (here, elsewhere) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let (nonce, another) = (Hash([7; 32]), Hash([8; 32]));
    let answer = sign_session(&key, here, "awa", &nonce);
    assert!(verify_session_signature(&device, here, "awa", &nonce, &answer));
    for (what, holds) in [
        (
            "another installation",
            verify_session_signature(&device, elsewhere, "awa", &nonce, &answer),
        ),
        ("another handle", verify_session_signature(&device, here, "awa2", &nonce, &answer)),
        ("another nonce", verify_session_signature(&device, here, "awa", &another, &answer)),
        ("another key", verify_session_signature(&other, here, "awa", &nonce, &answer)),
        ("cut", verify_session_signature(&device, here, "awa", &nonce, &answer[..63])),
    ] {
        assert!(!holds, "{what}");
    }
    // The earlier form of the signature, over the nonce alone.
    let old = sign(&key, b"burkindi/session/v1\0", nonce.as_bytes());
    assert!(!verify_session_signature(&device, here, "awa", &nonce, &old));
}
