//! Tests of the spoken help: each clip belongs to exactly one text of the pages.

use std::collections::BTreeSet;

use scraper::ElementRef;

use super::*;
use crate::{
    audio::{AudioPack, PackHeader, parse_mp3, silence},
    pages::AudioPackError,
};

/// The sentences about sealing, which the script shows instead of those of the server.
const SCRIPT_KEYS: [&str; 4] =
    ["seal-here", "seal-here-return", "seal-here-short", "seal-here-text"];

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words_of(element: ElementRef<'_>) -> String {
    in_one_line(&element.text().collect::<String>())
}

fn select<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

/// Returns the elements of a page that can have clips, with their keys, as `clip_keys.ts` does.
fn spoken_elements(html: &Html) -> Vec<(String, String)> {
    let all = |selector: &str| select(html, selector);
    let attribute =
        |element: &ElementRef<'_>, name: &str| element.attr(name).unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for element in all("[data-clip]") {
        for key in attribute(&element, "data-clip").split(' ') {
            found.push((key.to_owned(), words_of(element)));
        }
    }
    for button in all("button[name=go]") {
        match attribute(&button, "value").split_once('.') {
            Some(("family", id)) => found.push((format!("families.{id}.label"), words_of(button))),
            Some(("category", id)) => {
                found.push((format!("categories.{id}.label"), words_of(button)));
                found.push((format!("categories.{id}.example"), words_of(button)));
            }
            _ => {}
        }
    }
    for field in all("main [id^=q-]") {
        let id = attribute(&field, "id").split_off(2);
        let legend = field.select(&Selector::parse("legend").unwrap()).next();
        let label = legend.or_else(|| all(&format!("label[for='q-{id}']")).first().copied());
        if let Some(label) = label.filter(|label| label.attr("data-clip").is_none()) {
            found.push((format!("questions.{id}.label"), words_of(label)));
        }
        for warning in all(&format!("#w-{id}")) {
            found.push((format!("questions.{id}.warn"), words_of(warning)));
        }
        for option in field.select(&Selector::parse("option").unwrap()).skip(1) {
            found.push((option_key(&id, &attribute(&option, "value")), words_of(option)));
        }
    }
    let option = Selector::parse("input").unwrap();
    for label in all(".check") {
        let input = label.select(&option).next().unwrap();
        let (name, value) = (attribute(&input, "name"), attribute(&input, "value"));
        let key = match name.split_once('.') {
            _ if value.is_empty() => "radio-none".to_owned(),
            Some(("a", question)) => option_key(question, &value),
            _ if name == "audience" => format!("audiences.{value}.label"),
            _ => continue,
        };
        found.push((key, words_of(label)));
    }
    found
}

fn option_key(question: &str, option: &str) -> String {
    match option {
        taxonomy::UNKNOWN | taxonomy::DECLINED => format!("settings.implied.{option}"),
        _ => format!("questions.{question}.options.{option}.label"),
    }
}

#[tokio::test]
async fn each_text_that_can_have_a_clip_is_shown_by_a_page_under_its_key() {
    let pages = test_pages();
    for locale in Locale::ALL {
        let texts = pages.clip_texts(locale);
        let mut used: BTreeSet<String> = SCRIPT_KEYS.map(str::to_owned).into();
        for (name, page) in all_pages(locale).await {
            for (key, words) in spoken_elements(&Html::parse_document(&page)) {
                let text = texts.get(&key).unwrap_or_else(|| panic!("{name}: no text {key}"));
                assert!(words.contains(text), "{name} {key}: {words} and not {text}");
                used.insert(key);
            }
        }
        let listed: BTreeSet<String> = texts.keys().cloned().collect();
        let unseen: Vec<&String> = listed.difference(&used).collect();
        // `all_pages` opens the cases of one subject, and the review page of a report.
        let is_of_other_page = |key: &str| key.ends_with(".example") || key == "review-send-advice";
        assert!(unseen.iter().all(|key| is_of_other_page(key)), "{}: {unseen:?}", locale.code);
        for key in SCRIPT_KEYS {
            assert_eq!(texts[key], in_one_line(&pages.catalogs.catalog(locale).get(key)));
        }
    }
}

fn pack_of(pages: &Pages, lang: &str, texts: &str, keys: &[&str]) -> AudioPack {
    let shown = pages.clip_texts(Locale::parse(texts).unwrap());
    let clip = |key: &&str| {
        let frames = parse_mp3(&silence(2)).unwrap();
        ((*key).to_owned(), (shown.get(*key).cloned().unwrap_or_default(), frames))
    };
    let header = PackHeader {
        lang: lang.to_owned(),
        name: format!("name of {lang}"),
        texts: texts.to_owned(),
    };
    AudioPack::build(header, &keys.iter().map(clip).collect()).unwrap()
}

fn pages_with(packs: &[(&str, &str)]) -> Pages {
    let pages = Arc::into_inner(test_pages()).unwrap();
    let packs = packs.iter().map(|(lang, texts)| pack_of(&pages, lang, texts, &["back"]));
    let packs = packs.collect();
    pages.with_audio_packs(packs).unwrap()
}

#[tokio::test]
async fn a_pack_is_offered_on_the_pages_of_the_language_of_its_texts() {
    let router = routes().with_state(Arc::new(pages_with(&[("fr", "fr"), ("mos", "fr")])));
    let get = async |path: &str| {
        let request = Request::get(path).header(header::ACCEPT_ENCODING, "identity");
        router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    let scripts = test_pages().has_script();
    for (path, expected) in
        [("/fr/report", 2), ("/fr/return", 2), ("/en/report", 0), ("/fr", 0), ("/fr/protect", 0)]
    {
        let page = body_text(get(path).await).await;
        let html = Html::parse_document(&page);
        // Without the script there is no button that does nothing.
        let shown = select_attributes(&html, ".listen[hidden] button[data-pack]");
        assert_eq!(shown.len(), if scripts { expected } else { 0 }, "{path}");
        if let [first, _] = &shown[..] {
            assert!(page.contains("Écouter\u{a0}: name of fr 1\u{a0}Mo"), "{page}");
            let response = get(&first["data-pack"]).await;
            assert_eq!(response.status(), StatusCode::OK);
        }
    }
    assert_eq!(get("/audio/fr.pack").await.status(), StatusCode::NOT_FOUND);
    // The buttons are one part of the offline form, and not one for each page.
    let form = body_text(get("/fr/form.json").await).await;
    assert_eq!(form.matches("data-pack").count(), if scripts { 2 } else { 0 });
}

#[tokio::test]
async fn a_pack_has_one_length_whatever_the_browser_accepts() {
    let pages = pages_with(&[("mos", "fr")]);
    let url = pages.audio_hashes().next().unwrap().0;
    let router = routes().with_state(Arc::new(pages));
    for encodings in ["", "br, gzip", "identity"] {
        let request = Request::get(&url).header(header::ACCEPT_ENCODING, encodings);
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert_eq!(body.len(), 512 * 1024);
    }
}

#[test]
fn a_pack_of_other_texts_or_of_another_language_is_refused() {
    let offer =
        |pages: Pages, pack: AudioPack| pages.with_audio_packs(vec![pack]).map(drop).unwrap_err();
    let pages = || Arc::into_inner(test_pages()).unwrap();
    let pack = pack_of(&pages(), "mos", "fr", &["back", "no-such-text"]);
    let refused = AudioPackError::OtherTexts {
        lang: "mos".to_owned(),
        keys: vec!["no-such-text".to_owned()],
    };
    assert_eq!(offer(pages(), pack), refused);
    // English clips, packed as if they spoke French texts.
    let english = pages().clip_texts(Locale::EN)["back"].clone();
    let header =
        PackHeader { lang: "en".to_owned(), name: "English".to_owned(), texts: "fr".to_owned() };
    let frames = parse_mp3(&silence(1)).unwrap();
    let clips = [("back".to_owned(), (english, frames))].into();
    let pack = AudioPack::build(header, &clips).unwrap();
    let refused =
        AudioPackError::OtherTexts { lang: "en".to_owned(), keys: vec!["back".to_owned()] };
    assert_eq!(offer(pages(), pack), refused);
    let mut french = pages();
    french.catalogs = crate::i18n::load_catalogs(&[Locale::FR]);
    let refused = AudioPackError::Language { lang: "sw".to_owned(), texts: "en".to_owned() };
    assert_eq!(offer(french, pack_of(&pages(), "sw", "en", &["back"])), refused);
}
