//! Training scenarios from daily work.

use serde::Deserialize;

use crate::{
    LocalizedText,
    load::{DataFiles, read_built_in},
};

/// A situation with three possible reactions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingScenario {
    /// The id of the category, such as `FAC`.
    pub category: String,
    /// A short title.
    pub title: LocalizedText,
    /// The description of the situation.
    pub scene: LocalizedText,
    /// The possible reactions. Exactly one is sound.
    pub answers: [ScenarioChoice; 3],
}

/// One reaction and the comment on it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioChoice {
    /// Whether the code of conduct asks for it.
    pub sound: bool,
    /// The reaction in the words of the person.
    pub say: LocalizedText,
    /// Why it is sound or not.
    pub reply: LocalizedText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenariosFile {
    scenes: Vec<TrainingScenario>,
}

impl TrainingScenario {
    /// Returns the built-in scenarios.
    ///
    /// # Panics
    /// If the built-in scenarios are invalid, which a test excludes.
    pub fn built_in() -> Vec<Self> {
        let files = DataFiles::new(read_built_in).expect("checked by a test of this build");
        let scenes: ScenariosFile =
            files.parse("learn.toml", "scenes").expect("checked by a test of this build");
        scenes.scenes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Taxonomy;

    #[test]
    fn every_scenario_is_complete_and_leads_to_a_category() {
        let (scenes, taxonomy) = (TrainingScenario::built_in(), Taxonomy::built_in());
        assert!(scenes.len() >= 10);
        let mut factors = BTreeSet::new();
        for scene in &scenes {
            let category = taxonomy.category(&scene.category).expect("a category of the taxonomy");
            factors.extend(category.secondary_factors.iter().copied().chain([category.factor]));
            assert_eq!(
                scene.answers.iter().filter(|answer| answer.sound).count(),
                1,
                "{}",
                scene.category
            );
            let replies = scene.answers.iter().flat_map(|answer| [&answer.say, &answer.reply]);
            for text in replies.chain([&scene.title, &scene.scene]) {
                for lang in &taxonomy.languages {
                    assert!(
                        text.0.get(lang).is_some_and(|text| !text.is_empty()),
                        "{} {lang}",
                        scene.category
                    );
                }
            }
        }
        assert_eq!(factors.len(), 10, "all factors of the Revised Arusha Declaration: {factors:?}");
        let places: BTreeSet<_> = scenes
            .iter()
            .map(|scene| scene.answers.iter().position(|answer| answer.sound))
            .collect();
        assert_eq!(places.len(), 3, "the sound answer stands in no fixed place");
    }
}
