//! A receipt being typed, and a message to those who read the report.

use protocol::{Hash, receipt::Receipt};
use zeroize::Zeroize;

use super::{
    fields::{self, FieldError, FieldProblem, FieldReader, is_blank},
    identifying_details::{self, IdentifyingDetailKind},
};

/// Longest message, in characters.
const MAX_MESSAGE_CHARS: usize = 6_000;
/// The value of `kind` that asks for the outside body.
const OVERSIGHT_BODY: &str = "outside-body";

/// The fields of the return page and of the reply form, as typed.
#[derive(Debug, Clone, Default)]
pub struct ReplyForm {
    /// The receipt in either spelling.
    pub receipt: String,
    /// The text.
    pub message: String,
    /// `message` or `outside-body`.
    pub kind: String,
    /// The receipt of another report of the same person; usually empty.
    pub related_receipt: String,
    /// For which message traces have been pointed out, as [`ReplyForm::message_digest`] gave it.
    pub acknowledged: String,
    /// The kind of trace whose words are to be covered, from the button that says so.
    pub redact: String,
    /// 64 hexadecimal digits, drawn with the page. The same seed and text make the same message.
    pub seed: String,
    /// The token of the visit that this form belongs to; may be empty.
    pub visit: String,
    /// Not empty if a button was pressed that shows the thread again and sends nothing.
    pub action: String,
    /// Were files chosen that did not come with the form?
    pub files_not_sent: bool,
    /// Are files to be sealed exactly as they are, with what they tell?
    pub keep_metadata: bool,
    reader: FieldReader,
}

/// A message as it is sealed.
#[derive(Debug)]
pub struct ValidatedReply {
    /// Whose.
    pub receipt: Receipt,
    /// The text; may be empty when only the outside body is asked for.
    pub text: String,
    /// Does the reporter want the outside body to have the case?
    pub release_to_oversight: bool,
    /// Whose other report is to be named.
    pub related_receipt: Option<Receipt>,
    /// Fixes the sending, so that the same message twice is one.
    pub seed: [u8; 32],
}

impl ReplyForm {
    /// Is this a text field of the form? The rest of a multipart body is files.
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
        )
    }

    /// Takes in one field as it arrives. Fields of other names are ignored.
    ///
    /// # Errors
    /// The form carries more than a form may.
    pub fn set_field(&mut self, name: &str, value: &[u8]) -> Result<(), FieldError> {
        if name == "files" {
            // A form that is not sent as multipart names its files only.
            self.files_not_sent |= !value.is_empty();
            return Ok(());
        }
        let text =
            self.reader.decode(name, value, matches!(name, "message" | "earlier" | "receipt"))?;
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
            "keep" => self.keep_metadata = true,
            _ => {}
        }
        Ok(())
    }

    /// What was typed, to be carried by a page that holds it.
    pub fn hidden_fields(&self) -> Vec<(String, String)> {
        let fields = [
            ("receipt", &self.receipt),
            ("message", &self.message),
            ("kind", &self.kind),
            ("earlier", &self.related_receipt),
            ("looked", &self.acknowledged),
        ];
        let typed = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let mut carried: Vec<(String, String)> =
            typed.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        if !carried.is_empty() {
            carried.push(("seed".to_owned(), self.seed.clone()));
            if !self.visit.is_empty() {
                carried.push(("visit".to_owned(), self.visit.clone()));
            }
        }
        if self.keep_metadata {
            carried.push(("keep".to_owned(), "files".to_owned()));
        }
        carried
    }

    /// The seed as bytes.
    ///
    /// # Errors
    /// It is not 64 hexadecimal digits.
    pub fn seed_bytes(&self) -> Result<[u8; 32], FieldError> {
        fields::parse_seed("seed", &self.seed)
    }

    /// The receipt, in any letter case and spacing.
    pub fn parse_receipt(&self) -> Result<Receipt, FieldError> {
        if self.receipt.trim().is_empty() {
            return Err(FieldError::new("receipt", FieldProblem::Missing));
        }
        Receipt::parse(&self.receipt)
            .map_err(|_| FieldError::new("receipt", FieldProblem::UnknownOption))
    }

    /// The kind of trace to be covered, if the button that says so was pressed.
    pub fn redact_requested(&self) -> Option<IdentifyingDetailKind> {
        IdentifyingDetailKind::parse(&self.redact)
    }

    /// What in the message could show who wrote it, unless that has been pointed out for this very
    /// text.
    pub fn unacknowledged_details(&self) -> Vec<(IdentifyingDetailKind, Vec<String>)> {
        if self.acknowledged == Self::message_digest(&self.message) {
            Vec::new()
        } else {
            identifying_details::find_details(&self.message)
        }
    }

    /// Stands for a text that the reporter has been warned of.
    pub fn message_digest(message: &str) -> String {
        Hash::of(&[message.trim().as_bytes()]).to_string()
    }

    /// The receipt of another report, which must not be the same one.
    fn parse_related_receipt(&self) -> Result<Option<Receipt>, FieldError> {
        if self.related_receipt.trim().is_empty() {
            return Ok(None);
        }
        let wrong = || FieldError::new("earlier", FieldProblem::UnknownOption);
        let other = Receipt::parse(&self.related_receipt).map_err(|_| wrong())?;
        let same = self
            .parse_receipt()
            .is_ok_and(|own| own.locator().mailbox_id() == other.locator().mailbox_id());
        if same { Err(wrong()) } else { Ok(Some(other)) }
    }

    /// The message, or what is wrong. `has_files`: files alone are a message too.
    pub fn validate(&self, has_files: bool) -> Result<ValidatedReply, Vec<FieldError>> {
        let text = if is_blank(&self.message) { "" } else { self.message.trim() };
        let ask_outside_body = self.kind == OVERSIGHT_BODY;
        let mut wrong = self.reader.invalid_utf8().to_vec();
        if !matches!(self.kind.as_str(), "" | "message" | OVERSIGHT_BODY) {
            wrong.push(FieldError::new("kind", FieldProblem::UnknownOption));
        }
        let earlier =
            self.parse_related_receipt().map_err(|error| wrong.push(error)).ok().flatten();
        if text.is_empty()
            && !ask_outside_body
            && !has_files
            && self.related_receipt.trim().is_empty()
        {
            wrong.push(FieldError::new("message", FieldProblem::Missing));
        }
        if text.chars().count() > MAX_MESSAGE_CHARS {
            wrong.push(FieldError::new("message", FieldProblem::TooLong(MAX_MESSAGE_CHARS)));
        }
        let receipt = self.parse_receipt().map_err(|error| wrong.push(error)).ok();
        let seed = self.seed_bytes().map_err(|error| wrong.push(error)).ok();
        match (receipt, seed) {
            (Some(receipt), Some(seed)) if wrong.is_empty() => Ok(ValidatedReply {
                receipt,
                text: text.to_owned(),
                release_to_oversight: ask_outside_body,
                related_receipt: earlier,
                seed,
            }),
            _ => Err(wrong),
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
    }
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
    fn a_message_needs_text_files_or_the_wish_for_the_oversight_body() {
        assert_eq!(filled_form("hello", "message").validate(false).unwrap().text, "hello");
        assert!(filled_form("", "message").validate(true).is_ok());
        assert!(filled_form(" \r\n", "outside-body").validate(false).unwrap().release_to_oversight);
        let wrong = filled_form("", "message").validate(false).unwrap_err();
        assert_eq!(wrong, [FieldError::new("message", FieldProblem::Missing)]);
        assert!(filled_form(&"x".repeat(6001), "message").validate(false).is_err());
        assert!(filled_form("hello", "else").validate(false).is_err());
    }

    #[test]
    fn another_report_is_named_by_its_own_receipt_only() {
        let code = |byte| Receipt::from_bytes([byte; 16]).code();
        let named = |earlier: &str| {
            let mut form = filled_form("", "");
            form.set_field("earlier", earlier.as_bytes()).unwrap();
            form.validate(false).map(|reply| reply.related_receipt.map(|other| other.code()))
        };
        assert_eq!(named(&code(8)), Ok(Some(code(8))));
        for wrong in [&code(7), "not a receipt"] {
            assert_eq!(
                named(wrong),
                Err(vec![FieldError::new("earlier", FieldProblem::UnknownOption)])
            );
        }
        assert_eq!(named(" "), Err(vec![FieldError::new("message", FieldProblem::Missing)]));
    }

    #[test]
    fn a_mistyped_receipt_is_a_problem_of_its_field() {
        let mut form = filled_form("hello", "message");
        form.set_field("receipt", b"not a receipt").unwrap();
        assert_eq!(
            form.validate(false).unwrap_err(),
            [FieldError::new("receipt", FieldProblem::UnknownOption)]
        );
        form.set_field("else", b"").unwrap();
    }

    #[test]
    fn a_message_that_is_no_text_comes_back_and_one_that_shows_nothing_is_none() {
        let mut form = filled_form("", "message");
        form.set_field("message", b"caf\xe9").unwrap();
        assert_eq!(
            form.validate(false).unwrap_err(),
            [FieldError::new("message", FieldProblem::InvalidUtf8)]
        );
        assert_eq!(form.message, "caf\u{fffd}");
        for blank in ["\u{200b}", "\u{3164}\u{2800}", "\u{ad}\u{b}"] {
            let wrong = filled_form(blank, "message").validate(false).unwrap_err();
            assert_eq!(wrong, [FieldError::new("message", FieldProblem::Missing)], "{blank:?}");
        }
    }
}
