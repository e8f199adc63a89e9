//! The address of the onion service on the pages and in the header `Onion-Location`.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::net::SocketAddr;

use common::{TestInstallation, TestIntake};
use http::header::{CONTENT_TYPE, HOST};
use reqwest::{Response, StatusCode};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use web::{Locale, OnionAddress};

const HEADER: &str = "onion-location";

fn address() -> OnionAddress {
    OnionAddress::from_key(&[7; 32])
}

async fn intake_with_onion_service() -> (TestIntake, SocketAddr) {
    let onion = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut installation = TestInstallation::new();
    installation.config.public.onion_listen = Some(onion);
    installation.config.public.onion_address = Some(address().to_string());
    let keys = installation.keys.directory(1, installation.clock.today(), 2);
    let intake = installation.start().await;
    intake.put_directory(&keys).await;
    (intake, onion)
}

fn location(response: &Response) -> Option<&str> {
    response.headers().get(HEADER).map(|value| value.to_str().unwrap())
}

async fn get(intake: &TestIntake, path: &str) -> Response {
    intake.http.get(format!("{}{path}", intake.public)).send().await.unwrap()
}

#[tokio::test]
async fn the_site_offers_its_first_pages_on_the_onion_service() {
    let (intake, _) = intake_with_onion_service().await;
    for locale in Locale::ALL {
        for page in ["", "/report", "/return", "/learn", "/protect"] {
            let path = format!("/{}{page}", locale.code);
            let response = get(&intake, &format!("{path}?a=b")).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(location(&response), Some(address().url(&path).as_str()), "no query");
            let shown = response.text().await.unwrap().contains(address().as_str());
            assert_eq!(shown, page == "/protect", "{path}");
        }
    }
}

#[tokio::test]
async fn no_other_response_offers_the_onion_service() {
    let (intake, _) = intake_with_onion_service().await;
    let step = intake
        .http
        .post(format!("{}/fr/report", intake.public))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("go=tell&category=FAC")
        .send()
        .await
        .unwrap();
    assert_eq!((step.status(), location(&step)), (StatusCode::SEE_OTHER, None));
    let visit = step.headers()["location"].to_str().unwrap().to_owned();
    let token = visit.split('/').nth(3).expect("the page of a visit, whose path has its token");
    let mut paths = vec![visit.clone(), format!("/fr/return/{token}"), format!("/leave/{token}")];
    paths.extend(
        [
            "/",
            "/fr/nowhere",
            "/xx",
            "/fr/",
            "/fr/form.json",
            "/directory.json",
            "/words/fr",
            "//fr",
        ]
        .map(str::to_owned),
    );
    for path in paths {
        let response = get(&intake, &path).await;
        assert_eq!(location(&response), None, "{path}");
        assert!(path != visit || response.status() == StatusCode::OK);
    }
    let posted = intake.http.post(format!("{}/fr/return", intake.public)).send().await.unwrap();
    assert_eq!(location(&posted), None, "the page shows a typed secret code");
}

#[tokio::test]
async fn the_onion_service_does_not_offer_itself() {
    let (intake, onion) = intake_with_onion_service().await;
    let mut stream = TcpStream::connect(onion).await.unwrap();
    let request = "PROXY TCP6 fc00:dead:beef:4dad::1 ::1 65535 42\r\n\
                   GET /fr HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    let response = String::from_utf8_lossy(&response).to_ascii_lowercase();
    assert!(response.starts_with("http/1.1 200") && !response.contains(HEADER), "{response}");
    // An onion service without a listener of its own.
    for host in [address().to_string(), format!("{}:80", address()), "ABC.ONION.".to_owned()] {
        let request = intake.http.get(format!("{}/fr", intake.public)).header(HOST, &host);
        let response = request.send().await.unwrap();
        assert_eq!((response.status(), location(&response)), (StatusCode::OK, None), "{host}");
    }
}

#[tokio::test]
async fn without_an_onion_service_no_page_names_one() {
    let intake = TestIntake::with_directory().await;
    for path in ["/fr", "/fr/protect"] {
        let response = get(&intake, path).await;
        assert_eq!(location(&response), None);
        assert!(!response.text().await.unwrap().contains(".onion"), "{path}");
    }
}
