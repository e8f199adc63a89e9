//! The corpus: what is expected of each sample is data, which the script of the browser is held against too.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure here is a failed test, and samples are small"
)]

#[expect(dead_code, reason = "each test uses a part")]
mod samples;

use std::{collections::BTreeMap, fs, process::Command};

use samples::{
    CANARY,
    corpus::{self, AUTHOR, DAY},
};
use serde::Deserialize;
use traces::{Reading, Signature, Traces, wash_all};

/// What is expected of a sample.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    removed: Traces,
    left: Traces,
    reading: Reading,
    signature: Signature,
    ending: String,
    /// Words that stay in it.
    #[serde(default)]
    stays: Vec<String>,
}

fn expected() -> BTreeMap<String, Expected> {
    serde_json::from_str(include_str!("corpus.json")).unwrap()
}

/// All that each file says: of a package what another program unpacks, and that it opens there.
fn contents(files: &[(&str, Vec<u8>)]) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    for (n, (_, file)) in files.iter().enumerate() {
        fs::write(folder.path().join(n.to_string()), file).unwrap();
    }
    let script = "import sys, zipfile, os\nfor n in os.listdir(sys.argv[1]):\n path = os.path.join(sys.argv[1], n)\n \
                  data = open(path, 'rb').read()\n if data[:2] != b'PK': continue\n z = zipfile.ZipFile(path)\n \
                  assert z.testzip() is None and z.namelist(), n\n data = b''.join(z.read(n) for n in z.namelist())\n \
                  open(path, 'wb').write(data)";
    let output = Command::new("python3").args(["-c", script]).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (0..files.len()).map(|n| fs::read(folder.path().join(n.to_string())).unwrap()).collect()
}

fn holds(content: &[u8], words: &str) -> bool {
    let wide: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
    memchr::memmem::find(content, words.as_bytes()).is_some()
        || memchr::memmem::find(content, &wide).is_some()
}

#[test]
fn every_sample_is_cleaned_or_told_as_expected() {
    let mut expected = expected();
    let samples = corpus::all();
    let washed: Vec<_> = samples.iter().map(|(name, sample)| (*name, wash_all(sample))).collect();
    let files: Vec<_> = washed.iter().map(|(name, (file, _))| (*name, file.clone())).collect();
    let again: Vec<_> = files.iter().map(|(name, file)| (*name, wash_all(file))).collect();
    let contents_again: Vec<_> = again.iter().map(|(name, (file, _))| (*name, file.clone())).collect();
    let (first, second) = (contents(&files), contents(&contents_again));
    for (n, (name, (_, said))) in washed.iter().enumerate() {
        let Expected { removed, left, reading, signature, ending, stays } =
            expected.remove(*name).unwrap_or_else(|| panic!("{name} is not in corpus.json"));
        assert_eq!((said.removed, said.left), (removed, left), "{name}: removed and left");
        assert_eq!((said.reading, said.signature), (reading, signature), "{name}: reading and signature");
        assert_eq!(said.format.plain_name(1, name).rsplit_once('.').unwrap().1, ending, "{name}");
        for words in stays {
            assert!(holds(&first[n], &words), "{name} keeps {words}");
        }
        // What tells who made it is gone, or the reporter is told.
        for words in [AUTHOR, "Another Author", DAY, "20260312101500", "00AB12CD", "09F7FD95", CANARY] {
            assert!(!holds(&first[n], words) || !said.left.is_empty(), "{name}: {words} is left in silence");
        }
        assert_eq!(again[n].1.1.removed, Traces::NONE, "{name} again");
        assert!(second[n] == first[n], "{name} again");
    }
    assert!(expected.is_empty(), "without a sample: {:?}", expected.keys());
}
