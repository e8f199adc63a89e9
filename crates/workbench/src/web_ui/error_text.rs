//! Errors as texts of the pages.

use protocol::{
    api::workbench::ProblemDetails,
    case::{
        RuleViolation, Stage,
        event::{Event, HANDLER_ACTOR},
    },
    directory::DirectoryError,
};
use uuid::Uuid;

use super::layout::PageFrame;
use crate::l10n::event_text::localize_event;
use crate::{
    actions::{ActionError, ConsentError},
    audit::error::AuditError,
    case::{CaseReadError, collection_check::UnreadableCase},
    keys::{
        backup_sheet::BackupError, key_file::KeyError,
        passphrase_encryption::PassphraseDecryptError,
    },
    private_files::FileError,
    search::IndexError,
    session::{ConnectError, client::ClientError, directory_history::DirectoryHistoryError},
};

/// The text of an error, independent of the language.
#[derive(Debug, Clone, Default)]
pub(crate) struct ErrorText {
    message_key: String,
    /// Arguments of the text. The value of `day` is a date such as `2026-11-25`.
    args: Vec<(&'static str, String)>,
    /// The handle or the date that a rule concerns. The page shows it after the text.
    subject: Option<String>,
    events: Vec<Event>,
    /// The unreadable case.
    unreadable_case: Option<Uuid>,
    /// Whether this member can close the unreadable case.
    closable: bool,
    /// The message of the system or of a library in English, for a person who helps.
    detail: String,
}

impl ErrorText {
    fn new(key: impl Into<String>) -> Self {
        Self { message_key: key.into(), ..Self::default() }
    }

    fn with_arg(key: &str, name: &'static str, value: &impl ToString) -> Self {
        Self { args: vec![(name, value.to_string())], ..Self::new(key) }
    }

    fn with_detail(self, detail: &impl ToString) -> Self {
        Self { detail: detail.to_string(), ..self }
    }

    /// Returns whether the case handler does not accept the session.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.message_key == "problem-unauthorized"
    }

    /// Returns whether the content of the case was purged.
    pub(crate) fn is_purged(&self) -> bool {
        self.message_key == "cause-purged"
    }

    fn from_unreadable(unreadable: &UnreadableCase) -> Self {
        let open = unreadable.state.stage == Stage::Received;
        let key = if open { "cause-unreadable" } else { "cause-unreadable-closed" };
        let case = Some(unreadable.case);
        Self { unreadable_case: case, closable: open, ..Self::new(key) }
            .with_detail(&unreadable.reason)
    }

    /// Returns the unreadable case.
    pub(crate) fn unreadable_case(&self) -> Option<Uuid> {
        self.unreadable_case
    }

    /// Returns the case that can be closed as unreadable.
    pub(crate) fn closable_case(&self) -> Option<Uuid> {
        self.unreadable_case.filter(|_| self.closable)
    }

    /// Returns whether the case is unreadable.
    pub(crate) fn is_unreadable(&self) -> bool {
        self.message_key.starts_with("cause-unreadable")
    }

    /// Returns the text in the language of a page. It is empty if the error has no text.
    pub(crate) fn localize(&self, frame: &PageFrame) -> String {
        if self.message_key.is_empty() {
            return String::new();
        }
        let args: Vec<(&'static str, String)> = self
            .args
            .iter()
            .map(|(name, value)| {
                (*name, if *name == "day" { frame.format_iso_date(value) } else { value.clone() })
            })
            .collect();
        let args: Vec<(&'static str, &str)> =
            args.iter().map(|(name, value)| (*name, &**value)).collect();
        // A newer case handler can have rules that this program does not know.
        let mut text = if frame.catalog().contains(&self.message_key) {
            frame.catalog().with(&self.message_key, &args)
        } else {
            frame.t("cause-unexpected")
        };
        if let Some(subject) = &self.subject {
            text = format!("{text} ({})", frame.format_iso_date(subject));
        }
        for Event { actor, action, .. } in &self.events {
            let who = if actor == HANDLER_ACTOR { frame.t("the-handler") } else { actor.clone() };
            let what = localize_event(frame, action);
            text.push(' ');
            text += &frame.catalog().with("cause-event", &[("who", &who), ("what", &what)]);
        }
        text
    }

    /// Returns the detail in English.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

/// An error with a text for pages.
pub(crate) trait ToErrorText {
    fn error_text(&self) -> ErrorText;
}

impl ToErrorText for FileError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::Io { path, source, .. } => {
                ErrorText::with_arg("cause-file", "path", &path.display()).with_detail(source)
            }
            Self::AlreadyExists(path) => {
                ErrorText::with_arg("cause-file-exists", "path", &path.display())
            }
            Self::NotFound(path) => {
                ErrorText::with_arg("cause-file-missing", "path", &path.display())
            }
            Self::DamagedTrustState { path, reason } => {
                ErrorText::with_arg("cause-trust-state", "path", &path.display())
                    .with_detail(reason)
            }
            Self::Malformed { path, reason } => {
                ErrorText::with_arg("cause-file-malformed", "path", &path.display())
                    .with_detail(reason)
            }
        }
    }
}

impl ToErrorText for ClientError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::InvalidAddress(_) => ErrorText::new("connect-address-wrong"),
            Self::InvalidCa(reason) => ErrorText::new("connect-ca-wrong").with_detail(reason),
            Self::Unreachable(reason) => ErrorText::new("cause-unreachable").with_detail(reason),
            Self::Incomplete { .. } => ErrorText::new("cause-incomplete").with_detail(self),
            Self::Refused(problem) => problem.error_text(),
            Self::Unexpected(reason) => ErrorText::new("cause-unexpected").with_detail(reason),
        }
    }
}

/// The kinds of problems that the case handler returns. A rule violation has a text of its own.
const PROBLEM_KINDS: [&str; 12] = [
    "unauthorized",
    "not-found",
    "purged",
    "damaged-part",
    "oversight-only",
    "no-directory",
    "malformed",
    "stale",
    "checking",
    "clock",
    "late",
    "internal",
];

impl ToErrorText for ProblemDetails {
    fn error_text(&self) -> ErrorText {
        match &self.rule {
            Some(rule) => ErrorText::new(format!("rule-{rule}")),
            None if PROBLEM_KINDS.contains(&&*self.kind) => {
                ErrorText::new(format!("problem-{}", self.kind))
            }
            None => ErrorText::new("cause-unexpected").with_detail(&self.title),
        }
    }
}

impl ToErrorText for RuleViolation {
    fn error_text(&self) -> ErrorText {
        let subject = match self {
            Self::MemberRecused(who)
            | Self::AlreadyDeclared(who)
            | Self::ConflictClaimed(who)
            | Self::NoConflictClaim(who)
            | Self::AssigneeOnly(who)
            | Self::SamePerson(who)
            | Self::ProposalPending(who)
            | Self::AnotherInvestigator(who) => Some(who.clone()),
            Self::RetentionNotOver(day) => Some(day.to_string()),
            _ => None,
        };
        ErrorText { subject, ..ErrorText::new(format!("rule-{}", self.code())) }
    }
}

impl ToErrorText for DirectoryError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::Malformed(reason) | Self::RuleViolated(reason) => {
                ErrorText::new("cause-directory").with_detail(reason)
            }
            Self::UnsupportedVersion(_) | Self::DuplicateOrTooManySignatures | Self::TooLong(_) => {
                ErrorText::new("cause-directory").with_detail(self)
            }
            Self::ThresholdNotMet { .. } => {
                ErrorText::new("cause-directory-unsigned").with_detail(self)
            }
            Self::OtherInstance => ErrorText::new("cause-directory-other"),
            Self::Expired(day) => ErrorText::with_arg("cause-directory-expired", "day", day),
            Self::NotYetValid(day) => ErrorText::with_arg("cause-directory-not-yet", "day", day),
            Self::RolledBack { .. } => {
                ErrorText::new("cause-directory-rolled-back").with_detail(self)
            }
        }
    }
}

impl ToErrorText for DirectoryHistoryError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::Directory(error) => error.error_text(),
            Self::BrokenChain(_) => ErrorText::new("cause-directory-chain").with_detail(self),
            Self::NoDirectory => ErrorText::new("problem-no-directory"),
        }
    }
}

impl ToErrorText for ConnectError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::File(error) => error.error_text(),
            Self::Client(error) => error.error_text(),
            Self::Directory(error) => error.error_text(),
            Self::DirectoryHistory(error) => error.error_text(),
            Self::LatestMismatch => ErrorText::new("cause-directory-two"),
            Self::CaseNotFound(prefix) => ErrorText::with_arg("cause-no-case", "prefix", prefix),
            Self::AmbiguousPrefix { prefix, .. } => {
                ErrorText::with_arg("cause-ambiguous", "prefix", prefix).with_detail(self)
            }
            Self::InvalidPrefix => ErrorText::new("cause-prefix"),
        }
    }
}

impl ToErrorText for CaseReadError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::Client(error) => error.error_text(),
            Self::UnopenableGrants(error) => ErrorText::new("cause-grants").with_detail(error),
            Self::FormerKey(handle) => ErrorText::with_arg("cause-former-key", "who", handle),
            Self::WrongCase => ErrorText::new("cause-other-case"),
            Self::Purged(day) => ErrorText::with_arg("cause-purged", "day", day),
            Self::Unreadable(unreadable) => ErrorText::from_unreadable(unreadable),
            Self::UnprovenPurge => ErrorText::new("cause-not-purged"),
            Self::File(error) => error.error_text(),
        }
    }
}

impl ToErrorText for ActionError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::Refused(refusal) => refusal.error_text(),
            Self::Client(error) => error.error_text(),
            Self::File(error) => error.error_text(),
            Self::Read(error) => error.error_text(),
            Self::CaseIsReadable => ErrorText::new("cause-readable"),
            Self::UnverifiedEvents => ErrorText::new("cause-unverified"),
            Self::UnresolvedAlerts => ErrorText::new("cause-alerts"),
            Self::Excluded(who) => ErrorText::with_arg("cause-excluded", "who", who),
            Self::AgainstWish(unit, members) => {
                let key = match *unit {
                    "woman" => "cause-against-wish-woman",
                    _ => "cause-against-wish-man",
                };
                ErrorText::with_arg(key, "members", members)
            }
            Self::UnreadableReport => ErrorText::new("cause-no-report"),
            Self::DirectoryExpired(day) => ErrorText::with_arg("cause-expired", "day", day),
            Self::NotInDirectory(who) => ErrorText::with_arg("cause-not-in-directory", "who", who),
            Self::EmptyText => ErrorText::new("text-empty"),
            Self::UnfilledPlaceholder(gap) => ErrorText::with_arg("text-unfilled", "gap", gap),
            Self::TooLong { over } => ErrorText::with_arg("text-too-long", "count", over),
            Self::Sealing(error) => ErrorText::new("cause-sealing").with_detail(error),
            Self::IsOversightMember(who) => {
                ErrorText::with_arg("cause-oversight-stays", "who", who)
            }
            Self::IsAssignee(who) => ErrorText::with_arg("cause-assignee-stays", "who", who),
            Self::MissingNewestGrant(_) => ErrorText::new("cause-newest-grant"),
            Self::Conflict(events) => {
                ErrorText { events: events.clone(), ..ErrorText::new("cause-conflict") }
            }
            Self::Consent(ConsentError::Refused) => ErrorText::new("cause-consent-refused"),
            Self::Consent(ConsentError::SummaryOnly) => ErrorText::new("cause-consent-summary"),
            Self::Consent(ConsentError::NotAsked) => ErrorText::new("cause-consent-not-asked"),
            Self::Consent(ConsentError::MessageNotFound) => {
                ErrorText::new("cause-consent-no-message")
            }
            Self::NothingChosen => ErrorText::new("cause-not-chosen"),
            Self::UnseenSubmissions(count) => ErrorText::with_arg("cause-unseen", "count", count),
            Self::Rotation(fault) => ErrorText::new("cause-rotation").with_detail(fault),
            Self::LeavesOut(who) => ErrorText::with_arg("cause-leaves-out", "who", who),
            Self::NotAGrantHolder(who) => ErrorText::with_arg("cause-no-holder", "who", who),
            Self::NotRecorded => ErrorText::new("cause-not-recorded"),
        }
    }
}

impl ToErrorText for AuditError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::Client(error) => error.error_text(),
            Self::Connect(error) => error.error_text(),
            Self::File(error) => error.error_text(),
        }
    }
}

impl ToErrorText for IndexError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::Database(error) => ErrorText::new("cause-index").with_detail(error),
            Self::File(error) => error.error_text(),
            Self::Connect(error) => error.error_text(),
            Self::Read(error) => error.error_text(),
            Self::EmptyQuery => ErrorText::new("search-no-words"),
            Self::CaseNotIndexed => ErrorText::new("problem-not-found"),
        }
    }
}

impl ToErrorText for KeyError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::InvalidHandle => ErrorText::new("make-handle-wrong"),
            Self::Decrypt(PassphraseDecryptError::WrongPassphrase) => {
                ErrorText::new("unlock-wrong")
            }
            Self::Decrypt(PassphraseDecryptError::Damaged(reason)) => {
                ErrorText::new("unlock-no-key").with_detail(reason)
            }
            Self::Malformed | Self::BadSignature => ErrorText::new("unlock-no-key"),
        }
    }
}

impl ToErrorText for BackupError {
    fn error_text(&self) -> ErrorText {
        match self {
            Self::NoSealedKey => ErrorText::new("restore-no-key"),
            Self::DamagedCopy => ErrorText::new("restore-miscopied"),
            Self::Key(error) => error.error_text(),
            Self::TooLong => ErrorText::new("cause-sheet-too-long"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use web::Locale;

    use super::*;
    use crate::l10n::dates;

    /// Returns the texts between a mark and the next quotation mark.
    fn quoted_after<'a>(source: &'a str, mark: &'a str) -> BTreeSet<&'a str> {
        source.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_rule_and_problem_of_the_case_handler_has_a_text() {
        let texts = dates::load_texts();
        let rules =
            quoted_after(include_str!("../../../protocol/src/case/rule_violation.rs"), " => \"");
        let absences =
            quoted_after(include_str!("../../../case-handler/src/api/absence.rs"), " => \"");
        assert!(rules.len() > 30 && absences.len() == 3);
        let rules = rules.into_iter().chain(absences).map(|rule| format!("rule-{rule}"));
        let keys: Vec<String> =
            rules.chain(PROBLEM_KINDS.map(|kind| format!("problem-{kind}"))).collect();
        for locale in [Locale::FR, Locale::EN] {
            for key in &keys {
                assert!(texts.catalog(locale).contains(key), "{} has no {key}", locale.code);
            }
        }
    }

    #[test]
    fn every_problem_that_the_case_handler_can_name_is_known() {
        let source = include_str!("../../../case-handler/src/api/problem.rs");
        let named = source.split("(StatusCode::").skip(1).filter_map(|rest| rest.split('"').nth(1));
        let named: BTreeSet<&str> =
            named.filter(|kind| !matches!(*kind, "rule" | "method")).collect();
        assert!(named.len() >= 8, "{named:?}");
        for kind in named {
            assert!(PROBLEM_KINDS.contains(&kind), "{kind}");
        }
    }
}
