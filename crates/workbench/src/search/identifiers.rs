//! Finds numbers and names in a text that identify one thing: two cases can share them, and a
//! message to the reporter can expose them.

use std::collections::BTreeSet;

/// Returns numbers of declarations, plates, containers and telephones: letters and digits without
/// separators, with five digits or more. Amounts that are round in thousands are left out, because
/// they identify nothing.
pub(crate) fn find_numbers(text: &str) -> BTreeSet<String> {
    let is_separator = |c: char| matches!(c, '-' | '/' | '.');
    let is_boundary = |c: char| !c.is_alphanumeric() && !is_separator(c);
    let digits = |number: &str| number.chars().filter(char::is_ascii_digit).count();
    // A telephone number is written in pairs and a plate in pieces, so short groups that follow
    // each other are one number.
    let capitals = |word: &str| word.chars().all(|c| c.is_ascii_uppercase());
    let grouped = |word: &str| {
        (1..=4).contains(&word.len())
            && (word.chars().all(|c| c.is_ascii_digit()) || capitals(word))
    };
    let text: String = text.chars().map(to_western_digit).collect();
    let mut found = BTreeSet::new();
    let mut group = String::new();
    for word in text.split(is_boundary).chain([""]) {
        let word: String = word.chars().filter(|c| !is_separator(*c)).collect();
        // A container number begins with the four letters of the owner. Four letters after digits
        // are a currency.
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

/// Converts an Arabic or Persian digit to a Western digit. Returns every other character unchanged.
pub(crate) fn to_western_digit(c: char) -> char {
    let value = match c {
        '٠'..='٩' => u32::from(c) - u32::from('٠'),
        '۰'..='۹' => u32::from(c) - u32::from('۰'),
        _ => return c,
    };
    char::from_digit(value, 10).unwrap_or(c)
}

/// Returns names of persons and places, in lower case: capitalized words that do not begin a
/// sentence.
pub(crate) fn find_names(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut sentence_start = true;
    for piece in text.split_whitespace() {
        // « l’Hôpital », "d'Abidjan": the article is not part of the name.
        let word = piece
            .rsplit(['’', '\''])
            .next()
            .unwrap_or(piece)
            .trim_matches(|c: char| !c.is_alphanumeric());
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        if capital && !sentence_start && word.chars().count() >= 3 {
            found.insert(word.to_lowercase());
        }
        sentence_start = piece.ends_with(['.', '!', '?', ':', '…', '»', '"', '”']);
    }
    found
}

/// Returns all words, in lower case.
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
    fn an_identifying_number_is_found_in_every_spelling() {
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
    fn capitalized_words_inside_a_sentence_are_names() {
        assert_eq!(
            find_names(
                "Hier à Dakola, Moussa Ouédraogo a dit : Non. Le chef de l’Inspection a ri."
            ),
            set(&["dakola", "moussa", "ouédraogo", "inspection"])
        );
        assert_eq!(find_names("Nous. Vous! Eux?"), set(&[]));
    }
}
