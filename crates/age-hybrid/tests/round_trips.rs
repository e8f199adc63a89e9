//! Sealing and opening: lengths, damage, other recipients.

use std::io::{Read, Write};

use age_hybrid::{
    CHUNK_LEN, DecoyGenerator, Identity, KeyParseError, OpenError, Recipient, open, open_reader,
    seal, sealed_len, sealed_writer,
};
use proptest::prelude::*;
use rand::{RngCore, SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;

#[test]
fn every_length_around_a_chunk_round_trips() {
    let identity = Identity::generate(&mut OsRng);
    let chunk = usize::try_from(CHUNK_LEN).unwrap();
    for len in [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 2 * chunk + 1] {
        let mut plain = vec![0; len];
        OsRng.fill_bytes(&mut plain);
        let mut writer = sealed_writer(&identity.to_recipient(), Vec::new()).unwrap();
        let header_len = writer.header_len();
        writer.write_all(&plain).unwrap();
        let sealed = writer.finish().unwrap();
        assert_eq!(sealed.len() as u64, sealed_len(header_len, len as u64), "length {len}");
        assert!(*open(&identity, &sealed).unwrap() == plain, "length {len}");
        let mut streamed = Vec::new();
        open_reader(&identity, &sealed[..]).unwrap().read_to_end(&mut streamed).unwrap();
        assert!(streamed == plain, "length {len} streamed");
    }
}

#[test]
fn another_identity_opens_no_file() {
    let sealed = seal(&Identity::generate(&mut OsRng).to_recipient(), b"for another recipient");
    let result = open(&Identity::generate(&mut OsRng), &sealed);
    assert!(matches!(result, Err(OpenError::Age(age::DecryptError::NoMatchingKeys))));
}

#[test]
fn a_second_hybrid_recipient_is_rejected() {
    let (first, second) = (Identity::generate(&mut OsRng), Identity::generate(&mut OsRng));
    let both = [first.to_recipient(), second.to_recipient()];
    let encryptor =
        age::Encryptor::with_recipients(both.iter().map(|r| r as &dyn age::Recipient)).unwrap();
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).unwrap();
    writer.write_all(b"for second").unwrap();
    writer.finish().unwrap();
    assert!(matches!(open(&first, &sealed), Err(OpenError::MixedRecipients)));
    // The traits of age follow the specification and accept it.
    assert_eq!(age::decrypt(&second, &sealed).unwrap(), b"for second");
}

#[test]
fn keys_have_one_spelling_and_invalid_ones_name_the_error() {
    let identity = Identity::from_seed([7; 32]);
    let recipient = identity.to_recipient();
    assert_eq!(recipient.to_string().parse::<Recipient>().unwrap(), recipient);
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    assert_eq!(secret.parse::<Identity>().unwrap().seed(), identity.seed());
    let classic = age::x25519::Identity::generate().to_public().to_string();
    assert_eq!(classic.parse::<Recipient>(), Err(KeyParseError::WrongKeyType));
    assert_eq!("age1pq1nonsense".parse::<Recipient>(), Err(KeyParseError::InvalidEncoding));
    assert_eq!(Recipient::from_bytes(&[0; 100]), Err(KeyParseError::WrongLength));
    // 0xfff is above the modulus 3329: key generation cannot produce it (FIPS 203, 7.2).
    let mut bytes = *recipient.as_bytes();
    bytes[..3].fill(0xff);
    assert_eq!(Recipient::from_bytes(&bytes), Err(KeyParseError::InvalidKey));
    let mut bytes = *recipient.as_bytes();
    bytes[1184..].fill(0);
    assert_eq!(Recipient::from_bytes(&bytes), Err(KeyParseError::InvalidKey));
}

#[test]
fn secrets_are_not_printed() {
    let identity = Identity::from_seed([7; 32]);
    assert_eq!(format!("{identity:?}"), "Identity(secret)");
}

#[test]
fn every_flipped_bit_of_a_file_is_rejected() {
    let identity = Identity::generate(&mut OsRng);
    let sealed = seal(&identity.to_recipient(), b"short");
    for at in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(open(&identity, &damaged).is_err(), "byte {at} of {}", sealed.len());
    }
    for len in 0..sealed.len() {
        assert!(open(&identity, &sealed[..len]).is_err(), "cut to {len} bytes");
    }
}

#[test]
fn decoys_repeat_with_their_generator_and_look_like_files() {
    let decoys = DecoyGenerator::new(&mut OsRng);
    let decoy = |seed| decoys.generate_decoy(&mut ChaCha20Rng::from_seed([seed; 32]), 32 * 1024);
    let first = decoy(1);
    assert_eq!(first.len(), 32 * 1024);
    assert!(first == decoy(1));
    assert!(first != decoy(2));
    // Opening a decoy fails exactly as opening a file for another recipient.
    let result = open(&Identity::generate(&mut OsRng), &first);
    assert!(matches!(result, Err(OpenError::Age(age::DecryptError::NoMatchingKeys))), "{result:?}");
}

#[test]
fn a_header_without_an_end_is_rejected_quickly() {
    let identity = Identity::from_seed([7; 32]);
    let mut endless = b"age-encryption.org/v1\n".to_vec();
    endless.extend_from_slice(&b"-> a\n\n".repeat(200_000));
    let started = std::time::Instant::now();
    assert!(matches!(open(&identity, &endless), Err(OpenError::HeaderTooLong)));
    // Without the limit this would take hours.
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_input_is_rejected_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        let identity = Identity::from_seed([7; 32]);
        prop_assert!(open(&identity, &bytes).is_err());
    }
}
