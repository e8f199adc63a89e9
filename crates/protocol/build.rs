//! Embeds the word lists of receipts.

fn main() -> std::io::Result<()> {
    locales::embed("receipt_words.txt")
}
