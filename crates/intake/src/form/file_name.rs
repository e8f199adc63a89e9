//! Names of the files of a form.

/// Maximum length of a file name, in characters.
const MAX_NAME_CHARS: usize = 120;
/// Maximum length of an extension that remains when a name is truncated, in characters.
const MAX_EXTENSION_CHARS: usize = 12;

/// Returns a file name without folders, control characters and marks that change the text
/// direction. A long name is truncated before its extension. If no character remains, the name is
/// `file-` and `number`, the position of the file in the form.
pub fn sanitize_file_name(name: &str, number: usize) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String =
        last.chars().filter(|c| !c.is_control() && !is_invisible_mark(*c)).collect();
    let plain = plain.trim();
    if plain.trim_matches('.').is_empty() {
        return format!("file-{number}");
    }
    if plain.chars().count() <= MAX_NAME_CHARS {
        return plain.to_owned();
    }
    let extension = plain.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| {
        extension.chars().count() <= MAX_EXTENSION_CHARS
            && extension.chars().all(char::is_alphanumeric)
    });
    let stem_chars =
        MAX_NAME_CHARS - extension.map_or(0, |extension| extension.chars().count() + 1);
    let stem: String = plain.chars().take(stem_chars).collect();
    let stem = stem.trim_end_matches([' ', '.']);
    extension.map_or_else(|| stem.to_owned(), |extension| format!("{stem}.{extension}"))
}

/// Returns whether `c` is a direction mark or has no width. Joiners are not included, because words
/// and emoji need them.
fn is_invisible_mark(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_invisible_marks_are_removed() {
        assert_eq!(sanitize_file_name("C:\\Users\\awa\\photo 1.jpg", 1), "photo 1.jpg");
        assert_eq!(sanitize_file_name("../../etc/passwd", 1), "passwd");
        assert_eq!(sanitize_file_name("a\u{0}b\n.pdf", 1), "ab.pdf");
        assert_eq!(sanitize_file_name("gpj\u{202e}.exe\u{200f}", 1), "gpj.exe");
        for empty in ["", "..", "/", " ", "x/..", "\u{200b}.\u{200e}"] {
            assert_eq!(sanitize_file_name(empty, 3), "file-3");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let truncated = sanitize_file_name(&format!("{}.pdf", "م".repeat(250)), 1);
        assert_eq!(
            (truncated.chars().count(), truncated.ends_with("م.pdf")),
            (MAX_NAME_CHARS, true)
        );
        assert_eq!(
            sanitize_file_name(&format!("{}. .jpeg", "é".repeat(113)), 1),
            format!("{}. .jpeg", "é".repeat(113))
        );
        assert_eq!(
            sanitize_file_name(&format!("{}. x.jpeg", "é".repeat(115)), 1),
            format!("{}.jpeg", "é".repeat(115))
        );
        assert_eq!(sanitize_file_name(&"é".repeat(500), 1).chars().count(), MAX_NAME_CHARS);
        let no_extension = format!("{}.{}", "a".repeat(100), "b".repeat(100));
        assert_eq!(sanitize_file_name(&no_extension, 1).chars().count(), MAX_NAME_CHARS);
    }
}
