//! Office files (OOXML, `OpenDocument`): what happens to each part of a package. Parts are
//! identified by name and by the root of their XML. A part that no rule matches is copied unchanged
//! and reported as left.

use std::io::{self, Read, Write};

use crate::{
    formats::{pseudonyms::AuthorPseudonyms, xml},
    metadata_kind::{MetadataKind, MetadataKinds},
    rules,
    summary::Findings,
};

/// Bytes of a replaced part that are compared with its replacement.
const INSPECT_LIMIT: u64 = 64 * 1024;

/// What to do with a part.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PartTreatment {
    /// Rewrite the XML by the rules.
    Xml,
    /// Scrub as a picture.
    Picture,
    /// Replace by these bytes. The part carries these kinds of metadata.
    Replace(&'static [u8], MetadataKinds),
    /// Copy: the part is known to carry no metadata.
    Keep,
    /// Copy: the part is a signature of the file.
    Signature,
    /// Copy, and report these kinds: the part is unknown, or known to carry them.
    Report(MetadataKinds),
}

/// Scrubs the parts of one office file.
pub(crate) struct OfficeScrubber<'f> {
    found: &'f mut Findings,
    pseudonyms: AuthorPseudonyms,
}

impl<'f> OfficeScrubber<'f> {
    pub(crate) fn new(found: &'f mut Findings) -> Self {
        Self { found, pseudonyms: AuthorPseudonyms::default() }
    }

    /// Returns the treatment of the part with this lower-case name.
    pub(crate) fn treatment_for(name: &str) -> PartTreatment {
        rules::builtin().package.treatment(name)
    }

    /// Records the findings for a part that is copied unchanged.
    pub(crate) fn record_unchanged(&mut self, treatment: PartTreatment) {
        match treatment {
            PartTreatment::Keep => {}
            PartTreatment::Report(kinds) => self.found.left |= kinds,
            PartTreatment::Signature => self.found.record_signature(),
            PartTreatment::Xml | PartTreatment::Picture | PartTreatment::Replace(..) => {
                self.record_unreadable(treatment);
            }
        }
    }

    /// Records the findings for a part that could not be parsed.
    pub(crate) fn record_unreadable(&mut self, treatment: PartTreatment) {
        match treatment {
            PartTreatment::Xml => {
                self.found.left |= MetadataKind::History;
                self.found.left |= MetadataKind::Other;
            }
            PartTreatment::Picture => self.found.left |= MetadataKind::Other,
            PartTreatment::Replace(_, kinds) => self.found.left |= kinds,
            PartTreatment::Keep | PartTreatment::Signature | PartTreatment::Report(_) => {
                self.record_unchanged(treatment);
            }
        }
    }

    /// Begins to rewrite a part. Its findings count after [`PartRewrite::commit`].
    pub(crate) fn begin_part(&mut self) -> PartRewrite<'_, 'f> {
        PartRewrite { scrubber: self, found: Findings::default() }
    }
}

/// The rewrite of one part.
pub(crate) struct PartRewrite<'o, 'f> {
    scrubber: &'o mut OfficeScrubber<'f>,
    pub(crate) found: Findings,
}

impl PartRewrite<'_, '_> {
    /// Rewrites a part. Returns whether anything changed. Fails if the part cannot be decompressed
    /// or the writer fails.
    pub(crate) fn rewrite(
        &mut self,
        name: &str,
        treatment: PartTreatment,
        input: &mut dyn Read,
        out: &mut dyn Write,
    ) -> io::Result<bool> {
        match treatment {
            PartTreatment::Xml => {
                xml::rewrite(input, out, &mut self.scrubber.pseudonyms, &mut self.found, name)
            }
            PartTreatment::Picture => {
                crate::scrub_embedded_picture(input, out, &mut self.found)?;
                Ok(!self.found.removed.is_empty())
            }
            PartTreatment::Replace(replacement, kinds) => {
                let mut before = Vec::new();
                input.take(INSPECT_LIMIT).read_to_end(&mut before)?;
                io::copy(input, &mut io::sink())?;
                let changed = before != replacement;
                if changed {
                    self.found.removed |= kinds;
                }
                out.write_all(replacement)?;
                Ok(changed)
            }
            PartTreatment::Keep | PartTreatment::Signature | PartTreatment::Report(_) => {
                self.scrubber.record_unchanged(treatment);
                io::copy(input, out)?;
                Ok(false)
            }
        }
    }

    /// Adds the findings of this part to those of the file.
    pub(crate) fn commit(self) {
        let found = &mut *self.scrubber.found;
        found.removed |= self.found.removed;
        found.left |= self.found.left;
        if self.found.is_signed {
            found.record_signature();
        }
    }
}
