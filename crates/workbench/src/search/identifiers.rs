//! Words and numbers in a text that name one thing: what two cases can share, and what a message
//! can give away.

use std::collections::BTreeSet;

/// Numbers of a declaration, a plate, a container, a telephone: letters and digits without what
/// stands between them, with five digits or more. An amount that is round in thousands names
/// nothing.
pub(crate) fn find_numbers(text: &str) -> BTreeSet<String> {
    let between = |c: char| matches!(c, '-' | '/' | '.');
    let ends = |c: char| !c.is_alphanumeric() && !between(c);
    let digits = |number: &str| number.chars().filter(char::is_ascii_digit).count();
    // A telephone number is written in pairs, a plate in pieces: short groups that follow each
    // other are one number as well.
    let capitals = |word: &str| word.chars().all(|c| c.is_ascii_uppercase());
    let grouped = |word: &str| {
        (1..=4).contains(&word.len())
            && (word.chars().all(|c| c.is_ascii_digit()) || capitals(word))
    };
    let text: String = text.chars().map(to_western_digit).collect();
    let mut found = BTreeSet::new();
    let mut group = String::new();
    for word in text.split(ends).chain([""]) {
        let word: String = word.chars().filter(|c| !between(*c)).collect();
        // The four letters of a container's owner begin its number; behind digits they are a
        // currency.
        if word.len() == 4 && capitals(&word) {
            found.insert(std::mem::take(&mut group));
        }
        if grouped(&word) {
            group.push_str(&word);
        } else {
            found.insert(std::mem::take(&mut group));
            found.insert(word.to_uppercase());
        }
    }
    found.retain(|number| digits(number) >= 5 && !number.ends_with("000"));
    found
}

/// The digits of Arabic and Persian as those of everybody else; every other character as it is.
pub(crate) fn to_western_digit(c: char) -> char {
    let value = match c {
        '٠'..='٩' => u32::from(c) - u32::from('٠'),
        '۰'..='۹' => u32::from(c) - u32::from('۰'),
        _ => return c,
    };
    char::from_digit(value, 10).unwrap_or(c)
}

/// Names of persons and places, in lower case: words with a capital where no sentence begins.
pub(crate) fn find_names(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut begins = true;
    for piece in text.split_whitespace() {
        // « l’Hôpital », "d'Abidjan": the article is no part of the name.
        let word = piece
            .rsplit(['’', '\''])
            .next()
            .unwrap_or(piece)
            .trim_matches(|c: char| !c.is_alphanumeric());
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        if capital && !begins && word.chars().count() >= 3 {
            found.insert(word.to_lowercase());
        }
        begins = piece.ends_with(['.', '!', '?', ':', '…', '»', '"', '”']);
    }
    found
}

/// All words, in lower case.
pub(crate) fn lowercase_words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_number_that_names_one_thing_is_found_however_it_is_written() {
        assert_eq!(
            find_numbers("déclaration C-48213/2026, camion 11-GH-4521."),
            set(&["C482132026", "11GH4521"])
        );
        assert_eq!(
            find_numbers("MSKU1234567 et mksu-7654321"),
            set(&["MSKU1234567", "MKSU7654321"])
        );
        assert_eq!(
            find_numbers("au 70 12 34 56, ou 70-12-34-56 ; +226 70 12 34 56"),
            set(&["70123456", "22670123456"])
        );
        assert_eq!(find_numbers("le 11 GH 4521 à 14 h"), set(&["11GH4521"]));
        assert_eq!(find_numbers("MSKU 123 456 7, ٧٠ ١٢ ٣٤ ٥٦"), set(&["MSKU1234567", "70123456"]));
        assert_eq!(find_numbers("1 500 000 FCFA"), set(&[]));
        assert_eq!(find_numbers("5 000 francs, 150000 ou 1.500.000, en 2026 à 14h30"), set(&[]));
    }

    #[test]
    fn names_stand_where_no_sentence_begins() {
        assert_eq!(
            find_names(
                "Hier à Dakola, Moussa Ouédraogo a dit : Non. Le chef de l’Inspection a ri."
            ),
            set(&["dakola", "moussa", "ouédraogo", "inspection"])
        );
        assert_eq!(find_names("Nous. Vous! Eux?"), set(&[]));
    }
}
