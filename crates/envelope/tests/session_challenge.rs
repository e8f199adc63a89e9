//! The answer to a challenge counts for one installation, one handle and one nonce.

use ed25519_dalek::SigningKey;
use envelope::{
    Hash,
    desk_api::{is_session_signed, sign_session},
    keys::{PublicKey, sign},
};
use uuid::Uuid;

#[test]
fn an_answer_is_of_no_use_elsewhere() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let (device, other) = (PublicKey::from(&key), PublicKey::from(&SigningKey::from_bytes(&[2; 32])));
    let (here, elsewhere) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let (nonce, another) = (Hash([7; 32]), Hash([8; 32]));
    let answer = sign_session(&key, here, "awa", &nonce);
    assert!(is_session_signed(&device, here, "awa", &nonce, &answer));
    for (what, holds) in [
        ("another installation", is_session_signed(&device, elsewhere, "awa", &nonce, &answer)),
        ("another handle", is_session_signed(&device, here, "awa2", &nonce, &answer)),
        ("another nonce", is_session_signed(&device, here, "awa", &another, &answer)),
        ("another key", is_session_signed(&other, here, "awa", &nonce, &answer)),
        ("cut", is_session_signed(&device, here, "awa", &nonce, &answer[..63])),
    ] {
        assert!(!holds, "{what}");
    }
    // As it was signed before, over the nonce alone.
    let old = sign(&key, b"burkindi/session/v1\0", nonce.as_bytes());
    assert!(!is_session_signed(&device, here, "awa", &nonce, &old));
}
