//! X-Wing: ML-KEM-768 and X25519 in one key encapsulation (draft-connolly-cfrg-xwing-kem).
//!
//! An attacker must break both. The shared secret is `SHA3-256(ss_M ‖ ss_X ‖ ct_X ‖ pk_X ‖ label)`.

use ml_kem::{
    B32, EncapsulateDeterministic, Encoded, EncodedSizeUser, KemCore, MlKem768,
    kem::{Decapsulate, DecapsulationKey, EncapsulationKey},
};
use rand::{CryptoRng, RngCore};
use sha3::{
    Digest, Sha3_256, Shake256,
    digest::{ExtendableOutput, Update, XofReader},
};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const XWING_LABEL: &[u8] = br"\.//^\";
const MLKEM_KEY_LEN: usize = 1184;
const MLKEM_CIPHERTEXT_LEN: usize = 1088;
const X25519_LEN: usize = 32;

/// Length of a public key in bytes: 1,184 of ML-KEM-768 and 32 of X25519.
pub const PUBLIC_KEY_LEN: usize = MLKEM_KEY_LEN + X25519_LEN;
/// Length of a secret seed in bytes.
pub const SEED_LEN: usize = 32;
/// Length of an encapsulated key in bytes: 1,088 of ML-KEM-768 and 32 of X25519.
pub const ENCAPSULATED_LEN: usize = MLKEM_CIPHERTEXT_LEN + X25519_LEN;
/// Number of random bytes that one encapsulation uses.
pub(crate) const ENCAPSULATION_RANDOMNESS_LEN: usize = 64;

type MlKemDecapsulation = DecapsulationKey<ml_kem::MlKem768Params>;
type MlKemEncapsulation = EncapsulationKey<ml_kem::MlKem768Params>;
pub(crate) type SharedSecret = Zeroizing<[u8; 32]>;

/// The expanded secret key. Both halves zeroize themselves on drop.
pub(crate) struct SecretKey {
    mlkem: MlKemDecapsulation,
    x25519: StaticSecret,
    public: [u8; PUBLIC_KEY_LEN],
}

impl SecretKey {
    pub(crate) fn expand(seed: &[u8; SEED_LEN]) -> Self {
        let mut expanded = Zeroizing::new([0; 96]);
        Shake256::default().chain(seed).finalize_xof().read(&mut *expanded);
        let mut d = B32::default();
        let mut z = B32::default();
        d.copy_from_slice(&expanded[..32]);
        z.copy_from_slice(&expanded[32..64]);
        let (mlkem, mlkem_public) = MlKem768::generate_deterministic(&d, &z);
        zeroize::Zeroize::zeroize(&mut d[..]);
        zeroize::Zeroize::zeroize(&mut z[..]);
        let mut scalar = Zeroizing::new([0; 32]);
        scalar.copy_from_slice(&expanded[64..]);
        let x25519 = StaticSecret::from(*scalar);
        let mut public = [0; PUBLIC_KEY_LEN];
        public[..MLKEM_KEY_LEN].copy_from_slice(&mlkem_public.as_bytes());
        public[MLKEM_KEY_LEN..].copy_from_slice(PublicKey::from(&x25519).as_bytes());
        Self { mlkem, x25519, public }
    }

    pub(crate) fn public(&self) -> &[u8; PUBLIC_KEY_LEN] {
        &self.public
    }

    /// Returns the shared secret. Returns `None` if the X25519 share is of low order, as the age
    /// specification demands.
    pub(crate) fn decapsulate(
        &self,
        encapsulated: &[u8; ENCAPSULATED_LEN],
    ) -> Option<SharedSecret> {
        let (mlkem, x25519) = encapsulated.split_at(MLKEM_CIPHERTEXT_LEN);
        let mlkem = ml_kem::Ciphertext::<MlKem768>::try_from(mlkem).ok()?;
        let share = PublicKey::from(<[u8; X25519_LEN]>::try_from(x25519).ok()?);
        // Infallible: ML-KEM rejects implicitly, with a pseudo-random secret.
        let ss_m = Zeroizing::new(<[u8; 32]>::from(self.mlkem.decapsulate(&mlkem).ok()?));
        let ss_x = self.x25519.diffie_hellman(&share);
        if !ss_x.was_contributory() {
            return None;
        }
        Some(combine(&*ss_m, ss_x.as_bytes(), share.as_bytes(), &self.public[MLKEM_KEY_LEN..]))
    }
}

/// Returns whether the bytes are the canonical encoding of a usable public key.
///
/// FIPS 203, section 7.2, demands that every coefficient is below the modulus. The check decodes
/// and encodes the key and compares the bytes. An X25519 point of low order is rejected too,
/// because it would make that half of the hybrid worthless.
pub(crate) fn is_public_key(bytes: &[u8; PUBLIC_KEY_LEN]) -> bool {
    let Some(mlkem) = mlkem_public(bytes) else {
        return false;
    };
    let share = PublicKey::from(x25519_public(bytes));
    let contributory = StaticSecret::from([0x40; 32]).diffie_hellman(&share).was_contributory();
    mlkem.as_bytes()[..] == bytes[..MLKEM_KEY_LEN] && contributory
}

/// Encapsulates to a public key that [`is_public_key`] accepted, with the given randomness. Returns
/// the encapsulated key and the shared secret.
pub(crate) fn encapsulate(
    public: &[u8; PUBLIC_KEY_LEN],
    randomness: &Zeroizing<[u8; ENCAPSULATION_RANDOMNESS_LEN]>,
) -> ([u8; ENCAPSULATED_LEN], SharedSecret) {
    let mut m = B32::default();
    m.copy_from_slice(&randomness[..32]);
    let mlkem = mlkem_public(public).expect("the slice has the length of the key");
    let (ct_m, ss_m) = mlkem.encapsulate_deterministic(&m).expect("encapsulation cannot fail");
    zeroize::Zeroize::zeroize(&mut m[..]);
    let ss_m = Zeroizing::new(<[u8; 32]>::from(ss_m));
    let mut scalar = Zeroizing::new([0; 32]);
    scalar.copy_from_slice(&randomness[32..]);
    let ephemeral = StaticSecret::from(*scalar);
    let ct_x = PublicKey::from(&ephemeral);
    let pk_x = x25519_public(public);
    let ss_x = ephemeral.diffie_hellman(&PublicKey::from(pk_x));
    (concat_ciphertexts(&ct_m, &ct_x), combine(&*ss_m, ss_x.as_bytes(), ct_x.as_bytes(), &pk_x))
}

/// A public key whose secret key was discarded, so that no one can decapsulate.
pub(crate) struct DiscardedKey(MlKemEncapsulation);

impl DiscardedKey {
    pub(crate) fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut seed = Zeroizing::new([0; SEED_LEN]);
        rng.fill_bytes(&mut *seed);
        let secret = SecretKey::expand(&seed);
        Self(mlkem_public(secret.public()).expect("the slice has the length of the key"))
    }

    /// Returns an encapsulated key as [`encapsulate`] makes it. The shared secret is not computed,
    /// because it is not used.
    pub(crate) fn fake_encapsulation(
        &self,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> [u8; ENCAPSULATED_LEN] {
        let mut m = B32::default();
        rng.fill_bytes(&mut m);
        let (ct_m, _) = self.0.encapsulate_deterministic(&m).expect("encapsulation cannot fail");
        let ct_x = PublicKey::from(&StaticSecret::random_from_rng(rng));
        concat_ciphertexts(&ct_m, &ct_x)
    }
}

fn concat_ciphertexts(ct_m: &[u8], ct_x: &PublicKey) -> [u8; ENCAPSULATED_LEN] {
    let mut encapsulated = [0; ENCAPSULATED_LEN];
    encapsulated[..MLKEM_CIPHERTEXT_LEN].copy_from_slice(ct_m);
    encapsulated[MLKEM_CIPHERTEXT_LEN..].copy_from_slice(ct_x.as_bytes());
    encapsulated
}

fn mlkem_public(bytes: &[u8; PUBLIC_KEY_LEN]) -> Option<MlKemEncapsulation> {
    let encoded = Encoded::<MlKemEncapsulation>::try_from(&bytes[..MLKEM_KEY_LEN]).ok()?;
    Some(MlKemEncapsulation::from_bytes(&encoded))
}

fn x25519_public(bytes: &[u8; PUBLIC_KEY_LEN]) -> [u8; X25519_LEN] {
    *bytes.last_chunk().expect("the key holds 32 bytes")
}

fn combine(ss_m: &[u8], ss_x: &[u8], ct_x: &[u8], pk_x: &[u8]) -> SharedSecret {
    let mut hasher = Sha3_256::new();
    for part in [ss_m, ss_x, ct_x, pk_x, XWING_LABEL] {
        Digest::update(&mut hasher, part);
    }
    Zeroizing::new(hasher.finalize().into())
}
