//! Canaries: unique texts that a test searches for in every encoding in which they could remain.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{ErrorKind, Read, Seek, SeekFrom},
    path::Path,
};

use anyhow::Result;

/// A text to search for.
#[derive(Debug, Clone)]
pub struct Canary {
    /// The part of the report that contains it.
    pub name: &'static str,
    encodings: Vec<(&'static str, Vec<u8>)>,
}

impl Canary {
    /// Prepares all encodings of a text: raw, base64 at each of the three alignments, percent,
    /// UTF-16.
    pub fn new(name: &'static str, text: &str) -> Self {
        let mut forms = vec![
            ("raw", text.as_bytes().to_vec()),
            ("utf-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            ("percent", percent_encode(text).into_bytes()),
        ];
        forms.extend((0..3).map(|shift| ("base64", base64_core(text.as_bytes(), shift))));
        forms.dedup();
        Self { name, encodings: forms }
    }

    /// Returns the encodings of this canary in some bytes, with the number of occurrences of each.
    pub fn find(&self, bytes: &[u8]) -> Vec<(&'static str, usize)> {
        let hits = |form: &[u8]| memchr::memmem::find_iter(bytes, form).count();
        self.encodings
            .iter()
            .map(|(form, needle)| (*form, hits(needle)))
            .filter(|(_, hits)| *hits > 0)
            .collect()
    }
}

fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "%{byte:02X}").expect("writing to a string");
        out
    })
}

/// Returns the characters of the base64 text that depend only on the canary if it begins `shift`
/// bytes into a group.
fn base64_core(bytes: &[u8], shift: usize) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
    let padded = [&vec![0; shift][..], bytes].concat();
    let encoded = BASE64_STANDARD_NO_PAD.encode(&padded);
    let first = (shift * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded.as_bytes()[first..last].to_vec()
}

/// Returns every canary in every file below a folder. Files whose names begin with one of the
/// exceptions are skipped.
///
/// # Errors
/// If a file cannot be read.
pub fn find_in_files(canaries: &[Canary], folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            found.extend(find_in_files(canaries, &path)?);
            continue;
        }
        // Sockets have no content, and a running database deletes files.
        let bytes = match fs::read(&path) {
            Err(error) if !kind.is_file() || error.kind() == ErrorKind::NotFound => continue,
            other => other?,
        };
        for canary in canaries {
            let forms = canary.find(&bytes);
            if !forms.is_empty() {
                found.push(format!("{} in {}: {forms:?}", canary.name, path.display()));
            }
        }
    }
    Ok(found)
}

/// Returns every canary in the memory of a process, with the number of occurrences in any encoding.
///
/// # Errors
/// If the memory of the process cannot be read.
pub fn count_in_memory(canaries: &[Canary], process: u32) -> Result<Vec<(&'static str, usize)>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let mut memory = File::open(format!("/proc/{process}/mem"))?;
    let mut counts: Vec<_> = canaries.iter().map(|canary| (canary.name, 0)).collect();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some(access)) = (words.next(), words.next()) else { continue };
        let Some((from, to)) = range.split_once('-') else { continue };
        if !access.starts_with("rw") {
            continue;
        }
        let (from, to) = (u64::from_str_radix(from, 16)?, u64::from_str_radix(to, 16)?);
        let mut bytes = Vec::new();
        memory.seek(SeekFrom::Start(from))?;
        // A mapping that cannot be read, or that was unmapped meanwhile, is skipped.
        if (&mut memory).take(to - from).read_to_end(&mut bytes).is_err() && bytes.is_empty() {
            continue;
        }
        for (canary, count) in canaries.iter().zip(&mut counts) {
            count.1 += canary.find(&bytes).iter().map(|(_, hits)| hits).sum::<usize>();
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_STANDARD};

    #[test]
    fn every_form_is_found_wherever_it_begins() {
        let canary = Canary::new("test", "Zébu-7f3a9c-Dakola");
        for shift in 0..6 {
            let text = format!("{}Zébu-7f3a9c-Dakola and more", "x".repeat(shift));
            assert!(
                canary
                    .find(BASE64_STANDARD.encode(&text).as_bytes())
                    .iter()
                    .any(|(form, _)| *form == "base64")
            );
            assert!(canary.find(text.as_bytes()).iter().any(|(form, _)| *form == "raw"));
        }
        assert_eq!(canary.find(b"nothing of the kind"), []);
    }
}
