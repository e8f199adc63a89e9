//! The browser's implementation of the protocol, running in Node: one JSON object a line each way.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

use super::{ReportFixture, TODAY};

pub(crate) struct BrowserPeer {
    node: Child,
    questions: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl BrowserPeer {
    /// Starts it with the directory and the trust of this installation.
    pub(crate) fn start(world: &ReportFixture) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/browser");
        assert!(
            folder.join("dist-peer/peer.js").is_file(),
            "the program is not built: run `npm ci` and `npm test` in crates/intake/browser"
        );
        let mut node = Command::new("node")
            .arg("dist-peer/peer.js")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let answers = BufReader::new(node.stdout.take().unwrap()).lines();
        let mut peer = Self { questions: node.stdin.take(), node, answers };
        peer.send(&json!({
            "directory": BASE64.encode(&world.signed.bytes),
            "signatures": world.signed.signatures,
            "trust": world.trust,
            "today": TODAY.to_string(),
        }));
        peer
    }

    /// Asks, and gives the answer.
    pub(crate) fn request(&mut self, question: &Value) -> Value {
        self.send(question);
        serde_json::from_str(&self.answers.next().expect("an answer").unwrap()).unwrap()
    }

    /// Asks for something sealed.
    pub(crate) fn seal(&mut self, question: &Value) -> (Vec<u8>, Value) {
        let answer = self.request(question);
        let sealed =
            answer["sealed"].as_str().unwrap_or_else(|| panic!("refused: {}", answer["refused"]));
        (BASE64.decode(sealed).unwrap(), answer)
    }

    /// Ends it; false if it has failed.
    pub(crate) fn exits_successfully(mut self) -> bool {
        drop(self.questions.take());
        self.node.wait().unwrap().success()
    }

    fn send(&mut self, line: &Value) {
        writeln!(self.questions.as_mut().unwrap(), "{line}").unwrap();
    }
}

impl Drop for BrowserPeer {
    /// It ends when there are no more questions.
    fn drop(&mut self) {
        drop(self.questions.take());
        drop(self.node.wait());
    }
}

/// Files as the other side reads them.
pub(crate) fn files_json(files: &[(&str, &[u8])]) -> Value {
    let file = |(name, content): &(&str, &[u8])| json!({"name": name, "media_type": "application/octet-stream", "content": BASE64.encode(content)});
    files.iter().map(file).collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}
