//! Drawings (SVG): what drawing programs add for themselves goes.

use quick_xml::events::{BytesStart, attributes::Attribute};

use crate::{
    found::{Found, Trace, Traces},
    rules,
};

/// What becomes of an element.
pub(super) enum Verdict<'e> {
    Stays,
    /// It has these attributes left.
    Becomes(Vec<Attribute<'e>>),
    /// With all that is in it.
    Goes,
}

/// What becomes of an element of a drawing. Namespaces are known by the prefixes that the programs use for them.
pub(super) fn judge<'e>(element: &'e BytesStart<'_>, found: &mut Found) -> Verdict<'e> {
    let rules = &rules::get().package.drawing;
    let prefix = |name: &[u8]| memchr::memchr(b':', name).map(|at| name[..at].to_vec());
    let is_added = |name: &[u8]| prefix(name).is_some_and(|prefix| rules::is_among(&rules.added, &prefix));
    let name = element.name();
    if is_added(name.as_ref()) || rules::is_among(&rules.left_out, element.local_name().as_ref()) {
        return Verdict::Goes;
    }
    if prefix(name.as_ref()).is_some_and(|prefix| !rules::is_among(&rules.known, &prefix)) {
        found.left |= Trace::Other;
    }
    let Ok(attributes) = element.attributes().with_checks(false).collect::<Result<Vec<_>, _>>() else {
        found.left |= Trace::Other;
        return Verdict::Stays;
    };
    let count = attributes.len();
    let mut kept = Vec::with_capacity(count);
    for attribute in attributes {
        let key = attribute.key.as_ref();
        let is_xmlns = key.starts_with(b"xmlns");
        if !is_xmlns && (is_added(key) || rules::is_path(&attribute.value)) {
            found.removed |= Traces::told_by(key);
            found.removed |= Trace::Author;
            continue;
        }
        // A picture inside the drawing is not looked into.
        if attribute.value.starts_with(b"data:image/") {
            found.left |= Trace::Other;
        }
        kept.push(attribute);
    }
    if kept.len() == count { Verdict::Stays } else { Verdict::Becomes(kept) }
}
