//! The script contains the texts that warn of an altered program, because the server may have
//! altered every file with texts. They are the texts of the languages.

use super::*;

const SCRIPT_TEXTS: &str = include_str!("../../../browser/src/pages/altered_program.ts");

#[test]
fn the_script_warns_of_an_altered_program_with_the_texts_of_each_language() {
    let pages = test_pages();
    for locale in Locale::ALL {
        let catalog = pages.catalogs.catalog(locale);
        let lines: String = ["altered-heading", "altered-what", "altered-do"]
            .map(|key| format!("    \"{}\",\n", catalog.get(key)))
            .concat();
        let entry = format!("  {}: [\n{lines}  ],\n", locale.code);
        assert!(SCRIPT_TEXTS.contains(&entry), "{entry}");
    }
}
