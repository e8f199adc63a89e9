//! What the pages state before a report is sent is true in each language.

use metadata_scrubber::{MetadataKind, ParseCoverage, scrub_bytes};

use super::*;
use crate::visits;

/// The first bytes of formats that are sent unchanged, by the file extension that the page names.
const UNCLEANED_FORMATS: [(&str, &[u8]); 9] = [
    (".doc", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
    (".xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
    (".ppt", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
    (".rtf", b"{\\rtf1 text}"),
    (".tif", b"II*\0\x08\0\0\0"),
    (".ogg", b"OggS\0\x02"),
    (".zip", b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.txt"),
    (".vcf", b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A name\r\nEND:VCARD\r\n"),
    (".ps", b"%!PS-Adobe-3.0\n%%Creator: a name\n"),
];

/// Returns the file extensions in a text, such as `.doc`.
fn extensions_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c == '.' || c.is_ascii_alphanumeric()));
    words
        .filter(|word| word.starts_with('.') && word.len() > 1)
        .map(|word| word.trim_end_matches('.').to_owned())
        .collect()
}

/// Returns the phrases that tests search for in the texts of a language.
fn test_phrases(locale: Locale) -> toml::Table {
    let file = locales::file_path(locale.code, "test_phrases.toml");
    std::fs::read_to_string(file).unwrap().parse().unwrap()
}

/// Returns a text of the pages.
pub(super) fn text_of(locale: Locale, key: &str) -> String {
    crate::i18n::load_catalogs(&Locale::ALL).catalog(locale).get(key)
}

/// Returns the review page of a report.
async fn review_page_of(locale: Locale) -> String {
    let fields = [("go", "review"), ("category", "FAC"), ("a.story", "a story")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    post(&format!("/{}/report", locale.code), &fields).await.1
}

#[tokio::test]
async fn formats_that_are_not_cleaned_are_named_before_they_are_sent() {
    let listed = UNCLEANED_FORMATS.map(|(extension, _)| extension.to_owned());
    let pages = test_pages();
    for locale in Locale::ALL {
        let line = text_of(locale, "files-unclean");
        assert_eq!(extensions_in(&line), listed, "{}", locale.code);
        let conversation = conversation_page(&pages, locale, &sample_conversation(&pages));
        for page in [review_page_of(locale).await, body_text(conversation).await] {
            let position = page.find(&line).unwrap_or_else(|| panic!("{}: {page}", locale.code));
            let field = page.find("type=\"file\" id=\"files\"").unwrap();
            assert!(position < field, "{}", locale.code);
        }
    }
    for (extension, file) in UNCLEANED_FORMATS {
        let (sent, report) = scrub_bytes(file);
        assert_eq!(sent, file, "{extension} is sent as it is");
        assert!(
            !report.left.is_empty() || report.reading == ParseCoverage::Unknown,
            "{extension} is reported: {report:?}"
        );
    }
}

/// A file that is not clean does not look like a clean one.
#[test]
fn only_files_that_can_still_identify_the_reporter_have_a_mark() {
    let pages = test_pages();
    let cleaned = |reading, left| {
        FileOutcome::Cleaned(ScrubReport {
            format: FileFormat::Pdf,
            removed: [MetadataKind::Author].into_iter().collect(),
            left,
            reading,
            signature: SignatureStatus::Absent,
        })
    };
    let (none, place) = ([].into_iter().collect(), [MetadataKind::Place].into_iter().collect());
    for (treatment, is_clean) in [
        (cleaned(ParseCoverage::Whole, none), true),
        (cleaned(ParseCoverage::Whole, place), false),
        (cleaned(ParseCoverage::Broken, none), false),
        (cleaned(ParseCoverage::Unknown, none), false),
        (FileOutcome::Unchanged, false),
        (FileOutcome::Failed, false),
    ] {
        let file = SentFile { format: FileFormat::Pdf, treatment };
        for locale in Locale::ALL {
            let summaries = super::super::scrub_summary::file_summaries_in(&pages, locale, &[file]);
            let (_, lines) = &summaries[0];
            let has_mark = lines.iter().any(|line| line.starts_with("! "));
            assert_eq!(has_mark, !is_clean, "{} {treatment:?}: {lines:?}", locale.code);
        }
    }
}

/// Language and date are sent with every report, and so is the answer about the audience. No text
/// may say that nothing else is sent, and the review page names what is.
#[tokio::test]
async fn the_pages_name_what_is_sent_and_never_say_that_nothing_else_is() {
    // These texts are about what a receipt opens, and about the messages of the reporter.
    const OTHER_SUBJECTS: [&str; 2] = ["protect-receipt-what", "finding-older-state"];
    for locale in Locale::ALL {
        let phrases = test_phrases(locale);
        let list = |key: &str| {
            let values = phrases["sent"][key].as_array().unwrap();
            values.iter().map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let sent = phrases["sent"]["audience"].as_str().unwrap();
        let review = text_of(locale, "review-hint");
        assert!(list("review").iter().all(|named| review.contains(named)), "{review}");
        assert!(review_page_of(locale).await.contains(&review), "{}", locale.code);
        let audience = text_of(locale, "audience-hint");
        assert!(audience.contains(sent), "{audience}");
        let go = [("go", "facts"), ("category", "FAC")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let page = post(&format!("/{}/report", locale.code), &go).await.1;
        assert!(page.contains(&audience), "{}", locale.code);
        let file =
            format!("{}/../locales/data/{}/intake.ftl", env!("CARGO_MANIFEST_DIR"), locale.code);
        for line in std::fs::read_to_string(file).unwrap().to_lowercase().lines() {
            let about_other = OTHER_SUBJECTS.iter().any(|key| line.starts_with(key));
            let has_claim = list("claims").iter().any(|claim| line.contains(claim));
            assert!(about_other || !has_claim, "{}: {line}", locale.code);
        }
    }
}

/// Readers do not know what an oversight body is. The texts name it as the configuration does, on
/// the pages and in the form of the script.
#[tokio::test]
async fn texts_name_the_oversight_body_as_it_is_configured() {
    let pages = test_pages();
    for locale in Locale::ALL {
        let messages = pages.catalogs.catalog(locale);
        let named = [
            messages.with("thread-log-countersigned", &[("day", "1")]),
            body_text(error_page(&pages, locale, ErrorKind::Full)).await,
        ];
        for text in named {
            assert!(text.contains("Autorité"), "{}: {text}", locale.code);
        }
        // Where the reporter is asked to contact it, the text says how.
        let asked = [
            messages.get("error-full-do"),
            messages.get("return-damaged-do"),
            messages.get("return-nothing-check"),
            messages.count("finding-withheld", 2),
            messages.get("finding-log-wrong"),
        ];
        for text in asked {
            assert!(text.contains("Autorité, 00 00 00 00"), "{}: {text}", locale.code);
        }
        let form = super::super::offline_form::build_form(&pages, locale).await.unwrap();
        let bundle = String::from_utf8([form.start, form.rest].concat()).unwrap();
        for text in ["Autorité", "{$body}", "{ $body }", "{ $contact }"] {
            assert_eq!(bundle.contains(text), text == "Autorité", "{} {text}", locale.code);
        }
    }
}

/// The pages say for how long an opened mailbox stays in memory.
#[test]
fn the_texts_state_how_long_an_opened_mailbox_is_kept() {
    let minutes = (visits::ANSWER_TTL.as_secs() / 60).to_string();
    for locale in Locale::ALL {
        for key in ["return-seal", "thread-kept", "protect-stored-hour"] {
            let text = text_of(locale, key);
            let numbers: Vec<&str> =
                text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
            assert_eq!(numbers, [&*minutes], "{} {key}: {text}", locale.code);
        }
    }
}

/// The pages and the documents say for how long a form and a receipt stay in memory.
#[test]
fn the_texts_state_how_long_a_form_and_a_receipt_are_kept() {
    let hours = |lifetime: std::time::Duration| (lifetime.as_secs() / 3600).to_string();
    let lifetimes = [hours(visits::FORM_TTL), hours(visits::RECEIPT_TTL)];
    for locale in Locale::ALL {
        let phrases = test_phrases(locale);
        for key in ["protect-stored-hour", "error-expired-what"] {
            let is_letter = |c: &char| !unicode_normalization::char::is_combining_mark(*c);
            let text: String = text_of(locale, key).chars().filter(is_letter).collect();
            let at = lifetimes.each_ref().map(|hours| {
                let phrase = phrases["hours"].get(hours).and_then(toml::Value::as_str);
                phrase.and_then(|phrase| text.find(phrase))
            });
            // The form comes first.
            assert!(at[0].is_some() && at[0] < at[1], "{} {key}: {text}", locale.code);
        }
    }
    let minutes = visits::ANSWER_TTL.as_secs() / 60;
    let [form, receipt] = lifetimes;
    let glossary = format!(
        "A form lasts {form} hour, a receipt {receipt} hours, an opened conversation {minutes} \
         minutes."
    );
    let architecture = format!(
        "for at most {form} hour, {receipt} hours and {minutes} minutes after the last use"
    );
    for (document, statement) in [("GLOSSARY.md", glossary), ("ARCHITECTURE.md", architecture)] {
        let file = format!("{}/../../docs/{document}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(&statement), "{document}: {statement}");
    }
}

/// A link made by the browser would send a number of the report to another program.
#[tokio::test]
async fn browsers_make_no_links_of_numbers_and_dates() {
    let receipt = Receipt::from_bytes([3; 16]);
    let view = ReceiptView { code: receipt.code().into(), words: receipt.words("fr").into() };
    let pages = test_pages();
    for page in [
        get("/fr").await.1,
        review_page_of(Locale::FR).await,
        body_text(receipt_page(&pages, Locale::FR, &view, &[])).await,
        body_text(conversation_page(&pages, Locale::FR, &sample_conversation(&pages))).await,
    ] {
        let metas = select_attributes(&Html::parse_document(&page), "meta[name=format-detection]");
        let [meta] = &metas[..] else { panic!("{page}") };
        assert_eq!(meta["content"], "telephone=no,date=no,address=no,email=no");
    }
}
