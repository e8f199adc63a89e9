//! Every option that a reporter can choose is a plain fact, or a program acts on it.
//!
//! A program's action is not declared. [`affects_handling`] runs the code that decides priority,
//! readers, referral and the restricted view, once with the option and once without an answer. An
//! option without an effect is listed in `facts.txt` with its English label, and must not read like
//! a promise in any language of the form.

mod misread_words;
mod reply_templates;

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use ed25519_dalek::SigningKey;
use locales::Locale;
use protocol::{
    Priority,
    case::ReferralConsent,
    directory::{Desk, Directory, LogSettings, Member},
    keys::{InvestigatorIdentity, PublicKey, TransportIdentity},
    submission::report_body::{EXCLUSION_QUESTION, ReportAnswer, ReportBody},
};
use rand::rngs::OsRng;
use regex::Regex;
use taxonomy::{Category, Question, Taxonomy};
use time::macros::date;
use toml::{Table, Value};
use uuid::Uuid;
use workbench::{
    actions::{ConsentError, check_consent_answer},
    case::view::{FactView, RestrictedFacts},
};

const DECLARED_FACTS: &str = include_str!("facts.txt");

/// Returns the phrases that tests search for in the texts of a language.
fn test_phrases(locale: Locale) -> Table {
    fs::read_to_string(locales::file_path(locale.code, "test_phrases.toml"))
        .unwrap()
        .parse()
        .unwrap()
}

fn pattern(text: &Value) -> Regex {
    Regex::new(text.as_str().unwrap()).unwrap()
}

/// An option, and what the programs must do with a report if it is chosen.
type OptionPromise = (&'static str, fn(&ReportHandling) -> bool);

/// Options that ask for the default handling.
const UNCONDITIONAL_PROMISES: [OptionPromise; 2] = [
    ("referral_consent.ask", |handling| handling.referral == [Err(ConsentError::NotAsked); 2]),
    // The two members of the desk, and the oversight body.
    ("oversight_consent.yes", |handling| handling.readers == 3),
];

/// How the programs handle a report.
#[derive(Debug, PartialEq, Eq)]
struct ReportHandling {
    priority: Priority,
    desk: String,
    readers: usize,
    /// The objection to a referral as a summary and in full, before the reporter is asked in a
    /// message.
    referral: [Result<(), ConsentError>; 2],
    /// Answers shown to the team before the case is opened.
    wishes: Vec<FactView>,
}

fn report_handling(
    taxonomy: &Taxonomy,
    category: &Category,
    answer: Option<(&Question, &str)>,
) -> ReportHandling {
    let given = answer.map(|(question, option)| {
        let value = if question.kind.is_multiple_choice() {
            ReportAnswer::Many(vec![option.to_owned()])
        } else {
            ReportAnswer::One(option.to_owned())
        };
        (question.id.clone(), value)
    });
    let answers: BTreeMap<String, ReportAnswer> = given.into_iter().collect();
    let report = ReportBody {
        category: category.id.clone(),
        audience: "public".to_owned(),
        answers,
        story: String::new(),
    };
    let asked = answer.map(|(question, option)| {
        let value = taxonomy::Answer::One(option.to_owned());
        (question.id.clone(), value)
    });
    let checked = taxonomy
        .validate_answers(category, asked.into_iter().collect())
        .expect("an option of the question is an answer to it");
    let units = match answer {
        Some((question, option)) if question.id == EXCLUSION_QUESTION => vec![option.to_owned()],
        _ => Vec::new(),
    };
    let directory = test_directory(&category.id, units);
    let addressees = directory.recipients_of(&report).unwrap();
    let facts = answer.into_iter().map(|(question, option)| FactView {
        question: question.id.clone(),
        label: question.label.get("en").to_owned(),
        answers: vec![option.to_owned()],
        labels: vec![option.to_owned()],
    });
    ReportHandling {
        priority: taxonomy.priority(category, &checked),
        desk: addressees.desk.id.clone(),
        readers: addressees.members.len() + addressees.oversight.len(),
        referral: [ReferralConsent::Summary, ReferralConsent::Full]
            .map(|consent| check_consent_answer(&report, consent)),
        // An answer that indicates a conflict of interest is a fact: showing it early demands
        // nothing from the team.
        wishes: RestrictedFacts::select(facts.collect()).wish_answers,
    }
}

/// A desk of two for the category, which belongs to these units, and an oversight body of one.
fn test_directory(category: &str, units: Vec<String>) -> Directory {
    // The keys are generated once, because that takes most of the time.
    static BASE_DIRECTORY: LazyLock<Directory> = LazyLock::new(build_base_directory);
    let mut directory = BASE_DIRECTORY.clone();
    directory.desks[0].categories = vec![category.to_owned()];
    directory.desks[0].units = units;
    directory
}

fn build_base_directory() -> Directory {
    let key = || PublicKey::from(&SigningKey::generate(&mut OsRng));
    let member = |handle: &str| Member {
        handle: handle.to_owned(),
        recipient: InvestigatorIdentity::generate(&mut OsRng).recipient(),
        device: key(),
        units: Vec::new(),
        languages: Vec::new(),
    };
    let desk = |id: &str, members: &[&str]| Desk {
        id: id.to_owned(),
        labels: BTreeMap::new(),
        categories: Vec::new(),
        audiences: Vec::new(),
        members: members.iter().map(ToString::to_string).collect(),
        units: Vec::new(),
    };
    Directory {
        v: 1,
        instance: Uuid::nil(),
        epoch: 1,
        previous: None,
        issued: date!(2026 - 11 - 01),
        expires: date!(2026 - 11 - 30),
        transport: vec![TransportIdentity::generate(&mut OsRng).recipient()],
        handler_key: key(),
        log: LogSettings::default(),
        members: ["one", "two", "oversight"].map(member).into(),
        desks: vec![desk("desk", &["one", "two"]), desk("external", &["oversight"])],
        oversight: "external".to_owned(),
        programs: Vec::new(),
    }
}

/// Returns whether a program handles a report with this option differently from one without an
/// answer, or as the option asks.
fn affects_handling(taxonomy: &Taxonomy, question: &Question, option: &str) -> bool {
    let asks =
        |category: &&Category| taxonomy.questions_for(category).iter().any(|q| q.id == question.id);
    // The category with the lowest priority that asks the question, so that a raised priority is
    // visible.
    let category =
        taxonomy.categories.iter().filter(asks).max_by_key(|category| category.priority_floor);
    let category = category.expect("each question is asked by a category");
    let with = report_handling(taxonomy, category, Some((question, option)));
    let id = format!("{}.{option}", question.id);
    let held = UNCONDITIONAL_PROMISES.iter().any(|(held, is_true)| *held == id && is_true(&with));
    held || with != report_handling(taxonomy, category, None)
}

/// Returns all faults: options without an effect that are not declared, wrong declarations, and
/// facts that read like promises.
fn find_faults(taxonomy: &Taxonomy, declared: &str) -> Vec<String> {
    let lines = declared.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut facts: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once(" = ")).collect();
    // Phrases that state what the service does or does not do with the report, instead of what
    // happened.
    let patterns = Locale::ALL
        .map(|locale| (locale.code, pattern(&test_phrases(locale)["promise"]["pattern"])));
    let mut faults = Vec::new();
    for question in &taxonomy.questions {
        for option in &question.options {
            let id = format!("{}.{}", question.id, option.id);
            let fact = facts.remove(&*id);
            match (fact, affects_handling(taxonomy, question, &option.id)) {
                (None, true) => continue,
                (Some(_), true) => {
                    faults.push(format!("{id} is declared a fact, and a program acts on it"));
                }
                (None, false) => {
                    faults.push(format!("{id} is no declared fact, and no program acts on it"));
                }
                (Some(words), false) if words != option.label.get("en") => {
                    faults.push(format!("{id} was declared with other words: {words}"));
                }
                (Some(_), false) => {}
            }
            for (lang, pattern) in &patterns {
                let label = option.label.get(lang);
                if let Some(found) = pattern.find(label) {
                    faults.push(format!("{id} promises in {lang} (“{}”): {label}", found.as_str()));
                }
            }
        }
    }
    faults.extend(facts.keys().map(|id| format!("{id} is declared and does not exist")));
    faults
}

#[test]
fn every_option_is_descriptive_or_has_an_effect_in_a_program() {
    let faults = find_faults(&Taxonomy::built_in(), DECLARED_FACTS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The built-in taxonomy with one additional option.
fn with_option(labels: &[(&str, String)]) -> Taxonomy {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../taxonomy/data");
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        // The pictograms are in a folder of their own.
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    for Locale { code, .. } in Locale::ALL {
        fs::create_dir(folder.path().join(code)).unwrap();
        let texts = folder.path().join(code).join("taxonomy.toml");
        fs::copy(locales::file_path(code, "taxonomy.toml"), texts).unwrap();
    }
    let path = folder.path().join("questions.toml");
    let text = fs::read_to_string(&path).unwrap();
    let labels: Vec<_> =
        labels.iter().map(|(lang, label)| format!("label.{lang} = \"{label}\"")).collect();
    let before = "  { id = \"signal\"";
    assert!(text.contains(before));
    let option = format!("  {{ id = \"new\", {} }},\n{before}", labels.join(", "));
    fs::write(&path, text.replacen(before, &option, 1)).unwrap();
    Taxonomy::load(folder.path()).unwrap()
}

/// Returns a label in each language that states a fact.
fn fact_labels() -> [(&'static str, String); Locale::ALL.len()] {
    Locale::ALL.map(|locale| {
        let fact = test_phrases(locale)["promise"]["fact"].as_str().unwrap().to_owned();
        (locale.code, fact)
    })
}

#[test]
fn an_undeclared_option_is_found() {
    let found = find_faults(&with_option(&fact_labels()), DECLARED_FACTS);
    assert_eq!(found, ["detail_level.new is no declared fact, and no program acts on it"]);
    assert!(
        find_faults(
            &with_option(&fact_labels()),
            &format!("{DECLARED_FACTS}\ndetail_level.new = The date\n")
        )
        .is_empty()
    );
    let other = find_faults(
        &with_option(&fact_labels()),
        &format!("{DECLARED_FACTS}\ndetail_level.new = A date\n"),
    );
    assert_eq!(other, ["detail_level.new was declared with other words: A date"]);
}

#[test]
fn a_promise_cannot_be_declared_a_fact_in_any_language() {
    for locale in Locale::ALL {
        for promise in test_phrases(locale)["promise"]["examples"].as_array().unwrap() {
            let promise = promise.as_str().unwrap();
            let labels = fact_labels().map(|(lang, fact)| {
                (lang, if lang == locale.code { promise.to_owned() } else { fact })
            });
            let words = &labels.iter().find(|(lang, _)| *lang == "en").unwrap().1;
            let declared = format!("{DECLARED_FACTS}\ndetail_level.new = {words}\n");
            let found = find_faults(&with_option(&labels), &declared);
            assert!(
                found.iter().any(|fault| fault.starts_with("detail_level.new promises")),
                "{promise}: {found:?}"
            );
        }
    }
}
