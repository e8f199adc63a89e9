//! Text that came from somebody else, made safe for a terminal and for a file system.

/// What stands in the place of a character that could steer a terminal.
const REPLACED: char = '\u{FFFD}';
/// The longest file name in bytes, well under what file systems take.
const NAME_BYTES: usize = 120;

/// Text of several lines. Everything that could move the cursor, change colours or reverse the reading order is replaced, so
/// that a report cannot make a terminal show anything but its own words.
pub fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\r' | '\u{2028}' | '\u{2029}' => '\n',
            c if steers(c) => REPLACED,
            c => c,
        })
        .collect()
}

/// The same for text that must stay on one line.
pub fn line(text: &str) -> String {
    lines(text).replace(['\n', '\t'], " ")
}

/// JSON that may be looked at on a terminal: what JSON leaves as it is and a terminal obeys is written as `\uXXXX`.
pub fn json(text: &str) -> String {
    use std::fmt::Write;
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        // Outside the line ends of the layout, such characters stand only within strings.
        if steers(c) && c != '\n' {
            write!(out, "\\u{:04x}", u32::from(c)).expect("writing to memory");
        } else {
            out.push(c);
        }
        out
    })
}

/// Control characters of both sets, and those that override the reading direction.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// A file name from an attachment's name, which a stranger chose: no path, no control character, nothing hidden, no name that
/// a system keeps for itself. `number` names a file of which nothing is left, from 1.
pub fn file_name(name: &str, number: usize) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !steers(*c) && !matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*'))
        .collect();
    let clean = clean.trim_matches(|c: char| c == '.' || c.is_whitespace());
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
    if name.len() <= NAME_BYTES {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 12 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let room = NAME_BYTES - extension.len();
    let end = (0..=room.min(stem.len())).rev().find(|at| stem.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{extension}", &stem[..end])
}

/// Device names of Windows, with or without an extension.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.chars().all(|c| c.is_ascii_digit()))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// `budget.pdf`, 2 → `budget (2).pdf`: the next try for a name that is taken.
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
    fn a_report_cannot_steer_the_terminal() {
        let hostile =
            "before\x1b[2J\x1b]0;title\x07 \u{9b}31m \u{202e}txt.exe\u{202c}\r\nafter\u{8}\u{7f}\x00";
        let shown = lines(hostile);
        assert!(shown.chars().all(|c| c == '\n' || !steers(c)), "{shown:?}");
        assert!(shown.starts_with("before") && shown.contains("\nafter"));
        assert!(!line(hostile).contains('\n'));
    }

    #[test]
    fn words_of_every_script_stay_as_they_are() {
        let text = "Douane à l’entrée — الجمارك\n\t1 000 F CFA 🙂";
        assert_eq!(lines(text), text);
    }

    #[test]
    fn json_stays_the_same_value_and_cannot_steer_either() {
        let value = serde_json::json!({"text": "a\u{9b}31m\u{202e}b\x1b[0m é"});
        let safe = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(safe.chars().all(|c| c == '\n' || !steers(c)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[test]
    fn file_names_lead_nowhere() {
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
        ] {
            assert_eq!(file_name(given, 3), expected, "{given:?}");
        }
        let long = file_name(&format!("{}.jpeg", "é".repeat(200)), 1);
        assert!(long.len() <= NAME_BYTES && long.rsplit_once('.').is_some_and(|(_, end)| end == "jpeg"));
        assert_eq!(numbered_name("a.tar.gz", 2), "a.tar (2).gz");
        assert_eq!(numbered_name("README", 2), "README (2)");
    }
}
