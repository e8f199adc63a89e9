//! What the program refuses, or fails at, in the words of the pages.

use envelope::{
    desk_api::Problem,
    directory::DirectoryError,
    event::{Event, HANDLER},
    life::{Refusal, Stage},
};
use uuid::Uuid;

use super::{frame::Frame, moments};
use crate::{
    acting::{ActError, NoConsent},
    as_it_came::Unreadable,
    backup::BackupError,
    cases::ReadError,
    client::ClientError,
    connection::ConnectError,
    files::FileError,
    index::IndexError,
    keyfile::KeyError,
    logbook::LogError,
    roll::RollError,
    sealed::OpenError,
};

/// What is to be said, before it is known in which language.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    key: String,
    /// What the text names. `day` is a day such as `2026-11-25`.
    names: Vec<(&'static str, String)>,
    /// Somebody, or a day, whom a rule is about: stands behind its text.
    about: Option<String>,
    events: Vec<Event>,
    /// The case that came unreadable, while it can be closed as that.
    unreadable: Option<Uuid>,
    /// The system's or a library's words, which no page can translate: for whoever helps.
    detail: String,
}

impl Said {
    fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), ..Self::default() }
    }

    fn naming(key: &str, name: &'static str, value: &impl ToString) -> Self {
        Self { names: vec![(name, value.to_string())], ..Self::new(key) }
    }

    fn detail(self, detail: &impl ToString) -> Self {
        Self { detail: detail.to_string(), ..self }
    }

    /// Does the case handler not know who asks?
    pub(crate) fn is_of_a_stranger(&self) -> bool {
        self.key == "problem-unauthorized"
    }

    /// Has the content been destroyed?
    pub(crate) fn is_of_a_purged_case(&self) -> bool {
        self.key == "said-purged"
    }

    fn of_unreadable(unreadable: &Unreadable) -> Self {
        let open = unreadable.state.stage == Stage::Received;
        let key = if open { "said-unreadable" } else { "said-unreadable-closed" };
        Self { unreadable: open.then_some(unreadable.case), ..Self::new(key) }.detail(&unreadable.why)
    }

    /// The case that came unreadable and can be closed as that.
    pub(crate) fn closable(&self) -> Option<Uuid> {
        self.unreadable
    }

    /// Did the case come unreadable?
    pub(crate) fn is_of_an_unreadable_case(&self) -> bool {
        self.key.starts_with("said-unreadable")
    }

    /// In the language of a page; empty if there is nothing to say.
    pub(crate) fn words(&self, frame: &Frame) -> String {
        if self.key.is_empty() {
            return String::new();
        }
        let names: Vec<(&'static str, String)> = self
            .names
            .iter()
            .map(|(name, value)| (*name, if *name == "day" { frame.iso_day(value) } else { value.clone() }))
            .collect();
        let names: Vec<(&'static str, &str)> = names.iter().map(|(name, value)| (*name, &**value)).collect();
        // A newer case handler may have rules that this program does not know.
        let mut words = if frame.words().has(&self.key) {
            frame.words().with(&self.key, &names)
        } else {
            frame.t("said-unexpected")
        };
        if let Some(about) = &self.about {
            words = format!("{words} ({})", frame.iso_day(about));
        }
        for Event { actor, action, .. } in &self.events {
            let who = if actor == HANDLER { frame.t("the-handler") } else { actor.clone() };
            let what = moments::what(frame, action);
            words.push(' ');
            words += &frame.words().with("said-event", &[("who", &who), ("what", &what)]);
        }
        words
    }

    /// What stands behind it in the program's own language.
    pub(crate) fn behind(&self) -> &str {
        &self.detail
    }
}

/// An error that pages can tell.
pub(crate) trait Tell {
    fn said(&self) -> Said;
}

impl Tell for FileError {
    fn said(&self) -> Said {
        match self {
            Self::Io { path, source, .. } => {
                Said::naming("said-file", "path", &path.display()).detail(source)
            }
            Self::Exists(path) => Said::naming("said-file-exists", "path", &path.display()),
            Self::Missing(path) => Said::naming("said-file-missing", "path", &path.display()),
            Self::Seen { path, reason } => Said::naming("said-seen", "path", &path.display()).detail(reason),
            Self::Malformed { path, reason } => {
                Said::naming("said-file-malformed", "path", &path.display()).detail(reason)
            }
        }
    }
}

impl Tell for ClientError {
    fn said(&self) -> Said {
        match self {
            Self::Address(_) => Said::new("connect-address-wrong"),
            Self::Authority(reason) => Said::new("connect-ca-wrong").detail(reason),
            Self::Unreachable(reason) => Said::new("said-unreachable").detail(reason),
            Self::Refused(problem) => problem.said(),
            Self::Unexpected(reason) => Said::new("said-unexpected").detail(reason),
        }
    }
}

/// The kinds of problem that the case handler tells of; what is a rule has its own text.
const PROBLEMS: [&str; 11] = [
    "unauthorized",
    "not-found",
    "purged",
    "oversight-only",
    "no-directory",
    "malformed",
    "stale",
    "checking",
    "clock",
    "late",
    "internal",
];

impl Tell for Problem {
    fn said(&self) -> Said {
        match &self.rule {
            Some(rule) => Said::new(format!("rule-{rule}")),
            None if PROBLEMS.contains(&&*self.kind) => Said::new(format!("problem-{}", self.kind)),
            None => Said::new("said-unexpected").detail(&self.title),
        }
    }
}

impl Tell for Refusal {
    fn said(&self) -> Said {
        let about = match self {
            Self::Recused(who)
            | Self::Declared(who)
            | Self::Challenged(who)
            | Self::NotChallenged(who)
            | Self::AssigneeOnly(who)
            | Self::SamePerson(who)
            | Self::Pending(who)
            | Self::AnotherInvestigator(who) => Some(who.clone()),
            Self::Retention(day) => Some(day.to_string()),
            _ => None,
        };
        Said { about, ..Said::new(format!("rule-{}", self.rule())) }
    }
}

impl Tell for DirectoryError {
    fn said(&self) -> Said {
        match self {
            Self::Malformed(reason) | Self::Rule(reason) => Said::new("said-directory").detail(reason),
            Self::Version(_) | Self::Signatures | Self::TooLong(_) => {
                Said::new("said-directory").detail(self)
            }
            Self::Unsigned { .. } => Said::new("said-directory-unsigned").detail(self),
            Self::OtherInstance => Said::new("said-directory-other"),
            Self::Expired(day) => Said::naming("said-directory-expired", "day", day),
            Self::NotYet(day) => Said::naming("said-directory-not-yet", "day", day),
            Self::RolledBack { .. } => Said::new("said-directory-rolled-back").detail(self),
        }
    }
}

impl Tell for RollError {
    fn said(&self) -> Said {
        match self {
            Self::Directory(error) => error.said(),
            Self::Chain(_) => Said::new("said-directory-chain").detail(self),
            Self::Empty => Said::new("problem-no-directory"),
        }
    }
}

impl Tell for ConnectError {
    fn said(&self) -> Said {
        match self {
            Self::File(error) => error.said(),
            Self::Client(error) => error.said(),
            Self::Directory(error) => error.said(),
            Self::Roll(error) => error.said(),
            Self::TwoNewest => Said::new("said-directory-two"),
            Self::NoCase(prefix) => Said::naming("said-no-case", "prefix", prefix),
            Self::Ambiguous { prefix, .. } => Said::naming("said-ambiguous", "prefix", prefix).detail(self),
            Self::Prefix => Said::new("said-prefix"),
        }
    }
}

impl Tell for ReadError {
    fn said(&self) -> Said {
        match self {
            Self::Client(error) => error.said(),
            Self::Grants(error) => Said::new("said-grants").detail(error),
            Self::FormerKey(handle) => Said::naming("said-former-key", "who", handle),
            Self::OtherCase => Said::new("said-other-case"),
            Self::Purged(day) => Said::naming("said-purged", "day", day),
            Self::Unreadable(unreadable) => Said::of_unreadable(unreadable),
            Self::NotPurged => Said::new("said-not-purged"),
            Self::File(error) => error.said(),
        }
    }
}

impl Tell for ActError {
    fn said(&self) -> Said {
        match self {
            Self::Refused(refusal) => refusal.said(),
            Self::Client(error) => error.said(),
            Self::File(error) => error.said(),
            Self::Read(error) => error.said(),
            Self::Readable => Said::new("said-readable"),
            Self::Unverified => Said::new("said-unverified"),
            Self::Alarming => Said::new("said-alarming"),
            Self::Excluded(who) => Said::naming("said-excluded", "who", who),
            Self::NoReport => Said::new("said-no-report"),
            Self::Expired(day) => Said::naming("said-expired", "day", day),
            Self::NotInDirectory(who) => Said::naming("said-not-in-directory", "who", who),
            Self::Empty => Said::new("text-empty"),
            Self::Unfilled(gap) => Said::naming("text-unfilled", "gap", gap),
            Self::TooLong { over } => Said::naming("text-too-long", "count", over),
            Self::Sealing(error) => Said::new("said-sealing").detail(error),
            Self::Oversight(who) => Said::naming("said-oversight-stays", "who", who),
            Self::Assignee(who) => Said::naming("said-assignee-stays", "who", who),
            Self::NewestGrant(_) => Said::new("said-newest-grant"),
            Self::Overtaken(events) => Said { events: events.clone(), ..Said::new("said-overtaken") },
            Self::Consent(NoConsent::Refused) => Said::new("said-consent-refused"),
            Self::Consent(NoConsent::SummaryOnly) => Said::new("said-consent-summary"),
            Self::Consent(NoConsent::NotAsked) => Said::new("said-consent-not-asked"),
            Self::Consent(NoConsent::NoMessage) => Said::new("said-consent-no-message"),
            Self::NotChosen => Said::new("said-not-chosen"),
            Self::Unshown(count) => Said::naming("said-unshown", "count", count),
            Self::NoHolder(who) => Said::naming("said-no-holder", "who", who),
            Self::NotFiled => Said::new("said-not-filed"),
        }
    }
}

impl Tell for LogError {
    fn said(&self) -> Said {
        match self {
            Self::Client(error) => error.said(),
            Self::Roll(error) => error.said(),
            Self::File(error) => error.said(),
        }
    }
}

impl Tell for IndexError {
    fn said(&self) -> Said {
        match self {
            Self::Database(error) => Said::new("said-index").detail(error),
            Self::File(error) => error.said(),
            Self::Connect(error) => error.said(),
            Self::Read(error) => error.said(),
            Self::NoWords => Said::new("search-no-words"),
            Self::NoCase => Said::new("problem-not-found"),
        }
    }
}

impl Tell for KeyError {
    fn said(&self) -> Said {
        match self {
            Self::Handle => Said::new("make-handle-wrong"),
            Self::Sealed(OpenError::WrongPassphrase) => Said::new("unlock-wrong"),
            Self::Sealed(OpenError::Damaged(reason)) => Said::new("unlock-no-key").detail(reason),
            Self::Malformed | Self::Altered => Said::new("unlock-no-key"),
        }
    }
}

impl Tell for BackupError {
    fn said(&self) -> Said {
        match self {
            Self::NoKey => Said::new("restore-no-key"),
            Self::Miscopied => Said::new("restore-miscopied"),
            Self::Key(error) => error.said(),
            Self::TooLong => Said::new("said-sheet-too-long"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use web::Locale;

    use super::*;
    use crate::site::i18n;

    /// What stands between a mark and the next quotation mark.
    fn quoted<'a>(source: &'a str, mark: &'a str) -> BTreeSet<&'a str> {
        source.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_rule_and_problem_of_the_case_handler_has_a_text() {
        let texts = i18n::texts();
        let rules = quoted(include_str!("../../../envelope/src/life/refusal.rs"), " => \"");
        let absences = quoted(include_str!("../../../case-handler/src/api/absence.rs"), " => \"");
        assert!(rules.len() > 30 && absences.len() == 3);
        let rules = rules.into_iter().chain(absences).map(|rule| format!("rule-{rule}"));
        let keys: Vec<String> = rules.chain(PROBLEMS.map(|kind| format!("problem-{kind}"))).collect();
        for locale in [Locale::FR, Locale::EN] {
            for key in &keys {
                assert!(texts.of(locale).has(key), "{} has no {key}", locale.code);
            }
        }
    }

    #[test]
    fn every_problem_that_the_case_handler_can_name_is_known() {
        let source = include_str!("../../../case-handler/src/api/problem.rs");
        let named = source.split("(StatusCode::").skip(1).filter_map(|rest| rest.split('"').nth(1));
        let named: BTreeSet<&str> = named.filter(|kind| !matches!(*kind, "rule" | "method")).collect();
        assert!(named.len() >= 8, "{named:?}");
        for kind in named {
            assert!(PROBLEMS.contains(&kind), "{kind}");
        }
    }
}
