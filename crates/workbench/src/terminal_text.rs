//! Makes text of other people safe to display on a terminal and to use as a file name.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Replaces a character that could control a terminal.
const REPLACEMENT_CHAR: char = '\u{FFFD}';
/// Maximum length of a file name in bytes, well below the limits of file systems.
const MAX_FILE_NAME_BYTES: usize = 120;
/// Maximum number of characters of a displayed name.
const MAX_SHOWN_NAME: usize = 60;
/// Maximum number of characters of a displayed code: a category, question, language or week.
const MAX_SHOWN_CODE: usize = 24;

/// Returns text of several lines. Characters that could move the cursor, change colours or reverse
/// the reading order are replaced, so that a report cannot make a terminal show anything but its
/// own text.
pub fn sanitize_multiline(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\r' | '\u{2028}' | '\u{2029}' => '\n',
            c if is_control(c) => REPLACEMENT_CHAR,
            c => c,
        })
        .collect()
}

/// As [`sanitize_multiline`], on one line.
pub fn sanitize_line(text: &str) -> String {
    sanitize_multiline(text).replace(['\n', '\t'], " ")
}

/// Returns JSON that is safe on a terminal: characters that JSON permits but a terminal interprets
/// are written as `\uXXXX`.
pub fn escape_json(text: &str) -> String {
    use std::fmt::Write;
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        // Such characters occur only in strings, except for the line breaks of the layout.
        if is_control(c) && c != '\n' {
            write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a String cannot fail");
        } else {
            out.push(c);
        }
        out
    })
}

/// Returns whether this is a control character or overrides the reading direction.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Returns whether the character is invisible: zero width, direction marks, fillers, tags,
/// selectors. Some scripts need them within words, but a name that people compare by eye does not.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Returns whether the text has no visible character.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c))
}

/// Returns a file name for display: on one line, without invisible characters, and shortened.
pub fn display_name(name: &str) -> String {
    let visible: String = sanitize_line(name).chars().filter(|c| !is_invisible(*c)).collect();
    truncate(visible.trim(), MAX_SHOWN_NAME)
}

/// Returns a protocol code that another program wrote, such as a language or a week: only letters,
/// digits, `-` and `_`, and shortened.
pub fn display_code(word: &str) -> String {
    let plain: String =
        word.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    truncate(&plain, MAX_SHOWN_CODE)
}

/// Returns at most `max` characters, with an ellipsis if text is cut off.
fn truncate(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

/// Decodes a text file of any program: UTF-8, or UTF-16 with a byte order mark. Removes the mark
/// and converts the line ends. Returns `None` for any other encoding.
pub fn decode_text(bytes: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().copied().map(unit).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok())?
    };
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(units(rest, u16::from_le_bytes)?),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(units(rest, u16::from_be_bytes)?),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(std::str::from_utf8(rest).ok()?),
        bytes => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
    };
    Some(text.replace("\r\n", "\n"))
}

/// Returns a safe file name from the name of an attachment: without a path, control or invisible
/// characters, leading dots, dashes or tildes, and without names that a system reserves. `number`,
/// from 1, names a file whose name would be empty.
pub fn safe_file_name(name: &str, number: usize) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !is_control(*c) && !is_invisible(*c))
        .filter(|c| !matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*'))
        .collect();
    let clean = clean.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let clean =
        clean.trim_start_matches(|c: char| matches!(c, '-' | '~' | '.') || c.is_whitespace());
    let clean = shorten(clean);
    if clean.is_empty() {
        format!("attachment-{number}")
    } else if is_reserved(&clean) {
        format!("_{clean}")
    } else {
        clean
    }
}

fn shorten(name: &str) -> String {
    if name.len() <= MAX_FILE_NAME_BYTES {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 12 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let max_stem = MAX_FILE_NAME_BYTES - extension.len();
    let end =
        (0..=max_stem.min(stem.len())).rev().find(|at| stem.is_char_boundary(*at)).unwrap_or(0);
    // The cut can leave characters at the end that some systems drop.
    let stem = stem[..end].trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    format!("{stem}{extension}")
}

/// Returns whether the name is a device name of Windows, with or without an extension, also in
/// compatible characters: `COM¹` is `COM1` there.
fn is_reserved(name: &str) -> bool {
    let stem: String = name.split('.').next().unwrap_or_default().nfkc().collect();
    let stem = stem.trim().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.chars().all(|c| c.is_ascii_digit()))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$")
        || numbered("COM")
        || numbered("LPT")
}

/// Returns the next candidate for a name that is taken: `budget.pdf`, 2 → `budget (2).pdf`.
pub fn numbered_name(name: &str, number: usize) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem} ({number}).{extension}"),
        _ => format!("{name} ({number})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_cannot_control_the_terminal() {
        let hostile = "before\x1b[2J\x1b]0;title\x07 \u{9b}31m \u{202e}txt.exe\u{202c}\r\nafter\u{8}\u{7f}\x00";
        let shown = sanitize_multiline(hostile);
        assert!(shown.chars().all(|c| c == '\n' || !is_control(c)), "{shown:?}");
        assert!(shown.starts_with("before") && shown.contains("\nafter"));
        assert!(!sanitize_line(hostile).contains('\n'));
    }

    #[test]
    fn text_of_every_script_is_unchanged() {
        let text = "Douane à l’entrée — الجمارك\n\t1 000 F CFA 🙂";
        assert_eq!(sanitize_multiline(text), text);
    }

    #[test]
    fn escaped_json_keeps_its_value_and_cannot_control_the_terminal() {
        let value = serde_json::json!({"text": "a\u{9b}31m\u{202e}b\x1b[0m é"});
        let safe = escape_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(safe.chars().all(|c| c == '\n' || !is_control(c)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[test]
    fn file_names_are_safe() {
        for (given, expected) in [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\system32\\calc.exe", "calc.exe"),
            ("/", "attachment-3"),
            ("..", "attachment-3"),
            ("", "attachment-3"),
            (".bashrc", "bashrc"),
            ("reçu n° 4.pdf ", "reçu n° 4.pdf"),
            ("a\u{202e}fdp.exe", "afdp.exe"),
            ("x\x1b[31m\n.txt", "x[31m.txt"),
            ("nul.txt", "_nul.txt"),
            ("COM1", "_COM1"),
            ("a:b|c?.doc", "abc.doc"),
            ("-rf.txt", "rf.txt"),
            ("--", "attachment-3"),
            ("~", "attachment-3"),
            ("~/.ssh", "ssh"),
            ("CON .txt", "_CON .txt"),
            ("conin$", "_conin$"),
            ("CONOUT$.log", "_CONOUT$.log"),
            ("COM¹", "_COM¹"),
            ("lpt³.txt", "_lpt³.txt"),
            ("ＣＯＮ.txt", "_ＣＯＮ.txt"),
            ("\u{200b}\u{200e}a\u{200f}b\u{61c}c\u{ad}.txt", "abc.txt"),
            ("\u{e0041}\u{e007f}", "attachment-3"),
            ("\u{3164}", "attachment-3"),
        ] {
            assert_eq!(safe_file_name(given, 3), expected, "{given:?}");
        }
        let long = safe_file_name(&format!("{}.jpeg", "é".repeat(200)), 1);
        assert!(
            long.len() <= MAX_FILE_NAME_BYTES
                && long.rsplit_once('.').is_some_and(|(_, end)| end == "jpeg")
        );
        let arabic = safe_file_name(&format!("{}.pdf", "م".repeat(250)), 1);
        assert!(arabic.len() <= MAX_FILE_NAME_BYTES && arabic.ends_with("م.pdf"), "{arabic}");
        let cut = safe_file_name(
            &format!("{}. {}", "a".repeat(MAX_FILE_NAME_BYTES - 2), "b".repeat(20)),
            1,
        );
        assert!(cut.ends_with('a'), "{cut}");
        assert_eq!(numbered_name("a.tar.gz", 2), "a.tar (2).gz");
        assert_eq!(numbered_name("README", 2), "README (2)");
    }

    #[test]
    fn invisible_text_is_blank() {
        for blank in [
            "",
            " \n\t",
            "\u{200b}",
            "\u{3164}\u{2800}",
            "\u{ad}\u{a0}",
            "\u{feff}\r\n",
            "\u{e0041}",
            "\u{2060}\u{fe0f}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in [".", "?", "👍\u{fe0f}", "\u{200b}a", "ا"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn displayed_names_are_short_and_fully_visible() {
        assert_eq!(display_name("photo.jpg"), "photo.jpg");
        assert_eq!(display_name("a\nclosed the case\u{202e}\u{200b}"), "a closed the case\u{fffd}");
        assert_eq!(display_name(&"x".repeat(5000)).chars().count(), MAX_SHOWN_NAME);
        assert_eq!(
            display_code("2026-W48\ninspector-2 closed the case"),
            "2026-W48inspector-2clos…"
        );
        assert_eq!(display_code("fr"), "fr");
    }

    #[test]
    fn text_files_of_other_programs_are_read() {
        let utf16 = |order: fn(u16) -> [u8; 2], mark: [u8; 2]| {
            [&mark[..], &"Ça va.\r\nOui".encode_utf16().flat_map(order).collect::<Vec<_>>()]
                .concat()
        };
        for bytes in [
            "Ça va.\nOui".as_bytes().to_vec(),
            "\u{feff}Ça va.\r\nOui".as_bytes().to_vec(),
            utf16(u16::to_le_bytes, [0xFF, 0xFE]),
            utf16(u16::to_be_bytes, [0xFE, 0xFF]),
        ] {
            assert_eq!(decode_text(&bytes).as_deref(), Some("Ça va.\nOui"), "{bytes:?}");
        }
        for other in [&b"\xC7a va."[..], b"\xFF\xFEa", b"\xFF\xFE\x00\xD8"] {
            assert_eq!(decode_text(other), None, "{other:?}");
        }
    }
}
