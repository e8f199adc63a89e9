//! An unlocked key, a verified directory and a session at the case handler: what every act on a
//! case needs.

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

/// The shortest beginning of a case id that is looked up.
pub const MIN_ID_PREFIX: usize = 4;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A file in the home folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// The case handler.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The newest directory is not good: rolled back, unsigned, and to pin it, expired.
    #[error("the case handler's directory is refused: {0}")]
    Directory(#[from] DirectoryError),
    /// The row of all directories is not good.
    #[error("the case handler's directories are refused: {0}")]
    DirectoryHistory(#[from] DirectoryHistoryError),
    /// The newest of all directories is not the one that is given as the newest.
    #[error("the case handler gives two different directories for the newest")]
    LatestMismatch,
    /// No case begins like this.
    #[error("none of your cases begins with {0}")]
    CaseNotFound(String),
    /// Several cases begin like this.
    #[error("{} of your cases begin with {prefix}; give more of the id: {}", .cases.len(), list_case_ids(.cases))]
    AmbiguousPrefix {
        /// As typed.
        prefix: String,
        /// All of them.
        cases: Vec<Uuid>,
    },
    /// Too short or no id.
    #[error("a case is named by the first {MIN_ID_PREFIX} or more characters of its id")]
    InvalidPrefix,
}

/// Candidates in full, at most this many: anybody can send cases that begin alike.
const MAX_LISTED_CASES: usize = 20;

fn list_case_ids(cases: &[Uuid]) -> String {
    let mut words: Vec<String> = cases.iter().take(MAX_LISTED_CASES).map(Uuid::to_string).collect();
    if cases.len() > MAX_LISTED_CASES {
        words.push(format!("and {} more", cases.len() - MAX_LISTED_CASES));
    }
    words.join(", ")
}

/// One person's session.
pub struct HandlerConnection {
    pub(crate) profile: ProfileDir,
    pub(crate) key: Arc<InvestigatorKey>,
    pub(crate) client: HandlerClient,
    pub(crate) trust: TrustRoots,
    pub(crate) directory_history: DirectoryHistory,
    pub(crate) directories: Vec<SignedDirectory>,
    pub(crate) trust_state: TrustState,
    pub(crate) now: OffsetDateTime,
    /// When the session at the case handler is renewed.
    refresh_at: OffsetDateTime,
}

/// A case handler that somebody wants to pin: where it is, and what is to be believed of it.
#[derive(Debug, Clone)]
pub struct HandlerOffer {
    /// Where it is.
    pub settings: ProfileSettings,
    /// The certificate authority that its certificate must come from.
    pub ca_pem: String,
    /// The root keys.
    pub trust: TrustRoots,
}

/// Twelve words that stand for the root keys: whoever pins them compares these with a poster.
pub fn fingerprint(trust: &TrustRoots, lang: &str) -> String {
    Receipt::from_bytes(trust.fingerprint()).words(lang)
}

impl HandlerOffer {
    /// Asks it for its directory and verifies that. Nothing is written.
    pub async fn preview_directory(
        &self,
        home: &ProfileDir,
        now: OffsetDateTime,
    ) -> Result<Directory, ConnectError> {
        self.fetch_directory(&mut home.trust_state()?, now).await
    }

    /// Pins it: fetches its directory and verifies it before anything is written.
    pub async fn pin(
        &self,
        home: &ProfileDir,
        now: OffsetDateTime,
    ) -> Result<Directory, ConnectError> {
        let mut seen = home.trust_state()?;
        let directory = self.fetch_directory(&mut seen, now).await?;
        home.pin_handler(&self.settings, &self.ca_pem, &self.trust)?;
        home.save_trust_state(&seen)?;
        Ok(directory)
    }

    async fn fetch_directory(
        &self,
        seen: &mut TrustState,
        now: OffsetDateTime,
    ) -> Result<Directory, ConnectError> {
        let signed = HandlerClient::new(&self.settings.handler, &self.ca_pem)?.directory().await?;
        let directory = signed.verify(&self.trust, now.date(), seen.directory)?;
        pin_newest_directory(&directory, &signed, seen);
        Ok(directory)
    }
}

/// What signing in gives.
struct SignInResult {
    directory_history: DirectoryHistory,
    directories: Vec<SignedDirectory>,
    refresh_at: OffsetDateTime,
}

async fn sign_in(
    client: &mut HandlerClient,
    key: &InvestigatorKey,
    trust: &TrustRoots,
    (home, seen): (&ProfileDir, &mut TrustState),
    now: OffsetDateTime,
) -> Result<SignInResult, ConnectError> {
    let newest = client.directory().await?;
    check_newest_directory(&newest, trust, seen, now)?;
    home.save_trust_state(seen)?;
    let life = client.sign_in(key, trust.instance).await?;
    let directories = client.directories().await?;
    let roll = DirectoryHistory::verify_chain(&directories, trust)?;
    if roll.latest().1 != newest.hash() {
        return Err(ConnectError::LatestMismatch);
    }
    // Half of its life before its end, for nobody's clock is exact.
    Ok(SignInResult { directory_history: roll, directories, refresh_at: now + life / 2 })
}

/// Everything but the end of the directory: work on cases goes on when the administrator is late,
/// new grants do not.
fn check_newest_directory(
    signed: &SignedDirectory,
    trust: &TrustRoots,
    seen: &mut TrustState,
    now: OffsetDateTime,
) -> Result<(), DirectoryError> {
    let expires = signed.verify_ignoring_dates(trust)?.expires;
    let directory = signed.verify(trust, now.date().min(expires), seen.directory)?;
    pin_newest_directory(&directory, signed, seen);
    Ok(())
}

fn pin_newest_directory(directory: &Directory, signed: &SignedDirectory, seen: &mut TrustState) {
    seen.directory = Some(LastSeen { epoch: directory.epoch, hash: signed.hash() });
}

impl HandlerConnection {
    /// Signs in with the key and takes in the directories.
    pub async fn open(
        home: ProfileDir,
        key: impl Into<Arc<InvestigatorKey>>,
        now: OffsetDateTime,
    ) -> Result<Self, ConnectError> {
        let key = key.into();
        let trust = home.trust()?;
        let mut seen = home.trust_state()?;
        let mut client = HandlerClient::new(&home.settings()?.handler, &home.ca_pem()?)?;
        let entered = sign_in(&mut client, &key, &trust, (&home, &mut seen), now).await?;
        let SignInResult { directory_history: roll, directories, refresh_at: renewed_at } = entered;
        Ok(Self {
            profile: home,
            key,
            client,
            trust,
            directory_history: roll,
            directories,
            trust_state: seen,
            now,
            refresh_at: renewed_at,
        })
    }

    /// Goes on at a later time, for whoever keeps a connection for more than one act. A session at
    /// the case handler is short, so it is renewed before its end, and the directories with it.
    pub async fn refresh(&mut self, now: OffsetDateTime) -> Result<(), ConnectError> {
        self.now = now;
        if now < self.refresh_at {
            return Ok(());
        }
        let entered = sign_in(
            &mut self.client,
            &self.key,
            &self.trust,
            (&self.profile, &mut self.trust_state),
            now,
        )
        .await?;
        let SignInResult { directory_history: roll, directories, refresh_at: renewed_at } = entered;
        (self.directory_history, self.directories, self.refresh_at) =
            (roll, directories, renewed_at);
        Ok(())
    }

    /// The newest directory.
    pub fn directory(&self) -> &Directory {
        self.directory_history.latest().0
    }

    /// How many days the newest directory can still be used; negative once it has expired. Nobody
    /// can seal a report then, and nobody gets a new grant: who has been taken out of a newer
    /// directory cannot be known.
    pub fn days_left(&self) -> i64 {
        (self.directory().expires - self.now.date()).whole_days()
    }

    /// The day for which it is open.
    pub fn today(&self) -> Date {
        self.now.date()
    }

    /// The folder of the one whose session it is.
    pub fn home(&self) -> &ProfileDir {
        &self.profile
    }

    /// The unlocked key.
    pub fn key(&self) -> &InvestigatorKey {
        &self.key
    }

    /// Who this is.
    pub fn handle(&self) -> &str {
        self.key.handle()
    }

    /// Does this person sit for the outside body?
    pub fn is_oversight(&self) -> bool {
        self.directory().is_oversight(self.handle())
    }

    /// To whom a case would be suggested now, the best first.
    pub async fn assignee_candidates(
        &self,
        case: Uuid,
    ) -> Result<Vec<AssigneeCandidate>, ClientError> {
        self.client.assignee_candidates(case).await
    }

    /// Who takes no cases, of those one shares a desk with.
    pub async fn absences(&self) -> Result<Vec<Absence>, ClientError> {
        self.client.absences().await
    }

    /// For whom one can say so: oneself first, then the members of desks that one leads.
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

    /// Says until when somebody takes no cases: oneself, or a member of a desk that one leads.
    pub async fn set_absence(&self, absence: &Absence) -> Result<(), ClientError> {
        self.client.put_absence(absence).await
    }

    /// The one case whose id begins like this.
    pub async fn find_case(&self, prefix: &str) -> Result<Uuid, ConnectError> {
        if let Ok(id) = prefix.parse() {
            return Ok(id);
        }
        let wanted = prefix.to_ascii_lowercase();
        let hexadecimal = wanted.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if wanted.len() < MIN_ID_PREFIX || !hexadecimal {
            return Err(ConnectError::InvalidPrefix);
        }
        let rows = self.client.cases().await?;
        let hits = rows.iter().map(|row| row.id).filter(|id| id.to_string().starts_with(&wanted));
        match hits.collect::<Vec<_>>()[..] {
            [] => Err(ConnectError::CaseNotFound(wanted)),
            [id] => Ok(id),
            ref cases => {
                Err(ConnectError::AmbiguousPrefix { prefix: wanted, cases: cases.to_vec() })
            }
        }
    }
}
