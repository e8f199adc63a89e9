//! Rules for office files: which parts are known, and which XML values are replaced.

use std::collections::{BTreeMap, HashMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;

use crate::{
    formats::{office::PartTreatment, pseudonyms::AuthorPseudonyms},
    metadata_kind::{MetadataKind, MetadataKinds},
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PackageRulesFile {
    parts: Vec<PartRuleEntry>,
    groups: BTreeMap<String, Vec<String>>,
    roots: Vec<String>,
    emptied: EmptiedParts,
    signatures: Vec<String>,
    attributes: Vec<ValueRuleEntry>,
    texts: Vec<ValueRuleEntry>,
    svg: SvgRules,
}

/// A rule for parts, matched by their lower-case names. The first matching rule applies.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PartRuleEntry {
    #[serde(default)]
    starts: Option<String>,
    #[serde(default)]
    has: Option<String>,
    #[serde(default)]
    ends: Vec<String>,
    is: PartAction,
    #[serde(default)]
    kinds: Vec<MetadataKind>,
    /// The replacement, in base64.
    #[serde(default)]
    put: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum PartAction {
    Xml,
    Picture,
    Put,
    Pass,
    Signature,
    Report,
}

struct PartRule {
    prefix: Option<String>,
    infix: Option<String>,
    suffixes: Vec<String>,
    treatment: PartTreatment,
}

/// Parts that are reduced to their root element.
#[derive(Deserialize)]
struct EmptiedParts {
    roots: Vec<String>,
    starts: Vec<String>,
    ends: Vec<String>,
}

/// A rule for an XML value, matched by the local names of root, element and attribute.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ValueRuleEntry {
    kind: MetadataKind,
    /// Names of roots, or of groups of roots.
    #[serde(default)]
    within: Vec<String>,
    #[serde(default)]
    of: Vec<String>,
    /// Names of attributes. A name that ends with `*` is a prefix.
    #[serde(default)]
    names: Vec<String>,
    /// The rule applies if the element has this attribute with one of these values.
    #[serde(default, rename = "where")]
    condition: Option<AttributeCondition>,
    /// The rule applies if the element has no attributes.
    #[serde(default)]
    bare: bool,
    put: String,
}

#[derive(Deserialize, Clone)]
struct AttributeCondition {
    attribute: String,
    values: Vec<String>,
}

/// Rules for SVG: prefixes and elements.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SvgRules {
    /// Namespace prefixes of what drawing programs add. Elements and attributes with them are
    /// removed.
    pub(crate) added: Vec<String>,
    /// Other known namespace prefixes, which are retained.
    pub(crate) known: Vec<String>,
    /// Elements that are removed.
    pub(crate) left_out: Vec<String>,
}

/// An element, described by local names.
pub(crate) struct ElementContext<'e> {
    pub(crate) root: &'e str,
    pub(crate) local_name: &'e [u8],
    pub(crate) has_no_attributes: bool,
}

/// A rule for one value.
pub(crate) struct ValueRule {
    pub(crate) kind: MetadataKind,
    roots: Vec<String>,
    elements: Vec<String>,
    condition: Option<AttributeCondition>,
    without_attributes: bool,
    pub(crate) replacement: ReplacementRule,
}

/// A rule for the text of an element.
pub(crate) type TextRule = ValueRule;

/// The replacement of a value.
pub(crate) enum ReplacementRule {
    /// This text.
    Literal(String),
    /// A pseudonym, a different one for each author.
    Pseudonym,
    /// A neutral file name with the extension of the path. A value that is not a path is retained.
    NeutralPath,
    /// Zeros for the digits within braces, or for all digits where there are no braces.
    Zeros,
    /// The value is retained and reported.
    Report,
    /// The value is retained, and reported if it contains a path.
    ReportPath,
}

/// The effect of a rule on a value.
pub(crate) enum ValueReplacement {
    Unchanged,
    Report,
    Text(String),
}

impl ReplacementRule {
    fn parse(replacement: String) -> Self {
        match &*replacement {
            "@name" => Self::Pseudonym,
            "@path" => Self::NeutralPath,
            "@zeros" => Self::Zeros,
            "@report" => Self::Report,
            "@report-path" => Self::ReportPath,
            _ => Self::Literal(replacement),
        }
    }

    /// Returns the effect of this rule on a value.
    pub(crate) fn apply(&self, value: &[u8], names: &mut AuthorPseudonyms) -> ValueReplacement {
        let text = match self {
            Self::Literal(text) => text.clone(),
            Self::Pseudonym => names.pseudonym_for(value.trim_ascii()),
            Self::NeutralPath if is_path(value) => neutral_path(value),
            Self::NeutralPath => return ValueReplacement::Unchanged,
            Self::Zeros => zero_digits(value),
            Self::Report => return ValueReplacement::Report,
            Self::ReportPath => {
                let has_path = memchr::memmem::find(value, b":\\").is_some()
                    || memchr::memmem::find(value, b"file:").is_some();
                return if has_path {
                    ValueReplacement::Report
                } else {
                    ValueReplacement::Unchanged
                };
            }
        };
        if text.as_bytes() == value {
            ValueReplacement::Unchanged
        } else {
            ValueReplacement::Text(text)
        }
    }
}

/// All rules for office files.
pub(crate) struct PackageRules {
    parts: Vec<PartRule>,
    roots: Vec<String>,
    emptied: EmptiedParts,
    signatures: Vec<String>,
    attributes: HashMap<String, Vec<ValueRule>>,
    /// Rules for attributes whose names begin with a prefix.
    attribute_prefixes: Vec<(String, ValueRule)>,
    texts: Vec<TextRule>,
    pub(crate) svg: SvgRules,
}

impl PackageRules {
    /// Returns the treatment of the part with this lower-case name. A part that no rule matches is
    /// reported as left.
    pub(crate) fn treatment(&self, name: &str) -> PartTreatment {
        let fits = |part: &&PartRule| {
            part.prefix.as_ref().is_none_or(|start| name.starts_with(start))
                && part.infix.as_ref().is_none_or(|inside| name.contains(inside))
                && (part.suffixes.is_empty()
                    || part.suffixes.iter().any(|extension| name.ends_with(extension)))
        };
        self.parts
            .iter()
            .find(fits)
            .map_or(PartTreatment::Report(MetadataKind::Other.into()), |part| part.treatment)
    }

    /// Returns whether the rules cover all metadata of parts with this root.
    pub(crate) fn knows_root(&self, root: &str) -> bool {
        self.roots.iter().any(|known| known == root)
    }

    pub(crate) fn is_signature(&self, root: &str) -> bool {
        self.signatures.iter().any(|known| known == root)
    }

    /// Returns whether the part is reduced to its root.
    pub(crate) fn is_emptied(&self, root: &str, part: &str) -> bool {
        let by_name = self.emptied.starts.iter().any(|start| part.starts_with(start))
            || self.emptied.ends.iter().any(|extension| part.ends_with(extension));
        self.emptied.roots.iter().any(|known| known == root) || by_name && !self.knows_root(root)
    }

    /// Returns the rule for an attribute of an element. `value_of` returns the value of another
    /// attribute of the same element.
    pub(crate) fn attribute_rule(
        &self,
        element: &ElementContext<'_>,
        name: &[u8],
        value_of: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Option<&ValueRule> {
        let name = std::str::from_utf8(name).ok()?;
        let exact = self.attributes.get(name).into_iter().flatten();
        let begun = self
            .attribute_prefixes
            .iter()
            .filter(|(start, _)| name.starts_with(start))
            .map(|(_, rule)| rule);
        exact.chain(begun).find(|rule| rule.matches(element, value_of))
    }

    /// Returns the rule for the text of an element.
    pub(crate) fn text_rule(
        &self,
        element: &ElementContext<'_>,
        value_of: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Option<&TextRule> {
        self.texts.iter().find(|rule| rule.matches(element, value_of))
    }
}

impl ValueRule {
    fn matches(
        &self,
        element: &ElementContext<'_>,
        value_of: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> bool {
        (self.elements.is_empty() || super::contains_name(&self.elements, element.local_name))
            && (self.roots.is_empty() || self.roots.iter().any(|root| root == element.root))
            && (!self.without_attributes || element.has_no_attributes)
            && self.condition.as_ref().is_none_or(|condition| {
                value_of(&condition.attribute)
                    .is_some_and(|value| super::contains_name(&condition.values, &value))
            })
    }
}

/// Returns whether a value is a path to personal files: on a disk, a server, or a personal cloud
/// storage.
pub(crate) fn is_path(value: &[u8]) -> bool {
    const PATH_PREFIXES: [&[u8]; 9] = [
        b"/users/",
        b"/home/",
        b"/volumes/",
        b"/private/",
        b"/mnt/",
        b"/media/",
        b"/tmp/",
        b"/root/",
        b"/var/",
    ];
    let plain;
    let value = match std::str::from_utf8(value).ok().filter(|text| text.contains('&')) {
        Some(text) => match quick_xml::escape::unescape(text) {
            Ok(unescaped) => {
                plain = unescaped.into_owned();
                plain.as_bytes()
            }
            Err(_) => value,
        },
        None => value,
    };
    let start = value[..value.len().min(16)].to_ascii_lowercase();
    match &*start {
        [b'f', b'i', b'l', b'e', b':', ..] => true,
        [disk, b':', b'\\' | b'/', ..] | [disk, b':', b'%', b'5', b'c', ..] => {
            disk.is_ascii_alphabetic()
        }
        [b'\\', b'\\', server, ..] => server.is_ascii_alphanumeric(),
        start if PATH_PREFIXES.iter().any(|begin| start.starts_with(begin)) => true,
        [b'h', b't', b't', b'p', ..] => [&b"-my.sharepoint."[..], b"d.docs.live.net/"]
            .iter()
            .any(|host| memchr::memmem::find(value, host).is_some()),
        _ => false,
    }
}

/// Returns a file name that shows nothing but the extension of the path.
fn neutral_path(value: &[u8]) -> String {
    let extension =
        value.rsplit(|byte| matches!(byte, b'.' | b'/' | b'\\')).next().unwrap_or_default();
    let has_extension =
        value.len() > extension.len() && value[value.len() - extension.len() - 1] == b'.';
    match std::str::from_utf8(extension) {
        Ok(extension)
            if has_extension
                && (1..=5).contains(&extension.len())
                && extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            format!("file.{}", extension.to_ascii_lowercase())
        }
        _ => "file".to_owned(),
    }
}

fn zero_digits(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let (before, inside) = text.find('{').map_or(("", &*text), |at| text.split_at(at));
    let zeroed = inside.chars().map(|c| if c.is_ascii_hexdigit() { '0' } else { c });
    before.chars().chain(zeroed).collect()
}

impl TryFrom<serde_json::Value> for PackageRules {
    type Error = serde_json::Error;

    fn try_from(value: serde_json::Value) -> Result<Self, Self::Error> {
        let file: PackageRulesFile = serde_json::from_value(value)?;
        let bytes = |put: &str| -> Result<&'static [u8], serde_json::Error> {
            // Leaked on purpose: the rules are parsed once per process.
            let bytes = BASE64_STANDARD.decode(put).map_err(serde::de::Error::custom)?;
            Ok(bytes.leak())
        };
        let part = |part: PartRuleEntry| {
            let kinds: MetadataKinds = part.kinds.iter().copied().collect();
            let kind = match part.is {
                PartAction::Xml => PartTreatment::Xml,
                PartAction::Picture => PartTreatment::Picture,
                PartAction::Put => {
                    PartTreatment::Replace(bytes(&part.put.unwrap_or_default())?, kinds)
                }
                PartAction::Pass => PartTreatment::Keep,
                PartAction::Signature => PartTreatment::Signature,
                PartAction::Report => PartTreatment::Report(kinds),
            };
            Ok(PartRule {
                prefix: part.starts,
                infix: part.has,
                suffixes: part.ends,
                treatment: kind,
            })
        };
        let groups = file.groups;
        let rule = |rule: &ValueRuleEntry| {
            let roots = rule.within.iter();
            let within =
                roots.flat_map(|root| groups.get(root).cloned().unwrap_or(vec![root.clone()]));
            ValueRule {
                kind: rule.kind,
                roots: within.collect(),
                elements: rule.of.clone(),
                condition: rule.condition.clone(),
                without_attributes: rule.bare,
                replacement: ReplacementRule::parse(rule.put.clone()),
            }
        };
        let (mut attributes, mut prefixes) = (HashMap::<String, Vec<ValueRule>>::new(), Vec::new());
        for one in &file.attributes {
            for name in &one.names {
                match name.strip_suffix('*') {
                    Some(start) => prefixes.push((start.to_owned(), rule(one))),
                    None => attributes.entry(name.clone()).or_default().push(rule(one)),
                }
            }
        }
        Ok(Self {
            parts: file.parts.into_iter().map(part).collect::<Result<_, serde_json::Error>>()?,
            roots: file.roots,
            emptied: file.emptied,
            signatures: file.signatures,
            attributes,
            attribute_prefixes: prefixes,
            texts: file.texts.iter().map(rule).collect(),
            svg: file.svg,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_path_is_distinguished_from_words_and_addresses() {
        for path in [
            "C:\\Users\\Awa\\a.jpg",
            "c:/x.doc",
            "file:///C:/x",
            "file://localhost/Users/awa/x",
            "\\\\SRV\\share\\a.xlsx",
            "/home/awa/x.png",
            "C:&#92;Users&#92;Awa",
            "https://dgd-my.sharepoint.com/personal/awa/x.xlsx",
        ] {
            assert!(is_path(path.as_bytes()), "{path}");
        }
        for other in [
            "Image 1",
            "../media/image1.png",
            "https://example.org/home/x",
            "/word/document.xml",
            "a: b",
        ] {
            assert!(!is_path(other.as_bytes()), "{other}");
        }
        assert_eq!(neutral_path(b"C:\\Users\\Awa Traore\\quai.JPG"), "file.jpg");
        assert_eq!(neutral_path(b"C:\\Users\\Awa.Traore\\"), "file");
    }

    #[test]
    fn identifiers_keep_their_shape() {
        assert_eq!(zero_digits(b"09F7FD95"), "00000000");
        assert_eq!(zero_digits(b"8_{D6F9-1a}"), "8_{0000-00}");
    }
}
