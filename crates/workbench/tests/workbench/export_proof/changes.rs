//! Single changes of an exported case.

use std::{fs, path::Path};

use ed25519_dalek::SigningKey;
use rand::{Rng, rngs::StdRng, seq::SliceRandom};

use super::{Export, file_names, list_again, read_manifest, sign_again};

/// Kinds of changes.
pub(super) const KINDS: [&str; 12] = [
    "one byte of a file",
    "two files swapped",
    "a file renamed",
    "a file removed",
    "a file added",
    "a byte of an event, signed again",
    "an event moved or dropped, signed again",
    "an event of another case, signed again",
    "two openings swapped, signed again",
    "an opening dropped, signed again",
    "the page, listed again",
    "a sealed part or a file, listed again",
];

/// Applies one random change of this kind. Returns false if the export has nothing to change.
pub(super) fn change(
    kind: usize,
    folder: &Path,
    device: &SigningKey,
    other: &Export,
    rng: &mut StdRng,
) -> bool {
    let names = file_names(folder);
    let name = names.choose(rng).unwrap();
    let path = folder.join(name);
    let mut manifest = read_manifest(folder);
    match KINDS[kind] {
        "one byte of a file" => {
            let mut bytes = fs::read(&path).unwrap();
            let at = rng.gen_range(0..bytes.len());
            bytes[at] ^= 1 << rng.gen_range(0..8);
            fs::write(&path, bytes).unwrap();
        }
        "two files swapped" => {
            let second = folder.join(names.choose(rng).unwrap());
            let (one, two) = (fs::read(&path).unwrap(), fs::read(&second).unwrap());
            if one == two {
                return false;
            }
            fs::write(&path, two).unwrap();
            fs::write(&second, one).unwrap();
        }
        "a file renamed" => fs::rename(&path, path.with_extension("x")).unwrap(),
        "a file removed" => fs::remove_file(&path).unwrap(),
        "a file added" => {
            let added = ["more.txt", "sealed/9999-00.age", "manifest.json.bak"];
            fs::write(folder.join(added.choose(rng).unwrap()), b"more").unwrap();
        }
        "a byte of an event, signed again" => {
            let event = manifest.events.choose_mut(rng).unwrap();
            let bytes = if rng.gen_bool(0.5) { &mut event.bytes } else { &mut event.signature };
            let at = rng.gen_range(0..bytes.len());
            bytes[at] ^= 1;
            sign_again(folder, &manifest, device);
        }
        "an event moved or dropped, signed again" => {
            let at = rng.gen_range(0..manifest.events.len() - 1);
            if rng.gen_bool(0.5) {
                manifest.events.swap(at, at + 1);
            } else {
                manifest.events.remove(at);
            }
            sign_again(folder, &manifest, device);
        }
        "an event of another case, signed again" => {
            let theirs = other.manifest().events.choose(rng).unwrap().clone();
            if rng.gen_bool(0.5) {
                *manifest.events.last_mut().unwrap() = theirs;
            } else {
                manifest.events.push(theirs);
            }
            sign_again(folder, &manifest, device);
        }
        "two openings swapped, signed again" => {
            if manifest.openings.len() < 2 {
                return false;
            }
            let at = rng.gen_range(0..manifest.openings.len() - 1);
            let key = manifest.openings[at].file_key.clone();
            let next = manifest.openings[at + 1].file_key.clone();
            manifest.openings[at].file_key = next;
            manifest.openings[at + 1].file_key = key;
            sign_again(folder, &manifest, device);
        }
        "an opening dropped, signed again" => {
            let at = rng.gen_range(0..manifest.openings.len());
            manifest.openings.remove(at);
            sign_again(folder, &manifest, device);
        }
        "the page, listed again" => {
            let page = fs::read_to_string(folder.join("case.html")).unwrap();
            let letters: Vec<usize> = page
                .char_indices()
                .filter(|(_, c)| c.is_ascii_alphabetic())
                .map(|(at, _)| at)
                .collect();
            let at = *letters.choose(rng).unwrap();
            let mut bytes = page.into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            fs::write(folder.join("case.html"), bytes).unwrap();
            list_again(folder, device);
        }
        "a sealed part or a file, listed again" => {
            let parts: Vec<_> =
                names.iter().filter(|name| name.components().count() == 2).collect();
            let path = folder.join(parts.choose(rng).unwrap());
            let mut bytes = fs::read(&path).unwrap();
            let at = rng.gen_range(0..bytes.len());
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            list_again(folder, device);
        }
        _ => unreachable!(),
    }
    true
}
