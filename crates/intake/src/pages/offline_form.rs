//! The offline form: every page of the form without answers, and the data of the taxonomy, from
//! which the script shows the steps. It is the same for all visitors, so that fetching it reveals
//! nothing about a report.

use protocol::Priority;
use std::collections::BTreeMap;

use axum::{
    body::{Bytes, to_bytes},
    response::Response,
};
use protocol::case::Stage;
use serde::Serialize;
use taxonomy::{
    AnswerFormat, AnswerType, Category, Condition, MAX_TEXT_CHARS, PriorityRule, Question, Taxonomy,
};
use web::{Locale, MessageCatalog};
use zeroize::Zeroizing;

use super::{
    ConversationView, Pages, ReceiptView,
    conversation::{UNREADABLE_TEXT_KEYS, USUAL_STAGES, stage_text_keys},
    conversation_page,
    offline_texts::{COUNTED_TEXT_KEYS, START_TEXT_KEYS, TEXT_KEYS},
    page_parts,
    question_step::step_of,
    receipt, receipt_entry, report, review,
};
use crate::form::{FormStep, MAX_MESSAGE_CHARS, MAX_STORY_CHARS, ReportForm, identifying_details};

/// Maximum count with a text of its own, because the script has no plural rules. For a larger
/// count, the script writes its number into the text of this one.
const MAX_PLURAL: u32 = 40;
/// Maximum size of a page, in bytes. Every page is smaller.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// The first part: with it, the script takes over a page and shows the steps up to the choice of a
/// case.
#[derive(Serialize)]
struct FormStart<'a> {
    lang: &'a str,
    dir: &'a str,
    /// Pages by name: `subject` and `case.FAMILY`.
    pages: BTreeMap<String, OfflineFormPage>,
    /// The parts of these pages. A page contains the number of a part between two placeholders.
    parts: Vec<String>,
    texts: BTreeMap<&'a str, String>,
    families: Vec<&'a str>,
}

/// The second part, which the script loads afterwards for all visitors.
#[derive(Serialize)]
struct FormRest<'a> {
    /// Pages by name: `tell.CATEGORY`, `facts.CATEGORY`, `review`, `review.advice` and those after
    /// them.
    pages: BTreeMap<String, OfflineFormPage>,
    /// The further parts, such as the field of a question. Their numbers follow those of the first.
    parts: Vec<String>,
    texts: BTreeMap<&'a str, String>,
    months: Vec<String>,
    /// Name, meaning and what follows, by stage.
    stages: BTreeMap<&'a str, [String; 3]>,
    /// The stages that the page numbers.
    usual_stages: [&'a str; 5],
    /// Texts for the counts from 0 to [`MAX_PLURAL`].
    counted: BTreeMap<&'a str, Vec<String>>,
    questions: BTreeMap<&'a str, QuestionDto<'a>>,
    categories: BTreeMap<&'a str, CategoryDto<'a>>,
    audiences: BTreeMap<&'a str, &'a str>,
    /// The names of places in this language, and as desks read them.
    places: Vec<[&'a str; 2]>,
    priority_rules: &'a [PriorityRule],
    unsure: &'a str,
    advice: &'a str,
    longest: MaxLengths,
    /// The languages of the lists of receipt words, for `/words/LANG`.
    word_lists: Vec<&'static str>,
    guard: &'static [identifying_details::DetectionRule],
}

#[derive(Serialize)]
struct OfflineFormPage {
    title: String,
    body: String,
}

#[derive(Serialize)]
struct QuestionDto<'a> {
    label: &'a str,
    answer: AnswerType,
    /// The form that a text must have.
    format: Option<&'a AnswerFormat>,
    /// Whether known places are sent in one spelling.
    places: bool,
    /// When the question applies; always without a condition.
    when: Option<&'a Condition>,
    /// Whether any answer to it is an identifying detail.
    guarded: bool,
    options: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct CategoryDto<'a> {
    label: &'a str,
    family: &'a str,
    questions: Vec<&'a str>,
    /// The questions on the page of the story. All others are on the page of further facts.
    tell: Vec<&'a str>,
    /// What the form asks instead of the label of the story.
    story_label: Option<&'a str>,
    story_required: bool,
    priority_floor: Priority,
}

#[derive(Serialize)]
struct MaxLengths {
    story: usize,
    text: usize,
    message: usize,
}

/// The two parts of an offline form.
pub(super) struct FormParts<T> {
    /// What the script needs to take over a page.
    pub(super) start: T,
    /// Everything else.
    pub(super) rest: T,
}

/// Returns the offline form of a language as JSON. Its bytes depend on the version and the
/// configuration alone, because the manifest of the program contains their hashes.
pub(super) async fn build_form(pages: &Pages, locale: Locale) -> Option<FormParts<Vec<u8>>> {
    let (taxonomy, lang) = (&*pages.taxonomy, locale.code);
    let messages = pages.catalogs.catalog(locale);
    let texts = |keys: &[&'static str]| {
        keys.iter().map(|key| (*key, text_with_placeholders(messages, key))).collect()
    };
    let (mut first, mut other): (BTreeMap<_, _>, BTreeMap<_, _>) =
        render_pages(pages, locale).await?.into_iter().partition(|(name, _)| is_first(name));
    let mut parts = Vec::new();
    page_parts::share(first.values_mut().map(|page| &mut page.body), &mut parts);
    let first_parts = parts.len();
    page_parts::share(other.values_mut().map(|page| &mut page.body), &mut parts);
    let other_parts = parts.split_off(first_parts);
    let start = FormStart {
        lang,
        dir: locale.dir,
        pages: first,
        parts,
        texts: texts(START_TEXT_KEYS),
        families: taxonomy.families.iter().map(|family| &*family.id).collect(),
    };
    let rest = FormRest {
        pages: other,
        parts: other_parts,
        texts: texts(TEXT_KEYS),
        months: (1..=12).map(|month| messages.get(&format!("month-{month}"))).collect(),
        stages: Stage::VISIBLE_TO_REPORTER
            .map(|stage| (stage.as_str(), stage_text_keys(stage)))
            .into_iter()
            .chain([("unreadable", UNREADABLE_TEXT_KEYS)])
            .map(|(name, keys)| (name, keys.map(|key| messages.get(key))))
            .collect(),
        usual_stages: USUAL_STAGES.map(Stage::as_str),
        counted: COUNTED_TEXT_KEYS
            .map(|key| (key, (0..=MAX_PLURAL).map(|count| messages.count(key, count)).collect()))
            .into(),
        questions: taxonomy
            .questions
            .iter()
            .map(|question| (&*question.id, question_dto(taxonomy, question, lang)))
            .collect(),
        categories: taxonomy
            .categories
            .iter()
            .map(|found| (&*found.id, category_dto(taxonomy, found, lang)))
            .collect(),
        audiences: taxonomy
            .audiences
            .iter()
            .map(|one| (one.id.as_str(), one.label.get(lang)))
            .collect(),
        places: taxonomy.places.iter().map(|place| [place.label.get(lang), &*place.name]).collect(),
        priority_rules: &taxonomy.priority_rules,
        unsure: &taxonomy.unsure,
        advice: &taxonomy.advice,
        word_lists: protocol::receipt::word_list_languages(),
        guard: identifying_details::rules(),
        longest: MaxLengths {
            story: MAX_STORY_CHARS,
            text: MAX_TEXT_CHARS,
            message: MAX_MESSAGE_CHARS,
        },
    };
    Some(FormParts {
        start: serde_json::to_vec(&start).ok()?,
        rest: serde_json::to_vec(&rest).ok()?,
    })
}

/// Returns whether a page precedes the choice of a case.
fn is_first(name: &str) -> bool {
    name == "subject" || name.starts_with("case.")
}

/// Returns a text with placeholders for its arguments.
fn text_with_placeholders(messages: &MessageCatalog, key: &str) -> String {
    let placeholders = [
        "day", "month", "year", "week", "limit", "done", "seconds", "what", "word", "near",
        "count", "sign", "time", "place", "group",
    ]
    .map(|name| (name, page_parts::placeholder(name)));
    let arguments: Vec<(&'static str, &str)> =
        placeholders.iter().map(|(name, text)| (*name, &**text)).collect();
    messages.with(key, &arguments)
}

fn question_dto<'a>(taxonomy: &'a Taxonomy, question: &'a Question, lang: &str) -> QuestionDto<'a> {
    let implied: &[&str] = if question.kind.has_implied_answers() {
        &[taxonomy::UNKNOWN, taxonomy::DECLINED]
    } else {
        &[]
    };
    let ids = question.options.iter().map(|option| &*option.id).chain(implied.iter().copied());
    let options =
        ids.filter_map(|id| Some((id, taxonomy.option_label(question, id)?.get(lang)))).collect();
    QuestionDto {
        label: question.label.get(lang),
        answer: question.kind.answer_type(),
        format: question.format(),
        places: question.places,
        when: question.when.as_ref(),
        guarded: identifying_details::asks_for_identifier(question),
        options,
    }
}

fn category_dto<'a>(taxonomy: &'a Taxonomy, category: &'a Category, lang: &str) -> CategoryDto<'a> {
    let asked = taxonomy.questions_for(category);
    CategoryDto {
        label: category.label.get(lang),
        family: &category.family,
        questions: asked.iter().map(|question| &*question.id).collect(),
        tell: asked
            .iter()
            .filter(|question| step_of(taxonomy, category, question) == FormStep::Tell)
            .map(|question| &*question.id)
            .collect(),
        story_label: category.story_label.as_ref().map(|label| label.get(lang)),
        story_required: category.story_required,
        priority_floor: category.priority_floor,
    }
}

async fn render_pages(pages: &Pages, locale: Locale) -> Option<BTreeMap<String, OfflineFormPage>> {
    let taxonomy = &*pages.taxonomy;
    let mut all = BTreeMap::new();
    let mut form = ReportForm::new(locale);
    let subject = report::step_page(pages, &mut form, FormStep::Subject);
    all.insert("subject".to_owned(), split_page(subject).await?);
    for family in &taxonomy.families {
        form.family.clone_from(&family.id);
        let page = split_page(report::step_page(pages, &mut form, FormStep::Case)).await?;
        all.insert(format!("case.{}", family.id), page);
    }
    for category in &taxonomy.categories {
        form.category.clone_from(&category.id);
        for step in [FormStep::Tell, FormStep::Facts] {
            let page = split_page(report::step_page(pages, &mut form, step)).await?;
            all.insert(format!("{}.{}", step.as_str(), category.id), page);
        }
    }
    for (name, category) in [("review", &taxonomy.unsure), ("review.advice", &taxonomy.advice)] {
        form.category.clone_from(category);
        all.insert(name.to_owned(), split_page(review::render_review(pages, &form, None)).await?);
    }
    // The script replaces this placeholder receipt. The date of the answer comes with the response
    // to the submission, because a bundle that was fetched before midnight would show another date.
    let receipt = ReceiptView {
        code: Zeroizing::new(["0000"; 7].join("-")),
        words: Zeroizing::new(["…"; 12].join(" ")),
    };
    all.insert(
        "receipt".to_owned(),
        split_page(receipt::render_receipt(
            pages,
            locale,
            &receipt,
            receipt::ReceiptContext::default(),
        ))
        .await?,
    );
    all.insert(
        "return".to_owned(),
        split_page(receipt_entry::receipt_entry_page(pages, locale, ("", ""), None)).await?,
    );
    for (name, problem) in [
        ("nothing", receipt_entry::ReceiptEntryError::NotFound),
        ("damaged", receipt_entry::ReceiptEntryError::MailboxCorrupt),
    ] {
        let page = receipt_entry::receipt_entry_page(pages, locale, ("", ""), Some(problem));
        all.insert(name.to_owned(), split_page(page).await?);
    }
    for (name, sent) in [("thread", false), ("sent", true)] {
        let view = ConversationView { sent, ..ConversationView::pending() };
        all.insert(name.to_owned(), split_page(conversation_page(pages, locale, &view)).await?);
    }
    Some(all)
}

/// Returns title and body of a page, without what follows the footer: it loads the script, which is
/// running already.
async fn split_page(page: Response) -> Option<OfflineFormPage> {
    let html: Bytes = to_bytes(page.into_body(), MAX_PAGE_BYTES).await.ok()?;
    let html = std::str::from_utf8(&html).ok()?;
    let between =
        |from: &str, to: &str| Some(html.split_once(from)?.1.split_once(to)?.0.to_owned());
    let (mut body, end) = (between("<body>", "</footer>")?, "</footer>\n");
    body.push_str(end);
    Some(OfflineFormPage { title: between("<title>", "</title>")?, body })
}
