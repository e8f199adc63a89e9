//! Office files (OOXML, `OpenDocument`): what becomes of each part of a package. Parts are known by their names and by the root of their
//! XML. A part that no rule knows goes on as it came, and is reported as left.

use std::io::{self, Read, Write};

use crate::{
    found::{Found, Trace, Traces},
    names::Names,
    rules, xml,
};

/// Of a part that is replaced, so much is looked into.
const LOOKED_AT: u64 = 64 * 1024;

/// What is to be done with a part.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// XML, to be rewritten by the rules.
    Xml,
    /// A picture, to be cleaned as pictures are.
    Picture,
    /// To be replaced by this.
    Put(&'static [u8], Traces),
    /// Known to tell nothing.
    Pass,
    /// A signature of the file.
    Signature,
    /// Not known, or known to tell this.
    Told(Traces),
}

/// An office file on its way.
pub(crate) struct Office<'f> {
    found: &'f mut Found,
    names: Names,
}

impl<'f> Office<'f> {
    pub(crate) fn new(found: &'f mut Found) -> Self {
        Self { found, names: Names::default() }
    }

    /// What is to be done with the part of this name, in small letters.
    pub(crate) fn kind(name: &str) -> Kind {
        rules::get().package.kind(name)
    }

    /// Tells of a part that goes on as it came.
    pub(crate) fn tell(&mut self, kind: Kind) {
        match kind {
            Kind::Pass => {}
            Kind::Told(traces) => self.found.left |= traces,
            Kind::Signature => self.found.sign(),
            Kind::Xml | Kind::Picture | Kind::Put(..) => self.tell_unread(kind),
        }
    }

    /// Tells of a part that could not be looked into.
    pub(crate) fn tell_unread(&mut self, kind: Kind) {
        match kind {
            Kind::Xml => {
                self.found.left |= Trace::History;
                self.found.left |= Trace::Other;
            }
            Kind::Picture => self.found.left |= Trace::Other,
            Kind::Put(_, traces) => self.found.left |= traces,
            Kind::Pass | Kind::Signature | Kind::Told(_) => self.tell(kind),
        }
    }

    /// Begins to rewrite a part. What is found counts once it is kept.
    pub(crate) fn begin(&mut self) -> Rewriting<'_, 'f> {
        Rewriting { office: self, found: Found::default() }
    }
}

/// A part that is being rewritten.
pub(crate) struct Rewriting<'o, 'f> {
    office: &'o mut Office<'f>,
    pub(crate) found: Found,
}

impl Rewriting<'_, '_> {
    /// Rewrites a part. Returns whether anything was changed. Fails when the part cannot be unpacked, or the writer fails.
    pub(crate) fn rewrite(
        &mut self,
        name: &str,
        kind: Kind,
        plain: &mut dyn Read,
        out: &mut dyn Write,
    ) -> io::Result<bool> {
        match kind {
            Kind::Xml => xml::rewrite(plain, out, &mut self.office.names, &mut self.found, name),
            Kind::Picture => {
                crate::wash_picture(plain, out, &mut self.found)?;
                Ok(!self.found.removed.is_empty())
            }
            Kind::Put(put, traces) => {
                let mut before = Vec::new();
                plain.take(LOOKED_AT).read_to_end(&mut before)?;
                io::copy(plain, &mut io::sink())?;
                let changed = before != put;
                if changed {
                    self.found.removed |= traces;
                }
                out.write_all(put)?;
                Ok(changed)
            }
            Kind::Pass | Kind::Signature | Kind::Told(_) => {
                self.office.tell(kind);
                io::copy(plain, out)?;
                Ok(false)
            }
        }
    }

    /// Lets what was found count.
    pub(crate) fn keep(self) {
        let found = &mut *self.office.found;
        found.removed |= self.found.removed;
        found.left |= self.found.left;
        if self.found.is_signed {
            found.sign();
        }
    }
}
