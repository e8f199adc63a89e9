//! The steps of a report, and what the pressed button asks for.

use super::identifying_details::IdentifyingDetailKind;

/// One page of the way to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FormStep {
    /// Safety points and honest limits.
    BeforeYouStart,
    /// Who is reporting.
    Audience,
    /// Which family.
    Family,
    /// Which category.
    Category,
    /// The category's questions.
    Questions,
    /// Everything as it will be read.
    Review,
}

impl FormStep {
    const ALL: [Self; 6] = [
        Self::BeforeYouStart,
        Self::Audience,
        Self::Family,
        Self::Category,
        Self::Questions,
        Self::Review,
    ];

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == word)
    }

    /// The word in the button's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeYouStart => "before",
            Self::Audience => "audience",
            Self::Family => "family",
            Self::Category => "category",
            Self::Questions => "questions",
            Self::Review => "review",
        }
    }
}

/// What the pressed button says: `review`, `family.money`, `unsure`, `advice`, `cover.phone.story`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NavAction {
    /// Show a step.
    ShowStep(FormStep),
    /// This answer to the question of a step, then on.
    Choose(FormStep, String),
    /// Words of this kind are to be covered in the answer to this question.
    Redact(IdentifyingDetailKind, String),
    /// The category for those who are not sure.
    Unsure,
    /// The category for those who want advice.
    Advice,
}

impl NavAction {
    /// Reads a button's value; `None` if no button of ours says this.
    pub fn parse(value: &str) -> Option<Self> {
        let (word, choice) = match value.split_once('.') {
            Some((word, choice)) => (word, Some(choice)),
            None => (value, None),
        };
        let step = FormStep::parse(word);
        match (word, step, choice) {
            ("unsure", _, None) => Some(Self::Unsure),
            ("advice", _, None) => Some(Self::Advice),
            ("cover", _, Some(choice)) => {
                let (trace, question) = choice.split_once('.')?;
                Some(Self::Redact(IdentifyingDetailKind::parse(trace)?, question.to_owned()))
            }
            (_, Some(step), None) => Some(Self::ShowStep(step)),
            (
                _,
                Some(step @ (FormStep::Audience | FormStep::Family | FormStep::Category)),
                Some(choice),
            ) => Some(Self::Choose(step, choice.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_buttons_are_understood() {
        assert_eq!(NavAction::parse("review"), Some(NavAction::ShowStep(FormStep::Review)));
        assert_eq!(
            NavAction::parse("family.money"),
            Some(NavAction::Choose(FormStep::Family, "money".to_owned()))
        );
        assert_eq!(NavAction::parse("advice"), Some(NavAction::Advice));
        assert_eq!(
            NavAction::parse("cover.only-me.story"),
            Some(NavAction::Redact(IdentifyingDetailKind::OnlyMe, "story".to_owned()))
        );
        for other in [
            "",
            "cover",
            "cover.phone",
            "cover.else.story",
            ".",
            "review.x",
            "advice.x",
            "send",
            "family_money",
        ] {
            assert_eq!(NavAction::parse(other), None, "{other}");
        }
    }
}
