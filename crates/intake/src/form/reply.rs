//! A receipt being typed, and a message to those who read the report.

use envelope::{Hash, receipt::Receipt};
use zeroize::Zeroize;

use super::{
    fields::{self, FieldError, Intake, Problem, is_blank},
    guard::{self, Trace},
};

/// Longest message, in characters.
const MAX_MESSAGE: usize = 6_000;
/// The value of `kind` that asks for the outside body.
const OUTSIDE_BODY: &str = "outside-body";

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
    pub earlier: String,
    /// For which message traces have been pointed out, as [`ReplyForm::mark`] gave it.
    pub looked: String,
    /// The kind of trace whose words are to be covered, from the button that says so.
    pub cover: String,
    /// 64 hexadecimal digits, drawn with the page. The same seed and text make the same message.
    pub seed: String,
    /// The token of the visit that this form belongs to; may be empty.
    pub visit: String,
    /// Not empty if a button was pressed that shows the thread again and sends nothing.
    pub go: String,
    /// Were files chosen that did not come with the form?
    pub named_files: bool,
    /// Are files to be sealed exactly as they are, with what they tell?
    pub keep_files: bool,
    taken: Intake,
}

/// A message as it is sealed.
#[derive(Debug)]
pub struct Reply {
    /// Whose.
    pub receipt: Receipt,
    /// The text; may be empty when only the outside body is asked for.
    pub text: String,
    /// Does the reporter want the outside body to have the case?
    pub ask_outside_body: bool,
    /// Whose other report is to be named.
    pub earlier: Option<Receipt>,
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
    pub fn set(&mut self, name: &str, value: &[u8]) -> Result<(), FieldError> {
        if name == "files" {
            // A form that is not sent as multipart names its files only.
            self.named_files |= !value.is_empty();
            return Ok(());
        }
        let text = self.taken.take(name, value, matches!(name, "message" | "earlier" | "receipt"))?;
        match name {
            "receipt" => self.receipt = text,
            "message" => self.message = text,
            "kind" => self.kind = text,
            "earlier" => self.earlier = text,
            "looked" => self.looked = text,
            "cover" => self.cover = text,
            "seed" => self.seed = text,
            "visit" => self.visit = text,
            "go" => self.go = text,
            "keep" => self.keep_files = true,
            _ => {}
        }
        Ok(())
    }

    /// What was typed, to be carried by a page that holds it.
    pub fn carried(&self) -> Vec<(String, String)> {
        let fields = [
            ("receipt", &self.receipt),
            ("message", &self.message),
            ("kind", &self.kind),
            ("earlier", &self.earlier),
            ("looked", &self.looked),
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
        if self.keep_files {
            carried.push(("keep".to_owned(), "files".to_owned()));
        }
        carried
    }

    /// The seed as bytes.
    ///
    /// # Errors
    /// It is not 64 hexadecimal digits.
    pub fn to_seed(&self) -> Result<[u8; 32], FieldError> {
        fields::seed("seed", &self.seed)
    }

    /// The receipt, in any letter case and spacing.
    pub fn receipt(&self) -> Result<Receipt, FieldError> {
        if self.receipt.trim().is_empty() {
            return Err(FieldError::new("receipt", Problem::Missing));
        }
        Receipt::parse(&self.receipt).map_err(|_| FieldError::new("receipt", Problem::NotOffered))
    }

    /// The kind of trace to be covered, if the button that says so was pressed.
    pub fn to_cover(&self) -> Option<Trace> {
        Trace::parse(&self.cover)
    }

    /// What in the message could show who wrote it, unless that has been pointed out for this very text.
    pub fn unseen_traces(&self) -> Vec<(Trace, Vec<String>)> {
        if self.looked == Self::mark(&self.message) { Vec::new() } else { guard::traces(&self.message) }
    }

    /// Stands for a text that the reporter has been warned of.
    pub fn mark(message: &str) -> String {
        Hash::of(&[message.trim().as_bytes()]).to_string()
    }

    /// The receipt of another report, which must not be the same one.
    fn earlier(&self) -> Result<Option<Receipt>, FieldError> {
        if self.earlier.trim().is_empty() {
            return Ok(None);
        }
        let wrong = || FieldError::new("earlier", Problem::NotOffered);
        let other = Receipt::parse(&self.earlier).map_err(|_| wrong())?;
        let same = self.receipt().is_ok_and(|own| own.locator().mailbox_id() == other.locator().mailbox_id());
        if same { Err(wrong()) } else { Ok(Some(other)) }
    }

    /// The message, or what is wrong. `has_files`: files alone are a message too.
    pub fn to_reply(&self, has_files: bool) -> Result<Reply, Vec<FieldError>> {
        let text = if is_blank(&self.message) { "" } else { self.message.trim() };
        let ask_outside_body = self.kind == OUTSIDE_BODY;
        let mut wrong = self.taken.damaged().to_vec();
        if !matches!(self.kind.as_str(), "" | "message" | OUTSIDE_BODY) {
            wrong.push(FieldError::new("kind", Problem::NotOffered));
        }
        let earlier = self.earlier().map_err(|error| wrong.push(error)).ok().flatten();
        if text.is_empty() && !ask_outside_body && !has_files && self.earlier.trim().is_empty() {
            wrong.push(FieldError::new("message", Problem::Missing));
        }
        if text.chars().count() > MAX_MESSAGE {
            wrong.push(FieldError::new("message", Problem::TooLong(MAX_MESSAGE)));
        }
        let receipt = self.receipt().map_err(|error| wrong.push(error)).ok();
        let seed = self.to_seed().map_err(|error| wrong.push(error)).ok();
        match (receipt, seed) {
            (Some(receipt), Some(seed)) if wrong.is_empty() => {
                Ok(Reply { receipt, text: text.to_owned(), ask_outside_body, earlier, seed })
            }
            _ => Err(wrong),
        }
    }
}

impl Drop for ReplyForm {
    fn drop(&mut self) {
        for secret in [&mut self.receipt, &mut self.message, &mut self.earlier, &mut self.seed] {
            secret.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(message: &str, kind: &str) -> ReplyForm {
        let mut form = ReplyForm::default();
        let code = Receipt::from_bytes([7; 16]).code().to_lowercase().replace('-', " ");
        for (name, value) in
            [("receipt", code.as_str()), ("kind", kind), ("message", message), ("seed", &"ab".repeat(32))]
        {
            form.set(name, value.as_bytes()).unwrap();
        }
        form
    }

    #[test]
    fn a_message_needs_text_files_or_the_wish_for_the_outside_body() {
        assert_eq!(filled("hello", "message").to_reply(false).unwrap().text, "hello");
        assert!(filled("", "message").to_reply(true).is_ok());
        assert!(filled(" \r\n", "outside-body").to_reply(false).unwrap().ask_outside_body);
        let wrong = filled("", "message").to_reply(false).unwrap_err();
        assert_eq!(wrong, [FieldError::new("message", Problem::Missing)]);
        assert!(filled(&"x".repeat(6001), "message").to_reply(false).is_err());
        assert!(filled("hello", "else").to_reply(false).is_err());
    }

    #[test]
    fn another_report_is_named_by_its_own_receipt_only() {
        let code = |byte| Receipt::from_bytes([byte; 16]).code();
        let named = |earlier: &str| {
            let mut form = filled("", "");
            form.set("earlier", earlier.as_bytes()).unwrap();
            form.to_reply(false).map(|reply| reply.earlier.map(|other| other.code()))
        };
        assert_eq!(named(&code(8)), Ok(Some(code(8))));
        for wrong in [&code(7), "not a receipt"] {
            assert_eq!(named(wrong), Err(vec![FieldError::new("earlier", Problem::NotOffered)]));
        }
        assert_eq!(named(" "), Err(vec![FieldError::new("message", Problem::Missing)]));
    }

    #[test]
    fn a_mistyped_receipt_is_a_problem_of_its_field() {
        let mut form = filled("hello", "message");
        form.set("receipt", b"not a receipt").unwrap();
        assert_eq!(form.to_reply(false).unwrap_err(), [FieldError::new("receipt", Problem::NotOffered)]);
        form.set("else", b"").unwrap();
    }

    #[test]
    fn a_message_that_is_no_text_comes_back_and_one_that_shows_nothing_is_none() {
        let mut form = filled("", "message");
        form.set("message", b"caf\xe9").unwrap();
        assert_eq!(form.to_reply(false).unwrap_err(), [FieldError::new("message", Problem::NotText)]);
        assert_eq!(form.message, "caf\u{fffd}");
        for blank in ["\u{200b}", "\u{3164}\u{2800}", "\u{ad}\u{b}"] {
            let wrong = filled(blank, "message").to_reply(false).unwrap_err();
            assert_eq!(wrong, [FieldError::new("message", Problem::Missing)], "{blank:?}");
        }
    }
}
