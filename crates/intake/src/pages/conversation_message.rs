//! A message of the investigators in a conversation.

/// A message to the reporter.
pub struct ConversationMessage {
    /// The sequence number.
    pub seq: u32,
    /// ISO week of writing.
    pub week: String,
    /// Language of the text.
    pub lang: String,
    /// The text.
    pub text: String,
}
