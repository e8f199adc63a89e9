//! The languages of the pages, and the choice of one for a visitor.

/// A language of the pages. The regions of the WCO use the first five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Locale {
    /// The ISO 639-1 code, as in paths and in the attribute `lang`.
    pub code: &'static str,
    /// The name of the language in the language itself.
    pub name: &'static str,
    /// The writing direction, `ltr` or `rtl`, as in the attribute `dir`.
    pub dir: &'static str,
    /// The code of the language whose list spells receipts: this language, if it has the file
    /// `receipt_words.txt`.
    pub receipt_words: &'static str,
}

impl Locale {
    /// French.
    pub const FR: Self = Self { code: "fr", name: "Français", dir: "ltr", receipt_words: "fr" };
    /// English.
    pub const EN: Self = Self { code: "en", name: "English", dir: "ltr", receipt_words: "en" };
    /// Spanish.
    pub const ES: Self = Self { code: "es", name: "Español", dir: "ltr", receipt_words: "es" };
    /// Portuguese.
    pub const PT: Self = Self { code: "pt", name: "Português", dir: "ltr", receipt_words: "pt" };
    /// Arabic. BIP39 has no Arabic list. Where customs officers and their posters use French,
    /// readers of Arabic are used to French words.
    pub const AR: Self =
        Self { code: "ar", name: "العربية", dir: "rtl", receipt_words: "fr" };
    /// All languages, the default one first. This is the registration of a language.
    pub const ALL: [Self; 5] = [Self::FR, Self::EN, Self::ES, Self::PT, Self::AR];

    /// Returns the language with this code in lower case.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.code == code)
    }

    /// Returns the best of `offered` for an `Accept-Language` header (RFC 9110 12.5.4), or the
    /// first one if none fits. A region counts as its language: `fr-BF` selects `fr`.
    pub fn negotiate(accept_language: &str, offered: &[Self]) -> Option<Self> {
        let mut preferences: Vec<(f32, &str)> =
            accept_language.split(',').filter_map(parse_preference).collect();
        preferences.sort_by(|a, b| b.0.total_cmp(&a.0));
        preferences
            .into_iter()
            .find_map(|(_, code)| {
                offered.iter().find(|locale| locale.code.eq_ignore_ascii_case(code))
            })
            .or(offered.first())
            .copied()
    }
}

/// Returns the weight and the language of one part of the header, or `None` for `q=0`.
fn parse_preference(part: &str) -> Option<(f32, &str)> {
    let mut pieces = part.split(';');
    let tag = pieces.next()?.trim();
    let code = tag.split('-').next()?;
    let weight = pieces
        .find_map(|piece| piece.trim().strip_prefix("q="))
        .map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
    (weight > 0.0).then_some((weight, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_on_offer_wins() {
        let offered = [Locale::FR, Locale::EN];
        let best = |header| Locale::negotiate(header, &offered).map(|locale| locale.code);
        assert_eq!(best("en-GB,en;q=0.9,fr;q=0.8"), Some("en"));
        assert_eq!(best("mos, fr-BF;q=0.7, en;q=0.3"), Some("fr"));
        assert_eq!(best("en;q=0, es"), Some("fr"));
        assert_eq!(best(""), Some("fr"));
        assert_eq!(best(";;q=,-,=,\u{0}"), Some("fr"));
        assert_eq!(best("EN;q=0.2"), Some("en"));
    }
}
