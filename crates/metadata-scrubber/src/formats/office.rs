//! Office files (OOXML, `OpenDocument`): what becomes of each part of a package. Parts are known by
//! their names and by the root of their XML. A part that no rule knows goes on as it came, and is
//! reported as left.

use std::io::{self, Read, Write};

use crate::{
    formats::{pseudonyms::AuthorPseudonyms, xml},
    rules,
    summary::{Findings, MetadataKind, MetadataKinds},
};

/// Of a part that is replaced, so much is looked into.
const INSPECT_LIMIT: u64 = 64 * 1024;

/// What is to be done with a part.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PartTreatment {
    /// XML, to be rewritten by the rules.
    Xml,
    /// A picture, to be cleaned as pictures are.
    Picture,
    /// To be replaced by this.
    Replace(&'static [u8], MetadataKinds),
    /// Known to tell nothing.
    Keep,
    /// A signature of the file.
    Signature,
    /// Not known, or known to tell this.
    Report(MetadataKinds),
}

/// An office file on its way.
pub(crate) struct OfficeScrubber<'f> {
    found: &'f mut Findings,
    pseudonyms: AuthorPseudonyms,
}

impl<'f> OfficeScrubber<'f> {
    pub(crate) fn new(found: &'f mut Findings) -> Self {
        Self { found, pseudonyms: AuthorPseudonyms::default() }
    }

    /// What is to be done with the part of this name, in small letters.
    pub(crate) fn treatment_for(name: &str) -> PartTreatment {
        rules::builtin().package.treatment(name)
    }

    /// Tells of a part that goes on as it came.
    pub(crate) fn record_unchanged(&mut self, kind: PartTreatment) {
        match kind {
            PartTreatment::Keep => {}
            PartTreatment::Report(traces) => self.found.left |= traces,
            PartTreatment::Signature => self.found.record_signature(),
            PartTreatment::Xml | PartTreatment::Picture | PartTreatment::Replace(..) => {
                self.record_unreadable(kind)
            }
        }
    }

    /// Tells of a part that could not be looked into.
    pub(crate) fn record_unreadable(&mut self, kind: PartTreatment) {
        match kind {
            PartTreatment::Xml => {
                self.found.left |= MetadataKind::History;
                self.found.left |= MetadataKind::Other;
            }
            PartTreatment::Picture => self.found.left |= MetadataKind::Other,
            PartTreatment::Replace(_, traces) => self.found.left |= traces,
            PartTreatment::Keep | PartTreatment::Signature | PartTreatment::Report(_) => {
                self.record_unchanged(kind)
            }
        }
    }

    /// Begins to rewrite a part. What is found counts once it is kept.
    pub(crate) fn begin_part(&mut self) -> PartRewrite<'_, 'f> {
        PartRewrite { scrubber: self, found: Findings::default() }
    }
}

/// A part that is being rewritten.
pub(crate) struct PartRewrite<'o, 'f> {
    scrubber: &'o mut OfficeScrubber<'f>,
    pub(crate) found: Findings,
}

impl PartRewrite<'_, '_> {
    /// Rewrites a part. Returns whether anything was changed. Fails when the part cannot be
    /// unpacked, or the writer fails.
    pub(crate) fn rewrite(
        &mut self,
        name: &str,
        kind: PartTreatment,
        plain: &mut dyn Read,
        out: &mut dyn Write,
    ) -> io::Result<bool> {
        match kind {
            PartTreatment::Xml => {
                xml::rewrite(plain, out, &mut self.scrubber.pseudonyms, &mut self.found, name)
            }
            PartTreatment::Picture => {
                crate::scrub_embedded_picture(plain, out, &mut self.found)?;
                Ok(!self.found.removed.is_empty())
            }
            PartTreatment::Replace(put, traces) => {
                let mut before = Vec::new();
                plain.take(INSPECT_LIMIT).read_to_end(&mut before)?;
                io::copy(plain, &mut io::sink())?;
                let changed = before != put;
                if changed {
                    self.found.removed |= traces;
                }
                out.write_all(put)?;
                Ok(changed)
            }
            PartTreatment::Keep | PartTreatment::Signature | PartTreatment::Report(_) => {
                self.scrubber.record_unchanged(kind);
                io::copy(plain, out)?;
                Ok(false)
            }
        }
    }

    /// Lets what was found count.
    pub(crate) fn commit(self) {
        let found = &mut *self.scrubber.found;
        found.removed |= self.found.removed;
        found.left |= self.found.left;
        if self.found.is_signed {
            found.record_signature();
        }
    }
}
