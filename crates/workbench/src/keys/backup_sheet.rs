//! A key on paper. The sheet holds the sealed key file as text and as a QR code: it opens with the
//! passphrase alone, with this program or with any program that opens age files, and whoever finds
//! it learns no more than from the file.

use std::{io::Write as _, sync::LazyLock};

use age::armor::{ArmoredWriter, Format};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use qrcode::{EcLevel, QrCode, render::svg};
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
    terminal_text::is_invisible,
};

const ARMOR_BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
/// Of a key file as text, in bytes: more is none of ours.
const MAX_SHEET_BYTES: usize = 16 * 1024;

/// Why a sheet is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// No key in it.
    #[error("there is no sealed key in this text: it begins with {ARMOR_BEGIN}")]
    NoSealedKey,
    /// Letters are missing or wrong.
    #[error(
        "the sealed key was not copied completely: compare it with the sheet, letter by letter"
    )]
    DamagedCopy,
    /// It opens with another passphrase, or holds something else.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Longer than a code can be.
    #[error("the key file is too long for a sheet")]
    TooLong,
}

/// What stands on a sheet.
#[derive(Debug, Clone, Copy)]
pub struct BackupSheet<'a> {
    /// Whose key.
    pub handle: &'a str,
    /// Twelve words that stand for the public keys, as `key show` says them.
    pub fingerprint_words: &'a str,
    /// The day.
    pub day: Date,
    /// The sealed key file.
    pub sealed: &'a [u8],
}

/// What a sheet says of itself, in the languages of an office: what it is, and what to do with it.
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
    /// A page to print, without anything from elsewhere. French and English.
    pub fn html(&self) -> Result<String, BackupError> {
        let (text, picture) = (self.text(), self.qr_code_svg()?);
        let Self { handle, fingerprint_words: words, day, .. } = self;
        let about = |(lang, [what, how]): (&str, [&str; 2])| {
            format!("<p lang=\"{lang}\">{what} {how}</p>\n")
        };
        let about: String = SHEET_TEXTS.map(about).concat();
        Ok(format!(
            "<!doctype html>\n<html lang=\"fr\"><meta charset=\"utf-8\"><title>{handle}</title>\n\
             <style>body{{font:12pt/1.4 serif;max-width:46em;margin:2em auto;padding:0 1em}}pre{{font:10pt/1.35 monospace;white-space:pre-wrap;overflow-wrap:anywhere}}svg{{width:9cm;height:9cm}}</style>\n\
             <h1>{handle}</h1>\n<p>{day} · {words}</p>\n{about}{picture}\n<pre>{text}</pre>\n</html>\n"
        ))
    }

    /// The sealed key as text.
    pub fn text(&self) -> String {
        armor(self.sealed)
    }

    /// The same as a QR code: an `<svg>` for a page.
    pub fn qr_code_svg(&self) -> Result<String, BackupError> {
        let code = QrCode::with_error_correction_level(self.text(), EcLevel::M);
        let code = code.map_err(|_| BackupError::TooLong)?;
        let picture =
            code.render::<svg::Color<'_>>().min_dimensions(360, 360).quiet_zone(true).build();
        // The declaration of an XML file has no place inside a page.
        Ok(picture.split_once("?>").map_or(&*picture, |(_, svg)| svg).to_owned())
    }
}

/// The sealed key as text, as age writes it.
fn armor(sealed: &[u8]) -> String {
    let mut armored = Vec::new();
    let write = || -> std::io::Result<()> {
        let mut writer = ArmoredWriter::wrap_output(&mut armored, Format::AsciiArmor)?;
        writer.write_all(sealed)?;
        writer.finish().map(drop)
    };
    let mut write = write;
    write().expect("memory takes everything");
    String::from_utf8(armored).expect("armor is ASCII")
}

/// The sealed key file from the text of a sheet: the page itself, or what was typed or scanned from
/// it. Opened before it is given back, so that nothing useless is ever put in the place of a key.
///
/// What people and programs change on the way does not count: dashes of all kinds, spaces, line
/// ends, marks of a quotation, tags of a page, letters of another width. Between the two lines that
/// name the key only the characters of base64 are read.
///
/// # Errors
/// [`BackupError::NoSealedKey`] without the first of the two lines, [`BackupError::DamagedCopy`]
/// without the second or with letters missing or wrong, [`BackupError::Key`] with another
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
        // A letter that is wrong can leave a form that is right.
        KeyError::Decrypt(PassphraseDecryptError::Damaged(_)) => BackupError::DamagedCopy,
        other => other.into(),
    })?;
    Ok((sealed, key))
}

/// A line of words, with any characters around and between them. The words are constants, so that
/// the pattern always compiles.
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
    fn a_key_comes_back_from_its_sheet() {
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
        // As somebody types it.
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
    fn a_key_comes_back_from_what_people_and_programs_make_of_a_sheet() {
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
        assert!(restore(&wrong, &right).is_err(), "letters that are wrong");
    }
}
