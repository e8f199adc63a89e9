//! What was typed between two steps, for browsers that run no scripts: sealed, in memory, for a short time.
//!
//! Each step is answered with a redirect to an address of its own. Back and reload are then plain reads,
//! and a browser keeps an address for restoring its tabs, never the body of a form. The key is derived
//! from the token in that address, which this process does not keep: its memory alone opens nothing, and
//! an address opens nothing once the visit has ended. Forms carry their fields themselves as well, so that
//! a report goes its way when a visit is no longer here.

mod room;

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit},
};
use envelope::Hash;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use room::Room;

/// How long what is being written is kept after it was last used.
const KEPT_FOR: Duration = Duration::from_hours(1);
/// How long a receipt is kept that nobody has confirmed: phones close pages that are not looked at.
const RECEIPT_KEPT_FOR: Duration = Duration::from_hours(3);
/// How long the answer to a posted receipt is kept after it was last used: the receipt opens it again.
const ANSWER_KEPT_FOR: Duration = Duration::from_mins(15);
/// All forms that are being written, in bytes.
const MOST: usize = 16 * 1024 * 1024;
/// All receipts, in bytes. A flood of forms takes nothing of it, and each receipt costs its sender a report.
const MOST_OF_RECEIPTS: usize = 8 * 1024 * 1024;
/// All answers to posted receipts, in bytes. A flood of them takes no form and no receipt, and none takes an answer.
const MOST_OF_ANSWERS: usize = 8 * 1024 * 1024;
/// What a visit takes beside its content, in bytes: nonce, tag, and its places in the maps.
const BESIDE: usize = 256;
const NONCE: usize = 24;

/// Names a visit and opens it. Only the reporter's browser keeps it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token([u8; 16]);

impl Token {
    /// A new one.
    pub fn draw(rng: &mut dyn RngCore) -> Self {
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

    fn id(&self) -> Id {
        Hash::of(&[b"burkindi/visit/id/v1", &self.0]).0
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let key = Zeroizing::new(Hash::of(&[b"burkindi/visit/key/v1", &self.0]).0);
        XChaCha20Poly1305::new((&*key).into())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Zeroizing::new(hex::encode(self.0)))
    }
}

/// Where a visit is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visit {
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
        #[serde(with = "envelope::hash::base64_bytes")]
        packed: Vec<u8>,
    },
    /// The reporter has confirmed that the receipt is noted.
    Noted,
    /// The reporter has left quickly.
    Left,
}

impl Visit {
    fn lifetime(&self) -> Duration {
        match self {
            Self::Writing(_) => KEPT_FOR,
            Self::Answered { .. } => ANSWER_KEPT_FOR,
            Self::Sent { .. } | Self::Noted | Self::Left => RECEIPT_KEPT_FOR,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Writing(_) | Self::Noted | Self::Left => Kind::Form,
            Self::Sent { .. } => Kind::Receipt,
            Self::Answered { .. } => Kind::Answer,
        }
    }
}

/// What shares one number of bytes.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Form,
    Receipt,
    Answer,
}

type Id = [u8; 32];

struct Kept {
    sealed: Vec<u8>,
    lifetime: Duration,
    until: Instant,
    /// Counts up with each use of any visit.
    used: u64,
    kind: Kind,
}

impl Kept {
    fn size(&self) -> usize {
        self.sealed.len() + BESIDE
    }
}

struct Inner {
    kept: HashMap<Id, Kept>,
    writing: Room<Id>,
    receipts: Room<Id>,
    answers: Room<Id>,
    uses: u64,
}

/// The visits that are under way.
pub struct Visits(Mutex<Inner>);

impl Default for Visits {
    fn default() -> Self {
        Self::new(MOST, MOST_OF_RECEIPTS, MOST_OF_ANSWERS)
    }
}

impl Visits {
    /// Room for so many bytes of forms, of receipts, and of answers.
    fn new(most: usize, most_of_receipts: usize, most_of_answers: usize) -> Self {
        let (writing, receipts) = (Room::new(most), Room::new(most_of_receipts));
        let answers = Room::new(most_of_answers);
        Self(Mutex::new(Inner { kept: HashMap::new(), writing, receipts, answers, uses: 0 }))
    }

    /// Keeps a visit in the place of what was kept under its token. When there is no room, others are forgotten, as
    /// [`Room`] says, never this one.
    pub fn put(&self, token: &Token, visit: &Visit, rng: &mut dyn RngCore) {
        let Ok(plain) = serde_json::to_vec(visit).map(Zeroizing::new) else { return };
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let Ok(sealed) = token.cipher().encrypt(XNonce::from_slice(&nonce), plain.as_slice()) else { return };
        let sealed = [&nonce[..], &sealed].concat();
        let kind = visit.kind();
        let (lifetime, until) = (visit.lifetime(), Instant::now() + visit.lifetime());
        self.inner().keep(token.id(), Kept { sealed, lifetime, until, used: 0, kind });
    }

    /// The visit of a token, if it is still kept. It is then kept for as long again.
    pub fn get(&self, token: &Token) -> Option<Visit> {
        let sealed = self.inner().used(&token.id())?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let plain = token.cipher().decrypt(XNonce::from_slice(nonce), sealed).ok().map(Zeroizing::new)?;
        serde_json::from_slice(&plain).ok()
    }

    /// Forgets the visit of a token.
    pub fn forget(&self, token: &Token) {
        self.inner().forget(&token.id());
    }

    /// Forgets visits that have not been used for long.
    pub fn sweep(&self) {
        let mut inner = self.inner();
        let now = Instant::now();
        let over: Vec<Id> =
            inner.kept.iter().filter(|(_, kept)| kept.until <= now).map(|(id, _)| *id).collect();
        for id in &over {
            inner.forget(id);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn keep(&mut self, id: Id, mut kept: Kept) {
        self.forget(&id);
        self.uses += 1;
        kept.used = self.uses;
        let forgotten = self.room(kept.kind).add(kept.size(), kept.used, id);
        self.kept.insert(id, kept);
        for id in forgotten {
            self.kept.remove(&id);
        }
    }

    /// What is sealed under this id, which lives on for as long again.
    fn used(&mut self, id: &Id) -> Option<Vec<u8>> {
        let now = Instant::now();
        let mut kept = self.kept.get(id).is_some_and(|kept| kept.until > now).then(|| self.forget(id))??;
        let sealed = kept.sealed.clone();
        kept.until = now + kept.lifetime;
        self.keep(*id, kept);
        Some(sealed)
    }

    fn forget(&mut self, id: &Id) -> Option<Kept> {
        let kept = self.kept.remove(id)?;
        self.room(kept.kind).remove(kept.size(), kept.used);
        Some(kept)
    }

    fn room(&mut self, kind: Kind) -> &mut Room<Id> {
        match kind {
            Kind::Form => &mut self.writing,
            Kind::Receipt => &mut self.receipts,
            Kind::Answer => &mut self.answers,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;
    use tokio::time::advance;

    use super::*;

    fn writing(story: &str) -> Visit {
        Visit::Writing(vec![("a.story".to_owned(), story.to_owned())])
    }

    #[tokio::test(start_paused = true)]
    async fn a_visit_is_kept_while_it_is_used_and_no_longer() {
        let (visits, token) = (Visits::default(), Token::draw(&mut OsRng));
        visits.put(&token, &writing("one"), &mut OsRng);
        for _ in 0..3 {
            advance(Duration::from_mins(59)).await;
            assert_eq!(visits.get(&token), Some(writing("one")));
        }
        visits.put(&token, &writing("two"), &mut OsRng);
        assert_eq!(visits.get(&Token::parse(&token.to_string()).unwrap()), Some(writing("two")));
        advance(KEPT_FOR).await;
        assert_eq!(visits.get(&token), None);
        visits.sweep();
        let inner = visits.inner();
        assert_eq!((inner.writing.bytes(), inner.kept.len()), (0, 0));
    }

    #[test]
    fn memory_alone_opens_nothing_and_another_token_neither() {
        let (visits, token) = (Visits::default(), Token::draw(&mut OsRng));
        visits.put(&token, &writing("CANARY-OF-A-STORY"), &mut OsRng);
        assert_eq!(visits.get(&Token::draw(&mut OsRng)), None);
        let inner = visits.inner();
        for (id, kept) in &inner.kept {
            assert!(!kept.sealed.windows(6).any(|bytes| bytes == b"CANARY"));
            assert!(!id.starts_with(&token.0) && !kept.sealed.windows(16).any(|bytes| bytes == token.0));
        }
        drop(inner);
        // What was changed in memory, or put under another id, opens for nobody.
        for kept in visits.inner().kept.values_mut() {
            kept.sealed[NONCE] ^= 1;
        }
        assert_eq!(visits.get(&token), None);
        for wrong in ["", "0f", "zz", &"0f".repeat(17), "../../../../etc/passwd"] {
            assert!(Token::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn who_fills_the_memory_takes_it_from_those_who_fill_it() {
        let (visits, phone) = (Visits::new(1024 * 1024, 0, 0), Token::draw(&mut OsRng));
        visits.put(&phone, &writing("an honest page of text"), &mut OsRng);
        let flood = |length, count| {
            let junk = writing(&"x".repeat(length));
            for _ in 0..count {
                visits.put(&Token::draw(&mut OsRng), &junk, &mut OsRng);
            }
            assert!(visits.inner().writing.bytes() <= 1024 * 1024);
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
        let (visits, phone) = (Visits::new(64 * 1024, 1024, 0), Token::draw(&mut OsRng));
        let flood = || {
            for _ in 0..1_000 {
                visits.put(&Token::draw(&mut OsRng), &writing(""), &mut OsRng);
                visits.put(&Token::draw(&mut OsRng), &Visit::Left, &mut OsRng);
            }
        };
        flood();
        visits.put(&phone, &Visit::Sent { code: "0".repeat(34), files: Vec::new() }, &mut OsRng);
        flood();
        assert!(visits.get(&phone).is_some());
        assert!(visits.inner().writing.bytes() <= 64 * 1024);
    }

    #[test]
    fn no_flood_of_answers_takes_a_form_or_a_receipt_and_no_flood_of_forms_takes_an_answer() {
        let visits = Visits::new(64 * 1024, 1024, 64 * 1024);
        let [form, receipt, answer] = [(); 3].map(|()| Token::draw(&mut OsRng));
        let answered =
            |size| Visit::Answered { status: 200, of: None, scripts: false, packed: vec![7; size] };
        visits.put(&form, &writing("an honest page of text"), &mut OsRng);
        visits.put(&receipt, &Visit::Sent { code: "0".repeat(34), files: Vec::new() }, &mut OsRng);
        // Also those that are as small as the form.
        for size in [0, 2_000] {
            for _ in 0..1_000 {
                visits.put(&Token::draw(&mut OsRng), &answered(size), &mut OsRng);
            }
        }
        assert!(visits.get(&form).is_some());
        assert!(visits.get(&receipt).is_some());
        visits.put(&answer, &answered(2_000), &mut OsRng);
        for _ in 0..1_000 {
            visits.put(&Token::draw(&mut OsRng), &writing(&"x".repeat(2_000)), &mut OsRng);
        }
        assert!(visits.get(&answer).is_some());
        assert!(visits.inner().answers.bytes() <= 64 * 1024);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_a_quarter_of_an_hour_or_until_it_is_forgotten() {
        let (visits, token) = (Visits::default(), Token::draw(&mut OsRng));
        let answer = Visit::Answered { status: 200, of: None, scripts: false, packed: vec![7] };
        visits.put(&token, &answer, &mut OsRng);
        advance(Duration::from_mins(14)).await;
        assert_eq!(visits.get(&token), Some(answer.clone()));
        advance(Duration::from_mins(16)).await;
        assert_eq!(visits.get(&token), None);
        visits.put(&token, &answer, &mut OsRng);
        visits.forget(&token);
        assert_eq!(visits.get(&token), None);
        assert_eq!(visits.inner().answers.bytes(), 0);
    }
}
