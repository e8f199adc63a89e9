//! Embeds the texts of the taxonomy in every language.

fn main() -> std::io::Result<()> {
    locales::embed("taxonomy.toml")
}
