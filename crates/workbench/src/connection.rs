//! An unlocked key, a verified directory and a session at the case handler: what every act on a case needs.

use std::sync::Arc;

use envelope::{
    desk_api::{Absence, Candidate},
    directory::{Directory, DirectoryError, LastSeen, SignedDirectory, Trust},
    receipt::Receipt,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    client::{Client, ClientError},
    files::FileError,
    home::{Home, Seen, Settings},
    keyfile::InvestigatorKey,
    roll::{Roll, RollError},
};

/// The shortest beginning of a case id that is looked up.
pub const SHORTEST_PREFIX: usize = 4;

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
    Roll(#[from] RollError),
    /// The newest of all directories is not the one that is given as the newest.
    #[error("the case handler gives two different directories for the newest")]
    TwoNewest,
    /// No case begins like this.
    #[error("none of your cases begins with {0}")]
    NoCase(String),
    /// Several cases begin like this.
    #[error("{} of your cases begin with {prefix}; give more of the id: {}", .cases.len(), listed(.cases))]
    Ambiguous {
        /// As typed.
        prefix: String,
        /// All of them.
        cases: Vec<Uuid>,
    },
    /// Too short or no id.
    #[error("a case is named by the first {SHORTEST_PREFIX} or more characters of its id")]
    Prefix,
}

/// Candidates in full, at most this many: anybody can send cases that begin alike.
const LISTED: usize = 20;

fn listed(cases: &[Uuid]) -> String {
    let mut words: Vec<String> = cases.iter().take(LISTED).map(Uuid::to_string).collect();
    if cases.len() > LISTED {
        words.push(format!("and {} more", cases.len() - LISTED));
    }
    words.join(", ")
}

/// One person's session.
pub struct Connection {
    pub(crate) home: Home,
    pub(crate) key: Arc<InvestigatorKey>,
    pub(crate) client: Client,
    pub(crate) trust: Trust,
    pub(crate) roll: Roll,
    pub(crate) directories: Vec<SignedDirectory>,
    pub(crate) seen: Seen,
    pub(crate) now: OffsetDateTime,
    /// When the session at the case handler is renewed.
    renewed_at: OffsetDateTime,
}

/// A case handler that somebody wants to pin: where it is, and what is to be believed of it.
#[derive(Debug, Clone)]
pub struct Offered {
    /// Where it is.
    pub settings: Settings,
    /// The certificate authority that its certificate must come from.
    pub ca_pem: String,
    /// The root keys.
    pub trust: Trust,
}

/// Twelve words that stand for the root keys: whoever pins them compares these with a poster.
pub fn fingerprint(trust: &Trust, lang: &str) -> String {
    Receipt::from_bytes(trust.fingerprint()).words(lang)
}

impl Offered {
    /// Asks it for its directory and verifies that. Nothing is written.
    pub async fn look_at(&self, home: &Home, now: OffsetDateTime) -> Result<Directory, ConnectError> {
        self.fetch(&mut home.seen()?, now).await
    }

    /// Pins it: fetches its directory and verifies it before anything is written.
    pub async fn pin(&self, home: &Home, now: OffsetDateTime) -> Result<Directory, ConnectError> {
        let mut seen = home.seen()?;
        let directory = self.fetch(&mut seen, now).await?;
        home.connect(&self.settings, &self.ca_pem, &self.trust)?;
        home.remember(&seen)?;
        Ok(directory)
    }

    async fn fetch(&self, seen: &mut Seen, now: OffsetDateTime) -> Result<Directory, ConnectError> {
        let signed = Client::new(&self.settings.handler, &self.ca_pem)?.directory().await?;
        let directory = signed.verify(&self.trust, now.date(), seen.directory)?;
        remember_newest(&directory, &signed, seen);
        Ok(directory)
    }
}

/// What signing in gives.
struct Entered {
    roll: Roll,
    directories: Vec<SignedDirectory>,
    renewed_at: OffsetDateTime,
}

async fn enter(
    client: &mut Client,
    key: &InvestigatorKey,
    trust: &Trust,
    (home, seen): (&Home, &mut Seen),
    now: OffsetDateTime,
) -> Result<Entered, ConnectError> {
    let newest = client.directory().await?;
    check_newest(&newest, trust, seen, now)?;
    home.remember(seen)?;
    let life = client.sign_in(key, trust.instance).await?;
    let directories = client.directories().await?;
    let roll = Roll::admit(&directories, trust)?;
    if roll.newest().1 != newest.hash() {
        return Err(ConnectError::TwoNewest);
    }
    // Half of its life before its end, for nobody's clock is exact.
    Ok(Entered { roll, directories, renewed_at: now + life / 2 })
}

/// Everything but the end of the directory: work on cases goes on when the administrator is late, new grants do not.
fn check_newest(
    signed: &SignedDirectory,
    trust: &Trust,
    seen: &mut Seen,
    now: OffsetDateTime,
) -> Result<(), DirectoryError> {
    let expires = signed.verify_past(trust)?.expires;
    let directory = signed.verify(trust, now.date().min(expires), seen.directory)?;
    remember_newest(&directory, signed, seen);
    Ok(())
}

fn remember_newest(directory: &Directory, signed: &SignedDirectory, seen: &mut Seen) {
    seen.directory = Some(LastSeen { epoch: directory.epoch, hash: signed.hash() });
}

impl Connection {
    /// Signs in with the key and takes in the directories.
    pub async fn open(
        home: Home,
        key: impl Into<Arc<InvestigatorKey>>,
        now: OffsetDateTime,
    ) -> Result<Self, ConnectError> {
        let key = key.into();
        let trust = home.trust()?;
        let mut seen = home.seen()?;
        let mut client = Client::new(&home.settings()?.handler, &home.ca_pem()?)?;
        let entered = enter(&mut client, &key, &trust, (&home, &mut seen), now).await?;
        let Entered { roll, directories, renewed_at } = entered;
        Ok(Self { home, key, client, trust, roll, directories, seen, now, renewed_at })
    }

    /// Goes on at a later time, for whoever keeps a connection for more than one act. A session at the case handler is short, so it
    /// is renewed before its end, and the directories with it.
    pub async fn go_on(&mut self, now: OffsetDateTime) -> Result<(), ConnectError> {
        self.now = now;
        if now < self.renewed_at {
            return Ok(());
        }
        let entered =
            enter(&mut self.client, &self.key, &self.trust, (&self.home, &mut self.seen), now).await?;
        let Entered { roll, directories, renewed_at } = entered;
        (self.roll, self.directories, self.renewed_at) = (roll, directories, renewed_at);
        Ok(())
    }

    /// The newest directory.
    pub fn directory(&self) -> &Directory {
        self.roll.newest().0
    }

    /// How many days the newest directory can still be used; negative once it has expired. Nobody can seal a report then, and
    /// nobody gets a new grant: who has been taken out of a newer directory cannot be known.
    pub fn days_left(&self) -> i64 {
        (self.directory().expires - self.now.date()).whole_days()
    }

    /// The day for which it is open.
    pub fn today(&self) -> Date {
        self.now.date()
    }

    /// The folder of the one whose session it is.
    pub fn home(&self) -> &Home {
        &self.home
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
    pub async fn routing(&self, case: Uuid) -> Result<Vec<Candidate>, ClientError> {
        self.client.routing(case).await
    }

    /// Who takes no cases, of those one shares a desk with.
    pub async fn absences(&self) -> Result<Vec<Absence>, ClientError> {
        self.client.absences().await
    }

    /// For whom one can say so: oneself first, then the members of desks that one leads.
    pub fn speaks_for(&self) -> Vec<&str> {
        let me = self.handle();
        let led =
            self.directory().desks.iter().filter(|desk| desk.members.first().is_some_and(|lead| lead == me));
        let mut members: Vec<&str> = led.flat_map(|desk| &desk.members).map(String::as_str).collect();
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
        if wanted.len() < SHORTEST_PREFIX || !hexadecimal {
            return Err(ConnectError::Prefix);
        }
        let rows = self.client.cases().await?;
        let hits = rows.iter().map(|row| row.id).filter(|id| id.to_string().starts_with(&wanted));
        match hits.collect::<Vec<_>>()[..] {
            [] => Err(ConnectError::NoCase(wanted)),
            [id] => Ok(id),
            ref cases => Err(ConnectError::Ambiguous { prefix: wanted, cases: cases.to_vec() }),
        }
    }
}
