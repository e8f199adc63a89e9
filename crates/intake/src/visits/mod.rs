//! Visits: the typed fields between two steps, for browsers without scripts. They are encrypted, in
//! memory, for a short time.
//!
//! The response to each step is a redirect to a separate URL. Back and reload are then GET
//! requests, and a browser that restores its tabs stores a URL, never the body of a form. The key
//! is derived from the token in that URL, which this process does not store: its memory alone
//! decrypts nothing, and a URL decrypts nothing after the visit has ended. Forms contain their
//! fields too, so that a report can be sent when its visit is no longer stored.

mod receipt_files;
mod size_class_lru;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt, io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit},
};
use protocol::Hash;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use time::Date;
use tokio::time::{Duration, Instant};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use receipt_files::ReceiptFolder;
use receipt_files::StoredReceipt;
use size_class_lru::SizeClassLru;

/// Lifetime of a form after its last use.
pub(crate) const FORM_TTL: Duration = Duration::from_hours(1);
/// Lifetime of a receipt that the reporter has not confirmed. Phones close background pages.
pub(crate) const RECEIPT_TTL: Duration = Duration::from_hours(3);
/// Lifetime of the answer to a posted receipt after its last use. The receipt opens it again.
pub(crate) const ANSWER_TTL: Duration = Duration::from_mins(15);
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
        /// The last day for the first answer, when the report was sent.
        #[serde(default)]
        answer_date: Option<Date>,
        /// The own copy, if the reporter wanted one. It is sealed to the receipt.
        #[serde(default, with = "protocol::encoding::base64_bytes")]
        own_copy: Vec<u8>,
    },
    /// The page that answered a posted receipt or message.
    Answered {
        /// Its HTTP status.
        status: u16,
        /// The id of the mailbox whose receipt was posted; `None` if there was no valid receipt.
        of: Option<Hash>,
        /// The number of the request that it answers. A later request has a greater one.
        request: u64,
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
    /// Where receipts are copied, so that they outlive this process.
    copies: Option<ReceiptFolder>,
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
            copies: None,
        }))
    }

    /// Adds the receipts in a folder, and copies all further ones to it.
    ///
    /// # Errors
    /// If a file of the folder cannot be read or deleted. No receipt is copied then.
    pub fn copy_receipts_to(&self, folder: ReceiptFolder) -> io::Result<()> {
        let stored = folder.read_all()?;
        let mut table = self.lock_table();
        table.copies = Some(folder);
        for receipt in stored {
            table.restore(receipt);
        }
        Ok(())
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
    fn insert(&mut self, id: VisitId, visit: SealedVisit) {
        if !matches!(visit.kind, VisitKind::Receipt) {
            self.remove(&id);
        }
        self.insert_used(id, visit, Duration::ZERO);
    }

    /// Inserts the receipt of an earlier process and replaces its copy, or deletes an expired copy.
    fn restore(&mut self, StoredReceipt { id, sealed, age }: StoredReceipt) {
        let Some(remaining) = RECEIPT_TTL.checked_sub(age).filter(|rest| !rest.is_zero()) else {
            if let Some(copies) = &self.copies {
                copies.remove(&id);
            }
            return;
        };
        let (lifetime, expires_at) = (RECEIPT_TTL, Instant::now() + remaining);
        let kind = VisitKind::Receipt;
        let visit = SealedVisit { sealed, lifetime, expires_at, last_use: 0, kind };
        self.insert_used(id, visit, age);
    }

    /// Inserts a visit that was last used `age` ago.
    fn insert_used(&mut self, id: VisitId, mut visit: SealedVisit, age: Duration) {
        self.take(&id);
        self.uses += 1;
        visit.last_use = self.uses;
        if let (VisitKind::Receipt, Some(copies)) = (visit.kind, &self.copies) {
            copies.write(&id, &visit.sealed, age);
        }
        let evicted = self.size_budget(visit.kind).insert(visit.size(), visit.last_use, id);
        self.visits.insert(id, visit);
        for id in evicted {
            let evicted = self.visits.remove(&id);
            self.remove_copy(&id, evicted.as_ref());
        }
    }

    /// Returns the sealed state of a visit, and renews its lifetime.
    fn touch(&mut self, id: &VisitId) -> Option<Vec<u8>> {
        let now = Instant::now();
        let mut visit = self
            .visits
            .get(id)
            .is_some_and(|visit| visit.expires_at > now)
            .then(|| self.take(id))??;
        let sealed = visit.sealed.clone();
        visit.expires_at = now + visit.lifetime;
        self.insert_used(*id, visit, Duration::ZERO);
        Some(sealed)
    }

    fn remove(&mut self, id: &VisitId) {
        let removed = self.take(id);
        self.remove_copy(id, removed.as_ref());
    }

    fn remove_copy(&self, id: &VisitId, removed: Option<&SealedVisit>) {
        if removed.is_some_and(|visit| matches!(visit.kind, VisitKind::Receipt))
            && let Some(copies) = &self.copies
        {
            copies.remove(id);
        }
    }

    /// Removes a visit, but not its copy.
    fn take(&mut self, id: &VisitId) -> Option<SealedVisit> {
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
