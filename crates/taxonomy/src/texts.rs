//! Adds the texts of a language file to the data of another file.
//!
//! A language file has one table for each data file. Below it, the ids of entries lead to their
//! texts: `questions.place.label` is the label of the question `place`. Entries without ids, such
//! as training scenarios, are in the order of the data file.

use toml::{Table, Value};

/// The texts of one language.
pub(crate) struct LanguageTexts {
    /// The code of the language.
    pub(crate) lang: &'static str,
    /// The content of its file.
    pub(crate) texts: Table,
}

/// Adds the texts of the section that belongs to a data file. Returns the texts that belong to
/// nothing.
pub(crate) fn add_texts(data: &mut Table, texts: &LanguageTexts, section: &str) -> Vec<String> {
    let mut merge = TextMerge { lang: texts.lang, unknown: Vec::new() };
    match texts.texts.get(section) {
        // The settings are no list.
        Some(Value::Table(settings)) if section == "settings" => {
            merge.table(data, settings, section);
        }
        Some(entries) => merge.entry(data, section, entries, section),
        None => {}
    }
    merge.unknown
}

struct TextMerge {
    lang: &'static str,
    unknown: Vec<String>,
}

impl TextMerge {
    fn table(&mut self, data: &mut Table, texts: &Table, place: &str) {
        for (key, text) in texts {
            self.entry(data, key, text, &format!("{place}.{key}"));
        }
    }

    fn entry(&mut self, data: &mut Table, key: &str, text: &Value, place: &str) {
        let found = data.entry(key).or_insert_with(|| Value::Table(Table::new()));
        match (found, text) {
            (Value::Table(by_lang), Value::String(_)) => {
                by_lang.insert(self.lang.to_owned(), text.clone());
            }
            (Value::Table(data), Value::Table(texts)) => self.table(data, texts, place),
            (Value::Array(entries), Value::Table(by_id)) => {
                for (id, texts) in by_id {
                    let entry = entries.iter_mut().find(|entry| has_id(entry, id));
                    self.pair(entry, Some(texts), &format!("{place}.{id}"));
                }
            }
            (Value::Array(entries), Value::Array(texts)) => {
                let count = entries.len().max(texts.len());
                let mut entries = entries.iter_mut();
                for number in 0..count {
                    self.pair(entries.next(), texts.get(number), &format!("{place}.{number}"));
                }
            }
            _ => self.report(place),
        }
    }

    fn pair(&mut self, data: Option<&mut Value>, texts: Option<&Value>, place: &str) {
        match (data, texts) {
            (Some(Value::Table(data)), Some(Value::Table(texts))) => self.table(data, texts, place),
            _ => self.report(place),
        }
    }

    fn report(&mut self, place: &str) {
        self.unknown
            .push(format!("{}/taxonomy.toml: {place} does not match the data files", self.lang));
    }
}

fn has_id(entry: &Value, id: &str) -> bool {
    match entry.get("id") {
        Some(Value::String(found)) => found == id,
        Some(Value::Integer(found)) => found.to_string() == id,
        _ => false,
    }
}
