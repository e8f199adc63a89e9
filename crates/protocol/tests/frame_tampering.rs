//! A frame or a grant that was changed, truncated, swapped or moved is refused, each with its own
//! error.

use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use protocol::{
    Hash, Priority,
    keys::{CaseSecret, InvestigatorIdentity, PublicKey},
    submission::{
        frame::{
            Attachment, Frame, FrameContext, FrameDirection, FrameError, FrameHeader, FrameKind,
            Routing,
        },
        key_grant::{Grant, GrantError, SealedGrant},
        treatment::{
            AttachmentTreatment, CleaningExtent, CleaningReport, MetadataCategory, SignatureState,
        },
    },
};
use uuid::Uuid;

const CASE: Uuid = Uuid::from_u128(5);

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn routing() -> Routing {
    Routing {
        desk: String::new(),
        priority: Priority::P4,
        release_to_oversight: false,
        directory: Hash::of(&[b"directory"]),
    }
}

fn header() -> FrameHeader {
    FrameHeader {
        v: 2,
        case: CASE,
        generation: 2,
        direction: FrameDirection::In,
        seq: 4,
        prev: Some(Hash::of(&[b"before"])),
        ack: None,
        recipient: Hash::of(&[b"C"]),
        kind: FrameKind::Message,
        lang: "fr".into(),
        week: "2026-W48".into(),
        salt: Hash::of(&[b"salt"]),
        routing: Some(routing()),
        program: None,
        attachments: vec![attachment(Some(cleaned_treatment()))],
        reporter_key: None,
        related: None,
    }
}

fn attachment(treatment: Option<AttachmentTreatment>) -> Attachment {
    let (name, media_type) = ("a.pdf".into(), "application/pdf".into());
    Attachment { name, media_type, len: 3, sha256: Hash::of(&[b"abc"]), treatment }
}

fn cleaned_treatment() -> AttachmentTreatment {
    AttachmentTreatment::Cleaned(CleaningReport {
        removed: [MetadataCategory::Author].into(),
        left: [MetadataCategory::History].into(),
        reading: CleaningExtent::Whole,
        signature: SignatureState::Broken,
    })
}

fn frame_context(signer: &PublicKey) -> FrameContext<'_> {
    FrameContext {
        case: CASE,
        generation: 2,
        direction: FrameDirection::In,
        recipient: Hash::of(&[b"C"]),
        signer,
    }
}

#[test]
fn a_frame_in_another_context_is_refused_with_its_own_error() {
    let signer = PublicKey::from(&key());
    let frame = Frame::sign(&header(), b"text", &key());
    assert_eq!(&Frame::verify(&frame, &frame_context(&signer)).unwrap().body[..], b"text");
    let other = |change: fn(&mut FrameContext<'_>)| {
        let mut expected = frame_context(&signer);
        change(&mut expected);
        Frame::verify(&frame, &expected).err().unwrap()
    };
    assert!(matches!(other(|e| e.case = Uuid::from_u128(6)), FrameError::WrongCase));
    assert!(matches!(other(|e| e.generation = 1), FrameError::WrongGeneration(2)));
    assert!(matches!(other(|e| e.direction = FrameDirection::Out), FrameError::WrongDirection));
    assert!(matches!(other(|e| e.recipient = Hash::default()), FrameError::WrongRecipient));
    let other_key = PublicKey::from(&SigningKey::from_bytes(&[4; 32]));
    assert!(matches!(Frame::verify(&frame, &frame_context(&other_key)), Err(FrameError::Forged)));
    let newer = Frame::sign(&FrameHeader { v: 3, ..header() }, b"text", &key());
    assert!(matches!(
        Frame::verify(&newer, &frame_context(&signer)),
        Err(FrameError::UnsupportedVersion(3))
    ));
}

#[test]
fn every_flipped_bit_and_every_truncation_of_a_frame_is_refused() {
    let signer = PublicKey::from(&key());
    let frame = Frame::sign(&header(), b"text", &key());
    for at in 0..frame.len() {
        for bit in 0..8 {
            let mut changed = frame.to_vec();
            changed[at] ^= 1 << bit;
            assert!(
                Frame::verify(&changed, &frame_context(&signer)).is_err(),
                "bit {bit} of byte {at}"
            );
        }
        assert!(Frame::verify(&frame[..at], &frame_context(&signer)).is_err(), "cut to {at} bytes");
    }
}

#[test]
fn a_body_or_signature_of_another_frame_is_refused() {
    let signer = PublicKey::from(&key());
    let (one, two) =
        (Frame::sign(&header(), b"one!", &key()), Frame::sign(&header(), b"two!", &key()));
    let spliced = [&one[..one.len() - 64], &two[two.len() - 64..]].concat();
    assert!(matches!(Frame::verify(&spliced, &frame_context(&signer)), Err(FrameError::Forged)));
}

#[test]
fn the_manifest_cannot_be_changed_without_the_reporters_key() {
    let signer = PublicKey::from(&key());
    let frame = Frame::sign(&header(), b"text", &key());
    let read = Frame::verify(&frame, &frame_context(&signer)).unwrap();
    assert_eq!(read.header.attachments[0].treatment, Some(cleaned_treatment()));
    let with_treatment =
        |treatment| FrameHeader { attachments: vec![attachment(treatment)], ..header() };
    for other in [
        None,
        Some(AttachmentTreatment::Kept),
        Some(AttachmentTreatment::Redrawn),
        Some(AttachmentTreatment::CutOff),
        Some(AttachmentTreatment::VoiceAltered),
    ] {
        let forged =
            Frame::sign(&with_treatment(other), b"text", &SigningKey::from_bytes(&[4; 32]));
        assert!(matches!(Frame::verify(&forged, &frame_context(&signer)), Err(FrameError::Forged)));
        // The same with the signature of the genuine frame.
        let spliced = [&forged[..forged.len() - 64], &frame[frame.len() - 64..]].concat();
        assert!(matches!(
            Frame::verify(&spliced, &frame_context(&signer)),
            Err(FrameError::Forged)
        ));
    }
}

#[test]
fn an_invalid_treatment_is_refused_with_the_name_of_the_field() {
    let signer = PublicKey::from(&key());
    let json = serde_json::to_string(&header()).unwrap();
    let with = |from: &str, to: &str| {
        let json = json.replacen(from, to, 1);
        let len = u32::try_from(json.len()).unwrap().to_be_bytes();
        let mut bytes = [b"BKF2", &len[..], json.as_bytes(), b"text"].concat();
        let signature = key().sign(&[b"burkindi/frame/v2\0", &bytes[..]].concat()).to_bytes();
        bytes.extend_from_slice(&signature);
        Frame::verify(&bytes, &frame_context(&signer))
            .map(|frame| frame.header)
            .map_err(|error| error.to_string())
    };
    assert_eq!(with("author", "author").unwrap(), header());
    let unknown =
        [("cleaned", "polished"), ("author", "shoe-size"), ("whole", "half"), ("broken", "torn")];
    for (from, to) in unknown {
        let error = with(from, to).unwrap_err();
        assert!(error.contains("attachments[0].treatment"), "{error}");
        assert!(error.contains(&format!(": unknown variant `{to}`")), "{error}");
    }
}

fn grant(identity: &InvestigatorIdentity) -> SealedGrant {
    let grant = Grant {
        case: CASE,
        generation: 0,
        secret: CaseSecret::from_bytes([1; 32]),
        reporter_key: PublicKey::from(&key()),
        mailbox_recipient: Hash::of(&[b"M"]),
    };
    grant.seal(&identity.recipient())
}

#[test]
fn a_malformed_grant_is_refused_with_its_own_error() {
    let identity = InvestigatorIdentity::from_seed(&[2; 32]);
    let with = |plain: &[u8]| SealedGrant {
        tag: Hash::default(),
        sealed: identity.recipient().seal(plain),
    };
    let sound = identity.open(&grant(&identity).sealed).unwrap();
    let mut tail = sound.to_vec();
    tail[127] = 1;
    let mut magic = sound.to_vec();
    magic[3] = b'2';
    for plain in [&sound[..127], &[&sound[..], &[0]].concat(), &tail, &magic, &[0; 128]] {
        assert!(matches!(
            Grant::open(&with(plain), &identity, CASE, 0),
            Err(GrantError::Malformed)
        ));
    }
}

proptest! {
    #[test]
    fn a_changed_grant_does_not_open(at: prop::sample::Index, bit in 0u8..8) {
        let identity = InvestigatorIdentity::from_seed(&[2; 32]);
        let mut changed = grant(&identity);
        let at = at.index(changed.sealed.len());
        changed.sealed[at] ^= 1 << bit;
        prop_assert!(matches!(Grant::open(&changed, &identity, CASE, 0), Err(GrantError::Unopenable(_))));
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes: Vec<u8>) {
        let signer = PublicKey::from(&key());
        prop_assert!(Frame::verify(&bytes, &frame_context(&signer)).is_err());
    }
}
