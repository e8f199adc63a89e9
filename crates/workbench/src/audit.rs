//! Going through a log: is each entry tied in, signed by who it says, and allowed?

use std::collections::BTreeMap;

use envelope::{
    Hash,
    directory::{DirectoryError, SignedDirectory, Trust},
    event::{Event, LogEntry},
    life::{CaseState, Role},
};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    alarm::{Alarm, Code},
    home::SeenLog,
    roll::{Roll, RollError, Verified},
};

/// What came out.
#[derive(Debug, Default)]
pub struct Audit {
    /// How many entries were looked at.
    pub entries: u64,
    /// The link of the last.
    pub head: Hash,
    /// Each case as its events tell it, up to the first that does not fit.
    pub cases: BTreeMap<Uuid, CaseState>,
    /// Each case's events whose signatures hold, in order.
    pub events: BTreeMap<Uuid, Vec<Event>>,
    /// Everything that is wrong.
    pub alarms: Vec<Alarm>,
}

/// A log in a file, with everything that is needed to verify it but the pinned root keys.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// 1.
    pub v: u8,
    /// Which installation.
    pub instance: Uuid,
    /// Day of the export.
    #[serde(with = "envelope::iso_date")]
    pub exported: Date,
    /// The whole log, or the entries of one member's cases?
    pub whole: bool,
    /// Every directory, oldest first.
    pub directories: Vec<SignedDirectory>,
    /// The entries, oldest first.
    pub entries: Vec<LogEntry>,
}

impl Export {
    /// Goes through it with nothing but the pinned root keys. `seen` is the end of the whole log at an earlier time.
    pub fn verify(&self, trust: &Trust, seen: Option<SeenLog>) -> Result<Audit, RollError> {
        if self.v != 1 || self.instance != trust.instance {
            return Err(DirectoryError::OtherInstance.into());
        }
        let roll = Roll::admit(&self.directories, trust)?;
        Ok(if self.whole { whole_log(&self.entries, &roll, seen) } else { own_entries(&self.entries, &roll) })
    }
}

/// Goes through the whole log. `seen` is the end of it at an earlier time.
pub fn whole_log(entries: &[LogEntry], roll: &Roll, seen: Option<SeenLog>) -> Audit {
    let mut auditor = Auditor::new(roll);
    let mut before = Hash::default();
    for (at, entry) in (0..).zip(entries) {
        if entry.before != before {
            let text = format!("entry {at} does not follow the entry before it: the log was altered");
            auditor.audit.alarms.push(Alarm::new(Code::BrokenLink, text).at_entry(at));
        }
        // Go on from what is there, so that one break is told once.
        before = entry.link;
        auditor.take(at, entry);
    }
    let mut audit = auditor.audit;
    audit.head = before;
    audit.alarms.extend(seen.and_then(|seen| rolled_back(entries, seen)));
    audit
}

/// Goes through the entries of own cases, given case by case. What lies between them belongs to others and is not here.
pub fn own_entries<'a>(entries: impl IntoIterator<Item = &'a LogEntry>, roll: &Roll) -> Audit {
    let mut auditor = Auditor::new(roll);
    for (at, entry) in (0..).zip(entries) {
        auditor.take(at, entry);
    }
    auditor.audit
}

fn rolled_back(entries: &[LogEntry], seen: SeenLog) -> Option<Alarm> {
    let last = usize::try_from(seen.entries).ok().and_then(|entries| entries.checked_sub(1));
    let same = match last {
        None => true,
        Some(last) => entries.get(last).is_some_and(|entry| entry.link == seen.link),
    };
    let text = format!(
        "the log was rolled back: it had {} entries with another end when it was last seen, and has {} now",
        seen.entries,
        entries.len()
    );
    (!same).then(|| Alarm::new(Code::Rollback, text))
}

struct Auditor<'a> {
    roll: &'a Roll,
    audit: Audit,
    /// Cases with an event that does not fit: what follows in them cannot be judged.
    broken: Vec<Uuid>,
    /// By case, as entries of different cases need not be in their order here.
    latest: BTreeMap<Uuid, Date>,
}

impl<'a> Auditor<'a> {
    fn new(roll: &'a Roll) -> Self {
        let audit = Audit { alarms: roll.gaps().to_vec(), ..Audit::default() };
        Self { roll, audit, broken: Vec::new(), latest: BTreeMap::new() }
    }

    fn take(&mut self, at: u64, entry: &LogEntry) {
        self.audit.entries += 1;
        if !entry.is_tied() {
            let text =
                format!("entry {at} holds another event than the one that was tied in: it was altered");
            self.audit.alarms.push(Alarm::new(Code::BrokenLink, text).at_entry(at));
        }
        let case = entry.event.peek().ok().map(|event| event.case);
        let alarms = match self.roll.verify(&entry.event) {
            Err(alarm) => {
                self.broken.extend(case);
                vec![alarm]
            }
            Ok(verified) => self.judge(&verified, entry.event.hash()),
        };
        for alarm in alarms {
            self.audit.alarms.push(Alarm { case, ..alarm }.at_entry(at));
        }
    }

    fn judge(&mut self, verified: &Verified<'_>, hash: Hash) -> Vec<Alarm> {
        let event = &verified.event;
        let mut alarms = Vec::new();
        if verified.former {
            let text = format!(
                "{} acted on {} without a seat in the directory of that day",
                event.actor,
                event.at.date()
            );
            alarms.push(Alarm::notice(Code::FormerMember, text));
        }
        if verified.expired {
            let text = format!(
                "{} acted on {}, when the directory had expired and no newer one was signed",
                event.actor,
                event.at.date()
            );
            alarms.push(Alarm::notice(Code::Expired, text));
        }
        alarms.extend(self.check_date(event));
        if !self.broken.contains(&event.case)
            && let Err(alarm) = self.fold(verified, hash)
        {
            self.broken.push(event.case);
            alarms.push(alarm);
        }
        self.audit.events.entry(event.case).or_default().push(event.clone());
        alarms
    }

    fn fold(&mut self, verified: &Verified<'_>, hash: Hash) -> Result<(), Alarm> {
        let event = &verified.event;
        let Some(state) = self.audit.cases.get_mut(&event.case) else {
            let begun = CaseState::begin(event, hash);
            let begun = begun.map_err(|refusal| Alarm::new(Code::BrokenCase, refusal.to_string()))?;
            self.audit.cases.insert(event.case, begun);
            return Ok(());
        };
        if event.seq != state.next_seq || event.prev != Some(state.head) {
            let text = format!(
                "event {} does not follow event {} of its case: one was dropped, added or moved",
                event.seq,
                state.next_seq - 1
            );
            return Err(Alarm::new(Code::BrokenCase, text));
        }
        // When a role changed is known to the day only, so any directory that holds the key may give it.
        let mut roles: Vec<Role> =
            verified.under.iter().map(|d| Role::of(d, &event.actor, &state.desk)).collect();
        roles.push(Role::default());
        let mut refused = None;
        for role in roles {
            match state.apply(event, hash, role) {
                Ok(()) => return Ok(()),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        let refusal = refused.map_or_else(String::new, |refusal| refusal.to_string());
        let text = format!("{} made a move that the rules refuse: {refusal}", event.actor);
        Err(Alarm::new(Code::RefusedMove, text))
    }

    fn check_date(&mut self, event: &Event) -> Option<Alarm> {
        let day = event.at.date();
        let latest = self.latest.entry(event.case).or_insert(day);
        // The handler's own events say midnight, and clocks differ by some hours: a day is no lie.
        let backwards = day.saturating_add(Duration::days(1)) < *latest;
        let text = format!("{} is dated {day}, after an event of {latest}", event.actor);
        *latest = day.max(*latest);
        backwards.then(|| Alarm::notice(Code::Clock, text))
    }
}
