//! Backup sheets: a key on paper. The sheet contains the sealed key file as text and as a QR code.
//! It opens with the passphrase, in this program or in any program that opens age files. Without
//! the passphrase it reveals no more than the file does.

use std::{io::Write as _, sync::LazyLock};

use age::armor::{ArmoredWriter, Format};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use regex::Regex;
use secrecy::SecretString;
use time::Date;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::{
    keys::{
        key_file::{InvestigatorKey, KeyError},
        passphrase_encryption::PassphraseDecryptError,
    },
    qr_code,
    terminal_text::is_invisible,
};

const ARMOR_BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
/// Maximum length of the encoded key file in bytes; key files of this program are shorter.
const MAX_SHEET_BYTES: usize = 16 * 1024;

/// Why a sheet cannot be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The text contains no encrypted key.
    #[error("no encrypted key found (expected {ARMOR_BEGIN})")]
    NoSealedKey,
    /// Characters are missing or wrong.
    #[error(
        "the encrypted key is incomplete or mistyped: compare it with the sheet character by character"
    )]
    DamagedCopy,
    /// The passphrase is wrong, or the content is not a key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key file does not fit into a QR code.
    #[error("the key file is too long for a backup sheet")]
    TooLong,
}

/// Content of a backup sheet.
#[derive(Debug, Clone, Copy)]
pub struct BackupSheet<'a> {
    /// Handle of the owner.
    pub handle: &'a str,
    /// Fingerprint of the public keys as twelve words, as `key show` prints it.
    pub fingerprint_words: &'a str,
    /// Date of the sheet.
    pub day: Date,
    /// The sealed key file.
    pub sealed: &'a [u8],
}

/// Texts on a sheet, in the languages of the workbench: what it is, and how to use it.
pub const SHEET_TEXTS: [(&str, [&str; 2]); 2] = [
    (
        "fr",
        [
            "Cette feuille contient la clé scellée. Sans la phrase secrète, elle ne sert à rien. Gardez-la sous clé, loin de l’ordinateur, et \
         n’y écrivez jamais la phrase secrète.",
            "Pour retrouver la clé sur un nouvel ordinateur : scannez ou tapez le texte ci-dessous, lancez « burkindi serve » et choisissez \
         « J’ai une feuille de secours ». Par commande : « burkindi key restore --from FICHIER ».",
        ],
    ),
    (
        "en",
        [
            "This sheet holds the sealed key. Without the passphrase it is of no use. Keep it locked away, far from the computer, and never \
         write the passphrase on it.",
            "To get the key back on a new computer: scan or type the text below, start “burkindi serve” and choose “I have a backup sheet”. By \
         command: “burkindi key restore --from FILE”.",
        ],
    ),
];

impl BackupSheet<'_> {
    /// Returns a page to print, in French and English, without external resources.
    ///
    /// # Errors
    /// [`BackupError::TooLong`].
    pub fn html(&self) -> Result<String, BackupError> {
        let (text, picture) = (self.text(), self.qr_code_svg()?);
        let Self { handle, fingerprint_words: words, day, .. } = self;
        let about = |(lang, [what, how]): (&str, [&str; 2])| {
            format!("<p lang=\"{lang}\">{what} {how}</p>\n")
        };
        let about: String = SHEET_TEXTS.map(about).concat();
        Ok(format!(
            "<!doctype html>\n<html lang=\"fr\" class=\"notranslate\" translate=\"no\"><meta charset=\"utf-8\"><title>{handle}</title>\n\
             <style>body{{font:12pt/1.4 serif;max-width:46em;margin:2em auto;padding:0 1em}}pre{{font:10pt/1.35 monospace;white-space:pre-wrap;overflow-wrap:anywhere}}svg{{width:9cm;height:9cm}}</style>\n\
             <h1>{handle}</h1>\n<p>{day} · {words}</p>\n{about}{picture}\n<pre>{text}</pre>\n</html>\n"
        ))
    }

    /// Returns the encrypted key as text.
    pub fn text(&self) -> String {
        armor(self.sealed)
    }

    /// Returns the encrypted key as a QR code: an `<svg>` element.
    ///
    /// # Errors
    /// [`BackupError::TooLong`].
    pub fn qr_code_svg(&self) -> Result<String, BackupError> {
        qr_code::svg(&self.text()).ok_or(BackupError::TooLong)
    }
}

/// Returns the encrypted key in the ASCII armor of age.
fn armor(sealed: &[u8]) -> String {
    let mut armored = Vec::new();
    let write = || -> std::io::Result<()> {
        let mut writer = ArmoredWriter::wrap_output(&mut armored, Format::AsciiArmor)?;
        writer.write_all(sealed)?;
        writer.finish().map(drop)
    };
    let mut write = write;
    write().expect("writing to memory cannot fail");
    String::from_utf8(armored).expect("armor is ASCII")
}

/// Returns the sealed key file from the text of a sheet: the page itself, or text that was typed or
/// scanned from it. The key is opened before it is returned, so that no unusable text ever replaces
/// a key.
///
/// Changes by people and programs are tolerated: dashes of all kinds, spaces, line ends, quotation
/// marks, HTML tags, full-width characters. Between the two lines that delimit the key, only base64
/// characters are read.
///
/// # Errors
/// [`BackupError::NoSealedKey`] without the first of the two lines, [`BackupError::DamagedCopy`]
/// without the second or with missing or wrong characters, [`BackupError::Key`] with another
/// passphrase.
pub fn restore(
    text: &str,
    passphrase: &SecretString,
) -> Result<(Vec<u8>, InvestigatorKey), BackupError> {
    let text: Zeroizing<String> =
        Zeroizing::new(text.nfkc().filter(|c| !is_invisible(*c)).collect());
    let text = Zeroizing::new(HTML_TAGS.replace_all(&text, "").into_owned());
    let begin = ARMOR_BEGIN_LINE.find(&text).ok_or(BackupError::NoSealedKey)?;
    let rest = &text[begin.end()..];
    let end = ARMOR_END_LINE.find(rest).ok_or(BackupError::DamagedCopy)?;
    let is_base64 = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let letters: Zeroizing<String> =
        Zeroizing::new(rest[..end.start()].chars().filter(is_base64).collect());
    if letters.len() > MAX_SHEET_BYTES {
        return Err(BackupError::NoSealedKey);
    }
    let sealed =
        BASE64_STANDARD_NO_PAD.decode(letters.as_bytes()).map_err(|_| BackupError::DamagedCopy)?;
    let key = InvestigatorKey::open(&sealed, passphrase).map_err(|error| match error {
        // Wrong characters can still form a valid encoding.
        KeyError::Decrypt(PassphraseDecryptError::Damaged(_)) => BackupError::DamagedCopy,
        other => other.into(),
    })?;
    Ok((sealed, key))
}

/// Returns a pattern for a line of words, with any characters around and between them. The words
/// are constants, so the pattern always compiles.
fn armor_line_regex(words: &str) -> Regex {
    Regex::new(&format!(r"(?i){}[^\p{{L}}\p{{N}}]*", words.replace(' ', r"[^\p{L}\p{N}]*")))
        .expect("a constant pattern")
}

static ARMOR_BEGIN_LINE: LazyLock<Regex> =
    LazyLock::new(|| armor_line_regex("BEGIN AGE ENCRYPTED FILE"));
static ARMOR_END_LINE: LazyLock<Regex> =
    LazyLock::new(|| armor_line_regex("END AGE ENCRYPTED FILE"));
static HTML_TAGS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"<[^<>]*>|&[A-Za-z]+;").expect("a constant pattern"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::passphrase_encryption::ScryptCost;

    const ARMOR_END: &str = "-----END AGE ENCRYPTED FILE-----";
    use rand::rngs::OsRng;
    use time::macros::date;

    #[test]
    fn a_key_is_restored_from_its_sheet() {
        let key = InvestigatorKey::generate("i-7", &mut OsRng).unwrap();
        let right = SecretString::from("correct horse battery staple");
        let sealed = key.seal(&right, ScryptCost::new(2).unwrap());
        let words = key.request().fingerprint_words("fr");
        let sheet = BackupSheet {
            handle: "i-7",
            fingerprint_words: &words,
            day: date!(2026 - 11 - 23),
            sealed: &sealed,
        };
        let html = sheet.html().unwrap();
        assert!(html.contains("<svg") && !html.contains("<?xml") && !html.contains("http-equiv"));

        let (again, restored) = restore(&html, &right).unwrap();
        assert_eq!(again, sealed);
        assert_eq!(restored.request().recipient, key.request().recipient);
        // As a person types it.
        let typed = html[html.find(ARMOR_BEGIN).unwrap()..].replace('\n', "  \r\n\r\n ");
        assert_eq!(restore(&typed, &right).unwrap().0, sealed);

        let wrong = SecretString::from("another passphrase");
        assert!(matches!(restore(&html, &wrong), Err(BackupError::Key(_))));
        assert!(matches!(restore("<p>nothing</p>", &right), Err(BackupError::NoSealedKey)));
        assert!(matches!(
            restore(&html.replace(ARMOR_END, ""), &right),
            Err(BackupError::DamagedCopy)
        ));
        let at = html.find(ARMOR_BEGIN).unwrap() + ARMOR_BEGIN.len() + 40;
        let missing = [&html[..at], &html[at + 3..]].concat();
        assert!(matches!(
            restore(&missing, &right),
            Err(BackupError::DamagedCopy | BackupError::Key(_))
        ));
    }

    #[test]
    fn a_key_is_restored_from_modified_copies_of_a_sheet() {
        let key = InvestigatorKey::generate("i-7", &mut OsRng).unwrap();
        let right = SecretString::from("correct horse battery staple");
        let sealed = key.seal(&right, ScryptCost::new(2).unwrap());
        let text = armor(&sealed);
        let lines: Vec<&str> = text.lines().collect();
        let inside = lines[1..lines.len() - 1].concat();
        let between = |begin: &str, inside: &str, end: &str| format!("{begin}\n{inside}\n{end}\n");
        let spaced: String = inside.chars().enumerate().fold(String::new(), |mut out, (at, c)| {
            if at % 4 == 0 {
                out.push('\u{a0}');
            }
            out.push(c);
            out
        });
        let wide: String =
            inside.chars().map(|c| char::from_u32(u32::from(c) - 0x21 + 0xFF01).unwrap()).collect();
        let copies = [
            text.replace("-----", "–—–"),
            text.replace("-----", "−−− "),
            text.replace('\n', "\r\n\r\n"),
            text.replace('\n', " "),
            text.replace('\n', "<br>\n"),
            text.lines().map(|line| format!("> {line}\n")).collect::<Vec<_>>().concat(),
            text.lines().map(|line| format!("« {line} »\n")).collect::<Vec<_>>().concat(),
            text.lines()
                .map(|line| format!("\u{feff}{line}\u{200b}\u{2028}"))
                .collect::<Vec<_>>()
                .concat(),
            between(ARMOR_BEGIN, &spaced, ARMOR_END),
            between(ARMOR_BEGIN, &wide, ARMOR_END),
            between(
                "Begin age encrypted file",
                inside.trim_end_matches('='),
                "end age encrypted file",
            ),
            between(
                "----- BEGIN  AGE\nENCRYPTED FILE -----",
                &inside,
                "-----END AGE\u{a0}ENCRYPTED FILE",
            ),
            between(
                ARMOR_BEGIN,
                &inside
                    .chars()
                    .collect::<Vec<_>>()
                    .chunks(40)
                    .map(|part| part.iter().collect::<String>() + "\u{ad}-\n")
                    .collect::<String>(),
                ARMOR_END,
            ),
        ];
        for copy in copies {
            match restore(&copy, &right) {
                Ok((again, _)) => assert_eq!(again, sealed, "{copy}"),
                Err(error) => panic!("{error}: {copy}"),
            }
        }
        let wrong = text.replacen(&inside[100..104], "AAAA", 1);
        assert!(restore(&wrong, &right).is_err(), "wrong characters");
    }
}
