//! The steps of a report, and the actions of its buttons.

use super::identifying_details::IdentifyingDetailKind;

/// One page of the report form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FormStep {
    /// The group of categories, or that the reporter is unsure or asks for advice.
    Subject,
    /// The category.
    Case,
    /// The story and the quick questions of the category.
    Tell,
    /// All other questions of the category. Every answer here is optional.
    Facts,
    /// All answers, as readers will see them.
    Review,
}

impl FormStep {
    const ALL: [Self; 5] = [Self::Subject, Self::Case, Self::Tell, Self::Facts, Self::Review];

    /// Parses the name of a step; returns `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }

    /// Returns the name in the value of a button.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Case => "case",
            Self::Tell => "tell",
            Self::Facts => "facts",
            Self::Review => "review",
        }
    }
}

/// The action of a button. Its value is such as `review`, `facts.place`, `family.money`, `unsure`,
/// `advice` or `cover.phone.story`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NavAction {
    /// Show a step.
    ShowStep(FormStep),
    /// Show the step that asks a question, at this question.
    ShowQuestion(FormStep, String),
    /// Choose a group of categories.
    ChooseFamily(String),
    /// Choose a category.
    ChooseCategory(String),
    /// Redact details of this kind in the answer to this question.
    Redact(IdentifyingDetailKind, String),
    /// Choose the category for reporters who are unsure.
    Unsure,
    /// Choose the category for reporters who want advice.
    Advice,
}

impl NavAction {
    /// Parses the value of a button; returns `None` if no button has this value.
    pub fn parse(value: &str) -> Option<Self> {
        let Some((action, choice)) = value.split_once('.') else {
            return match value {
                "unsure" => Some(Self::Unsure),
                "advice" => Some(Self::Advice),
                step => FormStep::parse(step).map(Self::ShowStep),
            };
        };
        match action {
            "tell" => Some(Self::ShowQuestion(FormStep::Tell, choice.to_owned())),
            "facts" => Some(Self::ShowQuestion(FormStep::Facts, choice.to_owned())),
            "family" => Some(Self::ChooseFamily(choice.to_owned())),
            "category" => Some(Self::ChooseCategory(choice.to_owned())),
            "cover" => {
                let (kind, question) = choice.split_once('.')?;
                Some(Self::Redact(IdentifyingDetailKind::parse(kind)?, question.to_owned()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_of_known_buttons_are_parsed() {
        assert_eq!(NavAction::parse("review"), Some(NavAction::ShowStep(FormStep::Review)));
        assert_eq!(
            NavAction::parse("family.money"),
            Some(NavAction::ChooseFamily("money".to_owned()))
        );
        assert_eq!(
            NavAction::parse("category.FAC"),
            Some(NavAction::ChooseCategory("FAC".to_owned()))
        );
        assert_eq!(
            NavAction::parse("facts.place"),
            Some(NavAction::ShowQuestion(FormStep::Facts, "place".to_owned()))
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
            "audience.trader",
            "questions",
            "advice.x",
            "send",
            "family_money",
        ] {
            assert_eq!(NavAction::parse(other), None, "{other}");
        }
    }
}
