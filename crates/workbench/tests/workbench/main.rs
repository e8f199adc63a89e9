//! Integration tests of the workbench: administration, casework, the audit of the log, the pages
//! and the command line.

#![expect(clippy::unwrap_used, reason = "what a test prepares may panic as well")]

mod added_facts;
mod admin_commands;
mod admin_programs;
mod administration;
mod case_export;
mod casework;
mod cleaned_files;
mod cli;
mod commitments;
mod common;
mod deceiving_member;
mod export_log_proof;
mod export_proof;
mod former_readers;
mod log_adversaries;
mod log_audit;
mod log_commands;
mod log_export;
mod lost_key;
mod moved_parts;
mod onboarding;
mod previews;
mod programs;
mod promises;
mod proposals;
mod queue_command;
mod recordings;
mod retention;
#[cfg(target_os = "linux")]
mod sandboxed_worker;
mod search;
mod served_program;
mod tampering;
mod templates;
mod terminal;
mod transparency_log;
mod unreadable;
mod unreadable_export;
mod web_pages;
mod web_ui;
mod wishes;
mod witness;
