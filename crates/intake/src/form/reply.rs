//! The form for a receipt and for a message to the readers of the report.

use protocol::{Hash, receipt::Receipt};
use web::Locale;
use zeroize::{Zeroize, Zeroizing};

use super::{
    ReportForm, ShownFields,
    fields::{self, FieldError, FieldProblem, FieldReader, is_blank},
    identifying_details::{self, IdentifyingDetailKind},
};

/// Maximum length of a message, in characters.
pub const MAX_MESSAGE_CHARS: usize = 6_000;
/// The value of `kind` that asks for the release to the oversight body.
const OVERSIGHT_BODY: &str = "oversight-body";

/// The fields of the return page and of the reply form, as typed.
#[derive(Debug, Clone, Default)]
pub struct ReplyForm {
    /// The receipt, as a code or as words.
    pub receipt: String,
    /// The text.
    pub message: String,
    /// `message` or `oversight-body`.
    pub kind: String,
    /// The receipt of another report of the same person; usually empty.
    pub related_receipt: String,
    /// The [`ReplyForm::message_digest`] of the message whose identifying details the page has
    /// shown.
    pub acknowledged: String,
    /// The kind of identifying details to redact, from the value of the button.
    pub redact: String,
    /// 64 hexadecimal digits, drawn with the page. The same seed and text make the same message.
    pub seed: String,
    /// The token of the visit that this form belongs to; may be empty.
    pub visit: String,
    /// Not empty if the pressed button shows the conversation again and sends nothing.
    pub action: String,
    /// Whether the pressed button takes the nearest word of the list for an unknown one.
    pub takes_nearest_word: bool,
    /// Whether the reporter chose files that the form did not send.
    pub files_not_sent: bool,
    /// Whether files are sealed unchanged, with their metadata.
    pub keep_metadata: bool,
    /// The opened own copy as base64url, sealed; usually empty.
    pub own_copy: String,
    /// The [`ReplyForm::facts_digest`] of the facts whose identifying details the page has shown.
    pub facts_acknowledged: String,
    /// The fields of facts that are not sent yet, as typed: group, category and answers.
    facts: Vec<(String, String)>,
    reader: FieldReader,
}

/// A message as it is sealed.
#[derive(Debug)]
pub struct ValidatedReply {
    /// The receipt of the case.
    pub receipt: Receipt,
    /// The text. It may be empty if the message only asks for the release to the oversight body.
    pub text: String,
    /// Whether the reporter asks for the release to the oversight body.
    pub release_to_oversight: bool,
    /// The receipt of the related report that the message names.
    pub related_receipt: Option<Receipt>,
    /// Seed of the submission, so that a message that is sent twice is one submission.
    pub seed: [u8; 32],
}

impl ReplyForm {
    /// Returns whether the form has a text field of this name. All other parts of a multipart body
    /// are files.
    pub fn is_field(name: &str) -> bool {
        matches!(
            name,
            "receipt"
                | "message"
                | "kind"
                | "earlier"
                | "looked"
                | "cover"
                | "seed"
                | "keep"
                | "visit"
                | "go"
                | "own"
                | "noted"
        ) || is_facts_field(name)
    }

    /// Sets one field as it arrives. Unknown fields are ignored.
    ///
    /// # Errors
    /// [`FieldProblem::FormTooLarge`] if the form exceeds the limits.
    pub fn set_field(&mut self, name: &str, value: &[u8]) -> Result<(), FieldError> {
        if name == "files" {
            // A form that is not sent as multipart contains only the names of its files.
            self.files_not_sent |= !value.is_empty();
            return Ok(());
        }
        let text = self.reader.decode(name, value, is_typed(name))?;
        match name {
            "receipt" => self.receipt = text,
            "message" => self.message = text,
            "kind" => self.kind = text,
            "earlier" => self.related_receipt = text,
            "looked" => self.acknowledged = text,
            "cover" => self.redact = text,
            "seed" => self.seed = text,
            "visit" => self.visit = text,
            "go" => self.action = text,
            "take" => self.takes_nearest_word = true,
            "keep" => self.keep_metadata = true,
            "own" => self.own_copy = text,
            "noted" => self.facts_acknowledged = text,
            _ if is_facts_field(name) => self.facts.push((name.to_owned(), text)),
            _ => {}
        }
        Ok(())
    }

    /// Returns the fields of facts that are not sent yet.
    pub fn facts(&self) -> &[(String, String)] {
        &self.facts
    }

    /// Returns the facts as a form, in this language, with the pressed button.
    pub fn facts_form(&self, lang: Locale) -> ReportForm {
        let mut form = ReportForm::new(lang);
        for (name, value) in &self.facts {
            // The fields are from a form, so a form accepts them, up to the limits of one question.
            drop(form.set_field(name, value.as_bytes()));
        }
        form.action.clone_from(&self.action);
        form
    }

    /// Replaces the facts by those of a form, or by none.
    pub fn set_facts(&mut self, form: Option<&ReportForm>) {
        self.facts.iter_mut().for_each(|(_, value)| value.zeroize());
        self.facts = form.map_or_else(Vec::new, |form| form.hidden_fields(ShownFields::default()));
    }

    /// Returns the fields of facts that were not UTF-8.
    pub fn invalid_utf8_facts(&self) -> Vec<FieldError> {
        let errors = self.reader.invalid_utf8().iter();
        errors.filter(|error| is_facts_field(&error.field)).cloned().collect()
    }

    /// Returns the digest of the facts whose identifying details the page shows.
    pub fn facts_digest(&self) -> String {
        let fields = self.facts.iter().flat_map(|(name, value)| [name.as_str(), "=", value, "\0"]);
        Hash::of(&[Zeroizing::new(fields.collect::<String>()).as_bytes()]).to_string()
    }

    /// Returns the typed fields as hidden fields of a page.
    pub fn hidden_fields(&self) -> Vec<(String, String)> {
        let mut hidden = self.message_fields();
        hidden.extend_from_slice(&self.facts);
        if !self.facts_acknowledged.is_empty() {
            hidden.push(("noted".to_owned(), self.facts_acknowledged.clone()));
        }
        hidden
    }

    /// Returns the typed fields of the message, without facts, as hidden fields of a page.
    pub fn message_fields(&self) -> Vec<(String, String)> {
        let fields = [
            ("receipt", &self.receipt),
            ("message", &self.message),
            ("kind", &self.kind),
            ("earlier", &self.related_receipt),
            ("looked", &self.acknowledged),
            ("own", &self.own_copy),
        ];
        let typed = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let mut hidden: Vec<(String, String)> =
            typed.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        if !hidden.is_empty() {
            hidden.push(("seed".to_owned(), self.seed.clone()));
            if !self.visit.is_empty() {
                hidden.push(("visit".to_owned(), self.visit.clone()));
            }
        }
        if self.keep_metadata {
            hidden.push(("keep".to_owned(), "files".to_owned()));
        }
        hidden
    }

    /// Returns the seed as bytes.
    ///
    /// # Errors
    /// If the seed is not 64 hexadecimal digits.
    pub fn seed_bytes(&self) -> Result<[u8; 32], FieldError> {
        fields::parse_seed("seed", &self.seed)
    }

    /// Replaces an unknown word of the receipt by the nearest one, if the reporter asked for it.
    pub fn take_nearest_word(&mut self) {
        if !self.takes_nearest_word {
            return;
        }
        if let Some(corrected) = Receipt::with_nearest_word(&self.receipt) {
            self.receipt.zeroize();
            self.receipt = corrected;
        }
    }

    /// Parses the receipt, in any letter case and spacing.
    ///
    /// # Errors
    /// If the field is empty or not a receipt.
    pub fn parse_receipt(&self) -> Result<Receipt, FieldError> {
        if self.receipt.trim().is_empty() {
            return Err(FieldError::new("receipt", FieldProblem::Missing));
        }
        Receipt::parse(&self.receipt)
            .map_err(|_| FieldError::new("receipt", FieldProblem::UnknownOption))
    }

    /// Returns the kind of details to redact, if that button was pressed.
    pub fn redact_requested(&self) -> Option<IdentifyingDetailKind> {
        IdentifyingDetailKind::parse(&self.redact)
    }

    /// Returns the identifying details of the message, unless the page has shown them for the same
    /// text.
    pub fn unacknowledged_details(&self) -> Vec<(IdentifyingDetailKind, Vec<String>)> {
        if self.acknowledged == Self::message_digest(&self.message) {
            Vec::new()
        } else {
            identifying_details::find_details(&self.message)
        }
    }

    /// Returns the digest of a message whose identifying details the page shows.
    pub fn message_digest(message: &str) -> String {
        Hash::of(&[message.trim().as_bytes()]).to_string()
    }

    /// Parses the receipt of the related report, which must differ from the receipt of the case.
    fn parse_related_receipt(&self) -> Result<Option<Receipt>, FieldError> {
        if self.related_receipt.trim().is_empty() {
            return Ok(None);
        }
        let invalid = || FieldError::new("earlier", FieldProblem::UnknownOption);
        let other = Receipt::parse(&self.related_receipt).map_err(|_| invalid())?;
        let same = self
            .parse_receipt()
            .is_ok_and(|own| own.locator().mailbox_id() == other.locator().mailbox_id());
        if same { Err(invalid()) } else { Ok(Some(other)) }
    }

    /// Validates the message. With `has_files`, the text may be empty.
    ///
    /// # Errors
    /// Returns all problems of the form.
    pub fn validate(&self, has_files: bool) -> Result<ValidatedReply, Vec<FieldError>> {
        let text = if is_blank(&self.message) { "" } else { self.message.trim() };
        let release_to_oversight = self.kind == OVERSIGHT_BODY;
        let mut errors = self.reader.invalid_utf8().to_vec();
        // The page of the facts shows their errors.
        errors.retain(|error| !is_facts_field(&error.field));
        if !matches!(self.kind.as_str(), "" | "message" | OVERSIGHT_BODY) {
            errors.push(FieldError::new("kind", FieldProblem::UnknownOption));
        }
        let earlier =
            self.parse_related_receipt().map_err(|error| errors.push(error)).ok().flatten();
        if text.is_empty()
            && !release_to_oversight
            && !has_files
            && self.related_receipt.trim().is_empty()
        {
            errors.push(FieldError::new("message", FieldProblem::Missing));
        }
        if text.chars().count() > MAX_MESSAGE_CHARS {
            errors.push(FieldError::new("message", FieldProblem::TooLong(MAX_MESSAGE_CHARS)));
        }
        let receipt = self.parse_receipt().map_err(|error| errors.push(error)).ok();
        let seed = self.seed_bytes().map_err(|error| errors.push(error)).ok();
        match (receipt, seed) {
            (Some(receipt), Some(seed)) if errors.is_empty() => Ok(ValidatedReply {
                receipt,
                text: text.to_owned(),
                release_to_oversight,
                related_receipt: earlier,
                seed,
            }),
            _ => Err(errors),
        }
    }
}

impl Drop for ReplyForm {
    fn drop(&mut self) {
        for secret in
            [&mut self.receipt, &mut self.message, &mut self.related_receipt, &mut self.seed]
        {
            secret.zeroize();
        }
        self.set_facts(None);
    }
}

/// Returns whether a field belongs to facts that the reporter adds.
fn is_facts_field(name: &str) -> bool {
    matches!(name, "family" | "category") || name.starts_with("a.") || name.starts_with("d.")
}

/// Returns whether the reporter types into a field.
fn is_typed(name: &str) -> bool {
    matches!(name, "message" | "earlier" | "receipt")
        || name.starts_with("a.")
        || name.starts_with("d.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled_form(message: &str, kind: &str) -> ReplyForm {
        let mut form = ReplyForm::default();
        let code = Receipt::from_bytes([7; 16]).code().to_lowercase().replace('-', " ");
        for (name, value) in [
            ("receipt", code.as_str()),
            ("kind", kind),
            ("message", message),
            ("seed", &"ab".repeat(32)),
        ] {
            form.set_field(name, value.as_bytes()).unwrap();
        }
        form
    }

    #[test]
    fn a_message_needs_text_files_or_a_release_to_the_oversight_body() {
        assert_eq!(filled_form("hello", "message").validate(false).unwrap().text, "hello");
        assert!(filled_form("", "message").validate(true).is_ok());
        assert!(
            filled_form(" \r\n", "oversight-body").validate(false).unwrap().release_to_oversight
        );
        let errors = filled_form("", "message").validate(false).unwrap_err();
        assert_eq!(errors, [FieldError::new("message", FieldProblem::Missing)]);
        assert!(filled_form(&"x".repeat(6001), "message").validate(false).is_err());
        assert!(filled_form("hello", "else").validate(false).is_err());
    }

    #[test]
    fn a_related_report_needs_a_receipt_of_its_own() {
        let code = |byte| Receipt::from_bytes([byte; 16]).code();
        let named = |earlier: &str| {
            let mut form = filled_form("", "");
            form.set_field("earlier", earlier.as_bytes()).unwrap();
            form.validate(false).map(|reply| reply.related_receipt.map(|other| other.code()))
        };
        assert_eq!(named(&code(8)), Ok(Some(code(8))));
        for invalid in [&code(7), "not a receipt"] {
            assert_eq!(
                named(invalid),
                Err(vec![FieldError::new("earlier", FieldProblem::UnknownOption)])
            );
        }
        assert_eq!(named(" "), Err(vec![FieldError::new("message", FieldProblem::Missing)]));
    }

    #[test]
    fn a_mistyped_receipt_is_an_error_of_its_field() {
        let mut form = filled_form("hello", "message");
        form.set_field("receipt", b"not a receipt").unwrap();
        assert_eq!(
            form.validate(false).unwrap_err(),
            [FieldError::new("receipt", FieldProblem::UnknownOption)]
        );
        form.set_field("else", b"").unwrap();
    }

    #[test]
    fn a_message_that_is_not_utf8_is_returned_and_a_blank_one_is_missing() {
        let mut form = filled_form("", "message");
        form.set_field("message", b"caf\xe9").unwrap();
        assert_eq!(
            form.validate(false).unwrap_err(),
            [FieldError::new("message", FieldProblem::InvalidUtf8)]
        );
        assert_eq!(form.message, "caf\u{fffd}");
        for blank in ["\u{200b}", "\u{3164}\u{2800}", "\u{ad}\u{b}"] {
            let errors = filled_form(blank, "message").validate(false).unwrap_err();
            assert_eq!(errors, [FieldError::new("message", FieldProblem::Missing)], "{blank:?}");
        }
    }
}
