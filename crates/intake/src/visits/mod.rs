//! What was typed between two steps, for browsers that run no scripts: sealed, in memory, for a
//! short time.
//!
//! Each step is answered with a redirect to an address of its own. Back and reload are then plain
//! reads, and a browser keeps an address for restoring its tabs, never the body of a form. The key
//! is derived from the token in that address, which this process does not keep: its memory alone
//! opens nothing, and an address opens nothing once the visit has ended. Forms carry their fields
//! themselves as well, so that a report goes its way when a visit is no longer here.

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

/// How long what is being written is kept after it was last used.
const FORM_TTL: Duration = Duration::from_hours(1);
/// How long a receipt is kept that nobody has confirmed: phones close pages that are not looked at.
const RECEIPT_TTL: Duration = Duration::from_hours(3);
/// How long the answer to a posted receipt is kept after it was last used: the receipt opens it
/// again.
const ANSWER_TTL: Duration = Duration::from_mins(15);
/// All forms that are being written, in bytes.
const MAX_FORM_BYTES: usize = 16 * 1024 * 1024;
/// All receipts, in bytes. A flood of forms takes nothing of it, and each receipt costs its sender
/// a report.
const MAX_RECEIPT_BYTES: usize = 8 * 1024 * 1024;
/// All answers to posted receipts, in bytes. A flood of them takes no form and no receipt, and none
/// takes an answer.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// What a visit takes beside its content, in bytes: nonce, tag, and its places in the maps.
const ENTRY_OVERHEAD_BYTES: usize = 256;
const NONCE_BYTES: usize = 24;

/// Names a visit and opens it. Only the reporter's browser keeps it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct VisitToken([u8; 16]);

impl VisitToken {
    /// A new one.
    pub fn random(rng: &mut dyn RngCore) -> Self {
        let mut token = [0; 16];
        rng.fill_bytes(&mut token);
        Self(token)
    }

    /// Reads 32 hexadecimal digits; `None` for anything else.
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

/// Where a visit is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum VisitState {
    /// A report is being written: the names and values of its fields.
    Writing(Vec<(String, String)>),
    /// The report was sent, and its receipt is not confirmed yet.
    Sent {
        /// The receipt's code.
        code: String,
        /// What became of each file: its name, and what is said of it.
        files: Vec<(String, Vec<String>)>,
    },
    /// A receipt or a message was posted, and this is the page that answered it.
    Answered {
        /// Its HTTP status.
        status: u16,
        /// The mailbox whose receipt was posted; `None` if none was.
        of: Option<Hash>,
        /// May scripts of ours run on it?
        scripts: bool,
        /// Its HTML, deflated.
        #[serde(with = "protocol::encoding::base64_bytes")]
        packed: Vec<u8>,
    },
    /// The reporter has confirmed that the receipt is noted.
    Confirmed,
    /// The reporter has left quickly.
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

/// What shares one number of bytes.
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
    /// Counts up with each use of any visit.
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

/// The visits that are under way.
pub struct VisitStore(Mutex<VisitTable>);

impl Default for VisitStore {
    fn default() -> Self {
        Self::new(MAX_FORM_BYTES, MAX_RECEIPT_BYTES, MAX_ANSWER_BYTES)
    }
}

impl VisitStore {
    /// Room for so many bytes of forms, of receipts, and of answers.
    fn new(most: usize, most_of_receipts: usize, most_of_answers: usize) -> Self {
        let (writing, receipts) = (SizeClassLru::new(most), SizeClassLru::new(most_of_receipts));
        let answers = SizeClassLru::new(most_of_answers);
        Self(Mutex::new(VisitTable {
            visits: HashMap::new(),
            forms: writing,
            receipts,
            answers,
            uses: 0,
        }))
    }

    /// Keeps a visit in the place of what was kept under its token. When there is no room, others
    /// are forgotten, as [`SizeClassLru`] says, never this one.
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
        let (lifetime, until) = (visit.ttl(), Instant::now() + visit.ttl());
        self.lock_table().insert(
            token.id(),
            SealedVisit { sealed, lifetime, expires_at: until, last_use: 0, kind },
        );
    }

    /// The visit of a token, if it is still kept. It is then kept for as long again.
    pub fn get(&self, token: &VisitToken) -> Option<VisitState> {
        let sealed = self.lock_table().touch(&token.id())?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let plain =
            token.cipher().decrypt(XNonce::from_slice(nonce), sealed).ok().map(Zeroizing::new)?;
        serde_json::from_slice(&plain).ok()
    }

    /// Forgets the visit of a token.
    pub fn remove(&self, token: &VisitToken) {
        self.lock_table().remove(&token.id());
    }

    /// Forgets visits that have not been used for long.
    pub fn remove_expired(&self) {
        let mut inner = self.lock_table();
        let now = Instant::now();
        let over: Vec<VisitId> = inner
            .visits
            .iter()
            .filter(|(_, kept)| kept.expires_at <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in &over {
            inner.remove(id);
        }
    }

    fn lock_table(&self) -> MutexGuard<'_, VisitTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VisitTable {
    fn insert(&mut self, id: VisitId, mut kept: SealedVisit) {
        self.remove(&id);
        self.uses += 1;
        kept.last_use = self.uses;
        let forgotten = self.size_budget(kept.kind).insert(kept.size(), kept.last_use, id);
        self.visits.insert(id, kept);
        for id in forgotten {
            self.visits.remove(&id);
        }
    }

    /// What is sealed under this id, which lives on for as long again.
    fn touch(&mut self, id: &VisitId) -> Option<Vec<u8>> {
        let now = Instant::now();
        let mut kept = self
            .visits
            .get(id)
            .is_some_and(|kept| kept.expires_at > now)
            .then(|| self.remove(id))??;
        let sealed = kept.sealed.clone();
        kept.expires_at = now + kept.lifetime;
        self.insert(*id, kept);
        Some(sealed)
    }

    fn remove(&mut self, id: &VisitId) -> Option<SealedVisit> {
        let kept = self.visits.remove(id)?;
        self.size_budget(kept.kind).remove(kept.size(), kept.last_use);
        Some(kept)
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
    async fn a_visit_is_kept_while_it_is_used_and_no_longer() {
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
        let inner = visits.lock_table();
        assert_eq!((inner.forms.bytes(), inner.visits.len()), (0, 0));
    }

    #[test]
    fn memory_alone_opens_nothing_and_another_token_neither() {
        let (visits, token) = (VisitStore::default(), VisitToken::random(&mut OsRng));
        visits.put(&token, &form_visit("CANARY-OF-A-STORY"), &mut OsRng);
        assert_eq!(visits.get(&VisitToken::random(&mut OsRng)), None);
        let inner = visits.lock_table();
        for (id, kept) in &inner.visits {
            assert!(!kept.sealed.windows(6).any(|bytes| bytes == b"CANARY"));
            assert!(
                !id.starts_with(&token.0) && !kept.sealed.windows(16).any(|bytes| bytes == token.0)
            );
        }
        drop(inner);
        // What was changed in memory, or put under another id, opens for nobody.
        for kept in visits.lock_table().visits.values_mut() {
            kept.sealed[NONCE_BYTES] ^= 1;
        }
        assert_eq!(visits.get(&token), None);
        for wrong in ["", "0f", "zz", &"0f".repeat(17), "../../../../etc/passwd"] {
            assert!(VisitToken::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn who_fills_the_memory_takes_it_from_those_who_fill_it() {
        let (visits, phone) = (VisitStore::new(1024 * 1024, 0, 0), VisitToken::random(&mut OsRng));
        visits.put(&phone, &form_visit("an honest page of text"), &mut OsRng);
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
        // Of those that are as large, the one that was used the longest ago goes first.
        flood(0, 1_000);
        assert!(visits.get(&phone).is_some());
        flood(0, 1_000);
        assert!(visits.get(&phone).is_some());
        flood(0, 8_000);
        assert!(visits.get(&phone).is_none());
    }

    #[test]
    fn no_flood_of_forms_takes_a_receipt() {
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
    fn no_flood_of_answers_takes_a_form_or_a_receipt_and_no_flood_of_forms_takes_an_answer() {
        let visits = VisitStore::new(64 * 1024, 1024, 64 * 1024);
        let [form, receipt, answer] = [(); 3].map(|()| VisitToken::random(&mut OsRng));
        let answered = |size| VisitState::Answered {
            status: 200,
            of: None,
            scripts: false,
            packed: vec![7; size],
        };
        visits.put(&form, &form_visit("an honest page of text"), &mut OsRng);
        visits.put(
            &receipt,
            &VisitState::Sent { code: "0".repeat(34), files: Vec::new() },
            &mut OsRng,
        );
        // Also those that are as small as the form.
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
    async fn an_answer_is_kept_for_a_quarter_of_an_hour_or_until_it_is_forgotten() {
        let (visits, token) = (VisitStore::default(), VisitToken::random(&mut OsRng));
        let answer =
            VisitState::Answered { status: 200, of: None, scripts: false, packed: vec![7] };
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
