//! Visits: the typed fields between two steps, for browsers without scripts. They are encrypted, in
//! memory, for a short time.
//!
//! The response to each step is a redirect to a separate URL. Back and reload are then GET
//! requests, and a browser that restores its tabs stores a URL, never the body of a form. The key
//! is derived from the token in that URL, which this process does not store: its memory alone
//! decrypts nothing, and a URL decrypts nothing after the visit has ended. Forms contain their
//! fields too, so that a report can be sent when its visit is no longer stored.

mod size_class_lru;

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit},
};
use protocol::Hash;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use size_class_lru::SizeClassLru;

/// Lifetime of a form after its last use.
const FORM_TTL: Duration = Duration::from_hours(1);
/// Lifetime of a receipt that the reporter has not confirmed. Phones close background pages.
const RECEIPT_TTL: Duration = Duration::from_hours(3);
/// Lifetime of the answer to a posted receipt after its last use. The receipt opens it again.
const ANSWER_TTL: Duration = Duration::from_mins(15);
/// Maximum size of all forms, in bytes.
const MAX_FORM_BYTES: usize = 16 * 1024 * 1024;
/// Maximum size of all receipts, in bytes. A flood of forms uses none of it, and each receipt costs
/// its sender a report.
const MAX_RECEIPT_BYTES: usize = 8 * 1024 * 1024;
/// Maximum size of all answers to posted receipts, in bytes. Floods of answers and of forms do not
/// evict each other.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// Memory of a visit beside its content, in bytes: nonce, tag and map entries.
const ENTRY_OVERHEAD_BYTES: usize = 256;
const NONCE_BYTES: usize = 24;

/// Identifies a visit and decrypts it. Only the browser of the reporter stores it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct VisitToken([u8; 16]);

impl VisitToken {
    /// Draws a new token.
    pub fn random(rng: &mut dyn RngCore) -> Self {
        let mut token = [0; 16];
        rng.fill_bytes(&mut token);
        Self(token)
    }

    /// Parses 32 hexadecimal digits; returns `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut token = [0; 16];
        hex::decode_to_slice(text, &mut token).ok()?;
        Some(Self(token))
    }

    fn id(&self) -> VisitId {
        Hash::of(&[b"burkindi/visit/id/v1", &self.0]).0
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let key = Zeroizing::new(Hash::of(&[b"burkindi/visit/key/v1", &self.0]).0);
        XChaCha20Poly1305::new((&*key).into())
    }
}

impl fmt::Display for VisitToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Zeroizing::new(hex::encode(self.0)))
    }
}

/// The state of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum VisitState {
    /// The reporter is writing: the names and values of the fields.
    Writing(Vec<(String, String)>),
    /// The report was sent, and its receipt is not confirmed yet.
    Sent {
        /// The code of the receipt.
        code: String,
        /// Each file: its name, and the lines about its treatment.
        files: Vec<(String, Vec<String>)>,
    },
    /// The page that answered a posted receipt or message.
    Answered {
        /// Its HTTP status.
        status: u16,
        /// The id of the mailbox whose receipt was posted; `None` if there was no valid receipt.
        of: Option<Hash>,
        /// Whether the response asks the browser to retry later.
        retry_later: bool,
        /// Whether the page may run our scripts.
        scripts: bool,
        /// Its HTML, deflated.
        #[serde(with = "protocol::encoding::base64_bytes")]
        packed: Vec<u8>,
    },
    /// The reporter has confirmed that the receipt is written down.
    Confirmed,
    /// The reporter has used the quick exit.
    Left,
}

impl VisitState {
    fn ttl(&self) -> Duration {
        match self {
            Self::Writing(_) => FORM_TTL,
            Self::Answered { .. } => ANSWER_TTL,
            Self::Sent { .. } | Self::Confirmed | Self::Left => RECEIPT_TTL,
        }
    }

    fn kind(&self) -> VisitKind {
        match self {
            Self::Writing(_) | Self::Confirmed | Self::Left => VisitKind::Form,
            Self::Sent { .. } => VisitKind::Receipt,
            Self::Answered { .. } => VisitKind::Answer,
        }
    }
}

/// The kinds of visits. Each has its own memory limit.
#[derive(Debug, Clone, Copy)]
enum VisitKind {
    Form,
    Receipt,
    Answer,
}

type VisitId = [u8; 32];

struct SealedVisit {
    sealed: Vec<u8>,
    lifetime: Duration,
    expires_at: Instant,
    /// The number of the last use. It increases with each use of any visit.
    last_use: u64,
    kind: VisitKind,
}

impl SealedVisit {
    fn size(&self) -> usize {
        self.sealed.len() + ENTRY_OVERHEAD_BYTES
    }
}

struct VisitTable {
    visits: HashMap<VisitId, SealedVisit>,
    forms: SizeClassLru<VisitId>,
    receipts: SizeClassLru<VisitId>,
    answers: SizeClassLru<VisitId>,
    uses: u64,
}

/// The stored visits.
pub struct VisitStore(Mutex<VisitTable>);

impl Default for VisitStore {
    fn default() -> Self {
        Self::new(MAX_FORM_BYTES, MAX_RECEIPT_BYTES, MAX_ANSWER_BYTES)
    }
}

impl VisitStore {
    /// Creates a store with limits on the bytes of forms, receipts and answers.
    fn new(form_bytes: usize, receipt_bytes: usize, answer_bytes: usize) -> Self {
        Self(Mutex::new(VisitTable {
            visits: HashMap::new(),
            forms: SizeClassLru::new(form_bytes),
            receipts: SizeClassLru::new(receipt_bytes),
            answers: SizeClassLru::new(answer_bytes),
            uses: 0,
        }))
    }

    /// Stores a visit under its token, and replaces an earlier state. Above the memory limit,
    /// evicts other visits by the policy of [`SizeClassLru`].
    pub fn put(&self, token: &VisitToken, visit: &VisitState, rng: &mut dyn RngCore) {
        let Ok(plain) = serde_json::to_vec(visit).map(Zeroizing::new) else { return };
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let Ok(sealed) = token.cipher().encrypt(XNonce::from_slice(&nonce), plain.as_slice())
        else {
            return;
        };
        let sealed = [&nonce[..], &sealed].concat();
        let kind = visit.kind();
        let (lifetime, expires_at) = (visit.ttl(), Instant::now() + visit.ttl());
        self.lock_table()
            .insert(token.id(), SealedVisit { sealed, lifetime, expires_at, last_use: 0, kind });
    }

    /// Returns the visit of a token if it is stored, and renews its lifetime.
    pub fn get(&self, token: &VisitToken) -> Option<VisitState> {
        let sealed = self.lock_table().touch(&token.id())?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let plain =
            token.cipher().decrypt(XNonce::from_slice(nonce), sealed).ok().map(Zeroizing::new)?;
        serde_json::from_slice(&plain).ok()
    }

    /// Deletes the visit of a token.
    pub fn remove(&self, token: &VisitToken) {
        self.lock_table().remove(&token.id());
    }

    /// Deletes expired visits.
    pub fn remove_expired(&self) {
        let mut table = self.lock_table();
        let now = Instant::now();
        let expired: Vec<VisitId> = table
            .visits
            .iter()
            .filter(|(_, visit)| visit.expires_at <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in &expired {
            table.remove(id);
        }
    }

    fn lock_table(&self) -> MutexGuard<'_, VisitTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VisitTable {
    fn insert(&mut self, id: VisitId, mut visit: SealedVisit) {
        self.remove(&id);
        self.uses += 1;
        visit.last_use = self.uses;
        let evicted = self.size_budget(visit.kind).insert(visit.size(), visit.last_use, id);
        self.visits.insert(id, visit);
        for id in evicted {
            self.visits.remove(&id);
        }
    }

    /// Returns the sealed state of a visit, and renews its lifetime.
    fn touch(&mut self, id: &VisitId) -> Option<Vec<u8>> {
        let now = Instant::now();
        let mut visit = self
            .visits
            .get(id)
            .is_some_and(|visit| visit.expires_at > now)
            .then(|| self.remove(id))??;
        let sealed = visit.sealed.clone();
        visit.expires_at = now + visit.lifetime;
        self.insert(*id, visit);
        Some(sealed)
    }

    fn remove(&mut self, id: &VisitId) -> Option<SealedVisit> {
        let visit = self.visits.remove(id)?;
        self.size_budget(visit.kind).remove(visit.size(), visit.last_use);
        Some(visit)
    }

    fn size_budget(&mut self, kind: VisitKind) -> &mut SizeClassLru<VisitId> {
        match kind {
            VisitKind::Form => &mut self.forms,
            VisitKind::Receipt => &mut self.receipts,
            VisitKind::Answer => &mut self.answers,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;
    use tokio::time::advance;

    use super::*;

    fn form_visit(story: &str) -> VisitState {
        VisitState::Writing(vec![("a.story".to_owned(), story.to_owned())])
    }

    #[tokio::test(start_paused = true)]
    async fn a_visit_expires_after_its_last_use() {
        let (visits, token) = (VisitStore::default(), VisitToken::random(&mut OsRng));
        visits.put(&token, &form_visit("one"), &mut OsRng);
        for _ in 0..3 {
            advance(Duration::from_mins(59)).await;
            assert_eq!(visits.get(&token), Some(form_visit("one")));
        }
        visits.put(&token, &form_visit("two"), &mut OsRng);
        assert_eq!(
            visits.get(&VisitToken::parse(&token.to_string()).unwrap()),
            Some(form_visit("two"))
        );
        advance(FORM_TTL).await;
        assert_eq!(visits.get(&token), None);
        visits.remove_expired();
        let table = visits.lock_table();
        assert_eq!((table.forms.bytes(), table.visits.len()), (0, 0));
    }

    #[test]
    fn neither_memory_alone_nor_another_token_decrypts_a_visit() {
        let (visits, token) = (VisitStore::default(), VisitToken::random(&mut OsRng));
        visits.put(&token, &form_visit("CANARY-OF-A-STORY"), &mut OsRng);
        assert_eq!(visits.get(&VisitToken::random(&mut OsRng)), None);
        let table = visits.lock_table();
        for (id, visit) in &table.visits {
            assert!(!visit.sealed.windows(6).any(|bytes| bytes == b"CANARY"));
            assert!(
                !id.starts_with(&token.0)
                    && !visit.sealed.windows(16).any(|bytes| bytes == token.0)
            );
        }
        drop(table);
        // A state that was modified in memory cannot be decrypted.
        for visit in visits.lock_table().visits.values_mut() {
            visit.sealed[NONCE_BYTES] ^= 1;
        }
        assert_eq!(visits.get(&token), None);
        for invalid in ["", "0f", "zz", &"0f".repeat(17), "../../../../etc/passwd"] {
            assert!(VisitToken::parse(invalid).is_none(), "{invalid}");
        }
    }

    #[test]
    fn a_flood_evicts_its_own_visits_first() {
        let (visits, phone) = (VisitStore::new(1024 * 1024, 0, 0), VisitToken::random(&mut OsRng));
        visits.put(&phone, &form_visit("a page of text"), &mut OsRng);
        let flood = |length, count| {
            let junk = form_visit(&"x".repeat(length));
            for _ in 0..count {
                visits.put(&VisitToken::random(&mut OsRng), &junk, &mut OsRng);
            }
            assert!(visits.lock_table().forms.bytes() <= 1024 * 1024);
        };
        for (length, count) in [(100_000, 20), (0, 1_000), (5_000, 400)] {
            flood(length, count);
            assert!(visits.get(&phone).is_some(), "{count} of {length}");
        }
        // Among visits of the same size class, the least recently used one is evicted first.
        flood(0, 1_000);
        assert!(visits.get(&phone).is_some());
        flood(0, 1_000);
        assert!(visits.get(&phone).is_some());
        flood(0, 8_000);
        assert!(visits.get(&phone).is_none());
    }

    #[test]
    fn a_flood_of_forms_evicts_no_receipt() {
        let (visits, phone) = (VisitStore::new(64 * 1024, 1024, 0), VisitToken::random(&mut OsRng));
        let flood = || {
            for _ in 0..1_000 {
                visits.put(&VisitToken::random(&mut OsRng), &form_visit(""), &mut OsRng);
                visits.put(&VisitToken::random(&mut OsRng), &VisitState::Left, &mut OsRng);
            }
        };
        flood();
        visits.put(
            &phone,
            &VisitState::Sent { code: "0".repeat(34), files: Vec::new() },
            &mut OsRng,
        );
        flood();
        assert!(visits.get(&phone).is_some());
        assert!(visits.lock_table().forms.bytes() <= 64 * 1024);
    }

    #[test]
    fn floods_of_answers_and_of_forms_do_not_evict_other_kinds() {
        let visits = VisitStore::new(64 * 1024, 1024, 64 * 1024);
        let [form, receipt, answer] = [(); 3].map(|()| VisitToken::random(&mut OsRng));
        let answered = |size| VisitState::Answered {
            status: 200,
            of: None,
            retry_later: false,
            scripts: false,
            packed: vec![7; size],
        };
        visits.put(&form, &form_visit("a page of text"), &mut OsRng);
        visits.put(
            &receipt,
            &VisitState::Sent { code: "0".repeat(34), files: Vec::new() },
            &mut OsRng,
        );
        // Also answers that are as small as the form.
        for size in [0, 2_000] {
            for _ in 0..1_000 {
                visits.put(&VisitToken::random(&mut OsRng), &answered(size), &mut OsRng);
            }
        }
        assert!(visits.get(&form).is_some());
        assert!(visits.get(&receipt).is_some());
        visits.put(&answer, &answered(2_000), &mut OsRng);
        for _ in 0..1_000 {
            visits.put(
                &VisitToken::random(&mut OsRng),
                &form_visit(&"x".repeat(2_000)),
                &mut OsRng,
            );
        }
        assert!(visits.get(&answer).is_some());
        assert!(visits.lock_table().answers.bytes() <= 64 * 1024);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_expires_after_a_quarter_of_an_hour_or_is_removed_before() {
        let (visits, token) = (VisitStore::default(), VisitToken::random(&mut OsRng));
        let answer = VisitState::Answered {
            status: 200,
            of: None,
            retry_later: false,
            scripts: false,
            packed: vec![7],
        };
        visits.put(&token, &answer, &mut OsRng);
        advance(Duration::from_mins(14)).await;
        assert_eq!(visits.get(&token), Some(answer.clone()));
        advance(Duration::from_mins(16)).await;
        assert_eq!(visits.get(&token), None);
        visits.put(&token, &answer, &mut OsRng);
        visits.remove(&token);
        assert_eq!(visits.get(&token), None);
        assert_eq!(visits.lock_table().answers.bytes(), 0);
    }
}
