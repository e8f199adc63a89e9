//! The steps of a report, and the actions of its buttons.

use super::identifying_details::IdentifyingDetailKind;

/// One page of the report form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FormStep {
    /// Safety points and honest limits.
    BeforeYouStart,
    /// The audience of the reporter.
    Audience,
    /// The group of categories.
    Family,
    /// The category.
    Category,
    /// The questions of the category.
    Questions,
    /// All answers, as readers will see them.
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

    /// Parses the name of a step; returns `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }

    /// Returns the name in the value of a button.
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

/// The action of a button. Its value is such as `review`, `family.money`, `unsure`, `advice` or
/// `cover.phone.story`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NavAction {
    /// Show a step.
    ShowStep(FormStep),
    /// Answer the question of a step, and continue.
    Choose(FormStep, String),
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
        let (action, choice) = match value.split_once('.') {
            Some((action, choice)) => (action, Some(choice)),
            None => (value, None),
        };
        let step = FormStep::parse(action);
        match (action, step, choice) {
            ("unsure", _, None) => Some(Self::Unsure),
            ("advice", _, None) => Some(Self::Advice),
            ("cover", _, Some(choice)) => {
                let (kind, question) = choice.split_once('.')?;
                Some(Self::Redact(IdentifyingDetailKind::parse(kind)?, question.to_owned()))
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
    fn only_values_of_known_buttons_are_parsed() {
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
