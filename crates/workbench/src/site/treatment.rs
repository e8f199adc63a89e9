//! What was done with an attached file before it was sealed, in words. The frame says it, and so the sender does.

use std::collections::BTreeSet;

use envelope::treatment::{Cleaning, Reading, Signature, Trace, Treatment};

use super::speech::Speech;
use crate::view::{AttachmentView, word};

impl Speech {
    /// Returns what the sender says of a file, one text for each fact.
    pub(crate) fn treatment(&self, treatment: Option<&Treatment>) -> Vec<String> {
        match treatment {
            None => vec![self.t("treated-unsaid")],
            Some(Treatment::Cleaned(cleaning)) => self.cleaning(cleaning),
            Some(Treatment::Redrawn) => vec![self.t("treated-redrawn")],
            Some(Treatment::Kept) => vec![self.t("treated-kept")],
            Some(Treatment::CutOff) => vec![self.t("treated-cut-off")],
        }
    }

    /// Returns the same in one paragraph, for templates.
    pub(crate) fn treatment_of(&self, file: &AttachmentView) -> String {
        self.treatment(file.treatment.as_ref()).join(" ")
    }

    fn cleaning(&self, cleaning: &Cleaning) -> Vec<String> {
        let Cleaning { removed, left, reading, signature } = cleaning;
        let mut lines = Vec::new();
        if !removed.is_empty() {
            lines.push(self.with("treated-removed", "what", self.kinds(removed)));
        }
        match signature {
            Signature::Absent => {}
            Signature::Kept => lines.push(self.t("treated-signature-kept")),
            Signature::Broken => lines.push(self.t("treated-signature-broken")),
        }
        match reading {
            Reading::Whole if removed.is_empty() => lines.push(self.t("treated-nothing")),
            Reading::Whole => {}
            Reading::Broken => lines.push(self.t("treated-broken")),
            Reading::Unknown => lines.push(self.t("treated-unknown")),
            Reading::Empty => lines.push(self.t("treated-empty")),
        }
        if !left.is_empty() {
            lines.push(self.with("treated-left", "what", self.kinds(left)));
        }
        lines
    }

    fn kinds(&self, traces: &BTreeSet<Trace>) -> String {
        let words: Vec<String> = traces.iter().map(|trace| self.one_of("trace", &word(trace))).collect();
        words.join(", ")
    }
}

/// Returns what the sender says of each file, in English, the language of the command line.
pub fn in_english<'a>(files: impl IntoIterator<Item = Option<&'a Treatment>>) -> Vec<String> {
    let speech = Speech::in_language("en");
    files.into_iter().map(|treatment| speech.treatment(treatment).join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::i18n;

    fn cleaned(removed: &[Trace], left: &[Trace], reading: Reading, signature: Signature) -> Treatment {
        let (removed, left) = (removed.iter().copied().collect(), left.iter().copied().collect());
        Treatment::Cleaned(Cleaning { removed, left, reading, signature })
    }

    #[test]
    fn investigators_read_what_was_done_with_a_file() {
        let removed = [Trace::Author, Trace::Place];
        let said = in_english(
            [
                None,
                Some(cleaned(&removed, &[], Reading::Whole, Signature::Broken)),
                Some(cleaned(&[], &[Trace::Author], Reading::Whole, Signature::Kept)),
                Some(cleaned(&[Trace::Date], &[Trace::History], Reading::Broken, Signature::Absent)),
                Some(cleaned(&[], &[], Reading::Unknown, Signature::Absent)),
                Some(cleaned(&[], &[], Reading::Empty, Signature::Absent)),
                Some(Treatment::Redrawn),
                Some(Treatment::Kept),
                Some(Treatment::CutOff),
            ]
            .iter()
            .map(Option::as_ref),
        );
        let expected = [
            "The sender did not say what was done to it.",
            "Burkindi took out: a name, a place. Its electronic signature is no longer valid, because \
             Burkindi took something out.",
            "It carries an electronic signature, which Burkindi left as it was. Burkindi looked through \
             all of it and found nothing to take out. It may still hold: a name.",
            "Burkindi took out: dates. Part of it could not be read. That part is as it was. It may still \
             hold: who changed what.",
            "Burkindi cannot look into this kind of file, and left it as it was.",
            "The file is empty.",
            "Redrawn as a picture: only what it shows is left. Its bytes differ from the original, so that \
             a comparison of hashes says nothing.",
            "The reporter sent it as it was. It may show who the reporter is.",
            "It could not be cleaned. It ends where that failed, and is not whole.",
        ];
        assert_eq!(said, expected);
        let french = Speech::in_language("fr").treatment(Some(&cleaned(
            &removed,
            &[],
            Reading::Whole,
            Signature::Broken,
        )));
        assert_eq!(
            french,
            [
                "Burkindi a retiré\u{a0}: un nom, un lieu.",
                "Sa signature électronique n’est plus valable, car Burkindi a retiré quelque chose.",
            ]
        );
    }

    #[test]
    fn every_kind_of_metadata_has_words() {
        for locale in i18n::LOCALES {
            let speech = Speech::in_language(locale.code);
            assert!(Trace::ALL.iter().all(|trace| speech.has("trace", &word(trace))), "{}", locale.code);
        }
    }
}
