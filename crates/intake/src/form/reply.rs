//! A receipt being typed, and a message to those who read the report.

use envelope::receipt::Receipt;
use zeroize::Zeroize;

use super::fields::{self, FieldError, Intake, Problem};

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
    /// 64 hexadecimal digits, drawn with the page. The same seed and text make the same message.
    pub seed: String,
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
    /// Fixes the sending, so that the same message twice is one.
    pub seed: [u8; 32],
}

impl ReplyForm {
    /// Is this a text field of the form? The rest of a multipart body is files.
    pub fn is_field(name: &str) -> bool {
        matches!(name, "receipt" | "message" | "kind" | "seed")
    }

    /// Takes in one field as it arrives.
    pub fn set(&mut self, name: &str, value: &[u8]) -> Result<(), FieldError> {
        if name == "files" {
            return Ok(());
        }
        let text = self.taken.take(name, value)?;
        match name {
            "receipt" => self.receipt = text,
            "message" => self.message = text,
            "kind" => self.kind = text,
            "seed" => self.seed = text,
            _ => return Err(FieldError::new(name, Problem::Unknown)),
        }
        Ok(())
    }

    /// The receipt, in any letter case and spacing.
    pub fn receipt(&self) -> Result<Receipt, FieldError> {
        if self.receipt.trim().is_empty() {
            return Err(FieldError::new("receipt", Problem::Missing));
        }
        Receipt::parse(&self.receipt).map_err(|_| FieldError::new("receipt", Problem::NotOffered))
    }

    /// The message, or what is wrong. `has_files`: files alone are a message too.
    pub fn to_reply(&self, has_files: bool) -> Result<Reply, Vec<FieldError>> {
        let text = self.message.trim();
        let ask_outside_body = self.kind == OUTSIDE_BODY;
        let mut wrong = Vec::new();
        if !matches!(self.kind.as_str(), "" | "message" | OUTSIDE_BODY) {
            wrong.push(FieldError::new("kind", Problem::NotOffered));
        }
        if text.is_empty() && !ask_outside_body && !has_files {
            wrong.push(FieldError::new("message", Problem::Missing));
        }
        if text.chars().count() > MAX_MESSAGE {
            wrong.push(FieldError::new("message", Problem::TooLong(MAX_MESSAGE)));
        }
        let receipt = self.receipt().map_err(|error| wrong.push(error)).ok();
        let seed = fields::seed("seed", &self.seed).map_err(|error| wrong.push(error)).ok();
        match (receipt, seed) {
            (Some(receipt), Some(seed)) if wrong.is_empty() => {
                Ok(Reply { receipt, text: text.to_owned(), ask_outside_body, seed })
            }
            _ => Err(wrong),
        }
    }
}

impl Drop for ReplyForm {
    fn drop(&mut self) {
        for secret in [&mut self.receipt, &mut self.message, &mut self.seed] {
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
    fn a_mistyped_receipt_is_a_problem_of_its_field() {
        let mut form = filled("hello", "message");
        form.set("receipt", b"not a receipt").unwrap();
        assert_eq!(form.to_reply(false).unwrap_err(), [FieldError::new("receipt", Problem::NotOffered)]);
        assert!(form.set("message", b"\xff\xfe").is_err());
        assert!(form.set("else", b"").is_err());
    }
}
