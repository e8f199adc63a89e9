//! The messages of the reporter in a conversation, from an own copy that the reporter opened.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use protocol::submission::{
    facts_body::FactsBody,
    frame::{Frame, FrameKind},
    report_body::{ReportAnswer, ReportBody},
};
use reporter::OwnCopy;
use taxonomy::Taxonomy;

use super::{conversation_message::ConversationMessage, layout::PageLayout};
use crate::i18n;

/// An own copy that the reporter has opened on the page. All fields are empty for none.
#[derive(Default)]
pub struct OpenedOwnCopy {
    /// The own copy as base64url, sealed. The page contains it, so that it stays open.
    pub(super) sealed: String,
    /// Its messages, the report first.
    pub(super) messages: Option<Vec<OwnMessage>>,
    /// Whether the reporter has sent messages that it does not contain.
    pub(super) is_older: bool,
    /// The own copy with the message that was just sent, sealed; empty for none.
    pub(super) extended: Vec<u8>,
}

/// A message of the reporter.
pub struct OwnMessage {
    /// The newest reply that the reporter had seen.
    seen: Option<u32>,
    week: String,
    lang: String,
    content: OwnContent,
    files: Vec<String>,
}

enum OwnContent {
    Report(ReportBody),
    Facts(FactsBody),
    Text(String),
}

impl OwnMessage {
    /// Returns the messages of an own copy, the report first.
    pub fn all_of(copy: &OwnCopy) -> Vec<Self> {
        copy.messages().iter().map(Self::from_frame).collect()
    }

    fn from_frame(frame: &Frame) -> Self {
        let text = || OwnContent::Text(String::from_utf8_lossy(&frame.body).into_owned());
        let content = match frame.header.kind {
            FrameKind::Report => serde_json::from_slice(&frame.body).map(OwnContent::Report).ok(),
            FrameKind::Facts => FactsBody::from_bytes(&frame.body).map(OwnContent::Facts).ok(),
            FrameKind::Message | FrameKind::Status => None,
        };
        Self {
            seen: frame.header.ack.map(|ack| ack.seq),
            week: frame.header.week.clone(),
            lang: frame.header.lang.clone(),
            content: content.unwrap_or_else(text),
            files: frame.header.attachments.iter().map(|file| file.name.clone()).collect(),
        }
    }

    fn lines(&self, frame: &PageLayout<'_>, taxonomy: &Taxonomy) -> Vec<String> {
        let mut lines = match &self.content {
            OwnContent::Text(text) => vec![text.clone()],
            OwnContent::Report(report) => report_lines(report, taxonomy, frame.code()),
            OwnContent::Facts(FactsBody { category, answers }) => {
                answer_lines((category, answers), taxonomy, frame.code())
            }
        };
        if !self.files.is_empty() {
            lines.push(frame.with("thread-own-files", "what", &self.files.join(", ")));
        }
        lines.retain(|line| !line.is_empty());
        lines
    }
}

/// A message of either side, as the page shows it.
pub(super) struct ThreadRow<'a> {
    /// Whether the reporter wrote it.
    pub(super) own: bool,
    pub(super) head: String,
    pub(super) lang: &'a str,
    pub(super) lines: Vec<String>,
}

/// Returns all messages, the newest first. A message of the reporter follows the replies that the
/// reporter had seen, and the replies of an earlier week.
pub(super) fn merge<'a>(
    frame: &PageLayout<'_>,
    taxonomy: &Taxonomy,
    replies: &'a [ConversationMessage],
    own: &'a [OwnMessage],
) -> Vec<ThreadRow<'a>> {
    let head = |key: &str, week: &str| {
        format!("{} – {}", frame.t(key), i18n::format_week(frame.messages(), week))
    };
    let reply_row = |reply: &'a ConversationMessage| ThreadRow {
        own: false,
        head: head("thread-from-team", &reply.week),
        lang: &reply.lang,
        lines: vec![reply.text.clone()],
    };
    let mut rows = Vec::with_capacity(replies.len() + own.len());
    let mut replies = replies.iter().peekable();
    for message in own {
        let precedes = |reply: &&ConversationMessage| {
            message.seen.is_some_and(|seen| reply.seq <= seen) || reply.week < message.week
        };
        while let Some(reply) = replies.next_if(precedes) {
            rows.push(reply_row(reply));
        }
        rows.push(ThreadRow {
            own: true,
            head: head("thread-from-you", &message.week),
            lang: &message.lang,
            lines: message.lines(frame, taxonomy),
        });
    }
    rows.extend(replies.map(reply_row));
    rows.reverse();
    rows
}

/// Removes the oldest messages of the reporter, so that the page gets shorter by `bytes` or more if
/// it can. Returns whether it removed any.
pub(super) fn cut_oldest(all: &mut Vec<ThreadRow<'_>>, bytes: usize) -> bool {
    /// More than the sentence that says so.
    const NOTICE_BYTES: usize = 256;
    let mut removed = 0;
    while removed < bytes + NOTICE_BYTES
        && let Some(at) = all.iter().rposition(|row| row.own)
    {
        removed += all.remove(at).lines.iter().map(String::len).sum::<usize>();
    }
    removed > 0
}

/// Returns the subject, the answers and the story.
fn report_lines(report: &ReportBody, taxonomy: &Taxonomy, lang: &str) -> Vec<String> {
    let mut lines = answer_lines((&report.category, &report.answers), taxonomy, lang);
    lines.push(report.story.clone());
    lines
}

/// Returns the subject and the answers. An option that exists no more shows its id.
fn answer_lines(
    (category, answers): (&str, &BTreeMap<String, ReportAnswer>),
    taxonomy: &Taxonomy,
    lang: &str,
) -> Vec<String> {
    let known = taxonomy.category(category);
    let mut lines = vec![known.map_or(category, |found| found.label.get(lang)).to_owned()];
    for (id, answer) in answers {
        let question = taxonomy.question(id);
        let values = match answer {
            ReportAnswer::One(one) => std::slice::from_ref(one),
            ReportAnswer::Many(many) => many,
        };
        let words: Vec<&str> = values
            .iter()
            .map(|value| {
                let option = question.and_then(|question| taxonomy.option_label(question, value));
                option.map_or(value.as_str(), |label| label.get(lang))
            })
            .collect();
        let label = question.map_or(id.as_str(), |question| question.label.get(lang));
        lines.push(format!("{label} {}", words.join(", ")));
    }
    lines
}

/// Returns a sealed own copy as a `data:` URL, or `None` for an empty one.
pub(super) fn copy_url(sealed: &[u8]) -> Option<String> {
    let encoded = || BASE64_STANDARD.encode(sealed);
    (!sealed.is_empty()).then(|| format!("data:application/octet-stream;base64,{}", encoded()))
}
