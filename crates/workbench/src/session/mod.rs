//! The connection to the case handler: an unlocked key, verified directories and a session. Every
//! action on a case needs it.
//!
//! - [`client`] is the HTTP client; [`profile`] stores settings, pinned state and the key file.
//! - [`directory_history`] verifies the chain of directories and the signers of events.
//! - [`key_health`] checks everything that the member's key depends on.
//! - [`accepted_restore`] records that the case handler was restored from a backup.

pub mod accepted_restore;
pub mod client;
pub mod directory_history;
pub mod key_health;
pub mod profile;

use std::sync::Arc;

use protocol::{
    api::workbench::{Absence, AssigneeCandidate},
    directory::{Directory, DirectoryError, LastSeen, SignedDirectory, TrustRoots},
    receipt::Receipt,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    keys::key_file::InvestigatorKey,
    private_files::FileError,
    session::{
        client::{ClientError, HandlerClient},
        directory_history::{DirectoryHistory, DirectoryHistoryError},
        profile::{ProfileDir, ProfileSettings, TrustState},
    },
};

/// Minimum length of a case id prefix.
pub const MIN_ID_PREFIX: usize = 4;

/// Why the connection cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A file of the profile could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The request to the case handler failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The newest directory is invalid: rolled back, not sufficiently signed, or (when pinning)
    /// expired.
    #[error("directory verification failed: {0}")]
    Directory(#[from] DirectoryError),
    /// The chain of directories is invalid.
    #[error("verification of the directory chain failed: {0}")]
    DirectoryHistory(#[from] DirectoryHistoryError),
    /// The last directory of the chain is not the one that the case handler returned as the newest.
    #[error("the case handler returned two different latest directories")]
    LatestMismatch,
    /// No case id begins with this prefix.
    #[error("no case with prefix {0}")]
    CaseNotFound(String),
    /// Several case ids begin with this prefix.
    #[error("ambiguous case prefix {prefix}: {} matches; enter more of the id: {}", .cases.len(), list_case_ids(.cases))]
    AmbiguousPrefix {
        /// The prefix as typed.
        prefix: String,
        /// All matching cases.
        cases: Vec<Uuid>,
    },
    /// The text is too short, or not part of an id.
    #[error("invalid case id: enter at least its first {MIN_ID_PREFIX} characters")]
    InvalidPrefix,
}

/// Maximum number of cases that an error lists. The reporter's device chooses the id, so anyone can
/// submit many cases with the same prefix.
const MAX_LISTED_CASES: usize = 20;

fn list_case_ids(cases: &[Uuid]) -> String {
    let mut ids: Vec<String> = cases.iter().take(MAX_LISTED_CASES).map(Uuid::to_string).collect();
    if cases.len() > MAX_LISTED_CASES {
        ids.push(format!("and {} more", cases.len() - MAX_LISTED_CASES));
    }
    ids.join(", ")
}

/// The session of one member.
pub struct HandlerConnection {
    pub(crate) profile: ProfileDir,
    pub(crate) key: Arc<InvestigatorKey>,
    pub(crate) client: HandlerClient,
    pub(crate) trust: TrustRoots,
    pub(crate) directory_history: DirectoryHistory,
    pub(crate) directories: Vec<SignedDirectory>,
    pub(crate) trust_state: TrustState,
    pub(crate) now: OffsetDateTime,
    /// Time from which the session is renewed.
    refresh_at: OffsetDateTime,
}

/// A case handler that a member is about to pin: its address and its trust anchors.
#[derive(Debug, Clone)]
pub struct HandlerOffer {
    /// Address of the case handler.
    pub settings: ProfileSettings,
    /// The certificate authority of its certificate.
    pub ca_pem: String,
    /// The root keys.
    pub trust: TrustRoots,
}

/// Returns the fingerprint of the root keys as twelve words. A member compares them with a poster
/// before pinning the keys.
pub fn fingerprint(trust: &TrustRoots, lang: &str) -> String {
    Receipt::from_bytes(trust.fingerprint()).words(lang)
}

impl HandlerOffer {
    /// Fetches and verifies the directory. Writes nothing.
    ///
    /// # Errors
    /// If the case handler cannot be reached or its directory is invalid.
    pub async fn preview_directory(
        &self,
        profile: &ProfileDir,
        now: OffsetDateTime,
    ) -> Result<Directory, ConnectError> {
        self.fetch_directory(&mut profile.trust_state()?, now).await
    }

    /// Pins the case handler. The directory is fetched and verified before anything is written.
    ///
    /// # Errors
    /// As [`Self::preview_directory`], and if the profile cannot be written.
    pub async fn pin(
        &self,
        profile: &ProfileDir,
        now: OffsetDateTime,
    ) -> Result<Directory, ConnectError> {
        let mut state = profile.trust_state()?;
        let directory = self.fetch_directory(&mut state, now).await?;
        profile.pin_handler(&self.settings, &self.ca_pem, &self.trust)?;
        profile.save_trust_state(&state)?;
        Ok(directory)
    }

    async fn fetch_directory(
        &self,
        state: &mut TrustState,
        now: OffsetDateTime,
    ) -> Result<Directory, ConnectError> {
        let signed = HandlerClient::new(&self.settings.handler, &self.ca_pem)?.directory().await?;
        let directory = signed.verify(&self.trust, now.date(), state.directory)?;
        pin_newest_directory(&directory, &signed, state);
        Ok(directory)
    }
}

/// Result of signing in.
struct SignInResult {
    directory_history: DirectoryHistory,
    directories: Vec<SignedDirectory>,
    refresh_at: OffsetDateTime,
}

async fn sign_in(
    client: &mut HandlerClient,
    key: &InvestigatorKey,
    trust: &TrustRoots,
    (profile, state): (&ProfileDir, &mut TrustState),
    now: OffsetDateTime,
) -> Result<SignInResult, ConnectError> {
    let newest = client.directory().await?;
    check_newest_directory(&newest, trust, state, now)?;
    profile.save_trust_state(state)?;
    let life = client.sign_in(key, trust.instance).await?;
    let directories = client.directories().await?;
    let history = DirectoryHistory::verify_chain(&directories, trust)?;
    if history.latest().1 != newest.hash() {
        return Err(ConnectError::LatestMismatch);
    }
    // Renewal after half of the lifetime tolerates clock differences.
    Ok(SignInResult { directory_history: history, directories, refresh_at: now + life / 2 })
}

/// Verifies everything except the expiry of the directory. Work on cases continues when the
/// administrator is late; new grants are refused.
fn check_newest_directory(
    signed: &SignedDirectory,
    trust: &TrustRoots,
    state: &mut TrustState,
    now: OffsetDateTime,
) -> Result<(), DirectoryError> {
    let expires = signed.verify_ignoring_dates(trust)?.expires;
    let directory = signed.verify(trust, now.date().min(expires), state.directory)?;
    pin_newest_directory(&directory, signed, state);
    Ok(())
}

fn pin_newest_directory(directory: &Directory, signed: &SignedDirectory, state: &mut TrustState) {
    state.directory = Some(LastSeen { epoch: directory.epoch, hash: signed.hash() });
}

impl HandlerConnection {
    /// Signs in with the key, and fetches and verifies all directories.
    ///
    /// # Errors
    /// If a file of the profile cannot be read, the case handler cannot be reached, or a directory
    /// is invalid.
    pub async fn open(
        profile: ProfileDir,
        key: impl Into<Arc<InvestigatorKey>>,
        now: OffsetDateTime,
    ) -> Result<Self, ConnectError> {
        let key = key.into();
        let trust = profile.trust()?;
        let mut state = profile.trust_state()?;
        let mut client = HandlerClient::new(&profile.settings()?.handler, &profile.ca_pem()?)?;
        let signed_in = sign_in(&mut client, &key, &trust, (&profile, &mut state), now).await?;
        let SignInResult { directory_history: history, directories, refresh_at } = signed_in;
        Ok(Self {
            profile,
            key,
            client,
            trust,
            directory_history: history,
            directories,
            trust_state: state,
            now,
            refresh_at,
        })
    }

    /// Moves the connection to a later time. Callers use it when they use a connection for more
    /// than one action. Sessions are short, so the session and the directories are renewed before
    /// the session ends.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn refresh(&mut self, now: OffsetDateTime) -> Result<(), ConnectError> {
        self.now = now;
        if now < self.refresh_at {
            return Ok(());
        }
        self.renew().await
    }

    /// Renews the session and the directories now.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) async fn renew(&mut self) -> Result<(), ConnectError> {
        let signed_in = sign_in(
            &mut self.client,
            &self.key,
            &self.trust,
            (&self.profile, &mut self.trust_state),
            self.now,
        )
        .await?;
        let SignInResult { directory_history: history, directories, refresh_at } = signed_in;
        (self.directory_history, self.directories, self.refresh_at) =
            (history, directories, refresh_at);
        Ok(())
    }

    /// Returns the newest directory.
    pub fn directory(&self) -> &Directory {
        self.directory_history.latest().0
    }

    /// Returns the number of days until the newest directory expires; negative if it has expired.
    /// Without a valid directory no report can be sealed and no new grant is made, because it is
    /// unknown who has been removed since.
    pub fn days_left(&self) -> i64 {
        (self.directory().expires - self.now.date()).whole_days()
    }

    /// Returns the current date of this connection.
    pub fn today(&self) -> Date {
        self.now.date()
    }

    /// Returns the profile of the member.
    pub fn profile(&self) -> &ProfileDir {
        &self.profile
    }

    /// Returns the unlocked key.
    pub fn key(&self) -> &InvestigatorKey {
        &self.key
    }

    /// Returns the handle of the member.
    pub fn handle(&self) -> &str {
        self.key.handle()
    }

    /// Returns whether the member belongs to the oversight body.
    pub fn is_oversight(&self) -> bool {
        self.directory().is_oversight(self.handle())
    }

    /// Returns the suggested assignees of a case, the best first.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn assignee_candidates(
        &self,
        case: Uuid,
    ) -> Result<Vec<AssigneeCandidate>, ClientError> {
        self.client.assignee_candidates(case).await
    }

    /// Returns the absences of members who share a desk with this member.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn absences(&self) -> Result<Vec<Absence>, ClientError> {
        self.client.absences().await
    }

    /// Returns the members whose absence this member may set: the member first, then the members of
    /// desks that the member leads.
    pub fn manageable_members(&self) -> Vec<&str> {
        let me = self.handle();
        let led = self
            .directory()
            .desks
            .iter()
            .filter(|desk| desk.members.first().is_some_and(|lead| lead == me));
        let mut members: Vec<&str> =
            led.flat_map(|desk| &desk.members).map(String::as_str).collect();
        members.retain(|member| *member != me);
        members.sort_unstable();
        members.dedup();
        members.insert(0, me);
        members
    }

    /// Sets the absence of the member, or of a member of a desk that the member leads.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn set_absence(&self, absence: &Absence) -> Result<(), ClientError> {
        self.client.put_absence(absence).await
    }

    /// Returns the only case whose id begins with the prefix.
    ///
    /// # Errors
    /// If no case or several cases match, the prefix is invalid, or the case handler cannot be
    /// reached.
    pub async fn find_case(&self, prefix: &str) -> Result<Uuid, ConnectError> {
        if let Ok(id) = prefix.parse() {
            return Ok(id);
        }
        let lowercase = prefix.to_ascii_lowercase();
        let hexadecimal = lowercase.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if lowercase.len() < MIN_ID_PREFIX || !hexadecimal {
            return Err(ConnectError::InvalidPrefix);
        }
        let rows = self.client.cases().await?;
        let hits =
            rows.iter().map(|row| row.id).filter(|id| id.to_string().starts_with(&lowercase));
        match hits.collect::<Vec<_>>()[..] {
            [] => Err(ConnectError::CaseNotFound(lowercase)),
            [id] => Ok(id),
            ref cases => {
                Err(ConnectError::AmbiguousPrefix { prefix: lowercase, cases: cases.to_vec() })
            }
        }
    }
}
