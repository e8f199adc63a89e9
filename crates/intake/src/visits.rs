//! What was typed between two steps, for browsers that run no scripts: sealed, in memory, for a short time.
//!
//! Each step is answered with a redirect to an address of its own. Back and reload are then plain reads,
//! and a browser keeps an address for restoring its tabs, never the body of a form. The key is derived
//! from the token in that address, which this process does not keep: its memory alone opens nothing, and
//! an address opens nothing once the visit has ended. Forms carry their fields themselves as well, so that
//! a report goes its way when a visit is no longer here.

use std::{
    collections::{BTreeSet, HashMap},
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

/// How long what is being written is kept after it was last used.
const KEPT_FOR: Duration = Duration::from_hours(1);
/// How long a receipt is kept that nobody has confirmed: phones close pages that are not looked at.
const RECEIPT_KEPT_FOR: Duration = Duration::from_hours(3);
/// All visits together, in bytes.
const MOST: usize = 32 * 1024 * 1024;
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
    /// The reporter has confirmed that the receipt is noted.
    Noted,
    /// The reporter has left quickly.
    Left,
}

impl Visit {
    fn lifetime(&self) -> Duration {
        match self {
            Self::Writing(_) => KEPT_FOR,
            Self::Sent { .. } | Self::Noted | Self::Left => RECEIPT_KEPT_FOR,
        }
    }
}

type Id = [u8; 32];

struct Kept {
    sealed: Vec<u8>,
    lifetime: Duration,
    until: Instant,
}

#[derive(Default)]
struct Inner {
    kept: HashMap<Id, Kept>,
    by_size: BTreeSet<(usize, Id)>,
    bytes: usize,
}

/// The visits that are under way.
#[derive(Default)]
pub struct Visits(Mutex<Inner>);

impl Visits {
    /// Keeps a visit in the place of what was kept under its token. When there is no room, the largest
    /// visits are forgotten first: who fills the memory takes it from those who fill it.
    pub fn put(&self, token: &Token, visit: &Visit, rng: &mut dyn RngCore) {
        let Ok(plain) = serde_json::to_vec(visit).map(Zeroizing::new) else { return };
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let Ok(sealed) = token.cipher().encrypt(XNonce::from_slice(&nonce), plain.as_slice()) else { return };
        let sealed = [&nonce[..], &sealed].concat();
        let mut inner = self.inner();
        inner.forget(&token.id());
        inner.keep(token.id(), sealed, visit.lifetime());
    }

    /// The visit of a token, if it is still kept. It is then kept for as long again.
    pub fn get(&self, token: &Token) -> Option<Visit> {
        let sealed = {
            let mut inner = self.inner();
            let now = Instant::now();
            let kept = inner.kept.get_mut(&token.id()).filter(|kept| kept.until > now)?;
            kept.until = now + kept.lifetime;
            kept.sealed.clone()
        };
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let plain = token.cipher().decrypt(XNonce::from_slice(nonce), sealed).ok().map(Zeroizing::new)?;
        serde_json::from_slice(&plain).ok()
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
    fn keep(&mut self, id: Id, sealed: Vec<u8>, lifetime: Duration) {
        let size = sealed.len() + BESIDE;
        self.by_size.insert((size, id));
        self.kept.insert(id, Kept { sealed, lifetime, until: Instant::now() + lifetime });
        self.bytes += size;
        while self.bytes > MOST
            && let Some((_, largest)) = self.by_size.last().copied()
        {
            self.forget(&largest);
        }
    }

    fn forget(&mut self, id: &Id) {
        if let Some(kept) = self.kept.remove(id) {
            let size = kept.sealed.len() + BESIDE;
            self.by_size.remove(&(size, *id));
            self.bytes -= size;
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
        assert_eq!((inner.bytes, inner.kept.len(), inner.by_size.len()), (0, 0, 0));
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
        let (visits, phone) = (Visits::default(), Token::draw(&mut OsRng));
        visits.put(&phone, &writing("an honest page of text"), &mut OsRng);
        let large = writing(&"x".repeat(300 * 1024));
        for _ in 0..200 {
            visits.put(&Token::draw(&mut OsRng), &large, &mut OsRng);
        }
        assert!(visits.inner().bytes <= MOST);
        assert!(visits.get(&phone).is_some());
    }
}
