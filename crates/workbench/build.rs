//! Embeds the texts of the pages, and what the workbench knows about each language of reporters.

fn main() -> std::io::Result<()> {
    [
        "workbench.ftl",
        "poster.ftl",
        "reply_templates.toml",
        "identity_questions.toml",
        "common_words.txt",
    ]
    .into_iter()
    .try_for_each(locales::embed)
}
