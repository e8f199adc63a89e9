//! Could this message expose the reporter? The answer lies under the receipt, and a receipt can be
//! found or demanded: a message that repeats what only the reporter can have told shows what was
//! reported, and by whom.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::RegexSet;
use serde::Serialize;

use crate::{
    case::view::CaseView,
    search::identifiers::{find_names, find_numbers, lowercase_words},
};

/// So many words in a row that stand in the report as well are a quotation.
const MIN_QUOTED_WORDS: usize = 5;

/// What kind of risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExposureKind {
    /// It asks who the reporter is, or how to reach them elsewhere.
    AsksWho,
    /// It repeats a number of the report: a declaration, a vehicle, a telephone.
    Number,
    /// It repeats a name of a person or a place.
    Name,
    /// It repeats the reporter's own words.
    Quotation,
}

/// One risk, with the words of the message that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExposureFinding {
    /// What kind.
    pub risk: ExposureKind,
    /// The words; empty where the message as a whole is meant.
    pub words: String,
}

/// Questions for a name, a telephone, an address, a post, an age, or who else knows; in the
/// languages of the pages.
const IDENTITY_QUESTION_PATTERNS: [&str; 16] = [
    r"(?i)\b(votre|vos|ton)\s+(nom|prénoms?|numéros?|téléphone|adresse|identité|matricule|grade|fonction|poste de travail|service|date de naissance|âge|employeur|entreprise|société)\b",
    r"(?i)\b(qui êtes[- ]vous|comment vous appelez|où (habitez|travaillez)|quel(le)? (poste|fonction) occupez|(appelez|contactez|écrivez)[- ](moi|nous)|venez (nous )?(voir|au bureau))",
    r"(?i)\bqui d[’']autre (le )?(sait|savait|était|a vu|a assisté)",
    r"(?i)\byour\s+(full |first |last |real )?(name|phone|number|address|identity|rank|position|job|unit|office|age|employer|company|badge|staff number)\b",
    r"(?i)\b(who are you|where do you (live|work)|what is your (job|post|rank)|(call|contact|email|phone) (me|us)|come (to|and see))\b",
    r"(?i)\bwho else (knows|knew|was|saw)\b",
    r"(?i)\b(su|tu)\s+(nombre|apellidos?|teléfono|número|dirección|identidad|cargo|puesto|rango|edad|empleador|empresa)\b",
    r"(?i)(quién es usted|cómo se llama|dónde (vive|trabaja)|(llámenos|contáctenos|llámeme))",
    r"(?i)quién más (lo )?(sabe|sabía|estaba|vio)",
    r"(?i)\b((o |a )?(seu|sua)|(o )?teu)\s+(nome|apelido|telefone|número|endereço|identidade|cargo|posto|idade|empregador|empresa)\b",
    r"(?i)(quem é (o senhor|a senhora|você)|como se chama|onde (vive|mora|trabalha)|(ligue|contacte|telefone)[- ](me|nos))",
    r"(?i)quem mais (o )?(sabe|sabia|estava|viu)",
    r"(اسمك|لقبك|رقمك|هاتفك|عنوانك|هويتك|رتبتك|وظيفتك|منصبك|عمرك|شركتك|صاحب عملك|مكان عملك)",
    r"(من أنت|أين (تعمل|تسكن|تعملين|تسكنين)|(اتصل|اتصلي|تواصل|تواصلي) (بي|بنا|معنا|معي))",
    r"من (غيرك|سواك) (يعرف|يعلم|كان|رأى)",
    // An address to write to, or a number to call, leads out of the channel.
    r"(?i)\b[\w.+-]+@[\w-]+\.[\w.-]+\b|\bwhatsapp\b|واتساب",
];

static IDENTITY_QUESTIONS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(IDENTITY_QUESTION_PATTERNS).expect("a test compiles every pattern")
});

/// Does a message ask who the reporter is, or lead to another way of talking?
pub fn asks_for_identity(message: &str) -> bool {
    IDENTITY_QUESTIONS.is_match(message)
}

/// Everything in a message that could expose the reporter of this case. Nothing here keeps it from
/// being sent: a person decides.
pub fn find_exposures(message: &str, case: &CaseView) -> Vec<ExposureFinding> {
    let reported = reported_texts(case);
    let mut found = Vec::new();
    if asks_for_identity(message) {
        found.push(ExposureFinding { risk: ExposureKind::AsksWho, words: String::new() });
    }
    let mut repeat = |risk, of: fn(&str) -> BTreeSet<String>| {
        let own = of(message);
        let known: BTreeSet<String> = reported.iter().flat_map(|text| of(text)).collect();
        found.extend(
            own.intersection(&known).map(|words| ExposureFinding { risk, words: words.clone() }),
        );
    };
    repeat(ExposureKind::Number, find_numbers);
    repeat(ExposureKind::Name, find_names);
    found.extend(
        reported
            .iter()
            .find_map(|text| find_quotation(message, text))
            .map(|words| ExposureFinding { risk: ExposureKind::Quotation, words }),
    );
    found
}

/// What only the reporter told.
fn reported_texts(case: &CaseView) -> Vec<&str> {
    let report = case.report.as_ref();
    let facts = report.into_iter().flat_map(|report| &report.facts).flat_map(|fact| &fact.answers);
    let messages = case
        .messages
        .iter()
        .filter(|message| message.direction == protocol::submission::frame::FrameDirection::In);
    report
        .map(|report| &*report.story)
        .into_iter()
        .chain(facts.map(|answer| &**answer))
        .chain(messages.map(|message| &*message.text))
        .collect()
}

/// The first words in a row that stand in both. Digits are the business of [`find_numbers`].
fn find_quotation(message: &str, reported: &str) -> Option<String> {
    let letters = |text| -> Vec<String> {
        lowercase_words(text)
            .into_iter()
            .filter(|word| word.chars().any(char::is_alphabetic))
            .collect()
    };
    let (message, reported) = (letters(message), letters(reported));
    let known: BTreeSet<&[String]> = reported.windows(MIN_QUOTED_WORDS).collect();
    message.windows(MIN_QUOTED_WORDS).find(|row| known.contains(row)).map(|row| row.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_for_the_person_are_found_in_each_language() {
        for text in [
            "Quel est votre nom ?",
            "Où travaillez-vous exactement ?",
            "Qui d’autre était présent ?",
            "Contactez-nous au plus vite.",
            "What is your phone number?",
            "Who else knew about it?",
            "Write to unit@customs.example",
            "¿Cuál es su número?",
            "¿Quién más lo sabía?",
            "Qual é o seu nome?",
            "Onde trabalha?",
            "ما اسمك؟",
            "من غيرك يعرف ذلك؟",
        ] {
            assert!(IDENTITY_QUESTIONS.is_match(text), "{text}");
        }
    }

    #[test]
    fn questions_for_the_facts_are_not() {
        for text in [
            "Merci. À quel poste était-ce, et depuis quand ?",
            "Votre signalement a été reçu. Votre récit est clair.",
            "Combien demandait-il, et comment fallait-il payer ?",
            "Thank you for your report. In which month was it?",
            "Was a receipt given? Your safety comes first.",
            "Gracias por su mensaje. ¿En qué mes fue?",
            "Obrigado pela sua mensagem. Em que mês foi?",
            "شكرا على رسالتك. في أي شهر كان ذلك؟",
        ] {
            assert!(!IDENTITY_QUESTIONS.is_match(text), "{text}");
        }
    }

    #[test]
    fn five_words_in_a_row_are_a_quotation() {
        let story = "Au poste, l’agent garde mes papiers jusqu’à ce que je paie.";
        let found =
            find_quotation("Vous écrivez : « L'agent garde mes papiers » — depuis quand ?", story);
        assert_eq!(found.as_deref(), Some("l agent garde mes papiers"));
        assert_eq!(find_quotation("Depuis quand l’agent garde-t-il des papiers ?", story), None);
    }
}
