//! The parts that the pages of the offline form share.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Marks the place in a text where the script inserts a value.
pub(super) const PLACEHOLDER: &str = "\u{1}";

/// Returns a placeholder with this name.
pub(super) fn placeholder(name: &str) -> String {
    format!("{PLACEHOLDER}{name}{PLACEHOLDER}")
}

/// Moves fields, headers, footers and the buttons of the spoken help out of the pages into `parts`,
/// each of them once. Most pages differ in few of them. A page then contains the number of a part
/// as a placeholder.
pub(super) fn share<'a>(pages: impl Iterator<Item = &'a mut String>, parts: &mut Vec<String>) {
    static PART: LazyLock<Regex> = LazyLock::new(|| {
        let parts = [
            "\n<div class=\"q[^\n]*\n.*?\n</div>\n",
            "<div class=\"listen\".*?</div>",
            "<header>.*?</header>",
            "<footer>.*?</footer>",
        ];
        Regex::new(&format!("(?s){}", parts.join("|"))).expect("a test compiles it")
    });
    for page in pages {
        let shared = PART.replace_all(page, |part: &Captures<'_>| {
            let number = parts.iter().position(|known| *known == part[0]).unwrap_or_else(|| {
                parts.push(part[0].to_owned());
                parts.len() - 1
            });
            placeholder(&number.to_string())
        });
        *page = shared.into_owned();
    }
}
