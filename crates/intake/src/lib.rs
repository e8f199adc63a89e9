//! The public service: takes reports, gives back mailboxes.

pub mod form;
pub mod i18n;
pub mod pages;
pub mod store;
