//! Makes the folder of the browser's bundle, so that a build without Node has an empty one to
//! embed. Embeds the texts of the pages and the terms of identifying details in every language.

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=browser/dist");
    std::fs::create_dir_all("browser/dist")?;
    locales::embed("intake.ftl")?;
    locales::embed("identifying_details.json")
}
