//! Rules for office files: which parts are known, and what is changed in their XML.

use std::collections::{BTreeMap, HashMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;

use crate::{
    formats::{office::PartTreatment, pseudonyms::AuthorPseudonyms},
    summary::{MetadataKind, MetadataKinds},
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
    drawing: SvgRules,
}

/// Parts by their names in small letters: the first rule that fits says what becomes of one.
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
    tells: Vec<MetadataKind>,
    /// In base64.
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
    Told,
}

struct PartRule {
    prefix: Option<String>,
    infix: Option<String>,
    suffixes: Vec<String>,
    treatment: PartTreatment,
}

/// Parts of which nothing stays but the root.
#[derive(Deserialize)]
struct EmptiedParts {
    roots: Vec<String>,
    starts: Vec<String>,
    ends: Vec<String>,
}

/// A value in XML, by the local names of root, element and attribute.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ValueRuleEntry {
    trace: MetadataKind,
    /// Roots, or groups of them.
    #[serde(default)]
    within: Vec<String>,
    #[serde(default)]
    of: Vec<String>,
    /// Attributes. One that ends with `*` begins like this.
    #[serde(default)]
    names: Vec<String>,
    /// The element has this attribute with one of these values.
    #[serde(default, rename = "where")]
    condition: Option<AttributeCondition>,
    /// The element has no attributes.
    #[serde(default)]
    bare: bool,
    put: String,
}

#[derive(Deserialize, Clone)]
struct AttributeCondition {
    attribute: String,
    values: Vec<String>,
}

/// SVG: prefixes and elements.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SvgRules {
    /// Prefixes of what drawing programs add.
    pub(crate) added: Vec<String>,
    /// Other prefixes of drawings.
    pub(crate) known: Vec<String>,
    /// Elements that go.
    pub(crate) left_out: Vec<String>,
}

/// An element, by local names.
pub(crate) struct ElementContext<'e> {
    pub(crate) root: &'e str,
    pub(crate) local_name: &'e [u8],
    pub(crate) has_no_attributes: bool,
}

/// A rule for a value.
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

/// What comes in the place of a value.
pub(crate) enum ReplacementRule {
    /// This.
    Literal(String),
    /// A neutral name, one for each author.
    Pseudonym,
    /// A path becomes a neutral file name with its ending; what is no path stays.
    NeutralPath,
    /// Zeros for the digits within braces, or for all digits where there are none.
    Zeros,
    /// The value itself: it is told.
    Report,
    /// The value itself: a path in it is told.
    ReportPath,
}

/// What a value becomes.
pub(crate) enum ValueReplacement {
    Unchanged,
    Report,
    Text(String),
}

impl ReplacementRule {
    fn parse(written: String) -> Self {
        match &*written {
            "@name" => Self::Pseudonym,
            "@path" => Self::NeutralPath,
            "@zeros" => Self::Zeros,
            "@tell" => Self::Report,
            "@tell-path" => Self::ReportPath,
            _ => Self::Literal(written),
        }
    }

    /// What this value becomes.
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

/// Rules for office files.
pub(crate) struct PackageRules {
    parts: Vec<PartRule>,
    roots: Vec<String>,
    emptied: EmptiedParts,
    signatures: Vec<String>,
    attributes: HashMap<String, Vec<ValueRule>>,
    /// With what the names of their attributes begin.
    attribute_prefixes: Vec<(String, ValueRule)>,
    texts: Vec<TextRule>,
    pub(crate) svg: SvgRules,
}

impl PackageRules {
    /// What is to be done with the part of this name, in small letters. What no rule knows is
    /// reported as left.
    pub(crate) fn treatment(&self, name: &str) -> PartTreatment {
        let fits = |part: &&PartRule| {
            part.prefix.as_ref().is_none_or(|start| name.starts_with(start))
                && part.infix.as_ref().is_none_or(|inside| name.contains(inside))
                && (part.suffixes.is_empty() || part.suffixes.iter().any(|end| name.ends_with(end)))
        };
        self.parts
            .iter()
            .find(fits)
            .map_or(PartTreatment::Report(MetadataKind::Other.into()), |part| part.treatment)
    }

    /// Whether the rules below take out all that parts with this root tell.
    pub(crate) fn knows_root(&self, root: &str) -> bool {
        self.roots.iter().any(|known| known == root)
    }

    pub(crate) fn is_signature(&self, root: &str) -> bool {
        self.signatures.iter().any(|known| known == root)
    }

    /// Whether nothing but its root is to stay of this part.
    pub(crate) fn is_emptied(&self, root: &str, part: &str) -> bool {
        let by_name = self.emptied.starts.iter().any(|start| part.starts_with(start))
            || self.emptied.ends.iter().any(|end| part.ends_with(end));
        self.emptied.roots.iter().any(|known| known == root) || by_name && !self.knows_root(root)
    }

    /// The rule for an attribute of an element whose attributes this gives.
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

    /// The rule for the text of an element.
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

/// Whether a value is a path in a person's files: on a disk, a server, or a personal cloud store.
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

/// A file name that says nothing but what kind of file it was.
fn neutral_path(value: &[u8]) -> String {
    let end = value.rsplit(|byte| matches!(byte, b'.' | b'/' | b'\\')).next().unwrap_or_default();
    let has_ending = value.len() > end.len() && value[value.len() - end.len() - 1] == b'.';
    match std::str::from_utf8(end) {
        Ok(end)
            if has_ending
                && (1..=5).contains(&end.len())
                && end.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            format!("file.{}", end.to_ascii_lowercase())
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
        let written: PackageRulesFile = serde_json::from_value(value)?;
        let bytes = |put: &str| -> Result<&'static [u8], serde_json::Error> {
            // Read once for the whole program.
            let bytes = BASE64_STANDARD.decode(put).map_err(serde::de::Error::custom)?;
            Ok(bytes.leak())
        };
        let part = |part: PartRuleEntry| {
            let tells: MetadataKinds = part.tells.iter().copied().collect();
            let kind = match part.is {
                PartAction::Xml => PartTreatment::Xml,
                PartAction::Picture => PartTreatment::Picture,
                PartAction::Put => {
                    PartTreatment::Replace(bytes(&part.put.unwrap_or_default())?, tells)
                }
                PartAction::Pass => PartTreatment::Keep,
                PartAction::Signature => PartTreatment::Signature,
                PartAction::Told => PartTreatment::Report(tells),
            };
            Ok(PartRule {
                prefix: part.starts,
                infix: part.has,
                suffixes: part.ends,
                treatment: kind,
            })
        };
        let groups = written.groups;
        let rule = |rule: &ValueRuleEntry| {
            let roots = rule.within.iter();
            let within =
                roots.flat_map(|root| groups.get(root).cloned().unwrap_or(vec![root.clone()]));
            ValueRule {
                kind: rule.trace,
                roots: within.collect(),
                elements: rule.of.clone(),
                condition: rule.condition.clone(),
                without_attributes: rule.bare,
                replacement: ReplacementRule::parse(rule.put.clone()),
            }
        };
        let (mut attributes, mut prefixes) = (HashMap::<String, Vec<ValueRule>>::new(), Vec::new());
        for one in &written.attributes {
            for name in &one.names {
                match name.strip_suffix('*') {
                    Some(start) => prefixes.push((start.to_owned(), rule(one))),
                    None => attributes.entry(name.clone()).or_default().push(rule(one)),
                }
            }
        }
        Ok(Self {
            parts: written.parts.into_iter().map(part).collect::<Result<_, serde_json::Error>>()?,
            roots: written.roots,
            emptied: written.emptied,
            signatures: written.signatures,
            attributes,
            attribute_prefixes: prefixes,
            texts: written.texts.iter().map(rule).collect(),
            svg: written.drawing,
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
