//! What a reporter sends: one sealed submission and its parts.

pub mod commitment;
pub mod envelope;
pub mod facts_body;
pub mod frame;
pub mod key_grant;
pub mod related_report;
pub mod reply_capsule;
pub mod report_body;
pub mod treatment;
