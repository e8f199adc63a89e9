//! Facts that a reporter adds to a report without JavaScript: the steps of their form, and what the
//! intake seals.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use common::{MultipartFormData, TestIntake, receipt_code, repeated_hex};
use protocol::{
    receipt::Receipt,
    submission::{
        envelope::OpenedSubmission,
        facts_body::FactsBody,
        frame::FrameKind,
        report_body::{EXCLUSION_QUESTION, OVERSIGHT_QUESTION, PREFERENCE_QUESTION, ReportAnswer},
    },
};
use reqwest::StatusCode;
use scraper::{Html, Selector};
use time::Duration;

const FACTS_PATH: &str = "/en/return/facts";

/// An intake with a collected report.
struct Returning {
    intake: TestIntake,
    receipt: String,
    report: OpenedSubmission,
}

/// A page and what an observer of the network sees of it.
struct Answer {
    status: StatusCode,
    page: String,
    addresses: Vec<String>,
}

impl Returning {
    async fn start() -> Self {
        let intake = TestIntake::with_directory().await;
        let form = MultipartFormData::report("the story", 1).field("copy", "yes").end();
        let (_, page) = intake.post_form("/en/report/send", form).await;
        let receipt = receipt_code(&page).unwrap();
        let report = intake.collect_submissions().await.remove(0);
        let this = Self { intake, receipt, report };
        this.publish(&this.report, 1).await;
        this
    }

    async fn publish(&self, newest: &OpenedSubmission, received: u32) {
        let mailbox = self.intake.mailbox(&self.report, newest, received, 0);
        let mailboxes = [(self.report.header.mailbox, mailbox)];
        assert_eq!(self.intake.put_mailboxes(&mailboxes).await, StatusCode::NO_CONTENT);
    }

    /// Posts a form as a page of this service does, and follows the redirects.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let seed = repeated_hex(7);
        let own = [("receipt", &*self.receipt), ("seed", &*seed)];
        let encoded =
            |(name, value): &(&str, &str)| format!("{}={}", percent(name), percent(value));
        let body = own.iter().chain(fields).map(encoded).collect::<Vec<_>>().join("&");
        let mut addresses = vec![path.to_owned()];
        let mut request = self
            .intake
            .http
            .post(format!("{}{path}", self.intake.public))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        loop {
            let response = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
            let to = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
            let Some(to) = to else {
                let status = response.status();
                return Answer { status, page: response.text().await.unwrap(), addresses };
            };
            request = self.intake.http.get(format!("{}{to}", self.intake.public));
            addresses.push(to);
        }
    }

    /// Returns the frames that were sent, as an investigator reads them.
    async fn sent_facts(&self) -> Vec<(OpenedSubmission, FactsBody)> {
        let sent = self.intake.collect_submissions().await;
        let facts = sent.into_iter().map(|sent| {
            let (_, frame) = self.intake.read_frame(&self.report, &sent);
            assert_eq!(frame.header.kind, FrameKind::Facts);
            (sent, FactsBody::from_bytes(&frame.body).unwrap())
        });
        facts.collect()
    }
}

/// Percent-encodes every byte.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02x}"))
}

fn texts(page: &str, selector: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    html.select(&Selector::parse(selector).unwrap()).map(|found| found.text().collect()).collect()
}

/// Returns the value of the first field of this name.
fn value_of(page: &str, name: &str) -> Option<String> {
    let html = Html::parse_document(page);
    let fields = Selector::parse(&format!("[name='{name}']")).unwrap();
    let field = html.select(&fields).next()?;
    Some(field.attr("value").map_or_else(|| field.text().collect(), str::to_owned))
}

#[tokio::test]
async fn the_steps_keep_the_message_and_their_addresses_name_nothing() {
    let returning = Returning::start().await;
    let draft = ("message", "a text that is not sent yet");
    let steps: [(&[(&str, &str)], &str); 3] = [
        (&[("go", "facts")], "button[value='family.money']"),
        (&[("go", "family.money")], "button[value='category.EXT']"),
        (&[("family", "money"), ("go", "category.EXT")], "[name='a.place']"),
    ];
    let mut pages = Vec::new();
    for (fields, shown) in steps {
        let answer = returning.post(FACTS_PATH, &[&[draft], fields].concat()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            !texts(&answer.page, shown).is_empty() || answer.page.contains("a.place"),
            "{shown}"
        );
        assert_eq!(value_of(&answer.page, "message").as_deref(), Some(draft.1), "{shown}");
        assert_eq!(answer.page.len(), 48 * 1024, "{shown}: the length of every answer");
        assert!(!answer.page.contains("<script"), "{shown}");
        for address in &answer.addresses {
            assert!(!address.contains("EXT") && !address.contains("money"), "{address}");
        }
        pages.push(answer.page);
    }
    // The service does not learn the category from the mailbox, so no case is chosen before.
    assert_eq!(texts(&pages[0], "button[aria-current]"), [] as [String; 0]);
    let questions = &pages[2];
    for asked in ["a.place", "a.period", "a.transport", "a.safety"] {
        assert!(questions.contains(&format!("name=\"{asked}\"")), "{asked}");
    }
    for decided in [EXCLUSION_QUESTION, OVERSIGHT_QUESTION, PREFERENCE_QUESTION, "story"] {
        assert!(!questions.contains(&format!("name=\"a.{decided}\"")), "{decided}");
    }
    // A question with a condition is not hidden: no script could show it.
    assert!(!questions.contains("data-depends") || !questions.contains("\" hidden>"));

    // Another language and the conversation keep the answers, and the conversation says so.
    let answers = [draft, ("family", "money"), ("category", "EXT"), ("a.place", "Dakola")];
    let again = [&answers[..], &[("go", "facts")]].concat();
    let arabic = returning.post("/ar/return/facts", &again).await;
    assert!(arabic.page.contains("lang=\"ar\""));
    assert_eq!(value_of(&arabic.page, "a.place").as_deref(), Some("Dakola"));
    let thread = returning.post("/en/return", &[&answers[..], &[("go", "look")]].concat()).await;
    assert_eq!(value_of(&thread.page, "message").as_deref(), Some(draft.1));
    assert_eq!(value_of(&thread.page, "a.place").as_deref(), Some("Dakola"));
    assert!(thread.page.contains("Your details are not sent yet."));
    assert_eq!(returning.intake.pull(10).await, []);
}

#[tokio::test]
async fn added_facts_are_sealed_once_and_the_message_waits() {
    let returning = Returning::start().await;
    let fields = [
        ("message", "a text for later"),
        ("files", "photo.jpg"),
        ("family", "money"),
        ("category", "EXT"),
        ("a.place", "Dakola"),
        ("a.safety", "me"),
        ("a.handlers_involved", "unsure_all"),
        ("go", "send"),
    ];
    for attempt in 0..2 {
        let answer = returning.post(FACTS_PATH, &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{attempt}: {}", answer.page);
        assert!(answer.page.contains("Your message is on its way"), "{}", answer.page);
        assert!(!texts(&answer.page, ".danger:not([hidden])").is_empty(), "the answer says danger");
        assert_eq!(value_of(&answer.page, "message").as_deref(), Some("a text for later"));
        assert!(answer.page.contains("Choose your files again"), "{}", answer.page);
        assert_eq!(value_of(&answer.page, "a.place"), None, "the facts are sent");
    }
    let sent = returning.sent_facts().await;
    let [(first, facts), (second, _)] = &sent[..] else { panic!("two sendings") };
    assert_eq!(first.deduplication_tag, second.deduplication_tag, "known as one");
    assert_eq!(first.header.case, returning.report.header.case);
    assert_eq!((&*first.header.desk, first.header.release_to_oversight), ("", false));
    assert_eq!(facts.category, "EXT");
    let one = |answer: &str| ReportAnswer::One(answer.to_owned());
    let expected = [("place".to_owned(), one("Dakola")), ("safety".to_owned(), one("me"))];
    assert_eq!(facts.answers, expected.into(), "no answer that decides the readers");
}

#[tokio::test]
async fn identifying_details_in_added_facts_are_shown_once_and_can_be_covered() {
    let returning = Returning::start().await;
    let facts = [("family", "money"), ("category", "EXT"), ("a.place", "Dakola 70 12 34 56")];
    let with = |more: &[(&'static str, &'static str)]| [&facts[..], more].concat();
    let warned = returning.post(FACTS_PATH, &with(&[("go", "send")])).await;
    assert_eq!(returning.intake.pull(10).await, []);
    assert_eq!(texts(&warned.page, ".traces li").len(), 1, "{}", warned.page);
    assert_eq!(value_of(&warned.page, "a.place").as_deref(), Some("Dakola 70 12 34 56"));
    let covered = returning.post(FACTS_PATH, &with(&[("go", "cover.phone.place")])).await;
    assert_eq!(value_of(&covered.page, "a.place").as_deref(), Some("Dakola […]"));
    // The reporter decides.
    let noted = value_of(&warned.page, "noted").unwrap();
    let fields = [&facts[..], &[("noted", &*noted), ("go", "send")]].concat();
    assert!(returning.post(FACTS_PATH, &fields).await.page.contains("Your message is on its way"));
    // Changed answers are searched again.
    let other = [("family", "money"), ("category", "EXT"), ("a.place", "Po 70 12 34 57")];
    let fields = [&other[..], &[("noted", &*noted), ("go", "send")]].concat();
    assert_eq!(texts(&returning.post(FACTS_PATH, &fields).await.page, ".traces li").len(), 1);
    assert_eq!(returning.sent_facts().await.len(), 1);
}

#[tokio::test]
async fn a_refusal_of_added_facts_keeps_them() {
    let returning = Returning::start().await;
    let none = [("family", "money"), ("category", "EXT"), ("go", "send")];
    let answer = returning.post(FACTS_PATH, &none).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.page.contains("Answer at least one question."), "{}", answer.page);
    let long = "x".repeat(501);
    let facts = [("family", "money"), ("category", "EXT"), ("go", "send"), ("message", "later")];
    let answer = returning.post(FACTS_PATH, &[&facts[..], &[("a.place", &*long)]].concat()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(value_of(&answer.page, "a.place").as_deref(), Some(&*long));
    for unknown in ["XYZ", "<b>"] {
        let fields = [("family", "money"), ("category", unknown), ("go", "facts")];
        let answer = returning.post(FACTS_PATH, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{unknown}");
    }
    // A receipt without a mailbox: the page that asks for it keeps the facts.
    let place = [("a.place", "Dakola"), ("a.safety", "me")];
    let fields = [&facts[..], &place].concat();
    let unknown = Receipt::from_bytes([9; 16]).code();
    let other = Returning { receipt: unknown, ..returning };
    let answer = other.post(FACTS_PATH, &fields).await;
    assert!(answer.page.contains("There is nothing here"), "{}", answer.page);
    assert_eq!(value_of(&answer.page, "a.place").as_deref(), Some("Dakola"));
    assert_eq!(value_of(&answer.page, "message").as_deref(), Some("later"));
    // Without a directory the intake seals nothing. The page has all fields and the same button.
    let returning = Returning::start().await;
    returning.intake.installation.clock.advance(Duration::days(31));
    let answer = returning.post(FACTS_PATH, &fields).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    for (name, value) in &fields {
        assert_eq!(value_of(&answer.page, name).as_deref(), Some(*value), "{name}");
    }
    assert!(answer.page.contains("action=\"/en/return/facts\""));
    assert_eq!(returning.intake.pull(10).await, []);
}

#[tokio::test]
async fn an_opened_own_copy_grows_by_the_added_facts() {
    let intake = TestIntake::with_directory().await;
    let form = MultipartFormData::report("the story", 1).field("copy", "yes").end();
    let (_, page) = intake.post_form("/en/report/send", form).await;
    let receipt = receipt_code(&page).unwrap();
    let url = page.split("data:application/octet-stream;base64,").nth(1).unwrap();
    let copy = BASE64_STANDARD.decode(url.split('"').next().unwrap()).unwrap();
    let report = intake.collect_submissions().await.remove(0);
    let returning = Returning { intake, receipt, report };
    returning.publish(&returning.report, 1).await;
    let form = MultipartFormData::default()
        .field("receipt", &returning.receipt)
        .field("seed", repeated_hex(9))
        .field("go", "own")
        .file_in("copy", &copy)
        .end();
    let (_, opened) = returning.intake.post_form("/en/return/send", form).await;
    let own = value_of(&opened, "own").unwrap();
    let fields = [("category", "EXT"), ("a.frequency", "always"), ("own", &*own), ("go", "send")];
    let answer = returning.post(FACTS_PATH, &fields).await;
    let shown = texts(&answer.page, "li.own");
    assert_eq!(shown.len(), 2, "{}", answer.page);
    let place = texts(&answer.page, "li.own .story").into_iter().next().unwrap();
    assert!(!place.contains('{') && !place.is_empty(), "the subject in words: {place}");
    assert!(shown[0].contains("How often"), "{shown:?}");
    assert!(answer.page.contains("data:application/octet-stream;base64,"), "the longer copy");
}
