//! Describes what was done to an attached file before it was sealed. The frame carries it, so it is
//! the sender's claim.

use std::collections::BTreeSet;

use protocol::submission::treatment::{
    AttachmentTreatment, CleaningExtent, CleaningReport, MetadataCategory, SignatureState,
};

use crate::case::view::{AttachmentView, serde_word};
use crate::l10n::Localizer;

impl Localizer {
    /// Returns the sender's claims about a file, one text for each.
    pub(crate) fn treatment_lines(&self, treatment: Option<&AttachmentTreatment>) -> Vec<String> {
        match treatment {
            None => vec![self.t("treated-unsaid")],
            Some(AttachmentTreatment::Cleaned(cleaning)) => self.cleaning_lines(cleaning),
            Some(AttachmentTreatment::Redrawn) => vec![self.t("treated-redrawn")],
            Some(AttachmentTreatment::Kept) => vec![self.t("treated-kept")],
            Some(AttachmentTreatment::CutOff) => vec![self.t("treated-cut-off")],
            Some(AttachmentTreatment::VoiceAltered) => vec![self.t("treated-voice-altered")],
        }
    }

    /// Returns the same claims as one paragraph, for templates.
    pub(crate) fn treatment_text(&self, file: &AttachmentView) -> String {
        self.treatment_lines(file.treatment.as_ref()).join(" ")
    }

    fn cleaning_lines(&self, cleaning: &CleaningReport) -> Vec<String> {
        let CleaningReport { removed, left, reading, signature } = cleaning;
        let mut lines = Vec::new();
        if !removed.is_empty() {
            lines.push(self.with("treated-removed", "what", self.metadata_kinds(removed)));
        }
        match signature {
            SignatureState::Absent => {}
            SignatureState::Kept => lines.push(self.t("treated-signature-kept")),
            SignatureState::Broken => lines.push(self.t("treated-signature-broken")),
        }
        match reading {
            CleaningExtent::Whole if removed.is_empty() => lines.push(self.t("treated-nothing")),
            CleaningExtent::Whole => {}
            CleaningExtent::Broken => lines.push(self.t("treated-broken")),
            CleaningExtent::Unknown => lines.push(self.t("treated-unknown")),
            CleaningExtent::Empty => lines.push(self.t("treated-empty")),
        }
        if !left.is_empty() {
            lines.push(self.with("treated-left", "what", self.metadata_kinds(left)));
        }
        lines
    }

    fn metadata_kinds(&self, kinds: &BTreeSet<MetadataCategory>) -> String {
        let words: Vec<String> =
            kinds.iter().map(|kind| self.t_variant("metadata", &serde_word(kind))).collect();
        words.join(", ")
    }
}

/// Returns the sender's claims about each file, in English, the language of the command line.
pub fn english_treatment_lines<'a>(
    files: impl IntoIterator<Item = Option<&'a AttachmentTreatment>>,
) -> Vec<String> {
    let localizer = Localizer::english();
    files.into_iter().map(|treatment| localizer.treatment_lines(treatment).join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::l10n::dates;

    fn cleaned_treatment(
        removed: &[MetadataCategory],
        left: &[MetadataCategory],
        reading: CleaningExtent,
        signature: SignatureState,
    ) -> AttachmentTreatment {
        let (removed, left) = (removed.iter().copied().collect(), left.iter().copied().collect());
        AttachmentTreatment::Cleaned(CleaningReport { removed, left, reading, signature })
    }

    #[test]
    fn every_treatment_is_described() {
        let removed = [MetadataCategory::Author, MetadataCategory::Place];
        let lines = english_treatment_lines(
            [
                None,
                Some(cleaned_treatment(
                    &removed,
                    &[],
                    CleaningExtent::Whole,
                    SignatureState::Broken,
                )),
                Some(cleaned_treatment(
                    &[],
                    &[MetadataCategory::Author],
                    CleaningExtent::Whole,
                    SignatureState::Kept,
                )),
                Some(cleaned_treatment(
                    &[MetadataCategory::Date],
                    &[MetadataCategory::History],
                    CleaningExtent::Broken,
                    SignatureState::Absent,
                )),
                Some(cleaned_treatment(&[], &[], CleaningExtent::Unknown, SignatureState::Absent)),
                Some(cleaned_treatment(&[], &[], CleaningExtent::Empty, SignatureState::Absent)),
                Some(AttachmentTreatment::Redrawn),
                Some(AttachmentTreatment::Kept),
                Some(AttachmentTreatment::CutOff),
                Some(AttachmentTreatment::VoiceAltered),
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
            "Spoken on the reporter’s device, with the voice altered there. Who knows the reporter may \
             still recognise the voice, the accent or the words.",
        ];
        assert_eq!(lines, expected);
        let french = Localizer::for_lang("fr").treatment_lines(Some(&cleaned_treatment(
            &removed,
            &[],
            CleaningExtent::Whole,
            SignatureState::Broken,
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
    fn every_kind_of_metadata_has_a_text() {
        for locale in dates::LOCALES {
            let localizer = Localizer::for_lang(locale.code);
            assert!(
                MetadataCategory::ALL
                    .iter()
                    .all(|kind| localizer.has_variant("metadata", &serde_word(kind))),
                "{}",
                locale.code
            );
        }
    }
}
