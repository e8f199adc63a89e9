//! Tests of the receipt page.

use super::{promises::text_of, *};

#[tokio::test]
async fn the_receipt_page_contains_only_the_receipt() {
    let receipt = Receipt::from_bytes([3; 16]);
    let view = ReceiptView { code: receipt.code().into(), words: receipt.words("fr").into() };
    let page = body_text(receipt_page(&test_pages(), Locale::FR, &view, &[])).await;
    let html = Html::parse_document(&page);
    let text = |selector: &str| {
        let selector = Selector::parse(selector).unwrap();
        html.select(&selector).map(|e| e.text().collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!(text(".code span").join("-"), receipt.code());
    assert_eq!(text(".words li").join(" "), receipt.words("fr"));
    assert!(page.contains("1er décembre 2026"), "a week after the fixed date");
    assert_eq!(select_attributes(&html, "input, form, button").len(), 0);
}

#[tokio::test]
async fn saving_and_scanning_the_receipt_sends_no_request() {
    let receipt = Receipt::from_bytes([3; 16]);
    let view = ReceiptView { code: receipt.code().into(), words: receipt.words("fr").into() };
    let html =
        Html::parse_document(&body_text(receipt_page(&test_pages(), Locale::FR, &view, &[])).await);
    let save = &select_attributes(&html, "a.save")[0];
    let text = save["href"].strip_prefix("data:text/plain;charset=utf-8,").unwrap();
    let text = percent_encoding::percent_decode_str(text).decode_utf8().unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(
        lines,
        [receipt.code(), receipt.words("fr")],
        "and nothing that says what it is for"
    );
    assert_eq!(save["download"], "reference.txt");
    // The corner pattern of a QR code of 25 modules, after a quiet zone of four modules.
    assert_eq!(select_attributes(&html, ".ticket svg")[0]["viewBox"], "0 0 33 33");
    let dark = &select_attributes(&html, ".ticket path")[0]["d"];
    assert!(
        dark.starts_with("M4 4.5h7M") && dark.contains("M22 4.5h7M4 5.5h1M10 5.5h1M"),
        "{dark}"
    );
}

#[tokio::test]
async fn an_own_copy_is_offered_only_to_a_reporter_who_asked_for_it() {
    let receipt = Receipt::from_bytes([3; 16]);
    let view = ReceiptView { code: receipt.code().into(), words: receipt.words("fr").into() };
    for (copy, links) in [(&b""[..], 0), (b"sealed", 1)] {
        let page = crate::pages::receipt::receipt_page_with_copy(
            &test_pages(),
            Locale::FR,
            &view,
            &[],
            copy,
        );
        let html = Html::parse_document(&body_text(page).await);
        let found = select_attributes(&html, "a.save[download='copy.bin']");
        assert_eq!(found.len(), links);
        for link in found {
            assert_eq!(link["href"], "data:application/octet-stream;base64,c2VhbGVk");
        }
    }
    let fields = [("go", "review"), ("category", "FAC"), ("a.story", "a story")];
    for (asked, checked) in [(None, false), (Some(("copy", "yes")), true)] {
        let fields = fields.into_iter().chain(asked);
        let fields: Vec<_> = fields.map(|(name, value)| (name.into(), value.into())).collect();
        let html = Html::parse_document(&post("/fr/report", &fields).await.1);
        let [choice] = &select_attributes(&html, "[name=copy]")[..] else { panic!() };
        assert_eq!((&*choice["type"], choice.contains_key("checked")), ("checkbox", checked));
    }
}

#[tokio::test]
async fn the_page_templates_of_the_script_contain_no_receipt() {
    let (status, kit) = get("/fr/form-rest.json").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        kit.contains("reference.txt")
            && !kit.contains("data:text/plain")
            && kit.contains("<path/>")
    );
    // Only pictograms, and no QR code.
    let pictograms = kit.matches("viewBox=\\\"0 0 32 32\\\"").count();
    assert_eq!(kit.matches("viewBox").count(), pictograms);
}

#[tokio::test]
async fn the_qr_code_has_a_caption_that_states_what_it_is_for() {
    for locale in Locale::ALL {
        let receipt = Receipt::from_bytes([3; 16]);
        let view =
            ReceiptView { code: receipt.code().into(), words: receipt.words(locale.code).into() };
        let page = body_text(receipt_page(&test_pages(), locale, &view, &[])).await;
        let html = Html::parse_document(&page);
        let caption = Selector::parse(".ticket .qr + .qr-use:not([hidden])").unwrap();
        let caption: String = html.select(&caption).flat_map(|line| line.text()).collect();
        assert!(caption.contains(&*text_of(locale, "receipt-qr-use")), "{}", locale.code);
        // The page of the script has no code yet, so it has no caption.
        let (_, bundle) = get(&format!("/{}/form-rest.json", locale.code)).await;
        assert!(bundle.contains("<p class=\\\"hint qr-use\\\" hidden>"), "{}", locale.code);
    }
}
