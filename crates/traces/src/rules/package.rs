//! Rules for office files: which parts are known, and what is changed in their XML.

use std::collections::{BTreeMap, HashMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;

use crate::{
    found::{Trace, Traces},
    names::Names,
    package::Kind,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Written {
    parts: Vec<WrittenPart>,
    groups: BTreeMap<String, Vec<String>>,
    roots: Vec<String>,
    emptied: Emptied,
    signatures: Vec<String>,
    attributes: Vec<WrittenRule>,
    texts: Vec<WrittenRule>,
    drawing: Drawing,
}

/// Parts by their names in small letters: the first rule that fits says what becomes of one.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenPart {
    #[serde(default)]
    starts: Option<String>,
    #[serde(default)]
    has: Option<String>,
    #[serde(default)]
    ends: Vec<String>,
    is: Be,
    #[serde(default)]
    tells: Vec<Trace>,
    /// In base64.
    #[serde(default)]
    put: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Be {
    Xml,
    Picture,
    Put,
    Pass,
    Signature,
    Told,
}

struct Part {
    starts: Option<String>,
    has: Option<String>,
    ends: Vec<String>,
    kind: Kind,
}

/// Parts of which nothing stays but the root.
#[derive(Deserialize)]
struct Emptied {
    roots: Vec<String>,
    starts: Vec<String>,
    ends: Vec<String>,
}

/// A value in XML, by the local names of root, element and attribute.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenRule {
    trace: Trace,
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
    condition: Option<Condition>,
    /// The element has no attributes.
    #[serde(default)]
    bare: bool,
    put: String,
}

#[derive(Deserialize, Clone)]
struct Condition {
    attribute: String,
    values: Vec<String>,
}

/// SVG: prefixes and elements.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Drawing {
    /// Prefixes of what drawing programs add.
    pub(crate) added: Vec<String>,
    /// Other prefixes of drawings.
    pub(crate) known: Vec<String>,
    /// Elements that go.
    pub(crate) left_out: Vec<String>,
}

/// An element, by local names.
pub(crate) struct Element<'e> {
    pub(crate) root: &'e str,
    pub(crate) local: &'e [u8],
    pub(crate) is_bare: bool,
}

/// A rule for a value.
pub(crate) struct Rule {
    pub(crate) trace: Trace,
    within: Vec<String>,
    of: Vec<String>,
    condition: Option<Condition>,
    bare: bool,
    pub(crate) put: Put,
}

/// A rule for the text of an element.
pub(crate) type Text = Rule;

/// What comes in the place of a value.
pub(crate) enum Put {
    /// This.
    Literal(String),
    /// A neutral name, one for each author.
    Name,
    /// A path becomes a neutral file name with its ending; what is no path stays.
    Path,
    /// Zeros for the digits within braces, or for all digits where there are none.
    Zeros,
    /// The value itself: it is told.
    Tell,
    /// The value itself: a path in it is told.
    TellPath,
}

/// What a value becomes.
pub(crate) enum Instead {
    Itself,
    Told,
    This(String),
}

impl Put {
    fn of(written: String) -> Self {
        match &*written {
            "@name" => Self::Name,
            "@path" => Self::Path,
            "@zeros" => Self::Zeros,
            "@tell" => Self::Tell,
            "@tell-path" => Self::TellPath,
            _ => Self::Literal(written),
        }
    }

    /// What this value becomes.
    pub(crate) fn instead_of(&self, value: &[u8], names: &mut Names) -> Instead {
        let text = match self {
            Self::Literal(text) => text.clone(),
            Self::Name => names.of(value.trim_ascii()),
            Self::Path if is_path(value) => plain_path(value),
            Self::Path => return Instead::Itself,
            Self::Zeros => zeros(value),
            Self::Tell => return Instead::Told,
            Self::TellPath => {
                let has_path = memchr::memmem::find(value, b":\\").is_some()
                    || memchr::memmem::find(value, b"file:").is_some();
                return if has_path { Instead::Told } else { Instead::Itself };
            }
        };
        if text.as_bytes() == value { Instead::Itself } else { Instead::This(text) }
    }
}

/// Rules for office files.
pub(crate) struct Package {
    parts: Vec<Part>,
    roots: Vec<String>,
    emptied: Emptied,
    signatures: Vec<String>,
    attributes: HashMap<String, Vec<Rule>>,
    /// With what the names of their attributes begin.
    prefixes: Vec<(String, Rule)>,
    texts: Vec<Text>,
    pub(crate) drawing: Drawing,
}

impl Package {
    /// What is to be done with the part of this name, in small letters. What no rule knows is reported as left.
    pub(crate) fn kind(&self, name: &str) -> Kind {
        let fits = |part: &&Part| {
            part.starts.as_ref().is_none_or(|start| name.starts_with(start))
                && part.has.as_ref().is_none_or(|inside| name.contains(inside))
                && (part.ends.is_empty() || part.ends.iter().any(|end| name.ends_with(end)))
        };
        self.parts.iter().find(fits).map_or(Kind::Told(Trace::Other.into()), |part| part.kind)
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
    pub(crate) fn attribute(
        &self,
        element: &Element<'_>,
        name: &[u8],
        value_of: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Option<&Rule> {
        let name = std::str::from_utf8(name).ok()?;
        let exact = self.attributes.get(name).into_iter().flatten();
        let begun = self.prefixes.iter().filter(|(start, _)| name.starts_with(start)).map(|(_, rule)| rule);
        exact.chain(begun).find(|rule| rule.is_for(element, value_of))
    }

    /// The rule for the text of an element.
    pub(crate) fn text(
        &self,
        element: &Element<'_>,
        value_of: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Option<&Text> {
        self.texts.iter().find(|rule| rule.is_for(element, value_of))
    }
}

impl Rule {
    fn is_for(&self, element: &Element<'_>, value_of: &dyn Fn(&str) -> Option<Vec<u8>>) -> bool {
        (self.of.is_empty() || super::is_among(&self.of, element.local))
            && (self.within.is_empty() || self.within.iter().any(|root| root == element.root))
            && (!self.bare || element.is_bare)
            && self.condition.as_ref().is_none_or(|condition| {
                value_of(&condition.attribute).is_some_and(|value| super::is_among(&condition.values, &value))
            })
    }
}

/// Whether a value is a path in a person's files: on a disk, a server, or a personal cloud store.
pub(crate) fn is_path(value: &[u8]) -> bool {
    const BEGINS: [&[u8]; 9] = [
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
        [disk, b':', b'\\' | b'/', ..] | [disk, b':', b'%', b'5', b'c', ..] => disk.is_ascii_alphabetic(),
        [b'\\', b'\\', server, ..] => server.is_ascii_alphanumeric(),
        start if BEGINS.iter().any(|begin| start.starts_with(begin)) => true,
        [b'h', b't', b't', b'p', ..] => [&b"-my.sharepoint."[..], b"d.docs.live.net/"]
            .iter()
            .any(|host| memchr::memmem::find(value, host).is_some()),
        _ => false,
    }
}

/// A file name that says nothing but what kind of file it was.
fn plain_path(value: &[u8]) -> String {
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

fn zeros(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let (before, inside) = text.find('{').map_or(("", &*text), |at| text.split_at(at));
    let zeroed = inside.chars().map(|c| if c.is_ascii_hexdigit() { '0' } else { c });
    before.chars().chain(zeroed).collect()
}

impl TryFrom<serde_json::Value> for Package {
    type Error = serde_json::Error;

    fn try_from(value: serde_json::Value) -> Result<Self, Self::Error> {
        let written: Written = serde_json::from_value(value)?;
        let bytes = |put: &str| -> Result<&'static [u8], serde_json::Error> {
            // Read once for the whole program.
            let bytes = BASE64_STANDARD.decode(put).map_err(serde::de::Error::custom)?;
            Ok(bytes.leak())
        };
        let part = |part: WrittenPart| {
            let tells: Traces = part.tells.iter().copied().collect();
            let kind = match part.is {
                Be::Xml => Kind::Xml,
                Be::Picture => Kind::Picture,
                Be::Put => Kind::Put(bytes(&part.put.unwrap_or_default())?, tells),
                Be::Pass => Kind::Pass,
                Be::Signature => Kind::Signature,
                Be::Told => Kind::Told(tells),
            };
            Ok(Part { starts: part.starts, has: part.has, ends: part.ends, kind })
        };
        let groups = written.groups;
        let rule = |rule: &WrittenRule| {
            let roots = rule.within.iter();
            let within = roots.flat_map(|root| groups.get(root).cloned().unwrap_or(vec![root.clone()]));
            Rule {
                trace: rule.trace,
                within: within.collect(),
                of: rule.of.clone(),
                condition: rule.condition.clone(),
                bare: rule.bare,
                put: Put::of(rule.put.clone()),
            }
        };
        let (mut attributes, mut prefixes) = (HashMap::<String, Vec<Rule>>::new(), Vec::new());
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
            prefixes,
            texts: written.texts.iter().map(rule).collect(),
            drawing: written.drawing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_on_a_disk_is_told_from_words_and_addresses() {
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
        for other in
            ["Image 1", "../media/image1.png", "https://example.org/home/x", "/word/document.xml", "a: b"]
        {
            assert!(!is_path(other.as_bytes()), "{other}");
        }
        assert_eq!(plain_path(b"C:\\Users\\Awa Traore\\quai.JPG"), "file.jpg");
        assert_eq!(plain_path(b"C:\\Users\\Awa.Traore\\"), "file");
    }

    #[test]
    fn identifiers_keep_their_shape() {
        assert_eq!(zeros(b"09F7FD95"), "00000000");
        assert_eq!(zeros(b"8_{D6F9-1a}"), "8_{0000-00}");
    }
}
