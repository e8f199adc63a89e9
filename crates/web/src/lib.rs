//! What the services' and the workbench's pages share. No database, no encryption, nothing about reports.

pub mod clock;

pub mod headers;
pub mod locale;
pub mod logging;
pub mod metrics;
pub mod panics;
pub mod texts;

pub use clock::{BOOT_ID_VARIABLE, Clock, Uptime};
pub use headers::{Policy, secure};
pub use locale::Locale;
pub use logging::{LogSafe, init_logging};
pub use texts::{Texts, Words};

/// The colours that all pages have in common, by day and by night: custom properties of CSS, for the head of a style sheet.
pub const IDENTITY: &str = include_str!("../assets/identity.css");
