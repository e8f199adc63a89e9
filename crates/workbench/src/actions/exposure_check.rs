//! Finds text in a message that could expose the reporter. A reply opens with the receipt, and
//! another person can find the receipt or demand it. A message that repeats what only the reporter
//! can have told reveals what was reported, and by whom.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::RegexSet;
use serde::Serialize;

use crate::{
    case::view::CaseView,
    search::identifiers::{find_names, find_numbers, lowercase_words},
};

/// This many consecutive words that also occur in the report are a quotation.
const MIN_QUOTED_WORDS: usize = 5;

/// Kind of exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExposureKind {
    /// The message asks who the reporter is, or asks for another way of contact.
    AsksWho,
    /// The message repeats a number of the report: a declaration, a vehicle, a telephone.
    Number,
    /// The message repeats a name of a person or place.
    Name,
    /// The message repeats the reporter's own text.
    Quotation,
}

/// One finding, with the text of the message that it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExposureFinding {
    /// Kind of exposure.
    pub risk: ExposureKind,
    /// The text; empty if the finding concerns the whole message.
    pub words: String,
}

/// Questions about a name, telephone, address, post, age, or who else knows, in the languages of
/// the reporter's pages.
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
    // An e-mail address or messenger leads out of the protected channel.
    r"(?i)\b[\w.+-]+@[\w-]+\.[\w.-]+\b|\bwhatsapp\b|واتساب",
];

static IDENTITY_QUESTIONS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(IDENTITY_QUESTION_PATTERNS).expect("a test compiles every pattern")
});

/// Returns whether a message asks who the reporter is, or leads to another way of contact.
pub fn asks_for_identity(message: &str) -> bool {
    IDENTITY_QUESTIONS.is_match(message)
}

/// Returns everything in a message that could expose the reporter of this case. The findings do not
/// prevent sending: the member decides.
pub fn find_exposures(message: &str, case: &CaseView) -> Vec<ExposureFinding> {
    let reported = reported_texts(case);
    let mut found = Vec::new();
    if asks_for_identity(message) {
        found.push(ExposureFinding { risk: ExposureKind::AsksWho, words: String::new() });
    }
    let mut add_repeated = |risk, of: fn(&str) -> BTreeSet<String>| {
        let own = of(message);
        let known: BTreeSet<String> = reported.iter().flat_map(|text| of(text)).collect();
        found.extend(
            own.intersection(&known).map(|words| ExposureFinding { risk, words: words.clone() }),
        );
    };
    add_repeated(ExposureKind::Number, find_numbers);
    add_repeated(ExposureKind::Name, find_names);
    found.extend(
        reported
            .iter()
            .find_map(|text| find_quotation(message, text))
            .map(|words| ExposureFinding { risk: ExposureKind::Quotation, words }),
    );
    found
}

/// Returns the texts that only the reporter can have told.
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

/// Returns the first sequence of words that occurs in both texts. Digits are left to
/// [`find_numbers`].
fn find_quotation(message: &str, reported: &str) -> Option<String> {
    let words_of = |text| -> Vec<String> {
        lowercase_words(text)
            .into_iter()
            .filter(|word| word.chars().any(char::is_alphabetic))
            .collect()
    };
    let (message, reported) = (words_of(message), words_of(reported));
    let known: BTreeSet<&[String]> = reported.windows(MIN_QUOTED_WORDS).collect();
    message.windows(MIN_QUOTED_WORDS).find(|row| known.contains(row)).map(|row| row.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_about_the_person_are_found_in_each_language() {
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
    fn questions_about_the_facts_are_not_found() {
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
    fn five_consecutive_words_are_a_quotation() {
        let story = "Au poste, l’agent garde mes papiers jusqu’à ce que je paie.";
        let found =
            find_quotation("Vous écrivez : « L'agent garde mes papiers » — depuis quand ?", story);
        assert_eq!(found.as_deref(), Some("l agent garde mes papiers"));
        assert_eq!(find_quotation("Depuis quand l’agent garde-t-il des papiers ?", story), None);
    }
}
