//! Tests of visits: changed forms, Back and reload, and the receipt.

use super::*;
use crate::{
    admission::body_timeout::BodyReadError, pages::redirect_after_send, visits::VisitState,
};

#[tokio::test]
async fn a_form_that_a_browser_or_proxy_changed_keeps_the_typed_text() {
    let typed = "category=FAC&a.story=typed+text";
    for raw in [
        "go=%FF",
        "go=send",
        "",
        "utf8=%E2%9C%93&go=review",
        "%FF=1&go=review",
        "go=cover.x.y",
        "go=tell&a.place=a%0Cb%0Bc%03",
    ] {
        let response = send_following_redirect(
            Request::post("/en/report").body(Body::from(format!("{typed}&{raw}"))).unwrap(),
        )
        .await;
        assert_eq!(response.status(), StatusCode::OK, "{raw}");
        assert!(body_text(response).await.contains("typed text"), "{raw}");
    }
    // Text that is not UTF-8 is shown with an error.
    let response = send_following_redirect(
        Request::post("/en/report").body(Body::from(format!("{typed}%E9&go=review"))).unwrap(),
    )
    .await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = body_text(response).await;
    assert!(page.contains("typed text\u{fffd}") && page.contains("href=\"#error-1\""), "{page}");
    // The same form as multipart/form-data.
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let form = [
        part("category", "FAC"),
        part("a.story", "typed text"),
        part("go", "review"),
        "--b--\r\n".to_owned(),
    ]
    .concat();
    let request =
        Request::post("/en/report").header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
    assert!(
        body_text(send_following_redirect(request.body(Body::from(form)).unwrap()).await)
            .await
            .contains("typed text")
    );
    // A text far beyond the limit, in characters of two bytes.
    let long = "%D8%B3".repeat(33_000);
    let request = Request::post("/en/report")
        .body(Body::from(format!("category=FAC&go=review&a.story={long}")));
    let response = send_following_redirect(request.unwrap()).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(body_text(response).await.matches('س').count(), 33_000);
}

#[tokio::test]
async fn unknown_paths_and_invalid_forms_get_an_error_page() {
    let request =
        Request::post("/en/report").body(Body::from(format!("a.story={}", "x".repeat(3_000_000))));
    let response = test_router().oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(get("/de").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get("/de/report").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get("/en/report/0123/review").await.0, StatusCode::GONE);
    assert_eq!(get(&format!("/en/report/{}/review", "0f".repeat(16))).await.0, StatusCode::GONE);
}

#[tokio::test]
async fn a_step_that_is_cut_is_busy_and_not_too_large() {
    let pieces = [Ok("category=FAC&a.story=half+of"), Err(BodyReadError::Evicted)];
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    let response =
        test_router().oneshot(Request::post("/en/report").body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    let page = body_text(response).await;
    assert!(page.contains("It sends everything again.") && !page.contains("half of"), "{page}");
}

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// A message whose connection was cut is rejected after the reporter has sent it again.
#[tokio::test]
async fn the_answer_to_an_earlier_request_does_not_replace_that_to_a_later_one() {
    let (pages, receipt) = (test_pages(), Receipt::from_bytes([7; 16]));
    let headers = http::HeaderMap::from_iter([(
        http::HeaderName::from_static(SEC_FETCH_SITE),
        http::HeaderValue::from_static("same-origin"),
    )]);
    let lang = Locale::ALL[1];
    let page = |text: &'static str| Response::new(Body::from(text));
    let opened = pages.answer_address(&headers, "", Some(&receipt));
    let redirect = pages.save_and_redirect(lang, &opened, page("opened")).await;
    assert_eq!(redirect.status(), StatusCode::SEE_OTHER);
    let url = redirect.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let [cut, again] =
        [(); 2].map(|()| pages.answer_address(&headers, opened.token(), Some(&receipt)));
    let redirect = pages.save_and_redirect(lang, &again, page("sent")).await;
    assert_eq!(redirect.headers()[header::LOCATION], *url);
    // The client of the cut request is gone. Its page is the response itself.
    let rejected = pages.save_and_redirect(lang, &cut, page("rejected")).await;
    assert_eq!(rejected.status(), StatusCode::OK);
    let request = Request::get(&url).header(SEC_FETCH_SITE, "same-origin").body(Body::empty());
    let shown = routes().with_state(pages).oneshot(request.unwrap()).await.unwrap();
    assert_eq!(body_text(shown).await, "sent");
}

#[tokio::test]
async fn a_link_to_another_persons_visit_starts_a_new_visit() {
    let service = test_router();
    let go = async |request: Request<Body>| {
        let response = service.clone().oneshot(request).await.unwrap();
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (to, body_text(response).await)
    };
    let field = |page: &str, name: &str| {
        filled_fields(page).into_iter().find(|(other, _)| other == name).map(|f| f.1)
    };
    let post = async |form: &str| {
        go(Request::post("/fr/report").body(Body::from(form.to_owned())).unwrap()).await.0.unwrap()
    };
    let trap = "0b".repeat(16);
    let tell =
        post(&format!("visit={trap}&category=FAC&audience=trader&go=tell&seed={}", "1".repeat(64)))
            .await;
    // The link is followed from another site, from a message, and by a browser that does not send
    // the origin.
    for site in [Some("cross-site"), Some("none"), Some("same-site"), None] {
        let mut link = Request::get(&tell).body(Body::empty()).unwrap();
        if let Some(site) = site {
            link.headers_mut().insert(SEC_FETCH_SITE, site.parse().unwrap());
        }
        let page = go(link).await.1;
        assert_eq!(field(&page, "visit").unwrap_or_default(), "", "{site:?}");
        let review = post("category=FAC&audience=trader&a.story=SECRET&go=review").await;
        assert!(!review.contains(&trap));
        let mut request = Request::get(&review).body(Body::empty()).unwrap();
        request.headers_mut().insert(SEC_FETCH_SITE, "same-origin".parse().unwrap());
        assert!(go(request).await.1.contains("SECRET"));
        // The creator of the link sees only the earlier content.
        for step in ["tell", "facts", "review"] {
            let own = Request::get(format!("/fr/report/{trap}/{step}"))
                .header(SEC_FETCH_SITE, "same-origin");
            assert!(!go(own.body(Body::empty()).unwrap()).await.1.contains("SECRET"));
        }
    }
    // A review page opened through a link has a seed that the creator of the link does not know.
    post(&format!(
        "visit={trap}&category=FAC&audience=trader&a.story=x&go=review&seed={}",
        "1".repeat(64)
    ))
    .await;
    let link = Request::get(format!("/fr/report/{trap}/review"))
        .header(SEC_FETCH_SITE, "none")
        .body(Body::empty());
    let seed = field(&go(link.unwrap()).await.1, "seed").unwrap();
    assert_ne!(seed, "1".repeat(64));
    assert_eq!(seed.len(), 64);
}

/// A visit without scripts, step by step.
#[tokio::test]
async fn back_and_reload_only_read_and_lose_nothing() {
    let service = test_router();
    let go = async |request: Request<Body>| {
        let response = service.clone().oneshot(request).await.unwrap();
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (to, body_text(response).await)
    };
    let read = async |path: &str| {
        go(Request::get(path).header(SEC_FETCH_SITE, "same-origin").body(Body::empty()).unwrap())
            .await
    };
    let post = async |form: String| {
        go(Request::post("/fr/report").body(Body::from(form)).unwrap()).await.0.unwrap()
    };
    let tell = post("go=category.FAC&audience=trader".to_owned()).await;
    let token = tell.split('/').nth(3).unwrap().to_owned();
    assert_eq!(tell, format!("/fr/report/{token}/tell"));
    let typed = format!(
        "visit={token}&category=FAC&audience=trader&a.story=CANARI&a.ongoing=over\
         &a.payment_status=asked&go=review"
    );
    let review = post(typed).await;
    assert_eq!(review, format!("/fr/report/{token}/review"));
    let (_, first) = read(&review).await;
    let (_, back) = read(&tell).await;
    assert!(first.contains("CANARI") && back.contains("CANARI</textarea>"), "{back}");
    assert!(back.contains("value=\"asked\" checked"));
    let (_, facts) = read(&format!("/fr/report/{token}/facts")).await;
    assert!(facts.contains("value=\"over\" checked"));
    let seed =
        |page: &str| filled_fields(page).into_iter().find(|(name, _)| name == "seed").unwrap().1;
    assert_eq!(seed(&read(&review).await.1), seed(&first), "after a reload it is the same report");
    assert!(back.contains(&format!("href=\"/leave/{token}\"")));
    // The visit continues in another language.
    assert!(read(&format!("/ar/report/{token}/review")).await.1.contains("CANARI"));
    // After the quick exit, none of its addresses shows any content.
    assert_eq!(read(&format!("/leave/{token}")).await.0.unwrap(), "https://example.org/");
    for address in [&tell, &review] {
        assert_eq!(read(address).await, (Some("https://example.org/".to_owned()), String::new()));
    }
}

#[tokio::test]
async fn the_receipt_is_shown_until_it_is_confirmed() {
    let pages = test_pages();
    let service = routes::<Arc<Pages>>().with_state(pages.clone());
    let read = async |path: &str| {
        let response =
            service.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (to, body_text(response).await)
    };
    let mut form = ReportForm::new(Locale::FR);
    form.visit = "0e".repeat(16);
    let receipt = Receipt::from_bytes([3; 16]);
    let view = ReceiptView { code: receipt.code().into(), words: receipt.words("fr").into() };
    let sent = redirect_after_send(&pages, &form, &view, &sample_files(), Vec::new());
    let address = sent.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(address, format!("/fr/report/{}/receipt", form.visit));
    for _ in 0..2 {
        let page = read(&address).await.1;
        assert!(page.contains(&receipt.code()[..4]) && page.contains("scrubbed"));
    }
    // A reload after midnight, and sending the same form again, show the day of the first showing.
    let answer_day = |page: &str| {
        let html = Html::parse_document(page);
        let day = html.select(&Selector::parse(".answer").unwrap()).next();
        day.unwrap().text().collect::<String>()
    };
    let first_day = answer_day(&read(&address).await.1);
    let first_date = pages.first_answer_date();
    pages.clock.advance(time::Duration::days(1));
    assert_ne!(pages.first_answer_date(), first_date, "a report of this day is answered later");
    assert_eq!(answer_day(&read(&address).await.1), first_day);
    redirect_after_send(&pages, &form, &view, &sample_files(), Vec::new());
    assert_eq!(answer_day(&read(&address).await.1), first_day);
    assert_eq!(
        read(&format!("/fr/report/{}/review", form.visit)).await.0.unwrap(),
        address,
        "by Back"
    );
    // Posting an earlier page again does not overwrite the receipt.
    let again =
        Request::post("/fr/report").body(Body::from(format!("visit={}&go=tell", form.visit)));
    let response = service.clone().oneshot(again.unwrap()).await.unwrap();
    assert_eq!(response.headers()[header::LOCATION], address);
    let noted = Request::post("/fr/report/noted").body(Body::from(format!("visit={}", form.visit)));
    let response = service.clone().oneshot(noted.unwrap()).await.unwrap();
    assert_eq!(response.headers()[header::LOCATION], "/fr");
    assert_eq!(read(&address).await, (Some("/fr".to_owned()), String::new()));
}

#[tokio::test]
async fn another_tab_and_the_quick_exit_do_not_change_the_receipt_of_a_visit() {
    let pages = test_pages();
    let service = routes::<Arc<Pages>>().with_state(pages.clone());
    let read = async |path: &str| {
        let response =
            service.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        body_text(response).await
    };
    let mut form = ReportForm::new(Locale::FR);
    form.visit = "0d".repeat(16);
    let send = |form: &ReportForm, bytes: [u8; 16]| {
        let receipt = Receipt::from_bytes(bytes);
        let view = ReceiptView { code: receipt.code().into(), words: receipt.words("fr").into() };
        let sent = redirect_after_send(&pages, form, &view, &sample_files(), Vec::new());
        (sent.headers()[header::LOCATION].to_str().unwrap().to_owned(), receipt.code())
    };
    let (first, first_code) = send(&form, [3; 16]);
    // Sending the same form again leads to the same receipt at the same address.
    assert_eq!(send(&form, [3; 16]).0, first);
    let (second, second_code) = send(&form, [4; 16]);
    assert_ne!(second, first);
    assert!(read(&first).await.contains(&first_code[..4]), "the first receipt is still shown");
    assert!(read(&second).await.contains(&second_code[..4]));
    // The reporter uses the quick exit while a report is being sent.
    let mut form = ReportForm::new(Locale::FR);
    form.visit = "0c".repeat(16);
    pages.save_visit(&form.visit, &VisitState::Left);
    let (address, code) = send(&form, [5; 16]);
    assert!(!read(&address).await.contains(&code[..4]), "Back shows no receipt");
}

/// A browser without scripts keeps the fragment of a posted address over the redirect, and its
/// history keeps the address. Some questions are asked of victims only.
#[tokio::test]
async fn no_address_of_a_form_names_a_question() {
    let service = test_router();
    let go = async |request: Request<Body>| {
        let response = service.clone().oneshot(request).await.unwrap();
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (to, body_text(response).await)
    };
    let read = async |path: &str| {
        go(Request::get(path).header(SEC_FETCH_SITE, "same-origin").body(Body::empty()).unwrap())
            .await
            .1
    };
    let post =
        async |form: String| go(Request::post("/fr/report").body(Body::from(form)).unwrap()).await;
    let fields = "category=SXT&audience=trader&a.story=tel+70123456&a.oversight_consent=no\
                  &a.handler_preference=woman&a.handlers_involved=regional";
    let review = post(format!("{fields}&go=review")).await.0.unwrap();
    let page = read(&review).await;
    let document = Html::parse_document(&page);
    let buttons: Vec<String> = select_attributes(&document, "button[name=go]")
        .into_iter()
        .map(|button| {
            assert!(!button.get("formaction").is_some_and(|to| to.contains('#')), "{button:?}");
            button["value"].clone()
        })
        .filter(|go| go.starts_with("tell.") || go.starts_with("facts."))
        .collect();
    assert!(buttons.contains(&"facts.oversight_consent".to_owned()), "{buttons:?}");
    for button in buttons {
        let (step, question) = button.split_once('.').unwrap();
        let token = review.split('/').nth(3).unwrap();
        let to = post(format!("visit={token}&{fields}&go={button}")).await.0.unwrap();
        assert_eq!(to, format!("/fr/report/{token}/{step}"));
        let page = read(&to).await;
        let focused = select_attributes(&Html::parse_document(&page), "[autofocus]");
        assert_eq!(focused.len(), 1, "{button}");
        assert_eq!(focused[0]["id"], format!("q-{question}"));
        // The next page does not open at this question any more.
        assert!(
            !read(&post(format!("visit={token}&{fields}&go={step}")).await.0.unwrap())
                .await
                .contains("autofocus")
        );
    }
    let (_, page) = post(format!("{fields}&a.oversight_consent=x&a.place=a%E9&go=facts")).await;
    let links = select_attributes(&Html::parse_document(&page), ".wrong a");
    assert!(!links.is_empty(), "{page}");
    for link in links {
        assert!(link["href"].starts_with("#error-"), "{link:?}");
        assert!(page.contains(&format!("id=\"{}\"", &link["href"][1..])), "{link:?}");
    }
}

/// Safari before 16.4 and Firefox before 90 do not send the header, so that each step is a visit of
/// its own.
#[tokio::test]
async fn sending_and_leaving_end_every_visit_of_a_browser_that_does_not_say_where_it_comes_from() {
    let pages = test_pages();
    let service = routes::<Arc<Pages>>().with_state(pages.clone());
    let go = async |request: Request<Body>| {
        let response = service.clone().oneshot(request).await.unwrap();
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (to, body_text(response).await)
    };
    let read = async |path: &str| go(Request::get(path).body(Body::empty()).unwrap()).await;
    let walk = async || {
        let (mut addresses, mut carried) = (Vec::new(), "category=FAC".to_owned());
        for step in ["tell", "facts", "review"] {
            let form = format!("{carried}&a.story=CANARI&go={step}");
            let request = Request::post("/fr/report").body(Body::from(form)).unwrap();
            let address = go(request).await.0.unwrap();
            let page = read(&address).await.1;
            assert!(page.contains("CANARI"));
            let before = filled_fields(&page).into_iter().find(|(name, _)| name == "before");
            carried = format!("category=FAC&before={}", before.unwrap().1);
            addresses.push(address);
        }
        let before = carried.rsplit_once('=').unwrap().1.to_owned();
        (addresses, before)
    };
    let (addresses, newest) = walk().await;
    let page = read(&addresses[2]).await.1;
    assert!(page.contains(&format!("href=\"/leave/{newest}\"")), "{page}");
    read(&format!("/leave/{newest}")).await;
    for address in &addresses {
        assert_eq!(read(address).await.0.unwrap(), "https://example.org/", "{address}");
    }
    let (addresses, newest) = walk().await;
    let mut form = ReportForm::new(Locale::FR);
    form.before = newest;
    let receipt = Receipt::from_bytes([3; 16]);
    let view = ReceiptView { code: receipt.code().into(), words: receipt.words("fr").into() };
    redirect_after_send(&pages, &form, &view, &sample_files(), Vec::new());
    for address in &addresses {
        assert_eq!(read(address).await.0.unwrap(), "/fr", "{address}");
    }
}
