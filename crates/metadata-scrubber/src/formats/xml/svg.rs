//! SVG drawings: the data that drawing programs add for themselves is removed.

use quick_xml::events::{BytesStart, attributes::Attribute};

use crate::{
    metadata_kind::{MetadataKind, MetadataKinds},
    rules,
    summary::Findings,
};

/// The decision about one element.
pub(super) enum ElementDecision<'e> {
    Keep,
    /// Keep these attributes.
    Rewrite(Vec<Attribute<'e>>),
    /// Remove the element with its content.
    Remove,
}

/// Decides about one element of a drawing. Namespaces are recognised by the prefixes that drawing
/// programs use for them.
pub(super) fn decide_element<'e>(
    element: &'e BytesStart<'_>,
    found: &mut Findings,
) -> ElementDecision<'e> {
    let rules = &rules::builtin().package.svg;
    let prefix = |name: &[u8]| memchr::memchr(b':', name).map(|at| name[..at].to_vec());
    let is_added = |name: &[u8]| {
        prefix(name).is_some_and(|prefix| rules::contains_name(&rules.added, &prefix))
    };
    let name = element.name();
    if is_added(name.as_ref())
        || rules::contains_name(&rules.left_out, element.local_name().as_ref())
    {
        return ElementDecision::Remove;
    }
    if prefix(name.as_ref()).is_some_and(|prefix| !rules::contains_name(&rules.known, &prefix)) {
        found.left |= MetadataKind::Other;
    }
    let Ok(attributes) = element.attributes().with_checks(false).collect::<Result<Vec<_>, _>>()
    else {
        found.left |= MetadataKind::Other;
        return ElementDecision::Keep;
    };
    let count = attributes.len();
    let mut retained = Vec::with_capacity(count);
    for attribute in attributes {
        let key = attribute.key.as_ref();
        let is_xmlns = key.starts_with(b"xmlns");
        if !is_xmlns && (is_added(key) || rules::is_path(&attribute.value)) {
            found.removed |= MetadataKinds::classify(key);
            found.removed |= MetadataKind::Author;
            continue;
        }
        // An embedded picture is not scrubbed.
        if attribute.value.starts_with(b"data:image/") {
            found.left |= MetadataKind::Other;
        }
        retained.push(attribute);
    }
    if retained.len() == count { ElementDecision::Keep } else { ElementDecision::Rewrite(retained) }
}
