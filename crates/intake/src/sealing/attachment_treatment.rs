//! The treatment of a file, as the sealed frame records it.

use metadata_scrubber::{MetadataKinds, ScrubReport};
use protocol::submission::treatment::{
    AttachmentTreatment, CleaningExtent, CleaningReport, MetadataCategory, SignatureState,
};

use crate::pages;

/// Returns the treatment that the frame records for this outcome.
pub(super) fn frame_treatment(outcome: pages::FileOutcome) -> AttachmentTreatment {
    match outcome {
        pages::FileOutcome::Unchanged => AttachmentTreatment::Kept,
        pages::FileOutcome::Cleaned(report) => AttachmentTreatment::Cleaned(frame_cleaning(report)),
        pages::FileOutcome::Failed => AttachmentTreatment::CutOff,
    }
}

fn frame_cleaning(report: ScrubReport) -> CleaningReport {
    let ScrubReport { format: _, removed, left, reading, signature } = report;
    CleaningReport {
        removed: metadata_kinds(removed),
        left: metadata_kinds(left),
        reading: match reading {
            metadata_scrubber::ParseCoverage::Whole => CleaningExtent::Whole,
            metadata_scrubber::ParseCoverage::Broken => CleaningExtent::Broken,
            metadata_scrubber::ParseCoverage::Unknown => CleaningExtent::Unknown,
            metadata_scrubber::ParseCoverage::Empty => CleaningExtent::Empty,
        },
        signature: match signature {
            metadata_scrubber::SignatureStatus::Absent => SignatureState::Absent,
            metadata_scrubber::SignatureStatus::Kept => SignatureState::Kept,
            metadata_scrubber::SignatureStatus::Broken => SignatureState::Broken,
        },
    }
}

fn metadata_kinds<T: FromIterator<MetadataCategory>>(kinds: MetadataKinds) -> T {
    let category = |kind| match kind {
        metadata_scrubber::MetadataKind::Author => MetadataCategory::Author,
        metadata_scrubber::MetadataKind::Place => MetadataCategory::Place,
        metadata_scrubber::MetadataKind::Date => MetadataCategory::Date,
        metadata_scrubber::MetadataKind::Device => MetadataCategory::Device,
        metadata_scrubber::MetadataKind::Words => MetadataCategory::Words,
        metadata_scrubber::MetadataKind::Preview => MetadataCategory::Preview,
        metadata_scrubber::MetadataKind::History => MetadataCategory::History,
        metadata_scrubber::MetadataKind::Other => MetadataCategory::Other,
    };
    kinds.iter().map(category).collect()
}
