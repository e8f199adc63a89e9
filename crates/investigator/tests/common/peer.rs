//! The browser's implementation of the protocol in Node. Each request and each response is one line
//! with a JSON object.

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
    requests: Option<ChildStdin>,
    responses: Lines<BufReader<ChildStdout>>,
}

impl BrowserPeer {
    /// Starts it with the directory and the trusted root keys of this installation.
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
        let responses = BufReader::new(node.stdout.take().unwrap()).lines();
        let mut peer = Self { requests: node.stdin.take(), node, responses };
        peer.send(&json!({
            "directory": BASE64.encode(&world.signed.bytes),
            "signatures": world.signed.signatures,
            "trust": world.trust,
            "today": TODAY.to_string(),
        }));
        peer
    }

    /// Sends a request and returns the response.
    pub(crate) fn request(&mut self, request: &Value) -> Value {
        self.send(request);
        serde_json::from_str(&self.responses.next().expect("a response").unwrap()).unwrap()
    }

    /// Sends a request for sealed bytes. Returns them and the whole response.
    pub(crate) fn seal(&mut self, request: &Value) -> (Vec<u8>, Value) {
        let answer = self.request(request);
        let sealed =
            answer["sealed"].as_str().unwrap_or_else(|| panic!("refused: {}", answer["refused"]));
        (BASE64.decode(sealed).unwrap(), answer)
    }

    /// Ends it. Returns `false` if it failed.
    pub(crate) fn exits_successfully(mut self) -> bool {
        drop(self.requests.take());
        self.node.wait().unwrap().success()
    }

    fn send(&mut self, line: &Value) {
        writeln!(self.requests.as_mut().unwrap(), "{line}").unwrap();
    }
}

impl Drop for BrowserPeer {
    /// The process ends when its input is closed.
    fn drop(&mut self) {
        drop(self.requests.take());
        drop(self.node.wait());
    }
}

/// Returns files in the JSON form of a request.
pub(crate) fn files_json(files: &[(&str, &[u8])]) -> Value {
    let file = |(name, content): &(&str, &[u8])| json!({"name": name, "media_type": "application/octet-stream", "content": BASE64.encode(content)});
    files.iter().map(file).collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}
